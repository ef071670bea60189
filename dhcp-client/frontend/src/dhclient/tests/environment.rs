//! What dhclient-script is told, compared with lists that the real client gave for the same answers of a
//! server.

use std::time::Duration;

use proptest::{collection::vec, prelude::*};
use sdk_rpc::{Lease, Value};

use super::configured;
use crate::{
    dhclient::{Vocabulary, environment::calls},
    sample::{self, addresses, lease_with, names, numbers, parameter, route, text},
    script::{Call, Part, Reason, Script},
    setup::Client,
};

fn script() -> Script {
    Script {
        path: "/s".into(),
        dialect: Client::Dhclient,
        part: Part::Configures,
        environment: vec![("dad_wait_time".into(), "0".into())],
        patience: Duration::from_secs(60),
        skip_hooks: Vec::new(),
        names: Vec::new(),
    }
}

fn told(reason: Reason, new: Option<&Lease>, old: Option<&Lease>) -> Vec<Call> {
    let vocabulary = Vocabulary::default();
    calls(&script(), &vocabulary, &sample::occasion(reason, new, old))
}

/// The variables of a call, sorted, as `NAME=VALUE`.
fn lines(call: &Call) -> Vec<String> {
    let environment = call.environment.iter();
    let mut lines: Vec<String> = environment.map(|(n, v)| format!("{n}={v}")).collect();
    lines.sort();
    lines
}

fn reasons(reason: Reason, new: Option<&Lease>, old: Option<&Lease>) -> Vec<String> {
    let calls = told(reason, new, old);
    let found = calls.iter().map(|call| {
        let reason = call.environment.iter().find(|(name, _)| name == "reason");
        reason.expect("a reason").1.clone()
    });
    found.collect()
}

fn variable(lease: &Lease, name: &str) -> Option<String> {
    let calls = told(Reason::Bound, Some(lease), None);
    let found = calls[0].environment.iter().find(|(it, _)| it == name);
    found.map(|(_, value)| value.clone())
}

/// As [`lines`] has them, of a lease with everything.
fn of_a_lease(prefix: &str) -> Vec<String> {
    [
        "broadcast_address=10.9.0.255",
        "dhcp_lease_time=3600",
        "dhcp_server_identifier=10.9.0.1",
        "domain_name=example.org",
        "domain_name_servers=10.9.0.53 10.9.0.54",
        "domain_search=example.org. eng.example.org.",
        "expiry=1795563459",
        "filename=file1.img",
        "host_name=box1",
        "interface_mtu=1500",
        "ip_address=10.9.0.50",
        "network_number=10.9.0.0",
        "next_server=10.9.0.7",
        "ntp_servers=10.9.4.42",
        "routers=10.9.0.1 10.9.0.2",
        "server_name=srv1",
        "subnet_mask=255.255.255.0",
    ]
    .map(|line| format!("{prefix}{line}"))
    .to_vec()
}

const REQUESTED: [&str; 7] = [
    "requested_broadcast_address=1",
    "requested_domain_name=1",
    "requested_domain_name_servers=1",
    "requested_host_name=1",
    "requested_routers=1",
    "requested_subnet_mask=1",
    "requested_time_offset=1",
];

/// What a call is expected to tell.
fn expected(reason: &str, old: bool, new: bool, requested: bool) -> Vec<String> {
    let mut lines = vec![
        "dad_wait_time=0".to_owned(),
        "interface=eth0".to_owned(),
        "pid=4711".to_owned(),
        format!("reason={reason}"),
    ];
    if old {
        lines.extend(of_a_lease("old_"));
    }
    if new {
        lines.extend(of_a_lease("new_"));
    }
    if requested {
        lines.extend(REQUESTED.map(str::to_owned));
    }
    lines.sort();
    lines
}

