//! What hooks are told, name by name, as a dhcpcd 9.4.1 told it of the same lease.

use std::net::Ipv4Addr;

use dhcp_frontend::{
    dhcpcd::environment::{call, calls},
    script::{Call, Part, Reason, Script},
};
use sdk_rpc::{Lease, Origin, Parameter, Value};

use crate::{
    bed::{addresses, hook, occasion, parameter, route, short_lease},
    lease::{EVERYTHING, full_lease},
};

/// The variables of a call, sorted, but for those of the interface, which [`of_the_interface`] has.
fn told(call: &Call) -> Vec<String> {
    let interface = of_the_interface();
    let mut variables: Vec<String> = call
        .environment
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .filter(|variable| !interface.contains(variable))
        .collect();
    variables.sort();
    variables
}

fn of_the_interface() -> Vec<String> {
    [
        "if_configured=true",
        "ifcarrier=up",
        "ifflags=69699",
        "ifmetric=1002",
        "ifmtu=1500",
        "ifwireless=0",
        "ifxname=eth0",
        "interface=eth0",
        "interface_order=eth0 eth1",
        "pid=4711",
    ]
    .map(str::to_owned)
    .into()
}

fn tell(reason: Reason, new: Option<&Lease>, old: Option<&Lease>) -> Option<Call> {
    call(&hook(), &occasion(reason, new, old))
}

/// Variables of the short lease.
fn short(prefix: &str) -> Vec<String> {
    [
        "broadcast_address=192.168.77.255",
        "dhcp_lease_time=30",
        "dhcp_message_type=5",
        "dhcp_server_identifier=192.168.77.1",
        "ip_address=192.168.77.50",
        "network_number=192.168.77.0",
        "routers=192.168.77.1",
        "subnet_cidr=24",
        "subnet_mask=255.255.255.0",
    ]
    .map(|variable| format!("{prefix}_{variable}"))
    .into()
}

fn with(state: [&str; 4], leases: &[Vec<String>]) -> Vec<String> {
    let [reason, protocol, up, down] = state;
    let mut all = vec![
        format!("reason={reason}"),
        format!("protocol={protocol}"),
        format!("if_up={up}"),
        format!("if_down={down}"),
    ];
    all.extend(leases.concat());
    all.sort();
    all
}

#[test]
fn all_of_a_lease_is_told_in_dhcpcds_names_and_formats() {
    let lease = full_lease();
    let call = tell(Reason::Bound, Some(&lease), None).expect("hooks run");
    assert!(call.left_out.is_empty(), "{:?}", call.left_out);
    assert!(call.arguments.is_empty());
    let mut expected: Vec<String> = EVERYTHING
        .trim()
        .lines()
        .map(|variable| format!("new_{variable}"))
        .collect();
    expected.extend(with(["BOUND", "dhcp", "true", "false"], &[]));
    expected.sort();
    assert_eq!(told(&call), expected);
}

#[test]
fn of_the_link_the_interface_is_told_and_no_lease() {
    let lease = short_lease();
    for (reason, state) in [
        (Reason::Preinit, ["PREINIT", "link", "false", "false"]),
        (Reason::Carrier, ["CARRIER", "link", "false", "false"]),
        (Reason::NoCarrier, ["NOCARRIER", "link", "false", "true"]),
        (Reason::Stopped, ["STOPPED", "link", "false", "false"]),
        (Reason::Departed, ["DEPARTED", "link", "false", "true"]),
    ] {
        let call = tell(reason, Some(&lease), Some(&lease)).expect("hooks run");
        assert_eq!(told(&call), with(state, &[]), "{reason:?}");
        let interface = of_the_interface();
        let told: Vec<String> = call
            .environment
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert!(interface.iter().all(|variable| told.contains(variable)));
    }
}

#[test]
fn at_the_start_hooks_are_told_of_the_carrier_as_it_is() {
    for (carrier, second) in [(true, "reason=CARRIER"), (false, "reason=NOCARRIER")] {
        let mut occasion = occasion(Reason::Preinit, None, None);
        occasion.interface.carrier = carrier;
        let calls = calls(&hook(), &occasion);
        let reasons: Vec<String> = calls
            .iter()
            .flat_map(told)
            .filter(|variable| variable.starts_with("reason="))
            .collect();
        assert_eq!(reasons, ["reason=PREINIT", second]);
    }
}

