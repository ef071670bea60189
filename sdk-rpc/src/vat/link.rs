//! What the parts of one connection share: its limits, its counts, and why it ended.

use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    rc::Rc,
    task::{Context, Poll, Waker},
};

use futures::future::{Either, select};

use super::{
    ending::{Ending, Over, Running},
    outgoing::Queue,
    session::SessionCounters,
    tables::Tables,
    watch::Times,
};
use crate::{Disconnect, Error, Limit, Limits, Tally};

/// How this side wants to end the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Once everything queued is written.
    Flush,
    /// Now, after one attempt to write.
    Now,
}

/// The shared state of one connection. The reason is set once, by whoever sees it first; only an own
/// farewell that the peer does not take makes another of it.
pub(crate) struct Link {
    pub(crate) limits: Limits,
    pub(crate) tables: RefCell<Tables>,
    pub(crate) queue: RefCell<Queue>,
    pub(crate) counters: Cell<SessionCounters>,
    pub(crate) times: Times,
    reason: RefCell<Option<Disconnect>>,
    tally: RefCell<Option<Tally>>,
    reader: Cell<Option<Waker>>,
    stop: Cell<Option<Stop>>,
    stopper: Cell<Option<Waker>>,
    held_octets: Cell<usize>,
    pub(crate) ending: Ending,
}

impl Link {
    /// A link, and what says that it is over when it is dropped.
    pub(crate) fn new(limits: Limits) -> (Rc<Self>, Running) {
        let link = Rc::new(Self {
            limits,
            tables: RefCell::new(Tables::default()),
            queue: RefCell::new(Queue::default()),
            counters: Cell::new(SessionCounters::default()),
            times: Times::default(),
            reason: RefCell::new(None),
            tally: RefCell::new(None),
            reader: Cell::new(None),
            stop: Cell::new(None),
            stopper: Cell::new(None),
            held_octets: Cell::new(0),
            ending: Ending::default(),
        });
        (Rc::clone(&link), Running::new(link))
    }

    /// Why the connection ended or is about to.
    pub(crate) fn reason(&self) -> Option<Disconnect> {
        self.reason.borrow().clone()
    }

    /// Ends the connection for `reason`, unless it is ending already.
    pub(crate) fn end(&self, reason: Disconnect) {
        let mut slot = self.reason.borrow_mut();
        if slot.is_none() {
            *slot = Some(reason);
            drop(slot);
            self.wake_reader();
        }
    }

    /// The peer did not take what this side said before it closed the connection.
    pub(crate) fn farewell_overdue(&self) {
        let mut slot = self.reason.borrow_mut();
        if matches!(*slot, None | Some(Disconnect::Dropped)) {
            *slot = Some(Disconnect::Limit(Limit::Farewell));
        }
    }

    /// Has the end of the connection counted, which may have come.
    pub(crate) fn count_in(&self, tally: Tally) {
        self.tally.replace(Some(tally));
        if self.ending.is_over() {
            self.count_end();
        }
    }

    /// Counts the end once.
    pub(crate) fn count_end(&self) {
        if let Some(tally) = self.tally.take() {
            tally.count(&self.reason().unwrap_or(Disconnect::Dropped));
        }
    }

    /// Lets the reader look at the state of the link again.
    pub(crate) fn wake_reader(&self) {
        if let Some(waker) = self.reader.take() {
            waker.wake();
        }
    }

    pub(crate) fn register_reader(&self, context: &Context<'_>) {
        self.reader.set(Some(context.waker().clone()));
    }

    pub(crate) fn count(&self, change: impl FnOnce(&mut SessionCounters)) {
        let mut counters = self.counters.get();
        change(&mut counters);
        self.counters.set(counters);
    }

    /// Accounts for a message that is being worked on until the returned value is dropped.
    pub(crate) fn hold(self: &Rc<Self>, octets: usize) -> Result<Held, Disconnect> {
        let held = self.held_octets.get().saturating_add(octets);
        if held > self.limits.held_octets {
            return Err(Disconnect::Limit(Limit::HeldOctets));
        }
        self.held_octets.set(held);
        self.count(|counters| counters.held_octets_peak = counters.held_octets_peak.max(held));
        Ok(Held {
            link: Rc::clone(self),
            octets,
        })
    }

    /// Octets of messages that are being worked on.
    pub(crate) const fn held_octets(&self) -> usize {
        self.held_octets.get()
    }

    pub(crate) fn request_stop(&self, stop: Stop) {
        self.stop.set(Some(stop));
        if let Some(waker) = self.stopper.take() {
            waker.wake();
        }
    }

    /// Resolves when this side wants to end.
    pub(crate) fn stopped(&self) -> impl Future<Output = Stop> + Unpin {
        self.stopped_as(|_any| true)
    }

    /// Resolves when this side wants to end without waiting for the peer.
    pub(crate) fn stopped_now(&self) -> impl Future<Output = Stop> + Unpin {
        self.stopped_as(|stop| stop == Stop::Now)
    }

    fn stopped_as(
        &self,
        wanted: impl Fn(Stop) -> bool + Unpin,
    ) -> impl Future<Output = Stop> + Unpin {
        poll_fn(move |context| match self.stop.get() {
            Some(stop) if wanted(stop) => Poll::Ready(stop),
            Some(_) | None => {
                self.stopper.set(Some(context.waker().clone()));
                Poll::Pending
            }
        })
    }

    /// Resolves when the connection is over.
    pub(crate) const fn over(&self) -> Over<'_> {
        self.ending.over()
    }

    /// Waits for the answer of the peer, or for the end of the connection.
    pub(crate) async fn answer<T>(
        &self,
        call: impl Future<Output = capnp::Result<T>>,
    ) -> Result<T, Error> {
        let call = std::pin::pin!(call);
        let ended = select(call, self.over());
        let ended = match self.limits.answer_time {
            None => ended.await,
            Some(time) => {
                let Ok(ended) = tokio::time::timeout(time, ended).await else {
                    self.end(Disconnect::Limit(Limit::AnswerTime));
                    return Err(Error::Peer(format!("no answer within {time:?}")));
                };
                ended
            }
        };
        match ended {
            Either::Left((Ok(value), _)) => Ok(value),
            Either::Left((Err(error), _)) => Err(crate::fault::from_wire(&error)),
            Either::Right(_) => Err(Error::Disconnected),
        }
    }

    /// Passes a decoded value on, or ends the connection because the peer sent a wrong one.
    pub(crate) fn checked<T>(
        &self,
        decoded: Result<T, crate::wire::Malformed>,
    ) -> Result<T, Error> {
        decoded.map_err(|malformed| {
            let what = malformed.to_string();
            self.end(Disconnect::Value(what.clone()));
            Error::Peer(what)
        })
    }
}

/// A message in work; see `Link::hold`.
pub(crate) struct Held {
    link: Rc<Link>,
    octets: usize,
}

impl Drop for Held {
    fn drop(&mut self) {
        let held = &self.link.held_octets;
        held.set(held.get().saturating_sub(self.octets));
    }
}
