//! The packet socket of one interface: opened so that no frame gets past the filter, read in one
//! reused buffer.

use std::{
    fmt,
    io::{self, IoSliceMut},
    os::fd::{AsFd, AsRawFd, OwnedFd},
};

use libc::c_int;
use nix::{
    cmsg_space,
    errno::Errno,
    sys::socket::{
        AddressFamily, ControlMessageOwned, MsgFlags, SockFlag, SockType, recvmsg, send,
        setsockopt, socket, sockopt,
    },
};
use tokio::io::{Interest, unix::AsyncFd};

use crate::{
    Interface,
    filter::{LONGEST_FRAME, RECEIVE},
    socket_option::{
        PACKET_AUXDATA, PACKET_IGNORE_OUTGOING, PacketStatistics, attach_locked_filter, set_int,
        take_packet_statistics,
    },
};

/// What the kernel may queue, in octets (it allows twice that, its own overhead included): some
/// hundred frames, enough for a burst of ARP while the calf starts, little under a flood.
const RECEIVE_BUFFER: usize = 128 * 1024;

/// TP_STATUS_CSUMNOTREADY of packet(7): the transport checksum is left to hardware, and the frame came
/// from this machine before any hardware saw it.
const CHECKSUM_NOT_READY: u32 = 1 << 3;

/// Step of opening the packet socket, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenStep {
    /// Create the socket.
    Create,
    /// Attach and lock the receive filter.
    Filter,
    /// Set what the socket receives, and how much of it may wait.
    Options,
    /// Bind to the interface.
    Bind,
    /// Watch it for arriving frames.
    Watch,
}

impl fmt::Display for OpenStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Create => "open a packet socket",
            Self::Filter => "attach and lock the receive filter of the packet socket",
            Self::Options => "set the options of the packet socket",
            Self::Bind => "bind the packet socket",
            Self::Watch => "watch the packet socket",
        })
    }
}

/// Why the packet socket could not be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenError {
    /// The interface it was for.
    pub interface: String,
    /// The step that failed.
    pub step: OpenStep,
    /// The kernel's answer.
    pub errno: Errno,
}

impl OpenError {
    /// What the operator can do about it.
    fn advice(&self) -> &'static str {
        // Errno is the kernel's list, not ours: a wildcard is right.
        match (self.step, self.errno) {
            (_, Errno::EPERM | Errno::EACCES) => "needs CAP_NET_RAW; run as root",
            (OpenStep::Create, Errno::EAFNOSUPPORT) => "use a kernel with CONFIG_PACKET",
            (OpenStep::Bind, Errno::ENODEV | Errno::ENXIO) => {
                "the interface has gone; check `ip link`"
            }
            (OpenStep::Options, Errno::ENOPROTOOPT) => "use Linux 4.20 or later",
            (_, Errno::EMFILE | Errno::ENFILE) => "raise the limit of open files (ulimit -n)",
            _ => "check the kernel log",
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            interface,
            step,
            errno,
        } = self;
        let advice = self.advice();
        write!(
            formatter,
            "{interface}: cannot {step}: {}: {advice}",
            errno.desc()
        )
    }
}

impl std::error::Error for OpenError {}

/// What one read of the socket gave.
pub(crate) enum Received<'a> {
    /// A whole frame.
    Frame {
        bytes: &'a [u8],
        checksum_ready: bool,
    },
    /// A frame longer than the buffer.
    Truncated,
    /// Nothing is waiting.
    Nothing,
}

/// Room for one frame and for what the kernel says about it; reused for each frame.
pub(crate) struct ReceiveBuffer {
    frame: Box<[u8; LONGEST_FRAME]>,
    control: Vec<u8>,
}

impl ReceiveBuffer {
    pub(crate) fn new() -> Self {
        Self {
            frame: Box::new([0; LONGEST_FRAME]),
            // struct tpacket_auxdata of packet(7): three words and four half words.
            control: cmsg_space!([u32; 5]),
        }
    }
}

/// A packet socket, bound to one interface, non-blocking, its filter locked.
pub(crate) struct PacketSocket {
    descriptor: AsyncFd<OwnedFd>,
}

impl PacketSocket {
    /// Opens the socket. Nothing is queued before the filter is attached: a packet socket of protocol
    /// 0 receives nothing until it is bound with another one (packet(7)).
    pub(crate) fn open(interface: &Interface) -> Result<Self, OpenError> {
        let failed = |step| {
            move |errno| OpenError {
                interface: interface.name.clone(),
                step,
                errno,
            }
        };
        let descriptor = socket(
            AddressFamily::Packet,
            SockType::Raw,
            SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK,
            None,
        )
        .map_err(failed(OpenStep::Create))?;
        attach_locked_filter(descriptor.as_fd(), &RECEIVE).map_err(failed(OpenStep::Filter))?;
        set_options(&descriptor).map_err(failed(OpenStep::Options))?;
        bind(&descriptor, interface.index).map_err(failed(OpenStep::Bind))?;
        // SAFETY: an OwnedFd is open, is always the same descriptor, and is closed only when dropped;
        // the AsyncFd owns it, and nothing here takes it out or replaces it.
        let watched = unsafe { AsyncFd::register_with_interest(descriptor, Interest::READABLE) };
        let descriptor =
            watched.map_err(|error| failed(OpenStep::Watch)(errno_of(&error.into_parts().1)))?;
        Ok(Self { descriptor })
    }

