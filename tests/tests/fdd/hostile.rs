//! Clients that mean harm: whatever they do, the daemon neither grows nor waits, and serves the others.

use std::{
    fs,
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
    time::Duration,
};

use calfkit_tests::{
    fdd::{FddHost, SHARE, SOCKET, TALK, descriptors},
    process::Process,
    said::Said,
};

const MANY: usize = 10_000;

/// KiB of memory that a process has in RAM.
fn resident(process: &Process) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.pid())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number
        .and_then(|number| number.parse().ok())
        .expect("a number of KiB")
}

/// Clock ticks that a process has run for.
fn ticks(process: &Process) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.pid())).expect("it runs");
    let (_, fields) = stat.rsplit_once(')').expect("a name in brackets");
    let number = |n: usize| {
        fields
            .split_whitespace()
            .nth(n)
            .and_then(|f| f.parse::<u64>().ok())
    };
    // utime and stime, fields 14 and 15 of proc(5), of which the first two went with the name.
    number(11)
        .zip(number(12))
        .map(|(user, system)| user + system)
        .expect("two numbers")
}

/// All that the daemon says to a client that has said this.
fn answer(host: &FddHost, path: &str, said: &[u8]) -> String {
    let mut client = host.dial(path);
    client
        .set_read_timeout(Some(Duration::from_secs(10)))
        .expect("an own socket");
    // It may have answered and closed already.
    drop(client.write_all(said));
    let mut heard = Vec::new();
    // How it ends is not the question: with octets unread on the other side, as a reset.
    drop(client.read_to_end(&mut heard));
    String::from_utf8(heard).expect("text")
}

#[test]
fn ten_thousand_clients_that_come_and_go_leave_nothing_behind() {
    let (host, daemon) = FddHost::sharing();
    host.assert_two_meet();
    let (open, memory) = (descriptors(&daemon), resident(&daemon));

    (0..MANY).for_each(|_| drop(host.dial(SHARE)));

    host.assert_two_meet();
    assert_eq!(descriptors(&daemon), open);
    let grown = resident(&daemon).saturating_sub(memory);
    assert!(grown < 1024, "{grown} KiB more");
}

#[test]
fn clients_that_stay_and_never_read_are_let_go_and_cost_nothing() {
    let (host, daemon) = FddHost::sharing();
    let one = host.hold();
    let two = host.hold();
    let open = descriptors(&daemon);

    let silent: Vec<_> = (0..500).map(|_| host.dial(SHARE)).collect();

    assert_eq!(host.listed(SHARE)[0], "in-use");
    assert_eq!(descriptors(&daemon), open);
    assert_eq!(host.listed(SHARE)[4], "500", "all were refused");
    drop((one, two));
    host.assert_two_meet();
    drop(silent);
}

#[test]
fn one_that_takes_an_end_and_never_reads_it_holds_it_no_longer_than_its_connection() {
    let (host, _daemon) = FddHost::sharing();
    let first = host.dial(SHARE);
    let second = host.dial(SHARE);
    assert_eq!(host.listed(SHARE)[0], "in-use");
    drop(first);
    assert_eq!(host.listed(SHARE)[0], "half-gone");
    drop(second);
    host.assert_two_meet();
}

#[test]
fn one_that_says_what_nobody_asked_for_is_not_read() {
    let (host, daemon) = FddHost::sharing();
    let memory = resident(&daemon);
    let talkers: Vec<UnixStream> = (0..100).map(|_| talker(&host)).collect();
    assert_eq!(host.listed(SHARE)[0], "in-use");
    let grown = resident(&daemon).saturating_sub(memory);
    assert!(grown < 1024, "{grown} KiB more");
    drop(talkers);
    host.assert_two_meet();
}

/// A client that says as much as it can.
fn talker(host: &FddHost) -> UnixStream {
    let mut client = host.dial(SHARE);
    client.set_nonblocking(true).expect("an own socket");
    while client.write(&[b'x'; 4096]).is_ok() {}
    client
}

