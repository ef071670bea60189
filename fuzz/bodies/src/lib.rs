//! What each fuzz target does with its octets, and what must hold of it.
//!
//! The targets themselves are one line each and need a nightly compiler; their bodies are here, where the
//! stable one builds them too, so that `cargo test` replays every seed and every regression. A body panics
//! where an invariant does not hold, and does nothing else that anybody could see.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    reason = "a failed unwrap is a finding; clippy.toml excepts test functions, not what they share"
)]

mod any_lease;
mod encode_round_trip;
mod exports;
mod frame;
mod frontends;
mod lease_of_machine;
mod lease_store;
mod machine;
mod policy;
mod rpc_message;
mod seeds;
mod source;

// The model of a client's world, and the other end of its wire, are those of dhcp-proto's own tests.
#[path = "../../../dhcp-client/proto/tests/support/mod.rs"]
mod support;
#[path = "../../../dhcp-client/proto/tests/transcript/mod.rs"]
mod transcript;
#[path = "../../../dhcp-client/proto/tests/world/mod.rs"]
mod world;

pub use encode_round_trip::encode_round_trip;
pub use exports::exports;
pub use frame::frame;
pub use frontends::{command_lines, dhclient_conf, dhcpcd_conf};
pub use lease_store::lease_store;
pub use machine::machine;
pub use policy::policy;
pub use rpc_message::rpc_message;

/// A fuzz target.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name, and that of its file in `fuzz_targets/`.
    pub name: &'static str,
    /// What it does with a fuzzer's octets.
    pub body: fn(&[u8]),
    /// The inputs that a fuzzer starts from, by name.
    pub seeds: fn() -> Vec<(&'static str, Vec<u8>)>,
}

/// Every target there is.
pub const TARGETS: &[Target] = &[
    Target {
        name: "frame",
        body: frame,
        seeds: seeds::frame,
    },
    Target {
        name: "encode_round_trip",
        body: encode_round_trip,
        seeds: seeds::encode_round_trip,
    },
    Target {
        name: "machine",
        body: machine,
        seeds: seeds::machine,
    },
    Target {
        name: "lease_store",
        body: lease_store,
        seeds: seeds::lease_store,
    },
    Target {
        name: "dhcpcd_conf",
        body: dhcpcd_conf,
        seeds: seeds::dhcpcd_conf,
    },
    Target {
        name: "dhclient_conf",
        body: dhclient_conf,
        seeds: seeds::dhclient_conf,
    },
    Target {
        name: "command_lines",
        body: command_lines,
        seeds: seeds::command_lines,
    },
    Target {
        name: "exports",
        body: exports,
        seeds: seeds::exports,
    },
    Target {
        name: "rpc_message",
        body: rpc_message,
        seeds: seeds::rpc_message,
    },
    Target {
        name: "policy",
        body: policy,
        seeds: seeds::policy,
    },
];
