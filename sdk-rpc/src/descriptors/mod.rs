//! Descriptors between two peers of one machine that are both unsandboxed: a unix socket beside their
//! connection carries them one way, each with a token, and a message of the connection says the token.
//!
//! Not for a privileged side and its sandboxed service: a descriptor from there could be anything, and a
//! privileged side has no use for one. Nothing here can tell such a service by its looks (the two ends
//! of a pair have their maker's credentials), so who builds a privileged side makes no
//! [`DescriptorReceiver`] at all; this module is a feature so that a program without it has none.

mod expected;
mod receiver;
mod sender;
mod slot;

pub use expected::{Expected, Seals};
pub use receiver::{DescriptorFault, DescriptorLimits, DescriptorReceiver, NotGiven, PeerUser};
pub use sender::DescriptorSender;
pub use slot::Slot;

use std::{io, os::fd::AsFd};

use rustix::net::{AddressFamily, SocketType, sockopt};

/// Descriptors of one message: what the kernel passes at once (unix(7), SCM_MAX_FD).
const PASSED_AT_ONCE: usize = 253;

/// A socket that keeps messages apart, so that a descriptor and its token cannot come apart either.
fn check_side_socket(socket: impl AsFd) -> io::Result<()> {
    let domain = sockopt::socket_domain(socket.as_fd())?;
    let kind = sockopt::socket_type(socket.as_fd())?;
    if domain != AddressFamily::UNIX || kind != SocketType::SEQPACKET {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "descriptors go over a unix socket of the kind SOCK_SEQPACKET",
        ));
    }
    Ok(())
}
