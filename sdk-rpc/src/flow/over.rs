//! A tokio stream as a `Flow`, to hand over a connection without its descriptor.

use std::{
    cell::{Cell, RefCell},
    pin::pin,
};

use futures::future::{Either, select};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::{Mutex, Notify},
    task::AbortHandle,
};

use super::{Flow, OctetSink};
use crate::Error;

/// Octets of one read.
const READ_OCTETS: usize = 16 * 1024;

/// A flow over the two halves of a stream. Once started, what arrives is read by a task on the current tokio
/// `LocalSet` or `LocalRuntime`.
#[derive(Debug)]
pub struct StreamFlow<R, W> {
    halves: RefCell<Option<(R, W)>>,
}

impl<R, W> StreamFlow<R, W> {
    /// A flow that was not started yet.
    #[must_use]
    pub const fn new(reading: R, writing: W) -> Self {
        Self {
            halves: RefCell::new(Some((reading, writing))),
        }
    }
}

impl<R, W> Flow for StreamFlow<R, W>
where
    R: AsyncRead + Unpin + 'static,
    W: AsyncWrite + Unpin + 'static,
{
    type Outgoing = WriterSink<W>;

    async fn start<S: OctetSink + 'static>(&self, incoming: S) -> Result<WriterSink<W>, Error> {
        let Some((reading, writing)) = self.halves.take() else {
            return Err(Error::Refused("the flow was started before".to_owned()));
        };
        let pump = tokio::task::spawn_local(pump(reading, incoming));
        Ok(WriterSink {
            writing: Mutex::new(Some(writing)),
            pump: pump.abort_handle(),
            ended: Cell::new(false),
            aborted: Notify::new(),
        })
    }
}

/// Moves what arrives into `sink`, until either has enough.
async fn pump(mut reading: impl AsyncRead + Unpin, sink: impl OctetSink) {
    let mut buffer = vec![0; READ_OCTETS];
    loop {
        let read = match select(pin!(reading.read(&mut buffer)), pin!(sink.closed())).await {
            Either::Left((read, _)) => read,
            Either::Right(((), _)) => return,
        };
        let sent = match read {
            Ok(0) => {
                // Who does not take the end has gone, and is told nothing.
                let _told = sink.end().await;
                return;
            }
            Ok(octets) => sink.push(buffer.get(..octets).unwrap_or_default().to_vec()),
            Err(error) => {
                let _told = sink.abort(&error.to_string()).await;
                return;
            }
        };
        if sent.await.is_err() {
            return;
        }
    }
}

/// Writes to the stream. Dropped before its end, or aborted, it closes the stream both ways.
#[derive(Debug)]
pub struct WriterSink<W> {
    /// `None` once it was aborted.
    writing: Mutex<Option<W>>,
    pump: AbortHandle,
    ended: Cell<bool>,
    aborted: Notify,
}

/// An error of the stream.
fn failed(error: &std::io::Error) -> Error {
    Error::Refused(format!("writing to the stream: {error}"))
}

fn over() -> Error {
    Error::Refused("the stream has ended".to_owned())
}

impl<W: AsyncWrite + Unpin> OctetSink for WriterSink<W> {
    async fn push(&self, octets: Vec<u8>) -> Result<(), Error> {
        let mut writing = self.writing.lock().await;
        let Some(writer) = writing.as_mut().filter(|_| !self.ended.get()) else {
            return Err(over());
        };
        match select(
            pin!(writer.write_all(&octets)),
            pin!(self.aborted.notified()),
        )
        .await
        {
            Either::Left((written, _)) => written.map_err(|error| failed(&error)),
            Either::Right(((), _)) => Err(over()),
        }
    }

    async fn end(&self) -> Result<(), Error> {
        let mut writing = self.writing.lock().await;
        let Some(writer) = writing.as_mut().filter(|_| !self.ended.replace(true)) else {
            return Err(over());
        };
        match select(pin!(writer.shutdown()), pin!(self.aborted.notified())).await {
            Either::Left((ended, _)) => ended.map_err(|error| failed(&error)),
            Either::Right(((), _)) => Err(over()),
        }
    }

    async fn abort(&self, _reason: &str) -> Result<(), Error> {
        self.pump.abort();
        // A push that hangs in the stream holds the lock.
        self.ended.set(true);
        self.aborted.notify_waiters();
        self.writing.lock().await.take();
        Ok(())
    }

    async fn closed(&self) {
        // A stream tells its writer only when it writes.
        std::future::pending().await
    }
}

impl<W> Drop for WriterSink<W> {
    fn drop(&mut self) {
        if !self.ended.get() {
            self.pump.abort();
        }
    }
}
