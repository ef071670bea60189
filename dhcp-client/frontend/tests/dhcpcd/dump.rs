//! What `--dumplease` and `--test` print, as a dhcpcd 9.4.1 and its stock hook did.

use std::net::Ipv4Addr;

use dhcp_frontend::{
    dhcpcd::dump,
    script::{Reason, Script},
};
use sdk_rpc::{Lease, Origin, Value};

use crate::bed::{hook, occasion, parameter, short_lease};

const LINK: &str = "\
reason=CARRIER
interface=eth0
protocol=link
if_configured=true
ifcarrier=up
ifmetric=1002
ifwireless=0
ifflags=69699
ifmtu=1500
";

#[test]
fn a_lease_is_dumped_after_its_link_in_plain_lines() {
    let lease = short_lease();
    let dumped = dump::lease(&occasion(Reason::Dump, Some(&lease), None), &[]);
    let expected = "
reason=BOUND
interface=eth0
protocol=dhcp
ip_address=192.168.77.50
subnet_mask=255.255.255.0
subnet_cidr=24
broadcast_address=192.168.77.255
network_number=192.168.77.0
routers=192.168.77.1
dhcp_lease_time=30
dhcp_message_type=5
dhcp_server_identifier=192.168.77.1
";
    assert_eq!(dumped, format!("{LINK}{expected}"));
}

#[test]
fn without_a_lease_the_link_alone_is_dumped() {
    let dumped = dump::lease(&occasion(Reason::Dump, None, None), &[]);
    assert_eq!(dumped, LINK);
    let mut down = occasion(Reason::Dump, None, None);
    down.interface.carrier = false;
    let dumped = dump::lease(&down, &[]);
    assert!(dumped.starts_with("reason=NOCARRIER\n") && dumped.contains("ifcarrier=down\n"));
}

#[test]
fn each_origin_of_a_lease_has_its_reason() {
    for (origin, reason, protocol) in [
        (Origin::Server, "BOUND", "dhcp"),
        (Origin::LinkLocal, "IPV4LL", "ipv4ll"),
        (Origin::Inform, "INFORM", "dhcp"),
        (Origin::Operator, "STATIC", "dhcp"),
    ] {
        let lease = Lease {
            origin,
            ..short_lease()
        };
        let dumped = dump::lease(&occasion(Reason::Dump, Some(&lease), None), &[]);
        let expected = format!("\nreason={reason}\ninterface=eth0\nprotocol={protocol}\n");
        assert!(dumped.contains(&expected), "{dumped}");
    }
}

#[test]
fn what_could_do_harm_is_not_dumped() {
    let lease = Lease {
        parameters: vec![
            parameter(17, Value::Text("$(reboot)".into())),
            parameter(224, Value::Text("mine".into())),
        ],
        ..short_lease()
    };
    let names = [(224, "own".to_owned())];
    let dumped = dump::lease(&occasion(Reason::Dump, Some(&lease), None), &names);
    assert!(!dumped.contains("root_path"));
    assert!(dumped.contains("own=mine\n"));
}

#[test]
fn a_test_prints_variables_as_a_shell_lists_them() {
    let script = Script {
        skip_hooks: vec!["resolv.conf".into()],
        environment: vec![
            ("new_x".into(), "it's".into()),
            ("other".into(), "y".into()),
        ],
        ..hook()
    };
    let lease = short_lease();
    let printed = dump::test(&script, &occasion(Reason::Test, Some(&lease), None));
    let expected = r#"interface='eth0'
pid='4711'
protocol='dhcp'
reason='TEST'
skip_hooks='resolv.conf'
ifcarrier='up'
ifflags='69699'
ifmetric='1002'
ifmtu='1500'
ifwireless='0'
new_broadcast_address='192.168.77.255'
new_dhcp_lease_time='30'
new_dhcp_message_type='5'
new_dhcp_server_identifier='192.168.77.1'
new_ip_address='192.168.77.50'
new_network_number='192.168.77.0'
new_routers='192.168.77.1'
new_subnet_cidr='24'
new_subnet_mask='255.255.255.0'
new_x='it'"'"'s'
"#;
    assert_eq!(printed, expected);
}

#[test]
fn masks_follow_from_any_length_of_a_prefix() {
    for (prefix_length, mask, network, broadcast) in [
        (0, "0.0.0.0", "0.0.0.0", "255.255.255.255"),
        (1, "128.0.0.0", "128.0.0.0", "255.255.255.255"),
        (31, "255.255.255.254", "192.0.2.6", "192.0.2.7"),
        (32, "255.255.255.255", "192.0.2.7", "192.0.2.7"),
        (99, "255.255.255.255", "192.0.2.7", "192.0.2.7"),
    ] {
        let lease = Lease {
            address: Ipv4Addr::new(192, 0, 2, 7),
            prefix_length,
            ..short_lease()
        };
        let dumped = dump::lease(&occasion(Reason::Dump, Some(&lease), None), &[]);
        for line in [
            format!("subnet_mask={mask}\n"),
            format!("network_number={network}\n"),
            format!("broadcast_address={broadcast}\n"),
        ] {
            assert!(dumped.contains(&line), "{prefix_length}: {dumped}");
        }
    }
}
