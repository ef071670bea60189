//! The command line itself: which words there are, how they are written, and what they ask for.

use std::path::PathBuf;

use dhcp_frontend::{
    Client, Verb,
    setup::{Fate, HostName, Identifier, LogTarget, OnStop},
};

use crate::bed::{Bed, fate};

#[test]
fn short_options_stand_in_clusters_and_interfaces_anywhere() {
    let setup = Bed::default().run("-Ad eth0 -Lqh box -t5 -- eth1");
    assert_eq!(setup.interfaces.named, ["eth0", "eth1"]);
    assert_eq!(setup.profile.host_name, HostName::Given("box".into()));
    assert_eq!(setup.profile.settings.link_local_after, None);
    assert!(setup.log.quiet);
    for what in ["-A", "-d", "-L", "-q", "-h box", "-t 5"] {
        assert_eq!(fate(&setup, what), &Fate::Honoured, "{what}");
    }
}

#[test]
fn long_options_may_be_cut_short_and_have_their_value_either_way() {
    let setup = Bed::default().run("--noipv4l --timeo 5 --metric=7 --clientid=01:02 --hostname");
    assert_eq!(setup.profile.metric, Some(7));
    assert_eq!(setup.profile.identifier, Identifier::Octets(vec![1, 2]));
    assert_eq!(setup.profile.host_name, HostName::System);
    assert_eq!(fate(&setup, "--timeout=5"), &Fate::Honoured);
}

/// Each short option, and the directive that it is.
#[test]
fn each_short_option_is_the_directive_of_its_long_name() {
    for (short, directive) in [
        ("-A", "noarp"),
        ("-C resolv.conf", "nohook resolv.conf"),
        ("-D", "duid"),
        ("-F both", "fqdn both"),
        ("-G", "nogateway"),
        ("-I 01:02", "clientid 01:02"),
        ("-J", "broadcast"),
        ("-L", "noipv4ll"),
        ("-O 15", "nooption 15"),
        ("-Q 15", "require 15"),
        ("-S routers=192.0.2.1", "static routers=192.0.2.1"),
        ("-W 192.0.2.1", "whitelist 192.0.2.1"),
        ("-X 192.0.2.1", "blacklist 192.0.2.1"),
        ("-Z eth9", "denyinterfaces eth9"),
        ("-b", "background"),
        ("-c /h", "script /h"),
        ("-d", "debug"),
        ("-e a=b", "env a=b"),
        ("-h box", "hostname box"),
        ("-i MSFT", "vendorclassid MSFT"),
        ("-j /l", "logfile /l"),
        ("-l 60", "leasetime 60"),
        ("-m 7", "metric 7"),
        ("-o 15", "option 15"),
        ("-p", "persistent"),
        ("-q", "quiet"),
        ("-r 192.0.2.7", "request 192.0.2.7"),
        ("-s 192.0.2.7/24", "inform 192.0.2.7/24"),
        ("-t 7", "timeout 7"),
        ("-u foo", "userclass foo"),
        ("-v 1,192.0.2.1", "vendor 1,192.0.2.1"),
        ("-y 7", "reboot 7"),
        ("-z eth*", "allowinterfaces eth*"),
        ("-6", "ipv6only"),
        ("-B", "nobackground"),
        ("-1", "oneshot"),
        ("-w", "waitip"),
        ("--nodelay", "nodelay"),
        ("--bootp", "bootp"),
        ("--noconfigure", "noconfigure\n"),
    ] {
        let words = Bed::default().run(short);
        let mut file = Bed::with(directive).run("");
        assert_ne!(words.notes, Bed::default().run("").notes, "{short}");
        file.notes.clone_from(&words.notes);
        assert_eq!(words, file, "{short}");
    }
}

#[test]
fn the_command_line_counts_after_the_file() {
    let bed = Bed::with("metric 1\npersistent\nscript /a\nlogfile /a");
    let setup = bed.run("-m 2 -c /b");
    assert_eq!(setup.profile.metric, Some(2));
    let script = setup.profile.script.expect("one");
    assert_eq!(script.path, PathBuf::from("/b"));
    let targets = bed.run("-j /b").log.targets;
    assert_eq!(targets[2], LogTarget::File("/b".into()));
}

#[test]
fn another_file_may_be_named_and_one_that_is_not_there_is_a_warning() {
    let bed = Bed::with("metric 1").file("/c", "metric 2");
    assert_eq!(bed.run("-f /c").profile.metric, Some(2));
    let setup = bed.run("-f /nowhere");
    assert_eq!(setup.profile.metric, None);
    let note = setup.notes.iter().find(|note| note.place == "/nowhere");
    assert!(matches!(note.expect("one").fate, Fate::Missing(_)));
    let without = Bed::default().run("");
    let note = without
        .notes
        .iter()
        .find(|note| note.place == "/etc/dhcpcd.conf");
    assert!(matches!(note.expect("one").fate, Fate::Ignored(_)));
}

#[test]
fn one_interface_has_a_pid_file_of_its_own() {
    for (words, path) in [
        ("", "/run/dhcpcd/pid"),
        ("eth0", "/run/dhcpcd/eth0.pid"),
        ("-4 eth0", "/run/dhcpcd/eth0-4.pid"),
        ("-M eth0", "/run/dhcpcd/pid"),
        ("--master eth0", "/run/dhcpcd/pid"),
        ("eth0 eth1", "/run/dhcpcd/pid"),
    ] {
        let files = Bed::default().run(words).files;
        assert_eq!(files.pid_file, Some(path.into()), "{words}");
        let (printed, status) = Bed::default().printed(&format!("-P {words}"));
        assert_eq!((printed, status), (format!("{path}\n"), 0), "{words}");
    }
}

