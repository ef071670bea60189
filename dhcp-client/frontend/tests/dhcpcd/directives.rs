//! Each directive, by what is different for it. Those about addresses and the end of a run have files of
//! their own.

use std::{net::Ipv4Addr, path::Path};

use dhcp_frontend::{
    script::Part,
    setup::{Fate, HostName, Identifier, LogLevel, LogTarget, OnStop, Profile, TakesHostName},
};
use sdk_rpc::{ConflictDetection, FullName, Kind, Legacy, Subnet};

use crate::bed::{Bed, fate, profile};

/// Asserts that a file of one line makes a profile that fits, and that an empty one does not.
fn changes(line: &str, fits: impl Fn(&Profile) -> bool) {
    let changed = profile(line);
    assert!(fits(&changed), "{line}: {changed:#?}");
    assert!(!fits(&profile("")), "{line}: it is so by default");
}

fn requested(line: &str) -> Vec<u8> {
    profile(line).settings.requested
}

fn sent(line: &str, code: u8) -> Option<Vec<u8>> {
    let mut sent = profile(line).settings.sent.into_iter();
    sent.find(|(known, _)| *known == code)
        .map(|(_, octets)| octets)
}

#[test]
fn who_the_client_is() {
    let octets = |octets: &[u8]| Identifier::Octets(octets.to_vec());
    changes("clientid", |p| p.identifier == Identifier::HardwareAddress);
    changes("clientid 01:02:ff", |p| {
        p.identifier == octets(&[1, 2, 255])
    });
    changes("clientid box", |p| p.identifier == octets(b"\0box"));
    changes("duid", |p| {
        p.identifier
            == Identifier::Duid {
                iaid: None,
                duid: None,
            }
    });
    changes("duid 00:03:00:01:aa", |p| {
        p.identifier
            == Identifier::Duid {
                iaid: None,
                duid: Some(vec![0, 3, 0, 1, 0xaa]),
            }
    });
    let iaid = |value: &str| {
        let lines = format!("duid\ninterface eth0\niaid {value}");
        let Identifier::Duid { iaid, .. } =
            Bed::with(lines).run("").profiles.remove(0).1.identifier
        else {
            panic!("{value}: no DUID");
        };
        iaid
    };
    assert_eq!(iaid("7"), Some(7));
    assert_eq!(iaid("ab"), Some(0x6162_0000));
    assert_eq!(
        profile("duid nonsense").identifier,
        profile("duid").identifier
    );
    assert_eq!(
        profile("duid\nclientid").identifier,
        Identifier::HardwareAddress
    );
    assert_eq!(profile("").identifier, Identifier::None);
}

#[test]
fn which_name_servers_are_told() {
    let given = |name: &str| HostName::Given(name.to_owned());
    changes("hostname", |p| p.host_name == HostName::System);
    changes("hostname box.example", |p| {
        p.host_name == given("box.example")
    });
    changes("hostname \"box\"", |p| p.host_name == given("box"));
    changes("hostname_short", |p| p.host_name == HostName::SystemShort);
    let short = profile("hostname box.example\nhostname_short");
    assert_eq!(short.host_name, given("box"));
    let none = profile("hostname\nhostname \"\"");
    assert_eq!(none.host_name, HostName::None);
    let full = |flags| FullName {
        name: String::new(),
        flags,
    };
    for (line, flags) in [
        ("fqdn", 5),
        ("fqdn both", 5),
        ("fqdn ptr", 4),
        ("fqdn none", 12),
    ] {
        changes(line, |p| p.settings.full_name == Some(full(flags)));
        assert_eq!(profile(line).host_name, HostName::System, "{line}");
    }
    let both = profile("hostname box.example\nfqdn both")
        .settings
        .full_name;
    assert_eq!(both.expect("a name").name, "box.example");
    assert_eq!(profile("fqdn\nfqdn disable").settings.full_name, None);
}

