//! The policy, by what must hold of any lease at all.

use std::net::Ipv4Addr;

use proptest::{collection::vec, option, prelude::*};
use sdk_rpc::{Lease, Origin, Route};

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

fn any_origin() -> impl Strategy<Value = Origin> {
    prop_oneof![
        8 => Just(Origin::Server),
        1 => Just(Origin::LinkLocal),
        2 => Just(Origin::Inform),
        2 => Just(Origin::Operator),
    ]
}

fn any_value() -> impl Strategy<Value = sdk_rpc::Value> {
    prop_oneof![
        vec(any::<u8>(), 0..8).prop_map(sdk_rpc::Value::Octets),
        // As large as there can be; what is in it does not matter.
        Just(sdk_rpc::Value::Numbers(vec![0; 2048])),
        vec(any_address(), 0..8).prop_map(sdk_rpc::Value::Addresses),
        vec(any::<i64>(), 0..8).prop_map(sdk_rpc::Value::Numbers),
        any_text().prop_map(sdk_rpc::Value::Text),
        vec(any_text(), 0..4).prop_map(sdk_rpc::Value::Names),
        vec(any_route(), 0..4).prop_map(sdk_rpc::Value::Routes),
    ]
}

fn any_parameter() -> impl Strategy<Value = sdk_rpc::Parameter> {
    (any::<u8>(), any_value()).prop_map(|(code, value)| sdk_rpc::Parameter { code, value })
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
        (origin, next_server) in (any_origin(), any_address()),
        (server_name, boot_file) in (option::of(any_text()), option::of(any_text())),
        parameters in vec(any_parameter(), 0..8),
    ) -> Lease {
        let (lease_seconds, expires_at) =
            if finite { (lease_seconds, reach.map(|reach| NOW.saturating_add(reach))) } else { (None, None) };
        Lease {
            address, prefix_length, broadcast, server, routers, routes, dns, ntp, domain, search,
            host_name, mtu, lease_seconds, acquired_at, renew_at, rebind_at, expires_at,
            origin, next_server, server_name, boot_file, parameters,
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
        prop_assert!(lease.origin == Origin::Server || lease.expires_at.is_none());
        let texts = lease.server_name.iter().chain(&lease.boot_file);
        prop_assert!(texts.flat_map(|text| text.chars()).all(|character| !character.is_control()));
        let codes: std::collections::HashSet<u8> =
            lease.parameters.iter().map(|parameter| parameter.code).collect();
        prop_assert_eq!(codes.len(), lease.parameters.len());
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
