//! What scripts are told, compared with lists that the real client gave for the same answers of a server.

use std::{path::PathBuf, time::Duration};

use proptest::{collection::vec, prelude::*};
use sdk_rpc::{Lease, Value};

use crate::{
    sample::{self, addresses, lease_with, names, numbers, route, text},
    script::{Call, Part, Reason, Script},
    setup::Client,
    udhcpc::environment::calls,
};

fn script() -> Script {
    Script {
        path: PathBuf::from("/s"),
        dialect: Client::Udhcpc,
        part: Part::Configures,
        environment: Vec::new(),
        patience: Duration::from_secs(60),
        skip_hooks: Vec::new(),
        names: Vec::new(),
    }
}

fn told(reason: Reason, new: Option<&Lease>, old: Option<&Lease>) -> Vec<Call> {
    calls(&script(), &sample::occasion(reason, new, old))
}

fn verbs(reason: Reason, new: Option<&Lease>, old: Option<&Lease>) -> Vec<String> {
    let calls = told(reason, new, old);
    calls.iter().map(|call| call.arguments.join(" ")).collect()
}

/// The variables of a lease, sorted, as `NAME=VALUE`.
fn variables(lease: &Lease) -> Vec<String> {
    let calls = told(Reason::Bound, Some(lease), None);
    let environment = &calls[0].environment;
    let mut lines: Vec<String> = environment
        .iter()
        .map(|(n, v)| format!("{n}={v}"))
        .collect();
    lines.sort();
    lines
}

fn variable(lease: &Lease, name: &str) -> Option<String> {
    let calls = told(Reason::Bound, Some(lease), None);
    let environment = &calls[0].environment;
    let found = environment.iter().find(|(it, _)| it == name);
    found.map(|(_, value)| value.clone())
}

#[test]
fn a_lease_is_told_in_these_variables() {
    let mut lease = sample::lease();
    lease.parameters.extend([
        sample::parameter(53, Value::Octets(vec![5])),
        sample::parameter(90, Value::Octets(vec![1, 2, 3])),
    ]);
    assert_eq!(
        variables(&lease),
        [
            "boot_file=file1.img",
            "broadcast=10.9.0.255",
            "dns=10.9.0.53 10.9.0.54",
            "domain=example.org",
            "hostname=box1",
            "interface=eth0",
            "ip=10.9.0.50",
            "lease=3600",
            "mask=24",
            "mtu=1500",
            "ntpsrv=10.9.4.42",
            "opt53=05",
            "router=10.9.0.1 10.9.0.2",
            "search=example.org eng.example.org",
            "serverid=10.9.0.1",
            "siaddr=10.9.0.7",
            "sname=srv1",
            "subnet=255.255.255.0",
        ]
    );
}

