//! Leases that end, fail or meet what others did to the interface: what is undone and what stays.

#![allow(
    clippy::unwrap_used,
    reason = "a failed unwrap is a failed test, with its line"
)]

mod bed;

use bed::{
    Bed, Changes, DELETED_ADDRESS, DELETED_ROUTE, NOW, address_list, addresses, ip, isolated,
    lease, mtu, pass, reason, route, routes, wait,
};
use sdk_rpc::{Applied, DeconfigureCause, Lease};

#[test]
fn a_lease_that_the_kernel_refuses_leaves_nothing() {
    isolated("a_lease_that_the_kernel_refuses_leaves_nothing", || {
        let bed = Bed::new();
        // A gateway that is another subnet's broadcast address: the kernel knows, the policy cannot.
        ip("address add 203.0.113.7/24 brd + dev eth0 noprefixroute");
        let given = vec![
            route([198, 51, 100, 0], 24, [203, 0, 113, 255]),
            route([192, 0, 2, 0], 24, [10, 0, 0, 1]),
        ];
        let reason = reason(bed.try_configure(Lease {
            routes: given,
            mtu: Some(1400),
            ..lease()
        }));
        assert!(
            reason.starts_with("cannot add route 198.51.100.0/24 via 203.0.113.255: "),
            "{reason}"
        );
        assert!(
            reason.contains("invalid gateway") && reason.contains("ip address"),
            "{reason}"
        );
        assert_eq!(address_list(), ["203.0.113.7/24"]);
        assert_eq!((routes().len(), mtu()), (0, 1500));
        assert_eq!((bed.told().len(), bed.actuator.current()), (0, None));
    });
}

#[test]
fn an_update_that_the_kernel_refuses_leaves_the_lease_as_it_was() {
    isolated(
        "an_update_that_the_kernel_refuses_leaves_the_lease_as_it_was",
        || {
            let bed = Bed::new();
            bed.configure(lease());
            ip("address add 203.0.113.7/24 brd + dev eth0 noprefixroute");
            let before = (routes(), address_list());
            let changes = Changes::watch();
            let given = vec![route([198, 51, 100, 0], 24, [203, 0, 113, 255])];
            reason(bed.try_update(Lease {
                routes: given,
                address: [10, 0, 0, 6].into(),
                ..lease()
            }));
            assert_eq!((routes(), address_list()), before);
            let deleted = changes
                .take()
                .into_iter()
                .filter(|kind| *kind == DELETED_ADDRESS)
                .count();
            assert_eq!(deleted, 1, "only the one that was new");
            assert_eq!(bed.actuator.current().unwrap().address, lease().address);
        },
    );
}

#[test]
fn a_link_that_is_down_is_named_and_nothing_stays() {
    isolated("a_link_that_is_down_is_named_and_nothing_stays", || {
        let bed = Bed::new();
        ip("link set eth0 down");
        let reason = reason(bed.try_configure(lease()));
        assert!(
            reason.contains("Network is down") && reason.ends_with("bring the link up"),
            "{reason}"
        );
        assert_eq!(address_list(), [""; 0]);
    });
}

#[test]
fn a_refused_lease_changes_nothing() {
    isolated("a_refused_lease_changes_nothing", || {
        let bed = Bed::new();
        let reason = reason(bed.try_configure(Lease {
            address: [127, 0, 0, 1].into(),
            ..lease()
        }));
        assert_eq!(reason, "127.0.0.1 is not an address that a host can have");
        assert_eq!((address_list().len(), bed.told().len()), (0, 0));
    });
}

#[test]
fn case_091_what_others_added_stays_when_the_lease_goes() {
    isolated(
        "case_091_what_others_added_stays_when_the_lease_goes",
        || {
            let bed = Bed::new();
            bed.configure(lease());
            // One that the kernel makes a secondary address of ours, and one that keeps routes alive.
            ip("address add 10.0.0.99/24 dev eth0 noprefixroute");
            ip("address add 192.0.2.9/24 dev eth0");
            ip("route add 198.51.100.0/24 via 192.0.2.1 dev eth0");
            bed.deconfigure(DeconfigureCause::Released);
            assert_eq!(address_list(), ["10.0.0.99/24", "192.0.2.9/24"]);
            let expected = [
                "192.0.2.0/24 proto kernel scope link src 192.0.2.9",
                "198.51.100.0/24 via 192.0.2.1",
            ];
            assert_eq!(routes(), expected);
            assert_eq!(bed.told()[1], "deconfigured Some(10.0.0.5) Released");
        },
    );
}

