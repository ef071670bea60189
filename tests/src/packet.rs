//! A packet socket on the server's end of the cable: every frame as it is, in and out.

use std::{
    io::{self, IoSlice, PipeReader},
    os::fd::{AsFd as _, AsRawFd as _, OwnedFd},
    time::Duration,
};

use nix::{
    ifaddrs::getifaddrs,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::socket::{
        AddressFamily, LinkAddr, MsgFlags, MultiHeaders, SockFlag, SockProtocol, SockType, bind,
        recvfrom, send, sendmmsg, socket,
    },
};

use crate::{namespace::Namespace, testbed::SERVER_LINK};

/// Longer than any frame of a link whose MTU is 1500.
const LONGEST_FRAME: usize = 65_536;

/// `sll_pkttype` of a frame that this host sends (packet(7)).
const PACKET_OUTGOING: u8 = 4;

/// A packet socket bound to one of the server's links.
#[derive(Debug)]
pub struct PacketSocket {
    socket: OwnedFd,
}

impl PacketSocket {
    /// Opens it in the server's host, on the first cable.
    ///
    /// # Panics
    /// If the host has no such link.
    #[must_use]
    pub fn open(server: &Namespace) -> Self {
        Self::open_on(server, SERVER_LINK)
    }

    /// Opens it on any link of a host.
    ///
    /// # Panics
    /// If the host has no such link.
    #[must_use]
    pub fn open_on(host: &Namespace, link: &str) -> Self {
        let opened = host.run(|| -> io::Result<OwnedFd> {
            let link = getifaddrs()?
                .filter(|entry| entry.interface_name == link)
                .find_map(|entry| entry.address?.as_link_addr().copied())
                .ok_or_else(|| io::Error::other("the link is missing"))?;
            let socket = socket(
                AddressFamily::Packet,
                SockType::Raw,
                SockFlag::SOCK_CLOEXEC,
                SockProtocol::EthAll,
            )?;
            bind(socket.as_raw_fd(), &link)?;
            Ok(socket)
        });
        Self {
            socket: opened.expect("the testbed's root may open packet sockets"),
        }
    }

    /// Puts a frame on the cable.
    ///
    /// # Errors
    /// Where the link is down or the frame too long.
    pub fn send(&self, frame: &[u8]) -> io::Result<()> {
        send(self.socket.as_raw_fd(), frame, MsgFlags::empty())?;
        Ok(())
    }

    /// Puts frames on the cable in one system call, and gives how many the kernel took.
    ///
    /// # Errors
    /// Where the link is down.
    pub fn send_all(&self, frames: &[Vec<u8>]) -> io::Result<usize> {
        let slices: Vec<[IoSlice<'_>; 1]> = frames.iter().map(|f| [IoSlice::new(f)]).collect();
        let addresses: Vec<Option<LinkAddr>> = vec![None; frames.len()];
        let mut headers = MultiHeaders::preallocate(frames.len(), None);
        let sent = sendmmsg(
            self.socket.as_raw_fd(),
            &mut headers,
            &slices,
            &addresses,
            [],
            MsgFlags::empty(),
        )?;
        Ok(sent.count())
    }

    /// Waits for `time`, or until the other end of `stop` is dropped; true says which.
    pub(crate) fn is_stopped(stop: &PipeReader, time: Duration) -> bool {
        let mut fds = [PollFd::new(stop.as_fd(), PollFlags::POLLIN)];
        let time = PollTimeout::try_from(time).unwrap_or(PollTimeout::MAX);
        match poll(&mut fds, time) {
            Ok(_) | Err(nix::Error::EINTR) => {}
            Err(error) => panic!("poll: {error}"),
        }
        fds.iter().any(|fd| fd.any().unwrap_or(false))
    }

    /// Gives each frame to `take`, and whether this host sent it, until the other end of `stop` is
    /// dropped.
    pub(crate) fn receive(&self, stop: &PipeReader, mut take: impl FnMut(&[u8], bool)) {
        let mut buffer = vec![0; LONGEST_FRAME];
        loop {
            let mut fds = [
                PollFd::new(self.socket.as_fd(), PollFlags::POLLIN),
                PollFd::new(stop.as_fd(), PollFlags::POLLIN),
            ];
            match poll(&mut fds, PollTimeout::NONE) {
                Ok(_) | Err(nix::Error::EINTR) => {}
                Err(error) => panic!("poll: {error}"),
            }
            let [socket, stopped] = fds.map(|fd| fd.any().unwrap_or(false));
            if stopped {
                return;
            }
            if !socket {
                continue;
            }
            // ENETDOWN while the cable is pulled: the socket lives on.
            if let Ok((length, from)) = recvfrom::<LinkAddr>(self.socket.as_raw_fd(), &mut buffer) {
                let outgoing = from.is_some_and(|a| a.pkttype() == PACKET_OUTGOING);
                take(buffer.get(..length).unwrap_or_default(), outgoing);
            }
        }
    }
}
