//! dhcp-proto: the DHCP client as pure state machines.
//!
//! Nothing here reads a clock, draws a random number, or touches a socket or file: time, randomness
//! and the previous lease are arguments, frames and actions are results.

#![no_std]
#![forbid(unsafe_code)]
#![deny(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

extern crate alloc;

mod discard;
mod lease;
mod machine;
mod message;
mod parameter;
mod time;
mod wire;

pub use discard::{Counters, Discard};
pub use lease::{Lease, Origin, Route};
pub use machine::{
    Action, Applied, Command, Config, ConfigureCause, ConflictDetection, DeconfigureCause, Legacy,
    Link, Machine, Pace, Setback, Start, State, Subnet, Transmit, UpdateCause,
};
pub use message::{FullName, MessageType, Xid};
pub use parameter::{Kind, Parameter, Value};
pub use time::{Duration, Instant};
