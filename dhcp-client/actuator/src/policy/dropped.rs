//! What was left out of a lease, each with its reason.

use core::fmt;
use std::net::Ipv4Addr;

use sdk_rpc::Route;

use super::LEAST_MTU;

/// Entries that one log line names; the rest is a number.
const MOST_NAMED: usize = 6;
/// Characters of a refused name that a log line shows.
const LONGEST_NAME: usize = 64;

/// A value that is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// Neither end of the subnet.
    Broadcast(Ipv4Addr),
    /// A default gateway that cannot be one.
    Router(Ipv4Addr, GatewayFault),
    /// A route that cannot be.
    Route(Route, RouteFault),
    /// A resolver that is no host.
    Resolver(Ipv4Addr),
    /// A time server that is no host.
    TimeServer(Ipv4Addr),
    /// Not a domain name.
    Domain(String),
    /// Not a domain name.
    SearchDomain(String),
    /// Not a host name.
    HostName(String),
    /// Out of the range that the link can take.
    Mtu {
        /// The value.
        mtu: u16,
        /// Largest of the link.
        highest: u32,
    },
    /// The address of the lease's server, which no host can have.
    Server(Ipv4Addr),
    /// The address of the next server, which no host can have.
    NextServer(Ipv4Addr),
    /// Too long, or not of one line.
    ServerName(String),
    /// Too long, or not of one line.
    BootFile(String),
    /// A parameter, by its number.
    Parameter(u8, ParameterFault),
    /// More of one kind than are used.
    Surplus {
        /// The kind, in the plural.
        what: &'static str,
        /// How many are used.
        kept: usize,
        /// How many are not.
        surplus: usize,
    },
}

/// Why a gateway is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GatewayFault {
    /// No host can have that address.
    NotUnicast,
    /// It is the leased address itself.
    OwnAddress,
    /// It is the network or broadcast address of the subnet.
    EdgeOfSubnet,
}

/// Why a route is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteFault {
    /// Longer than 32.
    PrefixLength,
    /// The destination is loopback, multicast, reserved or "this network".
    Destination,
    /// The destination is the leased address itself.
    OwnAddress,
    /// The destination is the interface's own subnet, which is on-link.
    OwnSubnet,
    /// The destination is another route's gateway, which must be on-link.
    ToGateway,
    /// An earlier route has the same destination.
    Duplicate,
    /// The gateway is none.
    Gateway(GatewayFault),
}

/// Why a parameter is not handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterFault {
    /// There is no option of that number.
    NoOption,
    /// An earlier one has the same number.
    Duplicate,
    /// A text in it has a control character.
    ControlCharacter,
    /// All together would be larger than any message.
    NoRoom,
}

/// One log line for all that was left out; `None` when nothing was.
#[must_use]
pub fn line(dropped: &[Dropped]) -> Option<String> {
    if dropped.is_empty() {
        return None;
    }
    let named: Vec<String> = dropped
        .iter()
        .take(MOST_NAMED)
        .map(ToString::to_string)
        .collect();
    let mut line = format!("left out of the lease: {}", named.join(", "));
    let rest = dropped.len().saturating_sub(MOST_NAMED);
    if rest > 0 {
        line.push_str(&format!(", and {rest} more"));
    }
    Some(line)
}

impl fmt::Display for Dropped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broadcast(address) => {
                write!(formatter, "broadcast address {address} (not of the subnet)")
            }
            Self::Router(address, fault) => write!(formatter, "router {address} ({fault})"),
            Self::Route(route, fault) => write!(
                formatter,
                "route {}/{} via {} ({fault})",
                route.destination, route.prefix_length, route.gateway
            ),
            Self::Resolver(address) => write!(formatter, "resolver {address} (not a host)"),
            Self::TimeServer(address) => write!(formatter, "time server {address} (not a host)"),
            Self::Domain(name) => write!(formatter, "domain {} (not a name)", shown(name)),
            Self::SearchDomain(name) => {
                write!(formatter, "search domain {} (not a name)", shown(name))
            }
            Self::HostName(name) => write!(formatter, "host name {} (not a name)", shown(name)),
            Self::Mtu { mtu, highest } => {
                write!(formatter, "MTU {mtu} (not from {LEAST_MTU} to {highest})")
            }
            Self::Server(address) => write!(formatter, "server {address} (not a host)"),
            Self::NextServer(address) => write!(formatter, "next server {address} (not a host)"),
            Self::ServerName(text) => {
                write!(formatter, "server name {} (not a short line)", shown(text))
            }
            Self::BootFile(text) => {
                write!(formatter, "boot file {} (not a short line)", shown(text))
            }
            Self::Parameter(code, fault) => write!(formatter, "option {code} ({fault})"),
            Self::Surplus {
                what,
                kept,
                surplus,
            } => {
                write!(formatter, "{surplus} {what} (beyond {kept})")
            }
        }
    }
}

impl fmt::Display for GatewayFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NotUnicast => "not a host",
            Self::OwnAddress => "the leased address itself",
            Self::EdgeOfSubnet => "network or broadcast address",
        })
    }
}

impl fmt::Display for RouteFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PrefixLength => formatter.write_str("prefix longer than 32"),
            Self::Destination => formatter.write_str("not a destination"),
            Self::OwnAddress => formatter.write_str("to the leased address itself"),
            Self::OwnSubnet => formatter.write_str("to the interface's own subnet"),
            Self::ToGateway => formatter.write_str("to a gateway, through another"),
            Self::Duplicate => formatter.write_str("same destination as an earlier one"),
            Self::Gateway(fault) => write!(formatter, "gateway: {fault}"),
        }
    }
}

impl fmt::Display for ParameterFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NoOption => "no option has this number",
            Self::Duplicate => "same number as an earlier one",
            Self::ControlCharacter => "control characters",
            Self::NoRoom => "larger than a message with the others",
        })
    }
}

/// A refused name, so that it cannot be more than part of one line.
fn shown(name: &str) -> String {
    let start: String = name.chars().take(LONGEST_NAME).collect();
    format!("{start:?}")
}
