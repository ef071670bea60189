//! sdk-rpc through its public API: two honest ends, and one honest end against raw octets.

#![allow(
    clippy::unwrap_used,
    reason = "a failed unwrap is a failed test; clippy.toml excepts test functions, not what they share"
)]
#![allow(
    clippy::drop_non_drop,
    reason = "builders are made for their effect on the message, in closures that return nothing"
)]

mod calfkit_capnp;
mod conf;
mod conf_capnp;
mod control_parity;
mod fairness;
mod farewell;
mod flow;
mod flow_parity;
mod handle;
mod host_parity;
mod hostile_calls;
mod hostile_octets;
mod hostile_values;
mod local;
mod log_rate;
mod log_records;
mod membrane;
mod net_link;
mod net_parity;
mod object_graph;
mod octets;
mod previous;
mod reconnect;
mod rogue;
mod rooms;
mod schema_peers;
mod schema_walk;
mod sessions;
mod stage;
mod tally;
mod times;
mod transports;
