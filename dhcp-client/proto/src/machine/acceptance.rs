//! What a client takes from a server's message, and what it refuses: from checked octets to a lease.

use alloc::{boxed::Box, vec::Vec};
use core::net::Ipv4Addr;

use super::{context::Context, informing::Own, lifetimes::Lifetimes};
use crate::{
    discard::Discard,
    lease::{Lease, Origin},
    message::{Options, Received, Xid},
    time::Instant,
};

/// What a DHCPOFFER promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) address: Ipv4Addr,
    pub(super) server: Ipv4Addr,
    pub(super) lease_time: Option<u32>,
    /// Whether the DHCPACK is to bring a nonce.
    pub(super) promises_nonce: bool,
}

/// What the client knew before a DHCPACK came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// First sending of the message that the DHCPACK answers.
    pub(super) at: Instant,
    /// The lease time that stands where the DHCPACK has none.
    pub(super) lease_time: Option<u32>,
}

/// RFC 2131 section 4.4.1: "If the 'xid' of an arriving DHCPOFFER message does not match the 'xid'
/// of the most recent DHCPDISCOVER message, the DHCPOFFER message must be silently discarded."
/// Section 4.4.5 says the same of a DHCPACK.
pub(super) fn check_xid(received: &Received, xid: Xid) -> Result<(), Discard> {
    if received.xid == xid {
        Ok(())
    } else {
        Err(Discard::WrongXid)
    }
}

/// Option 54, or the packet's source where the operator lets a server leave it out.
pub(super) fn server_of(received: &Received, context: &Context) -> Result<Ipv4Addr, Discard> {
    let named = received.options.server_identifier;
    let named = named.filter(|server| is_host(*server));
    if context.config.require_server_identifier {
        named.ok_or(Discard::NoServerIdentifier)
    } else {
        named
            .or(Some(received.source).filter(|source| is_host(*source)))
            .ok_or(Discard::NoServerIdentifier)
    }
}

/// Takes a DHCPOFFER for a promise that can be kept.
pub(super) fn offer(received: &Received, context: &Context) -> Result<Offer, Discard> {
    let server = server_of(received, context)?;
    check_address(received)?;
    Ok(Offer {
        address: received.yiaddr,
        server,
        lease_time: received.options.lease_time,
        promises_nonce: received.options.promises_nonce && context.config.forced_renewal,
    })
}

/// Takes a DHCPACK for a lease.
///
/// Its yiaddr need not be the address asked for: it is the one that the server committed, so the
/// client uses it and no other. Parameters come from the DHCPACK alone (RFC 2131 section 4.3.2: "The
/// client SHOULD use the parameters in the DHCPACK message for configuration").
pub(super) fn lease(
    received: &Received,
    asked: Asked,
    context: &mut Context,
) -> Result<Box<Lease>, Discard> {
    let server = server_of(received, context)?;
    let prefix_length = check_address(received)?;
    let times = Lifetimes::new(
        &received.options,
        asked.lease_time,
        asked.at,
        &mut context.random,
    );
    // Possible when the answer took longer than the lease that it gives.
    if times.expires_at.is_some_and(|end| end <= context.now) {
        return Err(Discard::ExpiredLeaseTime);
    }
    let terms = Terms {
        address: received.yiaddr,
        prefix_length,
        origin: Origin::Server,
        server,
        begins_at: asked.at,
        times,
    };
    Ok(terms.lease(received))
}

/// Takes a BOOTREPLY for a lease without end: that is how RFC 1534 section 2 has a client of DHCP
/// understand one. Nobody can be asked anything about the address afterwards.
pub(super) fn boot_lease(
    received: &Received,
    asked_at: Instant,
    context: &Context,
) -> Result<Box<Lease>, Discard> {
    server_of(received, context)?;
    let terms = Terms {
        address: received.yiaddr,
        prefix_length: check_address(received)?,
        origin: Origin::Server,
        server: Ipv4Addr::UNSPECIFIED,
        begins_at: asked_at,
        times: Lifetimes::INFINITE,
    };
    Ok(terms.lease(received))
}