#[test]
fn an_equal_route_of_another_protocol_stays() {
    isolated("an_equal_route_of_another_protocol_stays", || {
        let bed = Bed::new();
        ip("address add 192.0.2.9/24 dev eth0");
        ip(&format!(
            "route add default via 192.0.2.1 dev eth0 proto static {}",
            bed.metric()
        ));
        bed.configure(lease());
        bed.deconfigure(DeconfigureCause::Stopped);
        let expected = format!("default via 192.0.2.1 proto static {}", bed.metric());
        assert_eq!(routes()[1..], [expected]);
    });
}

#[test]
fn leaving_leaves_everything_and_ends_the_service() {
    isolated("leaving_leaves_everything_and_ends_the_service", || {
        let bed = Bed::new();
        bed.configure(Lease {
            mtu: Some(1400),
            ..lease()
        });
        wait(bed.actuator.leave());
        let reason = reason(bed.try_update(lease()));
        assert_eq!(reason, "the service is stopping");
        assert_eq!((address_list().len(), routes().len(), mtu()), (1, 2, 1400));
        assert!(bed.resolver_text().contains("10.0.0.53"));
    });
}

#[test]
fn withdrawing_undoes_everything_and_ends_the_service() {
    isolated("withdrawing_undoes_everything_and_ends_the_service", || {
        let bed = Bed::new();
        bed.configure(Lease {
            mtu: Some(1400),
            ..lease()
        });
        wait(bed.actuator.withdraw()).unwrap();
        assert_eq!((address_list().len(), routes().len(), mtu()), (0, 0, 1500));
        assert_eq!(
            (bed.resolver_text().as_str(), bed.actuator.current()),
            ("", None)
        );
        assert_eq!(
            reason(bed.try_configure(lease())),
            "the service is stopping"
        );
    });
}

#[test]
fn an_address_that_is_there_is_taken_over_and_not_removed() {
    isolated(
        "an_address_that_is_there_is_taken_over_and_not_removed",
        || {
            let first = Bed::new();
            first.configure(lease());
            wait(first.actuator.leave());
            let changes = Changes::watch();
            let second = Bed::of_eth0();
            let longer = Lease {
                lease_seconds: Some(7200),
                expires_at: Some(NOW + 7_200_000),
                ..lease()
            };
            assert_eq!(wait(second.actuator.adopt(longer)), Applied::Done);
            let changes = changes.take();
            assert!(
                !changes.contains(&DELETED_ADDRESS) && !changes.contains(&DELETED_ROUTE),
                "{changes:?}"
            );
            assert_eq!(addresses()["10.0.0.5/24"]["valid_life_time"], 7200);
            assert_eq!((second.told().len(), routes().len()), (0, 2));
        },
    );
}

#[test]
fn a_failing_takeover_does_not_remove_the_address_that_was_there() {
    isolated(
        "a_failing_takeover_does_not_remove_the_address_that_was_there",
        || {
            let bed = Bed::new();
            ip("address add 10.0.0.5/24 dev eth0 noprefixroute");
            ip("address add 203.0.113.7/24 brd + dev eth0 noprefixroute");
            reason(bed.try_configure(Lease {
                routers: vec![[203, 0, 113, 255].into()],
                ..lease()
            }));
            assert_eq!(address_list(), ["10.0.0.5/24", "203.0.113.7/24"]);
            assert_eq!(routes(), [""; 0]);
        },
    );
}

#[test]
fn what_somebody_removed_is_back_after_a_renewal() {
    isolated("what_somebody_removed_is_back_after_a_renewal", || {
        let bed = Bed::new();
        bed.configure(lease());
        let before = (routes(), address_list());
        ip("route delete default dev eth0");
        bed.update(lease());
        assert_eq!((routes(), address_list()), before);
        ip("address flush dev eth0");
        bed.update(lease());
        assert_eq!((routes(), address_list()), before);
    });
}

