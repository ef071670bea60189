//! A client that runs: two of them would fight over the address.

use std::net::Ipv4Addr;

use calfkit_tests::{Cable, Client, SOON, Server, Terms, Testbed, rival::Rival};
use nix::sys::signal::Signal;

use crate::refusal;

const LEASE: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 100);

/// Asserts that `rival`, called `name`, keeps `eth0`, and that nothing was done there.
fn assert_it_keeps_the_interface(bed: &Testbed, server: &Server, rival: &Rival, name: &str) {
    let monitor = bed.address_monitor();
    let (addresses, routes) = (bed.addresses().len(), bed.routes());
    let from = server.log().position();

    let said = refusal(bed, &[]);

    let who = format!("eth0: {name} (process {}) serves it", rival.pid());
    assert!(said.contains(&who), "{said}");
    assert!(said.contains("--takeover"), "{said}");
    assert_eq!(monitor.changes().entries(), []);
    assert_eq!(bed.addresses().len(), addresses);
    assert_eq!(bed.routes(), routes);
    assert_eq!(server.log().position(), from, "nothing was sent");
}

#[test]
fn a_dhclient_that_runs_keeps_the_interface_and_one_line_names_it_and_what_it_has_there() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let rival = Rival::dhclient(&bed, "eth0");
    assert_it_keeps_the_interface(&bed, &server, &rival, "dhclient");
    let said = refusal(&bed, &[]);
    assert!(said.contains("has address 10.77.0.100/24"), "{said}");
}

#[test]
fn a_udhcpc_that_runs_keeps_the_interface() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let rival = Rival::udhcpc(&bed, "eth0");
    assert_it_keeps_the_interface(&bed, &server, &rival, "udhcpc");
}

#[test]
fn a_dhcpcd_whose_title_names_the_interface_keeps_it() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let rival = Rival::pretended(&bed, "dhcpcd", "dhcpcd: eth0 [ip4]");
    assert_it_keeps_the_interface(&bed, &server, &rival, "dhcpcd");
}

#[test]
fn one_on_another_interface_or_in_another_network_is_in_nobodys_way() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let _second = bed.plug_in_served(&Cable::SECOND);
    let _rival = Rival::udhcpc(&bed, "eth1");
    let elsewhere = Testbed::new();
    let _elsewhere = Rival::pretended(&elsewhere, "dhcpcd", "dhcpcd: eth0 [ip4]");

    let mut client = Client::start(&bed, &[]);
    client.wait_for_event("bound", SOON);
    assert_eq!(bed.addresses_on("eth1").len(), 1);
}

#[test]
fn one_that_says_not_which_interfaces_it_serves_is_believed_by_what_it_left_there() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let rival = Rival::pretended(&bed, "systemd-networkd", "/lib/systemd/systemd-networkd");
    let mut client = Client::start(&bed, &["--state-dir", ""]);
    client.wait_for_event("bound", SOON);
    client.signal(Signal::SIGTERM);
    assert!(client.wait_exit(SOON).success(), "{}", client.said());

    bed.client.ip("address add 10.77.0.100/24 dev eth0");
    bed.client
        .ip("route add default via 10.77.0.1 dev eth0 proto dhcp src 10.77.0.100");
    assert_it_keeps_the_interface(&bed, &server, &rival, "systemd-network");
}

#[test]
fn takeover_serves_the_interface_beside_the_other_client_and_its_address_never_goes() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let _rival = Rival::udhcpc(&bed, "eth0");
    let monitor = bed.address_monitor();

    let mut client = Client::start(&bed, &["--takeover"]);
    client.wait_for_event("bound", SOON);

    let addresses: Vec<_> = bed.addresses().iter().map(|it| it.address).collect();
    assert_eq!(addresses, [LEASE]);
    assert!(monitor.removed().is_empty(), "{:?}", monitor.removed());
}

#[test]
fn without_names_an_interface_that_another_client_serves_is_left_to_it_and_the_other_is_served() {
    let bed = Testbed::new();
    let first = Server::start(&bed, Terms::default());
    let _second = bed.plug_in_served(&Cable::SECOND);
    let _rival = Rival::pretended(&bed, "dhclient", "dhclient eth0");

    let mut client = Client::start_on(&bed, &[], &[]);
    client.wait_for_event_of("eth1", "bound", SOON);
    client.wait_for_line("dhclient (process", SOON);

    assert_eq!(bed.client.served_names(), ["eth1"]);
    assert_eq!(bed.addresses_on("eth0"), []);
    assert!(first.log().entries().is_empty(), "eth0 was asked on");
}

#[test]
fn of_two_runs_on_one_interface_the_second_is_refused_with_one_line_whatever_it_says() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let mut first = Client::start(&bed, &[]);
    first.wait_for_event("bound", SOON);
    let monitor = bed.address_monitor();
    let from = server.log().position();

    for options in [&[][..], &["--once"], &["--takeover"]] {
        let said = refusal(&bed, options);
        assert!(
            said.contains("eth0: another dhcp-client serves it"),
            "{said}"
        );
    }

    assert_eq!(server.log().position(), from, "nothing was sent");
    assert_eq!(bed.client.served_names(), ["eth0"], "its socket is its own");
    first.signal(Signal::SIGUSR1);
    first.wait_for_event("renewed", SOON);
    assert!(monitor.removed().is_empty(), "{:?}", monitor.removed());
}

#[test]
fn a_killed_run_keeps_nobody_from_the_interface() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let mut first = Client::start(&bed, &[]);
    first.wait_for_event("bound", SOON);
    let monitor = bed.address_monitor();
    first.signal(Signal::SIGKILL);
    assert!(!first.wait_exit(SOON).success());

    let mut second = Client::start(&bed, &[]);
    second.wait_for_event("bound", SOON);
    assert_eq!(bed.addresses()[0].address, LEASE);
    assert!(monitor.removed().is_empty(), "{:?}", monitor.removed());
}
