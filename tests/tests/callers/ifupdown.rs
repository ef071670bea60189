//! ifup(8) and ifdown(8), Debian's own and BusyBox's, with each client they know.

use std::net::Ipv4Addr;

use calfkit_tests::{
    Room, Server, Terms, Testbed,
    furniture::Furniture,
    message::{Kind, code},
    packages,
    room::Ended,
    testbed::CLIENT_LINK,
};

use nix::sys::signal::Signal;

use crate::surroundings::{
    Daemon, LEASED, SOON, addresses, debian, default_route, resolver_file, succeeds, text,
};

/// Where ifup(8) has the clients write their process ids, and where dhcpcd does by itself.
const DHCLIENT: &str = "/run/dhclient.eth0.pid";
const UDHCPC: &str = "/run/udhcpc.eth0.pid";
const DHCPCD: &str = "/run/dhcpcd/eth0.pid";

/// A Debian with ifupdown, one client and this stanza.
fn room(bed: &Testbed, client: &'static str, options: &str) -> Room {
    let stanza =
        format!("auto lo\niface lo inet loopback\niface {CLIENT_LINK} inet dhcp\n{options}");
    Room::new(&bed.client, "box1", move |furniture| {
        debian(furniture, &[client]);
        ifupdown(furniture);
        furniture.file("/etc/network/interfaces", stanza);
    })
}

fn ifupdown(furniture: &Furniture) {
    let files = packages::folder("ifupdown");
    furniture.bind(&files, "/packages/ifupdown");
    for name in ["ifup", "ifdown", "ifquery"] {
        let path = format!("/usr/sbin/{name}");
        furniture.link(&path, format!("/packages/ifupdown/sbin/{name}"));
    }
    for moment in ["pre-up", "up", "down", "post-down"] {
        furniture.folder(format!("/etc/network/if-{moment}.d"));
    }
}

/// Brings the link up; it must work.
#[track_caller]
fn ifup(room: &Room) -> Ended {
    let ended = room.shell("ifup eth0");
    succeeds(&ended);
    ended
}

/// Runs a line that has the lease given back and the client ended; nothing of either may be left.
#[track_caller]
fn gives_back(bed: &Testbed, room: &Room, server: &Server, line: &str, pid_file: &str) {
    let before = server.log().position();
    ends(bed, room, line, pid_file);
    let released = server.wait_received(before, Kind::RELEASE, SOON);
    let (_, released) = released.expect("a DHCPRELEASE");
    assert_eq!(released.message.ciaddr, LEASED);
}

/// Runs a line that has the client ended; nothing of its lease may be left.
#[track_caller]
fn ends(bed: &Testbed, room: &Room, line: &str, pid_file: &str) {
    let daemon = Daemon::of(room, pid_file);
    succeeds(&room.shell(line));
    daemon.ends();
    assert_eq!(addresses(bed), Vec::<Ipv4Addr>::new());
    assert_eq!(text(room, pid_file), None);
}

#[test]
fn with_dhclient_the_script_of_debian_configures_and_ifdown_gives_the_lease_back() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let room = room(&bed, "dhclient", "    metric 7\n");

    let said = ifup(&room);

    assert!(
        said.stderr.contains("bound to 10.77.0.100 -- renewal in"),
        "{}",
        said.stderr
    );
    assert_eq!(addresses(&bed), [LEASED]);
    // `-e IF_METRIC=7` is for the script.
    assert_eq!(default_route(&bed).metric, 7);
    assert_eq!(
        resolver_file(&room),
        "domain example.test\nsearch example.test\nnameserver 10.77.0.1\n"
    );
    let leases = text(&room, "/var/lib/dhcp/dhclient.eth0.leases").expect("a lease file");
    assert!(
        leases.contains("  fixed-address 10.77.0.100;\n"),
        "{leases}"
    );

    gives_back(&bed, &room, &server, "ifdown eth0", DHCLIENT);

    let leases = text(&room, "/var/lib/dhcp/dhclient.eth0.leases").expect("a lease file");
    assert_eq!(leases.matches("fixed-address").count(), 1, "{leases}");
}

