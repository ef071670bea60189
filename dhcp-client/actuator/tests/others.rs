//! What others put on the interface: other clients, that are taken over, and the operator, who is not.

#![allow(
    clippy::unwrap_used,
    reason = "a failed unwrap is a failed test, with its line"
)]

mod bed;

use bed::{
    Bed, Changes, DELETED_ADDRESS, NOW, address_list, addresses, ip, isolated, lease, link_local,
    routes, wait,
};
use sdk_rpc::{Applied, DeconfigureCause, Lease, Origin};

/// As a client before this one left it: an address with a lifetime, an on-link and a default route.
fn left_by_another_client(address: &str) {
    ip(&format!(
        "address add {address}/24 brd + dev eth0 valid_lft 600 preferred_lft 600 noprefixroute"
    ));
    let tail = format!("dev eth0 proto dhcp src {address} metric 77");
    ip(&format!("route add 10.0.0.0/24 {tail}"));
    ip(&format!("route add default via 10.0.0.254 {tail}"));
}

/// A lease without an end, and who gave it.
fn endless(origin: Origin) -> Lease {
    Lease {
        origin,
        server: std::net::Ipv4Addr::UNSPECIFIED,
        lease_seconds: None,
        renew_at: None,
        rebind_at: None,
        expires_at: None,
        ..lease()
    }
}

fn take_over(bed: &Bed) {
    let leftovers = bed.actuator.leftovers().unwrap();
    assert!(!leftovers.is_empty());
    bed.actuator.take_over(leftovers);
}

/// Deletions of addresses since the last time.
fn deleted_addresses(changes: &Changes) -> usize {
    let all = changes.take().into_iter();
    all.filter(|kind| *kind == DELETED_ADDRESS).count()
}

#[test]
fn what_another_client_left_is_found_and_named() {
    isolated("what_another_client_left_is_found_and_named", || {
        let bed = Bed::new();
        left_by_another_client("10.0.0.7");
        let leftovers = bed.actuator.leftovers().unwrap();
        assert_eq!(
            leftovers.to_string(),
            "address 10.0.0.7/24, route 0.0.0.0/0 via 10.0.0.254, route 10.0.0.0/24"
        );
    });
}

#[test]
fn what_no_client_left_is_no_leftover() {
    isolated("what_no_client_left_is_no_leftover", || {
        let bed = Bed::new();
        assert!(bed.actuator.leftovers().unwrap().is_empty());
        ip("address add 192.0.2.9/24 dev eth0 valid_lft 600 preferred_lft 600");
        ip("route add 198.51.100.0/24 via 192.0.2.1 dev eth0 src 192.0.2.9");
        ip("route add default via 192.0.2.1 dev eth0 proto static src 192.0.2.9");
        ip("route add 203.0.113.0/24 via 192.0.2.1 dev eth0 proto dhcp src 192.0.2.9 table 7");
        ip("address add 192.0.2.66/24 dev far0");
        ip("route add 203.0.113.0/24 via 192.0.2.1 dev far0 proto dhcp src 192.0.2.66");
        assert!(bed.actuator.leftovers().unwrap().is_empty());
        bed.configure(lease());
        assert!(
            bed.actuator.leftovers().unwrap().is_empty(),
            "its own lease"
        );
        ip("link delete eth0");
        assert!(bed.actuator.leftovers().unwrap().is_empty());
    });
}

#[test]
fn case_099_the_address_of_the_client_before_is_taken_over_and_never_removed() {
    isolated(
        "case_099_the_address_of_the_client_before_is_taken_over_and_never_removed",
        || {
            let bed = Bed::new();
            left_by_another_client("10.0.0.5");
            let (before, changes) = (routes(), Changes::watch());
            take_over(&bed);
            assert_eq!((routes(), changes.take().len()), (before, 0));

            bed.configure(lease());
            assert_eq!(deleted_addresses(&changes), 0);
            assert_eq!(addresses()["10.0.0.5/24"]["valid_life_time"], 3600);
            let metric = bed.metric();
            let expected = [
                format!("10.0.0.0/24 proto dhcp scope link src 10.0.0.5 {metric}"),
                format!("default via 10.0.0.1 proto dhcp src 10.0.0.5 {metric}"),
            ];
            assert_eq!(routes(), expected);
            assert!(bed.actuator.leftovers().unwrap().is_empty());

            bed.deconfigure(DeconfigureCause::Expired);
            assert_eq!((address_list(), routes()), (vec![], vec![]));
        },
    );
}

