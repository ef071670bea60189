//! `Flow`: a byte stream in both directions, each of which ends by itself.
//!
//! `inbox` is the reading end of a direction, `stream` makes a tokio stream of a `Flow`, and `over` a `Flow`
//! of a tokio stream.

mod inbox;
mod over;
mod stream;

use std::future::Future;

pub use over::{StreamFlow, WriterSink};
pub use stream::FlowStream;

use crate::Error;

/// Takes one direction of a byte stream. Dropping it without [`end`](Self::end) tells the reader that
/// something is missing.
pub trait OctetSink {
    /// Hands over octets, in order. Resolves when more may be sent.
    ///
    /// # Errors
    /// [`Error::Refused`] when the reader wants no more, or after `end` or `abort`.
    fn push(&self, octets: Vec<u8>) -> impl Future<Output = Result<(), Error>>;

    /// There will be no more. Resolves when the reader has been told.
    ///
    /// # Errors
    /// As `push`.
    fn end(&self) -> impl Future<Output = Result<(), Error>>;

    /// There will be no more, and something is missing, for this reason.
    ///
    /// # Errors
    /// As `push`.
    fn abort(&self, reason: &str) -> impl Future<Output = Result<(), Error>>;

    /// Resolves when it is known that nobody will take anything any more.
    fn closed(&self) -> impl Future<Output = ()>;
}

/// A byte stream in both directions, such as a TCP connection.
pub trait Flow {
    /// Where the octets of this side go.
    type Outgoing: OctetSink;

    /// Starts delivery of arriving octets to `incoming`, and gives the sink for those to send. A flow starts
    /// once.
    ///
    /// # Errors
    /// [`Error::Refused`] when it was started before.
    fn start<S: OctetSink + 'static>(
        &self,
        incoming: S,
    ) -> impl Future<Output = Result<Self::Outgoing, Error>>;
}
