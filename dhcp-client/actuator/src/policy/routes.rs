//! Default gateways and routes from a lease.

use std::net::Ipv4Addr;

use sdk_rpc::{Lease, Route};

use super::{Dropped, GatewayFault, MOST_ROUTERS, MOST_ROUTES, RouteFault, is_unicast};
use crate::subnet::Subnet;

/// Drops what is no route, and clears host bits of destinations.
pub(super) fn check(lease: &mut Lease, subnet: Subnet, dropped: &mut Vec<Dropped>) {
    let own = Own {
        address: lease.address,
        subnet,
    };
    lease.routers = routers(core::mem::take(&mut lease.routers), own, dropped);
    let routes = routes(core::mem::take(&mut lease.routes), own, dropped);

    // A gateway that is itself behind a gateway cannot be a next hop, and a host route for it would
    // fight with the one that makes it reachable.
    let gateways: Vec<Ipv4Addr> = routes
        .iter()
        .map(|route| route.gateway)
        .chain(lease.routers.iter().copied())
        .filter(|gateway| !gateway.is_unspecified())
        .collect();
    for route in routes {
        let leads_to_gateway = route.prefix_length == 32
            && !route.gateway.is_unspecified()
            && gateways.contains(&route.destination);
        if leads_to_gateway {
            dropped.push(Dropped::Route(route, RouteFault::ToGateway));
        } else {
            lease.routes.push(route);
        }
    }
}

#[derive(Clone, Copy)]
struct Own {
    address: Ipv4Addr,
    subnet: Subnet,
}

fn routers(given: Vec<Ipv4Addr>, own: Own, dropped: &mut Vec<Dropped>) -> Vec<Ipv4Addr> {
    let mut kept = Vec::new();
    let mut surplus = 0_usize;
    for router in given {
        if kept.contains(&router) {
            continue;
        }
        if kept.len() == MOST_ROUTERS {
            surplus = surplus.saturating_add(1);
            continue;
        }
        match gateway_fault(router, own) {
            Some(fault) => dropped.push(Dropped::Router(router, fault)),
            None => kept.push(router),
        }
    }
    if surplus > 0 {
        dropped.push(Dropped::Surplus {
            what: "routers",
            kept: MOST_ROUTERS,
            surplus,
        });
    }
    kept
}

fn routes(given: Vec<Route>, own: Own, dropped: &mut Vec<Dropped>) -> Vec<Route> {
    let mut kept: Vec<Route> = Vec::new();
    let mut surplus = 0_usize;
    for route in given {
        if kept.len() == MOST_ROUTES {
            surplus = surplus.saturating_add(1);
            continue;
        }
        match one(route, own, &kept) {
            Ok(route) => kept.push(route),
            Err(fault) => dropped.push(Dropped::Route(route, fault)),
        }
    }
    if surplus > 0 {
        dropped.push(Dropped::Surplus {
            what: "routes",
            kept: MOST_ROUTES,
            surplus,
        });
    }
    kept
}

fn one(route: Route, own: Own, kept: &[Route]) -> Result<Route, RouteFault> {
    // RFC 3442: "the DHCP client MUST zero any bits in the subnet number where the corresponding bit in
    // the mask is zero".
    let destination =
        Subnet::of(route.destination, route.prefix_length).ok_or(RouteFault::PrefixLength)?;
    let network = destination.network();
    if !is_destination(destination) {
        return Err(RouteFault::Destination);
    }
    if route.prefix_length == 32 && network == own.address {
        return Err(RouteFault::OwnAddress);
    }
    let mut gateway = route.gateway;
    if route.prefix_length == 32 && gateway == network {
        // A host that is its own gateway is on-link.
        gateway = Ipv4Addr::UNSPECIFIED;
    }
    if !gateway.is_unspecified() {
        if let Some(fault) = gateway_fault(gateway, own) {
            return Err(RouteFault::Gateway(fault));
        }
        if destination == own.subnet {
            return Err(RouteFault::OwnSubnet);
        }
    }
    let same =
        |other: &Route| other.destination == network && other.prefix_length == route.prefix_length;
    // RFC 2132 section 5.8: "If multiple routes to the same destination are specified, they are listed
    // in descending order of priority".
    if kept.iter().any(same) {
        return Err(RouteFault::Duplicate);
    }
    Ok(Route {
        destination: network,
        prefix_length: route.prefix_length,
        gateway,
    })
}

/// Whether packets to all of `destination` could be for hosts elsewhere. Wider routes that merely contain
/// loopback are fine: the kernel looks up its own addresses first.
fn is_destination(destination: Subnet) -> bool {
    let [first, _, _, _] = destination.network().octets();
    let this_network = first == 0 && destination.prefix_length() >= 8;
    !this_network && first != 127 && first < 224
}

fn gateway_fault(gateway: Ipv4Addr, own: Own) -> Option<GatewayFault> {
    if !is_unicast(gateway) {
        Some(GatewayFault::NotUnicast)
    } else if gateway == own.address {
        Some(GatewayFault::OwnAddress)
    } else if own.subnet.is_edge(gateway) {
        Some(GatewayFault::EdgeOfSubnet)
    } else {
        None
    }
}
