//! What no client knows: on a command line it is wrong usage, in a file a warning.

use calfkit_tests::{Room, Server, Terms, Testbed, message::Kind};

use crate::surroundings::{LEASED, addresses, assert_no_address, debian, succeeds};

#[test]
fn a_flag_that_there_is_not_is_wrong_usage_and_asks_the_network_for_nothing() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let names = ["udhcpc", "dhclient", "dhcpcd"];
    let room = Room::new(&bed.client, "box1", move |furniture| {
        debian(furniture, &names);
    });
    for (name, line) in [
        ("udhcpc", "udhcpc -i eth0 -n --frobnicate"),
        ("dhclient", "dhclient -1 --frobnicate eth0"),
        ("dhcpcd", "dhcpcd -1 --frobnicate eth0"),
    ] {
        let ended = room.run(Room::words(line));
        assert_eq!(ended.code(), Some(1), "{line}: {ended:?}");
        let mut lines = ended.stderr.lines();
        let first = lines.next().unwrap_or_default();
        assert!(
            first.starts_with(name) && first.contains("--frobnicate"),
            "{line}: {first}"
        );
        let usage = format!("Usage: {name} ");
        let has_usage = lines.any(|line| line.starts_with(&usage));
        assert!(has_usage, "{line}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{line}");
    }
    assert_no_address(&bed);
    assert!(server.log().entries().is_empty(), "something was asked");
}

#[test]
fn a_directive_that_there_is_not_is_warned_of_and_the_others_count() {
    for (line, path, text) in [
        (
            "dhclient -1 -v -cf /etc/own.conf -sf /bin/true -lf /run/leases -pf /run/pid eth0",
            "/etc/own.conf",
            "frobnicate 7;\nsend host-name \"given\";\n",
        ),
        (
            "dhcpcd -1 -f /etc/own.conf eth0",
            "/etc/own.conf",
            "frobnicate 7\nhostname given\n",
        ),
    ] {
        let bed = Testbed::new();
        let server = Server::start(&bed, Terms::default());
        let room = Room::new(&bed.client, "box1", move |furniture| {
            debian(furniture, &["dhclient", "dhcpcd"]);
            furniture.file(path, text);
        });

        let ended = room.run(Room::words(line));

        succeeds(&ended);
        let warned = |line: &str| line.contains("/etc/own.conf:1") && line.contains("frobnicate");
        assert!(ended.stderr.lines().any(warned), "{line}: {}", ended.stderr);
        let discover = server.first(Kind::DISCOVER);
        assert_eq!(discover.option(12), Some(b"given".as_slice()), "{line}");
        if line.starts_with("dhcpcd") {
            assert_eq!(addresses(&bed), [LEASED]);
        }
    }
}
