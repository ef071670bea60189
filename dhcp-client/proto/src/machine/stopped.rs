//! Stopped, which is ours and not the RFC's: the operator had enough, and nothing happens any more.

/// Waits for nothing.
#[derive(Debug)]
pub(super) struct Stopped;
