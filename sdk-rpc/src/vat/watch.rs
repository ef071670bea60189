//! How long things take, and how many come in a second: the limits of a connection that are times.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::time::{Instant, Sleep};

use super::link::Link;
use crate::{Disconnect, Limit};

/// When what happened last.
#[derive(Default)]
pub(crate) struct Times {
    /// When octets arrived.
    arrival: Cell<Option<Instant>>,
    /// How often octets arrived.
    arrivals: Cell<u64>,
    /// When the message began of which a part is still missing.
    beginning: Cell<Option<Instant>>,
    /// When the messages that came would all have come at the highest rate there may be.
    spaced: Cell<Option<Instant>>,
    watcher: RefCell<Option<Waker>>,
}

impl Times {
    /// Octets arrived.
    pub(crate) fn arrived(&self) {
        self.arrival.set(Some(Instant::now()));
        self.arrivals.set(self.arrivals.get().wrapping_add(1));
    }

    /// Everything that arrived is read, and there is a message of which a part is missing, or not.
    pub(crate) fn incomplete(&self, incomplete: bool) {
        if !incomplete {
            self.beginning.set(None);
        } else if self.beginning.get().is_none() {
            self.beginning.set(Some(Instant::now()));
            if let Some(waker) = self.watcher.borrow_mut().take() {
                waker.wake();
            }
        }
    }

    /// A message is whole; the next has not begun.
    pub(crate) fn complete(&self) {
        self.beginning.set(None);
    }

    /// Counts a message.
    ///
    /// # Errors
    /// When more than `rate` came in a second.
    pub(crate) fn pace(&self, rate: Option<u32>) -> Result<(), Disconnect> {
        const WINDOW: Duration = Duration::from_secs(1);
        let Some(space) = rate.and_then(|rate| WINDOW.checked_div(rate)) else {
            return Ok(());
        };
        let now = Instant::now();
        let spaced = self.spaced.get().unwrap_or(now).max(now) + space;
        self.spaced.set(Some(spaced));
        if spaced.saturating_duration_since(now) > WINDOW {
            return Err(Disconnect::Limit(Limit::MessageRate));
        }
        Ok(())
    }
}

/// Ends a connection that takes too long.
pub(crate) struct Watch {
    link: Rc<Link>,
    begun: Option<Instant>,
    /// When the peer was asked, and how often octets had arrived by then: instants may be equal.
    asked: Option<(Instant, u64)>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Watch {
    pub(crate) const fn new(link: Rc<Link>) -> Self {
        Self {
            link,
            begun: None,
            asked: None,
            timer: None,
        }
    }

    /// Ready when the peer is to be asked for a sign of life. Ends the connection when its time is over.
    pub(crate) fn poll_ask(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(mut due) = self.next_due() else {
            self.link
                .times
                .watcher
                .replace(Some(context.waker().clone()));
            return Poll::Pending;
        };
        loop {
            self.link
                .times
                .watcher
                .replace(Some(context.waker().clone()));
            let timer = self
                .timer
                .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due.at)));
            if timer.deadline() != due.at {
                timer.as_mut().reset(due.at);
            }
            if timer.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            // Something may have arrived since the timer was set.
            match self.next_due() {
                None => return Poll::Pending,
                Some(later) if later.at > Instant::now() => due = later,
                Some(Due {
                    what: What::Ask,
                    at: _,
                }) => {
                    self.asked = Some((Instant::now(), self.link.times.arrivals.get()));
                    return Poll::Ready(());
                }
                Some(Due {
                    what: What::End(limit),
                    at: _,
                }) => {
                    self.link.end(Disconnect::Limit(limit));
                    return Poll::Pending;
                }
            }
        }
    }

    fn next_due(&mut self) -> Option<Due> {
        let limits = self.link.limits;
        let times = &self.link.times;
        let message = limits
            .message_time
            .zip(times.beginning.get())
            .map(|(time, begun)| Due {
                at: begun + time,
                what: What::End(Limit::MessageTime),
            });
        let silence = limits.silence.map(|silence| {
            let begun = *self.begun.get_or_insert_with(Instant::now);
            let heard = times.arrival.get().unwrap_or(begun);
            let unheard = |(_, arrivals): &(Instant, u64)| *arrivals == times.arrivals.get();
            match self.asked.filter(unheard) {
                None => Due {
                    at: heard + silence,
                    what: What::Ask,
                },
                Some((asked, _)) => Due {
                    at: asked + silence,
                    what: What::End(Limit::Silence),
                },
            }
        });
        message.into_iter().chain(silence).min_by_key(|due| due.at)
    }
}

/// What is to be done next, and when.
#[derive(Clone, Copy, Debug)]
struct Due {
    at: Instant,
    what: What,
}

#[derive(Clone, Copy, Debug)]
enum What {
    Ask,
    End(Limit),
}
