//! Who gave a lease, and what such a one can contain: an address that the host gave itself has no server,
//! and nobody but a server lends an address for a time.

use std::net::Ipv4Addr;

use sdk_rpc::{Lease, Origin};

use super::Refusal;
use crate::subnet::Subnet;

/// Of 169.254/16.
const LINK_LOCAL_PREFIX: u8 = 16;

/// Refuses a lease that says more than its origin can.
pub(super) fn check(lease: &Lease) -> Result<(), Refusal> {
    match lease.origin {
        Origin::Server => Ok(()),
        Origin::LinkLocal => {
            check_link_local_address(lease)?;
            has_no_end(lease)?;
            has_no_server(lease)?;
            brings_nothing_else(lease)
        }
        // RFC 2131 section 4.3.5: "The server MUST NOT send a lease expiration time to the client".
        Origin::Inform => has_no_end(lease),
        Origin::Operator => {
            has_no_end(lease)?;
            has_no_server(lease)
        }
    }
}

/// RFC 3927 section 2.1: "The first 256 and last 256 addresses in the 169.254/16 prefix are reserved for
/// future use and MUST NOT be selected by a host using this dynamic configuration mechanism."
fn check_link_local_address(lease: &Lease) -> Result<(), Refusal> {
    let (address, prefix_length) = (lease.address, lease.prefix_length);
    let [first, second, third, _] = address.octets();
    let selectable = (first, second) == (169, 254) && (1..=254).contains(&third);
    if selectable && prefix_length == LINK_LOCAL_PREFIX {
        Ok(())
    } else {
        Err(Refusal::NotLinkLocal {
            address,
            prefix_length,
        })
    }
}

fn has_no_end(lease: &Lease) -> Result<(), Refusal> {
    refuse_if(
        lease.lease_seconds.is_some() || lease.expires_at.is_some(),
        "it has an end, and no server lent it",
    )
}

fn has_no_server(lease: &Lease) -> Result<(), Refusal> {
    refuse_if(
        !lease.server.is_unspecified(),
        "it names a server, and no server gave it",
    )
}

fn brings_nothing_else(lease: &Lease) -> Result<(), Refusal> {
    let Lease {
        address,
        prefix_length,
        broadcast,
        origin: _,
        server: _,
        routers,
        routes,
        dns,
        ntp,
        domain,
        search,
        host_name,
        mtu,
        lease_seconds: _,
        acquired_at: _,
        renew_at: _,
        rebind_at: _,
        expires_at: _,
        next_server,
        server_name,
        boot_file,
        parameters,
    } = lease;
    let usual = Subnet::of(*address, *prefix_length).map(Subnet::last);
    let usual_broadcast = broadcast.is_none() || *broadcast == usual;
    let lists_are_empty = routers.is_empty()
        && routes.is_empty()
        && dns.is_empty()
        && ntp.is_empty()
        && search.is_empty()
        && parameters.is_empty();
    let texts_are_absent =
        domain.is_none() && host_name.is_none() && server_name.is_none() && boot_file.is_none();
    let nothing_else = usual_broadcast
        && lists_are_empty
        && texts_are_absent
        && mtu.is_none()
        && *next_server == Ipv4Addr::UNSPECIFIED;
    refuse_if(
        !nothing_else,
        "a link-local address brings nothing else with it",
    )
}

fn refuse_if(refused: bool, why: &'static str) -> Result<(), Refusal> {
    if refused {
        Err(Refusal::Origin(why))
    } else {
        Ok(())
    }
}
