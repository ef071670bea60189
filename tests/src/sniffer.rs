//! Records every frame that passes the server's end of the cable.

use std::{
    io::{PipeWriter, pipe},
    net::Ipv4Addr,
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::{
    SOON,
    frame::{Content, Frame},
    journal::Journal,
    message::{Kind, Message},
    namespace::Namespace,
    packet::PacketSocket,
};

/// A running recording; ends when dropped.
#[derive(Debug)]
pub struct Sniffer {
    frames: Journal<Frame>,
    stop: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

impl Sniffer {
    /// Starts it; nothing that is sent after this returned is missed.
    ///
    /// # Panics
    /// If the host has no link.
    #[must_use]
    pub(crate) fn start(server: &Namespace, link: &str) -> Self {
        let socket = PacketSocket::open_on(server, link);
        let (stopped, stop) = pipe().expect("a pipe can be made");
        let frames = Journal::default();
        let writer = frames.clone();
        let thread = thread::spawn(move || {
            socket.receive(&stopped, |bytes, outgoing| {
                writer.push(Frame::read(bytes, outgoing))
            });
        });
        Self {
            frames,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// All frames, to wait on.
    #[must_use]
    pub fn frames(&self) -> &Journal<Frame> {
        &self.frames
    }

    /// Waits for a DHCP message of this kind that `wanted` accepts, at or after a position; gives
    /// the position after it, the IP destination and the message.
    pub fn wait_for_dhcp(
        &self,
        from: usize,
        kind: Kind,
        timeout: Duration,
    ) -> Option<(usize, Ipv4Addr, Message)> {
        let of_kind = |frame: &Frame| frame.dhcp().is_some_and(|m| m.kind() == kind);
        let (next, frame) = self.frames.wait_from(from, timeout, of_kind)?;
        match frame.content {
            Content::Dhcp {
                destination,
                message,
                ..
            } => Some((next, destination, message)),
            Content::Arp { .. } | Content::Icmp { .. } | Content::Other => None,
        }
    }

    /// The first DHCP frame of this kind that the client sent, waited for.
    ///
    /// # Panics
    /// If none comes.
    #[must_use]
    pub fn first_sent(&self, kind: Kind) -> Frame {
        let own = |frame: &Frame| !frame.from_server && frame.is_dhcp(kind);
        let found = self.frames.wait_for(SOON, own);
        found.unwrap_or_else(|| panic!("no {}", kind.name()))
    }

    /// All ICMP so far, as (source, type, code).
    #[must_use]
    pub fn icmp(&self) -> Vec<(Ipv4Addr, u8, u8)> {
        let icmp = |frame: Frame| match frame.content {
            Content::Icmp { source, kind, code } => Some((source, kind, code)),
            Content::Arp { .. } | Content::Dhcp { .. } | Content::Other => None,
        };
        self.frames.entries().into_iter().filter_map(icmp).collect()
    }
}

impl Drop for Sniffer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
