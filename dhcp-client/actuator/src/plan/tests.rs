//! Plans, by tables of what one lease after another must change and what it must leave alone.

use std::net::Ipv4Addr;

use proptest::prelude::*;
use sdk_rpc::{Lease, Origin, Route};

use super::*;
use crate::{
    policy::{self, Limits},
    subnet::Subnet,
};

mod others;
mod parts;

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

/// A lease in force whose address came with it, or none.
fn lease_in_force(lease: Option<&Checked>) -> Standing<'_> {
    static NOTHING: Leftovers = Leftovers {
        addresses: Vec::new(),
        routes: Vec::new(),
    };
    Standing {
        lease,
        owns_address: lease.is_some(),
        leftovers: &NOTHING,
        adopting: false,
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
    let plan = plan(lease_in_force(None), Some(checked), surroundings);
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
    let plan = plan(lease_in_force(None), Some(&checked(|_| {})), surroundings());
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
    let plan = plan(lease_in_force(None), Some(&lease), surroundings());
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
fn case_069_a_gateway_outside_the_subnet_gets_a_host_route_first() {
    let lease = checked(|lease| lease.routers = vec![[192, 0, 2, 1].into()]);
    let expected = [
        kernel_route([10, 0, 0, 0], 24, None),
        kernel_route([192, 0, 2, 1], 32, None),
        kernel_route([0, 0, 0, 0], 0, Some([192, 0, 2, 1])),
    ];
    assert_eq!(added_routes(&lease), expected);
}

#[test]
fn case_069_a_single_address_has_no_subnet_but_a_way_to_its_gateway() {
    let lease = checked(|lease| lease.prefix_length = 32);
    let expected = [
        kernel_route([10, 0, 0, 1], 32, None),
        kernel_route([0, 0, 0, 0], 0, Some([10, 0, 0, 1])),
    ];
    assert_eq!(added_routes(&lease), expected);
}

#[test]
fn case_066_classless_routes_come_on_link_first_and_their_default_is_the_one() {
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

/// What another client left: that lease, with other metrics.
fn left(lease: &Checked) -> Leftovers {
    let surroundings = Surroundings {
        metric: METRIC + 1,
        ..surroundings()
    };
    let Installed { address, routes } = Installed::of(lease, surroundings);
    Leftovers {
        addresses: vec![address],
        routes,
    }
}

#[test]
fn a_renewal_extends_the_address_and_removes_nothing() {
    let old = checked(|lease| lease.expires_at = Some(NOW + 10_000));
    let new = checked(|_| {});
    let plan = plan(lease_in_force(Some(&old)), Some(&new), surroundings());
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
    let plan = plan(lease_in_force(Some(&old)), Some(&new), surroundings());
    let added = Step::AddRoute(kernel_route([0, 0, 0, 0], 0, Some([10, 0, 0, 2])));
    let removed = Step::RemoveRoute(kernel_route([0, 0, 0, 0], 0, Some([10, 0, 0, 1])));
    assert!(steps(&plan.additions).contains(&added));
    assert_eq!(steps(&plan.removals), [removed]);
}

#[test]
fn another_address_of_the_subnet_comes_by_a_bridge() {
    let old = checked(|_| {});
    let new = checked(|lease| lease.address = [10, 0, 0, 6].into());
    let plan = plan(lease_in_force(Some(&old)), Some(&new), surroundings());
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
    let plan = plan(lease_in_force(Some(&old)), Some(&new), surroundings());
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
fn case_073_the_link_takes_the_mtu_of_the_lease_and_gets_its_own_back() {
    let with = checked(|lease| lease.mtu = Some(1400));
    let without = checked(|_| {});
    let mtu_steps = |current: Option<&Checked>, wanted: Option<&Checked>, now, original| {
        let mtu = LinkMtu { now, original };
        let plan = plan(
            lease_in_force(current),
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
    let plan = plan(lease_in_force(Some(&old)), Some(&new), surroundings());
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
        three in policy::properties::any_lease(),
        keep_address in any::<bool>(),
        keep_subnet in any::<bool>(),
    ) {
        let limits = Limits { highest_mtu: 9000 };
        let Ok((one, _)) = policy::check(one, limits, NOW) else { return Ok(()) };
        let (mut two, mut three) = (two, three);
        if keep_address {
            two.address = one.lease().address;
            two.prefix_length = one.lease().prefix_length;
        }
        if keep_subnet {
            three.address = Ipv4Addr::from_bits(two.address.to_bits() ^ 1);
            three.prefix_length = two.prefix_length;
        }
        let Ok((two, _)) = policy::check(two, limits, NOW) else { return Ok(()) };
        let leftovers = policy::check(three, limits, NOW).map_or_else(
            |_| Leftovers::default(),
            |(three, _)| left(&three),
        );

        let first = plan(lease_in_force(None), Some(&one), surroundings());
        let (mut addresses, mut routes) = after(&first, vec![], vec![]);
        addresses.extend(leftovers.addresses.iter().map(|it| (it.local, it.prefix_length)));
        routes.extend(&leftovers.routes);
        let standing = Standing {
            leftovers: &leftovers,
            ..lease_in_force(Some(&one))
        };
        let (addresses, mut routes) =
            after(&plan(standing, Some(&two), surroundings()), addresses, routes);
        prop_assert_eq!(&addresses, &[(two.lease().address, two.lease().prefix_length)]);
        let fresh = plan(lease_in_force(None), Some(&two), surroundings());
        let (_, mut fresh) = after(&fresh, vec![], vec![]);
        let key = |route: &KernelRoute| (route.destination, route.prefix_length, route.gateway);
        routes.sort_by_key(key);
        fresh.sort_by_key(key);
        prop_assert_eq!(&routes, &fresh);

        let last = plan(lease_in_force(Some(&two)), None, surroundings());
        prop_assert_eq!(after(&last, addresses, routes), (vec![], vec![]));
    }
}
