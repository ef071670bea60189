//! Errors, named by who is at fault.

use core::fmt;

/// Why a call did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The peer is gone, or was disconnected; nothing more will be answered.
    Disconnected,
    /// The peer broke a limit or sent a value that is none; it is named. The connection ends.
    Peer(String),
    /// This side refused or could not do what was asked; the reason is for the operator.
    Refused(String),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disconnected => formatter.write_str("the peer is gone"),
            Self::Peer(what) => write!(formatter, "the peer is at fault: {what}"),
            Self::Refused(why) => write!(formatter, "refused: {why}"),
        }
    }
}

impl std::error::Error for Error {}

/// What an error of `capnp` means to the caller of a client that `capnpc` made: with this, `?` will do.
impl From<capnp::Error> for Error {
    fn from(error: capnp::Error) -> Self {
        crate::fault::from_wire(&error)
    }
}
