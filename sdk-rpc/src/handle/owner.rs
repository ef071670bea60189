//! The thread that has the connection: it does the calls that the handles send, and ends the connection
//! when there is nobody left to send any.

use std::{
    any::Any,
    future::{Future, poll_fn},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::{
    FutureExt, StreamExt,
    channel::oneshot,
    future::{CatchUnwind, Either, LocalBoxFuture, select},
    stream::FuturesUnordered,
};
use tokio::{
    sync::{Semaphore, mpsc::UnboundedReceiver},
    task::LocalSet,
    time::timeout,
};

use super::{Connected, call::Work};
use crate::Disconnect;

/// What the handles have to say.
pub(super) struct Orders<C> {
    /// The calls. Their end is the end of the last handle.
    pub(super) arriving: UnboundedReceiver<Work<C>>,
    /// Resolves to a value when a handle closes the connection.
    pub(super) close: oneshot::Receiver<()>,
    pub(super) close_time: Duration,
    /// Closed when no call will be done any more, so that who waits for a place does not wait for ever.
    pub(super) places: Arc<Semaphore>,
}

/// The whole life of the thread.
pub(super) fn live<C: 'static, S, F, W>(
    connect: F,
    orders: Orders<C>,
    opened: oneshot::Sender<io::Result<()>>,
    end: oneshot::Sender<Disconnect>,
) where
    S: Connected + 'static,
    F: FnOnce() -> W,
    W: Future<Output = io::Result<(C, S)>>,
{
    let places = Arc::clone(&orders.places);
    // Unwinding leaves nothing half-changed that is used afterwards: all of it is dropped.
    let ended = catch_unwind(AssertUnwindSafe(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build();
        match runtime {
            Ok(runtime) => LocalSet::new().block_on(&runtime, own(connect, orders, opened)),
            Err(error) => {
                let reason = Disconnect::Io(error.kind());
                let _gone = opened.send(Err(error));
                reason
            }
        }
    }));
    places.close();
    let _nobody_asks = end.send(ended.unwrap_or(Disconnect::Panicked));
}

async fn own<C: 'static, S, F, W>(
    connect: F,
    orders: Orders<C>,
    opened: oneshot::Sender<io::Result<()>>,
) -> Disconnect
where
    S: Connected + 'static,
    F: FnOnce() -> W,
    W: Future<Output = io::Result<(C, S)>>,
{
    let close_time = orders.close_time;
    let (client, mut session) = match connect().await {
        Ok(connected) => connected,
        Err(error) => {
            let reason = Disconnect::Io(error.kind());
            let _gone = opened.send(Err(error));
            return reason;
        }
    };
    if opened.send(Ok(())).is_err() {
        return Disconnect::Dropped;
    }
    let mut calls = Calls::new(Rc::new(client), orders);
    let ended = {
        let working = pin!(calls.work());
        match select(working, pin!(session.closed())).await {
            Either::Left((Ok(()), _session)) => None,
            Either::Left((Err(Panicked), _session)) => Some(Disconnect::Panicked),
            Either::Right((reason, _working)) => Some(reason),
        }
    };
    // The calls in flight go, and with them their callers' waiting.
    drop(calls);
    match ended {
        Some(reason) => reason,
        None => timeout(close_time, session.close())
            .await
            .unwrap_or(Disconnect::Dropped),
    }
}

/// A call panicked.
struct Panicked;

type Running = CatchUnwind<AssertUnwindSafe<LocalBoxFuture<'static, ()>>>;

/// The calls that are being done, and those to come.
struct Calls<C> {
    client: Rc<C>,
    orders: Orders<C>,
    running: FuturesUnordered<Running>,
    /// No handle is left, or one closed.
    last: bool,
    closing: bool,
}

impl<C: 'static> Calls<C> {
    fn new(client: Rc<C>, orders: Orders<C>) -> Self {
        Self {
            client,
            orders,
            running: FuturesUnordered::new(),
            last: false,
            closing: false,
        }
    }

    /// Does calls until there will be no more and none is in flight, or until those that were in flight at
    /// a close have had their time.
    async fn work(&mut self) -> Result<(), Panicked> {
        let end = poll_fn(|context| self.poll(context, true)).await;
        if end? == Phase::Done {
            return Ok(());
        }
        let time = self.orders.close_time;
        let rest = poll_fn(|context| self.poll(context, false));
        timeout(time, rest).await.unwrap_or(Ok(Phase::Done))?;
        Ok(())
    }

    fn poll(
        &mut self,
        context: &mut Context<'_>,
        tell_closing: bool,
    ) -> Poll<Result<Phase, Panicked>> {
        if !self.closing && matches!(self.orders.close.poll_unpin(context), Poll::Ready(Ok(()))) {
            self.closing = true;
            self.orders.arriving.close();
        }
        while !self.last {
            match self.orders.arriving.poll_recv(context) {
                Poll::Ready(Some(work)) => {
                    let call = work(Rc::clone(&self.client));
                    self.running.push(AssertUnwindSafe(call).catch_unwind());
                }
                Poll::Ready(None) => self.last = true,
                Poll::Pending => break,
            }
        }
        while let Poll::Ready(Some(ended)) = self.running.poll_next_unpin(context) {
            let ended: Result<(), Box<dyn Any + Send>> = ended;
            if ended.is_err() {
                return Poll::Ready(Err(Panicked));
            }
        }
        if self.last && self.running.is_empty() {
            return Poll::Ready(Ok(Phase::Done));
        }
        if self.closing && tell_closing {
            return Poll::Ready(Ok(Phase::Closing));
        }
        Poll::Pending
    }
}

/// How far the work is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// A handle closed; calls may be in flight.
    Closing,
    /// There is nothing left to do.
    Done,
}
