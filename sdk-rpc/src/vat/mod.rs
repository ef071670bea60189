//! One connection to one peer that is not trusted: a network for `capnp-rpc` made of its public
//! traits, which counts and bounds what `capnp-rpc` does not.
//!
//! `transport` moves octets, `incoming` and `outgoing` turn them into messages and back, `tables`
//! counts what the messages make either side hold, `watch` how long they take, `link` is the state the
//! parts share, `ending` who waits for the end of it, `offered` ends what is offered with it, `network` fits them to `capnp-rpc`,
//! and `session` runs it all as one task.

mod ending;
mod incoming;
mod link;
mod network;
mod offered;
mod outgoing;
mod session;
mod tables;
mod transport;
mod watch;

pub(crate) use link::Link;
pub use session::{Session, SessionCounters};
pub(crate) use session::{connect, serve};
pub use transport::Transport;
#[cfg(any(feature = "descriptors", feature = "ring"))]
pub(crate) use transport::watched;
