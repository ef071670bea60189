//! What becomes of a pair when processes end, and of the sockets when the daemon does.

use calfkit_tests::{
    fdd::{FddHost, HOLD, SHARE, SOCKET, SOON, TALK},
    process::Process,
    said::Said,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

#[test]
fn the_survivor_sees_the_end_of_the_stream() {
    let (host, _daemon) = FddHost::sharing();
    let mut survivor = host.take("survivor", "read -r line <&3; echo end of stream");
    let peer = host.hold();
    assert_eq!(host.listed(SHARE)[0], "in-use");

    drop(peer);

    assert_eq!(Said::of(&mut survivor).out, ["end of stream"]);
}

#[test]
fn when_both_are_gone_the_next_two_meet_on_a_fresh_pair() {
    let (host, _daemon) = FddHost::sharing();
    host.assert_two_meet();
    assert_eq!(host.listed(SHARE)[..4], ["free", "-", "-", "1"]);

    host.assert_two_meet();

    assert_eq!(host.listed(SHARE)[..4], ["free", "-", "-", "2"]);
}

#[test]
fn who_is_restarted_first_is_told_to_wait_for_the_survivor() {
    let (host, _daemon) = FddHost::sharing();
    let one = host.hold();
    let two = host.hold();
    drop(one);
    assert_eq!(
        host.listed(SHARE)[..3],
        ["half-gone", "-", &two.pid().to_string()]
    );

    let at = format!("{SHARE}:3");
    let said = host.say(&["exec", "-m", &at, "--timeout", "1", "--", "true"]);

    let said = said.refusal(1);
    let survivor = format!("b: process {}", two.pid());
    assert!(
        said.contains("waited 1 s") && said.contains(&survivor),
        "{said}"
    );
    assert_eq!(
        host.listed(SHARE)[4],
        "0",
        "to be told to wait is no refusal"
    );
}

#[test]
fn who_waits_for_the_survivor_gets_an_end_once_that_is_gone() {
    let (host, _daemon) = FddHost::sharing();
    let one = host.hold();
    let two = host.hold();
    drop(one);
    let mut restarted = host.take("one", TALK);

    drop(two);
    let mut other = host.take("two", TALK);

    assert_eq!(Said::of(&mut restarted).out, ["heard: this is two"]);
    assert_eq!(Said::of(&mut other).out, ["heard: this is one"]);
}

#[test]
fn one_that_died_while_it_waited_for_its_peer_is_forgotten() {
    let (host, _daemon) = FddHost::sharing();
    drop(host.hold());
    assert_eq!(host.listed(SHARE)[0], "free");
    host.assert_two_meet();
}

#[test]
fn an_end_that_was_passed_on_counts_until_its_last_holder_is_gone() {
    let (host, _daemon) = FddHost::sharing();
    let at = format!("{SHARE}:3");
    // Twenty seconds, so that nothing is left for long if this test fails.
    let script = "sleep 20 >/dev/null 2>&1 & echo $!";
    let mut parent = Process::start(host.command(&["exec", "-m", &at, "--", "sh", "-c", script]));
    let said = Said::of(&mut parent);
    let child: i32 = said.out.concat().parse().expect("a process id");
    assert_eq!(host.listed(SHARE)[0], "waiting", "the child holds the end");
    let other = host.hold();
    drop(other);
    assert_eq!(host.listed(SHARE)[0], "half-gone");

    kill(Pid::from_raw(child), Signal::SIGKILL).expect("the child runs");
    assert!(calfkit_tests::process::wait_gone(child, SOON));

    host.assert_two_meet();
}

#[test]
fn a_daemon_that_is_told_to_end_removes_its_sockets_and_leaves_pairs_connected() {
    let (host, mut daemon) = FddHost::sharing();
    let mut one = host.take("one", "read -r line <&3; echo $line");
    let script =
        "mkfifo /run/testbed/go; echo taken; read -r line </run/testbed/go; echo $line >&3";
    let two = host.take("two", script);
    assert!(
        two.stdout()
            .wait_for(SOON, |line| line == "taken")
            .is_some()
    );
    assert_eq!(host.listed(SHARE)[0], "in-use");
    assert_eq!(host.names("/run/testbed"), ["go", "resolv.conf", "share"]);

    daemon.signal(Signal::SIGTERM);

    assert_eq!(Said::of(&mut daemon).code, Some(0));
    assert_eq!(host.names("/run/testbed"), ["go", "resolv.conf"]);
    assert!(!host.names("/run").contains(&"fdd.sock".to_owned()));
    host.namespace().write("/run/testbed/go", "without it\n");
    assert_eq!(Said::of(&mut one).out, ["without it"]);
}

#[test]
fn an_interrupt_ends_the_daemon_as_well() {
    let (host, mut daemon) = FddHost::sharing();
    daemon.signal(Signal::SIGINT);
    assert_eq!(Said::of(&mut daemon).code, Some(0));
    assert_eq!(host.names("/run/testbed"), ["resolv.conf"]);
}

#[test]
fn a_daemon_killed_and_started_again_replaces_its_stale_sockets() {
    let (host, mut daemon) = FddHost::sharing();
    let mut old_one = host.take("old one", "read -r line <&3; echo $line");
    let script =
        "mkfifo /run/testbed/go; echo taken; read -r line </run/testbed/go; echo $line >&3";
    let old_two = host.take("old two", script);
    assert!(
        old_two
            .stdout()
            .wait_for(SOON, |line| line == "taken")
            .is_some()
    );
    assert_eq!(host.listed(SHARE)[0], "in-use");
    daemon.signal(Signal::SIGKILL);
    assert_eq!(Said::of(&mut daemon).code, None);
    assert_eq!(host.names("/run/testbed"), ["go", "resolv.conf", "share"]);
    let gone = host.say(&["list"]).refusal(1);
    assert!(gone.contains(SOCKET) && gone.contains("fdd init"), "{gone}");
    let at = format!("{SHARE}:3");
    let stale = host
        .say(&["exec", "-m", &at, "--timeout", "1", "--", "true"])
        .refusal(1);
    assert!(
        stale.contains(SHARE) && stale.contains("is the daemon gone?"),
        "{stale}"
    );

    let _daemon = host.daemon();
    host.share(SHARE);

    host.assert_two_meet();
    host.namespace()
        .write("/run/testbed/go", "on the old pair\n");
    assert_eq!(Said::of(&mut old_one).out, ["on the old pair"]);
}

#[test]
fn who_waits_while_the_daemon_is_started_again_gets_an_end() {
    let (host, mut daemon) = FddHost::sharing();
    daemon.signal(Signal::SIGKILL);
    assert_eq!(Said::of(&mut daemon).code, None);
    let mut one = host.take("one", TALK);

    let _daemon = host.daemon();
    host.share(SHARE);

    let mut two = host.take("two", TALK);
    assert_eq!(Said::of(&mut one).out, ["heard: this is two"]);
    assert_eq!(Said::of(&mut two).out, ["heard: this is one"]);
}

#[test]
fn a_holder_that_is_stopped_still_has_its_end() {
    let (host, _daemon) = FddHost::sharing();
    let one = host.hold();
    let _two = host.hold();
    one.signal(Signal::SIGSTOP);
    let said = Said::of(&mut host.take("three", HOLD)).refusal(1);
    assert!(said.contains("both ends are taken"), "{said}");
}
