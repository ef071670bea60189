//! The policy, by what must hold of any lease at all.

use std::net::Ipv4Addr;

use proptest::{collection::vec, option, prelude::*};
use sdk_rpc::{Lease, Route};

use super::{
    tests::{LIMITS, NOW},
    *,
};

/// Any address, with those that matter more often than chance would have them.
fn any_address() -> impl Strategy<Value = Ipv4Addr> {
    prop_oneof![
        any::<u32>().prop_map(Ipv4Addr::from_bits),
        (0_u8..4).prop_map(|last| Ipv4Addr::new(10, 0, 0, last)),
        Just(Ipv4Addr::UNSPECIFIED),
        Just(Ipv4Addr::LOCALHOST),
        Just(Ipv4Addr::BROADCAST),
    ]
}

fn any_route() -> impl Strategy<Value = Route> {
    (any_address(), 0_u8..=40, any_address()).prop_map(|(destination, prefix_length, gateway)| {
        Route {
            destination,
            prefix_length,
            gateway,
        }
    })
}

fn any_text() -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..12).prop_map(|characters| characters.into_iter().collect())
}

prop_compose! {
    /// Any lease that a calf can express.
    pub(crate) fn any_lease()(
        (address, prefix_length, broadcast, server) in
            (any_address(), 0_u8..=40, option::of(any_address()), any_address()),
        routers in vec(any_address(), 0..12),
        routes in vec(any_route(), 0..80),
        dns in vec(any_address(), 0..12),
        ntp in vec(any_address(), 0..12),
        (domain, search, host_name) in
            (option::of(any_text()), vec(any_text(), 0..20), option::of(any_text())),
        mtu in option::of(any::<u16>()),
        lease_seconds in option::of(any::<u32>()),
        acquired_at in any::<u64>(),
        (renew_at, rebind_at) in (option::of(any::<u64>()), option::of(any::<u64>())),
        reach in option::of(0_u64..10_000_000),
        finite in any::<bool>(),
    ) -> Lease {
        let (lease_seconds, expires_at) =
            if finite { (lease_seconds, reach.map(|reach| NOW.saturating_add(reach))) } else { (None, None) };
        Lease {
            address, prefix_length, broadcast, server, routers, routes, dns, ntp, domain, search,
            host_name, mtu, lease_seconds, acquired_at, renew_at, rebind_at, expires_at,
            origin: sdk_rpc::Origin::Server,
            next_server: Ipv4Addr::UNSPECIFIED,
            server_name: None,
            boot_file: None,
            parameters: Vec::new(),
        }
    }
}

proptest! {
    #[test]
    fn whatever_passes_is_within_the_policy(lease in any_lease()) {
        let Ok((checked, dropped)) = check(lease, LIMITS, NOW) else { return Ok(()) };
        let lease = checked.lease();
        prop_assert!(is_unicast(lease.address));
        prop_assert!((1..=32).contains(&lease.prefix_length));
        for route in &lease.routes {
            prop_assert!(!route.destination.is_loopback() && route.destination.octets()[0] < 224);
            prop_assert!(route.gateway.is_unspecified() || is_unicast(route.gateway));
            prop_assert!(route.gateway != lease.address);
        }
        prop_assert!(lease.routes.len() <= MOST_ROUTES);
        prop_assert!(lease.dns.iter().chain(&lease.ntp).chain(&lease.routers).all(|it| is_unicast(*it)));
        prop_assert!(lease.mtu.is_none_or(|mtu| (576..=1500).contains(&mtu)));
        let mut names = lease.search.iter().chain(&lease.domain).chain(&lease.host_name);
        prop_assert!(names.all(|name| name.bytes().all(|byte| byte.is_ascii_graphic())));
        prop_assert!(line(&dropped).is_none_or(|line| line.len() < 2000));
    }

    #[test]
    fn what_passed_passes_again_unchanged(lease in any_lease()) {
        if let Ok((checked, _)) = check(lease, LIMITS, NOW) {
            let again = check(checked.lease().clone(), LIMITS, NOW);
            prop_assert_eq!(again, Ok((checked, vec![])));
        }
    }
}
