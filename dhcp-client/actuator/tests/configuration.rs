//! Leases on a real kernel: what they put there, what changes leave alone, and what is undone.

#![allow(
    clippy::unwrap_used,
    reason = "a failed unwrap is a failed test, with its line"
)]

mod bed;

use bed::{
    Bed, Changes, DELETED_ADDRESS, DELETED_ROUTE, NOW, address_list, addresses, ip, isolated,
    lease, mtu, route, routes,
};
use sdk_rpc::{DeconfigureCause, Lease};

#[test]
fn a_lease_becomes_address_and_routes() {
    isolated("a_lease_becomes_address_and_routes", || {
        let bed = Bed::new();
        bed.configure(lease());
        let addresses = addresses();
        let address = &addresses["10.0.0.5/24"];
        assert_eq!(address["broadcast"], "10.0.0.255");
        assert_eq!(address["noprefixroute"], true);
        assert_eq!(
            (&address["valid_life_time"], &address["preferred_life_time"]),
            (&3600.into(), &3600.into())
        );
        let metric = bed.metric();
        let expected = [
            format!("10.0.0.0/24 proto dhcp scope link src 10.0.0.5 {metric}"),
            format!("default via 10.0.0.1 proto dhcp src 10.0.0.5 {metric}"),
        ];
        assert_eq!(routes(), expected);
        assert!(
            bed.resolver_text()
                .ends_with("domain lan.test\nsearch lan.test\nnameserver 10.0.0.53\n")
        );
        assert_eq!(bed.told(), ["configured 10.0.0.5 Bound"]);
        assert_eq!(bed.actuator.current().unwrap().address, lease().address);
    });
}

#[test]
fn an_infinite_lease_has_no_end_in_the_kernel() {
    isolated("an_infinite_lease_has_no_end_in_the_kernel", || {
        let bed = Bed::new();
        bed.configure(Lease {
            lease_seconds: None,
            expires_at: None,
            ..lease()
        });
        assert_eq!(addresses()["10.0.0.5/24"]["valid_life_time"], u32::MAX);
    });
}

#[test]
fn case_057_a_renewal_keeps_the_address_and_its_routes() {
    isolated(
        "case_057_a_renewal_keeps_the_address_and_its_routes",
        || {
            let bed = Bed::new();
            bed.configure(lease());
            let before = routes();
            let changes = Changes::watch();
            bed.update(Lease {
                lease_seconds: Some(7200),
                expires_at: Some(NOW + 7_200_000),
                ..lease()
            });
            let changes = changes.take();
            assert!(
                !changes.contains(&DELETED_ADDRESS) && !changes.contains(&DELETED_ROUTE),
                "{changes:?}"
            );
            assert_eq!(addresses()["10.0.0.5/24"]["valid_life_time"], 7200);
            assert_eq!(routes(), before);
        },
    );
}

#[test]
fn case_057_a_changed_router_changes_one_route() {
    isolated("case_057_a_changed_router_changes_one_route", || {
        let bed = Bed::new();
        bed.configure(lease());
        let changes = Changes::watch();
        bed.update(Lease {
            routers: vec![[10, 0, 0, 2].into()],
            ..lease()
        });
        let changes = changes.take();
        assert!(!changes.contains(&DELETED_ADDRESS));
        assert_eq!(
            changes
                .iter()
                .filter(|kind| **kind == DELETED_ROUTE)
                .count(),
            1
        );
        let expected = format!(
            "default via 10.0.0.2 proto dhcp src 10.0.0.5 {}",
            bed.metric()
        );
        assert_eq!(routes()[1..], [expected]);
    });
}

#[test]
fn case_057_a_renewal_with_another_router_resolver_and_mtu_deletes_no_address() {
    isolated(
        "case_057_a_renewal_with_another_router_resolver_and_mtu_deletes_no_address",
        || {
            let bed = Bed::new();
            bed.configure(lease());
            let before = addresses();
            let changes = Changes::watch();
            bed.update(Lease {
                routers: vec![[10, 0, 0, 2].into()],
                dns: vec![[10, 0, 0, 54].into()],
                domain: Some("other.test".to_owned()),
                mtu: Some(1400),
                ..lease()
            });
            bed.update(Lease {
                routers: Vec::new(),
                routes: vec![route([192, 0, 2, 0], 24, [10, 0, 0, 3])],
                dns: Vec::new(),
                domain: None,
                ..lease()
            });
            bed.update(lease());
            assert!(!changes.take().contains(&DELETED_ADDRESS));
            assert_eq!(addresses(), before);
            assert_eq!((routes().len(), mtu()), (2, 1500));
            assert!(bed.resolver_text().contains("nameserver 10.0.0.53"));
        },
    );
}

