//! udhcpc as its manual page has it: signals, pid file, exit status.

use std::time::Duration;

use calfkit_tests::{Room, Server, Terms, Testbed, message::Kind, process::Process};
use nix::sys::signal::Signal;

use crate::surroundings::{
    Daemon, LEASED, SOON, addresses, assert_no_address, debian, rests, says, succeeds, text,
    wait_for_text,
};

/// Writes down what it is told, and configures the address.
const SCRIPT: &str = "\
#!/bin/sh
case $1 in
deconfig) ip address flush dev $interface; ip link set $interface up ;;
bound|renew) ip address replace $ip/$mask dev $interface ;;
esac
echo $1 >> /run/told
";

const TOLD: &str = "/run/told";

/// Longer than a client that looks for a lease is silent, which is told to ask every second.
const REST: Duration = Duration::from_secs(3);

fn room(bed: &Testbed) -> Room {
    Room::new(&bed.client, "box1", |furniture| {
        debian(furniture, &["udhcpc"]);
        furniture.script("/opt/script", SCRIPT);
    })
}

fn words(further: &str) -> String {
    format!("udhcpc -i eth0 -s /opt/script -p /run/pid {further}")
}

/// Waits until there was a lease so many times.
#[track_caller]
fn leased(process: &Process, times: usize) {
    let mut seen = 0;
    let said = process.stderr().wait_for(SOON, |line| {
        seen += usize::from(line.contains("lease of 10.77.0.100 obtained"));
        seen >= times
    });
    assert!(said.is_some(), "{times}: {}", process.stderr_text());
}

#[test]
fn without_a_lease_sigusr2_ends_the_search_until_sigusr1() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    server.ignore_next(usize::MAX);
    let room = room(&bed);
    let mut udhcpc = room.start(Room::words(&words("-f -t 0 -T 1")));
    assert!(server.wait_received(0, Kind::DISCOVER, SOON).is_some());

    udhcpc.signal(Signal::SIGUSR2);
    says(&udhcpc, "udhcpc: entering released state");
    rests(&udhcpc);
    assert_eq!(text(&room, TOLD).as_deref(), Some("deconfig\ndeconfig\n"));

    // It would have asked every second.
    server.ignore_next(0);
    let from = server.log().position();
    let asked = server.log().wait_from(from, REST, |_| true);
    assert!(asked.is_none(), "{asked:?}");

    udhcpc.signal(Signal::SIGUSR1);
    leased(&udhcpc, 1);
    assert_eq!(addresses(&bed), [LEASED]);
    assert!(server.received_kinds(from).contains(&Kind::DISCOVER));
    udhcpc.signal(Signal::SIGTERM);
    assert_eq!(udhcpc.wait(SOON).and_then(|end| end.code()), Some(0));
}

#[test]
fn sigusr1_renews_and_sigusr2_releases_and_waits_for_sigusr1() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let room = room(&bed);
    let mut udhcpc = room.start(Room::words(&words("-f")));
    leased(&udhcpc, 1);
    let pid = text(&room, "/run/pid").expect("a pid file");
    let inside: i32 = pid.trim().parse().expect("a number and a line's end");
    assert_eq!(room.outside(inside), Some(udhcpc.pid()));
    assert_eq!(pid, format!("{inside}\n"));

    let from = server.log().position();
    udhcpc.signal(Signal::SIGUSR1);
    leased(&udhcpc, 2);
    assert_eq!(server.received_kinds(from), [Kind::REQUEST]);

    udhcpc.signal(Signal::SIGUSR2);
    assert!(server.wait_received(from, Kind::RELEASE, SOON).is_some());
    rests(&udhcpc);
    assert_no_address(&bed);
    let from = server.log().position();

    udhcpc.signal(Signal::SIGUSR1);
    leased(&udhcpc, 3);
    assert_eq!(server.received_kinds(from), [Kind::DISCOVER, Kind::REQUEST]);
    let told = text(&room, TOLD);
    let expected = "deconfig\nbound\nrenew\ndeconfig\nbound\n";
    assert_eq!(told.as_deref(), Some(expected));

    let from = server.log().position();
    udhcpc.signal(Signal::SIGTERM);
    assert_eq!(udhcpc.wait(SOON).and_then(|end| end.code()), Some(0));
    assert_eq!(server.received_kinds(from), []);
    assert_eq!(addresses(&bed), [LEASED]);
    assert_eq!(text(&room, "/run/pid"), None);
}

#[test]
fn with_r_the_end_gives_the_lease_back_and_undoes_it() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let room = room(&bed);
    let mut udhcpc = room.start(Room::words(&words("-f -R")));
    leased(&udhcpc, 1);

    udhcpc.signal(Signal::SIGTERM);

    assert_eq!(udhcpc.wait(SOON).and_then(|end| end.code()), Some(0));
    assert!(server.wait_received(0, Kind::RELEASE, SOON).is_some());
    assert_no_address(&bed);
    let told = text(&room, TOLD);
    assert_eq!(told.as_deref(), Some("deconfig\nbound\ndeconfig\n"));
}

#[test]
fn with_q_it_ends_with_the_lease_and_leaves_the_address_and_no_pid_file() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let room = room(&bed);

    succeeds(&room.run(Room::words(&words("-q"))));

    assert_eq!(addresses(&bed), [LEASED]);
    assert_eq!(text(&room, "/run/pid"), None);
    assert_eq!(server.received_kinds(0), [Kind::DISCOVER, Kind::REQUEST]);
}

#[test]
fn with_b_it_goes_on_in_the_background_when_there_is_no_server_and_finds_it_there() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    server.ignore_next(usize::MAX);
    let room = room(&bed);

    let ended = room.run(Room::words(&words("-b -t 1 -T 1 -A 1")));

    succeeds(&ended);
    let line = "udhcpc: no lease, forking to background";
    assert!(ended.stderr.contains(line), "{}", ended.stderr);
    let daemon = Daemon::of(&room, "/run/pid");
    server.ignore_next(0);
    wait_for_text(&room, TOLD, "bound\n");
    assert_eq!(addresses(&bed), [LEASED]);
    daemon.signal(Signal::SIGTERM);
    daemon.ends();
    assert_eq!(text(&room, "/run/pid"), None);
}

#[test]
fn without_f_it_goes_into_the_background_with_the_lease() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let room = room(&bed);

    succeeds(&room.run(Room::words(&words(""))));

    assert_eq!(addresses(&bed), [LEASED]);
    let daemon = Daemon::of(&room, "/run/pid");
    daemon.signal(Signal::SIGTERM);
    daemon.ends();
    assert_eq!(addresses(&bed), [LEASED]);
}
