//! `--explain` of the configurations that are out there: nothing is done, and every line of them has its fate.

use std::collections::BTreeSet;

use calfkit_tests::{
    Room, Server, Terms, Testbed, furniture::CLIENT, linuxkit, packages, room::Ended,
};

use crate::surroundings::{assert_no_address, debian};

/// Where the configuration is in the room.
const LINUXKIT: &str = "/dhcpcd.conf";
const DEBIAN_DHCPCD: &str = "/etc/dhcpcd.conf";
const DEBIAN_DHCLIENT: &str = "/etc/dhcp/dhclient.conf";

/// The explanation of a line, in a room with all of the configurations.
fn explained(line: &str) -> (Ended, Room) {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let room = Room::new(&bed.client, "box1", |furniture| {
        debian(furniture, &[]);
        furniture.file(LINUXKIT, linuxkit::CONFIGURATION);
        furniture.bind(
            packages::folder("dhcpcd-base").join("etc/dhcpcd.conf"),
            DEBIAN_DHCPCD,
        );
    });
    let ended = room.run(Room::words(&format!("{CLIENT} compat {line}")));
    assert_eq!(ended.stderr, "", "{line}");
    assert_no_address(&bed);
    assert!(
        server.log().entries().is_empty(),
        "{line} was not explained"
    );
    (ended, room)
}

/// Numbers of the lines of a file that have a fate.
fn noted(ended: &Ended, path: &str) -> BTreeSet<usize> {
    let number = |line: &str| {
        let rest = line.strip_prefix(path)?.strip_prefix(':')?;
        rest.split(':').next()?.parse().ok()
    };
    ended.stdout.lines().filter_map(number).collect()
}

/// Numbers of the lines of a file of dhcpcd's that say something.
fn effective(text: &str) -> BTreeSet<usize> {
    let says = |line: &str| !line.trim().is_empty() && !line.trim().starts_with('#');
    let numbered = text.lines().zip(1..);
    numbered
        .filter(|(line, _)| says(line))
        .map(|(_, number)| number)
        .collect()
}

#[track_caller]
fn assert_lines(ended: &Ended, lines: &[&str]) {
    for line in lines {
        let there = ended.stdout.lines().any(|each| each.starts_with(line));
        assert!(there, "{line:?} in {}", ended.stdout);
    }
}

const NO_IPV6: &str = "slaac private: ignored: IPv6 is not spoken yet";

#[test]
fn of_linuxkits_every_directive_is_honoured_but_those_that_are_meant_to_differ() {
    let line = format!("dhcpcd --explain --nobackground -f {LINUXKIT} -1");
    let (ended, _room) = explained(&line);

    assert_eq!(ended.code(), Some(0), "{ended:?}");
    assert_eq!(noted(&ended, LINUXKIT), effective(linuxkit::CONFIGURATION));
    let differs: Vec<&str> = ended
        .stdout
        .lines()
        .filter(|line| line.starts_with(LINUXKIT) && !line.ends_with(": honoured"))
        .collect();
    let [slaac, waitip] = differs.as_slice() else {
        panic!("{differs:#?}");
    };
    assert!(slaac.contains(NO_IPV6), "{slaac}");
    assert!(
        waitip.contains("waitip 4: different: it holds with --nobackground too"),
        "{waitip}"
    );
    assert_lines(
        &ended,
        &[
            "command line: --nobackground: honoured",
            "command line: -1: different: the lease ends the run with status 0, and the timeout",
            "script: none",
            "resolver file: the program",
        ],
    );
}

#[test]
fn of_debians_dhcpcd_conf_every_directive_is_honoured_but_slaac() {
    let (ended, room) = explained("dhcpcd --explain");

    assert_eq!(ended.code(), Some(0), "{ended:?}");
    let text = room.host().read(DEBIAN_DHCPCD).expect("it is there");
    assert_eq!(noted(&ended, DEBIAN_DHCPCD), effective(&text));
    let differs: Vec<&str> = ended
        .stdout
        .lines()
        .filter(|line| line.starts_with(DEBIAN_DHCPCD) && !line.ends_with(": honoured"))
        .collect();
    let [slaac] = differs.as_slice() else {
        panic!("{differs:#?}");
    };
    assert!(slaac.contains(NO_IPV6), "{slaac}");
    assert_lines(&ended, &["pid file: /run/dhcpcd/pid"]);
}

#[test]
fn of_debians_dhclient_conf_every_statement_is_honoured() {
    let (ended, _room) = explained("dhclient --explain eth0");

    assert_eq!(ended.code(), Some(0), "{ended:?}");
    let notes: Vec<&str> = ended
        .stdout
        .lines()
        .filter(|line| line.starts_with(DEBIAN_DHCLIENT))
        .collect();
    assert!(!notes.is_empty(), "{}", ended.stdout);
    for word in [
        "option rfc3442-classless-static-routes code 121",
        "send host-name = gethostname()",
        "request subnet-mask, broadcast-address",
    ] {
        let fate = notes.iter().find(|note| note.contains(word));
        let fate = fate.unwrap_or_else(|| panic!("no {word:?} in {notes:#?}"));
        assert!(fate.ends_with(": honoured"), "{fate}");
    }
    assert_lines(
        &ended,
        &[
            "script: /sbin/dhclient-script, run at each change",
            "address: the script",
            "lease file: /var/lib/dhcp/dhclient.leases",
            "pid file: /run/dhclient.pid",
        ],
    );
}

#[test]
fn a_line_that_is_not_had_makes_the_exit_status_1() {
    let bed = Testbed::new();
    let room = Room::new(&bed.client, "box1", |furniture| {
        debian(furniture, &[]);
        furniture
            .file("/etc/dhcpcd.own", "noarp\nfrobnicate 7\n")
            .file("/etc/dhclient.own", "timeout 7;\nfrobnicate 7;\n");
    });
    for (line, path) in [
        (
            "dhcpcd --explain -f /etc/dhcpcd.own eth0",
            "/etc/dhcpcd.own",
        ),
        (
            "dhclient --explain -cf /etc/dhclient.own eth0",
            "/etc/dhclient.own",
        ),
    ] {
        let ended = room.run(Room::words(&format!("{CLIENT} compat {line}")));
        assert_eq!(ended.code(), Some(1), "{line}: {ended:?}");
        assert_lines(&ended, &[&format!("{path}:2: frobnicate 7: missing: ")]);
        let first = format!("{path}:1: ");
        let honoured = |line: &str| line.starts_with(&first) && line.ends_with(": honoured");
        assert!(ended.stdout.lines().any(honoured), "{}", ended.stdout);
    }
}