#[test]
fn another_address_of_the_subnet_replaces_the_old_and_foreign_routes_stay() {
    isolated(
        "another_address_of_the_subnet_replaces_the_old_and_foreign_routes_stay",
        || {
            let bed = Bed::new();
            bed.configure(lease());
            // As it is where somebody else has set it so.
            let promote = "/proc/sys/net/ipv4/conf/eth0/promote_secondaries";
            std::fs::write(promote, "0").unwrap();
            ip("route add 192.0.2.0/24 via 10.0.0.9 dev eth0");
            bed.update(Lease {
                address: [10, 0, 0, 6].into(),
                ..lease()
            });
            assert_eq!(address_list(), ["10.0.0.6/24"]);
            let metric = bed.metric();
            let expected = [
                format!("10.0.0.0/24 proto dhcp scope link src 10.0.0.6 {metric}"),
                "192.0.2.0/24 via 10.0.0.9".to_owned(),
                format!("default via 10.0.0.1 proto dhcp src 10.0.0.6 {metric}"),
            ];
            assert_eq!(routes(), expected);
        },
    );
}

#[test]
fn an_address_of_another_subnet_replaces_the_old() {
    isolated("an_address_of_another_subnet_replaces_the_old", || {
        let bed = Bed::new();
        bed.configure(lease());
        let (address, routers) = ([172, 16, 9, 8].into(), vec![[172, 16, 0, 1].into()]);
        bed.update(Lease {
            address,
            routers,
            prefix_length: 16,
            ..lease()
        });
        assert_eq!(address_list(), ["172.16.9.8/16"]);
        let metric = bed.metric();
        let expected = [
            format!("172.16.0.0/16 proto dhcp scope link src 172.16.9.8 {metric}"),
            format!("default via 172.16.0.1 proto dhcp src 172.16.9.8 {metric}"),
        ];
        assert_eq!(routes(), expected);
    });
}

#[test]
fn case_069_a_single_address_reaches_a_gateway_outside() {
    isolated(
        "case_069_a_single_address_reaches_a_gateway_outside",
        || {
            let bed = Bed::new();
            bed.configure(Lease {
                prefix_length: 32,
                routers: vec![[192, 0, 2, 1].into()],
                ..lease()
            });
            let metric = bed.metric();
            let expected = [
                format!("192.0.2.1 proto dhcp scope link src 10.0.0.5 {metric}"),
                format!("default via 192.0.2.1 proto dhcp src 10.0.0.5 {metric}"),
            ];
            assert_eq!(routes(), expected);
            assert_eq!(addresses()["10.0.0.5/32"].get("broadcast"), None);
        },
    );
}

#[test]
fn case_066_classless_routes_take_the_routers_place() {
    isolated("case_066_classless_routes_take_the_routers_place", || {
        let bed = Bed::new();
        let given = vec![
            route([0, 0, 0, 0], 0, [10, 0, 0, 2]),
            route([192, 0, 2, 0], 24, [0, 0, 0, 0]),
            route([198, 51, 100, 9], 24, [192, 0, 2, 1]),
            route([127, 0, 0, 0], 8, [10, 0, 0, 1]),
        ];
        bed.configure(Lease {
            routes: given,
            ..lease()
        });
        let metric = bed.metric();
        let expected = [
            format!("10.0.0.0/24 proto dhcp scope link src 10.0.0.5 {metric}"),
            format!("192.0.2.0/24 proto dhcp scope link src 10.0.0.5 {metric}"),
            format!("198.51.100.0/24 via 192.0.2.1 proto dhcp src 10.0.0.5 {metric}"),
            format!("default via 10.0.0.2 proto dhcp src 10.0.0.5 {metric}"),
        ];
        assert_eq!(routes(), expected);
        let notice =
            "notice left out of the lease: route 127.0.0.0/8 via 10.0.0.1 (not a destination)";
        assert_eq!(bed.told()[0], notice);
    });
}