#[test]
fn which_classes_it_says_it_has() {
    changes("vendorclassid MSFT", |p| p.settings.vendor_class == b"MSFT");
    changes("vendorclassid", |p| p.settings.vendor_class.is_empty());
    assert_eq!(
        sent("userclass foo\nuserclass \"b r\"", 77).as_deref(),
        Some(&b"\x03foo\x03b r"[..])
    );
    assert_eq!(
        sent("msuserclass foo", 77).as_deref(),
        Some(&b"foo"[..]),
        "without a length"
    );
    assert_eq!(
        sent(
            "vendor 1,192.168.0.2\nvendor 2,01:02\nvendor 3,\\\"hi\\\"",
            43
        )
        .as_deref(),
        Some(&b"\x01\x04\xc0\xa8\x00\x02\x02\x02\x01\x02\x03\x04\"hi\"\xff"[..])
    );
    assert_eq!(
        sent("vendor 1,01:02\nvendor ,\"hello world\"", 43).as_deref(),
        Some(&b"hello world"[..])
    );
    assert_eq!(
        sent("vendclass 9 \"abc\"\nvendclass 9 de", 124).as_deref(),
        Some(&b"\0\0\0\x09\x03abc\x02de"[..])
    );
    assert_eq!(
        sent(
            "vsio 155 1,192.168.1.1\nvsio 155 2,\"hi\"\nvsio 7 1,01:02",
            125
        )
        .as_deref(),
        Some(
            &b"\0\0\0\x07\x04\x01\x02\x01\x02\0\0\0\x9b\x0a\x01\x04\xc0\xa8\x01\x01\x02\x02hi"[..]
        )
    );
    assert_eq!(
        sent("mudurl https://mud.example/", 161).as_deref(),
        Some(&b"https://mud.example/"[..])
    );
    assert!(profile("").settings.sent.is_empty());
}

#[test]
fn which_options_are_wanted() {
    assert_eq!(requested(""), [1, 3, 28, 33, 51, 58, 59]);
    assert_eq!(
        requested("option 42, domain_name_servers classless_static_routes"),
        [1, 121, 3, 6, 28, 33, 42, 51, 58, 59]
    );
    assert_eq!(
        requested("option domain_name,host_name\nnooption host_name"),
        [1, 3, 15, 28, 33, 51, 58, 59]
    );
    changes("option rapid_commit", |p| {
        p.settings.rapid_commit && !p.settings.requested.contains(&80)
    });
    changes("nooption domain_name, 0x18", |p| {
        p.settings.ignored == [15, 24]
    });
    changes("require 15", |p| {
        p.settings.required == [15] && p.settings.requested.contains(&15)
    });
    changes("require dhcp_server_identifier", |p| {
        p.settings.require_server && p.settings.legacy == Legacy::Refused
    });
    changes("require dhcp_message_type", |p| {
        p.settings.legacy == Legacy::Refused && p.settings.required.is_empty()
    });
    changes("reject 99", |p| p.settings.refused == [99]);
    let last = profile("nooption 15\nreject 15\noption 15").settings;
    assert!(last.ignored.is_empty() && last.refused.is_empty());
    let never = Bed::with("nooption subnet_mask").run("");
    assert!(
        never.profile.settings.ignored.is_empty(),
        "a lease needs it"
    );
    assert!(matches!(
        fate(&never, "nooption subnet_mask"),
        Fate::Different(_)
    ));
}

#[test]
fn which_options_the_operator_defines() {
    for (line, kind) in [
        ("define 224 ipaddress x", Kind::Addresses),
        ("define 224 array ipaddress x", Kind::Addresses),
        ("define 224 byte x", Kind::Numbers8),
        ("define 224 array uint16 x", Kind::Numbers16),
        ("define 224 uint32 x", Kind::Numbers32),
        ("define 224 int32 x", Kind::Signed32),
        ("define 224 string:5 x", Kind::Text),
        ("define 224 dname x", Kind::Text),
        ("define 224 array domain x", Kind::Names),
        ("define 224 rfc3442 x", Kind::Routes),
        ("define 224 binhex x", Kind::Octets),
        ("define 224 flag x", Kind::Octets),
        ("define 224 embed x", Kind::Octets),
    ] {
        changes(line, |p| p.settings.kinds == [(224, kind)]);
    }
    assert_eq!(requested("define 224 request string x").last(), Some(&224));
    assert_eq!(
        requested("define 224 string x\noption x").last(),
        Some(&224)
    );
    assert_eq!(
        requested("define 224 norequest string x\noption x").last(),
        Some(&59)
    );
    let bed = Bed::with("define 43 string mine").program("/usr/lib/dhcpcd/dhcpcd-run-hooks");
    let script = bed.run("").profile.script.expect("the installed one");
    assert_eq!(script.names, [(43, "mine".to_owned())]);
}

