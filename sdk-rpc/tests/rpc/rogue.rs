//! A peer that writes what it likes: the other end of a served connection as raw octets.

use std::os::unix::net::UnixStream as StdStream;

use capnp::{
    any_pointer,
    capability::FromClientHook,
    message::{Builder, HeapAllocator, ReaderOptions},
    private::capability::ClientHook,
    traits::ImbueMut,
};
use capnp_rpc::rpc_capnp::{call, message};
use sdk_rpc::{
    Disconnect, HostParts, Limits, Session, SessionCounters, Tally, serve_host, serve_net,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

use crate::{
    calfkit_capnp as c,
    local::{LocalHost, LocalNet},
};

/// The id of what Bootstrap gives: a fresh connection exports nothing else before.
pub(crate) const BOOTSTRAP: u32 = 0;

pub(crate) struct Rogue {
    pub(crate) stream: UnixStream,
    session: Session,
}

impl Rogue {
    /// A rogue at the other end of a served `Net`.
    pub(crate) fn of_net(net: &LocalNet) -> Self {
        Self::of_net_within(net, Limits::net())
    }

    /// A rogue at the other end of a `Net` that is served within these limits.
    pub(crate) fn of_net_within(net: &LocalNet, limits: Limits) -> Self {
        Self::start(|there| serve_net(there, net.clone(), limits).unwrap())
    }

    /// A rogue at the other end of a served `Host`.
    pub(crate) fn of_host(host: &LocalHost) -> Self {
        let parts = HostParts {
            view: host.clone(),
            lease_sink: host.clone(),
            log: host.clone(),
        };
        Self::start(|there| serve_host(there, parts, Limits::host()).unwrap())
    }

    /// A rogue at the other end of whatever this serves.
    pub(crate) fn start(serve: impl FnOnce(std::os::fd::OwnedFd) -> Session) -> Self {
        let (here, there) = StdStream::pair().unwrap();
        here.set_nonblocking(true).unwrap();
        Self {
            stream: UnixStream::from_std(here).unwrap(),
            session: serve(there.into()),
        }
    }

    /// Writes octets; a connection that is closed by now swallows them.
    pub(crate) async fn write(&mut self, octets: &[u8]) {
        drop(self.stream.write_all(octets).await);
    }

    pub(crate) async fn send(&mut self, build: impl FnOnce(message::Builder<'_>)) {
        self.write(&octets(build)).await;
    }

    pub(crate) async fn bootstrap(&mut self, question: u32) {
        self.send(|message| message.init_bootstrap().set_question_id(question))
            .await;
    }

    /// Asks, and reads none of the answers, until this many octets wait that the socket has not taken.
    pub(crate) async fn stuff(&mut self, octets: usize) {
        while self.counters().queued_octets_peak < octets {
            self.bootstrap(0).await;
            self.finish(0, true).await;
            tokio::task::yield_now().await;
        }
    }

    pub(crate) async fn finish(&mut self, question: u32, release: bool) {
        self.send(|message| {
            let mut finish = message.init_finish();
            finish.set_question_id(question);
            finish.set_release_result_caps(release);
        })
        .await;
    }

    /// Calls a method of `Net` on the bootstrap capability.
    pub(crate) async fn call_net(
        &mut self,
        question: u32,
        method: u16,
        params: impl FnOnce(any_pointer::Builder<'_>),
    ) {
        self.send(|message| net_call(message.init_call(), question, method, params))
            .await;
    }

    /// Bootstraps, fetches the facets and calls a method of one of them: 0 view, 1 lease sink, 2 log.
    pub(crate) async fn call_facet(
        &mut self,
        facet: u16,
        method: u16,
        params: impl FnOnce(any_pointer::Builder<'_>),
    ) {
        let interface =
            [INTERFACE_HOST_VIEW, INTERFACE_LEASE_SINK, INTERFACE_LOG][usize::from(facet)];
        self.bootstrap(0).await;
        self.send(|message| {
            let mut call = message.init_call();
            call.set_question_id(1);
            call.set_interface_id(INTERFACE_HOST);
            call.reborrow().init_target().set_imported_cap(BOOTSTRAP);
        })
        .await;
        self.send(|message| {
            let mut call = message.init_call();
            call.set_question_id(2);
            call.set_interface_id(interface);
            call.set_method_id(method);
            let mut promised = call.reborrow().init_target().init_promised_answer();
            promised.set_question_id(1);
            promised
                .init_transform(1)
                .get(0)
                .set_get_pointer_field(facet);
            params(call.init_params().init_content());
        })
        .await;
    }

    /// The next message of the server, as its octets.
    pub(crate) async fn receive(
        &mut self,
    ) -> capnp::message::Reader<capnp::serialize::OwnedSegments> {
        let mut head = [0; 8];
        self.stream.read_exact(&mut head).await.unwrap();
        let segments = 1 + u32::from_le_bytes(head[..4].try_into().unwrap()) as usize;
        let mut octets = head.to_vec();
        octets.resize((segments / 2 + 1) * 8, 0);
        self.stream.read_exact(&mut octets[8..]).await.unwrap();
        let words: u32 = octets[4..4 + 4 * segments]
            .chunks(4)
            .map(|length| u32::from_le_bytes(length.try_into().unwrap()))
            .sum();
        let table = octets.len();
        octets.resize(table + 8 * words as usize, 0);
        self.stream.read_exact(&mut octets[table..]).await.unwrap();
        capnp::serialize::read_message(octets.as_slice(), ReaderOptions::new()).unwrap()
    }

    /// Waits for the server to end the connection, reading and throwing away what it says.
    pub(crate) async fn outcome(self) -> (Disconnect, SessionCounters) {
        let Self {
            mut stream,
            mut session,
        } = self;
        let mut rest = Vec::new();
        let (reason, _) = futures::join!(session.closed(), stream.read_to_end(&mut rest));
        (reason, session.counters())
    }

    /// Like `outcome`, for a rogue that reads nothing.
    pub(crate) async fn outcome_unread(mut self) -> (Disconnect, SessionCounters) {
        (self.session.closed().await, self.session.counters())
    }

    /// Hangs up, then waits for the server to notice.
    pub(crate) async fn hang_up(mut self) -> (Disconnect, SessionCounters) {
        drop(self.stream);
        (self.session.closed().await, self.session.counters())
    }

    /// Waits until the server has closed the connection of its own accord. The rogue reads nothing.
    pub(crate) async fn dismissed(self) -> Disconnect {
        let Self { stream, session } = self;
        let reason = session.close().await;
        drop(stream);
        reason
    }

    pub(crate) fn count_in(&self, tally: &Tally) {
        self.session.count_in(tally);
    }

    pub(crate) fn counters(&self) -> SessionCounters {
        self.session.counters()
    }
}

pub(crate) const INTERFACE_NET: u64 = <c::net::Client as capnp::traits::HasTypeId>::TYPE_ID;
pub(crate) const INTERFACE_HOST: u64 = <c::host::Client as capnp::traits::HasTypeId>::TYPE_ID;
const INTERFACE_HOST_VIEW: u64 = <c::host_view::Client as capnp::traits::HasTypeId>::TYPE_ID;
const INTERFACE_LEASE_SINK: u64 = <c::lease_sink::Client as capnp::traits::HasTypeId>::TYPE_ID;
pub(crate) const INTERFACE_LOG: u64 = <c::log::Client as capnp::traits::HasTypeId>::TYPE_ID;

/// Ordinals of `Net`.
pub(crate) const ATTACH: u16 = 0;
pub(crate) const WRITE: u16 = 1;
pub(crate) const MAC: u16 = 3;

/// Fills in a call to a method of `Net` on the bootstrap capability.
pub(crate) fn net_call(
    mut call: call::Builder<'_>,
    question: u32,
    method: u16,
    params: impl FnOnce(any_pointer::Builder<'_>),
) {
    call.set_question_id(question);
    call.set_interface_id(INTERFACE_NET);
    call.set_method_id(method);
    call.reborrow().init_target().set_imported_cap(BOOTSTRAP);
    params(call.init_params().init_content());
}

/// Fills in a call of `attach` that hands over the rogue's capability `sink`.
pub(crate) fn attach(message: message::Builder<'_>, question: u32, sink: u32) {
    let mut call = message.init_call();
    net_call(call.reborrow(), question, ATTACH, |mut params| {
        params.imbue_mut(capability_table());
        let mut params = params.init_as::<c::net::attach_params::Builder<'_>>();
        params.set_sink(c::frame_sink::Client::new(any_capability()));
    });
    let payload = call.get_params().unwrap();
    payload.init_cap_table(1).get(0).set_sender_hosted(sink);
}

/// Where a builder keeps the capabilities that are set in it. It must outlive the message, whose
/// lifetime is its caller's: a few words are leaked.
pub(crate) fn capability_table() -> &'static mut Vec<Option<Box<dyn ClientHook>>> {
    Box::leak(Box::default())
}

/// Something to set a capability pointer with; the capability table of the message says what it is.
pub(crate) fn any_capability() -> Box<dyn ClientHook> {
    capnp_rpc::new_broken_cap(capnp::Error::failed(String::new())).hook
}

/// The octets of a message; short ones have one segment.
pub(crate) fn octets(build: impl FnOnce(message::Builder<'_>)) -> Vec<u8> {
    octets_in(512, build)
}

/// The octets of a message whose first segment has this many words.
pub(crate) fn octets_in(words: u32, build: impl FnOnce(message::Builder<'_>)) -> Vec<u8> {
    let mut builder = Builder::new(HeapAllocator::new().first_segment_words(words));
    build(builder.init_root());
    let mut octets = Vec::new();
    capnp::serialize::write_message(&mut octets, &builder).unwrap();
    octets
}
