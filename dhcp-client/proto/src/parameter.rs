//! Everything a server said, by option code: for whoever exports it (scripts, lease files), since the
//! machine itself acts only on what [`Lease`](crate::Lease) names.

use alloc::{string::String, vec::Vec};
use core::net::Ipv4Addr;

use crate::lease::Route;

/// How the octets of an option are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// As they are.
    Octets,
    /// IPv4 addresses.
    Addresses,
    /// Unsigned numbers of 8 bits.
    Numbers8,
    /// Unsigned numbers of 16 bits.
    Numbers16,
    /// Unsigned numbers of 32 bits.
    Numbers32,
    /// Signed numbers of 32 bits.
    Signed32,
    /// Text without control characters.
    Text,
    /// Domain names (RFC 1035 section 4.1.4), as option 119 has them.
    Names,
    /// Classless routes, as option 121 has them (RFC 3442).
    Routes,
    /// Pairs of destination and router, as option 33 has them (RFC 2132 section 5.8).
    ClassRoutes,
}

/// One option of a DHCPACK.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Option code.
    pub code: u8,
    /// What it says.
    pub value: Value,
}

/// What an option says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Octets whose meaning is not known here.
    Octets(Vec<u8>),
    /// Addresses, at least one.
    Addresses(Vec<Ipv4Addr>),
    /// Numbers, at least one.
    Numbers(Vec<i64>),
    /// Text without control characters.
    Text(String),
    /// Names, at least one.
    Names(Vec<String>),
    /// Routes.
    Routes(Vec<Route>),
}
