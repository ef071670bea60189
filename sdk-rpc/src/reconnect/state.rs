//! How a connection that is made again and again is, and why it is not.

use core::fmt;
use std::io;

use tokio::time::Instant;

use crate::{Disconnect, Error, Limit};

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loss {
    /// There was one, and it ended.
    Ended(Disconnect),
    /// There was none to be had.
    Unreachable(io::ErrorKind),
    /// What is done at the begin of each connection did not succeed.
    Refused(Error),
    /// An attempt took longer than it may.
    TooSlow,
}

impl Loss {
    /// The same as the end of a connection.
    pub(super) fn disconnect(&self) -> Disconnect {
        match self {
            Self::Ended(reason) => reason.clone(),
            Self::Unreachable(kind) => Disconnect::Io(*kind),
            Self::Refused(_error) => Disconnect::Dropped,
            Self::TooSlow => Disconnect::Limit(Limit::AnswerTime),
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended(reason) => reason.fmt(formatter),
            Self::Unreachable(kind) => write!(formatter, "the peer cannot be reached: {kind}"),
            Self::Refused(error) => write!(formatter, "the connection is of no use: {error}"),
            Self::TooSlow => formatter.write_str("an attempt to connect took too long"),
        }
    }
}

/// How a [`super::Reconnecting`] is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectionState {
    /// An attempt is under way.
    Connecting {
        /// Why there is no connection; `None` for the first one.
        last: Option<Loss>,
    },
    /// There is a connection.
    Connected {
        /// Since when.
        since: Instant,
    },
    /// The next attempt is to come.
    Waiting {
        /// When.
        next_attempt: Instant,
        /// Why there is no connection.
        last: Loss,
    },
    /// There will be no further attempt.
    GivenUp {
        /// Failures in a row.
        attempts: u32,
        /// The last of them.
        last: Loss,
    },
    /// This side closed it, or is gone.
    Closed,
}

impl fmt::Display for ConnectionState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connecting { last: None } => formatter.write_str("connecting"),
            Self::Connecting { last: Some(last) } => write!(formatter, "connecting again: {last}"),
            Self::Connected { since: _ } => formatter.write_str("connected"),
            Self::Waiting {
                next_attempt: _,
                last,
            } => write!(formatter, "waiting to connect again: {last}"),
            Self::GivenUp { attempts, last } => {
                write!(formatter, "given up after {attempts} attempts: {last}")
            }
            Self::Closed => formatter.write_str("closed"),
        }
    }
}
