//! Plans where others have put something on the interface.

use super::*;

fn with_leftovers(leftovers: &Leftovers) -> Standing<'_> {
    Standing {
        leftovers,
        ..lease_in_force(None)
    }
}

#[test]
fn what_another_client_left_goes_when_the_lease_is_there_routes_first() {
    let theirs = checked(|lease| {
        lease.address = [10, 9, 0, 6].into();
        lease.routers = vec![[10, 9, 0, 1].into()];
    });
    let leftovers = left(&theirs);
    let plan = plan(
        with_leftovers(&leftovers),
        Some(&checked(|_| {})),
        surroundings(),
    );
    let expected = [
        Step::RemoveRoute(leftovers.routes[0]),
        Step::RemoveRoute(leftovers.routes[1]),
        Step::RemoveAddress(leftovers.addresses[0]),
    ];
    assert_eq!(steps(&plan.removals), expected);
    let first = Step::AddAddress(address([10, 0, 0, 5], 24, 3599));
    assert_eq!(steps(&plan.additions)[0], first);
}

#[test]
fn the_address_that_another_client_left_stays_if_it_is_the_leases() {
    let lease = checked(|_| {});
    let leftovers = left(&lease);
    let plan = plan(with_leftovers(&leftovers), Some(&lease), surroundings());
    let routes = leftovers
        .routes
        .iter()
        .map(|route| Step::RemoveRoute(*route));
    assert_eq!(steps(&plan.removals), routes.collect::<Vec<_>>());
    assert_eq!(plan.claim, Claim::Ours);
}

#[test]
fn the_very_routes_that_another_client_left_stay_if_they_are_the_leases() {
    let lease = checked(|_| {});
    let Installed { address, routes } = Installed::of(&lease, surroundings());
    let leftovers = Leftovers {
        addresses: vec![address],
        routes,
    };
    let plan = plan(with_leftovers(&leftovers), Some(&lease), surroundings());
    assert_eq!(plan.removals, []);
}

#[test]
fn a_bridge_leads_from_another_clients_address_to_one_of_the_same_subnet() {
    let theirs = checked(|lease| lease.address = [10, 0, 0, 6].into());
    let leftovers = left(&theirs);
    let plan = plan(
        with_leftovers(&leftovers),
        Some(&checked(|_| {})),
        surroundings(),
    );
    let bridge = Address {
        broadcast: None,
        ..address([10, 0, 0, 5], 32, 3599)
    };
    assert_eq!(plan.additions[0].step, Step::AddAddress(bridge));
    let last = [
        Step::RemoveAddress(leftovers.addresses[0]),
        Step::AddAddress(address([10, 0, 0, 5], 24, 3599)),
        Step::RemoveAddress(bridge),
    ];
    assert_eq!(steps(&plan.removals)[2..], last);
}

#[test]
fn without_a_lease_what_was_taken_over_goes() {
    let leftovers = left(&checked(|_| {}));
    let plan = plan(with_leftovers(&leftovers), None, surroundings());
    let expected = [
        Step::RemoveRoute(leftovers.routes[0]),
        Step::RemoveRoute(leftovers.routes[1]),
        Step::RemoveAddress(leftovers.addresses[0]),
    ];
    assert_eq!(
        (steps(&plan.removals), plan.additions),
        (expected.to_vec(), vec![])
    );
}

#[test]
fn whose_an_address_is_that_is_there_already() {
    let lent = checked(|_| {});
    let of = |origin| {
        checked(|lease| {
            lease.origin = origin;
            lease.server = Ipv4Addr::UNSPECIFIED;
            lease.lease_seconds = None;
            lease.expires_at = None;
        })
    };
    let leftovers = left(&lent);
    let claim =
        |lease: &Checked, standing: Standing<'_>| plan(standing, Some(lease), surroundings()).claim;
    let (fresh, after) = (lease_in_force(None), with_leftovers(&leftovers));
    let adopting = Standing {
        adopting: true,
        ..fresh
    };
    let endless = of(Origin::Server);
    assert_eq!(claim(&lent, fresh), Claim::IfLent);
    assert_eq!(claim(&endless, fresh), Claim::IfLent);
    assert_eq!(claim(&lent, after), Claim::Ours);
    assert_eq!(claim(&endless, after), Claim::Ours);
    // What an earlier process put there for a time is there for a time; for ever, it looks like anybody's.
    assert_eq!(claim(&lent, adopting), Claim::IfLent);
    assert_eq!(claim(&endless, adopting), Claim::Ours);
    for origin in [Origin::Inform, Origin::Operator] {
        for standing in [fresh, after, adopting] {
            assert_eq!(claim(&of(origin), standing), Claim::Theirs, "{origin:?}");
        }
    }
}

#[test]
fn an_address_that_is_not_the_actuators_own_is_neither_extended_nor_removed() {
    let old = checked(|_| {});
    let theirs = Standing {
        owns_address: false,
        ..lease_in_force(Some(&old))
    };
    let touched = |plan: &Plan| {
        let mut all = steps(&plan.additions);
        all.extend(steps(&plan.removals));
        all.retain(|step| !matches!(step, Step::AddRoute(_) | Step::RemoveRoute(_)));
        all
    };
    // One that a server leased is added where it has gone since.
    let added = Step::AddAddress(address([10, 0, 0, 5], 24, 3599));
    assert_eq!(touched(&plan(theirs, Some(&old), surroundings())), [added]);
    assert_eq!(touched(&plan(theirs, None, surroundings())), []);
    let other = checked(|lease| lease.address = [10, 0, 0, 6].into());
    let added = Step::AddAddress(address([10, 0, 0, 6], 24, 3599));
    assert_eq!(
        touched(&plan(theirs, Some(&other), surroundings())),
        [added]
    );

    let informed = checked(|lease| {
        lease.origin = Origin::Inform;
        lease.lease_seconds = None;
        lease.expires_at = None;
    });
    let theirs = Standing {
        owns_address: false,
        ..lease_in_force(Some(&informed))
    };
    assert_eq!(touched(&plan(theirs, Some(&informed), surroundings())), []);
}