#[test]
fn a_run_that_goes_on_is_asked() {
    for (words, verb, starts) in [
        ("-n eth0", Verb::Rebind, true),
        ("-N eth0", Verb::Renew, true),
        ("-g eth0", Verb::Reapply, true),
        ("-k eth0", Verb::Release, false),
        ("-x eth0", Verb::Stop, false),
        ("-U eth0", Verb::Dump, false),
        ("--release eth0", Verb::Release, false),
        ("--exit eth0", Verb::Stop, false),
        ("--rebind -t 7 eth0", Verb::Rebind, true),
    ] {
        let asked = Bed::default().control(words);
        assert_eq!(
            (asked.client, asked.verb),
            (Client::Dhcpcd, verb),
            "{words}"
        );
        assert_eq!(asked.interfaces, ["eth0"]);
        assert_eq!(asked.pid_file, Some("/run/dhcpcd/eth0.pid".into()));
        assert_eq!(asked.run_directory, Some("/run/dhcp-client".into()));
        assert_eq!(asked.otherwise.is_some(), starts, "{words}");
    }
    let all = Bed::default().control("-x");
    assert!(all.interfaces.is_empty());
    assert_eq!(all.pid_file, Some("/run/dhcpcd/pid".into()));
    let otherwise = Bed::with("persistent").control("-n -m 7").otherwise;
    let setup = otherwise.expect("dhcpcd starts then");
    assert_eq!(
        (setup.on_stop, setup.profile.metric),
        (OnStop::Leave, Some(7))
    );
}

#[test]
fn of_several_questions_the_last_of_a_kind_counts() {
    assert_eq!(Bed::default().control("-n -x eth0").verb, Verb::Stop);
    assert_eq!(Bed::default().control("-x -n eth0").verb, Verb::Rebind);
    assert_eq!(Bed::default().control("-U -x eth0").verb, Verb::Dump);
    assert_eq!(
        Bed::default().printed("-x -P eth0").0,
        "/run/dhcpcd/eth0.pid\n"
    );
}

#[test]
fn texts_are_printed_on_request() {
    let (help, status) = Bed::default().printed("--help");
    assert!(help.starts_with("Usage: dhcpcd") && status == 0);
    let (version, status) = Bed::default().printed("--version");
    assert!(version.starts_with("dhcp-client ") && status == 0);
    let (list, status) = Bed::default().printed("-V");
    assert_eq!(status, 0);
    for line in [
        "    subnet_cidr\n",
        "001 subnet_mask                         \t ipaddress request\n",
        "121 classless_static_routes             \t string rfc3442\n",
        "015 domain_name                         \t array dname\n",
        "080 rapid_commit                        \t flag norequest\n",
        "081 fqdn                                \t embed\n",
        "076 streettalk_directory_assistance_server\t array ipaddress\n",
        "122 tsp                                 \t encap\n",
    ] {
        assert!(list.contains(line), "{line:?} in {list}");
    }
}

#[test]
fn wrong_words_end_with_the_usage_and_status_1() {
    for (words, said) in [
        ("--frobnicate eth0", "--frobnicate"),
        ("-R eth0", "-R"),
        ("--noipv", "--noipv4ll, --noipv4, --noipv6, --noipv6rs"),
        ("-t", "-t"),
        ("--metric", "--metric"),
        ("--noarp=1", "1"),
        ("../../etc/passwd", "not an interface name"),
    ] {
        let error = Bed::default().refused(words);
        assert_eq!(error.status, 1, "{words}");
        assert!(error.text.contains(said), "{words}: {}", error.text);
        assert!(
            error.text.contains("Usage: dhcpcd"),
            "{words}: {}",
            error.text
        );
    }
}

#[test]
fn wrong_values_end_with_what_is_wrong_and_status_1() {
    for (words, said) in [
        ("-t soon eth0", "-t soon: takes a whole number"),
        ("-o nothing eth0", "\"nothing\" is not an option"),
        ("-h a;b eth0", "not a host name"),
        ("-s 1.2.3 eth0", "not an IPv4 address"),
        ("-S foo eth0", "takes NAME=VALUE"),
        ("-n -t x eth0", "-t x"),
    ] {
        let error = Bed::default().refused(words);
        assert_eq!(error.status, 1, "{words}");
        assert!(error.text.contains(said), "{words}: {}", error.text);
        assert!(!error.text.contains("Usage"), "{words}: {}", error.text);
    }
}

#[test]
fn what_is_not_text_is_refused_and_control_characters_do_not_reach_the_terminal() {
    use std::{ffi::OsString, os::unix::ffi::OsStringExt as _};

    let words = [OsString::from("-h"), OsString::from_vec(vec![0xff])];
    let error = dhcp_frontend::parse(Client::Dhcpcd, words, &Bed::default());
    assert_eq!(error.expect_err("not UTF-8").status, 1);
    let error = Bed::default().try_parse(&["-t", "\x1b[2J", "eth0"]);
    let text = error.expect_err("no number").text;
    assert!(!text.contains('\x1b'), "{text:?}");
}
