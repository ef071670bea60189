//! The program's own command line: what each word does, and which are refused.

use std::{io, path::Path};

use super::*;
use crate::Role;
use crate::setup::Takes;

struct NoHost;

impl Host for NoHost {
    fn read(&self, _: &Path) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn is_executable(&self, _: &Path) -> bool {
        false
    }

    fn system(&self) -> (String, String) {
        ("6.1.0".into(), "x86_64".into())
    }
}

fn parse_words(words: &str) -> Result<Request, String> {
    let words = words.split_whitespace().map(OsString::from).collect();
    parse(words, &NoHost).map_err(|error| error.to_string())
}

fn setup(words: &str) -> Setup {
    match parse_words(words) {
        Ok(Request::Run(setup)) => *setup,
        other => panic!("{words}: {other:?}"),
    }
}

#[test]
fn without_options_every_interface_is_served_for_ever() {
    let setup = setup("");
    assert_eq!(setup.interfaces, Interfaces::default());
    assert_eq!(setup.ending.patience, Patience::Endless);
    assert_eq!(setup.on_stop, OnStop::Undo);
    assert_eq!(setup.log.targets, [LogTarget::StandardError]);
    let settings = setup.profile.settings;
    assert_eq!(settings.conflict_detection, ConflictDetection::Fast);
    assert_eq!(settings.requested, REQUESTED);
    let class = concat!("calfkit-", env!("CARGO_PKG_VERSION"), ":Linux-6.1.0:x86_64");
    assert_eq!(settings.vendor_class, class.as_bytes());
}

#[test]
fn once_waits_half_a_minute_or_as_long_as_it_is_told() {
    let ending = setup("--once eth0").ending;
    assert!(ending.once);
    assert_eq!(ending.patience, Patience::Time(ONCE_TIMEOUT));
    assert_eq!(ending.then, Then::Exit(1));
    let ending = setup("--timeout 7 --background eth0").ending;
    assert_eq!(ending.background, Background::WhenLeased);
    assert_eq!(ending.patience, Patience::Time(Duration::from_secs(7)));
}

#[test]
fn every_option_is_read() {
    let setup = setup(
        "--allow eth* --deny eth9 --acd full --ipv4ll --rapid-commit --client-id 01:02:ff \
         --hostname box --request 43,3,66 --metric 7 --hook /h --persistent --takeover \
         --resolv-conf /r --state-dir /s --run-dir /c --control-group net --pid-file /p \
         --metrics-file /mf --metrics-socket /ms --log syslog --log /l --log-level debug \
         --backend none --json --pcap /cap eth0",
    );
    assert_eq!(
        setup.interfaces,
        Interfaces {
            named: vec!["eth0".into()],
            allow: vec!["eth*".into()],
            deny: vec!["eth9".into()],
            also: Vec::new(),
            wait_for_named: false,
        }
    );
    let profile = setup.profile;
    assert_eq!(profile.settings.conflict_detection, ConflictDetection::Full);
    assert_eq!(profile.settings.link_local_after, Some(5000));
    assert!(profile.settings.rapid_commit);
    assert_eq!(profile.identifier, Identifier::Octets(vec![1, 2, 255]));
    assert_eq!(profile.host_name, HostName::Given("box".into()));
    assert_eq!(
        profile.settings.requested,
        [&REQUESTED[..], &[43, 66]].concat()
    );
    assert_eq!(profile.metric, Some(7));
    assert_eq!(profile.takes, Takes::default());
    let script = profile.script.expect("a hook");
    assert_eq!(
        (script.path, script.part),
        (PathBuf::from("/h"), Part::Hook)
    );
    assert_eq!(setup.on_stop, OnStop::Leave);
    assert!(setup.takeover && setup.json);
    assert_eq!(
        setup.files,
        Files {
            state_directory: "/s".into(),
            run_directory: Some("/c".into()),
            control_group: Some("net".into()),
            resolv_conf: Some("/r".into()),
            pid_file: Some("/p".into()),
            pcap: Some("/cap".into()),
            metrics_file: Some("/mf".into()),
            metrics_socket: Some("/ms".into()),
        }
    );
    let targets = [LogTarget::Syslog, LogTarget::File("/l".into())];
    assert_eq!(setup.log.targets, targets);
    assert_eq!(setup.log.level, LogLevel::Debug);
    assert_eq!(setup.backend, Backend::None);
}

#[test]
fn control_takes_a_verb_and_interfaces() {
    let Ok(Request::Control(asked)) = parse_words("ctl dump --json eth0 --run-dir /c eth1") else {
        panic!("not a request of control");
    };
    assert_eq!(asked.verb, Verb::Dump);
    assert_eq!(asked.interfaces, ["eth0", "eth1"]);
    assert_eq!(asked.run_directory, Some("/c".into()));
    assert!(asked.json);
}

