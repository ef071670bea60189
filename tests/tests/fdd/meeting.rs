//! Two processes that know nothing of each other but a path get an end each, and nobody else does.

use calfkit_tests::{
    fdd::{FddHost, HOLD, SHARE, SOON, TALK},
    process::Process,
    said::Said,
};

#[test]
fn two_processes_talk_both_ways() {
    let (host, _daemon) = FddHost::sharing();
    host.assert_two_meet();
}

#[test]
fn what_the_first_says_before_the_second_comes_is_not_lost() {
    let (host, _daemon) = FddHost::sharing();
    let script = "echo early >&3; echo said; read -r line <&3; echo $line";
    let mut first = host.take("first", script);
    assert!(
        first
            .stdout()
            .wait_for(SOON, |line| line == "said")
            .is_some()
    );
    assert_eq!(host.listed(SHARE)[0], "waiting");

    let mut second = host.take("second", TALK);

    assert_eq!(Said::of(&mut second).out, ["heard: early"]);
    assert_eq!(Said::of(&mut first).out, ["said", "this is second"]);
}

#[test]
fn the_first_gets_end_a_and_the_second_end_b_whoever_they_are() {
    let (host, _daemon) = FddHost::sharing();
    let first = host.hold();
    let a = first.pid().to_string();
    assert_eq!(host.listed(SHARE)[..3], ["waiting", &a, "-"]);

    let second = host.hold();

    let b = second.pid().to_string();
    assert_eq!(host.listed(SHARE)[..3], ["in-use", &a, &b]);
}

#[test]
fn processes_that_come_before_the_daemon_and_its_share_wait_for_them() {
    let host = FddHost::new();
    let mut one = host.take("one", TALK);
    let mut two = host.take("two", TALK);

    let _daemon = host.daemon();
    host.share(SHARE);

    assert_eq!(Said::of(&mut one).out, ["heard: this is two"]);
    assert_eq!(Said::of(&mut two).out, ["heard: this is one"]);
}

#[test]
fn a_third_is_refused_is_told_who_has_the_ends_and_disturbs_neither() {
    let (host, _daemon) = FddHost::sharing();
    let mut one = host.take("one", "read -r line <&3; echo $line");
    // Says nothing before it is told to.
    let script =
        "mkfifo /run/testbed/go; echo taken; read -r line </run/testbed/go; echo $line >&3";
    let two = host.take("two", script);
    assert!(
        two.stdout()
            .wait_for(SOON, |line| line == "taken")
            .is_some()
    );
    assert_eq!(host.listed(SHARE)[0], "in-use");

    let said = Said::of(&mut host.take("three", HOLD)).refusal(1);

    let taken = |a, b| format!("{SHARE}: both ends are taken (a: process {a}, b: process {b})");
    let (one_pid, two_pid) = (one.pid(), two.pid());
    let named = [taken(one_pid, two_pid), taken(two_pid, one_pid)];
    assert!(named.iter().any(|named| said.contains(named)), "{said}");
    assert_eq!(host.listed(SHARE)[4], "1", "the refused are counted");
    host.namespace().write("/run/testbed/go", "still here\n");
    assert_eq!(Said::of(&mut one).out, ["still here"]);
}

#[test]
fn three_roles_over_three_shares_pass_a_word_around() {
    let (host, _daemon) = FddHost::sharing();
    let shares = [
        "/run/testbed/net-eng",
        "/run/testbed/eng-act",
        "/run/testbed/act-net",
    ];
    shares.iter().for_each(|path| host.share(path));
    // Each takes its shares in another order than its peer, and none is gone before its peer is there.
    let [net_eng, eng_act, act_net] = shares;
    let role = |mounts: [String; 2], script: &str| {
        let [first, second] = &mounts;
        let words = ["exec", "-m", first, "-m", second, "--", "sh", "-c", script];
        Process::start(host.command(&words))
    };
    let at = |path: &str, number: i32| format!("{path}:{number}");

    let mut network = role(
        [at(net_eng, 3), at(act_net, 4)],
        "echo frame >&3; read -r line <&4; echo $line",
    );
    let mut engine = role(
        [at(eng_act, 4), at(net_eng, 3)],
        "read -r line <&3; echo $line lease >&4; read -r end <&4; true",
    );
    let mut actuator = role(
        [at(act_net, 9), at(eng_act, 5)],
        "read -r line <&5; echo $line done >&9",
    );

    assert_eq!(Said::of(&mut network).out, ["frame lease done"]);
    assert_eq!(Said::of(&mut engine).code, Some(0));
    assert_eq!(Said::of(&mut actuator).code, Some(0));
}

#[test]
fn two_containers_with_only_a_folder_in_common_meet() {
    let (host, _daemon) = FddHost::sharing();
    let at = format!("{SHARE}:3");
    let container = |name: &str| {
        let mut command = host.namespace().command("unshare");
        command.args([
            "--mount",
            "--net",
            "--ipc",
            "--uts",
            "--pid",
            "--fork",
            "--kill-child",
        ]);
        command.arg(FddHost::program());
        command.args(["exec", "-m", &at, "--", "sh", "-c", TALK, name]);
        Process::start(command)
    };

    let mut one = container("one");
    let mut two = container("two");

    assert_eq!(Said::of(&mut one).out, ["heard: this is two"]);
    assert_eq!(Said::of(&mut two).out, ["heard: this is one"]);
}

#[test]
fn a_static_program_in_an_empty_root_takes_an_end() {
    let (host, _daemon) = FddHost::sharing();
    let linked = std::env::var_os("CALFKIT_BIN_FDD_STATIC")
        .expect("CALFKIT_BIN_FDD_STATIC is not set: run `cargo xtask test`");
    let program = std::fs::read(linked).expect("the binary was built");
    // The scratch folder is the whole world of the container: the program and the socket, no /proc.
    host.namespace().write("/run/testbed/fdd", program);
    let mut chmod = host.namespace().command("chmod");
    assert_eq!(
        Said::by({
            chmod.args(["755", "/run/testbed/fdd"]);
            chmod
        })
        .code,
        Some(0)
    );
    let mut outside = host.take("outside", "read -r line <&3; echo end of stream");
    let mut inside = host.namespace().command("chroot");
    inside.args([
        "/run/testbed",
        "/fdd",
        "exec",
        "-m",
        "/share:3",
        "--",
        "/fdd",
        "--version",
    ]);

    let said = Said::by(inside);

    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.concat().starts_with("fdd "), "{said:?}");
    assert_eq!(Said::of(&mut outside).out, ["end of stream"]);
}
