//! What the threads of a program hold of a connection that lives on another thread.

use std::{
    future::Future,
    io,
    pin::pin,
    rc::Rc,
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle, ThreadId},
};

use futures::{
    FutureExt,
    channel::oneshot,
    future::{Either, LocalBoxFuture, Shared, select},
};
use tokio::sync::{
    OwnedSemaphorePermit, Semaphore,
    mpsc::{UnboundedSender, unbounded_channel},
};

use super::{Connected, HandleOptions, owner, wait::wait};
use crate::{Disconnect, Error};

/// One call on its way to the thread that has the client.
pub(super) type Work<C> = Box<dyn FnOnce(Rc<C>) -> LocalBoxFuture<'static, ()> + Send>;

/// What the handles of one connection share. The thread lives as long as `work` can be sent.
struct Line<C> {
    work: UnboundedSender<Work<C>>,
    places: Arc<Semaphore>,
    closing: Mutex<Option<oneshot::Sender<()>>>,
    thread: ThreadId,
    joining: Mutex<Option<JoinHandle<()>>>,
    over: Shared<oneshot::Receiver<Disconnect>>,
}

/// A client that lives on a thread of its own, for any thread to call.
///
/// Cloned, sent and shared at will. When the last one is dropped, calls in flight are still answered, the
/// connection is closed in order, and the thread ends.
///
/// A closure gets the client itself and runs on the client's thread, together with all other calls: it must
/// not block. What may not leave that thread, such as a `Subscription`, is kept there, by a task that the
/// closure starts with `tokio::task::spawn_local`.
///
/// ```no_run
/// use sdk_rpc::{Error, Handle, HandleOptions, MacAddress, Net, NetClient, connect_net};
///
/// fn ask(socket: std::os::fd::OwnedFd) -> Result<MacAddress, Error> {
///     let connect = move || async move { connect_net(socket) };
///     let net: Handle<NetClient> = Handle::connect_blocking(HandleOptions::default(), connect)
///         .map_err(|error| Error::Refused(error.to_string()))?;
///     let other = net.clone();
///     let asking = std::thread::spawn(move || {
///         other.call_blocking(|net| async move { net.mac().await })
///     });
///     net.call_blocking(|net| async move { net.write(Vec::new()).await })?;
///     asking.join().unwrap_or(Err(Error::Disconnected))
/// }
/// ```
pub struct Handle<C> {
    line: Arc<Line<C>>,
}

impl<C> Clone for Handle<C> {
    fn clone(&self) -> Self {
        Self {
            line: Arc::clone(&self.line),
        }
    }
}

impl<C> core::fmt::Debug for Handle<C> {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter
            .debug_struct("Handle")
            .field("thread", &self.line.thread)
            .finish_non_exhaustive()
    }
}