    /// Resolves when a frame may be waiting, or an error.
    pub(crate) async fn readable(
        &self,
    ) -> io::Result<tokio::io::unix::AsyncFdReadyGuard<'_, OwnedFd>> {
        self.descriptor.readable().await
    }

    /// Takes one waiting frame.
    pub(crate) fn receive<'a>(&self, buffer: &'a mut ReceiveBuffer) -> Result<Received<'a>, Errno> {
        let ReceiveBuffer { frame, control } = buffer;
        let (length, truncated, checksum_ready) = {
            let mut whole = [IoSliceMut::new(frame.as_mut_slice())];
            let message = match recvmsg::<()>(
                self.descriptor.get_ref().as_raw_fd(),
                &mut whole,
                Some(control),
                MsgFlags::MSG_DONTWAIT,
            ) {
                Ok(message) => message,
                Err(Errno::EAGAIN) => return Ok(Received::Nothing),
                Err(errno) => return Err(errno),
            };
            let truncated = message.flags.contains(MsgFlags::MSG_TRUNC);
            // No word about the checksum means that it is as it was on the wire.
            let checksum_ready = !message.cmsgs()?.any(|message| checksum_not_ready(&message));
            (message.bytes, truncated, checksum_ready)
        };
        match frame.get(..length) {
            Some(bytes) if !truncated => Ok(Received::Frame {
                bytes,
                checksum_ready,
            }),
            Some(_) | None => Ok(Received::Truncated),
        }
    }

    /// Hands one frame to the kernel, which does not keep part of it.
    pub(crate) fn send(&self, frame: &[u8]) -> Result<(), Errno> {
        let descriptor = self.descriptor.get_ref().as_raw_fd();
        match send(descriptor, frame, MsgFlags::MSG_DONTWAIT) {
            // That the link was down the kernel says once, and of a link that is up again by now it says so
            // instead of sending.
            Err(Errno::ENETDOWN) => send(descriptor, frame, MsgFlags::MSG_DONTWAIT),
            sent => sent,
        }
        .map(drop)
    }

    /// Counts since the last call.
    pub(crate) fn take_statistics(&self) -> Result<PacketStatistics, Errno> {
        take_packet_statistics(self.descriptor.get_ref().as_fd())
    }
}

fn set_options(descriptor: &OwnedFd) -> Result<(), Errno> {
    setsockopt(descriptor, sockopt::RcvBuf, &RECEIVE_BUFFER)?;
    set_int(
        descriptor.as_fd(),
        libc::SOL_PACKET,
        PACKET_IGNORE_OUTGOING,
        1,
    )?;
    set_int(descriptor.as_fd(), libc::SOL_PACKET, PACKET_AUXDATA, 1)
}

/// Starts reception of every protocol on one interface; the filter chooses.
fn bind(descriptor: &OwnedFd, index: u32) -> Result<(), Errno> {
    const ALL_PROTOCOLS: u16 = 0x0003;
    let address = libc::sockaddr_ll {
        sll_family: u16::try_from(libc::AF_PACKET).map_err(|_| Errno::EINVAL)?,
        sll_protocol: ALL_PROTOCOLS.to_be(),
        sll_ifindex: c_int::try_from(index).map_err(|_| Errno::ENODEV)?,
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 0,
        sll_addr: [0; 8],
    };
    let length = libc::socklen_t::try_from(size_of_val(&address)).map_err(|_| Errno::EINVAL)?;
    // SAFETY: the descriptor is open; the pointer is to `address`, which lives through the call and is
    // `length` bytes long; the kernel only reads it.
    let result = unsafe { libc::bind(descriptor.as_raw_fd(), (&raw const address).cast(), length) };
    Errno::result(result).map(drop)
}

/// Whether the kernel says that the transport checksum has not been filled in. The status is the first
/// word of `struct tpacket_auxdata` (packet(7), PACKET_AUXDATA).
fn checksum_not_ready(message: &ControlMessageOwned) -> bool {
    let ControlMessageOwned::Unknown(message) = message else {
        return false;
    };
    let header = &message.cmsg_header;
    header.cmsg_level == libc::SOL_PACKET
        && header.cmsg_type == PACKET_AUXDATA
        && message
            .data_bytes
            .first_chunk()
            .is_some_and(|status| u32::from_ne_bytes(*status) & CHECKSUM_NOT_READY != 0)
}

/// The kernel's code in an error of the standard library.
fn errno_of(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}