// ifup(8) calls dhclient with -i, unless the stanza says `client no`.
#[test]
fn with_dhclient_the_identifier_is_a_duid_unless_the_stanza_says_no() {
    for (options, first) in [("", Some(0xff)), ("    client no\n", None)] {
        let bed = Testbed::new();
        let server = Server::start(&bed, Terms::default());
        let room = room(&bed, "dhclient", options);
        ifup(&room);
        let (_, discover) = server.wait_received(0, Kind::DISCOVER, SOON).expect("one");
        let identifier = discover.message.option(code::CLIENT_IDENTIFIER);
        assert_eq!(identifier.map(|octets| octets[0]), first, "{options:?}");
    }
}

#[test]
fn with_udhcpc_the_script_of_debian_configures_and_ifdown_undoes_it() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let room = room(&bed, "udhcpc", "    hostname box7\n");

    ifup(&room);

    assert_eq!(addresses(&bed), [LEASED]);
    assert_eq!(default_route(&bed).metric, 0);
    assert_eq!(
        resolver_file(&room),
        "domain example.test\nnameserver 10.77.0.1\n"
    );
    let (_, discover) = server.wait_received(0, Kind::DISCOVER, SOON).expect("one");
    assert_eq!(discover.message.option(12), Some(b"box7".as_slice()));

    // It takes the link down while the client is still about to give the lease back, so that whether a
    // server hears of it is chance, as with the original.
    ends(&bed, &room, "ifdown eth0", UDHCPC);
}

/// Without the wait at the start and the probes, which take seconds.
const FAST: &str = "noarp\nnodelay\n";

#[test]
fn with_dhcpcd_the_program_configures_and_ifdown_gives_the_lease_back() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let options =
        "    hostname box7\n    vendor acme\n    client me\n    leasetime 600\n    metric 7\n";
    let room = room(&bed, "dhcpcd", options);
    room.host().write("/etc/dhcpcd.conf", FAST);

    let said = ifup(&room);

    let line = "eth0: leased 10.77.0.100 for 3600 seconds";
    assert!(said.stderr.lines().any(|it| it == line), "{}", said.stderr);
    assert_eq!(addresses(&bed), [LEASED]);
    assert_eq!(default_route(&bed).metric, 7);
    assert!(resolver_file(&room).contains("nameserver 10.77.0.1\n"));
    let (_, discover) = server.wait_received(0, Kind::DISCOVER, SOON).expect("one");
    let option = |code| discover.message.option(code).map(<[u8]>::to_vec);
    assert_eq!(option(12), Some(b"box7".to_vec()));
    assert_eq!(option(60), Some(b"acme".to_vec()));
    assert_eq!(option(code::CLIENT_IDENTIFIER), Some(b"\0me".to_vec()));
    assert_eq!(
        option(code::LEASE_TIME),
        Some(600_u32.to_be_bytes().to_vec())
    );

    gives_back(&bed, &room, &server, "ifdown eth0", DHCPCD);

    assert_eq!(resolver_file(&room), "# nothing configured\n");
}

// BusyBox's ifup(8) is left out of Debian's BusyBox; these are its lines.
#[test]
fn with_the_lines_of_busyboxs_ifup_and_ifdown_udhcpc_gives_the_lease_back() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let room = room(&bed, "udhcpc", "");

    let up = "udhcpc -R -n -p /var/run/udhcpc.eth0.pid -i eth0 -x hostname:box7";
    succeeds(&room.run(Room::words(up)));

    assert_eq!(addresses(&bed), [LEASED]);

    let down = "kill -TERM `cat /var/run/udhcpc.eth0.pid` 2>/dev/null";
    gives_back(&bed, &room, &server, down, "/var/run/udhcpc.eth0.pid");
}

