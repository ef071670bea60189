//! The other end of the wire, for the machine's transcripts: [`server`] makes a server's frames,
//! [`sent`] reads the client's, and [`arp`] does both for ARP, all with other people's code (dhcproto and
//! smoltcp), so that a misreading of the RFC does not agree with itself.

#![allow(
    dead_code,
    reason = "each test file is a crate of its own and uses the part it needs"
)]
#![allow(
    clippy::unwrap_used,
    reason = "a message that cannot be made or read is a failed test, with its line"
)]

pub(crate) mod arp;
pub(crate) mod sent;
pub(crate) mod server;