#[test]
fn case_088_an_interface_that_is_gone_is_no_trouble_when_leaving() {
    isolated(
        "case_088_an_interface_that_is_gone_is_no_trouble_when_leaving",
        || {
            let bed = Bed::new();
            bed.configure(Lease {
                mtu: Some(1400),
                ..lease()
            });
            ip("link delete eth0");
            wait(bed.actuator.withdraw()).unwrap();
            assert_eq!(bed.resolver_text(), "");
        },
    );
}

#[test]
fn an_update_without_a_lease_in_force_is_refused() {
    isolated("an_update_without_a_lease_in_force_is_refused", || {
        let bed = Bed::new();
        assert_eq!(
            reason(bed.try_update(lease())),
            "there is no lease in force to update"
        );
        bed.deconfigure(DeconfigureCause::Nak);
        assert_eq!(bed.told(), ["deconfigured None Nak"]);
    });
}

#[test]
fn a_calf_that_will_not_stop_is_held_off_but_may_always_let_go() {
    isolated(
        "a_calf_that_will_not_stop_is_held_off_but_may_always_let_go",
        || {
            let bed = Bed::new();
            let answers: Vec<Applied> = (0..40).map(|_| bed.try_configure(lease())).collect();
            assert_eq!(
                answers
                    .iter()
                    .filter(|answer| **answer == Applied::Done)
                    .count(),
                16
            );
            assert!(reason(answers[39].clone()).contains("too many changes"));
            bed.deconfigure(DeconfigureCause::Conflict);
            assert_eq!(address_list(), [""; 0]);
            let told = bed.told().len();
            bed.deconfigure(DeconfigureCause::Conflict);
            assert_eq!((told, bed.told().len()), (17, 0));
        },
    );
}

#[test]
fn a_lease_that_is_over_goes_without_a_calf() {
    isolated("a_lease_that_is_over_goes_without_a_calf", || {
        let bed = Bed::new();
        assert_eq!(bed.actuator.expires_at(), None);
        bed.configure(Lease {
            mtu: Some(1400),
            ..lease()
        });
        assert_eq!(bed.actuator.expires_at(), Some(NOW + 3_600_000));
        bed.told();

        pass(3_599_999);
        wait(bed.actuator.expire());
        assert_eq!((address_list().len(), bed.told().len()), (1, 0));

        pass(1);
        wait(bed.actuator.expire());
        assert_eq!((address_list().len(), routes().len(), mtu()), (0, 0, 1500));
        assert_eq!(bed.resolver_text(), "");
        assert_eq!(bed.told(), ["deconfigured Some(10.0.0.5) Expired"]);
        assert_eq!(bed.actuator.expires_at(), None);

        wait(bed.actuator.expire());
        assert_eq!(bed.told().len(), 0);
        bed.deconfigure(DeconfigureCause::Expired);
        assert_eq!(bed.told(), ["deconfigured None Expired"], "the calf, late");
    });
}

#[test]
fn a_lease_that_was_renewed_or_has_no_end_is_not_over() {
    isolated("a_lease_that_was_renewed_or_has_no_end_is_not_over", || {
        let bed = Bed::new();
        bed.configure(lease());
        pass(3_000_000);
        bed.update(Lease {
            expires_at: Some(NOW + 6_000_000),
            ..lease()
        });
        pass(1_000_000);
        wait(bed.actuator.expire());
        assert_eq!(address_list().len(), 1);

        bed.update(Lease {
            lease_seconds: None,
            expires_at: None,
            ..lease()
        });
        pass(1_000_000_000);
        wait(bed.actuator.expire());
        assert_eq!((address_list().len(), bed.actuator.expires_at()), (1, None));
    });
}

#[test]
fn a_lease_that_was_left_does_not_end_any_more() {
    isolated("a_lease_that_was_left_does_not_end_any_more", || {
        let bed = Bed::new();
        bed.configure(lease());
        wait(bed.actuator.leave());
        pass(4_000_000);
        wait(bed.actuator.expire());
        assert_eq!((address_list().len(), routes().len()), (1, 2));
    });
}
