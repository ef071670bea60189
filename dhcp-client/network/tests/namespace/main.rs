//! The network role on real sockets. Each test runs alone in a network namespace of its own, with a
//! veth pair whose other end, the peer, is a raw socket in the test's hands.
//!
//! "Nothing arrived" is never a matter of waiting: a frame that must arrive (the fence) is sent after
//! what must not, and is the first to be seen.

#![expect(
    clippy::unwrap_used,
    reason = "in all of this crate a failed unwrap is a failed test, with its line"
)]

mod bed;
mod frames;

mod attachment;
mod flood;
mod interface;
mod outgoing;
mod receive_filter;
mod record;
mod unicast;
