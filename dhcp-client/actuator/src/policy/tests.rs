//! The policy, by tables of what is refused and what is left out.

use std::net::Ipv4Addr;

use sdk_rpc::{Lease, Origin, Route};

use super::*;

mod exports;
mod origin;

/// Arbitrary.
pub(crate) const NOW: u64 = 1_000_000;
pub(crate) const LIMITS: Limits = Limits { highest_mtu: 1500 };

pub(crate) fn lease() -> Lease {
    Lease {
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
        acquired_at: NOW - 20,
        renew_at: Some(NOW + 1_800_000),
        rebind_at: Some(NOW + 3_150_000),
        expires_at: Some(NOW + 3_600_000 - 20),
        origin: Origin::Server,
        next_server: Ipv4Addr::UNSPECIFIED,
        server_name: None,
        boot_file: None,
        parameters: Vec::new(),
    }
}

fn refusal(change: impl FnOnce(&mut Lease)) -> Option<Refusal> {
    let mut lease = lease();
    change(&mut lease);
    check(lease, LIMITS, NOW).err()
}

fn checked(change: impl FnOnce(&mut Lease)) -> (Lease, Vec<Dropped>) {
    let mut lease = lease();
    change(&mut lease);
    let (checked, dropped) = check(lease, LIMITS, NOW).unwrap();
    (checked.lease, dropped)
}

fn route(destination: [u8; 4], prefix_length: u8, gateway: [u8; 4]) -> Route {
    Route {
        destination: destination.into(),
        prefix_length,
        gateway: gateway.into(),
    }
}

#[test]
fn a_sound_lease_passes_as_it_is() {
    let (lease, dropped) = checked(|_| {});
    assert_eq!(lease.broadcast, Some([10, 0, 0, 255].into()));
    assert_eq!(
        Lease {
            broadcast: None,
            ..lease
        },
        self::lease()
    );
    assert_eq!(dropped, []);
}

#[test]
fn case_102_addresses_that_no_host_can_have_are_refused() {
    for octets in [
        [0, 0, 0, 0],
        [0, 1, 2, 3],
        [127, 0, 0, 1],
        [224, 0, 0, 1],
        [239, 9, 9, 9],
        [240, 0, 0, 1],
        [255, 255, 255, 255],
    ] {
        let address = Ipv4Addr::from(octets);
        let refused = refusal(|lease| lease.address = address);
        assert_eq!(
            refused,
            Some(Refusal::AddressNotUsable(address)),
            "{address}"
        );
    }
    assert_eq!(
        refusal(|lease| lease.address = [169, 254, 9, 9].into()),
        None
    );
}

#[test]
fn the_ends_of_a_subnet_are_refused_where_they_are_ends() {
    let at = |address: [u8; 4], prefix_length| {
        refusal(|lease| {
            lease.address = address.into();
            lease.prefix_length = prefix_length;
        })
    };
    let edge = |address: [u8; 4], prefix_length| {
        Some(Refusal::AddressIsEdge {
            address: address.into(),
            prefix_length,
        })
    };
    assert_eq!(at([10, 0, 0, 0], 24), edge([10, 0, 0, 0], 24));
    assert_eq!(at([10, 0, 0, 255], 24), edge([10, 0, 0, 255], 24));
    assert_eq!(at([10, 0, 0, 0], 31), None);
    assert_eq!(at([10, 0, 0, 255], 32), None);
}

#[test]
fn case_102_prefix_lengths_are_from_1_to_32() {
    assert_eq!(
        refusal(|lease| lease.prefix_length = 0),
        Some(Refusal::PrefixLength(0))
    );
    assert_eq!(
        refusal(|lease| lease.prefix_length = 33),
        Some(Refusal::PrefixLength(33))
    );
    assert_eq!(
        refusal(|lease| lease.prefix_length = 255),
        Some(Refusal::PrefixLength(255))
    );
    assert_eq!(refusal(|lease| lease.prefix_length = 1), None);
    assert_eq!(refusal(|lease| lease.prefix_length = 32), None);
}

#[test]
fn times_that_contradict_each_other_are_refused() {
    assert_eq!(
        refusal(|lease| lease.expires_at = Some(NOW)),
        Some(Refusal::Expired)
    );
    assert_eq!(
        refusal(|lease| lease.expires_at = None),
        Some(Refusal::Times)
    );
    assert_eq!(
        refusal(|lease| lease.lease_seconds = None),
        Some(Refusal::Times)
    );
    // An hour's lease that would hold the address for ever.
    assert_eq!(
        refusal(|lease| lease.expires_at = Some(u64::MAX)),
        Some(Refusal::Times)
    );
    assert_eq!(
        refusal(|lease| lease.expires_at = Some(NOW + 3_601_001)),
        Some(Refusal::Times)
    );
}

