//! A `Flow` as a tokio stream, for what reads and writes streams.

use std::{
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use futures::{FutureExt, future::LocalBoxFuture};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{Flow, OctetSink, inbox::Inbox};
use crate::Error;

/// Octets of one push.
const PUSH_OCTETS: usize = 16 * 1024;

/// Both ends of a flow that are this side's. Shutting it down ends what is sent; dropping it before that
/// tells the reader that something is missing.
pub struct FlowStream<O> {
    inbox: Rc<Inbox>,
    outgoing: Rc<O>,
    /// A push, or the end, that is under way.
    sending: Option<LocalBoxFuture<'static, Result<(), Error>>>,
    ended: bool,
}

impl<O> core::fmt::Debug for FlowStream<O> {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter
            .debug_struct("FlowStream")
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

impl<O: OctetSink + 'static> FlowStream<O> {
    /// Starts `flow`.
    ///
    /// # Errors
    /// What [`Flow::start`] answers.
    pub async fn start(flow: &impl Flow<Outgoing = O>) -> Result<Self, Error> {
        let (inbox, incoming) = Inbox::new();
        Ok(Self {
            outgoing: Rc::new(flow.start(incoming).await?),
            inbox,
            sending: None,
            ended: false,
        })
    }

    /// Waits for what is under way.
    fn poll_sent(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(sending) = &mut self.sending else {
            return Poll::Ready(Ok(()));
        };
        let sent = ready!(sending.poll_unpin(context));
        self.sending = None;
        Poll::Ready(sent.map_err(as_io))
    }
}

/// An error of the other side, as those know it who write to a socket.
fn as_io(error: Error) -> io::Error {
    let kind = match &error {
        Error::Disconnected => io::ErrorKind::ConnectionReset,
        Error::Refused(_) => io::ErrorKind::BrokenPipe,
        Error::Peer(_) => io::ErrorKind::InvalidData,
    };
    io::Error::new(kind, error)
}

impl<O: OctetSink + 'static> AsyncRead for FlowStream<O> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.inbox.poll_read(context, buffer)
    }
}

impl<O: OctetSink + 'static> AsyncWrite for FlowStream<O> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_sent(context))?;
        if self.ended {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let part = octets.get(..PUSH_OCTETS).unwrap_or(octets).to_vec();
        let length = part.len();
        let outgoing = Rc::clone(&self.outgoing);
        self.sending = Some(async move { outgoing.push(part).await }.boxed_local());
        // What fails later is the error of the next call.
        match self.poll_sent(context) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(length)),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_sent(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_sent(context))?;
        if !self.ended {
            self.ended = true;
            let outgoing = Rc::clone(&self.outgoing);
            self.sending = Some(async move { outgoing.end().await }.boxed_local());
        }
        self.poll_sent(context)
    }
}

impl<O> Drop for FlowStream<O> {
    fn drop(&mut self) {
        self.inbox.close();
    }
}
