//! Steps in the kernel's words: rtnetlink messages (rtnetlink(7)).

use std::net::{IpAddr, Ipv4Addr};

use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE};
use netlink_packet_route::{
    AddressFamily, RouteNetlinkMessage,
    address::{AddressAttribute, AddressFlags, AddressMessage, AddressScope, CacheInfo},
    link::{
        AfSpecInet, AfSpecUnspec, InetDevConf, LinkAttribute, LinkExtentMask, LinkFlags,
        LinkMessage,
    },
    route::{
        RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteMetric, RouteProtocol,
        RouteScope, RouteType,
    },
};

use crate::plan::{Address, KernelRoute, Scope, Step};

/// A message and its flags beyond those of every request.
pub(crate) type Request = (RouteNetlinkMessage, u16);

/// The message that makes `step` happen on interface `index`.
pub(crate) fn request(step: Step, index: u32) -> Request {
    match step {
        Step::AddAddress(address) => (
            RouteNetlinkMessage::NewAddress(message(address, index)),
            NLM_F_CREATE | NLM_F_EXCL,
        ),
        Step::ExtendAddress(address) => (
            RouteNetlinkMessage::NewAddress(message(address, index)),
            NLM_F_CREATE | NLM_F_REPLACE,
        ),
        Step::RemoveAddress(address) => {
            (RouteNetlinkMessage::DelAddress(message(address, index)), 0)
        }
        // Not NLM_F_REPLACE, which replaces whatever route has the same destination and metric; without
        // NLM_F_EXCL only the very same route is "File exists".
        Step::AddRoute(route) => (
            RouteNetlinkMessage::NewRoute(route_message(route, index)),
            NLM_F_CREATE,
        ),
        Step::RemoveRoute(route) => (
            RouteNetlinkMessage::DelRoute(route_message(route, index)),
            0,
        ),
        Step::SetMtu(mtu) => {
            let mut message = link_message(index);
            message.attributes.push(LinkAttribute::Mtu(mtu));
            (RouteNetlinkMessage::SetLink(message), 0)
        }
    }
}

/// Brings the link up.
pub(crate) fn bring_up(index: u32) -> Request {
    let mut message = link_message(index);
    message.header.flags = LinkFlags::Up;
    message.header.change_mask = LinkFlags::Up;
    (RouteNetlinkMessage::SetLink(message), 0)
}

/// Without this the kernel removes every other address of a subnet together with the first one; those
/// that somebody else added are not ours to remove.
pub(crate) fn promote_secondaries(index: u32) -> Request {
    let mut configuration = InetDevConf::default();
    configuration.promote_secondaries = 1;
    let mut message = link_message(index);
    message
        .attributes
        .push(LinkAttribute::AfSpecUnspec(vec![AfSpecUnspec::Inet(vec![
            AfSpecInet::DevConfRequest(configuration),
        ])]));
    (RouteNetlinkMessage::SetLink(message), 0)
}

/// Asks for a link by index.
pub(crate) fn link_by_index(index: u32) -> Request {
    (RouteNetlinkMessage::GetLink(link_message(index)), 0)
}

/// Asks for a link by name.
pub(crate) fn link_by_name(name: &str) -> Request {
    let mut message = link_message(0);
    message
        .attributes
        .push(LinkAttribute::IfName(name.to_owned()));
    (RouteNetlinkMessage::GetLink(message), 0)
}

/// Asks for all links, without their statistics.
pub(crate) fn all_links() -> Request {
    let mut message = link_message(0);
    message
        .attributes
        .push(LinkAttribute::ExtMask(vec![LinkExtentMask::SkipStats]));
    (RouteNetlinkMessage::GetLink(message), 0)
}

/// Asks for the IPv4 addresses of an interface.
pub(crate) fn addresses(index: u32) -> Request {
    let mut message = AddressMessage::default();
    message.header.family = AddressFamily::Inet;
    message.header.index = index;
    (RouteNetlinkMessage::GetAddress(message), 0)
}

/// Asks for the IPv4 routes through an interface that DHCP clients made.
pub(crate) fn dhcp_routes(index: u32) -> Request {
    let mut message = RouteMessage::default();
    message.header.address_family = AddressFamily::Inet;
    message.header.protocol = RouteProtocol::Dhcp;
    message.attributes = vec![RouteAttribute::Oif(index)];
    (RouteNetlinkMessage::GetRoute(message), 0)
}

fn link_message(index: u32) -> LinkMessage {
    let mut message = LinkMessage::default();
    message.header.index = index;
    message
}

fn message(address: Address, index: u32) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header.family = AddressFamily::Inet;
    message.header.prefix_len = address.prefix_length;
    message.header.scope = match address.scope {
        Scope::Universe => AddressScope::Universe,
        Scope::Link => AddressScope::Link,
    };
    message.header.index = index;
    let local = IpAddr::V4(address.local);
    let mut lifetimes = CacheInfo::default();
    lifetimes.ifa_valid = address.seconds;
    lifetimes.ifa_preferred = address.seconds;
    message.attributes = vec![
        AddressAttribute::Local(local),
        AddressAttribute::Address(local),
        // The on-link route is ours to add, with our protocol, metric and source.
        AddressAttribute::Flags(AddressFlags::Noprefixroute),
        AddressAttribute::CacheInfo(lifetimes),
    ];
    if let Some(broadcast) = address.broadcast {
        message
            .attributes
            .push(AddressAttribute::Broadcast(broadcast));
    }
    message
}

fn route_message(route: KernelRoute, index: u32) -> RouteMessage {
    let inet = |address: Ipv4Addr| RouteAddress::Inet(address);
    let mut message = RouteMessage::default();
    message.header.address_family = AddressFamily::Inet;
    message.header.destination_prefix_length = route.prefix_length;
    message.header.table = RouteHeader::RT_TABLE_MAIN;
    message.header.protocol = RouteProtocol::Dhcp;
    message.header.kind = RouteType::Unicast;
    message.header.scope = if route.gateway.is_some() {
        RouteScope::Universe
    } else {
        RouteScope::Link
    };
    message.attributes = vec![
        RouteAttribute::Oif(index),
        RouteAttribute::Priority(route.metric),
        // Also when it is 0, which to the kernel is none: without it, removing would find a route with
        // any MTU, and so perhaps the one that takes its place.
        RouteAttribute::Metrics(vec![RouteMetric::Mtu(route.mtu)]),
    ];
    if !route.source.is_unspecified() {
        message
            .attributes
            .push(RouteAttribute::PrefSource(inet(route.source)));
    }
    if route.prefix_length > 0 {
        message
            .attributes
            .push(RouteAttribute::Destination(inet(route.destination)));
    }
    if let Some(gateway) = route.gateway {
        message
            .attributes
            .push(RouteAttribute::Gateway(inet(gateway)));
    }
    message
}
