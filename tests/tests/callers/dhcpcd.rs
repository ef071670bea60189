//! dhcpcd as its manual page has it: exit status, pid file, lease file, and what it asks of a run that goes on.

use calfkit_tests::{Room, Server, Terms, Testbed, message::Kind, until};
use nix::sys::signal::Signal;

use crate::surroundings::{
    Daemon, LEASED, SOON, addresses, assert_no_address, debian, says, succeeds, text,
};

const PID: &str = "/run/dhcpcd/eth0.pid";
const LEASE: &str = "/var/lib/dhcpcd/eth0.lease";

/// Without what takes its time.
const CONFIGURATION: &str = "noarp\nnodelay\nipv4only\nnoipv4ll\n";

fn room(bed: &Testbed) -> Room {
    Room::new(&bed.client, "box1", |furniture| {
        debian(furniture, &["dhcpcd"]);
        furniture.file("/etc/dhcpcd.conf", CONFIGURATION);
    })
}

fn silent(bed: &Testbed) -> Server {
    let server = Server::start(bed, Terms::default());
    server.ignore_next(usize::MAX);
    server
}

#[track_caller]
fn wait_for_the_address(bed: &Testbed) {
    let leased = until(SOON, || (addresses(bed) == [LEASED]).then_some(()));
    assert!(leased.is_some(), "{:?}", addresses(bed));
}

#[test]
fn with_1_the_lease_is_the_end_and_stays() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let room = room(&bed);

    let ended = room.run(Room::words("dhcpcd -1 eth0"));

    succeeds(&ended);
    let line = "eth0: leased 10.77.0.100 for 3600 seconds";
    assert!(ended.stderr.contains(line), "{}", ended.stderr);
    assert_eq!(addresses(&bed), [LEASED]);
    assert_eq!(text(&room, PID), None);
}

#[test]
fn with_1_and_no_server_the_time_is_the_end_with_status_1() {
    let bed = Testbed::new();
    let _server = silent(&bed);
    let room = room(&bed);

    let ended = room.run(Room::words("dhcpcd -1 -t 1 eth0"));

    assert_eq!(ended.code(), Some(1), "{ended:?}");
    assert!(ended.stderr.contains("timed out"), "{}", ended.stderr);
    assert_eq!(text(&room, PID), None);
}

#[test]
fn it_goes_into_the_background_with_the_lease_and_others_can_ask_it() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let room = room(&bed);
    succeeds(&room.run(Room::words("dhcpcd eth0")));
    assert_eq!(addresses(&bed), [LEASED]);
    let daemon = Daemon::of(&room, PID);

    let path = room.run(Room::words("dhcpcd -P eth0"));
    succeeds(&path);
    assert_eq!(path.stdout, format!("{PID}\n"));

    let lease = room.run(Room::words(
        "od -An -v -tu1 -N20 /var/lib/dhcpcd/eth0.lease",
    ));
    succeeds(&lease);
    let octets: Vec<&str> = lease.stdout.split_whitespace().collect();
    assert_eq!(
        octets.get(..3),
        Some(["2", "1", "6"].as_slice()),
        "BOOTREPLY"
    );
    assert_eq!(
        octets.get(16..20),
        Some(["10", "77", "0", "100"].as_slice())
    );

    let dumped = room.run(Room::words("dhcpcd -U eth0"));
    succeeds(&dumped);
    for variable in ["ip_address=10.77.0.100", "routers=10.77.0.1"] {
        let line = |line: &str| line.replace('\'', "") == variable;
        assert!(dumped.stdout.lines().any(line), "{}", dumped.stdout);
    }

    for question in ["-N", "-n"] {
        let from = server.log().position();
        succeeds(&room.run(Room::words(&format!("dhcpcd {question} eth0"))));
        let acknowledged = server.wait_sent(from, Kind::ACK, SOON);
        assert!(acknowledged.is_some(), "{question}");
        assert_eq!(server.received_kinds(from), [Kind::REQUEST], "{question}");
    }

    let from = server.log().position();
    succeeds(&room.run(Room::words("dhcpcd -x eth0")));
    daemon.ends();
    assert_eq!(server.received_kinds(from), []);
    assert_no_address(&bed);
    assert_eq!(text(&room, PID), None);
}

#[test]
fn k_gives_the_lease_back_and_ends_the_run() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let room = room(&bed);
    succeeds(&room.run(Room::words("dhcpcd -p eth0")));
    let daemon = Daemon::of(&room, PID);

    succeeds(&room.run(Room::words("dhcpcd -k eth0")));

    daemon.ends();
    assert!(server.wait_received(0, Kind::RELEASE, SOON).is_some());
    assert_no_address(&bed);
    assert_eq!(text(&room, PID), None);
    let there = room.shell(&format!("test -e {LEASE}"));
    assert_eq!(there.code(), Some(1), "what was given back is no lease");
}

