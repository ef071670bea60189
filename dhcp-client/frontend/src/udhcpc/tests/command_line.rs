//! Each flag by what it changes, and the lines that ifupdown, cloud-init, Alpine and others run.

use std::time::Duration;

use proptest::{collection::vec, prelude::*};
use sdk_rpc::{ConflictDetection, FullName, Kind, Legacy, Pace};

use super::*;
use crate::{
    script::Part,
    setup::{
        Background, Client, Ending, Fate, HostName, Identifier, LogLevel, LogTarget, OnStop,
        Patience, Then, WaitFor,
    },
};

/// What becomes of a flag, by its first word.
fn fate(setup: &Setup, what: &str) -> Fate {
    let note = setup.notes.iter().find(|note| note.what == what);
    note.unwrap_or_else(|| panic!("no note of {what}: {:?}", setup.notes))
        .fate
        .clone()
}

fn refused(line: &str) -> String {
    let error = crate::udhcpc::parse(words(line), &TestHost::default()).expect_err(line);
    assert_eq!(error.status, 1);
    error.text
}

fn ending(line: &str) -> Ending {
    setup(line).ending
}

#[test]
fn without_flags_it_serves_eth0_until_there_is_a_lease_and_then_in_the_background() {
    let setup = setup("");
    assert_eq!(setup.client, Client::Udhcpc);
    assert_eq!(setup.interfaces.named, ["eth0"]);
    assert_eq!(
        setup.ending,
        Ending {
            once: false,
            wait_for: WaitFor::All,
            background: Background::WhenLeased,
            waits_for_carrier: true,
            patience: Patience::Endless,
            then: Then::GoOn,
            interrupted: 130,
        }
    );
    assert_eq!(setup.on_stop, OnStop::Leave);
    assert_eq!(setup.log.targets, [LogTarget::StandardError]);
    assert_eq!(setup.log.level, LogLevel::Info);
    assert_eq!(setup.files.pid_file, None);
    assert_eq!(setup.profile.lease_file, None);
}

#[test]
fn on_the_wire_it_is_udhcpc_but_for_the_vendor_class() {
    let profile = setup("").profile;
    let settings = profile.settings;
    assert_eq!(settings.requested, [1, 3, 6, 12, 15, 28, 42]);
    assert_eq!(profile.identifier, Identifier::HardwareAddress);
    assert_eq!(profile.host_name, HostName::None);
    assert_eq!(settings.conflict_detection, ConflictDetection::Off);
    assert_eq!(settings.legacy, Legacy::Refused);
    assert!(!settings.broadcast && !settings.rapid_commit && !settings.require_server);
    assert!(settings.vendor_class.starts_with(b"calfkit-"));
    assert_eq!(
        settings.pace,
        Pace {
            first: 3000,
            longest: 3000,
            jitter: 0,
            attempt: 9000,
            pause: 20_000,
        }
    );
    assert!(settings.kinds.contains(&(121, Kind::Routes)));
}

#[test]
fn every_flag_has_its_effect_and_its_note() {
    let setup = setup(
        "-i wlan0 -s /s -p /p -B -t 5 -T 2 -A 7 -b -n -q -R -f -S -a1500 -r 10.0.0.9 -o -O 66 \
         -O staticroutes -x hostname:box -x lease:600 -x 77:616263 -F box.test -V acme -C -P 68 -v",
    );
    assert_eq!(setup.interfaces.named, ["wlan0"]);
    let script = setup.profile.script.as_ref().expect("a script");
    assert_eq!(script.path, Path::new("/s"));
    assert_eq!(script.part, Part::Configures);
    assert_eq!(script.dialect, Client::Udhcpc);
    assert_eq!(setup.files.pid_file, Some("/p".into()));
    let settings = &setup.profile.settings;
    assert!(settings.broadcast);
    assert_eq!(
        settings.pace,
        Pace {
            first: 2000,
            longest: 2000,
            jitter: 0,
            attempt: 10_000,
            pause: 7000,
        }
    );
    assert_eq!(
        setup.ending,
        Ending {
            once: true,
            wait_for: WaitFor::All,
            background: Background::Never,
            waits_for_carrier: true,
            patience: Patience::Attempt,
            then: Then::Background,
            interrupted: 130,
        }
    );
    assert_eq!(setup.on_stop, OnStop::Release);
    assert_eq!(
        setup.log.targets,
        [LogTarget::StandardError, LogTarget::Syslog]
    );
    assert_eq!(setup.log.level, LogLevel::Debug);
    assert_eq!(settings.conflict_detection, ConflictDetection::Full);
    assert_eq!(settings.wanted_address, Some([10, 0, 0, 9].into()));
    assert_eq!(settings.requested, [66, 121]);
    assert_eq!(setup.profile.host_name, HostName::Given("box".into()));
    assert_eq!(settings.wanted_seconds, Some(600));
    assert_eq!(settings.sent, [(77, b"abc".to_vec())]);
    assert_eq!(
        settings.full_name,
        Some(FullName {
            name: "box.test".into(),
            flags: 5,
        })
    );
    assert_eq!(settings.vendor_class, b"acme");
    assert_eq!(setup.profile.identifier, Identifier::None);
    for what in [
        "-i wlan0",
        "-s /s",
        "-p /p",
        "-B",
        "-t 5",
        "-T 2",
        "-A 7",
        "-b",
        "-n",
        "-q",
        "-R",
        "-f",
        "-S",
        "-r 10.0.0.9",
        "-o",
        "-O 66",
        "-x hostname:box",
        "-x 77:616263",
        "-V acme",
        "-C",
        "-P 68",
        "-v",
    ] {
        assert_eq!(fate(&setup, what), Fate::Honoured, "{what}");
    }
    for what in ["-a1500", "-F box.test", "-q -R"] {
        assert!(matches!(fate(&setup, what), Fate::Different(_)), "{what}");
    }
}

