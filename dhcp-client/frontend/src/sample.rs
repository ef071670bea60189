//! A lease and an occasion for tests, with everything that scripts are told of.

use std::net::Ipv4Addr;

use sdk_rpc::{Lease, MacAddress, Origin, Parameter, Route, Value};

use crate::script::{InterfaceFacts, Occasion, Reason};

/// When the sample lease begins by the wall clock: 2026-11-24 22:37:39 UTC.
pub(crate) const WALL: u64 = 1_795_559_859;

pub(crate) fn addresses(list: &[[u8; 4]]) -> Value {
    Value::Addresses(list.iter().map(|octets| Ipv4Addr::from(*octets)).collect())
}

pub(crate) fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

pub(crate) fn numbers(list: &[i64]) -> Value {
    Value::Numbers(list.to_vec())
}

pub(crate) fn names(list: &[&str]) -> Value {
    Value::Names(list.iter().map(|name| (*name).to_owned()).collect())
}

pub(crate) fn route(destination: [u8; 4], prefix_length: u8, gateway: [u8; 4]) -> Route {
    Route {
        destination: Ipv4Addr::from(destination),
        prefix_length,
        gateway: Ipv4Addr::from(gateway),
    }
}

/// 10.9.0.50/24 for an hour, with a mask and a lease time and nothing else.
pub(crate) fn bare() -> Lease {
    Lease {
        address: Ipv4Addr::new(10, 9, 0, 50),
        prefix_length: 24,
        broadcast: None,
        origin: Origin::Server,
        server: Ipv4Addr::new(10, 9, 0, 1),
        routers: Vec::new(),
        routes: Vec::new(),
        dns: Vec::new(),
        ntp: Vec::new(),
        domain: None,
        search: Vec::new(),
        host_name: None,
        mtu: None,
        lease_seconds: Some(3600),
        acquired_at: 10_000,
        renew_at: Some(1_810_000),
        rebind_at: Some(3_160_000),
        expires_at: Some(3_610_000),
        next_server: Ipv4Addr::UNSPECIFIED,
        server_name: None,
        boot_file: None,
        parameters: vec![
            parameter(1, addresses(&[[255, 255, 255, 0]])),
            parameter(51, numbers(&[3600])),
            parameter(54, addresses(&[[10, 9, 0, 1]])),
        ],
    }
}

/// The bare lease, with what a server of an office says besides.
pub(crate) fn lease() -> Lease {
    Lease {
        broadcast: Some(Ipv4Addr::new(10, 9, 0, 255)),
        routers: vec![Ipv4Addr::new(10, 9, 0, 1), Ipv4Addr::new(10, 9, 0, 2)],
        dns: vec![Ipv4Addr::new(10, 9, 0, 53), Ipv4Addr::new(10, 9, 0, 54)],
        ntp: vec![Ipv4Addr::new(10, 9, 4, 42)],
        domain: Some("example.org".into()),
        search: vec!["example.org".into(), "eng.example.org".into()],
        host_name: Some("box1".into()),
        mtu: Some(1500),
        next_server: Ipv4Addr::new(10, 9, 0, 7),
        server_name: Some("srv1".into()),
        boot_file: Some("file1.img".into()),
        parameters: vec![
            parameter(1, addresses(&[[255, 255, 255, 0]])),
            parameter(3, addresses(&[[10, 9, 0, 1], [10, 9, 0, 2]])),
            parameter(6, addresses(&[[10, 9, 0, 53], [10, 9, 0, 54]])),
            parameter(12, text("box1")),
            parameter(15, text("example.org")),
            parameter(26, numbers(&[1500])),
            parameter(28, addresses(&[[10, 9, 0, 255]])),
            parameter(42, addresses(&[[10, 9, 4, 42]])),
            parameter(51, numbers(&[3600])),
            parameter(54, addresses(&[[10, 9, 0, 1]])),
            parameter(119, names(&["example.org", "eng.example.org"])),
        ],
        ..bare()
    }
}

/// The lease with one more option, or another value of one.
pub(crate) fn lease_with(code: u8, value: Value) -> Lease {
    let mut lease = lease();
    lease.parameters.retain(|it| it.code != code);
    lease.parameters.push(parameter(code, value));
    lease.parameters.sort_by_key(|it| it.code);
    lease
}

pub(crate) fn parameter(code: u8, value: Value) -> Parameter {
    Parameter { code, value }
}

/// Something that happens on eth0, at the moment when the sample lease begins.
pub(crate) fn occasion<'a>(
    reason: Reason,
    new: Option<&'a Lease>,
    old: Option<&'a Lease>,
) -> Occasion<'a> {
    Occasion {
        reason,
        interface: InterfaceFacts {
            name: "eth0".into(),
            index: 3,
            mac: MacAddress([0x52, 0x54, 0, 0x12, 0x34, 0x56]),
            mtu: 1500,
            flags: 0x1003,
            up: true,
            carrier: true,
            metric: 1003,
        },
        new,
        old,
        requested: None,
        requested_options: &[1, 28, 2, 3, 15, 6, 12],
        wall_now: WALL,
        now: 10_000,
        pid: 4711,
        interface_order: vec!["eth0".into()],
    }
}