/// Takes a DHCPACK to a DHCPINFORM for what belongs to the operator's address. RFC 2131 section 4.3.5:
/// "The server MUST NOT send a lease expiration time to the client and SHOULD NOT fill in 'yiaddr'.";
/// if it does, neither means anything, nor do mask and class.
pub(super) fn informed(
    received: &Received,
    own: Own,
    asked_at: Instant,
    context: &Context,
) -> Result<Box<Lease>, Discard> {
    let terms = Terms {
        address: own.address,
        prefix_length: own.prefix_length,
        origin: Origin::Inform,
        server: server_of(received, context)?,
        begins_at: asked_at,
        times: Lifetimes::INFINITE,
    };
    Ok(terms.lease(received))
}

/// What a lease is about, besides its parameters.
struct Terms {
    address: Ipv4Addr,
    prefix_length: u8,
    origin: Origin,
    server: Ipv4Addr,
    begins_at: Instant,
    times: Lifetimes,
}

impl Terms {
    /// The lease with the parameters of this message.
    fn lease(self, received: &Received) -> Box<Lease> {
        let options = received.options.clone();
        // RFC 3442, "DHCP Client Behavior": "If the DHCP server returns both a Classless Static Routes
        // option and a Router option, the DHCP client MUST ignore the Router option.", and "Similarly, if
        // the DHCP server returns both a Classless Static Routes option and a Static Routes option, the
        // DHCP client MUST ignore the Static Routes option." RFC 3442, "DHCP Client Behavior": "DHCP
        // clients that support this option MUST NOT install the routes specified in the Static Routes
        // option (option code 33) if both a Static Routes option and the Classless Static Routes option
        // are provided."
        let (routers, routes) = match options.classless_routes {
            Some(routes) => (Vec::new(), routes),
            None => (options.routers, options.static_routes),
        };
        Box::new(Lease {
            address: self.address,
            prefix_length: self.prefix_length,
            broadcast: options.broadcast,
            origin: self.origin,
            server_identifier: self.server,
            routers,
            routes,
            dns: options.dns,
            ntp: options.ntp,
            domain: options.domain,
            search: options.search,
            host_name: options.host_name,
            mtu: options.mtu,
            lease_seconds: self.times.seconds,
            acquired_at: self.begins_at,
            renew_at: self.times.renew_at,
            rebind_at: self.times.rebind_at,
            expires_at: self.times.expires_at,
            next_server: received.siaddr,
            server_name: received.server_name.clone(),
            boot_file: received.boot_file.clone(),
            parameters: received.parameters.clone(),
        })
    }
}

/// yiaddr as an address that a host of its prefix can have; the prefix length is the result.
fn check_address(received: &Received) -> Result<u8, Discard> {
    let prefix_length = prefix_length(received.yiaddr, &received.options);
    if is_host(received.yiaddr) && !is_reserved_in_prefix(received.yiaddr, prefix_length) {
        Ok(prefix_length)
    } else {
        Err(Discard::UnusableYiaddr)
    }
}

/// Option 1. Without it, or with a mask of all zeros, the prefix that the address's class had: such
/// servers date from when classes held, and an address without any prefix could not be used at all.
fn prefix_length(address: Ipv4Addr, options: &Options) -> u8 {
    let [first, ..] = address.octets();
    let by_class = match first {
        0..128 => 8,
        128..192 => 16,
        192.. => 24,
    };
    options
        .prefix_length
        .filter(|length| *length > 0)
        .unwrap_or(by_class)
}

/// Whether one host can have this address: not 0/8, 127/8, 224/4 or 240/4.
pub(super) fn is_host(address: Ipv4Addr) -> bool {
    let [first, ..] = address.octets();
    matches!(first, 1..=126 | 128..=223)
}

/// Whether the address is its prefix's network or broadcast address. A /31 has neither (RFC 3021),
/// nor has a /32.
fn is_reserved_in_prefix(address: Ipv4Addr, prefix_length: u8) -> bool {
    let host_mask = u32::MAX
        .checked_shr(u32::from(prefix_length))
        .unwrap_or_default();
    let host = address.to_bits() & host_mask;
    prefix_length < 31 && (host == 0 || host == host_mask)
}
