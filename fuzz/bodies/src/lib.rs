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

mod encode_round_trip;
mod frame;
mod lease_of_machine;
mod machine;
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
pub use frame::frame;
pub use machine::machine;

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
];