#[test]
fn each_reason_tells_of_its_leases() {
    let lease = sample::lease();
    let (some, none) = (Some(&lease), None);
    for (reason, new, old, names) in [
        (
            Reason::Preinit,
            none,
            none,
            &[("PREINIT", false, false, false)][..],
        ),
        (Reason::Bound, some, none, &[("BOUND", false, true, true)]),
        (Reason::Bound, some, some, &[("BOUND", true, true, true)]),
        (Reason::Renew, some, some, &[("RENEW", true, true, true)]),
        (Reason::Rebind, some, some, &[("REBIND", true, true, true)]),
        (Reason::Reboot, some, some, &[("REBOOT", false, true, true)]),
        (
            Reason::Static,
            some,
            none,
            &[("TIMEOUT", false, true, true)],
        ),
        (Reason::Fail, none, none, &[("FAIL", false, false, false)]),
        (
            Reason::Release,
            none,
            some,
            &[("RELEASE", true, false, true)],
        ),
        (Reason::Stop, none, some, &[("STOP", true, false, true)]),
        (
            Reason::Expire,
            none,
            some,
            &[
                ("EXPIRE", true, false, true),
                ("PREINIT", false, false, false),
            ],
        ),
        (
            Reason::Nak,
            none,
            some,
            &[
                ("EXPIRE", true, false, true),
                ("PREINIT", false, false, false),
            ],
        ),
        (
            Reason::Ipv6Only,
            none,
            none,
            &[("V6ONLY", false, false, true)],
        ),
    ] {
        let calls = told(reason, new, old);
        assert_eq!(calls.len(), names.len(), "{reason:?}");
        for (call, (name, old, new, requested)) in calls.iter().zip(names) {
            assert_eq!(
                lines(call),
                expected(name, *old, *new, *requested),
                "{reason:?}"
            );
            assert!(call.arguments.is_empty() && call.left_out.is_empty());
        }
    }
}

#[test]
fn an_end_of_a_lease_that_was_none_is_not_told() {
    let lease = sample::lease();
    for reason in [
        Reason::Nak,
        Reason::Expire,
        Reason::Conflict,
        Reason::Release,
        Reason::Stop,
    ] {
        assert!(reasons(reason, None, None).is_empty(), "{reason:?}");
        assert!(
            !reasons(reason, None, Some(&lease)).is_empty(),
            "{reason:?}"
        );
    }
    for reason in [
        Reason::Carrier,
        Reason::NoCarrier,
        Reason::Stopped,
        Reason::Departed,
        Reason::Test,
        Reason::Dump,
    ] {
        assert!(
            reasons(reason, Some(&lease), Some(&lease)).is_empty(),
            "{reason:?}"
        );
    }
    assert_eq!(
        reasons(Reason::Ipv6Only, None, Some(&lease)),
        ["EXPIRE", "V6ONLY"]
    );
}

#[test]
fn options_have_iscs_names_with_underscores() {
    for (code, value, name, expected) in [
        (2, numbers(&[-18_000]), "new_time_offset", "-18000"),
        (19, numbers(&[1]), "new_ip_forwarding", "true"),
        (
            43,
            Value::Octets(vec![1, 4, 0xde]),
            "new_vendor_encapsulated_options",
            "1:4:de",
        ),
        (53, numbers(&[5]), "new_dhcp_message_type", "5"),
        (
            66,
            text("tftp.example.org"),
            "new_tftp_server_name",
            "tftp.example.org",
        ),
        (
            120,
            Value::Octets(vec![1, 10, 9, 6, 120]),
            "new_unknown_120",
            "1:a:9:6:78",
        ),
        (
            121,
            Value::Routes(vec![route([10, 7, 0, 0], 24, [10, 9, 0, 1])]),
            "new_unknown_121",
            "18:a:7:0:a:9:0:1",
        ),
        (
            137,
            names(&["lost.example.org"]),
            "new_v4_lost",
            "lost.example.org.",
        ),
        (
            252,
            Value::Octets(b"http://wpad/".to_vec()),
            "new_unknown_252",
            "http://wpad/",
        ),
    ] {
        let lease = lease_with(code, value);
        assert_eq!(variable(&lease, name).as_deref(), Some(expected), "{name}");
    }
}

#[test]
fn a_name_of_the_operators_is_told_with_its_format() {
    let profile = configured(super::DEBIAN).profile;
    let routes = vec![
        route([10, 7, 0, 0], 24, [10, 9, 0, 1]),
        route([0, 0, 0, 0], 0, [10, 9, 0, 1]),
    ];
    let lease = lease_with(121, Value::Routes(routes));
    let mut occasion = sample::occasion(Reason::Bound, Some(&lease), None);
    occasion.requested_options = &profile.settings.requested;
    let calls = calls(&script(), &profile.vocabulary, &occasion);
    let lines = lines(&calls[0]);
    let routes = "new_rfc3442_classless_static_routes=24 10 7 0 10 9 0 1 0 10 9 0 1";
    assert!(lines.contains(&routes.to_owned()), "{lines:#?}");
    let requested = "requested_rfc3442_classless_static_routes=1".to_owned();
    assert!(lines.contains(&requested));
}

