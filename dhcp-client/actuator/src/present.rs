//! What the kernel has on an interface, whoever put it there: IPv4 addresses, and the routes that DHCP
//! clients make.

use std::{io, net::Ipv4Addr};

use netlink_packet_core::NlasIterator;
use netlink_packet_route::{
    AddressFamily,
    address::{AddressHeader, AddressHeaderFlags, AddressScope},
    route::{RouteHeader, RouteProtocol, RouteScope, RouteType},
};
use nix::libc;

use crate::{
    messages::{self, Request},
    netlink::Kernel,
    plan::{Address, FOR_EVER, KernelRoute, Scope},
};

/// Octets of ifaddrmsg and rtmsg (rtnetlink(7)).
const ADDRESS_HEADER: usize = 8;
const ROUTE_HEADER: usize = 12;
/// IFA_LOCAL, IFA_BROADCAST and IFA_CACHEINFO of linux/if_addr.h.
const LOCAL: u16 = 2;
const BROADCAST: u16 = 4;
const LIFETIMES: u16 = 6;
/// RTA_DST, RTA_OIF, RTA_GATEWAY, RTA_PRIORITY, RTA_PREFSRC, RTA_METRICS and RTA_TABLE of
/// linux/rtnetlink.h, and RTAX_MTU, inside of RTA_METRICS.
const DESTINATION: u16 = 1;
const INTERFACE: u16 = 4;
const GATEWAY: u16 = 5;
const PRIORITY: u16 = 6;
const SOURCE: u16 = 7;
const METRICS: u16 = 8;
const TABLE: u16 = 15;
const METRIC_MTU: u16 = 2;
/// Lists made in a row, in the hope of one during which nothing changes.
const TRIES: usize = 8;

/// What there is on one interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Present {
    pub(crate) addresses: Vec<Address>,
    /// Of the main table, `proto dhcp`.
    pub(crate) routes: Vec<KernelRoute>,
}

impl Present {
    /// What there is now on the interface with `index`; nothing where it is gone.
    pub(crate) fn on(kernel: &mut Kernel, index: u32) -> io::Result<Self> {
        Ok(Self {
            addresses: addresses(kernel, index)?,
            routes: list(
                kernel,
                || messages::dhcp_routes(index),
                |payload| route(payload).filter(|(of, _)| *of == index),
            )?,
        })
    }
}

/// The addresses of the interface with `index`.
pub(crate) fn addresses(kernel: &mut Kernel, index: u32) -> io::Result<Vec<Address>> {
    list(
        kernel,
        || messages::addresses(index),
        |payload| address(payload).filter(|(of, _)| *of == index),
    )
}