impl<C: 'static> Handle<C> {
    /// Starts a thread, and on it what `connect` makes. Needs no runtime of the caller; the thread has a
    /// tokio `LocalSet` with I/O and time.
    ///
    /// # Errors
    ///
    /// When there can be no thread, or `connect` fails or panics.
    pub async fn connect<S, F, W>(options: HandleOptions, connect: F) -> io::Result<Self>
    where
        S: Connected + 'static,
        F: FnOnce() -> W + Send + 'static,
        W: Future<Output = io::Result<(C, S)>> + 'static,
    {
        let HandleOptions {
            name,
            calls,
            close_time,
        } = options;
        let places = Arc::new(Semaphore::new(calls.clamp(1, Semaphore::MAX_PERMITS)));
        let (work, arriving) = unbounded_channel();
        let (closing, close) = oneshot::channel();
        let (opened, open) = oneshot::channel();
        let (end, over) = oneshot::channel();
        let orders = owner::Orders {
            arriving,
            close,
            close_time,
            places: Arc::clone(&places),
        };
        let joining = thread::Builder::new()
            .name(name)
            .spawn(move || owner::live(connect, orders, opened, end))?;
        let line = Line {
            work,
            places,
            closing: Mutex::new(Some(closing)),
            thread: joining.thread().id(),
            joining: Mutex::new(Some(joining)),
            over: over.shared(),
        };
        open.await
            .unwrap_or_else(|_panicked| Err(io::Error::other("connecting panicked")))?;
        Ok(Self {
            line: Arc::new(line),
        })
    }

    /// [`Handle::connect`] for a thread that may wait.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn connect_blocking<S, F, W>(options: HandleOptions, connect: F) -> io::Result<Self>
    where
        S: Connected + 'static,
        F: FnOnce() -> W + Send + 'static,
        W: Future<Output = io::Result<(C, S)>> + 'static,
    {
        wait(Self::connect(options, connect))
    }

    /// Calls the client on its thread. The future needs no runtime; dropping it drops the call there, and the
    /// peer is told that nobody waits for the answer.
    ///
    /// # Errors
    ///
    /// What `call` returns; `Disconnected` when the connection is gone, is being closed or ended by a panic
    /// in this call or in another; `Refused` on the client's own thread, where a call that waits for a
    /// free place would wait for itself: use the client there.
    pub fn call<T, F, W>(
        &self,
        call: F,
    ) -> impl Future<Output = Result<T, Error>> + Send + use<C, T, F, W>
    where
        T: Send + 'static,
        F: FnOnce(Rc<C>) -> W + Send + 'static,
        W: Future<Output = Result<T, Error>> + 'static,
    {
        let line = Arc::clone(&self.line);
        async move {
            line.refuse_own_thread()?;
            let place = Arc::clone(&line.places).acquire_owned().await;
            let Ok(place) = place else {
                return Err(Error::Disconnected);
            };
            let (answer, answered) = oneshot::channel();
            let work: Work<C> = Box::new(move |client| {
                Box::pin(answer_call(call, client, answer, place)) as LocalBoxFuture<'static, ()>
            });
            if line.work.send(work).is_err() {
                return Err(Error::Disconnected);
            }
            // A caller that waits is no handle: the thread answers what is in flight before it ends.
            drop(line);
            answered.await.unwrap_or(Err(Error::Disconnected))
        }
    }

    /// [`Handle::call`] for a thread that may wait.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn call_blocking<T, F, W>(&self, call: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(Rc<C>) -> W + Send + 'static,
        W: Future<Output = Result<T, Error>> + 'static,
    {
        wait(self.call(call))
    }

    /// Waits for the end of the connection and says why it ended; `Panicked` when a call did.
    pub fn closed(&self) -> impl Future<Output = Disconnect> + Send + use<C> {
        self.line
            .over
            .clone()
            .map(|ended| ended.unwrap_or(Disconnect::Panicked))
    }

    /// Closes the connection for all handles: no call is taken any more, those in flight are answered, the
    /// peer takes what it was sent, each within [`HandleOptions::close_time`]. Returns when the thread has
    /// ended.
    ///
    /// # Errors
    ///
    /// `Refused` on the client's own thread, which cannot wait for its own end; the connection closes all
    /// the same.
    pub async fn close(self) -> Result<Disconnect, Error> {
        self.line.places.close();
        if let Some(closing) = held(&self.line.closing).take() {
            // Its receiver is gone with a thread that has ended.
            let _ended = closing.send(());
        }
        self.line.refuse_own_thread()?;
        let reason = self.closed().await;
        let joining = held(&self.line.joining).take();
        if let Some(joining) = joining {
            // What it says last is that it is over; nothing of the peer's is between that and its end.
            let _panicked = joining.join();
        }
        Ok(reason)
    }
}

impl<C> Line<C> {
    fn refuse_own_thread(&self) -> Result<(), Error> {
        if thread::current().id() == self.thread {
            return Err(Error::Refused(
                "a handle used on its client's own thread would wait for itself".to_owned(),
            ));
        }
        Ok(())
    }
}

/// Nothing that panics is done with these locks held.
fn held<T>(lock: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A call on the client's thread. Its place is free again when this is dropped.
async fn answer_call<C, T, F, W>(
    call: F,
    client: Rc<C>,
    mut answer: oneshot::Sender<Result<T, Error>>,
    place: OwnedSemaphorePermit,
) where
    F: FnOnce(Rc<C>) -> W,
    W: Future<Output = Result<T, Error>>,
{
    if answer.is_canceled() {
        return;
    }
    let outcome = match select(pin!(call(client)), answer.cancellation()).await {
        Either::Left((outcome, _caller)) => outcome,
        Either::Right(((), _call)) => return,
    };
    // The place first: who has the answer may call again at once.
    drop(place);
    // A caller that is gone by now needs no answer.
    let _gone = answer.send(outcome);
}