#[test]
fn long_names_are_the_short_ones() {
    let long = setup(
        "--interface=wlan0 --script=/s --pidfile=/p --broadcast --retries=5 --timeout=2 \
         --tryagain=7 --background --now --quit --release --foreground --syslog --arping=1500 \
         --request=10.0.0.9 --no-default-options --request-option=66 --fqdn=box.test \
         --vendorclass=acme --clientid-none --client-port=68",
    );
    let short = setup(
        "-i wlan0 -s /s -p /p -B -t 5 -T 2 -A 7 -b -n -q -R -f -S -a1500 -r 10.0.0.9 -o -O 66 \
         -F box.test -V acme -C -P 68",
    );
    assert_eq!(long, short);
}

#[test]
fn the_end_of_an_attempt_is_decided_by_b_before_n() {
    assert_eq!(ending("-n").then, Then::Exit(1));
    assert_eq!(ending("-b").then, Then::Background);
    assert_eq!(ending("-n -b").then, Then::Background);
    assert_eq!(ending("-f").then, Then::GoOn);
    assert_eq!(ending("-f").patience, Patience::Endless);
    assert_eq!(ending("-f -n").patience, Patience::Attempt);
}

#[test]
fn a_lease_ends_the_run_or_sends_it_into_the_background() {
    assert_eq!(ending("-q").background, Background::Never);
    assert!(ending("-q").once);
    assert_eq!(ending("-f").background, Background::Never);
    assert!(!ending("-f").once);
    assert_eq!(ending("-n").background, Background::WhenLeased);
}

#[test]
fn the_null_device_is_no_pid_file() {
    assert_eq!(setup("-p /dev/null").files.pid_file, None);
}

#[test]
fn no_retries_is_an_attempt_without_end() {
    assert_eq!(setup("-t 0").profile.settings.pace.attempt, 0);
}

#[test]
fn a_pause_of_nothing_between_messages_is_one_second() {
    let setup = setup("-T 0");
    assert_eq!(setup.profile.settings.pace.first, 1000);
    assert!(matches!(fate(&setup, "-T 0"), Fate::Different(_)));
}

#[test]
fn the_longest_times_do_not_overflow() {
    let pace = setup("-T 2147483647 -t 2147483647 -A 2147483647")
        .profile
        .settings
        .pace;
    assert_eq!(
        (pace.first, pace.attempt, pace.pause),
        (u32::MAX, u32::MAX, u32::MAX)
    );
}

#[test]
fn flags_can_be_clustered_and_values_attached() {
    let setup = setup("-nqfv -iwlan1 -t2 -x0x3d:0100BEEF");
    assert!(setup.ending.once);
    assert_eq!(setup.interfaces.named, ["wlan1"]);
    assert_eq!(
        setup.profile.identifier,
        Identifier::Octets(vec![1, 0, 0xbe, 0xef])
    );
}

#[test]
fn an_identifier_of_the_callers_wins_over_none() {
    let profile = setup("-C -x 61:01:02").profile;
    assert_eq!(profile.identifier, Identifier::Octets(vec![1, 2]));
}

