//! `Log` across a connection.

use std::rc::Rc;

use tokio::sync::Mutex;

use super::{outcome, parameter};
use crate::{
    Counter, Error, Level, Log,
    calfkit_capnp::log,
    fault,
    limits::{COUNTERS, LINE_OCTETS, STATE_OCTETS},
    vat::Link,
    wire::{list_length, log as wire, read_text},
};

/// Offers a local `Log`.
pub(crate) struct LogServer<L> {
    log: L,
    link: Rc<Link>,
    /// Streamed calls overlap; this keeps them in the order of their arrival (it is fair).
    turn: Mutex<()>,
}

impl<L> LogServer<L> {
    pub(crate) fn new(log: L, link: Rc<Link>) -> Self {
        Self {
            log,
            link,
            turn: Mutex::new(()),
        }
    }
}

impl<L: Log + 'static> log::Server for LogServer<L> {
    async fn line(self: Rc<Self>, params: log::LineParams) -> capnp::Result<()> {
        let _turn = self.turn.lock().await;
        let decode = || {
            let params = params.get()?;
            let level = wire::read_level(params.get_level()?);
            Ok((
                level,
                read_text("log line", params.get_text()?, LINE_OCTETS)?,
            ))
        };
        let (level, text) = parameter(&self.link, decode())?;
        outcome(self.log.line(level, &text).await)
    }

    async fn counters(self: Rc<Self>, params: log::CountersParams) -> capnp::Result<()> {
        let _turn = self.turn.lock().await;
        let decode = || {
            let params = params.get()?;
            let counters = wire::read_counters(params.get_counters()?)?;
            Ok((
                counters,
                read_text("state", params.get_state()?, STATE_OCTETS)?,
            ))
        };
        let (counters, state) = parameter(&self.link, decode())?;
        outcome(self.log.counters(counters, &state).await)
    }
}

/// The peer's `Log`. A line is cut to what the peer takes, and its control characters become spaces.
#[derive(Clone)]
pub struct LogClient {
    client: log::Client,
    link: Rc<Link>,
}

impl LogClient {
    pub(crate) const fn new(client: log::Client, link: Rc<Link>) -> Self {
        Self { client, link }
    }
}

impl Log for LogClient {
    async fn line(&self, level: Level, text: &str) -> Result<(), Error> {
        let mut request = self.client.line_request();
        let mut params = request.get();
        params.set_level(wire::level_to_wire(level));
        params.set_text(fault::clean_to(text, LINE_OCTETS).as_str());
        self.link.answer(request.send()).await
    }

    async fn counters(&self, counters: Vec<Counter>, state: &str) -> Result<(), Error> {
        let count = list_length("counters", counters.len(), COUNTERS)?;
        let mut request = self.client.counters_request();
        let mut params = request.get();
        wire::write_counters(params.reborrow().init_counters(count), &counters)?;
        params.set_state(fault::clean_to(state, STATE_OCTETS).as_str());
        self.link.answer(request.send()).await
    }
}
