//! A lease comes back from priv as it went there: an engine that resumes it knows what the one before knew.

use std::net::Ipv4Addr;

use dhcp_proto::{Lease, Origin, Parameter, Route, Value};

use super::*;

/// Each field has a value that no other has.
fn lease(origin: Origin) -> Lease {
    let address = |last| Ipv4Addr::new(192, 0, 2, last);
    let route = |last| Route {
        destination: address(last),
        prefix_length: last,
        gateway: address(1),
    };
    let values = [
        Value::Octets(vec![1]),
        Value::Addresses(vec![address(20)]),
        Value::Numbers(vec![-1]),
        Value::Text("text".into()),
        Value::Names(vec!["name.example".into()]),
        Value::Routes(vec![route(21)]),
    ];
    Lease {
        address: address(2),
        prefix_length: 24,
        broadcast: Some(address(3)),
        origin,
        server_identifier: address(4),
        routers: vec![address(5)],
        routes: vec![route(6)],
        dns: vec![address(7)],
        ntp: vec![address(8)],
        domain: Some("example".into()),
        search: vec!["search.example".into()],
        host_name: Some("host".into()),
        mtu: Some(1400),
        lease_seconds: Some(9),
        acquired_at: Instant::from_millis(10),
        renew_at: Some(Instant::from_millis(11)),
        rebind_at: Some(Instant::from_millis(12)),
        expires_at: Some(Instant::from_millis(13)),
        next_server: address(14),
        server_name: Some("server.example".into()),
        boot_file: Some("boot".into()),
        parameters: (224..)
            .zip(values)
            .map(|(code, value)| Parameter { code, value })
            .collect(),
    }
}

#[test]
fn a_lease_of_any_origin_comes_back_as_it_went() {
    for origin in [Origin::Server, Origin::LinkLocal, Origin::Inform] {
        let lease = lease(origin);
        assert_eq!(lease_from_rpc(lease_to_rpc(&lease)), lease);
    }
}

#[test]
fn what_is_alike_is_not_confused() {
    let rpc = lease_to_rpc(&lease(Origin::Server));
    assert_eq!(rpc.server, Ipv4Addr::new(192, 0, 2, 4));
    assert_eq!(rpc.dns, [Ipv4Addr::new(192, 0, 2, 7)]);
    assert_eq!(rpc.ntp, [Ipv4Addr::new(192, 0, 2, 8)]);
    assert_eq!(rpc.acquired_at, 10);
    assert_eq!(
        (rpc.renew_at, rpc.rebind_at, rpc.expires_at),
        (Some(11), Some(12), Some(13))
    );
}

#[test]
fn the_operators_own_lease_is_one_that_no_server_takes_back() {
    let rpc = sdk_rpc::Lease {
        origin: sdk_rpc::Origin::Operator,
        ..lease_to_rpc(&lease(Origin::Inform))
    };
    assert_eq!(lease_from_rpc(rpc).origin, Origin::Inform);
}