/// What ifdown(8) does to udhcpc: give the lease back, and end, in one breath.
const TWO_SIGNALS: &str =
    "kill -USR2 $(cat /run/udhcpc.eth0.pid); kill -TERM $(cat /run/udhcpc.eth0.pid)";

#[test]
fn of_the_two_signals_of_ifdown_the_second_does_not_stop_what_the_first_asks_for() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let room = room(&bed, "udhcpc", "");
    ifup(&room);
    gives_back(&bed, &room, &server, TWO_SIGNALS, UDHCPC);
}

#[test]
fn a_lease_that_was_given_back_is_not_asked_for_again() {
    for (client, down, pid_file) in [
        ("dhclient", "ifdown eth0", DHCLIENT),
        ("udhcpc", TWO_SIGNALS, UDHCPC),
    ] {
        let bed = Testbed::new();
        let server = Server::start(&bed, Terms::default());
        let room = room(&bed, client, "");
        ifup(&room);
        gives_back(&bed, &room, &server, down, pid_file);
        let before = server.log().position();

        succeeds(&room.shell("ifup --force eth0"));

        let (_, first) = server
            .log()
            .wait_from(before, SOON, |it| !it.sent)
            .expect("a message");
        assert_eq!(first.message.kind(), Kind::DISCOVER, "{client}");
        assert_eq!(addresses(&bed), [LEASED]);
    }
}

// As after a crash of the machine: its pid file is there, its process is not.
#[test]
fn what_a_killed_client_left_does_not_stop_the_next() {
    for (client, pid_file) in [
        ("dhclient", DHCLIENT),
        ("udhcpc", UDHCPC),
        ("dhcpcd", DHCPCD),
    ] {
        let bed = Testbed::new();
        let server = Server::start(&bed, Terms::default());
        let room = room(&bed, client, "");
        room.host().write("/etc/dhcpcd.conf", FAST);
        ifup(&room);
        let killed = Daemon::of(&room, pid_file);
        killed.signal(Signal::SIGKILL);
        killed.ends();
        let before = server.log().position();

        succeeds(&room.shell("ifup --force eth0"));

        assert_eq!(addresses(&bed), [LEASED], "{client}");
        assert_ne!(Daemon::of(&room, pid_file), killed);
        let (_, first) = server
            .log()
            .wait_from(before, SOON, |it| !it.sent)
            .expect("a message");
        assert_eq!(
            first.message.kind(),
            Kind::REQUEST,
            "{client} asks for what it had"
        );
    }
}

#[test]
fn ifdown_of_a_client_that_is_gone_succeeds() {
    for (client, pid_file) in [("dhclient", DHCLIENT), ("udhcpc", UDHCPC)] {
        let bed = Testbed::new();
        let _server = Server::start(&bed, Terms::default());
        let room = room(&bed, client, "");
        ifup(&room);
        let killed = Daemon::of(&room, pid_file);
        killed.signal(Signal::SIGKILL);
        killed.ends();
        succeeds(&room.shell("ifdown --force eth0"));
    }
}

#[test]
fn of_several_clients_the_first_of_ifupdowns_list_runs() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let room = Room::new(&bed.client, "box1", |furniture| {
        debian(furniture, &["dhcpcd", "udhcpc", "dhclient"]);
        ifupdown(furniture);
        furniture.file("/etc/network/interfaces", "iface eth0 inet dhcp\n");
    });
    ifup(&room);
    Daemon::of(&room, DHCLIENT);
    assert_eq!(text(&room, UDHCPC), None);
}

// `dhclient -6` has nothing to do yet, and must not be in the way of the other.
#[test]
fn a_stanza_for_ipv6_beside_the_other_is_no_trouble() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let options = "iface eth0 inet6 dhcp\n    autoconf 1\n";
    let room = room(&bed, "dhclient", options);

    let said = ifup(&room);

    assert!(
        said.stderr.contains("IPv6 is not spoken yet"),
        "{}",
        said.stderr
    );
    assert_eq!(addresses(&bed), [LEASED]);
    gives_back(&bed, &room, &server, "ifdown eth0", DHCLIENT);
}
