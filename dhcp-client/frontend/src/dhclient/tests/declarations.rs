//! Leases, aliases and definitions of the operator's own.

use sdk_rpc::Settings;

use super::{configuration::why, *};
use crate::setup::OperatorsAddress;

fn settings(configuration: &str) -> Settings {
    configured(configuration).profile.settings
}

#[test]
fn a_lease_of_the_operators_stands_in_for_a_servers() {
    let setup = configured(
        "lease { interface \"eth0\"; fixed-address 192.33.137.200; medium \"link0 link1\"; \
         option host-name \"andare\"; option subnet-mask 255.255.255.0; \
         option broadcast-address 192.33.137.255; option routers 192.33.137.250; \
         option domain-name-servers 127.0.0.1; option domain-name \"a.test\"; \
         option domain-search \"b.test\"; option interface-mtu 1400; \
         renew 2 2000/1/12 00:00:01; rebind 2 2000/1/12 00:00:01; expire 2 2000/1/12 00:00:01; }",
    );
    let (name, profile) = &setup.profiles[0];
    assert_eq!(name, "eth0");
    assert_eq!(
        profile.fallback,
        Some(OperatorsAddress {
            address: Some([192, 33, 137, 200].into()),
            prefix_length: 24,
            broadcast: Some([192, 33, 137, 255].into()),
            routers: vec![[192, 33, 137, 250].into()],
            routes: Vec::new(),
            dns: vec![[127, 0, 0, 1].into()],
            domain: Some("a.test".into()),
            search: vec!["b.test".into()],
            mtu: Some(1400),
            inform: false,
        })
    );
    assert_eq!(setup.profile.fallback, None);
    let note = setup
        .notes
        .iter()
        .find(|note| note.what.starts_with("lease"));
    assert!(matches!(
        note.map(|note| &note.fate),
        Some(Fate::Different(_))
    ));
}

#[test]
fn of_several_leases_the_last_one_of_an_interface_counts() {
    let lease =
        |last: u8| format!("lease {{ interface \"eth0\"; fixed-address 10.0.0.{last}; }}\n");
    let setup = configured(&format!("{}{}", lease(1), lease(2)));
    let address = setup.profiles[0]
        .1
        .fallback
        .as_ref()
        .and_then(|it| it.address);
    assert_eq!(address, Some([10, 0, 0, 2].into()));
}

#[test]
fn what_is_wrong_in_a_lease_is_named_and_the_rest_used() {
    let setup = configured(
        "lease { interface \"eth0\"; option colour 5; option routers ns.test; frobnicate; \
         option interface-mtu = \"x\"; fixed-address 10.0.0.1; option subnet-mask 255.0.0.0; }",
    );
    let fallback = setup.profiles[0].1.fallback.as_ref().expect("a fallback");
    assert_eq!(fallback.address, Some([10, 0, 0, 1].into()));
    assert_eq!(fallback.prefix_length, 8);
    let missing = setup.notes.iter().find(|note| is_missing(note));
    let Some(Fate::Missing(why)) = missing.map(|note| &note.fate) else {
        panic!("{:?}", setup.notes);
    };
    assert!(why.contains("there is no option colour"), "{why}");
}

#[test]
fn a_lease_without_an_interface_is_of_no_use() {
    let setup = configured("lease { fixed-address 10.0.0.1; } alias { interface \"eth0\"; }");
    assert!(setup.profiles.is_empty());
    let ignored = setup
        .notes
        .iter()
        .filter(|note| matches!(note.fate, Fate::Ignored(_)));
    assert_eq!(ignored.count(), 2);
}

#[test]
fn an_alias_is_told_to_the_script_of_its_interface() {
    let host = TestHost::default().with_file(
        "/c",
        "alias { interface \"eth0\"; fixed-address 192.5.5.213; \
         option subnet-mask 255.255.255.255; }",
    );
    let setup = setup_on(&host, "-cf /c -sf /s eth0");
    let script = setup.profiles[0].1.script.as_ref().expect("a script");
    for (name, value) in [
        ("alias_ip_address", "192.5.5.213"),
        ("alias_subnet_mask", "255.255.255.255"),
        ("alias_network_number", "192.5.5.213"),
        ("alias_broadcast_address", "192.5.5.213"),
        ("alias_expiry", "0"),
    ] {
        let variable = (name.to_owned(), value.to_owned());
        assert!(script.environment.contains(&variable), "{name}: {script:?}");
    }
    let general = setup.profile.script.expect("a script");
    assert!(
        !general
            .environment
            .iter()
            .any(|(name, _)| name.starts_with("alias"))
    );
}

#[test]
fn every_type_of_a_definition_is_understood() {
    for (kind, data, octets) in [
        ("boolean", "on", vec![1]),
        ("integer 8", "-1", vec![255]),
        ("signed integer 16", "-2", vec![255, 254]),
        ("unsigned integer 32", "7", vec![0, 0, 0, 7]),
        ("text", "\"ab\"", b"ab".to_vec()),
        ("string", "1:2", vec![1, 2]),
        ("ip-address", "10.0.0.1", vec![10, 0, 0, 1]),
        ("ip6-address", "::1", [vec![0; 15], vec![1]].concat()),
        ("domain-list", "\"a.b\"", b"\x01a\x01b\0".to_vec()),
        (
            "domain-list compressed",
            "\"a.b\"",
            b"\x01a\x01b\0".to_vec(),
        ),
        ("domain-name", "a.b", b"\x01a\x01b\0".to_vec()),
        ("encapsulate foo", "1:2", vec![1, 2]),
        ("array of unsigned integer 8", "1, 2, 3", vec![1, 2, 3]),
        (
            "{ unsigned integer 8, ip-address }",
            "5 10.0.0.1",
            vec![5, 10, 0, 0, 1],
        ),
        (
            "array of { unsigned integer 8, boolean }",
            "5 on, 6 off",
            vec![5, 1, 6, 0],
        ),
        (
            "{ boolean, array of unsigned integer 8 }",
            "on 5, 6",
            vec![1, 5, 6],
        ),
    ] {
        let configuration = format!("option my-own code 200 = {kind}; send my-own {data};");
        assert_eq!(settings(&configuration).sent, [(200, octets)], "{kind}");
    }
}

#[test]
fn wrong_definitions_are_refused() {
    for (definition, part) in [
        ("option a code 0 = text;", "1 to 254"),
        ("option a code 255 = text;", "1 to 254"),
        ("option a code 200 = colour;", "no type colour"),
        ("option a code 200 = integer 7;", "8, 16 or 32"),
        ("option a code 200 = array text;", "array of"),
        ("option a.b code 200 = text;", "DHCPv4 itself"),
        ("option space foo;", "DHCPv4 itself"),
        ("option a 200;", "code"),
    ] {
        assert!(
            why(definition).contains(part),
            "{definition}: {}",
            why(definition)
        );
    }
    let inner = "interface \"eth0\" { option a code 200 = text; }";
    assert!(why(inner).contains("outside"));
}