#[test]
fn what_the_client_before_left_goes_when_another_lease_is_in_force() {
    isolated(
        "what_the_client_before_left_goes_when_another_lease_is_in_force",
        || {
            let bed = Bed::new();
            left_by_another_client("10.0.0.7");
            // As it is where somebody else has set it so: a secondary address dies with the first.
            let promote = "/proc/sys/net/ipv4/conf/eth0/promote_secondaries";
            std::fs::write(promote, "0").unwrap();
            ip("route add 192.0.2.0/24 via 10.0.0.9 dev eth0");
            take_over(&bed);
            bed.configure(lease());
            assert_eq!(address_list(), ["10.0.0.5/24"]);
            let metric = bed.metric();
            let expected = [
                format!("10.0.0.0/24 proto dhcp scope link src 10.0.0.5 {metric}"),
                "192.0.2.0/24 via 10.0.0.9".to_owned(),
                format!("default via 10.0.0.1 proto dhcp src 10.0.0.5 {metric}"),
            ];
            assert_eq!(routes(), expected);
        },
    );
}

#[test]
fn the_leases_address_with_another_prefix_length_makes_way_without_a_gap() {
    isolated(
        "the_leases_address_with_another_prefix_length_makes_way_without_a_gap",
        || {
            let bed = Bed::new();
            ip("address add 10.0.0.5/16 dev eth0 valid_lft 600 preferred_lft 600");
            ip("route add default via 10.0.0.254 dev eth0 proto dhcp src 10.0.0.5");
            take_over(&bed);
            bed.configure(lease());
            assert_eq!(address_list(), ["10.0.0.5/24"]);
            let metric = bed.metric();
            let expected = [
                format!("10.0.0.0/24 proto dhcp scope link src 10.0.0.5 {metric}"),
                format!("default via 10.0.0.1 proto dhcp src 10.0.0.5 {metric}"),
            ];
            assert_eq!(routes(), expected);
        },
    );
}

#[test]
fn what_was_taken_over_stays_until_a_lease_is_in_force() {
    isolated(
        "what_was_taken_over_stays_until_a_lease_is_in_force",
        || {
            let bed = Bed::new();
            left_by_another_client("10.0.0.7");
            let before = routes();
            take_over(&bed);
            bed.deconfigure(DeconfigureCause::Nak);
            bed::reason(bed.try_configure(Lease {
                prefix_length: 0,
                ..lease()
            }));
            assert_eq!(
                (address_list(), routes()),
                (vec!["10.0.0.7/24".to_owned()], before)
            );
            bed.configure(lease());
            assert_eq!(address_list(), ["10.0.0.5/24"]);
        },
    );
}

#[test]
fn what_was_taken_over_goes_with_the_service_and_stays_with_leave() {
    isolated(
        "what_was_taken_over_goes_with_the_service_and_stays_with_leave",
        || {
            let bed = Bed::new();
            left_by_another_client("10.0.0.7");
            take_over(&bed);
            wait(bed.actuator.leave());
            assert_eq!((address_list().len(), routes().len()), (1, 2));

            let bed = Bed::of_eth0();
            take_over(&bed);
            wait(bed.actuator.withdraw()).unwrap();
            assert_eq!((address_list(), routes()), (vec![], vec![]));
        },
    );
}

#[test]
fn what_was_not_taken_over_stays_beside_the_lease() {
    isolated("what_was_not_taken_over_stays_beside_the_lease", || {
        let bed = Bed::new();
        left_by_another_client("10.0.0.7");
        let before = routes();
        bed.configure(lease());
        bed.deconfigure(DeconfigureCause::Stopped);
        assert_eq!(
            (address_list(), routes()),
            (vec!["10.0.0.7/24".to_owned()], before)
        );
    });
}

#[test]
fn an_equal_address_that_is_there_for_a_time_is_taken_over() {
    isolated(
        "an_equal_address_that_is_there_for_a_time_is_taken_over",
        || {
            let bed = Bed::new();
            ip("address add 10.0.0.5/24 dev eth0 valid_lft 600 preferred_lft 600");
            let changes = Changes::watch();
            bed.configure(lease());
            assert_eq!(addresses()["10.0.0.5/24"]["valid_life_time"], 3600);
            assert_eq!(deleted_addresses(&changes), 0);
            bed.deconfigure(DeconfigureCause::Expired);
            assert_eq!(address_list(), [""; 0]);
        },
    );
}