#[test]
fn an_empty_vendor_class_is_none() {
    let arguments = vec!["-V".into(), "".into()];
    let Ok(Request::Run(setup)) = crate::udhcpc::parse(arguments, &TestHost::default()) else {
        panic!("not a run");
    };
    assert_eq!(setup.profile.settings.vendor_class, b"");
}

#[test]
fn options_to_send_go_where_the_protocol_has_a_place_for_them() {
    let setup = setup(
        "-x 0x32:0a000009 -x vendor:acme -x 12:\"a_b\" -x ntpsrv:1.1.1.1 -x ntpsrv:2.2.2.2 \
         -x mtu:1400 -x mtu:1300",
    );
    let settings = &setup.profile.settings;
    assert_eq!(settings.wanted_address, Some([10, 0, 0, 9].into()));
    assert_eq!(settings.vendor_class, b"acme");
    assert_eq!(setup.profile.host_name, HostName::Given("a_b".into()));
    assert_eq!(
        settings.sent,
        [(42, vec![1, 1, 1, 1, 2, 2, 2, 2]), (26, vec![5, 120])]
    );
    assert!(matches!(fate(&setup, "-x mtu:1300"), Fate::Ignored(_)));
}

#[test]
fn options_of_the_protocol_itself_are_not_sent_twice() {
    let setup = setup("-x 53:01 -x 0x37:0103 -x 82:00 -x 90:00");
    assert!(setup.profile.settings.sent.is_empty());
    for what in ["-x 53:01", "-x 0x37:0103", "-x 82:00", "-x 90:00"] {
        assert!(matches!(fate(&setup, what), Fate::Ignored(_)), "{what}");
    }
}

#[test]
fn a_name_that_is_no_host_name_is_sent_as_it_stands() {
    let profile = setup("-x 12:\"my;box\"").profile;
    assert_eq!(profile.host_name, HostName::None);
    assert_eq!(profile.settings.sent, [(12, b"my;box".to_vec())]);
}

#[test]
fn what_cannot_be_done_is_named() {
    let setup = setup("-P 1068 -x hostname: -x 50:0a -O 108 eth1");
    assert!(matches!(fate(&setup, "-x 50:0a"), Fate::Missing(_)));
    assert!(setup.profile.settings.sent.is_empty());
    assert!(matches!(fate(&setup, "-P 1068"), Fate::Missing(_)));
    assert!(matches!(fate(&setup, "-x hostname:"), Fate::Missing(_)));
    assert!(matches!(fate(&setup, "-O 108"), Fate::Different(_)));
    assert!(matches!(fate(&setup, "eth1"), Fate::Ignored(_)));
    assert_eq!(setup.interfaces.named, ["eth0"]);
}

#[test]
fn names_of_older_versions_are_still_read() {
    let profile = setup("-H box -c abc").profile;
    assert_eq!(profile.host_name, HostName::Given("box".into()));
    assert_eq!(profile.identifier, Identifier::Octets(b"abc".to_vec()));
    let profile = setup("--hostname box --clientid abc").profile;
    assert_eq!(profile.host_name, HostName::Given("box".into()));
    assert_eq!(profile.identifier, Identifier::Octets(b"abc".to_vec()));
    assert_eq!(
        setup("-h box").profile.host_name,
        HostName::Given("box".into())
    );
}

#[test]
fn wrong_usage_is_refused_with_the_usage() {
    for (line, part) in [
        ("-z", "-z"),
        ("--frobnicate", "--frobnicate"),
        ("-t many", "invalid number 'many'"),
        ("-T -1", "invalid number"),
        ("-t 2147483648", "invalid number"),
        ("-r box", "bad address 'box'"),
        ("-O colour", "unknown option 'colour'"),
        ("-O 255", "unknown option '255'"),
        ("-x colour:red", "unknown option 'colour'"),
        ("-x 61:zz", "malformed hex string 'zz'"),
        ("-i ../../etc", "not an interface name"),
        ("-F a;b", "a;b"),
        ("-P many", "invalid number 'many'"),
        ("-ax", "invalid number 'x'"),
        ("-i", "-i"),
        ("-h", "-h"),
    ] {
        let text = refused(line);
        assert!(text.contains(part), "{line}: {text}");
        assert!(text.contains("Usage: udhcpc"), "{line}");
    }
}

#[test]
fn help_is_printed_and_is_no_failure() {
    let Ok(Request::Print { text, status }) =
        crate::udhcpc::parse(words("-i eth0 --help"), &TestHost::default())
    else {
        panic!("not a text");
    };
    assert!(text.contains("Usage: udhcpc"));
    assert_eq!(status, 0);
}

