//! `Net`: frames of one interface, both ways, batched and streamed; its link, and what happened at it.

mod link;

use std::{future::Future, net::Ipv4Addr};

pub use link::{LinkSource, LinkWatch};

use crate::{Counter, Error, LinkState, MacAddress};

/// One Ethernet frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// From the destination address to the end of the payload, without the frame check sequence.
    pub bytes: Vec<u8>,
    /// False when the kernel has not filled in the transport checksum yet (PACKET_AUXDATA
    /// TP_STATUS_CSUMNOTREADY, packet(7)): then it must not be verified.
    pub checksum_ready: bool,
}

/// A payload that leaves by the UDP socket priv holds, routed by the host's kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Unicast destination; the ports are those of the service.
    pub destination: Ipv4Addr,
    /// UDP payload.
    pub payload: Vec<u8>,
}

/// Takes frames that arrived.
pub trait FrameSink {
    /// Hands over a batch, in order of arrival. Resolves when the next batch may be sent.
    fn push(&self, frames: Vec<Frame>) -> impl Future<Output = Result<(), Error>>;
}

/// Told of the link.
pub trait LinkWatcher {
    /// The link is like this. Resolves when the next state may be told.
    fn link(&self, state: LinkState) -> impl Future<Output = Result<(), Error>>;
}

/// Frames of one interface.
pub trait Net {
    /// Keeps the attachment; frames stop when it is dropped.
    type Attachment;

    /// Keeps a watch of the link; dropping it ends the watch.
    type Watch;

    /// Starts delivery of arriving frames to `sink`.
    fn attach<S: FrameSink + 'static>(
        &self,
        sink: S,
    ) -> impl Future<Output = Result<Self::Attachment, Error>>;

    /// Sends frames. A frame that breaks the service's rules is discarded, counted and logged by the
    /// implementation; that is not an error of the call.
    fn write(&self, frames: Vec<Frame>) -> impl Future<Output = Result<(), Error>>;

    /// Sends payloads through the UDP socket; without one they are counted discards.
    fn send(&self, datagrams: Vec<Datagram>) -> impl Future<Output = Result<(), Error>>;

    /// The interface's own address.
    fn mac(&self) -> impl Future<Output = Result<MacAddress, Error>>;

    /// What happened at the interface so far.
    fn counters(&self) -> impl Future<Output = Result<Vec<Counter>, Error>>;

    /// Tells `watcher` of the link as it is now, then of each change. A watcher that is slow is told of the
    /// last of several changes only.
    ///
    /// # Errors
    /// [`Error::Refused`] where the link is not known here; it says who knows.
    fn watch_link<W: LinkWatcher + 'static>(
        &self,
        watcher: W,
    ) -> impl Future<Output = Result<Self::Watch, Error>>;
}

/// What the owner of a [`Net`] decides about it, and its user cannot.
pub trait NetOwner {
    /// The address in force from now on, or that there is none: frames and datagrams may come from it.
    fn set_address(&self, address: Option<Ipv4Addr>) -> impl Future<Output = Result<(), Error>>;

    /// The interface's own address from now on.
    fn set_mac(&self, mac: MacAddress) -> impl Future<Output = Result<(), Error>>;

    /// What happened at the interface so far.
    fn counters(&self) -> impl Future<Output = Result<Vec<Counter>, Error>>;
}
