//! A calf that was taken over and asks for what it should not: nothing of it reaches the host.

#![allow(
    clippy::unwrap_used,
    reason = "a failed unwrap is a failed test, with its line"
)]

mod bed;

use bed::{Bed, ip, isolated, lease, mtu, pass, reason, route};
use dhcp_actuator::TakesHostName;
use sdk_rpc::{Applied, Lease, Origin, Parameter, Setback, Value};

/// Everything that a lease could change in this network namespace.
fn host() -> String {
    [
        "address show",
        "route show table all",
        "-6 route show table all",
        "rule show",
        "neighbour show",
    ]
    .map(ip)
    .concat()
}

#[test]
fn case_102_leases_that_cannot_be_are_refused_and_change_nothing() {
    isolated(
        "case_102_leases_that_cannot_be_are_refused_and_change_nothing",
        || {
            let bed = Bed::new();
            let before = host();
            let refused = |lease: Lease, expected: &str| {
                assert_eq!(reason(bed.try_configure(lease)), expected);
            };
            let at = |address: [u8; 4], prefix_length| Lease {
                address: address.into(),
                prefix_length,
                ..lease()
            };
            refused(
                at([10, 0, 0, 5], 0),
                "the prefix length is 0, and must be from 1 to 32",
            );
            refused(
                at([10, 0, 0, 5], 33),
                "the prefix length is 33, and must be from 1 to 32",
            );
            refused(
                at([127, 0, 0, 1], 8),
                "127.0.0.1 is not an address that a host can have",
            );
            refused(
                at([224, 0, 0, 1], 24),
                "224.0.0.1 is not an address that a host can have",
            );
            refused(
                at([0, 0, 0, 0], 24),
                "0.0.0.0 is not an address that a host can have",
            );
            let for_ever = Lease {
                expires_at: Some(u64::MAX),
                ..lease()
            };
            refused(for_ever, "the times of the lease contradict each other");
            let forged = Lease {
                origin: Origin::LinkLocal,
                ..lease()
            };
            refused(
                forged,
                "10.0.0.5/24 is no link-local address; those are from 169.254.1.0/16 to 169.254.254.255/16",
            );
            assert_eq!(
                (host(), bed.told().len(), bed.has_resolver_file()),
                (before, 0, false)
            );
        },
    );
}

#[test]
fn case_102_a_route_cannot_lead_through_another_interface() {
    isolated(
        "case_102_a_route_cannot_lead_through_another_interface",
        || {
            let bed = Bed::new();
            ip("link add eth1 type veth peer name far1");
            ip("link set eth1 up");
            ip("link set far1 up");
            ip("address add 192.0.2.9/24 dev eth1");
            let before = ip("route show dev eth1");
            bed.configure(Lease {
                routers: vec![[192, 0, 2, 1].into()],
                routes: vec![
                    route([192, 0, 2, 0], 24, [0, 0, 0, 0]),
                    route([198, 51, 100, 0], 24, [192, 0, 2, 1]),
                ],
                ..lease()
            });
            assert_eq!(ip("route show dev eth1"), before);
            let through = |destination: &str| ip(&format!("route get {destination}"));
            assert!(
                through("192.0.2.77").contains("dev eth1"),
                "the other's own subnet stays its own"
            );
            assert!(through("198.51.100.7").contains("dev eth0"));
        },
    );
}

#[test]
fn case_102_values_that_cannot_be_are_left_out_and_the_rest_is_used() {
    isolated(
        "case_102_values_that_cannot_be_are_left_out_and_the_rest_is_used",
        || {
            let bed = Bed::with(|options| options.takes.host_name = TakesHostName::Always);
            let before = nix::unistd::gethostname().unwrap();
            let newline = "x\nnameserver 6.6.6.6";
            let everything = |mtu| Lease {
                mtu: Some(mtu),
                routers: vec![[127, 0, 0, 1].into(), [10, 0, 0, 1].into()],
                routes: vec![
                    route([127, 0, 0, 0], 8, [10, 0, 0, 1]),
                    route([224, 0, 0, 0], 4, [10, 0, 0, 1]),
                    route([10, 0, 0, 5], 32, [10, 0, 0, 1]),
                ],
                dns: (0..1_000_000_u32)
                    .map(|number| (0x0a00_0100 + number % 5000).into())
                    .collect(),
                domain: Some(newline.to_owned()),
                search: vec!["../../etc/passwd".to_owned(), newline.to_owned()],
                host_name: Some(newline.to_owned()),
                boot_file: Some("/etc/shadow\0".to_owned()),
                parameters: vec![Parameter {
                    code: 12,
                    value: Value::Text(newline.to_owned()),
                }],
                ..lease()
            };
            for (bad, applied) in [
                (0, bed.try_configure(everything(0))),
                (67, bed.try_update(everything(67))),
                (575, bed.try_update(everything(575))),
            ] {
                assert_eq!((applied, mtu()), (Applied::Done, 1500), "{bad}");
            }
            assert_eq!(bed::address_list(), ["10.0.0.5/24"]);
            assert_eq!(bed::routes().len(), 2);
            let text = bed.resolver_text();
            let servers = text
                .lines()
                .filter(|line| line.starts_with("nameserver 10.0."));
            assert_eq!((servers.count(), text.lines().count()), (8, 9), "{text}");
            assert_eq!(nix::unistd::gethostname().unwrap(), before);
            let current = bed.actuator.current().unwrap();
            assert_eq!((current.boot_file, current.parameters), (None, vec![]));
            let told = bed.told();
            assert!(
                told.iter()
                    .all(|line| !line.contains('\n') && line.len() < 1000),
                "{told:?}"
            );
        },
    );
}

#[test]
fn case_102_an_mtu_beyond_the_links_is_left_out() {
    isolated("case_102_an_mtu_beyond_the_links_is_left_out", || {
        let bed = Bed::of_limited_mtu(9000);
        bed.configure(Lease {
            mtu: Some(u16::MAX),
            ..lease()
        });
        assert_eq!((mtu(), bed::address_list().len()), (1500, 1));
        assert!(bed.told()[0].contains("MTU 65535 (not from 576 to 9000)"));
    });
}

#[test]
fn setbacks_without_end_are_told_at_the_pace_of_changes() {
    isolated(
        "setbacks_without_end_are_told_at_the_pace_of_changes",
        || {
            let bed = Bed::new();
            let all = 1000;
            for _ in 0..all {
                bed.set_back(Setback::Refused);
            }
            let told = bed.told().len();
            assert!(told < 20, "{told} of {all}");

            // A real one, later.
            pass(10_000);
            bed.set_back(Setback::NoAnswer);
            assert_eq!(bed.told().last().unwrap(), "setback NoAnswer");
        },
    );
}
