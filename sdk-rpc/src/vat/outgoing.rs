//! Messages become octets: serialised at once into one bounded queue, written as far as the
//! descriptor takes it whenever the executor comes by. Many messages leave in one write(2). What a stream
//! keeps back is flushed when nothing more waits.

use std::{
    future::{Future, poll_fn},
    io,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use capnp::{
    capability::Promise,
    message::{Builder, HeapAllocator},
};
use capnp_rpc::rpc_capnp;

use super::{
    link::{Link, Stop},
    transport::Channel,
};
use crate::{Disconnect, Limit, limits::STREAM_MESSAGE_WORDS};

/// Words of a message's first segment. `capnp-rpc` asks for 1024, all of them zeroed, for every
/// call; most messages here have under 40.
const FIRST_SEGMENT_WORDS: u32 = 64;
/// Capacity above which an empty queue gives its memory back.
const IDLE_OCTETS: usize = 64 * 1024;
/// Octets that are worth a write(2) of their own: fewer wait until all that are ready have spoken.
const GATHERED_OCTETS: usize = 8 * 1024;

/// Octets on their way to the peer.
#[derive(Default)]
pub(crate) struct Queue {
    octets: Vec<u8>,
    written: usize,
    writer: Option<Waker>,
    stop: Option<Stop>,
    broken: bool,
    /// Whether those that were ready when the queue began to fill had their turn to add to it.
    gathered: bool,
}

impl Queue {
    fn waiting(&self) -> &[u8] {
        self.octets.get(self.written..).unwrap_or_default()
    }

    /// True once the peer takes no more octets.
    pub(crate) const fn is_broken(&self) -> bool {
        self.broken
    }

    /// Ends the writer; the first wish holds, except that "now" overrules "flush".
    pub(crate) fn stop(&mut self, stop: Stop) {
        if self.stop.is_none() || stop == Stop::Now {
            self.stop = Some(stop);
        }
        self.wake();
    }

    /// Like `stop(Now)`, unless a flush was asked for.
    pub(crate) fn stop_unless_flushing(&mut self) {
        let stop = self.stop.unwrap_or(Stop::Now);
        self.stop(stop);
    }

    fn wake(&mut self) {
        if let Some(waker) = self.writer.take() {
            waker.wake();
        }
    }

    fn discard(&mut self) {
        self.octets = Vec::new();
        self.written = 0;
    }

    /// Nothing can be written any more.
    fn fail(&mut self, error: &io::Error, link: &Link) {
        self.broken = true;
        self.discard();
        let kind = error.kind();
        if kind == io::ErrorKind::BrokenPipe || kind == io::ErrorKind::ConnectionReset {
            link.wake_reader();
        } else {
            link.end(Disconnect::Io(kind));
        }
    }

    fn advance(&mut self, octets: usize) {
        self.written += octets;
        if self.waiting().is_empty() {
            self.written = 0;
            self.octets.clear();
            if self.octets.capacity() > IDLE_OCTETS {
                self.octets = Vec::new();
            }
        }
    }
}

/// A message that is being built.
pub(crate) struct Outgoing {
    message: Builder<HeapAllocator>,
    link: Rc<Link>,
}

impl Outgoing {
    pub(crate) fn new(link: Rc<Link>, words: u32) -> Self {
        let words = words.clamp(1, FIRST_SEGMENT_WORDS);
        let allocator = HeapAllocator::new().first_segment_words(words);
        Self {
            message: Builder::new(allocator),
            link,
        }
    }

    /// Serialises the message into the queue.
    fn enqueue(&self) -> capnp::Result<()> {
        let root = self
            .message
            .get_root_as_reader::<rpc_capnp::message::Reader<'_>>()?;
        let farewell = matches!(root.which(), Ok(rpc_capnp::message::Abort(_)));
        if self.link.reason().is_some() && !farewell {
            return Ok(());
        }
        if let Err(reason) = self.link.tables.borrow_mut().send(root, &self.link.limits) {
            self.link.end(reason);
            return Ok(());
        }
        // An answer may set a postponed Finish free.
        self.link.wake_reader();
        let mut queue = self.link.queue.borrow_mut();
        if queue.broken {
            return Ok(());
        }
        let waiting = queue.waiting().len() + self.message.size_in_words() * 8;
        if waiting > self.link.limits.queued_octets && !farewell {
            drop(queue);
            self.link.end(Disconnect::Limit(Limit::QueuedOctets));
            return Ok(());
        }
        if queue.written > 0 && queue.written >= queue.waiting().len() {
            let written = std::mem::take(&mut queue.written);
            queue.octets.drain(..written);
        }
        capnp::serialize::write_message(&mut queue.octets, &self.message)?;
        queue.wake();
        self.link.count(|counters| {
            counters.messages_out += 1;
            counters.queued_octets_peak = counters.queued_octets_peak.max(waiting);
        });
        Ok(())
    }
}

impl capnp_rpc::OutgoingMessage for Outgoing {
    fn get_body(&mut self) -> capnp::Result<capnp::any_pointer::Builder<'_>> {
        self.message.get_root()
    }

    fn get_body_as_reader(&self) -> capnp::Result<capnp::any_pointer::Reader<'_>> {
        self.message.get_root_as_reader()
    }

    fn send(self: Box<Self>) -> (Promise<(), capnp::Error>, Rc<Builder<HeapAllocator>>) {
        let sent = match self.enqueue() {
            Ok(()) => Promise::ok(()),
            Err(error) => Promise::err(error),
        };
        (sent, Rc::new(self.message))
    }

    fn take(self: Box<Self>) -> Builder<HeapAllocator> {
        self.message
    }

    fn size_in_words(&self) -> usize {
        self.message.size_in_words().max(STREAM_MESSAGE_WORDS)
    }
}

