//! What `fdd exec` gives its command: the ends where they were asked for, and nothing else.

use calfkit_tests::{
    fdd::{FddHost, HOLD, SHARE, SOON, descriptors},
    inspect::Snapshot,
    process::Process,
    said::Said,
};

const OTHER: &str = "/run/testbed/other";

#[test]
fn the_command_has_its_ends_and_three_standard_descriptors_whatever_its_caller_had() {
    let (host, _daemon) = FddHost::sharing();
    host.share(OTHER);
    let mut caller = host.namespace().command("sh");
    let script = r#"exec 5</dev/null 7</etc/passwd 9>/dev/null
        exec "$0" exec -m "$1:3" -m "$2:9" -- sh -c "$3""#;
    caller.args(["-c", script]).arg(FddHost::program());
    caller.args([SHARE, OTHER, HOLD]);
    let holder = Process::start(caller);
    assert!(
        holder
            .stdout()
            .wait_for(SOON, |line| line == "taken")
            .is_some()
    );

    assert_eq!(descriptors(&holder), [0, 1, 2, 3, 9]);
    let open = Snapshot::read(holder.pid()).expect("it runs").descriptors;
    assert!(
        open[&3].starts_with("socket:") && open[&9].starts_with("socket:"),
        "{open:?}"
    );
    assert_ne!(open[&3], open[&9]);
}

#[test]
fn ends_go_to_the_numbers_asked_for_when_each_is_in_the_way_of_the_other() {
    let (host, _daemon) = FddHost::sharing();
    host.share(OTHER);
    let (share, other) = (format!("{SHARE}:4"), format!("{OTHER}:3"));
    let script = "echo of the share >&4; echo of the other >&3; read -r end <&3; echo end";
    let mut both = Process::start(
        host.command(&["exec", "-m", &share, "-m", &other, "--", "sh", "-c", script]),
    );
    let read = |path: &str| {
        let at = format!("{path}:3");
        let words = [
            "exec",
            "-m",
            &at,
            "--",
            "sh",
            "-c",
            "read -r line <&3; echo $line",
        ];
        Said::by(host.command(&words)).out
    };
    assert_eq!(read(SHARE), ["of the share"]);
    assert_eq!(read(OTHER), ["of the other"]);
    assert_eq!(Said::of(&mut both).code, Some(0));
}

#[test]
fn the_command_replaces_the_process_and_its_arguments_are_its_own() {
    let (host, _daemon) = FddHost::sharing();
    let at = format!("{SHARE}:3");
    let words = [
        "exec",
        "-m",
        &at,
        "sh",
        "-c",
        "echo $$ \"$@\"; exit 7",
        "sh",
        "--",
        "-m",
        "x",
    ];
    let mut process = Process::start(host.command(&words));
    let pid = process.pid();
    let said = Said::of(&mut process);
    assert_eq!(said.out, [format!("{pid} -- -m x")]);
    assert_eq!(said.code, Some(7));
}

#[test]
fn a_command_that_is_not_there_is_127_and_one_that_is_no_program_126() {
    let (host, _daemon) = FddHost::sharing();
    let at = format!("{SHARE}:3");
    let said = host
        .say(&["exec", "-m", &at, "--", "/no-such-program"])
        .refusal(127);
    assert!(said.contains("/no-such-program"), "{said}");
    let said = host
        .say(&["exec", "-m", &at, "--", "/etc/passwd"])
        .refusal(126);
    assert!(
        said.contains("/etc/passwd") && said.contains("Permission denied"),
        "{said}"
    );
}

#[test]
fn a_descriptor_beyond_the_limit_is_named_before_an_end_is_taken() {
    let (host, _daemon) = FddHost::sharing();
    let mut caller = host.namespace().command("sh");
    let script = r#"ulimit -n 64; exec "$0" exec -m "$1:64" -- true"#;
    caller
        .args(["-c", script])
        .arg(FddHost::program())
        .arg(SHARE);
    let said = Said::by(caller).refusal(1);
    assert!(
        said.contains("descriptor 64") && said.contains("ulimit"),
        "{said}"
    );
    assert_eq!(host.listed(SHARE)[..4], ["free", "-", "-", "0"]);
}

#[test]
fn a_share_that_does_not_appear_in_time_is_named() {
    let (host, _daemon) = FddHost::sharing();
    let said = host
        .say(&["exec", "-m", "/run/none:3", "--timeout", "1", "--", "true"])
        .refusal(1);
    assert!(
        said.contains("/run/none: waited 1 s: nothing there"),
        "{said}"
    );
    assert!(said.contains("fdd share"), "{said}");
}

#[test]
fn ends_taken_before_a_share_that_does_not_appear_are_given_up() {
    let (host, _daemon) = FddHost::sharing();
    let mut peer = host.take("peer", "read -r line <&3; echo end of stream");
    let at = format!("{SHARE}:3");
    let words = [
        "exec",
        "-m",
        &at,
        "-m",
        "/run/none:4",
        "--timeout",
        "1",
        "--",
        "true",
    ];
    let said = host.say(&words).refusal(1);
    assert!(said.contains("/run/none"), "{said}");
    assert_eq!(Said::of(&mut peer).out, ["end of stream"]);
    host.assert_two_meet();
}

#[test]
fn a_path_that_is_no_socket_is_told_at_once() {
    let (host, _daemon) = FddHost::sharing();
    host.namespace().write("/run/testbed/file", "");
    let said = host
        .say(&["exec", "-m", "/run/testbed/file:3", "--", "true"])
        .refusal(1);
    assert!(
        said.contains("/run/testbed/file") && said.contains("name a socket"),
        "{said}"
    );
}

#[test]
fn the_daemons_own_socket_is_no_share() {
    let (host, _daemon) = FddHost::sharing();
    // The daemon waits for a question there, and does not get one.
    let said = host
        .say(&[
            "exec",
            "-m",
            "/run/fdd.sock:3",
            "--timeout",
            "1",
            "--",
            "true",
        ])
        .refusal(1);
    assert!(
        said.contains("/run/fdd.sock: waited 1 s: nobody answers"),
        "{said}"
    );
}
