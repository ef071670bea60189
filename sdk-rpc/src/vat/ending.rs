//! Waiting for the end of a connection. Every call does, beside its answer: so it costs a slot in a list and no more.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use super::link::Link;

/// Whether a connection is over, and who wants to know.
#[derive(Default)]
pub(crate) struct Ending {
    over: Cell<bool>,
    waiting: RefCell<Vec<Option<Waker>>>,
    /// Slots of `waiting` that nobody has.
    free: RefCell<Vec<usize>>,
}

impl Ending {
    /// Resolves when the connection is over.
    pub(crate) const fn over(&self) -> Over<'_> {
        Over {
            ending: self,
            slot: None,
        }
    }

    /// True when the connection is over.
    pub(crate) const fn is_over(&self) -> bool {
        self.over.get()
    }

    fn end(&self) {
        self.over.set(true);
        for waker in self.waiting.take().into_iter().flatten() {
            waker.wake();
        }
    }
}

/// See [`Ending::over`].
pub(crate) struct Over<'a> {
    ending: &'a Ending,
    slot: Option<usize>,
}

impl Future for Over<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.ending.over.get() {
            return Poll::Ready(());
        }
        let waker = Some(context.waker().clone());
        let slot = self.slot.or_else(|| self.ending.free.borrow_mut().pop());
        let mut waiting = self.ending.waiting.borrow_mut();
        let slot = slot.unwrap_or(waiting.len());
        let former = match waiting.get_mut(slot) {
            Some(place) => std::mem::replace(place, waker),
            None => {
                waiting.push(waker);
                None
            }
        };
        self.slot = Some(slot);
        // What goes with a waker may come back here: nothing is borrowed meanwhile.
        drop(waiting);
        drop(former);
        Poll::Pending
    }
}

impl Drop for Over<'_> {
    fn drop(&mut self) {
        let Some(slot) = self.slot else {
            return;
        };
        let mut waiting = self.ending.waiting.borrow_mut();
        let former = waiting.get_mut(slot).map(Option::take);
        drop(waiting);
        if former.is_some() {
            self.ending.free.borrow_mut().push(slot);
        }
    }
}

/// Held by the task that runs a connection: when it is dropped, with the task or at its end, the connection is over.
pub(crate) struct Running(Rc<Link>);

impl Running {
    pub(crate) const fn new(link: Rc<Link>) -> Self {
        Self(link)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.count_end();
        self.0.ending.end();
    }
}
