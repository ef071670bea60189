//! Watches the state of one link.

use core::fmt;
use std::io;

use netlink_packet_route::{AddressFamily, link::LinkHeader};
use netlink_sys::{
    AsyncSocket as _, AsyncSocketExt as _, SocketAddr, TokioSocket, protocols::NETLINK_ROUTE,
};
use sdk_rpc::LinkState;

use crate::{
    interface::{Interface, LinkFacts},
    netlink::{Netlink, RECEIVE_BUFFER, each_message},
};

/// RTMGRP_LINK of linux/rtnetlink.h.
const GROUP_LINK: u32 = 1;
/// RTM_NEWLINK and RTM_DELLINK of linux/rtnetlink.h.
const NEW_LINK: u16 = 16;
const DELETED_LINK: u16 = 17;

/// What became of the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkChange {
    /// It is like this now.
    State(LinkState),
    /// The interface is gone, and with it the watch.
    Removed,
}

/// Tells changes of one link, each once.
pub struct LinkMonitor {
    index: u32,
    netlink: Netlink,
    socket: TokioSocket,
    received: Vec<u8>,
    last: LinkState,
    removed: bool,
}

impl fmt::Debug for LinkMonitor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("LinkMonitor")
            .field("index", &self.index)
            .field("last", &self.last)
            .finish_non_exhaustive()
    }
}

impl LinkMonitor {
    /// Starts to watch `interface`, in the network namespace of the calling thread and of `netlink`. What changed between
    /// finding the interface and this is in [`Self::state`].
    ///
    /// # Errors
    /// There is no netlink socket to be had.
    pub fn open(netlink: &Netlink, interface: &Interface) -> io::Result<Self> {
        let mut socket = TokioSocket::new(NETLINK_ROUTE)?;
        socket.socket_mut().bind(&SocketAddr::new(0, GROUP_LINK))?;
        let mut monitor = Self {
            index: interface.index,
            netlink: netlink.clone(),
            socket,
            received: Vec::new(),
            last: interface.link,
            removed: false,
        };
        // After the bind, so that no change falls between.
        monitor.last = monitor.ask()?.unwrap_or(monitor.last);
        Ok(monitor)
    }

    /// The link as last told; at first, as it was when the watch began.
    #[must_use]
    pub fn state(&self) -> LinkState {
        self.last
    }

    /// The next change. After [`LinkChange::Removed`] it stays at that. Cancelling it loses nothing.
    ///
    /// # Errors
    /// The socket failed; the watch is of no use any more.
    pub async fn next(&mut self) -> io::Result<LinkChange> {
        loop {
            if self.removed {
                return Ok(LinkChange::Removed);
            }
            self.received.clear();
            self.received.reserve(RECEIVE_BUFFER);
            let newest = match self.socket.recv_from(&mut self.received).await {
                Ok(sender) if sender.port_number() != 0 => None,
                Ok(_) => self.heard(),
                // The kernel had more to say than the socket could hold: what is now is what counts.
                Err(error) if error.raw_os_error() == Some(nix::libc::ENOBUFS) => {
                    Some(self.ask()?.map_or(LinkChange::Removed, LinkChange::State))
                }
                Err(error) => return Err(error),
            };
            if let Some(change) = newest.and_then(|change| self.take(change)) {
                return Ok(change);
            }
        }
    }

    /// What the datagram received last says about the link.
    fn heard(&self) -> Option<LinkChange> {
        let mut newest = None;
        each_message(&self.received, &mut |header, payload| {
            newest = change(self.index, header.message_type, payload).or(newest);
        });
        newest
    }

    /// Whether the change is one since the last that was told.
    fn take(&mut self, change: LinkChange) -> Option<LinkChange> {
        match change {
            LinkChange::Removed => self.removed = true,
            LinkChange::State(state) if state == self.last => return None,
            LinkChange::State(state) => self.last = state,
        }
        Some(change)
    }

    /// The link now; none where it is gone.
    fn ask(&self) -> io::Result<Option<LinkState>> {
        let facts = self
            .netlink
            .with(|kernel| kernel.link_by_index(self.index))?;
        Ok(facts.map(|facts| facts.state))
    }
}

/// What a message says about the link with `index`.
fn change(index: u32, message_type: u16, payload: &[u8]) -> Option<LinkChange> {
    let header = LinkHeader::parse(payload).ok()?;
    // A bridge tells of its ports with the same messages: leaving a bridge is not being removed.
    if header.index != index || header.interface_family != AddressFamily::Unspec {
        return None;
    }
    match message_type {
        NEW_LINK => LinkFacts::parse(payload).map(|facts| LinkChange::State(facts.state)),
        DELETED_LINK => Some(LinkChange::Removed),
        _ => None,
    }
}