/// What `parse` makes of each entry, in a list of one moment.
fn list<T>(
    kernel: &mut Kernel,
    request: impl Fn() -> Request,
    parse: impl Fn(&[u8]) -> Option<(u32, T)>,
) -> io::Result<Vec<T>> {
    for _ in 0..TRIES {
        let mut entries = Vec::new();
        let whole = kernel.list(request(), &mut |payload| {
            entries.extend(parse(payload).map(|(_, entry)| entry));
        });
        match whole {
            Ok(true) => return Ok(entries),
            Ok(false) => {}
            Err(error) if error.raw_os_error() == Some(libc::ENODEV) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(
        io::ErrorKind::ResourceBusy,
        "addresses and routes change faster than they can be listed",
    ))
}

/// An address message, with the interface's index.
pub(crate) fn address(payload: &[u8]) -> Option<(u32, Address)> {
    let header = AddressHeader::parse(payload).ok()?;
    if header.family != AddressFamily::Inet {
        return None;
    }
    let (mut local, mut broadcast, mut seconds) = (None, None, FOR_EVER);
    for attribute in NlasIterator::new(payload.get(ADDRESS_HEADER..)?).map_while(Result::ok) {
        let value = attribute.value();
        match attribute.kind() {
            LOCAL => local = ipv4(value),
            BROADCAST => broadcast = ipv4(value),
            // ifa_cacheinfo: the preferred, then the valid lifetime.
            LIFETIMES => seconds = value.get(4..8).and_then(number).unwrap_or(FOR_EVER),
            _ => {}
        }
    }
    if header.flags.contains(AddressHeaderFlags::Permanent) {
        seconds = FOR_EVER;
    }
    let address = Address {
        local: local?,
        prefix_length: header.prefix_len,
        broadcast,
        seconds,
        scope: if header.scope == AddressScope::Link {
            Scope::Link
        } else {
            Scope::Universe
        },
    };
    Some((header.index, address))
}

/// A route message, with the interface's index: of the main table, `proto dhcp`, in the form that DHCP clients
/// give their routes. Others are none of this crate's business.
pub(crate) fn route(payload: &[u8]) -> Option<(u32, KernelRoute)> {
    let header = RouteHeader::parse(payload).ok()?;
    let (mut destination, mut gateway) = (Ipv4Addr::UNSPECIFIED, None);
    let (mut interface, mut source) = (None, Ipv4Addr::UNSPECIFIED);
    let (mut metric, mut mtu, mut table) = (0, 0, u32::from(header.table));
    for attribute in NlasIterator::new(payload.get(ROUTE_HEADER..)?).map_while(Result::ok) {
        let value = attribute.value();
        match attribute.kind() {
            DESTINATION => destination = ipv4(value)?,
            INTERFACE => interface = number(value),
            GATEWAY => gateway = Some(ipv4(value)?),
            PRIORITY => metric = number(value)?,
            SOURCE => source = ipv4(value)?,
            METRICS => mtu = mtu_of(value),
            TABLE => table = number(value)?,
            _ => {}
        }
    }
    let scope = if gateway.is_some() {
        RouteScope::Universe
    } else {
        RouteScope::Link
    };
    let is_clients = header.address_family == AddressFamily::Inet
        && header.protocol == RouteProtocol::Dhcp
        && header.kind == RouteType::Unicast
        && header.scope == scope
        && header.tos == 0
        && table == u32::from(RouteHeader::RT_TABLE_MAIN);
    let route = KernelRoute {
        destination,
        prefix_length: header.destination_prefix_length,
        gateway,
        source,
        metric,
        mtu,
    };
    is_clients.then_some((interface?, route))
}

fn mtu_of(nested: &[u8]) -> u32 {
    NlasIterator::new(nested)
        .map_while(Result::ok)
        .find(|attribute| attribute.kind() == METRIC_MTU)
        .and_then(|attribute| number(attribute.value()))
        .unwrap_or(0)
}

fn ipv4(value: &[u8]) -> Option<Ipv4Addr> {
    <[u8; 4]>::try_from(value).ok().map(Ipv4Addr::from)
}

fn number(value: &[u8]) -> Option<u32> {
    value.try_into().ok().map(u32::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_attributes(header: &[u8], attributes: &[(u16, &[u8])]) -> Vec<u8> {
        let mut message = header.to_vec();
        for (kind, value) in attributes {
            let length = u16::try_from(value.len()).unwrap().strict_add(4);
            message.extend(length.to_ne_bytes());
            message.extend(kind.to_ne_bytes());
            message.extend_from_slice(value);
            message.resize(message.len().next_multiple_of(4), 0);
        }
        message
    }

    /// ifaddrmsg of an IPv4 address on interface 7, with these flags and this scope.
    fn address_message(flags: u8, scope: u8) -> Vec<u8> {
        const LIFETIME: [u8; 4] = 600_u32.to_ne_bytes();
        with_attributes(
            &[2, 24, flags, scope, 7, 0, 0, 0],
            &[
                (LOCAL, &[10, 0, 0, 5]),
                (BROADCAST, &[10, 0, 0, 255]),
                (LIFETIMES, &[[0; 4], LIFETIME, [0; 4], [0; 4]].concat()),
            ],
        )
    }

    const INDEX: (u16, &[u8]) = (INTERFACE, &7_u32.to_ne_bytes());

    /// rtmsg of 192.0.2.0/24 `proto dhcp`, changed, with these attributes.
    fn route_message(change: impl FnOnce(&mut [u8; 12]), attributes: &[(u16, &[u8])]) -> Vec<u8> {
        let mut header = [2, 24, 0, 0, 254, 16, 253, 1, 0, 0, 0, 0];
        change(&mut header);
        let destination: (u16, &[u8]) = (DESTINATION, &[192, 0, 2, 0]);
        with_attributes(&header, &[&[destination], attributes].concat())
    }

    #[test]
    fn an_address_is_read_with_what_is_left_of_its_life() {
        let expected = Address {
            local: [10, 0, 0, 5].into(),
            prefix_length: 24,
            broadcast: Some([10, 0, 0, 255].into()),
            seconds: 600,
            scope: Scope::Universe,
        };
        assert_eq!(address(&address_message(0, 0)), Some((7, expected)));
        let permanent = Address {
            seconds: FOR_EVER,
            scope: Scope::Link,
            ..expected
        };
        assert_eq!(address(&address_message(0x80, 253)), Some((7, permanent)));
    }

    #[test]
    fn a_route_is_read_with_all_that_tells_it_from_another() {
        let payload = route_message(
            |header| header[6] = 0,
            &[
                INDEX,
                (GATEWAY, &[10, 0, 0, 1]),
                (PRIORITY, &1007_u32.to_ne_bytes()),
                (SOURCE, &[10, 0, 0, 5]),
                (METRICS, &[8, 0, 2, 0, 120, 5, 0, 0]),
                (TABLE, &254_u32.to_ne_bytes()),
            ],
        );
        let expected = KernelRoute {
            destination: [192, 0, 2, 0].into(),
            prefix_length: 24,
            gateway: Some([10, 0, 0, 1].into()),
            source: [10, 0, 0, 5].into(),
            metric: 1007,
            mtu: 1400,
        };
        assert_eq!(route(&payload), Some((7, expected)));
    }

    #[test]
    fn routes_that_no_client_makes_are_passed_over() {
        let with = |change: fn(&mut [u8; 12])| route(&route_message(change, &[INDEX]));
        assert!(with(|_| {}).is_some(), "control");
        // IPv6, type of service, another table, of the kernel, a scope of its own, unreachable.
        let changes: [fn(&mut [u8; 12]); 6] = [
            |header| header[0] = 10,
            |header| header[3] = 16,
            |header| header[4] = 253,
            |header| header[5] = 2,
            |header| header[6] = 0,
            |header| header[7] = 7,
        ];
        assert!(changes.into_iter().all(|change| with(change).is_none()));
        assert_eq!(
            route(&route_message(|_| {}, &[])),
            None,
            "of several interfaces"
        );
        let table: (u16, &[u8]) = (TABLE, &1000_u32.to_ne_bytes());
        assert_eq!(route(&route_message(|_| {}, &[INDEX, table])), None);
    }

    #[test]
    fn malformed_messages_say_nothing() {
        let whole = address_message(0, 0);
        let until_local = whole.iter().take(15).copied().collect::<Vec<u8>>();
        assert_eq!(address(&until_local), None);
        let short: (u16, &[u8]) = (GATEWAY, &[10, 0, 0]);
        assert_eq!(route(&route_message(|_| {}, &[INDEX, short])), None);
        assert_eq!((address(&[]), route(&[])), (None, None));
        assert_eq!((address(&[2; 7]), route(&[2; 11])), (None, None));
    }
}
