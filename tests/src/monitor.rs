//! What the kernel says about a host's addresses, as it happens: the only way to prove that an
//! address was never gone.

use std::{
    io::{PipeWriter, pipe},
    net::Ipv4Addr,
    os::fd::{AsFd as _, AsRawFd as _, OwnedFd},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::socket::{
        AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, socket,
    },
};

use crate::{journal::Journal, namespace::Namespace, process::wait_readable};

/// `RTMGRP_LINK` (rtnetlink(7)).
const LINKS: u32 = 0x1;
/// `RTMGRP_IPV4_IFADDR` (rtnetlink(7)).
const IPV4_ADDRESSES: u32 = 0x10;
const NEW_ADDRESS: u16 = 20;
const DELETED_ADDRESS: u16 = 21;
/// `IFA_LOCAL`: the interface's own address.
const LOCAL: u16 = 2;

/// Octets of nlmsghdr, of ifaddrmsg and of rtattr (netlink(7), rtnetlink(7)).
const HEADER: usize = 16;
const ADDRESS_MESSAGE: usize = 8;
const ATTRIBUTE: usize = 4;

/// One change of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressChange {
    /// Added, or its lifetime changed.
    Set(Ipv4Addr),
    /// Removed.
    Removed(Ipv4Addr),
}

/// A running recording of the address changes in one host; ends when dropped.
#[derive(Debug)]
pub struct AddressMonitor {
    changes: Journal<AddressChange>,
    /// What the kernel has said and nobody has read yet; locked while it is being read.
    unread: Arc<Mutex<OwnedFd>>,
    stop: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

impl AddressMonitor {
    /// Starts it; no change after this returned is missed.
    ///
    /// # Panics
    /// If netlink is not there.
    #[must_use]
    pub(crate) fn start(host: &Namespace) -> Self {
        let socket = host.run(|| open(IPV4_ADDRESSES));
        let arrived = socket.try_clone().expect("a descriptor can be duplicated");
        let unread = Arc::new(Mutex::new(socket));
        let reader = Arc::clone(&unread);
        let (stopped, stop) = pipe().expect("a pipe can be made");
        let changes = Journal::default();
        let writer = changes.clone();
        let thread = thread::spawn(move || {
            let mut fds = [
                PollFd::new(arrived.as_fd(), PollFlags::POLLIN),
                PollFd::new(stopped.as_fd(), PollFlags::POLLIN),
            ];
            loop {
                match poll(&mut fds, PollTimeout::NONE) {
                    Err(nix::Error::EINTR) => continue,
                    polled => polled.expect("both descriptors are open"),
                };
                let [changed, stopped] = fds.each_ref().map(|fd| fd.any() == Some(true));
                if stopped {
                    return;
                }
                if changed {
                    let socket = reader.lock().unwrap_or_else(PoisonError::into_inner);
                    read_changes(&socket, &writer);
                }
            }
        });
        Self {
            changes,
            unread,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// All changes, to wait on. Those that were made before this was asked for are in it: the kernel tells of
    /// them before whoever made one is answered, but who reads that is another thread.
    #[must_use]
    pub fn changes(&self) -> &Journal<AddressChange> {
        loop {
            let socket = self.unread.lock().unwrap_or_else(PoisonError::into_inner);
            if !wait_readable(&socket, Duration::ZERO) {
                return &self.changes;
            }
            drop(socket);
            thread::yield_now();
        }
    }

    /// Addresses that were removed so far.
    #[must_use]
    pub fn removed(&self) -> Vec<Ipv4Addr> {
        let removed = |change| match change {
            AddressChange::Removed(address) => Some(address),
            AddressChange::Set(_) => None,
        };
        self.changes()
            .entries()
            .into_iter()
            .filter_map(removed)
            .collect()
    }
}

impl Drop for AddressMonitor {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// Waits until `arrived` says so; it is asked now and after each change of a link in the host.
///
/// # Panics
/// After `timeout`.
pub(crate) fn wait_for_link(host: &Namespace, timeout: Duration, arrived: impl Fn() -> bool) {
    let socket = host.run(|| open(LINKS));
    while !arrived() {
        assert!(
            wait_readable(&socket, timeout),
            "the link did not change in {timeout:?}"
        );
        let taken = recv(socket.as_raw_fd(), &mut [0; 16_384], MsgFlags::empty());
        taken.expect("netlink tells every change");
    }
}

fn open(groups: u32) -> OwnedFd {
    let socket = socket(
        AddressFamily::Netlink,
        SockType::Raw,
        SockFlag::SOCK_CLOEXEC,
        SockProtocol::NetlinkRoute,
    );
    let socket = socket.expect("anybody may open a netlink socket");
    bind(socket.as_raw_fd(), &NetlinkAddr::new(0, groups)).expect("and listen to changes");
    socket
}

fn read_changes(socket: &OwnedFd, writer: &Journal<AddressChange>) {
    let mut buffer = [0; 16_384];
    let length = recv(socket.as_raw_fd(), &mut buffer, MsgFlags::empty());
    // An overrun would make a proof of absence worthless, so it must not pass for silence.
    let mut rest = &buffer[..length.expect("netlink tells every change")];
    while let Some((kind, message, after)) = next_message(rest) {
        rest = after;
        let change = match kind {
            NEW_ADDRESS => AddressChange::Set,
            DELETED_ADDRESS => AddressChange::Removed,
            _ => continue,
        };
        if let Some(address) = local_address(message) {
            writer.push(change(address));
        }
    }
}

fn next_message(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let length = usize::try_from(u32::from_ne_bytes(bytes.get(..4)?.try_into().ok()?)).ok()?;
    let kind = u16::from_ne_bytes(bytes.get(4..6)?.try_into().ok()?);
    let after = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    Some((kind, bytes.get(HEADER..length)?, after))
}

fn local_address(message: &[u8]) -> Option<Ipv4Addr> {
    let mut rest = message.get(ADDRESS_MESSAGE..)?;
    loop {
        let length = usize::from(u16::from_ne_bytes(rest.get(..2)?.try_into().ok()?));
        let kind = u16::from_ne_bytes(rest.get(2..4)?.try_into().ok()?);
        let value = rest.get(ATTRIBUTE..length)?;
        if kind == LOCAL {
            let octets: [u8; 4] = value.try_into().ok()?;
            return Some(octets.into());
        }
        rest = rest.get(length.next_multiple_of(4)..)?;
    }
}