#[test]
fn how_servers_are_asked() {
    changes("leasetime 60", |p| p.settings.wanted_seconds == Some(60));
    changes("leasetime -1", |p| {
        p.settings.wanted_seconds == Some(u32::MAX)
    });
    let address = Ipv4Addr::new(192, 0, 2, 7);
    changes("request 192.0.2.7", |p| {
        p.settings.wanted_address == Some(address) && p.settings.reboot_timeout == 0
    });
    changes("broadcast", |p| p.settings.broadcast);
    changes("bootp", |p| p.settings.legacy == Legacy::Only);
    changes("nodelay", |p| p.settings.start_delay == 0);
    changes("reboot 9", |p| {
        p.settings.reboot_timeout == 9000 && p.settings.link_local_after == Some(9000)
    });
    changes("reboot 0", |p| p.settings.reboot_timeout == 0);
    changes("ipv4ll_time 8", |p| {
        p.settings.link_local_after == Some(8000)
    });
    changes("noarp", |p| {
        p.settings.conflict_detection == ConflictDetection::Off
            && p.settings.link_local_after.is_none()
    });
    changes("noipv4ll", |p| p.settings.link_local_after.is_none());
    changes("initial_interval 1", |p| p.settings.pace.first == 1000);
    changes("backoff_cutoff 16", |p| p.settings.pace.longest == 16_000);
    changes("backoff_jitter 100", |p| p.settings.pace.jitter == 100);
    let net = |last, prefix_length| Subnet {
        address: Ipv4Addr::new(192, 0, 2, last),
        prefix_length,
    };
    changes("blacklist 192.0.2.1", |p| {
        p.settings.denied_servers == [net(1, 32)]
    });
    changes("whitelist 192.0.2.0/24\nblacklist 192.0.2.1", |p| {
        p.settings.allowed_servers == [net(0, 24)] && p.settings.denied_servers.is_empty()
    });
}

#[test]
fn what_an_anonymous_client_keeps_to_itself() {
    let anonymous = profile("hostname box\nfqdn\nduid\noption ntp_servers\nanonymous");
    assert_eq!(anonymous.identifier, Identifier::HardwareAddress);
    assert_eq!(anonymous.host_name, HostName::None);
    let settings = anonymous.settings;
    assert_eq!(settings.full_name, None);
    assert!(settings.vendor_class.is_empty());
    assert_eq!(settings.reboot_timeout, 0);
    for (code, ignored) in [(12, true), (42, true), (1, false), (51, false), (53, false)] {
        assert_eq!(settings.ignored.contains(&code), ignored, "{code}");
    }
    let unmasked = profile("anonymous\noption ntp_servers").settings;
    assert!(!unmasked.ignored.contains(&42) && unmasked.requested.contains(&42));
}

#[test]
fn which_script_runs() {
    let installed = Bed::default().program("/usr/lib/dhcpcd/dhcpcd-run-hooks");
    let script = |bed: &Bed, words: &str| bed.run(words).profile.script;
    let stock = script(&installed, "").expect("the installed one");
    assert_eq!(stock.path, Path::new("/usr/lib/dhcpcd/dhcpcd-run-hooks"));
    assert_eq!(stock.skip_hooks, ["resolv.conf", "hostname", "mtu"]);
    assert_eq!(script(&Bed::default(), ""), None);
    assert_eq!(script(&installed, "-c ''"), None);
    assert_eq!(script(&installed, "-c /dev/null"), None);
    let own = script(&installed, "-c /my/script").expect("the operator's");
    assert_eq!(own.path, Path::new("/my/script"));
    assert!(own.skip_hooks.is_empty());
}

#[test]
fn another_script_does_what_stock_hooks_would_have_done() {
    for words in ["-c /my/script", "-c /dev/null"] {
        let takes = Bed::default().run(words).profile.takes;
        assert!(!takes.resolvers && !takes.mtu && takes.routes, "{words}");
        assert_eq!(takes.host_name, TakesHostName::Never);
    }
    let stock = "-c /usr/lib/dhcpcd/dhcpcd-run-hooks";
    assert!(Bed::default().run(stock).profile.takes.resolvers);
}

#[test]
fn the_script_configures_where_the_program_may_not() {
    let part = |words: &str| {
        let script = Bed::default().run(words).profile.script;
        script.expect("one").part
    };
    assert_eq!(part("-c /h --noconfigure"), Part::Configures);
    assert_eq!(part("-c /h --noconfigure --configure"), Part::Hook);
    let nobody = Bed::default().run("--noconfigure");
    assert!(nobody.profile.off, "there is no script");
    assert!(matches!(fate(&nobody, "noconfigure"), Fate::Missing(_)));
}

#[test]
fn a_skipped_hook_takes_its_work_with_it() {
    changes("nohook resolv.conf", |p| !p.takes.resolvers);
    changes("nohook 20-resolv.conf, wpa_supplicant", |p| {
        !p.takes.resolvers
    });
    changes("nohook mtu", |p| !p.takes.mtu);
    changes("nohook hostname", |p| {
        p.takes.host_name == TakesHostName::Never
    });
    changes("env force_hostname=YES", |p| {
        p.takes.host_name == TakesHostName::Always
    });
    let bed = Bed::with("nohook ntp,resolv.conf\nnohook yp").program("/hooks");
    let script = bed.run("-c /hooks").profile.script.expect("one");
    assert_eq!(script.skip_hooks, ["ntp", "resolv.conf", "yp"]);
}