#[test]
fn an_equal_address_without_an_end_is_the_operators() {
    isolated("an_equal_address_without_an_end_is_the_operators", || {
        let bed = Bed::new();
        ip("address add 10.0.0.5/24 dev eth0 noprefixroute");
        let changes = Changes::watch();
        bed.configure(lease());
        bed.update(lease());
        assert_eq!(addresses()["10.0.0.5/24"]["valid_life_time"], u32::MAX);
        assert_eq!(routes().len(), 2);
        bed.deconfigure(DeconfigureCause::Expired);
        assert_eq!(
            (address_list(), routes()),
            (vec!["10.0.0.5/24".to_owned()], vec![])
        );
        assert_eq!(deleted_addresses(&changes), 0);
    });
}

#[test]
fn an_operators_address_that_goes_during_the_lease_is_the_leases_from_then_on() {
    isolated(
        "an_operators_address_that_goes_during_the_lease_is_the_leases_from_then_on",
        || {
            let bed = Bed::new();
            ip("address add 10.0.0.5/24 dev eth0 noprefixroute");
            bed.configure(lease());
            ip("address delete 10.0.0.5/24 dev eth0");
            bed.update(lease());
            assert_eq!(addresses()["10.0.0.5/24"]["valid_life_time"], 3600);
            bed.deconfigure(DeconfigureCause::Expired);
            assert_eq!(address_list(), [""; 0]);
        },
    );
}

#[test]
fn an_address_that_the_operator_has_there_is_only_informed_about() {
    isolated(
        "an_address_that_the_operator_has_there_is_only_informed_about",
        || {
            for origin in [Origin::Inform, Origin::Operator] {
                let bed = Bed::new();
                ip(
                    "address add 10.0.0.5/24 dev eth0 valid_lft 600 preferred_lft 600 noprefixroute",
                );
                let changes = Changes::watch();
                bed.configure(endless(origin));
                bed.update(endless(origin));
                assert_eq!(routes().len(), 2);
                assert_eq!(addresses()["10.0.0.5/24"]["valid_life_time"], 600);
                wait(bed.actuator.withdraw()).unwrap();
                assert_eq!(
                    (address_list(), routes()),
                    (vec!["10.0.0.5/24".to_owned()], vec![])
                );
                assert_eq!(deleted_addresses(&changes), 0);
                ip("link delete eth0");
            }
        },
    );
}

#[test]
fn an_address_of_the_operators_that_was_not_there_comes_and_goes() {
    isolated(
        "an_address_of_the_operators_that_was_not_there_comes_and_goes",
        || {
            let bed = Bed::new();
            bed.configure(endless(Origin::Operator));
            assert_eq!(addresses()["10.0.0.5/24"]["valid_life_time"], u32::MAX);
            bed.update(endless(Origin::Operator));
            wait(bed.actuator.withdraw()).unwrap();
            assert_eq!((address_list(), routes()), (vec![], vec![]));
        },
    );
}

#[test]
fn a_lease_of_an_earlier_process_goes_in_the_end_also_one_without_an_end() {
    isolated(
        "a_lease_of_an_earlier_process_goes_in_the_end_also_one_without_an_end",
        || {
            for lease in [lease(), endless(Origin::Server), link_local()] {
                let earlier = Bed::new();
                earlier.configure(lease.clone());
                wait(earlier.actuator.leave());
                let changes = Changes::watch();
                let bed = Bed::of_eth0();
                assert_eq!(wait(bed.actuator.adopt(lease)), Applied::Done);
                assert_eq!(deleted_addresses(&changes), 0);
                bed.deconfigure(DeconfigureCause::Stopped);
                assert_eq!((address_list(), routes()), (vec![], vec![]));
                ip("link delete eth0");
            }
        },
    );
}

#[test]
fn a_lease_of_an_earlier_process_on_an_operators_address_leaves_it_there() {
    isolated(
        "a_lease_of_an_earlier_process_on_an_operators_address_leaves_it_there",
        || {
            let earlier = Bed::new();
            ip("address add 10.0.0.5/24 dev eth0 noprefixroute");
            earlier.configure(lease());
            wait(earlier.actuator.leave());
            let bed = Bed::of_eth0();
            let adopted = bed.actuator.adopt(Lease {
                expires_at: Some(NOW + 1_000_000),
                ..lease()
            });
            assert_eq!(wait(adopted), Applied::Done);
            wait(bed.actuator.withdraw()).unwrap();
            assert_eq!(address_list(), ["10.0.0.5/24"]);
        },
    );
}
