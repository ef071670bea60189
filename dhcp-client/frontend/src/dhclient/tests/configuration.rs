//! Each statement by what it changes.

use std::net::Ipv4Addr;

use sdk_rpc::{FullName, Kind, Legacy, Route, Settings, Subnet, Value};

use super::*;
use crate::{
    amend::{Amendment, How},
    setup::{HostName, Identifier},
};

fn settings(configuration: &str) -> Settings {
    configured(configuration).profile.settings
}

/// Why the only statement of a configuration is not honoured.
pub(super) fn why(configuration: &str) -> String {
    let setup = configured(configuration);
    let notes: Vec<&Note> = setup.notes.iter().filter(|note| is_missing(note)).collect();
    let [note] = notes.as_slice() else {
        panic!("{configuration}: {:#?}", setup.notes);
    };
    let Fate::Missing(why) = &note.fate else {
        panic!("{note:?}");
    };
    why.clone()
}

fn is_different(setup: &Setup, what: &str) -> bool {
    matches!(note(setup, what).fate, Fate::Different(_))
}

fn amendments(configuration: &str) -> Vec<Amendment> {
    configured(configuration).profile.amendments
}

#[test]
fn debians_own_configuration_is_honoured_whole() {
    let setup = configured(DEBIAN);
    let own: Vec<&Note> = setup
        .notes
        .iter()
        .filter(|note| note.place.starts_with("/etc/dhcp/dhclient.conf:"))
        .collect();
    assert_eq!(own.len(), 3);
    for note in own {
        assert_eq!(note.fate, Fate::Honoured, "{note:?}");
    }
    assert!(!setup.notes.iter().any(is_missing));
    assert_eq!(setup.profile.host_name, HostName::System);
    // 121 before 3, as RFC 3442 demands.
    assert_eq!(
        setup.profile.settings.requested,
        [1, 28, 2, 121, 3, 15, 6, 119, 12, 44, 47, 26, 42]
    );
    assert!(setup.profile.settings.kinds.contains(&(121, Kind::Routes)));
}

#[test]
fn places_are_file_and_line() {
    let setup = configured("\n\ntimeout 5;\n  retry\n 6;");
    assert_eq!(note(&setup, "timeout 5").place, "/etc/dhcp/dhclient.conf:3");
    assert_eq!(note(&setup, "retry 6").place, "/etc/dhcp/dhclient.conf:4");
}

#[test]
fn times_set_the_pace() {
    let configuration = "timeout 20; retry 40; reboot 7; select-timeout 5; backoff-cutoff 8; \
                         initial-interval 2; initial-delay 3;";
    let setup = configured(configuration);
    let settings = &setup.profile.settings;
    assert_eq!(settings.pace.attempt, 20_000);
    assert_eq!(settings.pace.pause, 40_000);
    assert_eq!(settings.reboot_timeout, 7000);
    assert_eq!(settings.pace.longest, 8000);
    assert_eq!(settings.pace.first, 2000);
    assert_eq!(settings.start_delay, 3000);
    for what in ["timeout 20", "reboot 7", "initial-delay 3"] {
        assert_eq!(note(&setup, what).fate, Fate::Honoured, "{what}");
    }
    for what in [
        "retry 40",
        "select-timeout 5",
        "backoff-cutoff 8",
        "initial-interval 2",
    ] {
        assert!(is_different(&setup, what), "{what}");
    }
    let immediate = configured("select-timeout 0;");
    assert_eq!(note(&immediate, "select-timeout 0").fate, Fate::Honoured);
}

#[test]
fn keywords_have_no_case_and_comments_no_effect() {
    let settings = settings("# timeout 1;\nTIMEOUT 20; # timeout 2;\n");
    assert_eq!(settings.pace.attempt, 20_000);
}

#[test]
fn options_are_sent_where_the_protocol_has_a_place_for_them() {
    let setup = configured(
        "send host-name \"andare\"; send dhcp-client-identifier 1:0:a0:24:ab:fb:9c; \
         send dhcp-lease-time 3600; send vendor-class-identifier \"acme\"; \
         send dhcp-requested-address 10.0.0.9; send user-class \"u\"; send unknown-200 1:2; \
         send unknown-200 3;",
    );
    let profile = &setup.profile;
    assert_eq!(profile.host_name, HostName::Given("andare".into()));
    assert_eq!(
        profile.identifier,
        Identifier::Octets(vec![1, 0, 0xa0, 0x24, 0xab, 0xfb, 0x9c])
    );
    assert_eq!(profile.settings.wanted_seconds, Some(3600));
    assert_eq!(profile.settings.vendor_class, b"acme");
    assert_eq!(profile.settings.wanted_address, Some([10, 0, 0, 9].into()));
    assert_eq!(profile.settings.sent, [(77, b"u".to_vec()), (200, vec![3])]);
    assert!(!setup.notes.iter().any(is_missing));
}

