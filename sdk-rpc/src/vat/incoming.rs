//! Octets become messages: the segment table is judged before anything is allocated for it, and
//! memory grows with the octets that arrived, never with the octets that were announced.

use std::{
    io,
    rc::Rc,
    task::{Context, Poll},
};

use capnp::{
    message::{Builder, HeapAllocator, Reader, ReaderOptions},
    serialize::{OwnedSegments, SegmentLengthsBuilder},
};
use capnp_rpc::rpc_capnp;

use super::{
    link::{Held, Link},
    tables::{Admission, Finish},
    transport::Channel,
};
use crate::{Disconnect, Limit, Limits};

/// Capacity to start with: most sessions never need more.
const BUFFER_OCTETS: usize = 4 * 1024;
/// Capacity that a busy session grows to and returns to: two batches of frames.
const KEPT_OCTETS: usize = 128 * 1024;
const WORD: usize = 8;

/// Messages of one peer that are handled before every other session has had a turn.
const BATCH_MESSAGES: usize = 64;

/// Words that reading a message may visit beyond twice its length: `capnp-rpc` and the tables look
/// at the envelope several times. More than that is a message whose pointers overlap.
const REREAD_WORDS: usize = 1024;

/// A message for `capnp-rpc`.
pub(crate) enum Incoming {
    /// It arrived and was found acceptable.
    Arrived {
        /// The message.
        message: Reader<OwnedSegments>,
        /// Its share of what is in work.
        _held: Held,
    },
    /// A Finish that had been postponed.
    Late(Builder<HeapAllocator>),
}

impl Incoming {
    fn late(finish: Finish) -> Self {
        let Finish {
            question,
            release_results,
        } = finish;
        let mut message = Builder::new(HeapAllocator::new().first_segment_words(8));
        let mut builder = message
            .init_root::<rpc_capnp::message::Builder<'_>>()
            .init_finish();
        builder.set_question_id(question);
        builder.set_release_result_caps(release_results);
        Self::Late(message)
    }
}

impl capnp_rpc::IncomingMessage for Incoming {
    fn get_body(&self) -> capnp::Result<capnp::any_pointer::Reader<'_>> {
        match self {
            Self::Arrived { message, _held } => message.get_root(),
            Self::Late(message) => message.get_root_as_reader(),
        }
    }
}

/// What a segment table says.
struct Outline {
    segments: SegmentLengthsBuilder,
    table_octets: usize,
    body_words: usize,
}

impl Outline {
    fn total_octets(&self) -> usize {
        self.table_octets + self.body_words * WORD
    }
}

/// The receiving end of a connection.
pub(crate) struct Receiver {
    /// `buffer[consumed..filled]` is what arrived and is not yet a message.
    buffer: Vec<u8>,
    consumed: usize,
    filled: usize,
    /// Messages since the last turn of the others.
    batch: usize,
}

impl Receiver {
    pub(crate) fn new() -> Self {
        Self {
            buffer: Vec::new(),
            consumed: 0,
            filled: 0,
            batch: 0,
        }
    }

    /// True when it is the others' turn. The next message begins another batch.
    pub(crate) const fn ends_batch(&mut self) -> bool {
        let ends = self.batch >= BATCH_MESSAGES;
        if ends {
            self.batch = 0;
        }
        ends
    }

