//! The stock scripts of the C clients, unchanged, under the program and under the original of its name: what they
//! are told, and what they make of it.

mod dhclient;
mod dhcpcd;
mod recorder;
#[allow(dead_code, reason = "the slow tests use all of it")]
mod run;
mod udhcpc;
