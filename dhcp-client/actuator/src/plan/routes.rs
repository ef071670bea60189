//! The routes that a lease puts into the kernel, as far as they are wanted.

use std::net::Ipv4Addr;

use sdk_rpc::{Lease, Route};

use super::{KernelRoute, Surroundings};
use crate::{policy::Checked, subnet::Subnet, takes::Takes};

/// The routes of a lease, each after those that its gateway is reached by.
pub(super) fn of(checked: &Checked, surroundings: Surroundings) -> Vec<KernelRoute> {
    let lease = checked.lease();
    let Takes {
        default_route,
        routes,
        resolvers: _,
        mtu: _,
        host_name: _,
    } = surroundings.takes;
    let mut list = RouteList::new(lease, surroundings.metric);
    // With 32 bits there is nobody on-link but the host itself. For a link-local address RFC 3927 section
    // 2.6.2 asks for just this: "adding a routing table entry indicating that 169.254/16 is directly
    // reachable on the local link".
    if let Some(subnet) = checked
        .subnet()
        .filter(|subnet| subnet.prefix_length() < 32)
    {
        list.add_on_link(subnet);
    }
    if !routes {
        return list.routes;
    }
    let wanted = |route: &&Route| default_route || route.prefix_length > 0;
    let (on_link, mut gatewayed): (Vec<Route>, Vec<Route>) = lease
        .routes
        .iter()
        .filter(wanted)
        .partition(|route| route.gateway.is_unspecified());
    // RFC 3442, "DHCP Client Behavior": "DHCP clients that support this option MUST install the routes
    // specified in the option"; policy has taken out what no route can be.
    for route in &on_link {
        list.add_on_link_route(route);
    }
    // RFC 3442 lets routes replace the Router option; where they name a default route it is the one.
    let has_default = lease.routes.iter().any(|route| route.prefix_length == 0);
    if default_route
        && !has_default
        && let Some(router) = lease.routers.first()
    {
        gatewayed.push(Route {
            destination: Ipv4Addr::UNSPECIFIED,
            prefix_length: 0,
            gateway: *router,
        });
    }
    for route in &gatewayed {
        list.make_reachable(route.gateway);
    }
    for route in &gatewayed {
        list.add(route, Some(route.gateway));
    }
    list.routes
}

struct RouteList {
    template: KernelRoute,
    on_link: Vec<Subnet>,
    routes: Vec<KernelRoute>,
}

impl RouteList {
    fn new(lease: &Lease, metric: u32) -> Self {
        let template = KernelRoute {
            destination: Ipv4Addr::UNSPECIFIED,
            prefix_length: 0,
            gateway: None,
            source: lease.address,
            metric,
            mtu: lease.mtu.map_or(0, u32::from),
        };
        Self {
            template,
            on_link: Vec::new(),
            routes: Vec::new(),
        }
    }

    fn add_on_link(&mut self, subnet: Subnet) {
        if self.on_link.contains(&subnet) {
            return;
        }
        self.on_link.push(subnet);
        self.routes.push(KernelRoute {
            destination: subnet.network(),
            prefix_length: subnet.prefix_length(),
            ..self.template
        });
    }

    fn add_on_link_route(&mut self, route: &Route) {
        if let Some(subnet) = Subnet::of(route.destination, route.prefix_length) {
            self.add_on_link(subnet);
        }
    }

    /// A gateway outside the subnet gets a host route: clouds give a /32 and a gateway beside it.
    fn make_reachable(&mut self, gateway: Ipv4Addr) {
        if self.on_link.iter().any(|subnet| subnet.contains(gateway)) {
            return;
        }
        if let Some(host) = Subnet::of(gateway, 32) {
            self.add_on_link(host);
        }
    }

    fn add(&mut self, route: &Route, gateway: Option<Ipv4Addr>) {
        self.routes.push(KernelRoute {
            destination: route.destination,
            prefix_length: route.prefix_length,
            gateway,
            ..self.template
        });
    }
}
