//! What one connection may cost, and the caps of single values.
//!
//! `capnp-rpc` counts nothing: a peer may leave calls open for ever, export without end, or announce
//! 64 MiB in eight octets. Everything a peer can make this side hold is bounded here.

use core::time::Duration;

/// Octets of the longest frame: a 64 KiB packet with its Ethernet header and one VLAN tag.
pub const FRAME_OCTETS: usize = 65_535 + 18;
/// Octets of the longest UDP payload over IPv4.
pub const PAYLOAD_OCTETS: usize = 65_507;
/// Frames or datagrams of one message; a longer batch is sent as several messages.
pub const BATCH: u32 = 64;
/// Octets of one message of a byte stream.
pub const PUSH_OCTETS: usize = 64 * 1024;
/// Addresses in one list.
pub const ADDRESSES: u32 = 512;
/// Routes in one list.
pub const ROUTES: u32 = 512;
/// Domain names in one list.
pub const NAMES: u32 = 512;
/// Parameters of one lease, and of the settings: there are no more numbers.
pub const PARAMETERS: u32 = 256;
/// Octets or numbers of one parameter. A protocol message fits one frame of 1500 octets, and priv
/// receives no longer one than 2048.
pub const PARAMETER_OCTETS: usize = 2048;
/// Networks in a list of servers.
pub const SUBNETS: u32 = 64;
/// Interfaces in one answer.
pub const INTERFACES: u32 = 1024;
/// Layers of a sandbox.
pub const LAYERS: u32 = 64;
/// Octets of a state's name.
pub const STATE_OCTETS: usize = 32;
/// Octets of a name: RFC 1035 section 2.3.4 allows no more.
pub const NAME_OCTETS: usize = 255;
/// Octets of an interface's name: IFNAMSIZ without its terminator.
pub const INTERFACE_OCTETS: usize = 15;
/// Octets of one log line; a longer one is cut by the side that sends it.
pub const LINE_OCTETS: usize = 1024;
/// Fields of one record; its sender leaves out and counts what comes after them.
pub const FIELDS: u32 = 32;
/// Octets of the name of a field or of a part that speaks; a longer one is cut by the side that sends it.
pub const FIELD_NAME_OCTETS: usize = 64;
/// Octets of a field's value; a longer one is cut by the side that sends it.
pub const FIELD_OCTETS: usize = 256;
/// Octets of a path of a `Conf`.
pub const PATH_OCTETS: usize = 255;
/// Segments of a path.
pub const PATH_SEGMENTS: usize = 16;
/// Octets of a segment.
pub const SEGMENT_OCTETS: usize = 64;
/// Octets of a value of a `Conf`.
pub const VALUE_OCTETS: usize = 32 * 1024;
/// Texts of a value.
pub const TEXTS: u32 = 256;
/// Paths in an answer to a question for children.
pub const CHILDREN: u32 = 256;
/// Lines of a table of rights.
pub const RIGHTS: u32 = 64;
/// Octets of a reason; a longer one is cut.
pub const REASON_OCTETS: usize = 512;
/// Counters of one report.
pub const COUNTERS: u32 = 256;
/// Octets of a counter's name.
pub const COUNTER_NAME_OCTETS: usize = 64;

/// Words that a streamed message weighs at least in its stream's window (64 KiB in `capnp-rpc`), so
/// that a window full of tiny messages is also a small number of calls.
pub(crate) const STREAM_MESSAGE_WORDS: usize = 128;

/// What a connection may cost this side. The peer that exceeds one is disconnected. Where a time is limited
/// the runtime needs its timers (`enable_time`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Words (8 octets) of one message, checked before anything is allocated.
    pub message_words: usize,
    /// Segments of one message.
    pub segments: usize,
    /// Depth of pointers.
    pub nesting: i32,
    /// Calls of the peer that are open: not answered, or not finished.
    pub calls: usize,
    /// References to the peer's capabilities that this side holds for it.
    pub imports: usize,
    /// References to this side's capabilities that the peer holds.
    pub exports: usize,
    /// Octets of messages that are being worked on.
    pub held_octets: usize,
    /// Octets waiting for the peer to read them.
    pub queued_octets: usize,
    /// Messages of the peer in a second, on average over more than one; `None` is any number. As many may
    /// come at once after a second without any.
    pub messages_per_second: Option<u32>,
    /// Time that a message may take from its first octet to its last.
    pub message_time: Option<Duration>,
    /// Time that the peer may take to answer a call, or to make room in a stream.
    pub answer_time: Option<Duration>,
    /// Time without a message after which the peer is asked for a sign of life. It has as long again to
    /// give one.
    pub silence: Option<Duration>,
    /// Time that the peer may take, after `Session::close`, for everything that was sent before; then the
    /// rest is thrown away. `None` is as long as it takes.
    pub farewell: Option<Duration>,
}

/// `Limits::farewell`: enough for a full queue at 1 Mbit/s, and not long for an operator who waits.
const FAREWELL: Duration = Duration::from_secs(5);

impl Limits {
    /// For a connection that carries frames.
    #[must_use]
    pub const fn net() -> Self {
        Self {
            message_words: 32 * 1024,
            segments: 64,
            nesting: 16,
            calls: 256,
            imports: 32,
            exports: 64,
            held_octets: 512 * 1024,
            queued_octets: 512 * 1024,
            messages_per_second: None,
            message_time: Some(Duration::from_secs(10)),
            answer_time: None,
            silence: None,
            farewell: Some(FAREWELL),
        }
    }

    /// For a connection that carries byte streams.
    #[must_use]
    pub const fn flow() -> Self {
        Self {
            message_words: 16 * 1024,
            held_octets: 1024 * 1024,
            ..Self::net()
        }
    }

    /// For a connection that carries a `Conf`.
    #[must_use]
    pub const fn conf() -> Self {
        Self {
            messages_per_second: Some(5000),
            ..Self::net()
        }
    }

    /// For the side of a run on a connection by which somebody asks how it is: small questions, and
    /// answers with all its interfaces in one message.
    #[must_use]
    pub const fn control() -> Self {
        Self {
            message_words: 16 * 1024,
            segments: 64,
            nesting: 16,
            calls: 16,
            imports: 4,
            exports: 4,
            held_octets: 256 * 1024,
            queued_octets: 8 * 1024 * 1024,
            messages_per_second: Some(1000),
            message_time: Some(Duration::from_secs(5)),
            answer_time: None,
            silence: Some(Duration::from_secs(30)),
            farewell: Some(FAREWELL),
        }
    }

    /// For the side that asks.
    #[must_use]
    pub const fn asking() -> Self {
        Self {
            message_words: 1024 * 1024,
            segments: 512,
            nesting: 16,
            calls: 4,
            imports: 4,
            exports: 4,
            held_octets: 16 * 1024 * 1024,
            queued_octets: 256 * 1024,
            messages_per_second: None,
            message_time: None,
            answer_time: None,
            silence: None,
            farewell: Some(FAREWELL),
        }
    }

    /// For a connection that carries descriptions, requests and log lines.
    #[must_use]
    pub const fn host() -> Self {
        Self {
            message_words: 16 * 1024,
            segments: 64,
            nesting: 16,
            calls: 256,
            imports: 32,
            exports: 64,
            held_octets: 256 * 1024,
            queued_octets: 256 * 1024,
            messages_per_second: Some(5000),
            message_time: Some(Duration::from_secs(10)),
            answer_time: None,
            silence: None,
            farewell: Some(FAREWELL),
        }
    }
}
