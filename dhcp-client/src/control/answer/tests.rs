//! What people see of a run, and what programs get.

use std::net::Ipv4Addr;

use sdk_rpc::{Counter, LinkState, MacAddress, Parameter, Route};

use super::*;

const NOW: u64 = 1_000_000;

fn status(interface: &str) -> InterfaceStatus {
    InterfaceStatus {
        interface: interface.into(),
        link: LinkState {
            up: true,
            carrier: true,
            mac: MacAddress([2, 0, 0, 0, 0, 1]),
            mtu: 1500,
        },
        state: "SELECTING".into(),
        lease: None,
        calf: Some(77),
        restarts: 0,
        absent: Vec::new(),
        counters: vec![Counter {
            name: "sent.DISCOVER".into(),
            value: 3,
        }],
        metric: 1002,
    }
}

fn lease() -> Lease {
    Lease {
        address: Ipv4Addr::new(10, 77, 0, 100),
        prefix_length: 24,
        broadcast: None,
        origin: Origin::Server,
        server: Ipv4Addr::new(10, 77, 0, 1),
        routers: vec![Ipv4Addr::new(10, 77, 0, 1), Ipv4Addr::new(10, 77, 0, 2)],
        routes: Vec::new(),
        dns: vec![Ipv4Addr::new(10, 77, 0, 1), Ipv4Addr::new(10, 77, 0, 3)],
        ntp: Vec::new(),
        domain: Some("example.test".into()),
        search: Vec::new(),
        host_name: None,
        mtu: None,
        lease_seconds: Some(3600),
        acquired_at: NOW,
        renew_at: Some(NOW + 1_800_000),
        rebind_at: Some(NOW + 3_150_000),
        expires_at: Some(NOW + 3_599_999),
        next_server: Ipv4Addr::UNSPECIFIED,
        server_name: None,
        boot_file: None,
        parameters: vec![
            Parameter {
                code: 43,
                value: Value::Octets(vec![1, 0xff]),
            },
            Parameter {
                code: 51,
                value: Value::Numbers(vec![3600]),
            },
        ],
    }
}

fn bound(interface: &str, lease: Lease) -> InterfaceStatus {
    InterfaceStatus {
        state: "BOUND".into(),
        lease: Some(lease),
        ..status(interface)
    }
}

fn run(interfaces: Vec<InterfaceStatus>) -> Overall {
    Overall {
        client: "dhcp-client".into(),
        version: "1.0".into(),
        pid: 5,
        now: NOW,
        interfaces,
    }
}

#[test]
fn the_table_is_aligned_and_says_what_is_wrong_below() {
    let broken = InterfaceStatus {
        link: LinkState {
            carrier: false,
            ..status("eth1").link
        },
        restarts: 2,
        absent: vec!["user namespace".into(), "Landlock".into()],
        calf: None,
        ..status("eth1")
    };
    let table = status_as_table(&[run(vec![bound("eth0", lease()), broken])]);
    let expected = "\
INTERFACE  STATE      ADDRESS         SERVER     LEFT     RENEWAL  ROUTER     RESOLVERS
eth0       BOUND      10.77.0.100/24  10.77.0.1  59m 59s  30m 0s   10.77.0.1  10.77.0.1,10.77.0.3
eth1       SELECTING  -               -          -        -        -          -
eth1: no carrier; no sandboxed process; sandboxed process restarted 2 times; sandbox without user \
namespace, Landlock
";
    assert_eq!(table, expected);
}

#[test]
fn addresses_without_a_server_and_without_an_end_are_told_as_such() {
    let infinite = Lease {
        origin: Origin::LinkLocal,
        renew_at: None,
        rebind_at: None,
        expires_at: None,
        lease_seconds: None,
        routers: Vec::new(),
        routes: vec![Route {
            destination: Ipv4Addr::UNSPECIFIED,
            prefix_length: 0,
            gateway: Ipv4Addr::new(10, 77, 0, 9),
        }],
        ..lease()
    };
    let table = status_as_table(&[run(vec![bound("eth0", infinite)])]);
    let row = table.lines().nth(1).expect("a row");
    assert!(
        row.contains("link-local  for ever  -        10.77.0.9"),
        "{row}"
    );
}

#[test]
fn what_is_left_is_told_in_the_two_largest_units() {
    let told = |seconds: u64| left(NOW + seconds * 1000, NOW);
    assert_eq!(told(0), "0s");
    assert_eq!(told(7), "7s");
    assert_eq!(told(60), "1m 0s");
    assert_eq!(told(3599), "59m 59s");
    assert_eq!(told(3600), "1h 0m");
    assert_eq!(told(86_400 * 3 + 7200), "3d 2h");
    assert_eq!(left(NOW - 1, NOW), "0s");
}

#[test]
fn programs_get_everything() {
    let text = status_as_json(&[run(vec![bound("eth0", lease()), status("eth1")])]);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let eth0 = &value["runs"][0]["interfaces"][0];
    assert_eq!(value["runs"][0]["pid"], 5);
    assert_eq!(eth0["lease"]["address"], "10.77.0.100/24");
    assert_eq!(eth0["lease"]["expires_in"], 3599);
    assert_eq!(eth0["lease"]["options"]["43"], "01ff");
    assert_eq!(eth0["lease"]["options"]["51"][0], 3600);
    assert_eq!(eth0["counters"]["sent.DISCOVER"], 3);
    assert!(value["runs"][0]["interfaces"][1]["lease"].is_null());

    let text = leases_as_json(&[run(vec![bound("eth0", lease()), status("eth1")])]);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["eth0"]["domain"], "example.test");
    assert!(value["eth1"].is_null());
}
