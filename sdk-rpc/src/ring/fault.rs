//! What is wrong with a ring, by name.

use core::fmt;
use std::io;

/// Why a ring cannot be used, or not any more. After one, a ring gives the same kind of answer for ever: drop it, and
/// with it the session that it belongs to.
#[derive(Debug)]
pub enum RingFault {
    /// The size of the memory can still be changed.
    Unsealed,
    /// The memory has a size, in octets, that no pair of rings has.
    Size(i64),
    /// The memory does not begin as one of rings of this version does.
    Magic(u64),
    /// The peer's index went backwards.
    Backwards {
        /// What it was.
        before: u64,
        /// What it is.
        now: u64,
    },
    /// The peer's index is where it cannot be: more is sent than fits, or taken than was sent.
    Beyond {
        /// This side's index.
        own: u64,
        /// The peer's.
        peer: u64,
    },
    /// The peer's index is no multiple of 8.
    Crooked(u64),
    /// A frame is longer than any, or than what the peer says it sent. Octets.
    Length(u32),
    /// A frame has flags that are not known.
    Flags(u32),
    /// The ring ended by an earlier fault.
    Ended,
    /// A frame of this side is longer than any. Octets. The ring goes on.
    TooLong(usize),
    /// A descriptor failed.
    Io(io::Error),
}

impl From<io::Error> for RingFault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for RingFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsealed => formatter.write_str("the ring's memory can change its size"),
            Self::Size(octets) => write!(formatter, "a ring's memory of {octets} octets"),
            Self::Magic(word) => write!(formatter, "a ring's memory that begins with {word:#018x}"),
            Self::Backwards { before, now } => {
                write!(formatter, "the peer's index went from {before} to {now}")
            }
            Self::Beyond { own, peer } => {
                write!(
                    formatter,
                    "the peer's index is {peer}, with this side's {own}"
                )
            }
            Self::Crooked(index) => write!(formatter, "the peer's index is {index}"),
            Self::Length(octets) => write!(formatter, "a frame of {octets} octets in the ring"),
            Self::Flags(flags) => write!(formatter, "a frame with flags {flags:#x} in the ring"),
            Self::Ended => formatter.write_str("the ring ended by an earlier fault"),
            Self::TooLong(octets) => write!(formatter, "a frame of {octets} octets to be sent"),
            Self::Io(error) => write!(formatter, "the ring's descriptors: {error}"),
        }
    }
}

impl std::error::Error for RingFault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Unsealed
            | Self::Size(_)
            | Self::Magic(_)
            | Self::Backwards { before: _, now: _ }
            | Self::Beyond { own: _, peer: _ }
            | Self::Crooked(_)
            | Self::Length(_)
            | Self::Flags(_)
            | Self::Ended
            | Self::TooLong(_) => None,
        }
    }
}
