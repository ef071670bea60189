//! The reading end of one direction: octets that were pushed and are not read yet, at most a window of them.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    io,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use tokio::{io::ReadBuf, sync::Notify};

use super::OctetSink;
use crate::Error;

/// Octets that may wait for the reader. One push more than that is taken whole.
const WINDOW: usize = 64 * 1024;

/// What will come.
#[derive(Debug)]
enum Fate {
    /// More.
    Open,
    /// Nothing: that was all.
    Ended,
    /// Nothing, and something is missing.
    Aborted(String),
    /// Nobody reads.
    Deaf,
}

/// What waits for the reader.
pub(crate) struct Inbox {
    octets: RefCell<VecDeque<u8>>,
    fate: RefCell<Fate>,
    reader: Cell<Option<Waker>>,
    /// The reader took something, or is gone.
    taken: Notify,
}

impl Inbox {
    /// An inbox, and the sink that fills it.
    pub(crate) fn new() -> (Rc<Self>, InboxSink) {
        let inbox = Rc::new(Self {
            octets: RefCell::new(VecDeque::new()),
            fate: RefCell::new(Fate::Open),
            reader: Cell::new(None),
            taken: Notify::new(),
        });
        let sink = InboxSink {
            inbox: Rc::clone(&inbox),
        };
        (inbox, sink)
    }

    /// Moves what is there into `buffer`. Nothing moved is the end.
    ///
    /// # Errors
    /// `ConnectionAborted` where something is missing, with the writer's reason.
    pub(crate) fn poll_read(
        &self,
        context: &Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut octets = self.octets.borrow_mut();
        if !octets.is_empty() {
            let (front, _) = octets.as_slices();
            let length = front.len().min(buffer.remaining());
            buffer.put_slice(front.get(..length).unwrap_or_default());
            octets.drain(..length);
            if octets.is_empty() {
                // An idle stream holds no memory.
                *octets = VecDeque::new();
            }
            self.taken.notify_waiters();
            return Poll::Ready(Ok(()));
        }
        match &*self.fate.borrow() {
            Fate::Open => {
                self.reader.set(Some(context.waker().clone()));
                Poll::Pending
            }
            Fate::Ended | Fate::Deaf => Poll::Ready(Ok(())),
            Fate::Aborted(reason) => {
                let error = io::Error::new(io::ErrorKind::ConnectionAborted, reason.clone());
                Poll::Ready(Err(error))
            }
        }
    }

    /// Nobody will read any more.
    pub(crate) fn close(&self) {
        self.fate.replace(Fate::Deaf);
        self.octets.replace(VecDeque::new());
        self.taken.notify_waiters();
    }

    fn is_deaf(&self) -> bool {
        matches!(*self.fate.borrow(), Fate::Deaf)
    }

    fn settle(&self, fate: Fate) -> Result<(), Error> {
        self.writable()?;
        self.fate.replace(fate);
        self.wake();
        Ok(())
    }

    fn writable(&self) -> Result<(), Error> {
        let why = match &*self.fate.borrow() {
            Fate::Open => return Ok(()),
            Fate::Ended | Fate::Aborted(_) => "the stream has ended",
            Fate::Deaf => "nobody reads the stream any more",
        };
        Err(Error::Refused(why.to_owned()))
    }

    fn wake(&self) {
        if let Some(waker) = self.reader.take() {
            waker.wake();
        }
    }
}

/// Fills an inbox.
pub(crate) struct InboxSink {
    inbox: Rc<Inbox>,
}

impl OctetSink for InboxSink {
    async fn push(&self, octets: Vec<u8>) -> Result<(), Error> {
        loop {
            self.inbox.writable()?;
            let room = self.inbox.taken.notified();
            if self.inbox.octets.borrow().len() < WINDOW {
                break;
            }
            room.await;
        }
        self.inbox.octets.borrow_mut().extend(octets);
        self.inbox.wake();
        Ok(())
    }

    async fn end(&self) -> Result<(), Error> {
        self.inbox.settle(Fate::Ended)
    }

    async fn abort(&self, reason: &str) -> Result<(), Error> {
        self.inbox.settle(Fate::Aborted(reason.to_owned()))
    }

    async fn closed(&self) {
        loop {
            let change = self.inbox.taken.notified();
            if self.inbox.is_deaf() {
                return;
            }
            change.await;
        }
    }
}

impl Drop for InboxSink {
    fn drop(&mut self) {
        let gone = Fate::Aborted("the writer is gone".to_owned());
        // One that has ended stays so.
        let _settled = self.inbox.settle(gone);
    }
}
