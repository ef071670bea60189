//! Any lease before the actuator's policy: what passes passes again unchanged, and breaks none of the rules that are
//! written here once more, in other words and with other arithmetic.

use std::{collections::BTreeSet, net::Ipv4Addr};

use dhcp_actuator::policy::{self, Limits};
use sdk_rpc::{Lease, Origin, Route, Value};

use crate::{
    any_lease::{self, NOW},
    source::Source,
};

/// The first octets are the link's largest MTU, the rest is the lease.
pub fn policy(octets: &[u8]) {
    let mut source = Source::new(octets);
    let limits = Limits {
        highest_mtu: u32::from(source.number16()) + u32::from(source.octet()),
    };
    let lease = any_lease::lease(&mut source);
    let Ok((checked, dropped)) = policy::check(lease.clone(), limits, NOW) else {
        return;
    };
    let passed = checked.lease();
    check_address(passed);
    check_routes(passed);
    check_lists(passed);
    check_texts(passed);
    check_times(passed, &lease);
    check_parameters(passed);
    assert!(
        passed
            .mtu
            .is_none_or(|mtu| mtu >= 576 && u32::from(mtu) <= limits.highest_mtu)
    );
    // Nothing is made up: what is in force came with the lease.
    assert!(passed.routers.iter().all(|it| lease.routers.contains(it)));
    assert!(passed.dns.iter().all(|it| lease.dns.contains(it)));
    assert!(
        passed
            .parameters
            .iter()
            .all(|it| lease.parameters.contains(it))
    );
    let complaint = policy::line(&dropped);
    assert!(complaint.is_none_or(|line| line.len() < 2000 && !line.chars().any(char::is_control)));
    let again = policy::check(passed.clone(), limits, NOW);
    assert_eq!(again, Ok((checked, Vec::new())));
}

/// Neither of this network or host, nor of a group, nor reserved (RFC 1122 section 3.2.1.3).
fn is_host(address: Ipv4Addr) -> bool {
    !(address.octets()[0] == 0
        || address.is_loopback()
        || address.is_multicast()
        || address.is_broadcast()
        || address.octets()[0] >= 240)
}

/// The bits of an address that are the network's.
fn network(address: Ipv4Addr, prefix_length: u8) -> u64 {
    u64::from(address.to_bits()) >> (32 - u64::from(prefix_length))
}

fn check_address(lease: &Lease) {
    assert!(is_host(lease.address) && (1..=32).contains(&lease.prefix_length));
    if lease.prefix_length < 31 {
        let host_bits = (1_u64 << (32 - u64::from(lease.prefix_length))) - 1;
        let own = u64::from(lease.address.to_bits()) & host_bits;
        assert!(own != 0 && own != host_bits, "an edge of its network");
    }
    if lease.origin == Origin::LinkLocal {
        let [first, second, third, _] = lease.address.octets();
        assert!((first, second) == (169, 254) && third != 0 && third != 255);
        assert!(lease.routers.is_empty() && lease.routes.is_empty() && lease.dns.is_empty());
        assert!(lease.server.is_unspecified() && lease.parameters.is_empty());
    }
}

fn check_gateway(gateway: Ipv4Addr, lease: &Lease) {
    assert!(is_host(gateway) && gateway != lease.address, "{gateway}");
    if network(gateway, lease.prefix_length) == network(lease.address, lease.prefix_length)
        && lease.prefix_length < 31
    {
        let host_bits = (1_u64 << (32 - u64::from(lease.prefix_length))) - 1;
        let own = u64::from(gateway.to_bits()) & host_bits;
        assert!(own != 0 && own != host_bits, "{gateway} is everybody");
    }
}

fn check_routes(lease: &Lease) {
    assert!(lease.routes.len() <= 64 && lease.routers.len() <= 8);
    lease
        .routers
        .iter()
        .for_each(|it| check_gateway(*it, lease));
    let mut destinations = BTreeSet::new();
    for route in &lease.routes {
        let Route {
            destination,
            prefix_length,
            gateway,
        } = *route;
        assert!(prefix_length <= 32);
        let kept = network(destination, prefix_length) << (32 - u64::from(prefix_length));
        assert_eq!(
            u64::from(destination.to_bits()),
            kept,
            "host bits of {route:?}"
        );
        assert!(
            destinations.insert((destination, prefix_length)),
            "{route:?} twice"
        );
        let [first, _, _, _] = destination.octets();
        assert!(first != 127 && first < 224, "{route:?}");
        assert!((prefix_length, destination) != (32, lease.address));
        if !gateway.is_unspecified() {
            check_gateway(gateway, lease);
        }
    }
}

fn check_lists(lease: &Lease) {
    for (list, most) in [(&lease.dns, 8), (&lease.ntp, 8), (&lease.routers, 8)] {
        assert!(list.len() <= most && list.iter().all(|it| is_host(*it)));
        let once: BTreeSet<_> = list.iter().collect();
        assert_eq!(once.len(), list.len());
    }
    assert!(lease.search.len() <= 16);
}

fn check_texts(lease: &Lease) {
    // RFC 1123 section 2.1, and the underscore.
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .chars()
                .all(|one| matches!(one, 'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_'))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let names = lease
        .search
        .iter()
        .chain(&lease.domain)
        .chain(&lease.host_name);
    for name in names {
        assert!(
            name.len() <= 253 && name.split('.').all(is_label),
            "{name:?}"
        );
    }
    for text in lease.server_name.iter().chain(&lease.boot_file) {
        assert!(
            text.len() <= 255 && !text.chars().any(char::is_control),
            "{text:?}"
        );
    }
}

/// An address does not outlive what its lease was given for, whatever a calf says of the clock.
fn check_times(lease: &Lease, given: &Lease) {
    assert_eq!(lease.lease_seconds, given.lease_seconds);
    assert!(lease.acquired_at <= NOW);
    match (lease.lease_seconds, lease.expires_at) {
        (None, None) => assert!(lease.renew_at.is_none() && lease.rebind_at.is_none()),
        (Some(seconds), Some(end)) => {
            assert_eq!(lease.origin, Origin::Server);
            assert!(end > NOW && end - NOW <= u64::from(seconds) * 1000 + 1000);
            assert!(lease.rebind_at.is_none_or(|at| at <= end));
            let latest = lease.rebind_at.unwrap_or(end);
            assert!(lease.renew_at.is_none_or(|at| at <= latest));
        }
        (Some(_), None) | (None, Some(_)) => panic!("half an end"),
    }
}

fn check_parameters(lease: &Lease) {
    let mut codes = BTreeSet::new();
    let mut octets = 0_usize;
    for parameter in &lease.parameters {
        assert!(codes.insert(parameter.code) && !matches!(parameter.code, 0 | 255));
        octets += match &parameter.value {
            Value::Octets(octets) => octets.len(),
            Value::Addresses(addresses) => addresses.len() * 4,
            Value::Numbers(numbers) => numbers.len() * 8,
            Value::Text(text) => {
                assert!(!text.chars().any(char::is_control), "{text:?}");
                text.len()
            }
            Value::Names(names) => {
                let clean = |name: &String| !name.chars().any(char::is_control);
                assert!(names.iter().all(clean), "{names:?}");
                names.iter().map(String::len).sum()
            }
            Value::Routes(routes) => routes.len() * 9,
        };
    }
    assert!(octets <= 16 * 1024, "{octets} octets of parameters");
}
