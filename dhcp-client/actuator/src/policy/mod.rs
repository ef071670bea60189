//! What a lease may ask of the host. The caller is not trusted: whatever the sandboxed side has checked
//! is checked again here, from nothing but the values themselves.
//!
//! A lease whose address or times make no sense is refused as a whole ([`Refusal`]). Any other value that
//! makes no sense is left out ([`Dropped`]) and the rest is used, because an address without a broken
//! route is worth more than no address.
//!
//! Who gave it ([`Origin`]) is what the caller says, so it decides little: a lease may not contain what one
//! of its origin cannot, and an address that is the operator's by the caller's words is treated with more
//! care, never with less.
//!
//! What is accepted on purpose, though it gives the network power over the host:
//!
//! * Routes narrower than the default route, 0.0.0.0/1 with 128.0.0.0/1 and single hosts included. A
//!   server can so draw traffic out of a VPN that relies on a wide route ("TunnelVision", CVE-2024-3661),
//!   just as it can be the default route. RFC 3442 gives it that right, and clouds use it. Who must not
//!   trust the link confines the VPN's users to a network namespace or a firewall rule, or refuses the
//!   option; narrowing what a lease may say here would only move the line.
//! * A prefix length from 1, so an on-link route as wide as half the Internet: the same power.
//! * An address of 169.254.0.0/16. RFC 3927 section 1.6: such addresses "SHOULD NOT be configured
//!   manually or by a DHCP server"; that binds the server, and service processors do it.
//! * Resolvers, time servers and gateways of 169.254.0.0/16: clouds use them.
//! * A server's lease without a server's address: a BOOTP server need not say who it is.

mod dropped;
mod exports;
mod names;
mod origin;
mod routes;

use core::fmt;
use std::net::Ipv4Addr;

use sdk_rpc::Lease;
#[cfg(doc)]
use sdk_rpc::Origin;

pub use dropped::{Dropped, GatewayFault, ParameterFault, RouteFault, line};
pub(crate) use names::is_name;

use crate::subnet::Subnet;

/// Most routes taken from one lease. Option 121 of a lease that fills its message has about this many.
pub const MOST_ROUTES: usize = 64;
/// Most default gateways kept; the first is used.
pub const MOST_ROUTERS: usize = 8;
/// Most resolvers kept; the C library reads three (resolv.conf(5)).
pub const MOST_RESOLVERS: usize = 8;
/// Most time servers kept.
pub const MOST_TIME_SERVERS: usize = 8;
/// Most domains searched.
pub const MOST_SEARCH_DOMAINS: usize = 16;
/// Most octets of all parameters together: more than any message fills, whatever it is read as.
pub const MOST_PARAMETER_OCTETS: usize = 16 * 1024;

/// Smallest MTU that is applied. RFC 2132 section 5.1: "The minimum legal value for the MTU is 68", but
/// RFC 791 has every host accept 576 octets, and less only serves to break or slow the host.
pub const LEAST_MTU: u16 = 576;

/// How far a lease may reach beyond its own length from now, in milliseconds: rounding, not trust.
const TIME_SLACK: u64 = 1000;

/// What an interface can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest MTU of the link.
    pub highest_mtu: u32,
}

/// A lease that passed [`check`]; there is no other way to make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    lease: Lease,
}

impl Checked {
    /// The lease, without what was left out of it.
    #[must_use]
    pub fn lease(&self) -> &Lease {
        &self.lease
    }

    pub(crate) fn subnet(&self) -> Option<Subnet> {
        Subnet::of(self.lease.address, self.lease.prefix_length)
    }
}

/// Why a lease is refused as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The address is none that a host can have.
    AddressNotUsable(Ipv4Addr),
    /// The address names the whole subnet, or its network.
    AddressIsEdge {
        /// The address.
        address: Ipv4Addr,
        /// Its prefix length.
        prefix_length: u8,
    },
    /// Not from 1 to 32. With 0 everything would be on-link.
    PrefixLength(u8),
    /// The lease is over already.
    Expired,
    /// It has a length without an end, an end without a length, or ends later than its length allows.
    Times,
    /// The host gave it to itself, and it is none of those it may choose from.
    NotLinkLocal {
        /// The address.
        address: Ipv4Addr,
        /// Its prefix length.
        prefix_length: u8,
    },
    /// It says what one of its origin cannot: what, in words.
    Origin(&'static str),
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddressNotUsable(address) => {
                write!(
                    formatter,
                    "{address} is not an address that a host can have"
                )
            }
            Self::AddressIsEdge {
                address,
                prefix_length,
            } => write!(
                formatter,
                "{address} is the network or broadcast address of its own /{prefix_length}"
            ),
            Self::PrefixLength(length) => {
                write!(
                    formatter,
                    "the prefix length is {length}, and must be from 1 to 32"
                )
            }
            Self::Expired => formatter.write_str("the lease is over already"),
            Self::Times => formatter.write_str("the times of the lease contradict each other"),
            Self::NotLinkLocal {
                address,
                prefix_length,
            } => write!(
                formatter,
                "{address}/{prefix_length} is no link-local address; those are from 169.254.1.0/16 to \
                 169.254.254.255/16"
            ),
            Self::Origin(why) => formatter.write_str(why),
        }
    }
}

