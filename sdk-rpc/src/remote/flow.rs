//! `Flow` and `OctetSink` across a connection.

use std::rc::Rc;

use tokio::sync::Mutex;

use super::{outcome, parameter};
use crate::{
    Error, Flow, OctetSink,
    calfkit_capnp::{flow, octet_sink},
    fault,
    limits::{PUSH_OCTETS, REASON_OCTETS},
    vat::Link,
    wire::{check_length, read_text},
};

/// Octets of one message. Well below the stream window, so that one is written while the next is read.
const MESSAGE_OCTETS: usize = 16 * 1024;

/// Offers a local `Flow`.
pub(crate) struct FlowServer<F> {
    flow: F,
    link: Rc<Link>,
}

impl<F> FlowServer<F> {
    pub(crate) const fn new(flow: F, link: Rc<Link>) -> Self {
        Self { flow, link }
    }
}

impl<F: Flow<Outgoing: 'static> + 'static> flow::Server for FlowServer<F> {
    async fn start(
        self: Rc<Self>,
        params: flow::StartParams,
        mut results: flow::StartResults,
    ) -> capnp::Result<()> {
        let decode = || Ok(params.get()?.get_incoming()?);
        let incoming = OctetSinkClient {
            client: parameter(&self.link, decode())?,
            link: Rc::clone(&self.link),
        };
        let outgoing = outcome(self.flow.start(incoming).await)?;
        results
            .get()
            .set_outgoing(OctetSinkServer::serve(outgoing, Rc::clone(&self.link)));
        Ok(())
    }
}

/// The peer's `Flow`.
#[derive(Clone)]
pub struct FlowClient {
    client: flow::Client,
    link: Rc<Link>,
}

impl FlowClient {
    pub(crate) const fn new(client: flow::Client, link: Rc<Link>) -> Self {
        Self { client, link }
    }
}

impl Flow for FlowClient {
    type Outgoing = OctetSinkClient;

    async fn start<S: OctetSink + 'static>(&self, incoming: S) -> Result<OctetSinkClient, Error> {
        let mut request = self.client.start_request();
        let incoming = OctetSinkServer::serve(incoming, Rc::clone(&self.link));
        request.get().set_incoming(incoming);
        let response = self.link.answer(request.send().promise).await?;
        let decode = || Ok(response.get()?.get_outgoing()?);
        Ok(OctetSinkClient {
            client: self.link.checked(decode())?,
            link: Rc::clone(&self.link),
        })
    }
}

/// Offers a local `OctetSink`.
struct OctetSinkServer<S> {
    sink: S,
    link: Rc<Link>,
    /// Streamed calls overlap; this keeps them in the order of their arrival (it is fair).
    turn: Mutex<()>,
}

impl<S: OctetSink + 'static> OctetSinkServer<S> {
    fn serve(sink: S, link: Rc<Link>) -> octet_sink::Client {
        capnp_rpc::new_client(Self {
            sink,
            link,
            turn: Mutex::new(()),
        })
    }
}

impl<S: OctetSink + 'static> octet_sink::Server for OctetSinkServer<S> {
    async fn push(self: Rc<Self>, params: octet_sink::PushParams) -> capnp::Result<()> {
        let _turn = self.turn.lock().await;
        let decode = || {
            let octets = params.get()?.get_octets()?;
            check_length("octets", octets.len(), PUSH_OCTETS)?;
            Ok(octets.to_vec())
        };
        let octets = parameter(&self.link, decode())?;
        outcome(self.sink.push(octets).await)
    }

    async fn end(
        self: Rc<Self>,
        _params: octet_sink::EndParams,
        _results: octet_sink::EndResults,
    ) -> capnp::Result<()> {
        let _turn = self.turn.lock().await;
        outcome(self.sink.end().await)
    }

    async fn abort(
        self: Rc<Self>,
        params: octet_sink::AbortParams,
        _results: octet_sink::AbortResults,
    ) -> capnp::Result<()> {
        // Without waiting for its turn: a push that hangs is a reason to abort.
        let decode = || read_text("reason", params.get()?.get_reason()?, REASON_OCTETS);
        let reason = parameter(&self.link, decode())?;
        outcome(self.sink.abort(&reason).await)
    }
}

/// The peer's `OctetSink`.
pub struct OctetSinkClient {
    client: octet_sink::Client,
    link: Rc<Link>,
}

impl OctetSink for OctetSinkClient {
    async fn push(&self, octets: Vec<u8>) -> Result<(), Error> {
        for part in octets.chunks(MESSAGE_OCTETS) {
            let mut request = self.client.push_request();
            request.get().set_octets(part);
            self.link.answer(request.send()).await?;
        }
        Ok(())
    }

    async fn end(&self) -> Result<(), Error> {
        let call = self.client.end_request().send().promise;
        self.link.answer(call).await.map(drop)
    }

    async fn abort(&self, reason: &str) -> Result<(), Error> {
        let mut request = self.client.abort_request();
        request.get().set_reason(fault::clean(reason));
        self.link.answer(request.send().promise).await.map(drop)
    }

    async fn closed(&self) {
        self.link.over().await;
    }
}

crate::membrane::guarded!(FlowClient, flow::Client);
