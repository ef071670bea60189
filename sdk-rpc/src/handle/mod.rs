//! Clients for programs of several threads. A connection lives on one thread, since everything about it is
//! counted without locks; a [`Handle`] gives that thread work and brings back the results, and may itself be
//! sent, shared and cloned.
//!
//! `call` is what callers hold, `owner` the thread with the connection, `wait` how a thread without a
//! runtime waits for either.

mod call;
mod owner;
mod wait;

use core::time::Duration;
use std::future::Future;

pub use call::Handle;

use crate::{Disconnect, Session};

/// What a handle and its thread may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandleOptions {
    /// Name of the thread; the kernel shows the first 15 octets (prctl(2), PR_SET_NAME).
    pub name: String,
    /// Calls that may be in flight at once, at least 1; who calls beyond waits for its turn, first come, first
    /// served. Not more than what the peer allows ([`crate::Limits::calls`]), which disconnects.
    pub calls: usize,
    /// How long [`Handle::close`] waits for the calls in flight, and after them for the peer to take what it
    /// was sent.
    /// The goodbye itself has at most [`Limits::farewell`](crate::Limits::farewell) of the connection.
    pub close_time: Duration,
}

impl Default for HandleOptions {
    fn default() -> Self {
        Self {
            name: "sdk-rpc".to_owned(),
            calls: 64,
            close_time: Duration::from_secs(5),
        }
    }
}

/// What a handle's thread owns beside the client: the connection, or what makes one after the other.
pub trait Connected {
    /// Waits for the end and says why it came. May be asked again.
    fn closed(&mut self) -> impl Future<Output = Disconnect>;

    /// Ends it once the peer has taken everything that was sent. A peer that does not read delays this for
    /// ever: wait for it with a deadline, or drop the future.
    fn close(self) -> impl Future<Output = Disconnect>;
}

impl Connected for Session {
    async fn closed(&mut self) -> Disconnect {
        Self::closed(self).await
    }

    async fn close(self) -> Disconnect {
        Self::close(self).await
    }
}
