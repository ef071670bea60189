//! dhcp-engine: the calf's role. It drives [`dhcp_proto::Machine`] with the capabilities it was
//! given and has nothing else: no socket, no file, no clock of its own.
//!
//! Data flows one way: frames and host events become inputs of the machine, what the machine wants
//! leaves by `Net` and `LeaseSink`, and the answer of `LeaseSink` is an input again.

mod convert;
mod drive;
mod inbox;
mod settings;

pub use convert::lease_to_rpc;
pub use drive::{Capabilities, Clock, Ended, run};