#[test]
fn mask_and_broadcast_address_follow_where_no_server_gave_them() {
    let lease = Lease {
        parameters: Vec::new(),
        ..sample::bare()
    };
    assert_eq!(
        variable(&lease, "new_subnet_mask").as_deref(),
        Some("255.255.255.0")
    );
    assert_eq!(
        variable(&lease, "new_broadcast_address").as_deref(),
        Some("10.9.0.255")
    );
    assert_eq!(
        variable(&lease, "new_network_number").as_deref(),
        Some("10.9.0.0")
    );
    assert_eq!(variable(&lease, "new_filename"), None);
    let given = lease_with(28, addresses(&[[10, 9, 0, 0]]));
    assert_eq!(
        variable(&given, "new_broadcast_address").as_deref(),
        Some("10.9.0.0")
    );
}

#[test]
fn a_lease_without_end_ends_when_time_does() {
    let lease = Lease {
        expires_at: None,
        ..sample::lease()
    };
    assert_eq!(
        variable(&lease, "new_expiry").as_deref(),
        Some("2147483647")
    );
}

#[test]
fn a_lease_that_is_over_ended_in_the_past() {
    let lease = Lease {
        expires_at: Some(4000),
        ..sample::lease()
    };
    assert_eq!(
        variable(&lease, "new_expiry").as_deref(),
        Some("1795559853")
    );
}

#[test]
fn the_operators_variables_are_told_and_hide_nothing() {
    let script = Script {
        environment: vec![
            ("IF_METRIC".into(), "100".into()),
            ("reason".into(), "EVIL".into()),
            ("alias_ip_address".into(), "192.5.5.213".into()),
        ],
        ..script()
    };
    let vocabulary = Vocabulary::default();
    let told =
        |reason| lines(&calls(&script, &vocabulary, &sample::occasion(reason, None, None))[0]);
    assert_eq!(
        told(Reason::Preinit),
        [
            "IF_METRIC=100",
            "alias_ip_address=192.5.5.213",
            "interface=eth0",
            "pid=4711",
            "reason=PREINIT",
        ]
    );
    let v6only = told(Reason::Ipv6Only);
    assert!(
        !v6only.iter().any(|line| line.starts_with("alias")),
        "{v6only:?}"
    );
}

#[test]
fn the_authentication_option_is_never_told() {
    let lease = lease_with(90, Value::Octets(vec![0; 16]));
    let calls = told(Reason::Bound, Some(&lease), None);
    assert!(lines(&calls[0]).iter().all(|line| !line.contains("_90=")));
}

#[test]
fn values_that_a_shell_would_act_on_are_left_out_and_named() {
    for value in [
        "$(id)", "`id`", "a;b", "a|b", "a\nb", "a'b", "a\"b", "a\\b", "a<b", "a>b",
    ] {
        let mut lease = lease_with(17, text(value));
        lease
            .parameters
            .push(parameter(200, Value::Octets(value.as_bytes().to_vec())));
        lease.boot_file = Some(value.into());
        let call = &told(Reason::Bound, Some(&lease), None)[0];
        assert!(
            call.environment.iter().all(|(_, told)| told != value),
            "{value}"
        );
        let left_out = call.left_out.join(" ");
        assert!(left_out.contains("new_root_path") && left_out.contains("new_filename"));
    }
}

prop_compose! {
    fn any_value()(
        which in 0..6_u8,
        octets in vec(any::<u8>(), 0..40),
        text in "\\PC{0,20}|[\\x00-\\x7f]{0,20}",
        number in any::<i64>(),
    ) -> Value {
        let address = [octets.first().copied().unwrap_or(0); 4];
        match which {
            0 => Value::Octets(octets),
            1 => addresses(&[address]),
            2 => numbers(&[number]),
            3 => Value::Text(text),
            4 => Value::Names(vec![text]),
            _ => Value::Routes(vec![route(address, 40, address)]),
        }
    }
}

proptest! {
    #[test]
    fn whatever_a_lease_says_each_variable_is_safe_and_stands_once(
        values in vec((any::<u8>(), any_value()), 0..30),
        (prefix_length, expires_at, now) in (any::<u8>(), any::<u64>(), any::<u64>()),
    ) {
        let lease = Lease {
            prefix_length,
            expires_at: Some(expires_at),
            parameters: values.into_iter().map(|(c, v)| parameter(c, v)).collect(),
            ..sample::bare()
        };
        let mut occasion = sample::occasion(Reason::Renew, Some(&lease), Some(&lease));
        occasion.now = now;
        let call = &calls(&script(), &Vocabulary::default(), &occasion)[0];
        let mut told: Vec<&String> = call.environment.iter().map(|(name, _)| name).collect();
        told.sort();
        prop_assert!(told.windows(2).all(|pair| pair[0] != pair[1]), "{told:?}");
        for (name, value) in &call.environment {
            prop_assert!(crate::shell::is_safe(value), "{name}={value:?}");
        }
    }
}
