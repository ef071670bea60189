//! The UDP socket on port 68: sends unicast through the kernel's routing, receives nothing.
//!
//! A packet socket cannot route to a server beyond the link, and without a UDP socket the kernel
//! answers a unicast DHCPACK with "port unreachable". This one exists while the interface has a leased
//! address; its locked filter discards what arrives (the packet socket has it already).

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddrV4},
    os::fd::{AsFd, AsRawFd, OwnedFd},
};

use libc::c_int;
use nix::{
    errno::Errno,
    sys::socket::{
        AddressFamily, MsgFlags, SockFlag, SockType, SockaddrIn, bind, sendto, setsockopt, socket,
        sockopt,
    },
};

use crate::{
    Interface,
    filter::{CLIENT_PORT, RECEIVE_NOTHING},
    socket_option::{attach_locked_filter, set_int},
};

/// UDP port of a DHCP server. RFC 2131 section 4.1: "DHCP messages from a client to a server are sent
/// to the 'DHCP server' port (67)".
pub(crate) const SERVER_PORT: u16 = 67;

/// Step of opening the UDP socket, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnicastStep {
    /// Create the socket.
    Create,
    /// Attach and lock the filter that discards everything.
    Filter,
    /// Set device and fragmentation.
    Options,
    /// Bind to the leased address.
    Bind,
}

impl fmt::Display for UnicastStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Create => "open the UDP socket",
            Self::Filter => "attach and lock the filter of the UDP socket",
            Self::Options => "set the options of the UDP socket",
            Self::Bind => "bind the UDP socket to port 68",
        })
    }
}

/// Why the UDP socket could not be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnicastError {
    /// The interface it was for.
    pub interface: String,
    /// The address it was for.
    pub address: Ipv4Addr,
    /// The step that failed.
    pub step: UnicastStep,
    /// The kernel's answer.
    pub errno: Errno,
}

impl UnicastError {
    /// What the operator can do about it.
    fn advice(&self) -> &'static str {
        // Errno is the kernel's list, not ours: a wildcard is right.
        match (self.step, self.errno) {
            (UnicastStep::Bind, Errno::EADDRINUSE) => "another DHCP client has the port; stop it",
            (UnicastStep::Bind, Errno::EACCES) => "needs CAP_NET_BIND_SERVICE; run as root",
            (UnicastStep::Options, Errno::ENOPROTOOPT) => "use Linux 5.0 or later",
            (_, Errno::EPERM) => "needs CAP_NET_RAW; run as root",
            (_, Errno::ENODEV) => "the interface has gone; check `ip link`",
            _ => "the lease is kept up by broadcast only",
        }
    }
}

impl fmt::Display for UnicastError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            interface,
            address,
            step,
            errno,
        } = self;
        let advice = self.advice();
        write!(
            formatter,
            "{interface}: cannot {step} for {address}: {}: {advice}",
            errno.desc()
        )
    }
}

impl std::error::Error for UnicastError {}

/// The socket, bound to the device and the leased address.
pub(crate) struct UnicastSocket {
    descriptor: OwnedFd,
}

impl UnicastSocket {
    /// Opens the socket for an address that the interface has, or is to have. The filter comes before the
    /// port, so nothing is ever queued.
    pub(crate) fn open(interface: &Interface, address: Ipv4Addr) -> Result<Self, UnicastError> {
        let failed = |step| {
            move |errno| UnicastError {
                interface: interface.name.clone(),
                address,
                step,
                errno,
            }
        };
        let descriptor = socket(
            AddressFamily::Inet,
            SockType::Datagram,
            SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK,
            None,
        )
        .map_err(failed(UnicastStep::Create))?;
        attach_locked_filter(descriptor.as_fd(), &RECEIVE_NOTHING)
            .map_err(failed(UnicastStep::Filter))?;
        set_options(&descriptor, interface.index).map_err(failed(UnicastStep::Options))?;
        let local = SockaddrIn::from(SocketAddrV4::new(address, CLIENT_PORT));
        bind(descriptor.as_raw_fd(), &local).map_err(failed(UnicastStep::Bind))?;
        Ok(Self { descriptor })
    }

    /// Sends one payload to the server's port.
    pub(crate) fn send(&self, destination: Ipv4Addr, payload: &[u8]) -> Result<(), Errno> {
        let server = SockaddrIn::from(SocketAddrV4::new(destination, SERVER_PORT));
        sendto(
            self.descriptor.as_raw_fd(),
            payload,
            &server,
            MsgFlags::MSG_DONTWAIT,
        )
        .map(drop)
    }
}

fn set_options(descriptor: &OwnedFd, index: u32) -> Result<(), Errno> {
    // By number: a name may be another interface's by now.
    set_int(
        descriptor.as_fd(),
        libc::SOL_SOCKET,
        libc::SO_BINDTOIFINDEX,
        c_int::try_from(index).map_err(|_| Errno::ENODEV)?,
    )?;
    // A client for another interface may hold port 68 for any address. It loses nothing to a socket
    // that is bound to this address and device and receives nothing.
    setsockopt(descriptor, sockopt::ReuseAddr, &true)?;
    // Where a script configures the host, the address may not be there yet, or never be: ip(7), IP_FREEBIND. Then
    // the kernel says so when something is to be sent, and the lease is kept up by broadcast.
    setsockopt(descriptor, sockopt::IpFreebind, &true)?;
    // Never fragment (the same rule as for frames), and never believe an ICMP message about the
    // path's MTU: ip(7), IP_PMTUDISC_PROBE. SO_BROADCAST stays off.
    set_int(
        descriptor.as_fd(),
        libc::IPPROTO_IP,
        libc::IP_MTU_DISCOVER,
        libc::IP_PMTUDISC_PROBE,
    )
}
