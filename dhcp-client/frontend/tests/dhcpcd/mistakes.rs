//! Directives that change nothing: what the run lacks for them, what it can do without, and what is wrong.

use dhcp_frontend::setup::Fate;

use crate::bed::{Bed, fate, is_missing, profile};

#[test]
fn what_the_run_lacks_is_said() {
    for line in [
        "arping 192.0.2.1",
        "arp_persistdefence",
        "authprotocol token",
        "authtoken 0 \"\" forever k",
        "define 224 embed x\nembed byte a",
        "destination routers",
        "fallback nowhere",
        "frobnicate 7",
        "ia_na 1",
        "ia_pd 2 eth1/0",
        "ia_ta",
        "inactive",
        "inform6",
        "ipv6only",
        "lastlease",
        "lastleaseextend",
        "noalias",
        "nolink",
        "noup",
        "randomise_hwaddr",
        "request",
        "ssid home",
        "vendopt 9 encap x",
        "waitip 6",
    ] {
        let setup = Bed::with(line).run("");
        let lacking = setup.notes.iter().filter(|note| is_missing(&note.fate));
        assert_eq!(lacking.count(), 1, "{line}: {:#?}", setup.notes);
    }
}

#[test]
fn what_the_run_can_do_without_is_said() {
    for line in [
        "config /x",
        "define6 65 string x",
        "definend 1 binhex x",
        "dev udev",
        "dhcp6",
        "dumplease",
        "exit",
        "ipv6",
        "ipv6ra_autoconf",
        "ipv6ra_fork",
        "ipv6ra_noautoconf",
        "ipv6ra_own",
        "ipv6ra_own_default",
        "ipv6rs",
        "link_rcvbuf 100000",
        "noauthrequired",
        "nodev",
        "nodhcp6",
        "noipv6",
        "noipv6rs",
        "option dhcp6_name_servers",
        "printpidfile",
        "rebind",
        "reconfigure",
        "renew",
        "request_time 60",
        "slaac private temp",
        "static ip6_address=fd51::2/64",
        "variables",
        "vsio6 155 1,fd51::1",
        "xidhwaddr",
    ] {
        let setup = Bed::with(line).run("");
        let fate = fate(&setup, line);
        assert!(matches!(fate, Fate::Ignored(_)), "{line}: {fate:?}");
    }
}

#[test]
fn a_wrong_value_is_a_warning_in_a_file_and_changes_nothing() {
    for line in [
        "backoff_cutoff 0",
        "blacklist 192.0.2.0/40",
        "embed byte a",
        "encap 1 byte a",
        "env nothing",
        "env =x",
        "fqdn maybe",
        "hostname a;reboot",
        "iaid 7",
        "iaid abcde",
        "inform 192.0.2.7/0",
        "inform 192.0.2.7/24/x",
        "leasetime soon",
        "metric -1",
        "metric 2147483648",
        "option no_such_option",
        "option 0",
        "define 0 byte x",
        "define 300 byte x",
        "define 224 nothing x",
        "define 224 byte",
        "define 224 byte a-b",
        "reboot x",
        "request here",
        "static ip_address",
        "static ip_address=192.0.2.7/0",
        "static subnet_mask=255.0.255.0",
        "static mtu=100",
        "static routes=10.0.0.0/8",
        "static ntp_servers=x",
        "timeout x",
        "vendclass x",
        "vendor 255,1",
        "vendor 1",
        "vsio 1 0,x",
        "whitelist x",
    ] {
        let setup = Bed::with(line).run("");
        let fate = fate(&setup, line);
        assert!(is_missing(fate), "{line}: {fate:?}");
        assert_eq!(setup.profile, profile(""), "{line}");
    }
}

#[test]
fn a_value_that_is_too_long_is_refused_whole() {
    let long = "a".repeat(256);
    for line in [
        format!("vendorclassid \"{long}\""),
        format!("userclass \"{long}\""),
        format!("msuserclass \"{long}\""),
        format!("vendor ,\"{long}\""),
        format!("vendor 1,\"{}\"", &long[..253]),
        format!("vendclass 1 \"{}\"", &long[..251]),
        format!("vsio 1 1,\"{}\"", &long[..250]),
        format!("mudurl \"{long}\""),
        format!("clientid \"{}\"", &long[..48]),
        format!("duid {}", "aa".repeat(131)),
    ] {
        let setup = Bed::with(line.as_str()).run("");
        assert!(
            setup.notes.iter().any(|note| is_missing(&note.fate)),
            "{line}"
        );
        assert!(setup.profile.settings.sent.is_empty(), "{line}");
    }
}