#[test]
fn what_scripts_are_told_by_the_operator() {
    let bed = Bed::with("script /h\nenv a=b c\nenv a=d\nenv e=\"f\"\ndebug");
    let script = bed.run("").profile.script.expect("one");
    let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        script.environment,
        [
            own("a", "d"),
            own("e", "\"f\""),
            own("syslog_debug", "true")
        ]
    );
}

#[test]
fn what_of_a_lease_is_taken() {
    changes("nogateway", |p| !p.takes.default_route);
    assert!(profile("nogateway\ngateway").takes.default_route);
    changes("metric 7", |p| p.metric == Some(7));
    changes("noipv4", |p| p.off);
    changes("nodhcp", |p| p.off);
    assert!(!profile("nodhcp\ndhcp").off);
    assert!(!profile("noipv4\nipv4").off);
    changes("ipv6only", |p| p.off);
}

#[test]
fn where_lines_go_and_who_may_ask() {
    let setup = |line: &str| Bed::with(line).run("");
    let log = |line: &str| setup(line).log;
    let file = LogTarget::File("/l".into());
    assert_eq!(
        log("logfile /l\nlogfile /m").targets,
        [LogTarget::StandardError, LogTarget::Syslog, file]
    );
    assert_eq!(log("nosyslog").targets, [LogTarget::StandardError]);
    assert_eq!(log("debug").level, LogLevel::Debug);
    assert_eq!(log("").level, LogLevel::Info);
    assert!(log("quiet").quiet && !log("").quiet);
    assert_eq!(log("quiet\nquiet").targets, [LogTarget::Syslog]);
    let group = setup("controlgroup wheel").files.control_group;
    assert_eq!(group.as_deref(), Some("wheel"));
}

#[test]
fn which_interfaces_are_chosen() {
    let chosen = Bed::with("allowinterfaces eth* en*,wl*\ndenyinterfaces eth9")
        .run("")
        .interfaces;
    assert_eq!(chosen.allow, ["eth*", "en*", "wl*"]);
    assert_eq!(chosen.deny, ["eth9"]);
    assert!(chosen.wait_for_named);
}

#[test]
fn what_becomes_of_the_configuration_at_the_end() {
    let on_stop = |line: &str| Bed::with(line).run("").on_stop;
    assert_eq!(on_stop(""), OnStop::Undo);
    assert_eq!(on_stop("persistent"), OnStop::Leave);
    assert_eq!(on_stop("release"), OnStop::Release);
    assert_eq!(on_stop("persistent\nrelease"), OnStop::Release);
    assert_eq!(on_stop("inform 192.0.2.7/24"), OnStop::Leave);
}

/// What a dhcpcd 9.4.1 sent that had read this file.
#[test]
fn a_file_of_oddities_comes_to_the_octets_that_dhcpcd_sent() {
    let file = r#"
nodelay
userclass "a#b" # c
userclass a\#b
userclass x\ y\   
clientid "01:02"
vendorclassid a\tb\x41\0101\012z
hostname foo\.bar
option \
host_name
vendor 2,"hi \"x\""
vendor 3,ab
vendor 4,abcd
define 224 request string mine
define 225 string other
option other, 15
nooption domain_name
leasetime 0x10
vendclass 9 "abc"
vendclass 9 de
mudurl https://x/
duid
iaid ab
"#;
    let profile = Bed::with(file).run("eth0").profile;
    assert_eq!(
        profile.identifier,
        Identifier::Octets(b"\x0001:02".to_vec())
    );
    assert_eq!(profile.host_name, HostName::Given("foo.bar".into()));
    let settings = profile.settings;
    assert_eq!(settings.vendor_class, b"a\tbAAz");
    assert_eq!(settings.wanted_seconds, Some(16));
    assert_eq!(settings.requested, [1, 3, 28, 33, 51, 58, 59, 224, 225]);
    let sent: [(u8, &[u8]); 4] = [
        (43, b"\x02\x06hi \"x\"\x03\x02ab\x04\x02\xab\xcd\xff"),
        (77, b"\x03a#b\x03a#b\x04x y "),
        (124, b"\0\0\0\x09\x03abc\x02de"),
        (161, b"https://x/"),
    ];
    assert_eq!(
        settings.sent,
        sent.map(|(code, octets)| (code, octets.to_vec()))
    );
}
