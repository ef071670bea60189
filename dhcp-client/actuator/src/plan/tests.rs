//! Plans, by tables of what one lease after another must change and what it must leave alone.

use std::net::Ipv4Addr;

use proptest::prelude::*;
use sdk_rpc::{Lease, Origin, Route};

use super::*;
use crate::policy::{self, Limits};

/// Arbitrary.
const NOW: u64 = 1_000_000;
const METRIC: u32 = 1007;

fn surroundings() -> Surroundings {
    Surroundings {
        metric: METRIC,
        takes: Takes::default(),
        now: NOW,
        mtu: LinkMtu {
            now: 1500,
            original: None,
        },
    }
}

fn checked(change: impl FnOnce(&mut Lease)) -> Checked {
    let mut lease = Lease {
        address: [10, 0, 0, 5].into(),
        prefix_length: 24,
        broadcast: None,
        server: [10, 0, 0, 1].into(),
        routers: vec![[10, 0, 0, 1].into()],
        routes: Vec::new(),
        dns: Vec::new(),
        ntp: Vec::new(),
        domain: None,
        search: Vec::new(),
        host_name: None,
        mtu: None,
        lease_seconds: Some(3600),
        acquired_at: NOW,
        renew_at: None,
        rebind_at: None,
        expires_at: Some(NOW + 3_599_999),
        origin: Origin::Server,
        next_server: Ipv4Addr::UNSPECIFIED,
        server_name: None,
        boot_file: None,
        parameters: Vec::new(),
    };
    change(&mut lease);
    policy::check(lease, Limits { highest_mtu: 9000 }, NOW)
        .unwrap()
        .0
}

fn address(octets: [u8; 4], prefix_length: u8, seconds: u32) -> Address {
    let broadcast = Subnet::of(octets.into(), prefix_length).unwrap();
    let broadcast = broadcast.has_edges().then(|| broadcast.last());
    Address {
        local: octets.into(),
        prefix_length,
        broadcast,
        seconds,
        scope: Scope::Universe,
    }
}

fn kernel_route(destination: [u8; 4], prefix_length: u8, gateway: Option<[u8; 4]>) -> KernelRoute {
    KernelRoute {
        destination: destination.into(),
        prefix_length,
        gateway: gateway.map(Ipv4Addr::from),
        source: [10, 0, 0, 5].into(),
        metric: METRIC,
        mtu: 0,
    }
}

fn steps(planned: &[Planned]) -> Vec<Step> {
    planned.iter().map(|planned| planned.step).collect()
}

fn route(destination: [u8; 4], prefix_length: u8, gateway: [u8; 4]) -> Route {
    Route {
        destination: destination.into(),
        prefix_length,
        gateway: gateway.into(),
    }
}

fn added_routes(checked: &Checked) -> Vec<KernelRoute> {
    routes_taken(checked, Takes::default())
}

fn routes_taken(checked: &Checked, takes: Takes) -> Vec<KernelRoute> {
    let surroundings = Surroundings {
        takes,
        ..surroundings()
    };
    let plan = plan(None, Some(checked), surroundings);
    steps(&plan.additions)
        .into_iter()
        .filter_map(|step| {
            if let Step::AddRoute(route) = step {
                Some(route)
            } else {
                None
            }
        })
        .collect()
}

#[test]
fn a_first_lease_is_address_subnet_and_default_route() {
    let plan = plan(None, Some(&checked(|_| {})), surroundings());
    let expected = [
        Step::AddAddress(address([10, 0, 0, 5], 24, 3599)),
        Step::AddRoute(kernel_route([10, 0, 0, 0], 24, None)),
        Step::AddRoute(kernel_route([0, 0, 0, 0], 0, Some([10, 0, 0, 1]))),
    ];
    assert_eq!(steps(&plan.additions), expected);
    assert_eq!(plan.removals, []);
}

#[test]
fn an_infinite_lease_lasts_for_ever() {
    let lease = checked(|lease| {
        lease.lease_seconds = None;
        lease.expires_at = None;
    });
    let plan = plan(None, Some(&lease), surroundings());
    let expected = Step::AddAddress(address([10, 0, 0, 5], 24, FOR_EVER));
    assert_eq!(plan.additions[0].step, expected);
}