#[test]
fn case_067_routes_of_every_width_are_there_on_link_and_through_gateways() {
    isolated(
        "case_067_routes_of_every_width_are_there_on_link_and_through_gateways",
        || {
            let bed = Bed::new();
            let given = vec![
                route([0, 0, 0, 0], 0, [10, 0, 0, 1]),
                route([128, 0, 0, 0], 1, [10, 0, 0, 1]),
                route([172, 0, 0, 0], 8, [0, 0, 0, 0]),
                route([192, 0, 2, 0], 24, [10, 0, 0, 1]),
                route([198, 51, 100, 128], 25, [172, 9, 9, 9]),
                route([203, 0, 113, 7], 32, [0, 0, 0, 0]),
            ];
            bed.configure(Lease {
                routes: given,
                ..lease()
            });
            let tail = format!("proto dhcp src 10.0.0.5 {}", bed.metric());
            let link = format!("proto dhcp scope link src 10.0.0.5 {}", bed.metric());
            let expected = [
                format!("10.0.0.0/24 {link}"),
                format!("128.0.0.0/1 via 10.0.0.1 {tail}"),
                format!("172.0.0.0/8 {link}"),
                format!("192.0.2.0/24 via 10.0.0.1 {tail}"),
                format!("198.51.100.128/25 via 172.9.9.9 {tail}"),
                format!("203.0.113.7 {link}"),
                format!("default via 10.0.0.1 {tail}"),
            ];
            assert_eq!(routes(), expected);
        },
    );
}

#[test]
fn as_many_routes_as_a_lease_may_have_are_all_there_and_all_go() {
    isolated(
        "as_many_routes_as_a_lease_may_have_are_all_there_and_all_go",
        || {
            let bed = Bed::new();
            // Each with a gateway of its own outside the subnet, so that each takes two.
            let given = (0..64)
                .map(|n| route([198, 51, n, 0], 24, [192, 0, 2, n + 1]))
                .collect();
            bed.configure(Lease {
                routes: given,
                ..lease()
            });
            assert_eq!(routes().len(), 64 * 2 + 2);
            bed.deconfigure(DeconfigureCause::Expired);
            assert_eq!(routes(), [""; 0]);
        },
    );
}

#[test]
fn case_073_the_mtu_follows_the_lease_and_comes_back() {
    isolated("case_073_the_mtu_follows_the_lease_and_comes_back", || {
        let bed = Bed::new();
        bed.configure(Lease {
            mtu: Some(1400),
            ..lease()
        });
        assert_eq!(mtu(), 1400);
        assert!(
            routes().iter().all(|route| route.ends_with("mtu 1400")),
            "{:?}",
            routes()
        );
        bed.update(Lease {
            mtu: Some(1300),
            ..lease()
        });
        assert_eq!(mtu(), 1300);
        assert!(
            routes().iter().all(|route| route.ends_with("mtu 1300")),
            "{:?}",
            routes()
        );
        bed.update(lease());
        assert_eq!(mtu(), 1500);
        assert!(
            routes().iter().all(|route| !route.contains("mtu")),
            "{:?}",
            routes()
        );
        bed.update(Lease {
            mtu: Some(1400),
            ..lease()
        });
        assert!(
            routes().iter().all(|route| route.ends_with("mtu 1400")),
            "{:?}",
            routes()
        );
        bed.deconfigure(DeconfigureCause::Stopped);
        assert_eq!((mtu(), routes().len()), (1500, 0));
    });
}

#[test]
fn case_073_an_mtu_that_somebody_else_set_stays() {
    isolated("case_073_an_mtu_that_somebody_else_set_stays", || {
        let bed = Bed::new();
        bed.configure(Lease {
            mtu: Some(1400),
            ..lease()
        });
        ip("link set eth0 mtu 1200");
        bed.update(Lease {
            mtu: Some(1400),
            ..lease()
        });
        bed.deconfigure(DeconfigureCause::Stopped);
        assert_eq!(mtu(), 1200);
    });
}

#[test]
fn case_073_an_mtu_out_of_range_leaves_the_link_alone() {
    isolated("case_073_an_mtu_out_of_range_leaves_the_link_alone", || {
        let bed = Bed::new();
        bed.configure(Lease {
            mtu: Some(67),
            ..lease()
        });
        assert_eq!((mtu(), address_list().len()), (1500, 1));
        assert_eq!(
            bed.told()[0],
            "notice left out of the lease: MTU 67 (not from 576 to 65535)"
        );
    });
}

#[test]
fn each_complaint_about_a_lease_is_made_once() {
    isolated("each_complaint_about_a_lease_is_made_once", || {
        let bed = Bed::new();
        let loopback = Lease {
            dns: vec![[127, 0, 0, 1].into()],
            ..lease()
        };
        let too_small = Lease {
            mtu: Some(67),
            ..lease()
        };
        bed.configure(loopback.clone());
        bed.update(too_small.clone());
        bed.update(loopback);
        bed.update(too_small);
        let told = bed.told();
        let complaints: Vec<&String> = told
            .iter()
            .filter(|line| line.starts_with("notice"))
            .collect();
        let expected = [
            "notice left out of the lease: resolver 127.0.0.1 (not a host)",
            "notice left out of the lease: MTU 67 (not from 576 to 65535)",
        ];
        assert_eq!(complaints, expected);
    });
}