impl std::error::Error for Refusal {}

/// Checks every value of `lease` for an interface with `limits`; `now` is CLOCK_BOOTTIME in milliseconds.
///
/// # Errors
/// The first reason to refuse the whole lease.
pub fn check(
    mut lease: Lease,
    limits: Limits,
    now: u64,
) -> Result<(Checked, Vec<Dropped>), Refusal> {
    let subnet = check_address(&lease)?;
    origin::check(&lease)?;
    check_times(&mut lease, now)?;

    let mut dropped = Vec::new();
    check_broadcast(&mut lease, subnet, &mut dropped);
    routes::check(&mut lease, subnet, &mut dropped);
    lease.dns = addresses(
        lease.dns,
        MOST_RESOLVERS,
        "resolvers",
        Dropped::Resolver,
        &mut dropped,
    );
    lease.ntp = addresses(
        lease.ntp,
        MOST_TIME_SERVERS,
        "time servers",
        Dropped::TimeServer,
        &mut dropped,
    );
    names::check(&mut lease, &mut dropped);
    check_mtu(&mut lease, limits, &mut dropped);
    exports::check(&mut lease, &mut dropped);
    Ok((Checked { lease }, dropped))
}

fn check_address(lease: &Lease) -> Result<Subnet, Refusal> {
    let (address, prefix_length) = (lease.address, lease.prefix_length);
    if !is_unicast(address) {
        return Err(Refusal::AddressNotUsable(address));
    }
    let subnet = Subnet::of(address, prefix_length)
        .filter(|subnet| subnet.prefix_length() > 0)
        .ok_or(Refusal::PrefixLength(prefix_length))?;
    if subnet.is_edge(address) {
        return Err(Refusal::AddressIsEdge {
            address,
            prefix_length,
        });
    }
    Ok(subnet)
}

/// The kernel gets the lifetime from these, so they decide how long an address can outlive its calf.
fn check_times(lease: &mut Lease, now: u64) -> Result<(), Refusal> {
    match (lease.lease_seconds, lease.expires_at) {
        (None, None) => {
            lease.renew_at = None;
            lease.rebind_at = None;
        }
        (Some(seconds), Some(expires_at)) => {
            let length = u64::from(seconds)
                .saturating_mul(1000)
                .saturating_add(TIME_SLACK);
            if expires_at > now.saturating_add(length) {
                return Err(Refusal::Times);
            }
            if expires_at <= now {
                return Err(Refusal::Expired);
            }
            // T1 and T2 only go back to a calf, which may not be the one that gave them.
            lease.rebind_at = lease.rebind_at.map(|at| at.min(expires_at));
            let latest = lease.rebind_at.unwrap_or(expires_at);
            lease.renew_at = lease.renew_at.map(|at| at.min(latest));
        }
        (Some(_), None) | (None, Some(_)) => return Err(Refusal::Times),
    }
    lease.acquired_at = lease.acquired_at.min(now);
    Ok(())
}

/// RFC 1122 section 3.2.1.3 has all ones for broadcast; section 3.3.6 knows hosts that use all zeros.
/// Anything else would make a host of the subnet unreachable.
fn check_broadcast(lease: &mut Lease, subnet: Subnet, dropped: &mut Vec<Dropped>) {
    if let Some(broadcast) = lease
        .broadcast
        .take_if(|broadcast| !subnet.is_edge(*broadcast))
    {
        dropped.push(Dropped::Broadcast(broadcast));
    }
    if lease.broadcast.is_none() && subnet.has_edges() {
        lease.broadcast = Some(subnet.last());
    }
}

fn check_mtu(lease: &mut Lease, limits: Limits, dropped: &mut Vec<Dropped>) {
    let usable = |mtu: u16| mtu >= LEAST_MTU && u32::from(mtu) <= limits.highest_mtu;
    if let Some(mtu) = lease.mtu.take_if(|mtu| !usable(*mtu)) {
        dropped.push(Dropped::Mtu {
            mtu,
            highest: limits.highest_mtu,
        });
    }
}

/// Keeps the unicast ones, each once, in order, at most `most`.
fn addresses(
    given: Vec<Ipv4Addr>,
    most: usize,
    what: &'static str,
    reason: fn(Ipv4Addr) -> Dropped,
    dropped: &mut Vec<Dropped>,
) -> Vec<Ipv4Addr> {
    let mut kept = Vec::new();
    let mut surplus = 0_usize;
    for address in given {
        if kept.contains(&address) {
            continue;
        }
        if kept.len() == most {
            surplus = surplus.saturating_add(1);
        } else if is_unicast(address) {
            kept.push(address);
        } else {
            dropped.push(reason(address));
        }
    }
    if surplus > 0 {
        dropped.push(Dropped::Surplus {
            what,
            kept: most,
            surplus,
        });
    }
    kept
}

/// Whether a host can have `address`: not of 0/8 ("this network", RFC 1122 section 3.2.1.3), 127/8
/// (loopback), 224/4 (multicast) or 240/4 (reserved, with 255.255.255.255).
fn is_unicast(address: Ipv4Addr) -> bool {
    let [first, _, _, _] = address.octets();
    first != 0 && first != 127 && first < 224
}

#[cfg(test)]
pub(crate) mod properties;
#[cfg(test)]
pub(crate) mod tests;
