//! Descriptors in the event loop.

use std::{io, os::fd::AsRawFd};

use tokio::io::unix::AsyncFd;

/// Has the event loop watch what `inner` owns.
#[expect(
    deprecated,
    reason = "all callers own one descriptor and keep it open for their whole life, which is what the \
              unsafe successor asks for; unsafe code has no place in this crate"
)]
pub(crate) fn watch<T: AsRawFd>(inner: T) -> io::Result<AsyncFd<T>> {
    AsyncFd::new(inner)
}