#[test]
fn questions_that_are_none_are_told_so() {
    let (host, _daemon) = FddHost::sharing();
    let no = "fdd/1 no no question of fdd/1; use a client of the daemon's version\n";
    let asked = |said: &[u8]| answer(&host, SOCKET, said);
    assert_eq!(asked(b"fdd/2 list\n"), no);
    assert_eq!(asked(b"\n"), no);
    assert_eq!(asked(b"fdd/1 list"), no);
    assert_eq!(asked(b"fdd/1 list\nfdd/1 list\n"), no);
    assert_eq!(asked(&[0xff; 64]), no);
    assert_eq!(asked(&[b'x'; 100_000]), no);
    assert_eq!(asked(b"fdd/1 unshare /run/testbed/share\0\n"), no);
    assert_eq!(asked(b"GET / HTTP/1.1\r\n\r\n"), no);
    host.assert_two_meet();
}

#[test]
fn a_share_tells_any_client_of_its_version_which_end_it_got() {
    let (host, _daemon) = FddHost::sharing();
    // No room for descriptors is left by this client, so each end is closed at once.
    assert_eq!(answer(&host, SHARE, b""), "fdd/1 a\n");
    let _first = host.hold();
    assert_eq!(answer(&host, SHARE, b""), "fdd/1 b\n");
}

#[test]
fn clients_that_do_not_ask_leave_room_for_one_that_does() {
    let (host, _daemon) = FddHost::sharing();
    let silent: Vec<_> = (0..15).map(|_| host.dial(SOCKET)).collect();
    assert_eq!(host.listed(SHARE)[0], "free");
    drop(silent);
}

#[test]
fn ten_thousand_questions_that_nobody_waits_for_leave_nothing_behind() {
    let (host, daemon) = FddHost::sharing();
    assert_eq!(host.listed(SHARE)[0], "free");
    let (open, memory) = (descriptors(&daemon), resident(&daemon));
    (0..MANY).for_each(|_| {
        drop(
            host.dial(SOCKET)
                .write_all(b"fdd/1 test /run/testbed/share\n"),
        )
    });
    assert_eq!(host.listed(SHARE)[0], "free");
    assert_eq!(descriptors(&daemon), open);
    let grown = resident(&daemon).saturating_sub(memory);
    assert!(grown < 1024, "{grown} KiB more");
}

/// Lets the daemon open this many descriptors more than it has now.
fn limit(host: &FddHost, daemon: &Process, more: usize) {
    let open = descriptors(daemon);
    let free = (0..).filter(|number| !open.contains(number));
    let first_refused: i32 = free.take(more + 1).last().expect("numbers do not end");
    let mut prlimit = host.namespace().command("prlimit");
    prlimit.arg(format!("--pid={}", daemon.pid()));
    prlimit.arg(format!("--nofile={first_refused}:1024"));
    assert_eq!(Said::by(prlimit).code, Some(0));
}

#[test]
fn a_daemon_without_a_descriptor_for_a_client_does_not_spin_and_serves_it_later() {
    let (host, daemon) = FddHost::sharing();
    limit(&host, &daemon, 0);
    let mut one = host.take("one", TALK);
    let mut two = host.take("two", TALK);
    let before = ticks(&daemon);
    assert!(
        one.wait(Duration::from_secs(1)).is_none(),
        "nothing is left for it"
    );
    // A second of spinning is 100.
    let spent = ticks(&daemon) - before;
    assert!(spent < 20, "{spent} ticks of processor time");

    limit(&host, &daemon, 100);

    assert_eq!(Said::of(&mut one).out, ["heard: this is two"]);
    assert_eq!(Said::of(&mut two).out, ["heard: this is one"]);
}

#[test]
fn a_daemon_without_descriptors_for_a_pair_tells_its_clients_to_come_again() {
    let (host, daemon) = FddHost::sharing();
    limit(&host, &daemon, 2);
    let at = format!("{SHARE}:3");
    let words = ["exec", "-m", &at, "--timeout", "0", "--", "true"];
    let said = host.say(&words).refusal(1);
    assert!(said.contains("the daemon has no means for it"), "{said}");
    let mut one = host.take("one", TALK);
    let mut two = host.take("two", TALK);

    limit(&host, &daemon, 100);

    assert_eq!(Said::of(&mut one).out, ["heard: this is two"]);
    assert_eq!(Said::of(&mut two).out, ["heard: this is one"]);
    assert_eq!(
        host.listed(SHARE)[4],
        "0",
        "to be told to come again is no refusal"
    );
}
