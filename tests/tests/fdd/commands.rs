//! The commands about a daemon: one per socket, what it shares and how, and what it says of it.

use std::{
    fs,
    os::unix::{fs::MetadataExt as _, net::UnixListener},
    process::Command,
};

use calfkit_tests::{
    fdd::{FddHost, SHARE, SOCKET},
    said::Said,
};

/// Permissions of a path as the host sees it.
fn mode(host: &FddHost, path: &str) -> u32 {
    let metadata = host.namespace().run(|| fs::symlink_metadata(path));
    metadata.expect("it is there").mode() & 0o7777
}

/// `fdd init` with this umask.
fn init_with_umask(host: &FddHost, umask: &str) -> Command {
    let mut command = host.namespace().command("sh");
    command.args(["-c", r#"umask "$1"; exec "$0" init"#]);
    command.arg(FddHost::program()).arg(umask);
    command
}

#[test]
fn sockets_have_the_permissions_asked_for_whatever_the_umask() {
    let host = FddHost::new();
    let _daemon = host.daemon_by(init_with_umask(&host, "0777"));
    host.share(SHARE);
    let said = host.say(&["share", "/run/testbed/open", "--mode", "0666"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(mode(&host, SOCKET), 0o600);
    assert_eq!(mode(&host, SHARE), 0o600);
    assert_eq!(mode(&host, "/run/testbed/open"), 0o666);
}

#[test]
fn a_second_daemon_of_a_socket_is_refused_and_the_first_goes_on() {
    let (host, _daemon) = FddHost::sharing();
    for words in [&["init"][..], &["init", "--background"]] {
        let said = host.say(words).refusal(1);
        assert!(
            said.contains(SOCKET) && said.contains("running program"),
            "{said}"
        );
    }
    host.assert_two_meet();
}

#[test]
fn a_second_daemon_is_refused_also_where_the_first_ones_socket_was_removed() {
    let (host, _daemon) = FddHost::sharing();
    host.namespace()
        .run(|| fs::remove_file(SOCKET))
        .expect("a file of the host");
    let said = host.say(&["init"]).refusal(1);
    assert!(
        said.contains(SOCKET) && said.contains("running program"),
        "{said}"
    );
}

#[test]
fn daemons_of_two_sockets_do_not_take_each_others_paths() {
    let (host, _daemon) = FddHost::sharing();
    let waiting = host.hold();
    let _second = host.daemon_by(host.command(&["init", "-s", "/run/second.sock"]));
    let said = host
        .say(&["share", "-s", "/run/second.sock", SHARE])
        .refusal(1);
    assert!(
        said.contains(SHARE) && said.contains("running program"),
        "{said}"
    );
    let pid = waiting.pid().to_string();
    assert_eq!(
        host.listed(SHARE),
        ["waiting", &pid, "-", "0", "0", SHARE],
        "not disturbed"
    );
}

#[test]
fn a_daemon_in_the_background_is_ready_and_lets_its_caller_go() {
    let host = FddHost::new();
    let script = r#"
        said=$("$0" init --background 2>&1 7>&1) || exit 9
        "$0" share "$1" && "$0" test "$1" && "$0" list && echo "said: $said"
    "#;
    let mut command = host.namespace().command("unshare");
    // The first process of this namespace is the shell: the daemon ends with it at the latest.
    command.args([
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
        "sh",
        "-c",
        script,
    ]);
    command.arg(FddHost::program()).arg(SHARE);

    let said = Said::by(command);

    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(said.out[0], format!("{SHARE}: both ways work"));
    assert_eq!(said.out.last().map(String::as_str), Some("said: "));
}

#[test]
fn a_daemon_that_cannot_start_in_the_background_says_why_in_one_line() {
    let host = FddHost::new();
    let words = ["init", "--background", "-s", "/run/none/fdd.sock"];
    let said = host.say(&words).refusal(1);
    assert!(
        said.starts_with("fdd: /run/none/fdd.sock: cannot make"),
        "{said}"
    );
    assert!(said.contains("No such file or directory"), "{said}");
}

#[test]
fn a_path_is_shared_once() {
    let (host, _daemon) = FddHost::sharing();
    let said = host.say(&["share", SHARE]).refusal(1);
    assert!(
        said.contains(SHARE) && said.contains("shared already"),
        "{said}"
    );
    host.assert_two_meet();
}

#[test]
fn a_share_that_is_taken_back_is_gone_and_its_pair_stays_connected() {
    let (host, _daemon) = FddHost::sharing();
    let mut one = host.take("one", "read -r line <&3; echo $line");
    let script =
        "mkfifo /run/testbed/go; echo taken; read -r line </run/testbed/go; echo $line >&3";
    let two = host.take("two", script);
    let soon = calfkit_tests::fdd::SOON;
    assert!(
        two.stdout()
            .wait_for(soon, |line| line == "taken")
            .is_some()
    );
    assert_eq!(host.listed(SHARE)[0], "in-use");

    assert_eq!(host.say(&["unshare", SHARE]).code, Some(0));

    assert_eq!(host.names("/run/testbed"), ["go", "resolv.conf"]);
    let said = host.say(&["unshare", SHARE]).refusal(1);
    assert!(said.contains(SHARE) && said.contains("fdd list"), "{said}");
    host.namespace().write("/run/testbed/go", "still here\n");
    assert_eq!(Said::of(&mut one).out, ["still here"]);
}

#[test]
fn a_list_without_shares_is_its_head() {
    let host = FddHost::new();
    let _daemon = host.daemon();
    let said = host.say(&["list"]);
    let words: Vec<_> = said
        .out
        .iter()
        .flat_map(|line| line.split_whitespace())
        .collect();
    assert_eq!(words, ["STATE", "A", "B", "PAIRS", "REFUSED", "PATH"]);
}

#[test]
fn a_test_of_a_free_share_sends_both_ways_and_leaves_it_free() {
    let (host, _daemon) = FddHost::sharing();
    let said = host.say(&["test", SHARE]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(said.out, [format!("{SHARE}: both ways work")]);
    assert_eq!(host.listed(SHARE), ["free", "-", "-", "0", "0", SHARE]);
    host.assert_two_meet();
}

#[test]
fn a_test_of_a_share_in_use_says_so_and_disturbs_nobody() {
    let (host, _daemon) = FddHost::sharing();
    let waiting = host.hold();
    let said = host.say(&["test", SHARE]).refusal(1);
    let holder = format!("in use (a: process {})", waiting.pid());
    assert!(said.contains(SHARE) && said.contains(&holder), "{said}");
    assert_eq!(host.listed(SHARE)[0], "waiting");
}

#[test]
fn a_test_of_what_is_not_shared_says_so() {
    let (host, _daemon) = FddHost::sharing();
    let said = host.say(&["test", "/run/testbed/none"]).refusal(1);
    assert!(said.contains("/run/testbed/none: not shared"), "{said}");
}

#[test]
fn a_share_whose_path_leads_elsewhere_fails_its_test_and_the_other_file_is_left_alone() {
    let (host, mut daemon) = FddHost::sharing();
    host.namespace()
        .run(|| fs::remove_file(SHARE))
        .expect("a file of the host");
    host.namespace().write(SHARE, "somebody else's");
    let said = host.say(&["test", SHARE]).refusal(1);
    assert!(
        said.contains(SHARE) && said.contains("another file"),
        "{said}"
    );

    daemon.signal(nix::sys::signal::Signal::SIGTERM);

    assert_eq!(Said::of(&mut daemon).code, Some(0));
    assert_eq!(
        host.namespace().read(SHARE).ok().as_deref(),
        Some("somebody else's")
    );
}

#[test]
fn what_is_no_stale_socket_is_not_replaced() {
    let (host, _daemon) = FddHost::sharing();
    let refused = |path: &str| host.say(&["share", path]).refusal(1);
    host.namespace().write("/run/testbed/file", "kept");
    let said = refused("/run/testbed/file");
    assert!(
        said.contains("/run/testbed/file: is there and is no socket"),
        "{said}"
    );
    assert_eq!(
        host.namespace().read("/run/testbed/file").ok().as_deref(),
        Some("kept")
    );

    let link = || std::os::unix::fs::symlink(SOCKET, "/run/testbed/link");
    host.namespace().run(link).expect("a folder of the host");
    let said = refused("/run/testbed/link");
    assert!(
        said.contains("/run/testbed/link: is there and is no socket"),
        "{said}"
    );

    let foreign = host
        .namespace()
        .run(|| UnixListener::bind("/run/testbed/foreign"));
    let foreign = foreign.expect("a folder of the host");
    let said = refused("/run/testbed/foreign");
    assert!(
        said.contains("/run/testbed/foreign: a running program serves it"),
        "{said}"
    );
    foreign.set_nonblocking(true).expect("an own socket");
    let noticed = foreign.accept().map(drop).map_err(|error| error.kind());
    assert_eq!(
        noticed,
        Err(std::io::ErrorKind::WouldBlock),
        "it was not even connected to"
    );
    drop(foreign);
    host.share("/run/testbed/foreign");
}

#[test]
fn there_are_sixty_four_shares_at_most() {
    let host = FddHost::new();
    let _daemon = host.daemon();
    let paths: Vec<_> = (1..=64)
        .map(|n| format!("/run/testbed/share-{n}"))
        .collect();
    paths.iter().for_each(|path| host.share(path));
    let said = host.say(&["share", SHARE]).refusal(1);
    assert!(said.contains("64 shares are the most"), "{said}");
    assert_eq!(host.say(&["list"]).out.len(), 65);
    assert_eq!(host.say(&["unshare", &paths[9]]).code, Some(0));
    host.share(SHARE);
    host.assert_two_meet();
}