#[test]
fn roles_take_their_descriptors_and_nothing_else() {
    let role = |words: &str| match parse_words(words) {
        Ok(Request::Role(role)) => *role,
        other => panic!("{words}: {other:?}"),
    };
    assert_eq!(
        role("role network --interface eth0 --net 3 --owner 4"),
        Role::Network {
            interface: "eth0".into(),
            net: 3,
            owner: 4,
        }
    );
    assert_eq!(
        role("role engine --host 5 --net 6 --backend none"),
        Role::Engine {
            net: 6,
            host: 5,
            backend: Backend::None,
        }
    );
    let Role::Actuator { setup, host, owner } =
        role("role actuator --metric 7 eth0 --host 3 --owner 9")
    else {
        panic!("no actuator");
    };
    assert_eq!((host, owner), (3, 9));
    assert_eq!(setup.interfaces.named, ["eth0"]);
    assert_eq!(setup.profile.metric, Some(7));
    let refused = |words: &str| parse_words(words).expect_err(words);
    assert!(refused("role").contains("network, actuator, engine"));
    assert!(refused("role waiter").contains("network, actuator, engine"));
    assert!(refused("role network --net 3 --owner 4").contains("--interface"));
    assert!(
        refused("role network --interface eth0 --net 3 --owner 4 --metric 1").contains("--metric")
    );
    assert!(refused("role engine --net 3 --host 4 --owner 5").contains("--owner"));
    assert!(refused("role actuator --host 3 --owner 4").contains("name one"));
    assert!(refused("role engine --net x --host 4").contains("x"));
}

#[test]
fn wrong_words_are_refused_by_name() {
    let refused = |words: &str| parse_words(words).expect_err(words);
    assert!(refused("--frobnicate eth0").contains("--frobnicate"));
    assert!(refused("-x eth0").contains("-x"));
    assert!(refused("--once --timeout 0 eth0").contains("at least 1"));
    assert!(refused("--timeout 5 eth0").contains("--once"));
    assert!(refused("--once --background eth0").contains("exclude"));
    assert!(refused("--backend vm eth0").contains("process, none"));
    assert!(refused("../../etc/passwd").contains("not an interface name"));
    assert!(refused("--pcap /p eth0 eth1").contains("one interface"));
    assert!(refused("--client-id 1 eth0").contains("at least two octets"));
    assert!(refused("--hostname a;b eth0").contains("not a host name"));
    assert!(refused("--request 1,256 eth0").contains("256"));
    for option in ["--allow", "--deny"] {
        let refused = refused(&format!("{option} eth["));
        assert!(refused.contains("eth["), "{refused}");
    }
    assert!(refused("ctl").contains("status, renew"));
    assert!(refused("ctl explode").contains("status, renew"));
    assert!(refused("ctl status --wat").contains("--wat"));
}

#[test]
fn compat_speaks_in_the_words_of_another_client() {
    let Request::Run(setup) = parse_words("compat udhcpc -i eth1 -q").unwrap() else {
        panic!("no run");
    };
    assert_eq!(setup.client, Client::Udhcpc);
    assert_eq!(setup.interfaces.named, ["eth1"]);
    for words in ["compat", "compat dhcp-client", "compat systemd-networkd"] {
        let refused = parse_words(words).unwrap_err();
        assert!(refused.contains("dhcpcd, udhcpc, dhclient"), "{refused}");
    }
}

#[test]
fn explain_says_what_becomes_of_each_word_and_starts_nothing() {
    let Request::Print { text, status } =
        parse_words("compat dhcpcd --explain -1 --noarp eth0").unwrap()
    else {
        panic!("no text");
    };
    assert!(text.contains("command line: --noarp: honoured\n"), "{text}");
    assert_eq!(status, 0);
    let Request::Print { text, .. } = parse_words("compat dhcpcd --explain -x eth0").unwrap()
    else {
        panic!("no text");
    };
    assert!(text.contains("asks a run"), "{text}");
}

#[test]
fn paths_are_taken_from_the_folder_where_the_run_was_started() {
    let setup = setup("--pid-file a/b --hook ./h --log l --state-dir /s --metrics-file m eth0");
    let setup = setup.rooted(Path::new("/home"));
    assert_eq!(setup.files.pid_file, Some("/home/a/b".into()));
    assert_eq!(setup.files.metrics_file, Some("/home/m".into()));
    assert_eq!(setup.files.state_directory, Path::new("/s"));
    assert_eq!(setup.log.targets, [LogTarget::File("/home/l".into())]);
    assert_eq!(setup.profile.script.unwrap().path, Path::new("/home/./h"));
}