#[test]
fn t1_and_t2_are_never_after_the_end() {
    let (lease, _) = checked(|lease| {
        lease.renew_at = Some(u64::MAX);
        lease.rebind_at = Some(u64::MAX);
    });
    assert_eq!(
        (lease.renew_at, lease.rebind_at),
        (lease.expires_at, lease.expires_at)
    );
}

#[test]
fn an_infinite_lease_has_no_times() {
    let (lease, _) = checked(|lease| {
        lease.lease_seconds = None;
        lease.expires_at = None;
    });
    assert_eq!(
        (lease.renew_at, lease.rebind_at, lease.expires_at),
        (None, None, None)
    );
}

#[test]
fn a_broadcast_address_is_an_end_of_the_subnet() {
    let (lease, dropped) = checked(|lease| lease.broadcast = Some([10, 0, 0, 1].into()));
    assert_eq!(lease.broadcast, Some([10, 0, 0, 255].into()));
    assert_eq!(dropped, [Dropped::Broadcast([10, 0, 0, 1].into())]);
    let (lease, dropped) = checked(|lease| lease.broadcast = Some([10, 0, 0, 0].into()));
    assert_eq!(
        (lease.broadcast, dropped),
        (Some([10, 0, 0, 0].into()), vec![])
    );
}

#[test]
fn case_082_routes_that_cannot_be_are_left_out_by_name() {
    let own_gateway = [10, 0, 0, 1];
    let table = [
        (
            route([127, 0, 0, 0], 8, own_gateway),
            RouteFault::Destination,
        ),
        (
            route([127, 1, 2, 3], 32, own_gateway),
            RouteFault::Destination,
        ),
        (
            route([224, 0, 0, 0], 4, own_gateway),
            RouteFault::Destination,
        ),
        (
            route([224, 0, 0, 0], 3, own_gateway),
            RouteFault::Destination,
        ),
        (
            route([255, 255, 255, 255], 32, own_gateway),
            RouteFault::Destination,
        ),
        (route([0, 0, 0, 0], 8, own_gateway), RouteFault::Destination),
        (
            route([0, 0, 0, 0], 32, own_gateway),
            RouteFault::Destination,
        ),
        (
            route([192, 0, 2, 0], 33, own_gateway),
            RouteFault::PrefixLength,
        ),
        (
            route([10, 0, 0, 5], 32, own_gateway),
            RouteFault::OwnAddress,
        ),
        (
            route([10, 0, 0, 5], 32, [0, 0, 0, 0]),
            RouteFault::OwnAddress,
        ),
        (route([10, 0, 0, 0], 24, own_gateway), RouteFault::OwnSubnet),
        (
            route([10, 0, 0, 1], 32, [10, 0, 0, 9]),
            RouteFault::ToGateway,
        ),
        (
            route([192, 0, 2, 0], 24, [127, 0, 0, 1]),
            RouteFault::Gateway(GatewayFault::NotUnicast),
        ),
        (
            route([192, 0, 2, 0], 24, [224, 0, 0, 1]),
            RouteFault::Gateway(GatewayFault::NotUnicast),
        ),
        (
            route([192, 0, 2, 0], 24, [10, 0, 0, 5]),
            RouteFault::Gateway(GatewayFault::OwnAddress),
        ),
        (
            route([192, 0, 2, 0], 24, [10, 0, 0, 255]),
            RouteFault::Gateway(GatewayFault::EdgeOfSubnet),
        ),
    ];
    for (given, fault) in table {
        let (lease, dropped) = checked(|lease| lease.routes = vec![given]);
        assert_eq!(dropped, [Dropped::Route(given, fault)]);
        assert_eq!(lease.routes, []);
    }
}

#[test]
fn case_082_routes_that_a_server_may_give_pass() {
    let own_gateway = [10, 0, 0, 1];
    let given = vec![
        route([0, 0, 0, 0], 0, own_gateway),
        route([0, 0, 0, 0], 1, own_gateway),
        route([128, 0, 0, 0], 1, own_gateway),
        route([192, 0, 2, 7], 32, own_gateway),
        route([169, 254, 169, 254], 32, [0, 0, 0, 0]),
        route([198, 51, 100, 0], 24, [203, 0, 113, 1]),
    ];
    let (lease, dropped) = checked(|lease| lease.routes = given.clone());
    assert_eq!((lease.routes, dropped), (given, vec![]));
}

#[test]
fn host_bits_are_cleared_and_the_first_of_a_destination_counts() {
    let (lease, dropped) = checked(|lease| {
        lease.routes = vec![
            route([129, 210, 177, 132], 25, [10, 0, 0, 1]),
            route([129, 210, 177, 128], 25, [10, 0, 0, 2]),
        ];
    });
    assert_eq!(
        lease.routes,
        [route([129, 210, 177, 128], 25, [10, 0, 0, 1])]
    );
    let second = route([129, 210, 177, 128], 25, [10, 0, 0, 2]);
    assert_eq!(dropped, [Dropped::Route(second, RouteFault::Duplicate)]);
}

