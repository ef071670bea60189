//! `Log` across a connection.

use std::{io, rc::Rc};

use capnp::traits::HasTypeId;
use tokio::sync::Mutex;

use super::{outcome, parameter};
use crate::{
    Counter, Error, Level, Limits, Log, Record, Session, Transport,
    calfkit_capnp::log,
    fault,
    limits::{COUNTERS, LINE_OCTETS, STATE_OCTETS},
    vat::{self, Link},
    wire::{list_length, log as wire, read_text},
};

/// The ordinal of `record` in the schema.
const RECORD: u16 = 2;

/// Offers `log` to the peer, and nothing else.
///
/// # Errors
///
/// When the descriptor cannot be watched.
pub fn serve_log<L: Log + 'static>(
    transport: impl Into<Transport>,
    log: L,
    limits: Limits,
) -> io::Result<Session> {
    vat::serve(transport.into(), limits, |link| {
        let client: log::Client = capnp_rpc::new_client(LogServer::new(log, Rc::clone(link)));
        client.client
    })
}

/// The peer's `Log`, where it offers nothing else.
///
/// # Errors
///
/// When the descriptor cannot be watched.
pub fn connect_log(
    transport: impl Into<Transport>,
    limits: Limits,
) -> io::Result<(LogClient, Session)> {
    let (client, session) = vat::connect(transport.into(), limits)?;
    Ok((LogClient::new(client, session.link()), session))
}

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

    async fn record(self: Rc<Self>, params: log::RecordParams) -> capnp::Result<()> {
        let _turn = self.turn.lock().await;
        let decode = || wire::read_record(params.get()?.get_record()?);
        let record = parameter(&self.link, decode())?;
        outcome(self.log.record(record).await)
    }
}

/// The peer's `Log`. A line is cut to what the peer takes, and its control characters become spaces. To a
/// peer of an older schema, which has no records, they are sent as lines.
#[derive(Clone)]
pub struct LogClient {
    client: log::Client,
    link: Rc<Link>,
    /// Whether the peer takes records, once it is known; locked while it is asked, which keeps records in
    /// order. All clones ask once.
    takes_records: Rc<Mutex<Option<bool>>>,
}

impl LogClient {
    pub(crate) fn new(client: log::Client, link: Rc<Link>) -> Self {
        Self {
            client,
            link,
            takes_records: Rc::default(),
        }
    }

    /// Sends a first record, and says whether the peer knows what that is. Not as a stream: a stream says
    /// what failed with a later call, and takes no more calls from then on.
    async fn try_record(&self, record: &Record) -> Result<bool, Error> {
        let mut request = self
            .client
            .client
            .new_call::<log::record_params::Owned, capnp::any_pointer::Owned>(
                log::Client::TYPE_ID,
                RECORD,
                None,
            );
        wire::write_record(request.get().init_record(), record)?;
        let call = async {
            match request.send().promise.await {
                Ok(_taken) => Ok(true),
                Err(error) if error.kind == capnp::ErrorKind::Unimplemented => Ok(false),
                Err(error) => Err(error),
            }
        };
        self.link.answer(call).await
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

    async fn record(&self, record: Record) -> Result<(), Error> {
        let mut known = self.takes_records.lock().await;
        let takes_records = match *known {
            Some(takes_records) => takes_records,
            None => {
                let takes_records = self.try_record(&record).await?;
                *known = Some(takes_records);
                if takes_records {
                    return Ok(());
                }
                false
            }
        };
        drop(known);
        if !takes_records {
            return self.line(record.level(), &record.to_string()).await;
        }
        let mut request = self.client.record_request();
        wire::write_record(request.get().init_record(), &record)?;
        self.link.answer(request.send()).await
    }
}

crate::membrane::guarded!(LogClient, log::Client);
