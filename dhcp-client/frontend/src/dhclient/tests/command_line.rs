//! Each flag by what it changes.

use std::time::Duration;

use proptest::{collection::vec, prelude::*};
use sdk_rpc::{ConflictDetection, FullName, Legacy, Pace, Subnet};

use super::*;
use crate::{
    Control, UsageError, Verb,
    script::Part,
    setup::{
        Background, Client, Ending, HostName, Identifier, LogTarget, OnStop, Patience, Purpose,
        TakesHostName, Then, WaitFor,
    },
};

fn refused(line: &str) -> UsageError {
    crate::dhclient::parse(words(line), &TestHost::default()).expect_err(line)
}

fn printed(line: &str) -> (String, u8) {
    match crate::dhclient::parse(words(line), &TestHost::default()) {
        Ok(Request::Print { text, status }) => (text, status),
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn without_flags_it_waits_for_one_attempt_and_goes_on_in_the_background() {
    let setup = setup("");
    assert_eq!(setup.client, Client::Dhclient);
    assert!(setup.interfaces.named.is_empty());
    assert_eq!(
        setup.ending,
        Ending {
            once: false,
            wait_for: WaitFor::Any,
            background: Background::WhenLeased,
            waits_for_carrier: true,
            patience: Patience::Attempt,
            then: Then::Background,
            interrupted: 130,
        }
    );
    assert_eq!(setup.on_stop, OnStop::Leave);
    assert_eq!(setup.log.targets, [LogTarget::Syslog]);
    assert_eq!(setup.files.pid_file, Some("/run/dhclient.pid".into()));
    assert_eq!(
        setup.profile.lease_file,
        Some("/var/lib/dhcp/dhclient.leases".into())
    );
}

#[test]
fn on_the_wire_it_is_dhclient_but_for_the_vendor_class() {
    let profile = setup("eth0").profile;
    assert_eq!(profile.identifier, Identifier::None);
    assert_eq!(profile.host_name, HostName::None);
    let settings = profile.settings;
    assert_eq!(settings.requested, [1, 28, 2, 3, 15, 6, 12]);
    assert_eq!(settings.conflict_detection, ConflictDetection::Off);
    assert_eq!(settings.legacy, Legacy::Accepted);
    assert_eq!(settings.reboot_timeout, 10_000);
    assert_eq!(settings.start_delay, 0);
    assert!(!settings.broadcast && !settings.rapid_commit);
    assert!(settings.vendor_class.starts_with(b"calfkit-"));
    assert_eq!(
        settings.pace,
        Pace {
            first: 3000,
            longest: 15_000,
            jitter: 1000,
            attempt: 60_000,
            pause: 300_000,
        }
    );
}

#[test]
fn every_flag_has_its_effect_and_its_note() {
    let setup = setup(
        "-4 -1 -v -i -I -D LLT -w -nc -B -p 68 -s 10.0.0.1 -cf /none -lf /l -pf /p -df /d -sf /s \
         -e A=1 -e IF_METRIC=7 --decline-wait-time 10 --dad-wait-time 5 --timeout 9 -V acme \
         -C 1:2:ff -H box -F box.test --request-options routers,host-name eth0 eth1",
    );
    assert_eq!(setup.interfaces.named, ["eth0", "eth1"]);
    assert_eq!(setup.ending.then, Then::Exit(2));
    assert_eq!(
        setup.log.targets,
        [LogTarget::StandardError, LogTarget::Syslog]
    );
    assert_eq!(setup.files.pid_file, Some("/p".into()));
    let profile = &setup.profile;
    assert_eq!(profile.lease_file, Some("/l".into()));
    assert_eq!(profile.identifier, Identifier::Octets(vec![1, 2, 255]));
    assert_eq!(profile.host_name, HostName::Given("box".into()));
    assert_eq!(profile.metric, Some(7));
    let script = profile.script.as_ref().expect("a script");
    assert_eq!(script.path, Path::new("/s"));
    assert_eq!(script.part, Part::Configures);
    assert_eq!(script.dialect, Client::Dhclient);
    assert_eq!(script.patience, Duration::from_secs(60));
    let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        script.environment,
        [
            variable("A", "1"),
            variable("IF_METRIC", "7"),
            variable("dad_wait_time", "5"),
        ]
    );
    let settings = &profile.settings;
    assert!(settings.broadcast);
    assert_eq!(settings.pace.attempt, 9000);
    assert_eq!(settings.vendor_class, b"acme");
    assert_eq!(settings.requested, [3, 12]);
    assert_eq!(
        settings.full_name,
        Some(FullName {
            name: "box.test".into(),
            flags: 4,
        })
    );
    assert_eq!(
        settings.allowed_servers,
        [Subnet {
            address: [10, 0, 0, 1].into(),
            prefix_length: 32,
        }]
    );
    for what in [
        "-4",
        "-1",
        "-v",
        "-i",
        "-w",
        "-B",
        "-p 68",
        "-cf /none",
        "-pf /p",
        "-sf /s",
        "-e A=1",
        "--decline-wait-time 10",
        "--dad-wait-time 5",
        "--timeout 9",
        "-V acme",
        "-C 1:2:ff",
        "-H box",
        "-F box.test",
        "--request-options routers,host-name",
        "eth0",
        "eth1",
    ] {
        assert_eq!(note(&setup, what).fate, Fate::Honoured, "{what}");
    }
    for what in ["-I", "-nc"] {
        let fate = &note(&setup, what).fate;
        assert!(matches!(fate, Fate::Ignored(_)), "{what}");
    }
    for what in ["-D LLT", "-s 10.0.0.1", "-lf /l", "-df /d"] {
        let fate = &note(&setup, what).fate;
        assert!(matches!(fate, Fate::Different(_)), "{what}");
    }
    assert!(
        setup
            .notes
            .iter()
            .any(|note| note.what == "-cf /none" && is_missing(note))
    );
}

#[test]
fn a_path_of_the_callers_is_not_given_to_scripts() {
    let setup = setup("-e PATH=/evil -sf /s eth0");
    let script = setup.profile.script.as_ref().expect("a script");
    assert!(!script.environment.iter().any(|(name, _)| name == "PATH"));
    let fate = &note(&setup, "-e PATH=/evil").fate;
    assert!(matches!(fate, Fate::Ignored(_)));
}

#[test]
fn the_hosts_name_is_taken_where_it_has_none() {
    let takes = setup("eth0").profile.takes;
    assert_eq!(takes.host_name, TakesHostName::WhenUnset);
    assert!(takes.resolvers && takes.default_route && takes.mtu);
}

#[test]
fn a_duid_is_said_only_when_it_is_asked_for() {
    assert_eq!(
        setup("-i eth0").profile.identifier,
        Identifier::Duid {
            iaid: None,
            duid: None,
        }
    );
    assert_eq!(setup("eth0").profile.identifier, Identifier::None);
}

#[test]
fn an_identifier_without_colons_is_text() {
    let identifier = setup("-C abc eth0").profile.identifier;
    assert_eq!(identifier, Identifier::Octets(b"abc".to_vec()));
}

#[test]
fn the_end_of_an_attempt_and_a_lease_follow_the_flags() {
    let table = |line: &str| {
        let ending = ending(line);
        (ending.background, ending.then)
    };
    assert_eq!(table("eth0"), (Background::WhenLeased, Then::Background));
    assert_eq!(table("-1 eth0"), (Background::WhenLeased, Then::Exit(2)));
    assert_eq!(table("-nw eth0"), (Background::AtOnce, Then::GoOn));
    assert_eq!(table("-nw -1 eth0"), (Background::AtOnce, Then::Exit(2)));
    assert_eq!(table("-d eth0"), (Background::Never, Then::GoOn));
    assert_eq!(table("-d -nw eth0"), (Background::Never, Then::GoOn));
    assert_eq!(table("-d -1 eth0"), (Background::Never, Then::Exit(2)));
}

#[test]
fn of_v_and_q_the_last_one_counts_and_d_is_v() {
    let is_heard = |line: &str| setup(line).log.targets.contains(&LogTarget::StandardError);
    assert!(is_heard("-v"));
    assert!(is_heard("-q -v"));
    assert!(!is_heard("-v -q"));
    assert!(is_heard("-d"));
}

#[test]
fn without_a_pid_file_there_is_none() {
    assert_eq!(setup("--no-pid eth0").files.pid_file, None);
    assert_eq!(control("-r --no-pid eth0").pid_file, None);
}

#[test]
fn the_null_device_is_no_file() {
    let setup = setup("-lf /dev/null -pf /dev/null -cf /dev/null eth0");
    assert_eq!(setup.profile.lease_file, None);
    assert_eq!(setup.files.pid_file, None);
    assert!(!setup.notes.iter().any(is_missing));
}

#[test]
fn an_interface_that_is_named_twice_is_served_once() {
    assert_eq!(setup("eth0 eth1 eth0").interfaces.named, ["eth0", "eth1"]);
}

#[test]
fn release_and_stop_are_asked_of_the_run_that_goes_on() {
    let mut release = control("-r -pf /p eth0");
    let instead = release
        .otherwise
        .take()
        .expect("the lease of an earlier run is given back");
    assert_eq!(instead.purpose, Purpose::Release);
    assert_eq!(instead.ending.background, Background::Never);
    assert_eq!(instead.interfaces.named, ["eth0"]);
    assert_eq!(
        release,
        Control {
            client: Client::Dhclient,
            verb: Verb::Release,
            interfaces: vec!["eth0".into()],
            run_directory: Some("/run/dhcp-client".into()),
            pid_file: Some("/p".into()),
            json: false,
            otherwise: None,
            names: Vec::new(),
            nothing_runs: 0,
        }
    );
    assert_eq!(control("-x").verb, Verb::Stop);
    assert_eq!(control("-x").otherwise, None);
    assert_eq!(control("-x").pid_file, Some("/run/dhclient.pid".into()));
    assert_eq!(control("-x -r").verb, Verb::Stop);
    assert_eq!(control("-r -x").verb, Verb::Stop);
}

#[test]
fn without_an_interface_to_serve_it_ends_at_once() {
    let setup = setup("-n");
    assert_eq!(setup.interfaces.deny, ["*"]);
    assert_eq!(setup.ending.patience, Patience::Time(Duration::ZERO));
    assert_eq!(setup.ending.then, Then::Exit(0));
    assert_eq!(ending("-n -w").then, Then::Background);
}

#[test]
fn ipv6_is_accepted_and_noted_and_asks_for_no_ipv4() {
    for line in ["-6 eth0", "-S eth0", "-T eth0", "-P eth0", "-N eth0"] {
        let setup = setup(line);
        assert!(setup.interfaces.named.is_empty(), "{line}");
        assert_eq!(setup.interfaces.deny, ["*"], "{line}");
        assert_eq!(setup.ending.then, Then::Exit(0), "{line}");
        assert!(setup.notes.iter().any(is_missing), "{line}");
    }
    let setup = setup("-R --prefix-len-hint 56 --address-prefix-len 64 -4o6 67 eth0");
    assert_eq!(setup.interfaces.named, ["eth0"]);
    for what in ["-R", "--prefix-len-hint 56", "--address-prefix-len 64"] {
        let fate = &note(&setup, what).fate;
        assert!(matches!(fate, Fate::Ignored(_)), "{what}");
    }
    assert!(is_missing(note(&setup, "-4o6 67")));
}

#[test]
fn what_cannot_be_done_is_named() {
    let setup = setup("-p 1068 -s dhcp.test -g 10.0.0.9 --request-options colour eth0");
    for what in [
        "-p 1068",
        "-s dhcp.test",
        "-g 10.0.0.9",
        "--request-options colour",
    ] {
        assert!(
            setup
                .notes
                .iter()
                .any(|note| note.what == what && is_missing(note)),
            "{what}"
        );
    }
    let fate = &note(
        &self::setup("--decline-wait-time 0 eth0"),
        "--decline-wait-time 0",
    )
    .fate
    .clone();
    assert!(matches!(fate, Fate::Different(_)));
}

#[test]
fn wrong_usage_is_refused_with_the_usage() {
    for (line, part) in [
        ("-foo", "-foo"),
        ("--frobnicate", "--frobnicate"),
        ("-1v eth0", "-1v"),
        ("-p many", "many"),
        ("-lf", "-lf"),
        ("-D LX", "LX"),
        ("-e novalue", "novalue"),
        ("-e 1A=b", "1A=b"),
        ("-e A;B=c", "A;B=c"),
        ("--timeout soon", "soon"),
        ("-H a;b", "a;b"),
        ("-F a;b", "a;b"),
        ("../../etc/passwd", "not an interface name"),
    ] {
        let UsageError { text, status } = refused(line);
        assert_eq!(status, 1, "{line}");
        assert!(
            text.contains(part) && text.contains("Usage: dhclient"),
            "{line}: {text}"
        );
    }
}

#[test]
fn help_and_version_are_printed() {
    let (help, status) = printed("--help");
    // dracut looks for this word before it gives the flag.
    assert!(help.contains("--timeout"));
    assert_eq!(status, 0);
    assert_eq!(printed("-h"), (help, 0));
    let (version, status) = printed("-4 --version");
    assert!(version.starts_with("isc-dhclient-4.4.3"));
    assert_eq!(status, 0);
}

#[test]
fn an_installed_script_configures_and_without_one_the_program_does() {
    let host = TestHost::default().with_program("/sbin/dhclient-script");
    let script = setup_on(&host, "eth0").profile.script.expect("a script");
    assert_eq!(script.path, Path::new("/sbin/dhclient-script"));
    let setup = setup("eth0");
    assert_eq!(setup.profile.script, None);
    assert!(matches!(note(&setup, "-sf").fate, Fate::Different(_)));
}

#[test]
fn a_script_of_the_configuration_goes_before_that_of_the_flag() {
    let host = TestHost::default().with_file("/c", "script \"/own\";");
    let script = setup_on(&host, "-cf /c -sf /s eth0").profile.script;
    assert_eq!(script.expect("a script").path, Path::new("/own"));
}

#[test]
fn the_environment_names_files_that_no_flag_does() {
    let host = TestHost::default()
        .with_variable("PATH_DHCLIENT_CONF", "/c")
        .with_variable("PATH_DHCLIENT_DB", "/l")
        .with_variable("PATH_DHCLIENT_PID", "/p")
        .with_variable("PATH_DHCLIENT_SCRIPT", "/s")
        .with_file("/c", "timeout 5;");
    let setup = setup_on(&host, "eth0");
    assert_eq!(setup.profile.settings.pace.attempt, 5000);
    assert_eq!(setup.profile.lease_file, Some("/l".into()));
    assert_eq!(setup.files.pid_file, Some("/p".into()));
    let script = setup.profile.script.expect("a script");
    assert_eq!(script.path, Path::new("/s"));
    let flags = setup_on(&host, "-lf /l2 -pf /p2 -sf /s2 eth0");
    assert_eq!(flags.profile.lease_file, Some("/l2".into()));
    assert_eq!(flags.files.pid_file, Some("/p2".into()));
    assert_eq!(
        flags.profile.script.expect("a script").path,
        Path::new("/s2")
    );
}

#[test]
fn flags_go_before_the_configuration() {
    let host = TestHost::default().with_file(
        "/c",
        "timeout 5; send host-name \"conf\"; interface \"eth0\" { send vendor-class-identifier \"x\"; }",
    );
    let setup = setup_on(&host, "-cf /c --timeout 9 -H flag -V y eth0");
    let (name, own) = &setup.profiles[0];
    assert_eq!(name, "eth0");
    for profile in [own, &setup.profile] {
        assert_eq!(profile.settings.pace.attempt, 9000);
        assert_eq!(profile.host_name, HostName::Given("flag".into()));
        assert_eq!(profile.settings.vendor_class, b"y");
    }
}

proptest! {
    #[test]
    fn no_words_make_it_panic(words in vec(vec(any::<u8>(), 0..40), 0..8)) {
        use std::os::unix::ffi::OsStringExt as _;
        let words = words.into_iter().map(OsString::from_vec).collect();
        let _ = crate::dhclient::parse(words, &TestHost::default());
    }
}