#[test]
fn every_form_is_written_as_udhcpc_writes_it() {
    let six_rd = [
        [8, 32].as_slice(),
        &[0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        &[10, 9, 6, 212],
    ]
    .concat();
    let routes = vec![
        route([10, 7, 0, 0], 24, [10, 9, 0, 1]),
        route([0, 0, 0, 0], 0, [10, 9, 0, 1]),
        route([10, 8, 0, 1], 32, [0, 0, 0, 0]),
    ];
    let pairs = addresses(&[[10, 5, 0, 0], [10, 9, 0, 1], [10, 6, 0, 1], [10, 9, 0, 2]]);
    for (code, value, name, expected) in [
        (2, numbers(&[-18_000]), "timezone", "-18000"),
        (
            9,
            addresses(&[[10, 9, 1, 9], [10, 9, 2, 9]]),
            "lprsrv",
            "10.9.1.9 10.9.2.9",
        ),
        (13, numbers(&[258]), "bootsize", "258"),
        (16, addresses(&[[10, 9, 3, 16]]), "swapsrv", "10.9.3.16"),
        (17, text("/root"), "rootpath", "/root"),
        (19, Value::Octets(vec![1]), "opt19", "01"),
        (23, numbers(&[64]), "ipttl", "64"),
        (33, pairs, "routes", "10.5.0.0/10.9.0.1 10.6.0.1/10.9.0.2"),
        (40, text("nisdom"), "nisdomain", "nisdom"),
        (41, addresses(&[[10, 9, 4, 41]]), "nissrv", "10.9.4.41"),
        (
            43,
            Value::Octets(vec![1, 4, 0xde, 0xad]),
            "opt43",
            "0104dead",
        ),
        (44, addresses(&[[10, 9, 4, 44]]), "wins", "10.9.4.44"),
        (56, text("hello"), "message", "hello"),
        (60, text("vendorX"), "vendor", "vendorX"),
        (66, text("tftp.example.org"), "tftp", "tftp.example.org"),
        (67, text("boot.img"), "bootfile", "boot.img"),
        (100, text("CET-1CEST"), "tzstr", "CET-1CEST"),
        (101, text("Europe/Berlin"), "tzdbstr", "Europe/Berlin"),
        (
            120,
            Value::Octets(vec![1, 10, 9, 6, 120]),
            "sipsrv",
            "10.9.6.120",
        ),
        (
            121,
            Value::Routes(routes.clone()),
            "staticroutes",
            "10.7.0.0/24 10.9.0.1 0.0.0.0/0 10.9.0.1 10.8.0.1/32 0.0.0.0",
        ),
        (132, numbers(&[100]), "vlanid", "100"),
        (133, numbers(&[3]), "vlanpriority", "3"),
        (209, text("conf"), "pxeconffile", "conf"),
        (210, text("/pxe/"), "pxepathprefix", "/pxe/"),
        (211, numbers(&[30]), "reboottime", "30"),
        (
            212,
            Value::Octets(six_rd),
            "ip6rd",
            "8 32 2001:0db8:0000:0000:0000:0000:0000:0000 10.9.6.212",
        ),
        (
            249,
            Value::Routes(routes),
            "msstaticroutes",
            "10.7.0.0/24 10.9.0.1 0.0.0.0/0 10.9.0.1 10.8.0.1/32 0.0.0.0",
        ),
        (
            252,
            text("http://wpad/wpad.dat"),
            "wpad",
            "http://wpad/wpad.dat",
        ),
        (254, Value::Octets(b"text".to_vec()), "opt254", "74657874"),
    ] {
        let lease = lease_with(code, value);
        assert_eq!(variable(&lease, name).as_deref(), Some(expected), "{code}");
    }
}

#[test]
fn an_option_without_octets_is_no_variable() {
    let lease = lease_with(80, Value::Octets(Vec::new()));
    assert_eq!(variable(&lease, "opt80"), None);
    assert!(
        told(Reason::Bound, Some(&lease), None)[0]
            .left_out
            .is_empty()
    );
}

#[test]
fn the_mask_is_told_also_when_the_server_gave_none() {
    let mut lease = sample::lease();
    lease.prefix_length = 8;
    lease.parameters.clear();
    assert_eq!(variable(&lease, "subnet").as_deref(), Some("255.0.0.0"));
    assert_eq!(variable(&lease, "mask").as_deref(), Some("8"));
    lease.prefix_length = 0;
    assert_eq!(variable(&lease, "subnet").as_deref(), Some("0.0.0.0"));
}

#[test]
fn the_authentication_option_is_never_told() {
    let lease = lease_with(90, Value::Octets(vec![0; 16]));
    assert!(variables(&lease).iter().all(|it| !it.starts_with("opt90")));
}

#[test]
fn values_that_a_shell_would_act_on_are_left_out_and_named() {
    for value in [
        "$(id)", "`id`", "a;b", "a|b", "a\nb", "a'b", "a\"b", "a\\b", "a<b", "a>b", "a\u{1b}b",
    ] {
        let mut lease = lease_with(67, text(value));
        lease.boot_file = Some(value.into());
        lease.server_name = Some(value.into());
        let call = &told(Reason::Bound, Some(&lease), None)[0];
        assert_eq!(
            call.left_out,
            ["boot_file", "sname", "bootfile"],
            "{value:?}"
        );
        assert!(
            call.environment
                .iter()
                .all(|(_, told)| !told.contains(value))
        );
    }
}

#[test]
fn a_name_that_no_host_has_is_left_out() {
    for name in ["-rf", "two words", "a/b", "a&b"] {
        let lease = lease_with(12, text(name));
        let call = &told(Reason::Bound, Some(&lease), None)[0];
        assert_eq!(call.left_out, ["hostname"], "{name}");
    }
}

#[test]
fn a_value_of_another_kind_than_its_option_is_left_out() {
    for (code, value) in [
        (3, text("10.9.0.1")),
        (12, names(&["box"])),
        (26, text("1500")),
        (121, text("0.0.0.0/0 6.6.6.6")),
        (120, Value::Octets(vec![0, 3, b'a', b'b', b'c', 0])),
        (120, Value::Octets(vec![1, 10, 9])),
        (212, Value::Octets(vec![33; 30])),
        (200, numbers(&[1])),
    ] {
        let lease = lease_with(code, value.clone());
        let call = &told(Reason::Bound, Some(&lease), None)[0];
        assert_eq!(call.left_out.len(), 1, "{code} {value:?}");
    }
}

#[test]
fn the_verbs_follow_the_occasions() {
    let lease = sample::lease();
    let (some, none) = (Some(&lease), None);
    for (reason, new, old, expected) in [
        (Reason::Preinit, none, none, &["deconfig"][..]),
        (Reason::Bound, some, none, &["bound"]),
        (Reason::Reboot, some, none, &["bound"]),
        (Reason::Reboot, some, some, &["renew"]),
        (Reason::Renew, some, some, &["renew"]),
        (Reason::Rebind, some, some, &["renew"]),
        (Reason::Nak, none, none, &["nak"]),
        (Reason::Nak, none, some, &["nak", "deconfig"]),
        (Reason::Expire, none, some, &["deconfig"]),
        (Reason::Release, none, some, &["deconfig"]),
        (Reason::Conflict, none, none, &[]),
        (Reason::Conflict, none, some, &["deconfig"]),
        (Reason::Stop, none, none, &[]),
        (Reason::Stop, none, some, &["deconfig"]),
        (Reason::Fail, none, none, &["leasefail"]),
        (Reason::Ipv6Only, none, none, &["leasefail"]),
        (Reason::Ipv6Only, none, some, &["deconfig"]),
        (Reason::Carrier, none, some, &[]),
        (Reason::NoCarrier, none, some, &[]),
        (Reason::Departed, none, some, &[]),
        (Reason::Stopped, none, none, &[]),
        (Reason::Test, some, none, &[]),
        (Reason::Dump, some, none, &[]),
    ] {
        assert_eq!(
            verbs(reason, new, old),
            expected,
            "{reason:?} {}",
            old.is_some()
        );
    }
}

#[test]
fn another_address_is_bound_after_the_old_one_is_gone() {
    let old = sample::lease();
    let new = Lease {
        address: [10, 9, 0, 51].into(),
        ..sample::lease()
    };
    assert_eq!(
        verbs(Reason::Bound, Some(&new), Some(&old)),
        ["deconfig", "bound"]
    );
    assert_eq!(verbs(Reason::Bound, Some(&old), Some(&old)), ["bound"]);
}

#[test]
fn a_verb_that_is_not_of_a_lease_tells_the_interface_only() {
    let lease = sample::lease();
    for reason in [Reason::Preinit, Reason::Expire, Reason::Nak, Reason::Fail] {
        for call in told(reason, None, Some(&lease)) {
            assert_eq!(call.environment, [("interface".into(), "eth0".into())]);
        }
    }
}

#[test]
fn inherited_variables_hide_nothing_that_is_told() {
    let script = Script {
        environment: vec![
            ("LEASE_FILE".into(), "/run/l".into()),
            ("ip".into(), "6.6.6.6".into()),
        ],
        ..script()
    };
    let lease = sample::lease();
    let occasion = sample::occasion(Reason::Bound, Some(&lease), None);
    let environment = &calls(&script, &occasion)[0].environment;
    let ips: Vec<&str> = environment
        .iter()
        .filter(|(name, _)| name == "ip")
        .map(|(_, value)| value.as_str())
        .collect();
    assert_eq!(ips, ["10.9.0.50"]);
    assert!(environment.contains(&("LEASE_FILE".into(), "/run/l".into())));
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
    ) {
        let mut lease = sample::bare();
        lease.parameters = values.into_iter().map(|(c, v)| sample::parameter(c, v)).collect();
        let call = &told(Reason::Bound, Some(&lease), None)[0];
        let mut told: Vec<&String> = call.environment.iter().map(|(name, _)| name).collect();
        told.sort();
        prop_assert!(told.windows(2).all(|pair| pair[0] != pair[1]), "{told:?}");
        for (name, value) in &call.environment {
            prop_assert!(crate::shell::is_safe(value), "{name}={value:?}");
            prop_assert!(name != "opt90");
        }
    }
}
