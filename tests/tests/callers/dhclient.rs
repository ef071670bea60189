//! dhclient as its manual page has it: exit status, pid file, lease file.

use calfkit_tests::{Room, Server, Terms, Testbed, furniture::CLIENT, message::Kind};
use nix::sys::signal::Signal;

use crate::surroundings::{
    Daemon, LEASED, SOON, addresses, assert_no_address, debian, succeeds, text, wait_for_text,
};

/// Writes down what it is told, and configures the address.
const SCRIPT: &str = "\
#!/bin/sh
case $reason in
PREINIT) ip link set $interface up ;;
BOUND|RENEW|REBIND|REBOOT) ip address replace $new_ip_address/24 dev $interface ;;
EXPIRE|RELEASE|STOP) ip address flush dev $interface ;;
esac
echo $reason >> /run/told
";

const TOLD: &str = "/run/told";
const LEASES: &str = "/run/leases";
const PID: &str = "/run/pid";

/// Attempts of a second.
const HASTY: &str = "timeout 1;\nretry 1;\n";

fn room(bed: &Testbed, configuration: &'static str) -> Room {
    Room::new(&bed.client, "box1", move |furniture| {
        debian(furniture, &["dhclient"]);
        furniture
            .script("/opt/script", SCRIPT)
            .file("/etc/own.conf", configuration);
    })
}

fn words(further: &str) -> String {
    format!("dhclient -cf /etc/own.conf -sf /opt/script -lf {LEASES} -pf {PID} {further} eth0")
}

/// Values of a statement in all leases of a lease file, the oldest first.
fn values(leases: &str, statement: &str) -> Vec<String> {
    let statements = leases.lines().filter_map(|line| {
        let value = line.trim().strip_prefix(statement)?.strip_suffix(';')?;
        Some(value.trim().to_owned())
    });
    statements.collect()
}

#[test]
fn with_1_and_no_server_it_exits_with_2_and_leaves_no_process() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    server.ignore_next(usize::MAX);
    let room = room(&bed, HASTY);

    let ended = room.run(Room::words(&words("-1 -v")));

    assert_eq!(ended.code(), Some(2), "{ended:?}");
    let line = "Unable to obtain a lease on first try.  Exiting.";
    assert!(ended.stderr.contains(line), "{}", ended.stderr);
    assert_eq!(text(&room, PID), None);
    let told = text(&room, TOLD);
    assert_eq!(told.as_deref(), Some("PREINIT\nFAIL\n"));
}

#[test]
fn with_nw_it_is_in_the_background_before_there_is_a_server() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    server.ignore_next(usize::MAX);
    let room = room(&bed, HASTY);

    succeeds(&room.run(Room::words(&words("-nw"))));

    let daemon = Daemon::of(&room, PID);
    assert_no_address(&bed);
    server.ignore_next(0);
    wait_for_text(&room, TOLD, "BOUND\n");
    assert_eq!(addresses(&bed), [LEASED]);
    daemon.signal(Signal::SIGTERM);
    daemon.ends();
}

#[test]
fn without_1_it_goes_on_in_the_background_when_there_is_no_server() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    server.ignore_next(usize::MAX);
    let room = room(&bed, HASTY);

    let ended = room.run(Room::words(&words("-v")));

    succeeds(&ended);
    let line = "No working leases in persistent database - sleeping.";
    assert!(ended.stderr.contains(line), "{}", ended.stderr);
    let daemon = Daemon::of(&room, PID);
    server.ignore_next(0);
    wait_for_text(&room, TOLD, "BOUND\n");
    daemon.signal(Signal::SIGTERM);
    daemon.ends();
}

/// As another run, on another interface, left it in the same file.
const OTHERS: &str = "\
lease {
  interface \"eth1\";
  fixed-address 10.78.0.100;
}
";

// dhclient.leases(5): of several entries of a lease the last counts, so that one is as good as all of them.
#[test]
fn the_lease_file_has_the_newest_entry_of_the_interface_behind_those_of_others() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let room = room(&bed, "");
    room.host().write(LEASES, OTHERS);
    let mut dhclient = room.start(Room::words(&words("-d")));
    wait_for_text(&room, TOLD, "BOUND\n");
    let bound = own_entry(&room);
    assert_eq!(values(&bound, "fixed-address"), ["10.77.0.100"]);
    assert_eq!(values(&bound, "interface"), ["\"eth0\""]);
    assert_eq!(values(&bound, "option dhcp-lease-time"), ["3600"]);
    assert_eq!(values(&bound, "option routers"), ["10.77.0.1"]);
    for moment in ["renew", "rebind", "expire"] {
        let moments = values(&bound, moment);
        let [moment] = moments.as_slice() else {
            panic!("{moments:?} in {bound}");
        };
        // dhclient.conf(5): the day of the week, the date, and the time in UTC.
        let words: Vec<&str> = moment.split(' ').collect();
        let lengths: Vec<usize> = words.iter().map(|word| word.len()).collect();
        assert_eq!(lengths, [1, 10, 8], "{moment}");
    }

    server.change(|terms| terms.lease_seconds = 7200);
    succeeds(&room.run(Room::words(&format!("{CLIENT} ctl renew eth0"))));
    wait_for_text(&room, TOLD, "RENEW\n");
    let renewed = own_entry(&room);
    assert_eq!(values(&renewed, "option dhcp-lease-time"), ["7200"]);
    assert_eq!(values(&renewed, "expire").len(), 1, "{renewed}");

    succeeds(&room.run(Room::words(&words("-r"))));
    assert_eq!(dhclient.wait(SOON).and_then(|end| end.code()), Some(0));
    assert!(server.wait_received(0, Kind::RELEASE, SOON).is_some());
    // What was given back is over: its times are all the moment of that.
    let released = own_entry(&room);
    assert_eq!(values(&released, "expire").len(), 1, "{released}");
    assert_eq!(values(&released, "renew"), values(&released, "expire"));
    let told = text(&room, TOLD);
    let expected = "PREINIT\nBOUND\nRENEW\nRELEASE\n";
    assert_eq!(told.as_deref(), Some(expected));
    assert_no_address(&bed);
    assert_eq!(text(&room, PID), None);
}

/// The one entry of the interface, which stands behind that of the other.
#[track_caller]
fn own_entry(room: &Room) -> String {
    let leases = text(room, LEASES).expect("a lease file");
    let own = leases.strip_prefix(OTHERS);
    let own = own.unwrap_or_else(|| panic!("the other entry is not kept: {leases}"));
    let lines: Vec<&str> = own.lines().collect();
    assert_eq!(lines.first(), Some(&"lease {"), "{leases}");
    assert_eq!(lines.last(), Some(&"}"), "{leases}");
    own.to_owned()
}

#[test]
fn x_stops_the_one_that_runs_and_keeps_the_lease() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let room = room(&bed, "");
    succeeds(&room.run(Room::words(&words(""))));
    let daemon = Daemon::of(&room, PID);
    let from = server.log().position();

    succeeds(&room.run(Room::words(&words("-x"))));

    daemon.ends();
    assert_eq!(server.received_kinds(from), []);
    let told = text(&room, TOLD);
    assert_eq!(told.as_deref(), Some("PREINIT\nBOUND\nSTOP\n"));
    assert_eq!(text(&room, PID), None);
}
