//! Scripts that are careless, and servers that count on it.

use std::net::Ipv4Addr;

use calfkit_tests::{
    Room, Server, Terms, Testbed,
    message::{Kind, code},
};

use crate::surroundings::{LEASED, SOON, addresses, debian, succeeds};

/// A Debian with this script and the clients.
fn room(bed: &Testbed, script: &'static str) -> Room {
    Room::new(&bed.client, "box1", move |furniture| {
        debian(furniture, &["udhcpc", "dhclient"]);
        furniture.script("/opt/script", script);
    })
}

/// Evaluates what it is told, as no script should.
const NAIVE: &str = "#!/bin/sh\neval \"R=$rootpath F=$bootfile M=$message\"\n[ \"$1\" != bound ] || : > /run/bound\n";

/// What a server says that wants to run something.
const HOSTILE: [&str; 4] = [
    "$(touch /run/hurt)",
    "`touch /run/hurt`",
    "x; touch /run/hurt",
    "'\n touch /run/hurt\n'",
];

#[test]
fn a_value_that_a_shell_would_run_does_not_reach_a_script() {
    for value in HOSTILE {
        let bed = Testbed::new();
        let octets = value.as_bytes().to_vec();
        let terms = Terms {
            further: vec![(17, octets.clone()), (67, octets.clone()), (56, octets)],
            ..Terms::default()
        };
        let _server = Server::start(&bed, terms);
        let room = room(&bed, NAIVE);

        let line = "udhcpc -f -n -q -i eth0 -s /opt/script";
        succeeds(&room.run(Room::words(line)));

        assert!(room.host().read("/run/bound").is_ok(), "the script ran");
        assert!(room.host().read("/run/hurt").is_err(), "{value:?} was run");

        // The control: told of it as it came, the script is hurt.
        let mut told = Room::command("/opt/script");
        told.arg("bound").env("rootpath", value.replace('\'', ""));
        let _whatever = room.run(told);
        assert!(
            room.host().read("/run/hurt").is_ok(),
            "{value:?} is harmless"
        );
    }
}

#[test]
fn a_script_of_dhclients_that_fails_has_the_address_declined() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let room = room(&bed, "#!/bin/sh\n[ \"$reason\" != BOUND ]\n");
    let mut command = Room::words("dhclient -d -sf /opt/script -lf /run/leases -pf /run/pid eth0");
    command.env("LC_ALL", "C");

    let _client = room.start(command);

    let (_, declined) = server
        .wait_received(0, Kind::DECLINE, SOON)
        .expect("a DHCPDECLINE");
    let address = declined.message.address_option(code::REQUESTED_ADDRESS);
    assert_eq!(address, Some(LEASED));
    assert_eq!(declined.message.ciaddr, Ipv4Addr::UNSPECIFIED);
}

/// Writes twelve megabytes, and leaves a process that holds its outputs.
const NOISY: &str = "\
#!/bin/sh
yes 'a line of no interest' | head -c 6000000
yes 'a line of no interest' | head -c 6000000 >&2
sleep 1000 &
[ \"$1\" != bound ] || ip address add $ip/$mask dev $interface
";

#[test]
fn a_script_that_writes_megabytes_and_leaves_a_process_holds_nobody_up() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let room = room(&bed, NOISY);

    let line = "udhcpc -f -n -q -i eth0 -s /opt/script";
    let mut command = Room::command("sh");
    command.args(["-c", &format!("{line} > /dev/null 2>&1")]);
    succeeds(&room.run(command));

    assert_eq!(addresses(&bed), [LEASED]);
}

// udhcpc's scripts have their caller's environment, dhclient's do not: callers of either count on it.
#[test]
fn whether_a_script_has_its_callers_environment_is_as_the_original_has_it() {
    for (line, told, expected) in [
        ("udhcpc -f -n -q -i eth0 -s /opt/script", "bound", true),
        (
            "dhclient -1 -sf /opt/script -lf /run/leases -pf /run/pid eth0",
            "BOUND",
            false,
        ),
    ] {
        let bed = Testbed::new();
        let _server = Server::start(&bed, Terms::default());
        let room = room(&bed, "#!/bin/sh\nenv > /run/told.${reason:-$1}\n");

        let mut command = Room::words(line);
        command.env("CALLERS", "7");
        succeeds(&room.run(command));

        let told = room.host().read(format!("/run/told.{told}")).unwrap();
        assert!(told.contains("10.77.0.100\n"), "{told}");
        assert_eq!(told.contains("CALLERS=7"), expected, "{line}: {told}");
    }
}
