//! What there is in the container, and what the program makes of words it does not know.

use std::{fs, io::ErrorKind, path::PathBuf};

use calfkit_tests::{
    Server, Terms, Testbed,
    capabilities::LINUXKIT,
    linuxkit::{CONFIGURATION, ONBOOT, SERVICE, container, machine},
};

use crate::{LEASED, addresses, ended, is_leased, leases};

// Case 97, with the surroundings looked at so that it says what it claims.
#[test]
fn case_097_four_capabilities_a_root_that_cannot_be_written_and_an_empty_etc_are_enough() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let machine = machine(&bed, "linuxkit-box");

    let service = container(&machine, SERVICE, CONFIGURATION);
    is_leased(&service);

    assert_eq!(addresses(&bed), [LEASED]);
    let process = PathBuf::from(format!("/proc/{}", service.first().pid()));
    let status = fs::read_to_string(process.join("status")).unwrap();
    for set in ["CapEff", "CapPrm", "CapBnd"] {
        let line = format!("{set}:\t{LINUXKIT:016x}");
        assert!(status.lines().any(|it| it == line), "{set}: {status}");
    }
    let names = |folder: &str| {
        let entries = fs::read_dir(process.join("root").join(folder)).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names("etc"), ["resolv.conf"]);
    assert_eq!(names("sbin"), ["dhcpcd"]);
    let written = fs::write(process.join("root/file"), "");
    assert_eq!(written.unwrap_err().kind(), ErrorKind::ReadOnlyFilesystem);
    let log = service.first().stderr_text();
    assert!(!log.contains("failed") && !log.contains("cannot"), "{log}");
}

#[test]
fn case_098_an_unknown_directive_is_warned_of_and_the_rest_of_the_file_holds() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let machine = machine(&bed, "linuxkit-box");
    let configuration = CONFIGURATION.replace("waitip 4\n", "frobnicate 7\nvendorclassid acme\n");

    let log = leases(&mut container(&machine, ONBOOT, &configuration));

    let warnings: Vec<&String> = log
        .iter()
        .filter(|line| line.contains("frobnicate"))
        .collect();
    assert_eq!(warnings.len(), 1, "{log:#?}");
    let log = server.log().entries();
    assert_eq!(log[0].message.option(60), Some(b"acme".as_slice()));
}

#[test]
fn case_098_an_unknown_flag_ends_it_with_usage_and_nothing_is_touched() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let machine = machine(&bed, "linuxkit-box");

    let line = format!("{ONBOOT} --frobnicate");
    let (status, log) = ended(&mut container(&machine, &line, CONFIGURATION));

    assert_eq!(status, Some(1));
    assert!(
        log.iter().any(|line| line.contains("--frobnicate")),
        "{log:#?}"
    );
    assert!(
        log.iter().any(|line| line.starts_with("Usage: dhcpcd")),
        "{log:#?}"
    );
    assert_eq!(server.log().position(), 0);
}

// The four capabilities have CAP_SYS_ADMIN among them for this and nothing else.
#[test]
fn a_machine_without_a_name_gets_the_name_of_its_lease_and_one_with_a_name_keeps_it() {
    for (name, after) in [
        ("localhost", "given.example.test"),
        ("linuxkit-box", "linuxkit-box"),
    ] {
        let bed = Testbed::new();
        let terms = Terms {
            further: vec![(12, b"given".to_vec())],
            ..Terms::default()
        };
        let _server = Server::start(&bed, terms);
        let machine = machine(&bed, name);

        leases(&mut container(&machine, ONBOOT, CONFIGURATION));

        assert_eq!(machine.name(), after, "{name}");
    }
}

#[test]
fn interfaces_that_the_file_does_not_allow_are_left_alone() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    bed.client.ip("link set eth0 down");
    bed.client.ip("link set eth0 name lan0");
    let machine = machine(&bed, "linuxkit-box");

    let line = format!("{ONBOOT} -t 2");
    let (status, log) = ended(&mut container(&machine, &line, CONFIGURATION));

    assert_eq!(status, Some(1), "{log:#?}");
    assert!(!log.iter().any(|line| line.contains("lan0")), "{log:#?}");
    assert_eq!(server.log().position(), 0);
    let shown = bed.client.ip("link show dev lan0");
    assert!(shown.contains("state DOWN"), "{shown}");
}
