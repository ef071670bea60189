//! Configurations that are wrong, endless or mean harm: what is right in them is read all the same.

use std::fmt::Write as _;

use proptest::{collection::vec, prelude::*};
use sdk_rpc::Settings;

use super::{configuration::why, *};

fn settings(configuration: &str) -> Settings {
    configured(configuration).profile.settings
}

#[test]
fn after_a_wrong_statement_the_next_one_is_read() {
    for wrong in [
        "frobnicate;",
        "db-time-format colour;",
        "accept colour;",
        "supersede interface-mtu = \"x\";",
        "send dhcp-lease-time = hardware;",
        "reject 10.0.0.0/33;",
        "also colour routers;",
        "send routers x;",
        "if x { timeout 1; } elsif y { timeout 2; }",
        "}",
        "option a code 300 = text;",
        "pseudo \"a\" \"b\" { x; }",
        "\"text\";",
        ";;",
        "lease { option nonsense; interface 5; } ",
    ] {
        let settings = settings(&format!("{wrong} timeout 20;"));
        assert_eq!(settings.pace.attempt, 20_000, "{wrong}");
    }
}

#[test]
fn a_statement_without_its_end_has_no_effect() {
    for statement in [
        "timeout 5",
        "script \"/s\"",
        "ignore bootp",
        "send host-name \"a\"",
    ] {
        let setup = configured(&format!("{statement} }}"));
        assert_eq!(setup.profile, configured("").profile, "{statement}");
        assert!(setup.notes.iter().any(is_missing), "{statement}");
    }
}

#[test]
fn a_wrong_statement_of_an_interface_does_not_end_its_block() {
    let setup = configured("interface \"eth0\" { frobnicate; timeout 20; } retry 40;");
    assert_eq!(setup.profiles[0].1.settings.pace.attempt, 20_000);
    assert_eq!(setup.profile.settings.pace.pause, 40_000);
    assert!(why("interface \"eth0\" { interface \"eth1\" { } }").contains("another"));
    assert!(why("interface \"../x\" { }").contains("not an interface name"));
}

#[test]
fn included_files_are_read_with_their_own_places() {
    let host = TestHost::default()
        .with_file("/c", "include \"/more\";\ninclude \"/none\";")
        .with_file("/more", "\ntimeout 20;");
    let setup = setup_on(&host, "-cf /c eth0");
    assert_eq!(setup.profile.settings.pace.attempt, 20_000);
    assert_eq!(note(&setup, "timeout 20").place, "/more:2");
    assert!(is_missing(note(&setup, "include \"/none\"")));
}

#[test]
fn a_file_that_includes_itself_ends() {
    let host = TestHost::default().with_file("/c", "include \"/c\"; include \"/c\"; timeout 20;");
    let setup = setup_on(&host, "-cf /c eth0");
    assert_eq!(setup.profile.settings.pace.attempt, 20_000);
    assert!(
        setup
            .notes
            .iter()
            .any(|note| { matches!(&note.fate, Fate::Missing(why) if why.contains("16 files")) })
    );
}

#[test]
fn what_a_file_can_make_is_bounded() {
    let mut many = String::new();
    for number in 0..2000 {
        let _ = write!(
            many,
            "append unknown-200 {:x}; interface \"e{number}\" {{ }} ",
            number % 256
        );
        let _ = write!(
            many,
            "send unknown-{} 1; reject 10.0.0.1; ",
            number % 254 + 1
        );
        let _ = write!(
            many,
            "lease {{ interface \"l{number}\"; fixed-address 10.0.0.1; }} "
        );
    }
    let setup = configured(&many);
    assert!(setup.profile.amendments.len() <= 254);
    assert!(setup.profile.settings.sent.len() <= 254);
    assert!(setup.profile.settings.denied_servers.len() <= 64);
    assert!(setup.profiles.len() <= 128);
    assert!(setup.notes.len() <= 1001);
}

#[test]
fn hostile_files_are_read_to_their_end() {
    for content in [
        Vec::new(),
        vec![0; 1 << 20],
        vec![b'{'; 1 << 20],
        vec![b'}'; 100_000],
        vec![b'"'; 100_000],
        b"send ".repeat(100_000),
        b"interface \"a\" { ".repeat(10_000),
        b"if { ".repeat(100_000),
        vec![b'x'; 1 << 20],
        b"send host-name = lcase(".repeat(10_000),
    ] {
        let host = TestHost::default().with_file("/c", content);
        let setup = setup_on(&host, "-cf /c eth0");
        assert_eq!(setup.interfaces.named, ["eth0"]);
    }
}

/// Pieces that statements are made of, in any order.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9.:=,;{}\"\\\\ #/-]{0,6}",
        prop::sample::select(vec![
            "send",
            "request",
            "also",
            "supersede",
            "option",
            "code",
            "lease",
            "alias",
            "interface",
            "\"eth0\"",
            "{",
            "}",
            ";",
            "=",
            "array of",
            "unsigned integer 8",
            "concat(",
            ")",
            "gethostname()",
            "10.0.0.1",
            "domain-search",
            "routers",
            "fqdn.fqdn",
            "reject",
            "include",
            "\"/c\"",
            "if",
            "else",
        ])
        .prop_map(str::to_owned),
    ]
}

proptest! {
    #[test]
    fn no_octets_make_it_panic(content in vec(any::<u8>(), 0..400)) {
        let host = TestHost::default().with_file("/c", content);
        setup_on(&host, "-cf /c eth0");
    }

    #[test]
    fn no_pieces_of_statements_make_it_panic(pieces in vec(piece(), 0..60)) {
        let host = TestHost::default().with_file("/c", pieces.join(" "));
        setup_on(&host, "-cf /c eth0");
    }
}