    /// The next message; `None` when the peer closed the connection between two messages.
    pub(crate) fn poll_message(
        &mut self,
        context: &mut Context<'_>,
        channel: &Channel,
        link: &Rc<Link>,
    ) -> Poll<Result<Option<Incoming>, Disconnect>> {
        loop {
            if let Some(reason) = link.reason() {
                return Poll::Ready(Err(reason));
            }
            link.register_reader(context);
            // Before anything else: the peer may have used the id again as soon as it had the answer.
            if let Some(finish) = link.tables.borrow_mut().late_finish() {
                self.batch += 1;
                return Poll::Ready(Ok(Some(Incoming::late(finish))));
            }
            let outline = outline(self.arrived(), &link.limits)?;
            let wanted = outline.as_ref().map_or(WORD, Outline::total_octets);
            if let Some(outline) = outline.filter(|_| self.arrived().len() >= wanted) {
                match self.take(outline, link)? {
                    Some(message) => return Poll::Ready(Ok(Some(message))),
                    None => continue,
                }
            }
            self.make_room(wanted);
            // `make_room` keeps `filled < buffer.len()`.
            let space = self.buffer.get_mut(self.filled..).unwrap_or_default();
            match channel.poll_read(context, space) {
                Poll::Ready(Ok(0)) => return Poll::Ready(self.at_end()),
                Poll::Ready(Ok(octets)) => {
                    self.filled += octets;
                    link.times.arrived();
                    link.count(|counters| counters.octets_in += octets as u64);
                }
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::ConnectionReset => {
                    return Poll::Ready(self.at_end());
                }
                // The end of a stream that says its ends, and did not say this one.
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Poll::Ready(Err(Disconnect::Truncated));
                }
                Poll::Ready(Err(error)) => {
                    return Poll::Ready(Err(Disconnect::Io(error.kind())));
                }
                // A peer that takes nothing any more cannot be answered; what it had sent is read.
                Poll::Pending if link.queue.borrow().is_broken() => {
                    return Poll::Ready(self.at_end());
                }
                Poll::Pending => {
                    self.batch = 0;
                    link.times.incomplete(!self.arrived().is_empty());
                    return Poll::Pending;
                }
            }
        }
    }

    fn arrived(&self) -> &[u8] {
        self.buffer
            .get(self.consumed..self.filled)
            .unwrap_or_default()
    }

    fn at_end(&self) -> Result<Option<Incoming>, Disconnect> {
        if self.arrived().is_empty() {
            Ok(None)
        } else {
            Err(Disconnect::Truncated)
        }
    }

    /// Makes room for at least one octet, and for no more than twice what arrived or the usual buffer.
    fn make_room(&mut self, wanted: usize) {
        // Then there was more than one read takes.
        let filled_whole = self.filled == self.buffer.len();
        if self.consumed > 0 {
            self.buffer.copy_within(self.consumed..self.filled, 0);
            self.filled -= self.consumed;
            self.consumed = 0;
        }
        if self.filled == 0 && self.buffer.len() > KEPT_OCTETS {
            self.buffer.truncate(KEPT_OCTETS);
            self.buffer.shrink_to_fit();
        }
        if filled_whole && self.buffer.len() < KEPT_OCTETS {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        if self.filled == self.buffer.len() {
            let doubled = (self.filled * 2).min(wanted).max(BUFFER_OCTETS);
            self.buffer.resize(doubled.max(self.filled + WORD), 0);
        }
    }

    /// Takes a message that arrived whole; `None` when it is not for now.
    fn take(&mut self, outline: Outline, link: &Rc<Link>) -> Result<Option<Incoming>, Disconnect> {
        self.batch += 1;
        link.times.complete();
        link.times.pace(link.limits.messages_per_second)?;
        let total = outline.total_octets();
        let held = link.hold(total)?;
        let mut options = ReaderOptions::new();
        options
            .nesting_limit(link.limits.nesting)
            .traversal_limit_in_words(Some(outline.body_words * 2 + REREAD_WORDS));
        let body = self.consumed + outline.table_octets..self.consumed + total;
        let mut segments = outline.segments.into_owned_segments();
        // The caller saw that the whole message arrived, so the lengths are equal.
        segments.copy_from_slice(self.buffer.get(body).unwrap_or_default());
        self.consumed += total;
        let message = Reader::new(segments, options);
        Ok(match admit(&message, link)? {
            Admission::Deliver => Some(Incoming::Arrived {
                message,
                _held: held,
            }),
            Admission::Postpone => None,
        })
    }
}

/// Lets the tables judge a message before `capnp-rpc` sees it.
fn admit(message: &Reader<OwnedSegments>, link: &Link) -> Result<Admission, Disconnect> {
    let root = message
        .get_root::<rpc_capnp::message::Reader<'_>>()
        .map_err(|error| super::tables::malformed(&error))?;
    let mut tables = link.tables.borrow_mut();
    let admission = tables.receive(root, &link.limits)?;
    link.count(|counters| {
        counters.messages_in += 1;
        counters.open_calls_peak = counters.open_calls_peak.max(tables.open_calls());
    });
    Ok(admission)
}

/// Reads a segment table: a count less one, then the segments' lengths in words, padded to a word.
/// `None` while it is incomplete.
fn outline(arrived: &[u8], limits: &Limits) -> Result<Option<Outline>, Disconnect> {
    let Some((count, mut lengths)) = arrived.split_first_chunk::<4>() else {
        return Ok(None);
    };
    let count = u32::from_le_bytes(*count);
    let count = usize::try_from(count)
        .unwrap_or(usize::MAX)
        .saturating_add(1);
    if count > limits.segments {
        return Err(Disconnect::Limit(Limit::Segments));
    }
    let table_octets = (count / 2 + 1) * WORD;
    if arrived.len() < table_octets {
        return Ok(None);
    }
    let mut segments = SegmentLengthsBuilder::with_capacity(count);
    for _ in 0..count {
        let Some((length, rest)) = lengths.split_first_chunk::<4>() else {
            return Ok(None);
        };
        lengths = rest;
        let words = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        if segments.try_push_segment(words).is_err()
            || segments.total_words() > limits.message_words
        {
            return Err(Disconnect::Limit(Limit::MessageSize));
        }
    }
    let body_words = segments.total_words();
    Ok(Some(Outline {
        segments,
        table_octets,
        body_words,
    }))
}