#[test]
fn the_last_second_is_not_rounded_to_nothing() {
    assert_eq!(remaining(Some(NOW + 999), NOW), 1);
    assert_eq!(remaining(Some(NOW + 2999), NOW), 2);
    assert_eq!(remaining(Some(u64::MAX), NOW), FOR_EVER - 1);
}

#[test]
fn a_gateway_outside_the_subnet_gets_a_host_route_first() {
    let lease = checked(|lease| lease.routers = vec![[192, 0, 2, 1].into()]);
    let expected = [
        kernel_route([10, 0, 0, 0], 24, None),
        kernel_route([192, 0, 2, 1], 32, None),
        kernel_route([0, 0, 0, 0], 0, Some([192, 0, 2, 1])),
    ];
    assert_eq!(added_routes(&lease), expected);
}

#[test]
fn a_single_address_has_no_subnet_but_a_way_to_its_gateway() {
    let lease = checked(|lease| lease.prefix_length = 32);
    let expected = [
        kernel_route([10, 0, 0, 1], 32, None),
        kernel_route([0, 0, 0, 0], 0, Some([10, 0, 0, 1])),
    ];
    assert_eq!(added_routes(&lease), expected);
}

#[test]
fn classless_routes_come_on_link_first_and_their_default_is_the_one() {
    let lease = checked(|lease| {
        lease.routes = vec![
            route([0, 0, 0, 0], 0, [172, 16, 0, 1]),
            route([172, 16, 0, 0], 16, [0, 0, 0, 0]),
        ];
    });
    let expected = [
        kernel_route([10, 0, 0, 0], 24, None),
        kernel_route([172, 16, 0, 0], 16, None),
        kernel_route([0, 0, 0, 0], 0, Some([172, 16, 0, 1])),
    ];
    assert_eq!(added_routes(&lease), expected);
}

#[test]
fn what_is_not_wanted_of_the_routes_is_not_there() {
    let default = [0, 0, 0, 0];
    let given = vec![
        route(default, 0, [172, 16, 0, 1]),
        route([172, 16, 0, 0], 16, [0, 0, 0, 0]),
        route([192, 0, 2, 0], 24, [10, 0, 0, 9]),
    ];
    let classless = checked(|lease| lease.routes = given);
    let by_router = checked(|_| {});
    let off_link = checked(|lease| lease.routers = vec![[192, 0, 2, 1].into()]);
    let on_link = checked(|lease| lease.routes = vec![route(default, 0, default)]);
    let subnet = kernel_route([10, 0, 0, 0], 24, None);

    let without_default = Takes {
        default_route: false,
        ..Takes::default()
    };
    let rest = [
        subnet,
        kernel_route([172, 16, 0, 0], 16, None),
        kernel_route([192, 0, 2, 0], 24, Some([10, 0, 0, 9])),
    ];
    // Nor does the router take the place of the classless default route.
    assert_eq!(routes_taken(&classless, without_default), rest);
    assert_eq!(routes_taken(&by_router, without_default), [subnet]);
    // Nor is there a way to a gateway that nothing goes through.
    assert_eq!(routes_taken(&off_link, without_default), [subnet]);
    assert_eq!(routes_taken(&on_link, without_default), [subnet]);

    let without_routes = Takes {
        routes: false,
        ..Takes::default()
    };
    for lease in [&classless, &by_router, &off_link, &on_link] {
        assert_eq!(routes_taken(lease, without_routes), [subnet]);
    }
}

#[test]
fn a_link_local_address_reaches_its_link_and_no_further() {
    let lease = checked(|lease| {
        lease.origin = Origin::LinkLocal;
        lease.address = [169, 254, 7, 9].into();
        lease.prefix_length = 16;
        lease.server = Ipv4Addr::UNSPECIFIED;
        lease.routers = Vec::new();
        lease.lease_seconds = None;
        lease.expires_at = None;
    });
    let plan = plan(None, Some(&lease), surroundings());
    let expected = [
        Step::AddAddress(Address {
            scope: Scope::Link,
            ..address([169, 254, 7, 9], 16, FOR_EVER)
        }),
        Step::AddRoute(KernelRoute {
            source: [169, 254, 7, 9].into(),
            ..kernel_route([169, 254, 0, 0], 16, None)
        }),
    ];
    assert_eq!(steps(&plan.additions), expected);
}

