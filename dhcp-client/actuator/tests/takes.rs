//! What an interface takes of a lease, and what of it the host does not get to see.

#![allow(
    clippy::unwrap_used,
    reason = "a failed unwrap is a failed test, with its line"
)]

mod bed;

use bed::{Bed, addresses, isolated, lease, link_local, mtu, route, routes};
use dhcp_actuator::{Takes, TakesHostName};
use sdk_rpc::{DeconfigureCause, Lease};

/// A bed whose actuator takes a part.
fn taking(change: impl FnOnce(&mut Takes)) -> Bed {
    Bed::with(|options| change(&mut options.takes))
}

/// A lease with something of everything.
fn everything() -> Lease {
    Lease {
        routes: vec![
            route([0, 0, 0, 0], 0, [10, 0, 0, 2]),
            route([192, 0, 2, 0], 24, [10, 0, 0, 9]),
        ],
        mtu: Some(1400),
        ..lease()
    }
}

#[test]
fn without_the_default_route_there_is_none_of_either_kind() {
    isolated(
        "without_the_default_route_there_is_none_of_either_kind",
        || {
            let bed = taking(|takes| takes.default_route = false);
            bed.configure(everything());
            let tail = format!("proto dhcp src 10.0.0.5 {} mtu 1400", bed.metric());
            let expected = [
                "10.0.0.0/24 proto dhcp scope link src 10.0.0.5".to_owned()
                    + &format!(" {} mtu 1400", bed.metric()),
                format!("192.0.2.0/24 via 10.0.0.9 {tail}"),
            ];
            assert_eq!(routes(), expected);
            bed.update(lease());
            assert_eq!(routes().len(), 1);
        },
    );
}

#[test]
fn without_routes_there_is_the_subnets() {
    isolated("without_routes_there_is_the_subnets", || {
        let bed = taking(|takes| takes.routes = false);
        bed.configure(lease());
        let subnet = format!(
            "10.0.0.0/24 proto dhcp scope link src 10.0.0.5 {}",
            bed.metric()
        );
        assert_eq!(routes(), [subnet]);
        bed.update(everything());
        assert_eq!(routes().len(), 1);
    });
}

#[test]
fn without_resolvers_the_file_is_not_touched() {
    isolated("without_resolvers_the_file_is_not_touched", || {
        let bed = taking(|takes| takes.resolvers = false);
        bed.write_resolver_text("nameserver 192.0.2.53\n");
        bed.configure(lease());
        bed.update(everything());
        bed.deconfigure(DeconfigureCause::Expired);
        assert_eq!(bed.resolver_text(), "nameserver 192.0.2.53\n");
    });
}

#[test]
fn without_the_mtu_the_link_keeps_its_own() {
    isolated("without_the_mtu_the_link_keeps_its_own", || {
        let bed = taking(|takes| takes.mtu = false);
        bed.configure(everything());
        assert_eq!(mtu(), 1500);
        assert!(routes().iter().all(|route| route.ends_with("mtu 1400")));
        bed.update(lease());
        bed.deconfigure(DeconfigureCause::Stopped);
        assert_eq!(mtu(), 1500);
    });
}

#[test]
fn the_observer_is_told_of_what_is_not_taken() {
    isolated("the_observer_is_told_of_what_is_not_taken", || {
        let bed = taking(|takes| {
            *takes = Takes {
                default_route: false,
                routes: false,
                resolvers: false,
                mtu: false,
                host_name: TakesHostName::Never,
            };
        });
        bed.configure(everything());
        let current = bed.actuator.current().unwrap();
        assert_eq!(
            (current.mtu, current.routes.len(), current.dns.len()),
            (Some(1400), 2, 1)
        );
    });
}

#[test]
fn a_link_local_address_has_its_link_and_nothing_else() {
    isolated("a_link_local_address_has_its_link_and_nothing_else", || {
        let bed = Bed::new();
        bed.configure(link_local());
        let addresses = addresses();
        let address = &addresses["169.254.7.9/16"];
        assert_eq!(
            (&address["scope"], &address["broadcast"]),
            (&"link".into(), &"169.254.255.255".into())
        );
        assert_eq!(address["valid_life_time"], u32::MAX);
        let metric = bed.metric();
        let expected = [format!(
            "169.254.0.0/16 proto dhcp scope link src 169.254.7.9 {metric}"
        )];
        assert_eq!(routes(), expected);
        assert!(!bed.has_resolver_file());
    });
}

#[test]
fn a_lease_takes_the_place_of_a_link_local_address_and_gives_it_back() {
    isolated(
        "a_lease_takes_the_place_of_a_link_local_address_and_gives_it_back",
        || {
            let bed = Bed::new();
            bed.configure(link_local());
            bed.update(lease());
            assert_eq!(bed::address_list(), ["10.0.0.5/24"]);
            assert_eq!(addresses()["10.0.0.5/24"]["scope"], "global");
            assert_eq!(routes().len(), 2);
            assert!(bed.resolver_text().contains("10.0.0.53"));
            bed.update(link_local());
            assert_eq!(bed::address_list(), ["169.254.7.9/16"]);
            assert_eq!((routes().len(), bed.resolver_text().as_str()), (1, ""));
        },
    );
}
