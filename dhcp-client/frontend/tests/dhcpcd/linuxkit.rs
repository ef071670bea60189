//! The contract with LinuxKit's image: its file and its command line, to the letter.

use std::{path::PathBuf, time::Duration};

use dhcp_frontend::setup::{
    Background, Ending, Fate, Files, HostName, Identifier, Interfaces, LogTarget, OnStop, Patience,
    Takes, TakesHostName, Then, WaitFor,
};
use sdk_rpc::{ConflictDetection, Legacy, Pace, Settings};

use crate::bed::{Bed, fate, is_missing};

/// The effective directives of its dhcpcd.conf, all 14 kinds.
const FILE: &str = "\
# A sample configuration for dhcpcd.
allowinterfaces eth*
hostname
clientid
persistent
option rapid_commit
option domain_name_servers, domain_name, domain_search, host_name
option classless_static_routes
option ntp_servers
# Respect the network MTU.
option interface_mtu
require dhcp_server_identifier
slaac private
nodelay
noarp
waitip 4
";

const ONBOOT: &str = "--nobackground -f /dhcpcd.conf -1";

fn image() -> Bed {
    Bed::default().file("/dhcpcd.conf", FILE)
}

#[test]
fn the_shipped_file_asks_of_the_protocol_what_was_seen_on_the_wire() {
    let profile = image().run(ONBOOT).profile;
    let class = concat!("calfkit-", env!("CARGO_PKG_VERSION"), ":Linux-6.1.0:x86_64");
    assert_eq!(
        profile.settings,
        Settings {
            client_identifier: Vec::new(),
            host_name: None,
            full_name: None,
            vendor_class: class.into(),
            requested: vec![1, 121, 3, 6, 12, 15, 26, 28, 33, 42, 51, 54, 58, 59, 119],
            sent: Vec::new(),
            required: Vec::new(),
            refused: Vec::new(),
            ignored: Vec::new(),
            wanted_address: None,
            wanted_seconds: None,
            allowed_servers: Vec::new(),
            denied_servers: Vec::new(),
            broadcast: false,
            require_server: true,
            rapid_commit: true,
            forced_renewal: true,
            legacy: Legacy::Refused,
            conflict_detection: ConflictDetection::Off,
            // As dhcpcd(8) has it, noarp takes link-local addresses away too.
            link_local_after: None,
            reboot_timeout: 5000,
            start_delay: 0,
            pace: Pace::default(),
            inform: None,
            kinds: Vec::new(),
            offers_only: false,
        }
    );
    assert_eq!(profile.identifier, Identifier::HardwareAddress);
    assert_eq!(profile.host_name, HostName::System);
}

#[test]
fn the_shipped_file_leaves_everything_but_scripts_to_the_program() {
    let profile = image().run(ONBOOT).profile;
    assert_eq!(
        profile.takes,
        Takes {
            default_route: true,
            routes: true,
            resolvers: true,
            mtu: true,
            host_name: TakesHostName::WhenUnset,
        }
    );
    assert_eq!(profile.script, None);
    assert_eq!(profile.metric, None);
    assert!(!profile.off && !profile.awaited);
    assert_eq!(profile.lease_folder, Some("/var/lib/dhcpcd".into()));
}

#[test]
fn once_in_the_foreground_ends_with_a_lease_or_after_half_a_minute() {
    let setup = image().run(ONBOOT);
    assert_eq!(
        setup.ending,
        Ending {
            once: true,
            wait_for: WaitFor::Any,
            background: Background::Never,
            waits_for_carrier: true,
            patience: Patience::Time(Duration::from_secs(30)),
            then: Then::Exit(1),
            interrupted: 1,
        }
    );
    assert_eq!(setup.on_stop, OnStop::Leave);
    assert_eq!(
        setup.interfaces,
        Interfaces {
            named: Vec::new(),
            allow: vec!["eth*".into()],
            deny: Vec::new(),
            also: Vec::new(),
            wait_for_named: true,
        }
    );
    assert_eq!(
        setup.log.targets,
        [LogTarget::StandardError, LogTarget::Syslog]
    );
}

#[test]
fn as_a_service_it_serves_for_ever() {
    let ending = image().run("--nobackground -f /dhcpcd.conf").ending;
    assert!(!ending.once);
    assert_eq!(ending.background, Background::Never);
    assert_eq!(
        (ending.patience, ending.then),
        (Patience::Endless, Then::GoOn)
    );
}

#[test]
fn its_files_are_where_the_original_has_them() {
    let files = image().run(ONBOOT).files;
    assert_eq!(
        files,
        Files {
            state_directory: "/var/lib/dhcp-client".into(),
            run_directory: Some("/run/dhcp-client".into()),
            control_group: None,
            resolv_conf: None,
            pid_file: Some("/run/dhcpcd/pid".into()),
            pcap: None,
            metrics_file: None,
            metrics_socket: None,
        }
    );
    let (printed, status) = image().printed("-f /dhcpcd.conf -P");
    assert_eq!((printed.as_str(), status), ("/run/dhcpcd/pid\n", 0));
    assert_eq!(
        PathBuf::from(printed.trim_end()),
        files.pid_file.expect("one")
    );
}

#[test]
fn nothing_of_it_is_missing_and_what_differs_is_said() {
    let setup = image().run(ONBOOT);
    assert!(!setup.notes.iter().any(|note| is_missing(&note.fate)));
    for (what, said) in [
        ("-1", "the timeout ends it with status 1"),
        ("waitip 4", "with --nobackground too"),
        ("vendorclassid", "calfkit-"),
    ] {
        let fate = fate(&setup, what);
        assert!(
            matches!(fate, Fate::Different(how) if how.contains(said)),
            "{what}: {fate:?}"
        );
    }
    for what in [
        "allowinterfaces eth*",
        "hostname",
        "clientid",
        "persistent",
        "option rapid_commit",
        "option domain_name_servers, domain_name, domain_search, host_name",
        "require dhcp_server_identifier",
        "nodelay",
        "noarp",
        "--nobackground",
    ] {
        assert_eq!(fate(&setup, what), &Fate::Honoured, "{what}");
    }
    assert!(matches!(fate(&setup, "slaac private"), Fate::Ignored(why) if why.contains("IPv6")));
}

#[test]
fn debians_own_file_has_nothing_missing_either() {
    let file = "\
#controlgroup wheel
#hostname
#clientid
duid
persistent
vendorclassid
option domain_name_servers, domain_name, domain_search
option classless_static_routes
option interface_mtu
option host_name
#option ntp_servers
option rapid_commit
require dhcp_server_identifier
#slaac hwaddr
slaac private
";
    let bed = Bed::with(file).file(
        "/var/lib/dhcpcd/duid",
        "00:01:00:01:32:98:cf:70:ba:53:87:fc\n",
    );
    let setup = bed.run("");
    assert!(!setup.notes.iter().any(|note| is_missing(&note.fate)));
    let profile = setup.profile;
    assert!(profile.settings.vendor_class.is_empty());
    assert_eq!(profile.settings.conflict_detection, ConflictDetection::Full);
    assert_eq!(profile.settings.link_local_after, Some(5000));
    assert_eq!(profile.settings.start_delay, 1000);
    assert_eq!(profile.host_name, HostName::None);
    assert_eq!(
        profile.identifier,
        Identifier::Duid {
            iaid: None,
            duid: Some(vec![
                0, 1, 0, 1, 0x32, 0x98, 0xcf, 0x70, 0xba, 0x53, 0x87, 0xfc
            ]),
        }
    );
}