#[test]
fn expressions_are_worked_out() {
    let profile = configured(
        "send host-name = pick-first-value(gethostname(), \"x\"); \
         send dhcp-client-identifier = hardware; \
         send vendor-class-identifier = concat(\"a-\", gethostname());",
    )
    .profile;
    assert_eq!(profile.host_name, HostName::Given("box1".into()));
    assert_eq!(profile.identifier, Identifier::HardwareAddress);
    assert_eq!(profile.settings.vendor_class, b"a-box1");
}

#[test]
fn a_host_name_that_is_none_is_sent_as_it_stands() {
    let profile = configured("send host-name \"my box\";").profile;
    assert_eq!(profile.host_name, HostName::None);
    assert_eq!(profile.settings.sent, [(12, b"my box".to_vec())]);
}

#[test]
fn the_name_in_the_dns_is_made_of_its_parts() {
    let setup = configured(
        "send fqdn.fqdn \"grosse.example.com.\"; send fqdn.encoded on; \
         send fqdn.server-update on; send fqdn.no-client-update off;",
    );
    assert_eq!(
        setup.profile.settings.full_name,
        Some(FullName {
            name: "grosse.example.com.".into(),
            flags: 5,
        })
    );
    let own = configured("send fqdn.fqdn = gethostname();")
        .profile
        .settings;
    assert_eq!(own.full_name.expect("a name").name, "box1");
    assert!(why("send fqdn.fqdn \"a b\";").contains("not a name"));
    assert!(why("send fqdn.rcode1 1;").contains("true or false"));
    assert!(why("send fqdn.hostname on;").contains("not sent"));
}

#[test]
fn options_of_the_protocol_itself_are_not_sent() {
    let setup = configured("send dhcp-message-type 1; send dhcp-max-message-size 576;");
    assert!(setup.profile.settings.sent.is_empty());
    for what in ["send dhcp-message-type 1", "send dhcp-max-message-size 576"] {
        assert!(
            matches!(note(&setup, what).fate, Fate::Ignored(_)),
            "{what}"
        );
    }
}

#[test]
fn a_request_replaces_the_list_and_also_request_adds_to_it() {
    assert_eq!(settings("request routers, host-name;").requested, [3, 12]);
    assert_eq!(settings("request;").requested, [0_u8; 0]);
    assert_eq!(
        settings("also request ntp-servers, unknown-200;").requested,
        [1, 28, 2, 3, 15, 6, 12, 42, 200]
    );
    assert_eq!(
        settings("request routers; also request ntp-servers, dhcp6.fqdn;").requested,
        [3, 42]
    );
    assert_eq!(settings("require subnet-mask;").required, [1]);
    assert_eq!(
        settings("require subnet-mask; also require domain-name-servers;").required,
        [1, 6]
    );
}

#[test]
fn unknown_options_are_named_and_the_others_asked_for() {
    let setup = configured("request routers, colour, host-name;");
    assert_eq!(setup.profile.settings.requested, [3, 12]);
    let note = note(&setup, "request routers, colour, host-name");
    assert_eq!(note.fate, Fate::Missing("there is no option colour".into()));
}

#[test]
fn servers_are_rejected_by_network() {
    let subnet = |address: [u8; 4], prefix_length| Subnet {
        address: address.into(),
        prefix_length,
    };
    assert_eq!(
        settings("reject 192.168.0.0/16, 10.0.0.5; reject 10.0.0.6;").denied_servers,
        [
            subnet([192, 168, 0, 0], 16),
            subnet([10, 0, 0, 5], 32),
            subnet([10, 0, 0, 6], 32),
        ]
    );
    assert!(why("reject 10.0.0.0/33;").contains("0 to 32"));
}

#[test]
fn values_of_servers_are_amended() {
    let addresses =
        |list: &[[u8; 4]]| Value::Addresses(list.iter().map(|it| Ipv4Addr::from(*it)).collect());
    let list = amendments(
        "prepend domain-name-servers 127.0.0.1; append domain-name-servers 9.9.9.9, 8.8.8.8; \
         default domain-name \"home.test\"; supersede domain-search \"a.test\", \"b.test\"; \
         supersede interface-mtu 1400; supersede host-name = gethostname(); \
         supersede unknown-200 1:2;",
    );
    let amendment = |code, how, value| Amendment { code, how, value };
    assert_eq!(
        list,
        [
            amendment(6, How::Prepend, addresses(&[[127, 0, 0, 1]])),
            amendment(6, How::Append, addresses(&[[9, 9, 9, 9], [8, 8, 8, 8]])),
            amendment(15, How::Default, Value::Text("home.test".into())),
            amendment(
                119,
                How::Supersede,
                Value::Names(vec!["a.test".into(), "b.test".into()])
            ),
            amendment(26, How::Supersede, Value::Numbers(vec![1400])),
            amendment(12, How::Supersede, Value::Text("box1".into())),
            amendment(200, How::Supersede, Value::Octets(vec![1, 2])),
        ]
    );
}

