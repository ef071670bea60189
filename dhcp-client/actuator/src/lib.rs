//! Role actuator: turns a lease that it has checked into an address, routes, an MTU, a resolver file and a
//! host name, for any number of interfaces.
//!
//! It is on the privileged side and its caller is not: whoever holds the [`sdk_rpc::LeaseSink`] may have
//! been taken over by a packet. So every value passes [`policy`] first, what is to change is decided
//! without touching anything ([`plan`]), and a change that the kernel refuses half-way is taken back.
//! What it can do to the host is what these modules can say: nothing here takes a path, a command, a
//! table or another interface from a lease.

#![deny(clippy::arithmetic_side_effects, clippy::indexing_slicing)]
#![forbid(unsafe_code)]

mod actuator;
mod apply;
mod changes;
mod handover;
mod host_name;
mod interface;
mod leftovers;
mod link_message;
mod links;
mod messages;
mod netlink;
mod pace;
pub mod plan;
pub mod policy;
mod present;
mod resolver;
mod resolver_text;
mod said;
mod subnet;
mod takes;

pub use actuator::{Actuator, Observer, Options};
pub use apply::Failure;
pub use changes::{Changes, Deleted, Gone};
pub use host_name::{HostName, TakesHostName};
pub use interface::{Interface, InterfaceError};
pub use leftovers::Leftovers;
pub use links::{LinkEntry, LinkEvent, Links};
pub use netlink::{Answer, Netlink};
pub use policy::Checked;
pub use resolver::{Resolver, ResolverError};
pub use said::Said;
pub use takes::Takes;
