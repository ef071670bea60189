//! What a user can get wrong: one line that says what, where, and what to do, and an exit status.

use calfkit_tests::{
    fdd::{FddHost, SHARE},
    said::Said,
};

#[test]
fn wrong_words_are_wrong_usage() {
    let host = FddHost::new();
    let said = |words: &[&str]| {
        let line = host.say(words).refusal(64);
        assert!(
            line.starts_with("fdd: ") && line.ends_with("--help shows the usage"),
            "{line}"
        );
        line
    };
    assert!(said(&[]).contains("no command"));
    assert!(said(&["serve"]).contains("unknown command \"serve\""));
    assert!(said(&["--frobnicate"]).contains("--frobnicate"));
    assert!(said(&["init", "--timeout", "3"]).contains("--timeout"));
    assert!(said(&["init", "--foreground", "--background"]).contains("not both"));
    assert!(said(&["share"]).contains("no PATH"));
    assert!(said(&["share", SHARE, "--mode", "rw"]).contains("octal"));
    assert!(said(&["share", SHARE, "--owner", "root"]).contains("UID:GID"));
    assert!(said(&["share", &format!("/{}", "x".repeat(107))]).contains("107 octets"));
    assert!(said(&["share", "/run/two\nlines"]).contains("cannot be the path of a socket"));
    assert!(said(&["share", SHARE, "/run/other"]).contains("/run/other"));
    assert!(said(&["unshare"]).contains("no PATH"));
    assert!(said(&["test"]).contains("no PATH"));
    assert!(said(&["list", SHARE]).contains(SHARE));
    assert!(said(&["exec", "--", "true"]).contains("no -m PATH:FD before true"));
    assert!(said(&["exec", "-m", "/run/x:3"]).contains("no COMMAND"));
    assert!(said(&["exec", "-m", "/run/x", "--", "true"]).contains("takes PATH:FD"));
    assert!(said(&["exec", "-m", "/run/x:2", "--", "true"]).contains("FD is 3 or more"));
    assert!(said(&["exec", "-m", "/x:3", "-m", "/y:3", "true"]).contains("3 is given twice"));
    assert!(said(&["exec", "-m", "/x:3", "-m", "/x:4", "true"]).contains("/x is given twice"));
    assert!(said(&["exec", "-m", "/x:3", "--timeout", "soon", "true"]).contains("seconds"));
}

#[test]
fn help_and_version_are_no_errors() {
    let host = FddHost::new();
    let said = host.say(&["--help"]);
    assert_eq!((said.code, said.err.len()), (Some(0), 0), "{said:?}");
    assert!(said.out[0].starts_with("Usage: fdd"), "{said:?}");
    assert_eq!(host.say(&["exec", "--help"]).out, said.out);
    assert!(host.say(&["-V"]).out.concat().starts_with("fdd "));
}

#[test]
fn without_a_daemon_each_command_says_how_to_start_one() {
    let host = FddHost::new();
    let said = |words: &[&str]| {
        let line = host.say(words).refusal(1);
        assert!(line.contains("/run/fdd.sock: no daemon to ask"), "{line}");
        assert!(line.contains("`fdd init`"), "{line}");
    };
    said(&["share", SHARE]);
    said(&["unshare", SHARE]);
    said(&["list"]);
    said(&["test", SHARE]);
}

#[test]
fn a_share_in_a_folder_that_is_not_there_is_refused_by_name() {
    let (host, _daemon) = FddHost::sharing();
    let said = host.say(&["share", "/run/none/share"]).refusal(1);
    assert!(
        said.contains("/run/none/share: cannot make a socket"),
        "{said}"
    );
    assert!(said.contains("is the folder there"), "{said}");
}

#[test]
fn a_socket_of_another_program_is_told_from_a_daemons() {
    let (host, _daemon) = FddHost::sharing();
    // A share answers at once, and not as a daemon's socket does.
    let said = host.say(&["list", "-s", SHARE]).refusal(1);
    assert!(
        said.contains(SHARE) && said.contains("does not speak fdd/1"),
        "{said}"
    );
    host.assert_two_meet();
}

#[test]
fn a_daemon_without_proc_says_what_it_lacks() {
    let host = FddHost::new();
    let mut command = host.namespace().command("unshare");
    // An empty folder over /proc, seen by the daemon only.
    let script = r#"mount -t tmpfs nothing /proc && exec "$0" init"#;
    command
        .args(["--mount", "sh", "-c", script])
        .arg(FddHost::program());
    let said = Said::by(command).refusal(1);
    assert!(said.contains("is /proc mounted"), "{said}");
    assert!(!host.names("/run").contains(&"fdd.sock".to_owned()));
}

#[test]
fn a_lock_that_cannot_be_made_is_named() {
    let host = FddHost::new();
    let link = || std::os::unix::fs::symlink("/etc/passwd", "/run/fdd.sock.lock");
    host.namespace().run(link).expect("a folder of the host");
    let said = host.say(&["init"]).refusal(1);
    assert!(
        said.contains("cannot make its lock /run/fdd.sock.lock"),
        "{said}"
    );
}
