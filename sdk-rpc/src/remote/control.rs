//! `Overview` and `Control` across a connection.

use std::rc::Rc;

use super::{outcome, parameter};
use crate::{
    Control, Error, Overall, Overview, Verb,
    calfkit_capnp::{control, overview},
    limits::INTERFACES,
    vat::Link,
    wire::{control as wire, list_length},
};

/// Offers a local `Overview`, and nothing else of the same object.
pub(crate) struct OverviewServer<O> {
    overview: O,
    link: Rc<Link>,
}

impl<O> OverviewServer<O> {
    pub(crate) const fn new(overview: O, link: Rc<Link>) -> Self {
        Self { overview, link }
    }
}

impl<O: Overview + 'static> overview::Server for OverviewServer<O> {
    async fn status(
        self: Rc<Self>,
        params: overview::StatusParams,
        results: overview::StatusResults,
    ) -> capnp::Result<()> {
        status(&self.overview, &self.link, params, results).await
    }
}

/// Offers a local `Control`.
pub(crate) struct ControlServer<C> {
    control: C,
    link: Rc<Link>,
}

impl<C> ControlServer<C> {
    pub(crate) const fn new(control: C, link: Rc<Link>) -> Self {
        Self { control, link }
    }
}

impl<C: Control + 'static> overview::Server for ControlServer<C> {
    async fn status(
        self: Rc<Self>,
        params: overview::StatusParams,
        results: overview::StatusResults,
    ) -> capnp::Result<()> {
        status(&self.control, &self.link, params, results).await
    }
}

impl<C: Control + 'static> control::Server for ControlServer<C> {
    async fn ask(
        self: Rc<Self>,
        params: control::AskParams,
        mut results: control::AskResults,
    ) -> capnp::Result<()> {
        let decode = || {
            let params = params.get()?;
            let verb = wire::read_verb(params.get_verb()?);
            Ok((verb, wire::read_interfaces(params.get_interfaces()?)?))
        };
        let (verb, interfaces) = parameter(&self.link, decode())?;
        let asked = outcome(self.control.ask(verb, interfaces).await)?;
        let count = outcome(list_length("interfaces", asked.len(), INTERFACES))?;
        outcome(wire::write_interfaces(
            results.get().init_asked(count),
            &asked,
        ))
    }
}

async fn status(
    overview: &impl Overview,
    link: &Rc<Link>,
    params: overview::StatusParams,
    mut results: overview::StatusResults,
) -> capnp::Result<()> {
    let decode = || wire::read_interfaces(params.get()?.get_interfaces()?);
    let interfaces = parameter(link, decode())?;
    let overall = outcome(overview.status(interfaces).await)?;
    outcome(wire::write_overall(results.get().init_overall(), &overall))
}

/// The peer's `Control`; where the peer offers its `Overview` only, `ask` is refused.
#[derive(Clone)]
pub struct ControlClient {
    client: control::Client,
    link: Rc<Link>,
}

impl ControlClient {
    pub(crate) const fn new(client: control::Client, link: Rc<Link>) -> Self {
        Self { client, link }
    }
}

impl Overview for ControlClient {
    async fn status(&self, interfaces: Vec<String>) -> Result<Overall, Error> {
        let overview = overview::Client {
            client: self.client.client.clone(),
        };
        let mut request = overview.status_request();
        let count = list_length("interfaces", interfaces.len(), INTERFACES)?;
        wire::write_interfaces(request.get().init_interfaces(count), &interfaces)?;
        let response = self.link.answer(request.send().promise).await?;
        let decode = || wire::read_overall(response.get()?.get_overall()?);
        self.link.checked(decode())
    }
}

impl Control for ControlClient {
    async fn ask(&self, verb: Verb, interfaces: Vec<String>) -> Result<Vec<String>, Error> {
        let mut request = self.client.ask_request();
        let mut params = request.get();
        params.set_verb(wire::verb_to_wire(verb));
        let count = list_length("interfaces", interfaces.len(), INTERFACES)?;
        wire::write_interfaces(params.init_interfaces(count), &interfaces)?;
        let response = self.link.answer(request.send().promise).await?;
        let decode = || wire::read_interfaces(response.get()?.get_asked()?);
        self.link.checked(decode())
    }
}

crate::membrane::guarded!(ControlClient, control::Client);
