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

impl Limit {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::MessageSize,
        Self::Segments,
        Self::Calls,
        Self::Imports,
        Self::Exports,
        Self::HeldOctets,
        Self::QueuedOctets,
        Self::MessageRate,
        Self::MessageTime,
        Self::AnswerTime,
        Self::Silence,
        Self::Farewell,
    ];

    /// The name of the counter of those who broke it.
    #[must_use]
    pub const fn counter(self) -> &'static str {
        match self {
            Self::MessageSize => "rpc.limit.message-size",
            Self::Segments => "rpc.limit.segments",
            Self::Calls => "rpc.limit.calls",
            Self::Imports => "rpc.limit.imports",
            Self::Exports => "rpc.limit.exports",
            Self::HeldOctets => "rpc.limit.held-octets",
            Self::QueuedOctets => "rpc.limit.queued-octets",
            Self::MessageRate => "rpc.limit.message-rate",
            Self::MessageTime => "rpc.limit.message-time",
            Self::AnswerTime => "rpc.limit.answer-time",
            Self::Silence => "rpc.limit.silence",
            Self::Farewell => "rpc.limit.farewell",
        }
    }
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

impl Disconnect {
    /// The counters of those that are no limits.
    pub(crate) const COUNTERS: [&'static str; 8] = [
        "rpc.closed",
        "rpc.dropped",
        "rpc.truncated",
        "rpc.aborted",
        "rpc.protocol",
        "rpc.value",
        "rpc.panicked",
        "rpc.io",
    ];

    /// The name of the counter of sessions that ended so.
    pub(crate) const fn counter(&self) -> &'static str {
        match self {
            Self::Closed => "rpc.closed",
            Self::Dropped => "rpc.dropped",
            Self::Truncated => "rpc.truncated",
            Self::Aborted(_) => "rpc.aborted",
            Self::Limit(limit) => limit.counter(),
            Self::Protocol(_) => "rpc.protocol",
            Self::Value(_) => "rpc.value",
            Self::Panicked => "rpc.panicked",
            Self::Io(_) => "rpc.io",
        }
    }
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
