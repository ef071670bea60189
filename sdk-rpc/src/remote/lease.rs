//! `LeaseSink` across a connection.

use std::rc::Rc;

use super::{outcome, parameter};
use crate::{
    Applied, ConfigureCause, DeconfigureCause, Error, Lease, LeaseSink, Setback, UpdateCause,
    calfkit_capnp::lease_sink, vat::Link, wire::lease as wire,
};

/// Offers a local `LeaseSink`.
pub(crate) struct LeaseSinkServer<S> {
    sink: S,
    link: Rc<Link>,
}

impl<S> LeaseSinkServer<S> {
    pub(crate) const fn new(sink: S, link: Rc<Link>) -> Self {
        Self { sink, link }
    }
}

impl<S: LeaseSink + 'static> lease_sink::Server for LeaseSinkServer<S> {
    async fn configure(
        self: Rc<Self>,
        params: lease_sink::ConfigureParams,
        mut results: lease_sink::ConfigureResults,
    ) -> capnp::Result<()> {
        let decode = || {
            let params = params.get()?;
            let cause = wire::read_configure_cause(params.get_cause()?);
            Ok((wire::read_lease(params.get_lease()?)?, cause))
        };
        let (lease, cause) = parameter(&self.link, decode())?;
        let applied = outcome(self.sink.configure(lease, cause).await)?;
        wire::write_applied(results.get().init_applied(), &applied);
        Ok(())
    }

    async fn update(
        self: Rc<Self>,
        params: lease_sink::UpdateParams,
        mut results: lease_sink::UpdateResults,
    ) -> capnp::Result<()> {
        let decode = || {
            let params = params.get()?;
            let cause = wire::read_update_cause(params.get_cause()?);
            Ok((wire::read_lease(params.get_lease()?)?, cause))
        };
        let (lease, cause) = parameter(&self.link, decode())?;
        let applied = outcome(self.sink.update(lease, cause).await)?;
        wire::write_applied(results.get().init_applied(), &applied);
        Ok(())
    }

    async fn deconfigure(
        self: Rc<Self>,
        params: lease_sink::DeconfigureParams,
        mut results: lease_sink::DeconfigureResults,
    ) -> capnp::Result<()> {
        let decode = || Ok(wire::read_deconfigure_cause(params.get()?.get_cause()?));
        let cause = parameter(&self.link, decode())?;
        let applied = outcome(self.sink.deconfigure(cause).await)?;
        wire::write_applied(results.get().init_applied(), &applied);
        Ok(())
    }

    async fn setback(
        self: Rc<Self>,
        params: lease_sink::SetbackParams,
        _results: lease_sink::SetbackResults,
    ) -> capnp::Result<()> {
        let decode = || Ok(wire::read_setback(params.get()?.get_setback()?));
        let setback = parameter(&self.link, decode())?;
        outcome(self.sink.setback(setback).await)
    }
}

/// The peer's `LeaseSink`.
#[derive(Clone)]
pub struct LeaseSinkClient {
    client: lease_sink::Client,
    link: Rc<Link>,
}

impl LeaseSinkClient {
    pub(crate) const fn new(client: lease_sink::Client, link: Rc<Link>) -> Self {
        Self { client, link }
    }
}

impl LeaseSink for LeaseSinkClient {
    async fn configure(&self, lease: Lease, cause: ConfigureCause) -> Result<Applied, Error> {
        let mut request = self.client.configure_request();
        let mut params = request.get();
        wire::write_lease(params.reborrow().init_lease(), &lease)?;
        params.set_cause(wire::configure_cause_to_wire(cause));
        let response = self.link.answer(request.send().promise).await?;
        let decode = || wire::read_applied(response.get()?.get_applied()?);
        self.link.checked(decode())
    }

    async fn update(&self, lease: Lease, cause: UpdateCause) -> Result<Applied, Error> {
        let mut request = self.client.update_request();
        let mut params = request.get();
        wire::write_lease(params.reborrow().init_lease(), &lease)?;
        params.set_cause(wire::update_cause_to_wire(cause));
        let response = self.link.answer(request.send().promise).await?;
        let decode = || wire::read_applied(response.get()?.get_applied()?);
        self.link.checked(decode())
    }

    async fn deconfigure(&self, cause: DeconfigureCause) -> Result<Applied, Error> {
        let mut request = self.client.deconfigure_request();
        request
            .get()
            .set_cause(wire::deconfigure_cause_to_wire(cause));
        let response = self.link.answer(request.send().promise).await?;
        let decode = || wire::read_applied(response.get()?.get_applied()?);
        self.link.checked(decode())
    }

    async fn setback(&self, setback: Setback) -> Result<(), Error> {
        let mut request = self.client.setback_request();
        request.get().set_setback(wire::setback_to_wire(setback));
        self.link.answer(request.send().promise).await.map(drop)
    }
}

crate::membrane::guarded!(LeaseSinkClient, lease_sink::Client);