/// Writes the queue until the connection ends.
pub(crate) fn drive(channel: Rc<Channel>, link: Rc<Link>) -> impl Future<Output = ()> {
    poll_fn(move |context| poll_drive(context, &channel, &link))
}

/// Whether others may be about to speak: many calls are open, and none of them is of a stream of large messages,
/// whose sender waits for room.
fn worth_gathering(queue: &Queue, link: &Link) -> bool {
    queue.stop.is_none()
        && queue.waiting().len() < GATHERED_OCTETS
        && link.held_octets() < GATHERED_OCTETS
        && link.tables.borrow().open_both_ways() > 1
}

fn poll_drive(context: &mut Context<'_>, channel: &Channel, link: &Link) -> Poll<()> {
    let mut queue = link.queue.borrow_mut();
    loop {
        if queue.waiting().is_empty() {
            match poll_finish(context, channel, &queue) {
                Poll::Ready(Ok(())) if queue.stop.is_some() => return Poll::Ready(()),
                Poll::Ready(Err(error)) => {
                    queue.fail(&error, link);
                    continue;
                }
                Poll::Pending if queue.stop == Some(Stop::Now) => return Poll::Ready(()),
                Poll::Ready(Ok(())) | Poll::Pending => {}
            }
            queue.gathered = false;
            queue.writer = Some(context.waker().clone());
            return Poll::Pending;
        }
        if !queue.gathered && worth_gathering(&queue, link) {
            // Whoever is ready to speak does so first: what they say leaves in the same write(2).
            queue.gathered = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        match channel.poll_write(context, queue.waiting()) {
            Poll::Ready(Ok(octets)) => {
                queue.advance(octets);
                link.count(|counters| counters.octets_out += octets as u64);
            }
            Poll::Ready(Err(error)) => queue.fail(&error, link),
            Poll::Pending if queue.stop == Some(Stop::Now) => return Poll::Ready(()),
            Poll::Pending => {
                queue.writer = Some(context.waker().clone());
                return Poll::Pending;
            }
        }
    }
}

/// Has everything leave that was written, and the end be said if it is the end.
fn poll_finish(
    context: &mut Context<'_>,
    channel: &Channel,
    queue: &Queue,
) -> Poll<io::Result<()>> {
    if queue.broken {
        Poll::Ready(Ok(()))
    } else if queue.stop.is_some() {
        channel.poll_shutdown(context)
    } else {
        channel.poll_flush(context)
    }
}