#[test]
fn a_host_that_is_its_own_gateway_is_on_link() {
    let (lease, dropped) =
        checked(|lease| lease.routes = vec![route([203, 0, 113, 1], 32, [203, 0, 113, 1])]);
    assert_eq!(lease.routes, [route([203, 0, 113, 1], 32, [0, 0, 0, 0])]);
    assert_eq!(dropped, []);
}

#[test]
fn case_082_of_too_many_the_first_are_used() {
    let host = |number: usize| Ipv4Addr::from_bits(0xC633_6400 + u32::try_from(number).unwrap());
    let (lease, dropped) = checked(|lease| {
        lease.routers = (1..=100).map(host).collect();
        lease.dns = (1..=1000).map(host).collect();
        lease.ntp = (1..=1000).map(host).collect();
        lease.search = (1..=1000).map(|number| format!("n{number}.test")).collect();
        lease.routes = (1..=1000)
            .map(|number| Route {
                destination: host(number * 4),
                prefix_length: 30,
                gateway: [10, 0, 0, 1].into(),
            })
            .collect();
    });
    let kept = (
        lease.routers.len(),
        lease.routes.len(),
        lease.dns.len(),
        lease.ntp.len(),
    );
    assert_eq!(
        kept,
        (MOST_ROUTERS, MOST_ROUTES, MOST_RESOLVERS, MOST_TIME_SERVERS)
    );
    assert_eq!(lease.search.len(), MOST_SEARCH_DOMAINS);
    assert_eq!(dropped.len(), 5, "{dropped:?}");
    let line = line(&dropped).unwrap();
    assert!(line.contains("936 routes (beyond 64)"), "{line}");
}

#[test]
fn case_075_names_that_are_none_are_left_out() {
    let bad = [
        "",
        ".",
        "a..b",
        "-a.test",
        "a-.test",
        "a b",
        "a\nnameserver 6.6.6.6",
        "a;b",
        "$(id)",
        "'",
        "ä",
        "a/../b",
        "a\0b",
    ];
    for name in bad {
        let (lease, dropped) = checked(|lease| {
            lease.domain = Some(name.to_owned());
            lease.host_name = Some(name.to_owned());
            lease.search = vec![name.to_owned(), "good.test".to_owned()];
        });
        assert_eq!((lease.domain, lease.host_name), (None, None), "{name:?}");
        assert_eq!(lease.search, ["good.test"], "{name:?}");
        assert_eq!(dropped.len(), 3, "{name:?}");
    }
    let long_label = "a".repeat(64);
    let long_name = ["a"; 128].join(".");
    let (lease, dropped) = checked(|lease| lease.search = vec![long_label, long_name]);
    assert_eq!((lease.search.len(), dropped.len()), (0, 2));
}

#[test]
fn a_final_dot_is_no_part_of_a_name() {
    let (lease, _) = checked(|lease| lease.domain = Some("lan.test.".to_owned()));
    assert_eq!(lease.domain.as_deref(), Some("lan.test"));
}

#[test]
fn case_073_an_mtu_outside_the_links_range_is_left_out() {
    for mtu in [0, 67, 575, 1501, 65535] {
        let (lease, dropped) = checked(|lease| lease.mtu = Some(mtu));
        assert_eq!(
            (lease.mtu, dropped),
            (None, vec![Dropped::Mtu { mtu, highest: 1500 }])
        );
    }
    for mtu in [576, 1400, 1500] {
        let (lease, dropped) = checked(|lease| lease.mtu = Some(mtu));
        assert_eq!((lease.mtu, dropped), (Some(mtu), vec![]));
    }
}

#[test]
fn resolvers_are_hosts() {
    let (lease, dropped) = checked(|lease| {
        lease.dns = [
            [127, 0, 0, 53],
            [8, 8, 8, 8],
            [255, 255, 255, 255],
            [8, 8, 8, 8],
            [169, 254, 169, 253],
        ]
        .map(Ipv4Addr::from)
        .to_vec();
    });
    assert_eq!(
        lease.dns,
        [[8, 8, 8, 8], [169, 254, 169, 253]].map(Ipv4Addr::from)
    );
    assert_eq!(dropped.len(), 2);
}

#[test]
fn a_log_line_is_one_line_whatever_was_sent() {
    let (_, dropped) = checked(|lease| {
        lease.domain = Some("x\n\u{1b}[31m".repeat(1000));
        lease.search = vec!["\r\n".to_owned(); 10];
    });
    let line = line(&dropped).unwrap();
    assert!(
        line.chars().all(|character| !character.is_control()),
        "{line}"
    );
    assert!(line.len() < 1000, "{}", line.len());
}