#[test]
fn a_new_lease_is_told_with_the_old_one() {
    let lease = short_lease();
    for (reason, name) in [
        (Reason::Bound, "BOUND"),
        (Reason::Renew, "RENEW"),
        (Reason::Rebind, "REBIND"),
        (Reason::Reboot, "REBOOT"),
        (Reason::Inform, "INFORM"),
        (Reason::Static, "STATIC"),
    ] {
        let call = tell(reason, Some(&lease), Some(&lease)).expect("hooks run");
        let expected = with(
            [name, "dhcp", "true", "false"],
            &[short("new"), short("old")],
        );
        assert_eq!(told(&call), expected, "{reason:?}");
        let first = tell(reason, Some(&lease), None).expect("hooks run");
        let expected = with([name, "dhcp", "true", "false"], &[short("new")]);
        assert_eq!(told(&first), expected, "{reason:?}");
    }
}

#[test]
fn a_lease_that_is_gone_is_told_as_the_old_one() {
    let lease = short_lease();
    for (reason, name) in [
        (Reason::Expire, "EXPIRE"),
        (Reason::Nak, "NAK"),
        (Reason::Conflict, "EXPIRE"),
        (Reason::Ipv6Only, "EXPIRE"),
        (Reason::Release, "RELEASE"),
        (Reason::Stop, "STOP"),
    ] {
        let call = tell(reason, Some(&lease), Some(&lease)).expect("hooks run");
        let expected = with([name, "dhcp", "false", "true"], &[short("old")]);
        assert_eq!(told(&call), expected, "{reason:?}");
    }
}

#[test]
fn what_a_lease_would_be_is_told_without_a_turn() {
    let lease = short_lease();
    let call = tell(Reason::Test, Some(&lease), None).expect("hooks run");
    let expected = with(["TEST", "dhcp", "false", "false"], &[short("new")]);
    assert_eq!(told(&call), expected);
}

#[test]
fn hooks_are_not_run_where_dhcpcd_runs_none() {
    let lease = short_lease();
    assert_eq!(tell(Reason::Fail, None, None), None);
    assert_eq!(tell(Reason::Dump, Some(&lease), None), None);
    assert_eq!(tell(Reason::Conflict, None, None), None, "only probed for");
    assert_eq!(tell(Reason::Ipv6Only, None, None), None, "never had one");
}

#[test]
fn a_link_local_address_is_told_as_one() {
    let lease = Lease {
        address: Ipv4Addr::new(169, 254, 202, 26),
        prefix_length: 16,
        origin: Origin::LinkLocal,
        parameters: Vec::new(),
        ..short_lease()
    };
    let call = tell(Reason::LinkLocal, Some(&lease), None).expect("hooks run");
    let own = [
        "new_broadcast_address=169.254.255.255",
        "new_ip_address=169.254.202.26",
        "new_network_number=169.254.0.0",
        "new_subnet_cidr=16",
        "new_subnet_mask=255.255.0.0",
    ]
    .map(str::to_owned);
    let expected = with(["IPV4LL", "ipv4ll", "true", "false"], &[own.to_vec()]);
    assert_eq!(told(&call), expected);
    let gone = tell(Reason::LinkLocal, None, Some(&lease)).expect("hooks run");
    let old: Vec<String> = own.iter().map(|v| v.replace("new_", "old_")).collect();
    let expected = with(["IPV4LL", "ipv4ll", "false", "true"], &[old]);
    assert_eq!(told(&gone), expected);
    let leased = short_lease();
    let call = tell(Reason::Bound, Some(&leased), Some(&lease)).expect("hooks run");
    let expected = with(["BOUND", "dhcp", "true", "false"], &[short("new")]);
    assert_eq!(told(&call), expected, "it was no lease");
}

#[test]
fn the_operators_address_is_told_with_what_he_gave() {
    let lease = Lease {
        origin: Origin::Operator,
        server: Ipv4Addr::UNSPECIFIED,
        routes: vec![route("10.0.0.0", 8, "192.168.77.2")],
        dns: addresses(&["1.1.1.1", "8.8.8.8"]),
        domain: Some("a.b".into()),
        search: vec!["a.b".into(), "c.d".into()],
        mtu: Some(1400),
        parameters: vec![parameter(69, Value::Addresses(addresses(&["192.0.2.25"])))],
        ..short_lease()
    };
    let call = tell(Reason::Static, Some(&lease), None).expect("hooks run");
    let own = [
        "new_broadcast_address=192.168.77.255",
        "new_classless_static_routes=10.0.0.0/8 192.168.77.2",
        "new_domain_name=a.b",
        "new_domain_name_servers=1.1.1.1 8.8.8.8",
        "new_domain_search=a.b c.d",
        "new_interface_mtu=1400",
        "new_ip_address=192.168.77.50",
        "new_network_number=192.168.77.0",
        "new_routers=192.168.77.1",
        "new_smtp_server=192.0.2.25",
        "new_subnet_cidr=24",
        "new_subnet_mask=255.255.255.0",
    ]
    .map(str::to_owned);
    let expected = with(["STATIC", "dhcp", "true", "false"], &[own.to_vec()]);
    assert_eq!(told(&call), expected);
}