#[test]
fn an_installed_script_configures_and_without_one_the_program_does() {
    let with = |path: &str| TestHost {
        programs: vec![path.into()],
        ..TestHost::default()
    };
    for path in [
        "/etc/udhcpc/default.script",
        "/usr/share/udhcpc/default.script",
    ] {
        let script = setup_on(&with(path), "").profile.script.expect("a script");
        assert_eq!(script.path, Path::new(path));
        assert_eq!(script.part, Part::Configures);
        assert_eq!(script.patience, Duration::from_secs(60));
    }
    let setup = setup("");
    assert_eq!(setup.profile.script, None);
    assert!(matches!(fate(&setup, "-s"), Fate::Different(_)));
}

#[test]
fn a_script_inherits_the_environment_but_not_the_path() {
    let host = TestHost {
        environment: vec![
            ("LEASE_FILE".into(), "/run/l".into()),
            ("PATH".into(), "/evil".into()),
        ],
        ..TestHost::default()
    };
    let script = setup_on(&host, "-s /s").profile.script.expect("a script");
    assert_eq!(script.environment, [("LEASE_FILE".into(), "/run/l".into())]);
}

#[test]
fn ifupdown_of_debian() {
    let setup = setup("-n -p /run/udhcpc.eth0.pid -i eth0 -x hostname:h");
    assert_eq!(setup.ending.then, Then::Exit(1));
    assert_eq!(setup.ending.background, Background::WhenLeased);
    assert_eq!(setup.files.pid_file, Some("/run/udhcpc.eth0.pid".into()));
    assert_eq!(setup.profile.host_name, HostName::Given("h".into()));
    assert_eq!(setup.on_stop, OnStop::Leave);
}

#[test]
fn ifupdown_of_busybox() {
    let setup = setup("-R -n -p /var/run/udhcpc.eth0.pid -i eth0");
    assert_eq!(setup.ending.then, Then::Exit(1));
    assert_eq!(setup.on_stop, OnStop::Release);
}

#[test]
fn ifupdown_ng_of_alpine() {
    let setup = setup("-b -R -p /var/run/udhcpc.eth0.pid -i eth0 -x hostname:alp");
    assert_eq!(setup.ending.then, Then::Background);
    assert_eq!(setup.ending.background, Background::WhenLeased);
    assert_eq!(setup.on_stop, OnStop::Release);
}

#[test]
fn cloud_init() {
    let host = TestHost {
        environment: vec![("LEASE_FILE".into(), "/run/eth0.lease.json".into())],
        ..TestHost::default()
    };
    let line = "-O staticroutes -i eth0 -s /run/udhcpc_script -n -q -f -v";
    let setup = setup_on(&host, line);
    assert!(setup.ending.once);
    assert_eq!(setup.ending.then, Then::Exit(1));
    assert_eq!(setup.ending.background, Background::Never);
    let script = setup.profile.script.expect("a script");
    assert_eq!(script.environment[0].0, "LEASE_FILE");
    let requested = setup.profile.settings.requested;
    assert_eq!(requested, [1, 121, 3, 6, 12, 15, 28, 42]);
}

#[test]
fn cloud_init_on_infiniband() {
    let line = "-O staticroutes -i ib0 -s /s -n -q -f -v -x 0x3d:20000102030405060708";
    let identifier = setup(line).profile.identifier;
    let octets = vec![0x20, 0, 1, 2, 3, 4, 5, 6, 7, 8];
    assert_eq!(identifier, Identifier::Octets(octets));
}

#[test]
fn an_initramfs() {
    let setup = setup("-i eth0 -O 121 -O rootpath -T 5 -t 4 -q -n -s /bin/dhcp.script");
    assert_eq!(setup.profile.settings.requested[..3], [1, 121, 3]);
    assert!(setup.profile.settings.requested.contains(&17));
    assert_eq!(setup.profile.settings.pace.attempt, 20_000);
}

proptest! {
    #[test]
    fn no_words_make_it_panic(words in vec(vec(any::<u8>(), 0..40), 0..8)) {
        use std::os::unix::ffi::OsStringExt as _;
        let words = words.into_iter().map(OsString::from_vec).collect();
        let _ = crate::udhcpc::parse(words, &TestHost::default());
    }

    #[test]
    fn no_option_to_send_makes_it_panic(word in "[a-z0-9x:=,./\"' -]{0,40}") {
        let words = vec!["-x".into(), word.into()];
        let _ = crate::udhcpc::parse(words, &TestHost::default());
    }
}
