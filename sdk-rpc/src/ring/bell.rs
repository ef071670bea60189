//! Doorbells: eventfd(2), on which one side waits and the other rings.
//!
//! A bell is never read, only waited for: the runtime's epoll is edge-triggered, and each write is an edge. Reading
//! would be a way to block: O_NONBLOCK belongs to what both sides share, and the peer may take it away. For the
//! same reason ringing can block where the peer fills the counter first; a peer that is confined cannot.

use std::{
    fs::File,
    io::{self, Write},
    os::fd::OwnedFd,
};

use tokio::io::unix::AsyncFd;

use crate::vat::watched;

/// The bell that wakes this side.
pub(super) struct Waiting(AsyncFd<File>);

impl Waiting {
    /// Registers the bell with the runtime (fcntl(2), epoll_ctl(2)).
    pub(super) fn new(bell: OwnedFd) -> io::Result<Self> {
        watched(bell).map(Self)
    }

    /// Returns when it rang since the last time, or may have. A peer that rings without end costs one look at
    /// its index each time, and the runtime's other tasks have their turns.
    pub(super) async fn wait(&self) -> io::Result<()> {
        self.0.readable().await?.clear_ready();
        Ok(())
    }
}

/// The bell that wakes the peer.
pub(super) struct Ringing(File);

impl Ringing {
    pub(super) fn new(bell: OwnedFd) -> Self {
        Self(File::from(bell))
    }

    /// Rings (write(2)). A bell whose counter is full rings already.
    pub(super) fn ring(&self) -> io::Result<()> {
        loop {
            match (&self.0).write(&1_u64.to_ne_bytes()) {
                Ok(_eight) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}
