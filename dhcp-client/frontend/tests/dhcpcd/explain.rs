//! What `--explain` says of a run before it is one.

use dhcp_frontend::{explain::explain, setup::Fate};

use crate::bed::Bed;

#[test]
fn each_word_has_a_line_with_its_place_and_fate() {
    let bed = Bed::with("noarp\nslaac private\n");
    let (text, status) = explain(&bed.run("-1 -m 7"), &bed);
    assert_eq!(status, 0);
    for line in [
        "/etc/dhcpcd.conf:1: noarp: honoured\n",
        "/etc/dhcpcd.conf:2: slaac private: ignored: IPv6 is not spoken yet;",
        "command line: -1: different: the lease ends the run with status 0",
        "command line: -m 7: honoured\n",
    ] {
        assert!(text.contains(line), "{line:?} in {text}");
    }
}

#[test]
fn something_that_is_missing_makes_the_status_1() {
    let bed = Bed::with("frobnicate 7\n");
    let setup = bed.run("");
    let (text, status) = explain(&setup, &bed);
    assert_eq!(status, 1);
    let line = "/etc/dhcpcd.conf:1: frobnicate 7: missing: dhcpcd has no such directive\n";
    assert!(text.contains(line), "{text}");
    let mut mended = setup;
    mended
        .notes
        .retain(|note| !matches!(note.fate, Fate::Missing(_)));
    assert_eq!(explain(&mended, &bed).1, 0);
}

#[test]
fn without_scripts_the_program_does_all() {
    let bed = Bed::default();
    let (text, _) = explain(&bed.run("eth0"), &bed);
    let (_, doers) = text.split_once("\n\n").expect("two parts");
    assert_eq!(
        doers,
        "\
script: none
address: the program
routes: the program
default route: the program
resolver file: the program
MTU of the link: the program
host name: the program, where the host has no name of its own
lease file: /var/lib/dhcpcd/INTERFACE.lease
pid file: /run/dhcpcd/eth0.pid
leases are remembered in /var/lib/dhcp-client, and lease files of other clients are not read
"
    );
}

#[test]
fn a_script_is_named_with_the_hooks_that_it_skips() {
    let path = "/usr/lib/dhcpcd/dhcpcd-run-hooks";
    let bed = Bed::with("nohook resolv.conf\nnogateway").program(path);
    let (text, _) = explain(&bed.run(""), &bed);
    for line in [
        "script: /usr/lib/dhcpcd/dhcpcd-run-hooks, run at each change\n",
        "hooks that do not run: resolv.conf, hostname, mtu\n",
        "resolver file: the script, if anybody\n",
        "default route: the script, if anybody\n",
    ] {
        assert!(text.contains(line), "{line:?} in {text}");
    }
    let (text, _) = explain(&bed.run("-c /nowhere --noconfigure"), &bed);
    for line in [
        "script: /nowhere, to be run at each change, but not there\n",
        "address: the script\n",
        "resolver file: the script\n",
    ] {
        assert!(text.contains(line), "{line:?} in {text}");
    }
}

#[test]
fn each_interface_with_a_block_has_its_own_lines() {
    let bed = Bed::with("interface eth0\nnohook resolv.conf\ninterface eth1\nnoipv4\n");
    let (text, _) = explain(&bed.run(""), &bed);
    for line in [
        "\nresolver file: the program\n",
        "eth0: resolver file: nobody\n",
        "eth1: the interface is left alone\n",
    ] {
        assert!(text.contains(line), "{line:?} in {text}");
    }
}