#[test]
fn what_the_operator_wants_told_comes_last_and_as_he_wrote_it() {
    let script = Script {
        environment: vec![
            ("force_hostname".into(), "YES".into()),
            ("quoted".into(), "\"$x\"".into()),
            ("pid".into(), "none".into()),
            ("nul".into(), "a\0b".into()),
        ],
        skip_hooks: vec!["resolv.conf".into(), "ntp".into()],
        part: Part::Configures,
        ..hook()
    };
    let call = call(&script, &occasion(Reason::Preinit, None, None)).expect("hooks run");
    let value = |name: &str| {
        let mut variables = call.environment.iter();
        variables
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    };
    assert_eq!(value("force_hostname"), Some("YES"));
    assert_eq!(value("quoted"), Some("\"$x\""));
    assert_eq!(value("pid"), Some("none"), "his counts");
    assert_eq!(value("skip_hooks"), Some("resolv.conf ntp"));
    assert_eq!(value("if_configured"), Some("false"));
    assert_eq!(call.left_out, ["nul"]);
    let names: Vec<&String> = call.environment.iter().map(|(name, _)| name).collect();
    let mut once = names.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), names.len());
}

#[test]
fn options_have_the_operators_names_where_he_gave_some() {
    let script = Script {
        names: vec![
            (43, "mine".into()),
            (224, "numbers".into()),
            (225, "places".into()),
            (90, "key".into()),
        ],
        ..hook()
    };
    let lease = Lease {
        parameters: vec![
            parameter(43, Value::Text("hello".into())),
            parameter(90, Value::Octets(vec![3, 0, 0])),
            parameter(224, Value::Numbers(vec![1, -2])),
            parameter(225, Value::Routes(vec![route("10.0.0.0", 8, "192.0.2.1")])),
        ],
        ..short_lease()
    };
    let call = call(&script, &occasion(Reason::Bound, Some(&lease), None)).expect("hooks run");
    let told = told(&call);
    for variable in [
        "new_mine=hello",
        "new_numbers=1 -2",
        "new_places=10.0.0.0/8 192.0.2.1",
    ] {
        assert!(told.contains(&variable.to_owned()), "{variable}: {told:#?}");
    }
    assert!(
        !told
            .iter()
            .any(|v| v.contains("vendor_encapsulated") || v.contains("key"))
    );
}

#[test]
fn what_could_do_harm_in_a_shell_is_left_out_and_named() {
    for harmful in [
        "$(reboot)",
        "`id`",
        "a;b",
        "a|b",
        "a>b",
        "a<b",
        "a\"b",
        "a'b",
        "a\\b",
        "a\nb",
        "a\u{1b}b",
    ] {
        let texts = |codes: &[u8]| -> Vec<Parameter> {
            let text = |code: &u8| parameter(*code, Value::Text(harmful.into()));
            codes.iter().map(text).collect()
        };
        let lease = Lease {
            boot_file: Some(harmful.into()),
            server_name: Some(harmful.into()),
            parameters: texts(&[17, 56, 67, 100, 101, 114, 252]),
            ..short_lease()
        };
        let call = tell(Reason::Bound, Some(&lease), None).expect("hooks run");
        assert_eq!(
            call.left_out,
            [
                "new_filename",
                "new_root_path",
                "new_dhcp_message",
                "new_bootfile_name",
                "new_posix_timezone",
                "new_tzdb_timezone",
                "new_captive_portal_uri",
                "new_wpad_url",
            ],
            "{harmful:?}"
        );
        let values = call.environment.iter().map(|(_, value)| value);
        assert!(!values.clone().any(|value| value.contains(harmful)));
    }
}

#[test]
fn names_that_are_no_names_are_not_told() {
    let lease = Lease {
        server_name: Some("a b".into()),
        parameters: vec![
            parameter(12, Value::Text("a b".into())),
            parameter(15, Value::Text("$x".into())),
            parameter(66, Value::Text("a/b".into())),
            parameter(119, Value::Names(vec!["a b".into()])),
            parameter(137, Value::Octets(b"\x03$(x\0".to_vec())),
        ],
        ..short_lease()
    };
    let call = tell(Reason::Bound, Some(&lease), None).expect("hooks run");
    for name in [
        "server_name",
        "host_name",
        "domain_name",
        "tftp_server_name",
        "domain_search",
    ] {
        let name = format!("new_{name}");
        assert!(
            !call.environment.iter().any(|(known, _)| *known == name),
            "{name}"
        );
    }
}