#[test]
fn an_mtu_that_is_not_wanted_leaves_the_link_alone_and_limits_the_routes() {
    let with = checked(|lease| lease.mtu = Some(1400));
    let surroundings = Surroundings {
        takes: Takes {
            mtu: false,
            ..Takes::default()
        },
        ..surroundings()
    };
    let plan = plan(None, Some(&with), surroundings);
    let mut sets_mtu = plan.additions.iter().map(|planned| planned.step);
    assert!(!sets_mtu.any(|step| matches!(step, Step::SetMtu(_))));
    let on_link = KernelRoute {
        mtu: 1400,
        ..kernel_route([10, 0, 0, 0], 24, None)
    };
    assert_eq!(plan.additions[1].step, Step::AddRoute(on_link));
}

#[test]
fn a_renewal_extends_the_address_and_removes_nothing() {
    let old = checked(|lease| lease.expires_at = Some(NOW + 10_000));
    let new = checked(|_| {});
    let plan = plan(Some(&old), Some(&new), surroundings());
    let extended = Planned {
        step: Step::ExtendAddress(address([10, 0, 0, 5], 24, 3599)),
        undo: Step::ExtendAddress(address([10, 0, 0, 5], 24, 10)),
    };
    assert_eq!(plan.additions[0], extended);
    assert_eq!(plan.removals, []);
}

#[test]
fn another_router_is_added_before_the_old_one_goes() {
    let old = checked(|_| {});
    let new = checked(|lease| lease.routers = vec![[10, 0, 0, 2].into()]);
    let plan = plan(Some(&old), Some(&new), surroundings());
    let added = Step::AddRoute(kernel_route([0, 0, 0, 0], 0, Some([10, 0, 0, 2])));
    let removed = Step::RemoveRoute(kernel_route([0, 0, 0, 0], 0, Some([10, 0, 0, 1])));
    assert!(steps(&plan.additions).contains(&added));
    assert_eq!(steps(&plan.removals), [removed]);
}

#[test]
fn another_address_of_the_subnet_comes_by_a_bridge() {
    let old = checked(|_| {});
    let new = checked(|lease| lease.address = [10, 0, 0, 6].into());
    let plan = plan(Some(&old), Some(&new), surroundings());
    let bridge = Address {
        broadcast: None,
        ..address([10, 0, 0, 6], 32, 3599)
    };
    assert_eq!(plan.additions[0].step, Step::AddAddress(bridge));
    let last = [
        Step::RemoveAddress(address([10, 0, 0, 5], 24, 3599)),
        Step::AddAddress(address([10, 0, 0, 6], 24, 3599)),
        Step::RemoveAddress(bridge),
    ];
    assert_eq!(steps(&plan.removals)[2..], last);
}

#[test]
fn an_address_of_another_subnet_is_there_before_the_old_one_goes() {
    let old = checked(|_| {});
    let new = checked(|lease| lease.address = [10, 9, 0, 6].into());
    let plan = plan(Some(&old), Some(&new), surroundings());
    assert_eq!(
        plan.additions[0].step,
        Step::AddAddress(address([10, 9, 0, 6], 24, 3599))
    );
    let last = steps(&plan.removals).pop();
    assert_eq!(
        last,
        Some(Step::RemoveAddress(address([10, 0, 0, 5], 24, 3599)))
    );
}

