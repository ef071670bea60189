//! Why a session ended, named by who ended it and by what.

use core::fmt;
use std::io;

/// Which limit the peer broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// A message is longer than `Limits::message_words`.
    MessageSize,
    /// A message has more than `Limits::segments`.
    Segments,
    /// More than `Limits::calls` are open.
    Calls,
    /// More than `Limits::imports` references were handed to this side.
    Imports,
    /// More than `Limits::exports` references were obtained from this side.
    Exports,
    /// More than `Limits::held_octets` are being worked on.
    HeldOctets,
    /// More than `Limits::queued_octets` wait for the peer to read.
    QueuedOctets,
    /// More than `Limits::messages_per_second` came.
    MessageRate,
    /// A message is not whole after `Limits::message_time`.
    MessageTime,
    /// A call is not answered after `Limits::answer_time`.
    AnswerTime,
    /// There was no sign of life for twice `Limits::silence`.
    Silence,
    /// What was sent before a close is not taken after `Limits::farewell`.
    Farewell,
}

/// Why a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disconnect {
    /// The peer closed the connection, or is gone.
    Closed,
    /// This side closed it.
    Dropped,
    /// The peer was gone in the middle of a message, or over TLS without having said that it ends: somebody
    /// between the two may have cut the connection.
    Truncated,
    /// The peer ended it with this reason.
    Aborted(String),
    /// The peer broke a limit.
    Limit(Limit),
    /// The peer broke the protocol.
    Protocol(String),
    /// The peer sent a value that is none.
    Value(String),
    /// This side's implementation panicked in a call.
    Panicked,
    /// The descriptor failed.
    Io(io::ErrorKind),
}

impl fmt::Display for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::MessageSize => "message size",
            Self::Segments => "segments of a message",
            Self::Calls => "open calls",
            Self::Imports => "capabilities handed over",
            Self::Exports => "capabilities obtained",
            Self::HeldOctets => "octets in work",
            Self::QueuedOctets => "octets not read",
            Self::MessageRate => "messages in a second",
            Self::MessageTime => "time for a message",
            Self::AnswerTime => "time for an answer",
            Self::Silence => "time without a sign of life",
            Self::Farewell => "time for the farewell",
        })
    }
}

impl fmt::Display for Disconnect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => formatter.write_str("the peer closed the connection"),
            Self::Dropped => formatter.write_str("this side closed the connection"),
            Self::Truncated => {
                formatter.write_str("the peer was gone within a message, or without a word")
            }
            Self::Aborted(reason) => write!(formatter, "the peer ended the connection: {reason}"),
            Self::Limit(limit) => write!(formatter, "the peer broke the limit on {limit}"),
            Self::Protocol(what) => write!(formatter, "the peer broke the protocol: {what}"),
            Self::Value(what) => write!(formatter, "the peer sent a wrong value: {what}"),
            Self::Panicked => formatter.write_str("a call panicked on this side"),
            Self::Io(kind) => write!(formatter, "the descriptor failed: {kind}"),
        }
    }
}

impl std::error::Error for Disconnect {}