#[test]
fn where_nothing_runs_there_is_nothing_to_end() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let room = room(&bed);
    for question in ["-x", "-k"] {
        let ended = room.run(Room::words(&format!("dhcpcd {question} eth0")));
        assert_eq!(ended.code(), Some(1), "{question}: {ended:?}");
        let line = "dhcpcd: nothing runs here that could be asked";
        assert!(ended.stderr.contains(line), "{question}: {}", ended.stderr);
    }
    assert!(server.log().entries().is_empty(), "something was asked");
}

#[test]
fn with_b_it_is_in_the_background_before_there_is_a_server() {
    let bed = Testbed::new();
    let server = silent(&bed);
    let room = room(&bed);

    succeeds(&room.run(Room::words("dhcpcd -b eth0")));

    let daemon = Daemon::of(&room, PID);
    assert_no_address(&bed);
    server.ignore_next(0);
    wait_for_the_address(&bed);
    daemon.signal(Signal::SIGTERM);
    daemon.ends();
    assert_no_address(&bed);
}

#[test]
fn with_capital_b_it_stays_in_the_foreground_past_its_timeout() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    // RFC 2131 section 4.1: the second one comes three seconds later, or more.
    server.ignore_next(1);
    let room = room(&bed);
    let mut dhcpcd = room.start(Room::words("dhcpcd -B -t 1 eth0"));
    says(&dhcpcd, "eth0: leased 10.77.0.100 for 3600 seconds");
    let asked = [Kind::DISCOVER, Kind::DISCOVER, Kind::REQUEST];
    assert_eq!(server.received_kinds(0), asked);
    let pid = text(&room, PID).expect("a pid file");
    let inside = pid.trim().parse().expect("a number");
    assert_eq!(room.outside(inside), Some(dhcpcd.pid()));

    dhcpcd.signal(Signal::SIGTERM);
    assert_eq!(dhcpcd.wait(SOON).and_then(|end| end.code()), Some(0));
    assert_no_address(&bed);
    assert_eq!(text(&room, PID), None);
}

#[test]
fn t_shows_what_a_server_offers_and_takes_none_of_it() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let room = room(&bed);

    let ended = room.run(Room::words("dhcpcd -T eth0"));

    succeeds(&ended);
    let line = |line: &str| line.replace('\'', "") == "new_ip_address=10.77.0.100";
    assert!(ended.stdout.lines().any(line), "{}", ended.stdout);
    assert_no_address(&bed);
    assert_eq!(server.received_kinds(0), [Kind::DISCOVER]);
    assert_eq!(text(&room, PID), None);
    assert_eq!(text(&room, LEASE), None);
}

#[test]
fn t_without_a_server_fails() {
    let bed = Testbed::new();
    let _server = silent(&bed);
    let room = room(&bed);

    let ended = room.run(Room::words("dhcpcd -T -t 1 eth0"));

    assert_eq!(ended.code(), Some(1), "{ended:?}");
    assert_eq!(ended.stdout, "");
    assert_no_address(&bed);
}

#[test]
fn without_a_carrier_it_goes_into_the_background_at_once_and_with_w_when_there_is_an_address() {
    for (line, waits) in [("dhcpcd -t 0", false), ("dhcpcd -w -t 0", true)] {
        let bed = Testbed::new();
        let _server = Server::start(&bed, Terms::default());
        bed.carrier_down();
        let room = room(&bed);
        let mut launcher = room.start(Room::words(line));
        if waits {
            // It serves, and waits.
            let there = until(SOON, || text(&room, "/run/dhcpcd/pid"));
            assert!(there.is_some(), "{}", launcher.stderr_text());
        } else {
            let ended = launcher.wait(SOON).and_then(|end| end.code());
            assert_eq!(ended, Some(0), "{line}");
            assert_no_address(&bed);
        }
        bed.carrier_up();
        if waits {
            let ended = launcher.wait(SOON).and_then(|end| end.code());
            assert_eq!(ended, Some(0), "{line}");
            assert_eq!(addresses(&bed), [LEASED]);
        } else {
            wait_for_the_address(&bed);
        }
        let daemon = Daemon::of(&room, "/run/dhcpcd/pid");
        daemon.signal(Signal::SIGTERM);
        daemon.ends();
    }
}