#[test]
fn the_link_takes_the_mtu_of_the_lease_and_gets_its_own_back() {
    let with = checked(|lease| lease.mtu = Some(1400));
    let without = checked(|_| {});
    let mtu_steps = |current: Option<&Checked>, wanted: Option<&Checked>, now, original| {
        let mtu = LinkMtu { now, original };
        let plan = plan(
            current,
            wanted,
            Surroundings {
                mtu,
                ..surroundings()
            },
        );
        let mut steps = steps(&plan.additions);
        steps.retain(|step| matches!(step, Step::SetMtu(_)));
        steps
    };
    assert_eq!(
        mtu_steps(None, Some(&with), 1500, None),
        [Step::SetMtu(1400)]
    );
    assert_eq!(mtu_steps(None, Some(&with), 1400, None), []);
    assert_eq!(mtu_steps(Some(&with), Some(&with), 1400, Some(1500)), []);
    assert_eq!(
        mtu_steps(Some(&with), Some(&without), 1400, Some(1500)),
        [Step::SetMtu(1500)]
    );
    assert_eq!(
        mtu_steps(Some(&with), None, 1400, Some(1500)),
        [Step::SetMtu(1500)]
    );
    // Somebody else set it in between.
    assert_eq!(mtu_steps(Some(&with), None, 1300, Some(1500)), []);
    assert_eq!(mtu_steps(Some(&with), Some(&with), 1300, Some(1500)), []);
}

#[test]
fn routes_with_another_mtu_are_there_before_the_old_ones_go() {
    let old = checked(|_| {});
    let new = checked(|lease| lease.mtu = Some(1400));
    let plan = plan(Some(&old), Some(&new), surroundings());
    let on_link = kernel_route([10, 0, 0, 0], 24, None);
    let default = kernel_route([0, 0, 0, 0], 0, Some([10, 0, 0, 1]));
    let with_mtu = |route| Step::AddRoute(KernelRoute { mtu: 1400, ..route });
    assert_eq!(
        steps(&plan.additions)[1..3],
        [with_mtu(on_link), with_mtu(default)]
    );
    assert_eq!(
        steps(&plan.removals),
        [Step::RemoveRoute(on_link), Step::RemoveRoute(default)]
    );
}

/// What the kernel has after the steps, if it refuses none.
fn after(
    plan: &Plan,
    mut addresses: Vec<(Ipv4Addr, u8)>,
    mut routes: Vec<KernelRoute>,
) -> (Vec<(Ipv4Addr, u8)>, Vec<KernelRoute>) {
    for planned in plan.additions.iter().chain(&plan.removals) {
        match planned.step {
            Step::AddAddress(it) | Step::ExtendAddress(it) => {
                if !addresses.contains(&(it.local, it.prefix_length)) {
                    addresses.push((it.local, it.prefix_length));
                }
            }
            Step::RemoveAddress(it) => {
                addresses.retain(|other| *other != (it.local, it.prefix_length));
                assert!(!addresses.is_empty() || planned == plan.removals.last().unwrap());
            }
            Step::AddRoute(it) => {
                if !routes.contains(&it) {
                    routes.push(it);
                }
            }
            Step::RemoveRoute(it) => routes.retain(|other| *other != it),
            Step::SetMtu(_) => {}
        }
    }
    (addresses, routes)
}

proptest! {
    #[test]
    fn after_any_two_leases_there_is_what_the_second_says(
        one in policy::properties::any_lease(),
        two in policy::properties::any_lease(),
        keep_address in any::<bool>(),
    ) {
        let limits = Limits { highest_mtu: 9000 };
        let Ok((one, _)) = policy::check(one, limits, NOW) else { return Ok(()) };
        let mut two = two;
        if keep_address {
            two.address = one.lease().address;
            two.prefix_length = one.lease().prefix_length;
        }
        let Ok((two, _)) = policy::check(two, limits, NOW) else { return Ok(()) };

        let (addresses, routes) = after(&plan(None, Some(&one), surroundings()), vec![], vec![]);
        let (addresses, mut routes) =
            after(&plan(Some(&one), Some(&two), surroundings()), addresses, routes);
        prop_assert_eq!(&addresses, &[(two.lease().address, two.lease().prefix_length)]);
        let (_, mut fresh) = after(&plan(None, Some(&two), surroundings()), vec![], vec![]);
        let key = |route: &KernelRoute| (route.destination, route.prefix_length, route.gateway);
        routes.sort_by_key(key);
        fresh.sort_by_key(key);
        prop_assert_eq!(&routes, &fresh);

        let (addresses, routes) = after(&plan(Some(&two), None, surroundings()), addresses, routes);
        prop_assert_eq!((addresses, routes), (vec![], vec![]));
    }
}