#[test]
fn amended_routes_are_routes_however_they_are_written() {
    let list = amendments(
        "option rfc3442-classless-static-routes code 121 = array of unsigned integer 8; \
         supersede rfc3442-classless-static-routes 24, 10, 7, 0, 10, 0, 0, 1;",
    );
    let route = Route {
        destination: [10, 7, 0, 0].into(),
        prefix_length: 24,
        gateway: [10, 0, 0, 1].into(),
    };
    assert_eq!(
        list,
        [Amendment {
            code: 121,
            how: How::Supersede,
            value: Value::Routes(vec![route]),
        }]
    );
}

#[test]
fn what_a_lease_says_of_itself_is_amended_for_scripts_only() {
    let setup = configured(
        "supersede dhcp-server-identifier 255.255.255.255; supersede dhcp-lease-time 600;",
    );
    assert_eq!(setup.profile.amendments.len(), 2);
    assert!(is_different(&setup, "supersede dhcp-lease-time 600"));
    let what = "supersede dhcp-server-identifier 255.255.255.255";
    assert!(is_different(&setup, what));
}

#[test]
fn an_interface_has_what_stands_before_it_and_its_own() {
    let setup = configured(
        "timeout 20; interface \"eth0\" { retry 30; send host-name \"own\"; also request \
         ntp-servers; } timeout 40; interface \"eth0\" { reboot 3; }",
    );
    let [(name, own)] = setup.profiles.as_slice() else {
        panic!("{:?}", setup.profiles);
    };
    assert_eq!(name, "eth0");
    assert_eq!(own.settings.pace.attempt, 20_000);
    assert_eq!(own.settings.pace.pause, 30_000);
    assert_eq!(own.settings.reboot_timeout, 3000);
    assert_eq!(own.host_name, HostName::Given("own".into()));
    assert!(own.settings.requested.contains(&42));
    assert_eq!(setup.profile.settings.pace.attempt, 40_000);
    assert_eq!(setup.profile.host_name, HostName::None);
}

#[test]
fn declared_interfaces_are_served_where_none_is_named() {
    let host = TestHost::default().with_file("/c", "interface \"wlan0\" { timeout 5; }");
    assert_eq!(setup_on(&host, "-cf /c").interfaces.named, ["wlan0"]);
    assert_eq!(setup_on(&host, "-cf /c eth0").interfaces.named, ["eth0"]);
}

#[test]
fn policies_about_bootp_are_kept() {
    assert_eq!(settings("").legacy, Legacy::Accepted);
    assert_eq!(settings("ignore bootp;").legacy, Legacy::Refused);
    assert_eq!(
        settings("ignore bootp; accept bootp;").legacy,
        Legacy::Accepted
    );
    assert!(is_different(&configured("prefer bootp;"), "prefer bootp"));
    assert!(why("require authentication;").contains("no option authentication"));
}

#[test]
fn other_statements_are_named_with_what_becomes_of_them() {
    let setup = configured(
        "media \"link0\", \"link1\"; lease-id-format hex; db-time-format local; \
         do-forward-updates false; script \"/s\";",
    );
    assert!(matches!(
        note(&setup, "media \"link0\", \"link1\"").fate,
        Fate::Ignored(_)
    ));
    assert!(matches!(
        note(&setup, "lease-id-format hex").fate,
        Fate::Ignored(_)
    ));
    for what in [
        "db-time-format local",
        "do-forward-updates false",
        "script \"/s\"",
    ] {
        assert_eq!(note(&setup, what).fate, Fate::Honoured, "{what}");
    }
    assert_eq!(
        setup.profile.script.expect("a script").path,
        Path::new("/s")
    );
    for (statement, part) in [
        ("do-forward-updates true;", "DNS"),
        ("hardware ethernet 0:1:2:3:4:5;", "interface's own"),
        ("anycast-mac ethernet 0:1:2:3:4:5;", "all hosts"),
        ("vendor option space foo;", "octets"),
        ("omapi port 7911;", "ctl"),
        ("key foo { algorithm hmac-md5; secret \"x\"; }", "DNS"),
        ("zone example.org { primary 127.0.0.1; }", "DNS"),
        ("pseudo \"a\" \"eth0\" { timeout 5; }", "one client"),
        (
            "if option host-name = \"x\" { timeout 1; } else { timeout 2; }",
            "conditional",
        ),
        ("set x = \"1\";", "not evaluated"),
        ("frobnicate the net;", "no such statement"),
        ("send dhcp6.client-id 1;", "DHCPv6"),
        ("send foo.bar 1;", "option space foo"),
        ("send routers ns.test;", "not resolved"),
        ("send dhcp-requested-address = \"x\";", "four octets"),
        ("timeout soon;", "not a number"),
        ("timeout -1;", "not possible"),
        ("timeout 5", "';'"),
        (
            "send dhcp-client-identifier = concat(1, hardware);",
            "hardware",
        ),
    ] {
        assert!(
            why(statement).contains(part),
            "{statement}: {}",
            why(statement)
        );
    }
}
