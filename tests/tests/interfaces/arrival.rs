//! Interfaces that come, go, and are others than they were.

use std::net::Ipv4Addr;

use calfkit_tests::{
    Cable, Client, SOON, Server, Terms, Testbed,
    message::{Kind, code},
    testbed::mac_text,
    until,
};

use crate::{resolvers, wait_for_run};

const FIRST_LEASE: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 100);
const SECOND_LEASE: Ipv4Addr = Ipv4Addr::new(10, 78, 0, 100);

/// A run on the first cable, which has its lease, with the second one yet to come.
fn with_one_to_come() -> (Testbed, Server, Client) {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let mut client = Client::start_on(&bed, &[], &[]);
    client.wait_for_event_of("eth0", "bound", SOON);
    (bed, server, client)
}

#[test]
fn case_087_an_interface_that_appears_while_others_are_served_is_served_too() {
    let (bed, _server, mut client) = with_one_to_come();
    let monitor = bed.address_monitor();
    let _second = bed.plug_in_served(&Cable::SECOND);
    client.wait_for_event_of("eth1", "bound", SOON);
    assert_eq!(bed.client.served_names(), ["eth0", "eth1"]);
    assert!(monitor.removed().is_empty(), "{:?}", monitor.removed());
}

#[test]
fn case_087_a_run_that_found_no_interface_serves_the_first_that_appears() {
    let bed = Testbed::new();
    bed.unplug(&Cable::FIRST);
    let mut client = Client::start_on(&bed, &[], &[]);
    wait_for_run(&bed);
    let _server = bed.plug_in_served(&Cable::SECOND);
    client.wait_for_event_of("eth1", "bound", SOON);
    assert_eq!(resolvers(&bed), ["10.78.0.1"]);
}

#[test]
fn case_087_once_waits_for_an_interface_and_leaves_it_configured() {
    let bed = Testbed::new();
    bed.unplug(&Cable::FIRST);
    let mut client = Client::start_on(&bed, &[], &["--once"]);
    wait_for_run(&bed);
    let _server = bed.plug_in_served(&Cable::SECOND);
    assert!(client.wait_exit(SOON).success(), "{}", client.said());
    assert_eq!(bed.addresses_on("eth1")[0].address, SECOND_LEASE);
}

#[test]
fn case_087_a_name_that_dhcpcd_is_given_is_waited_for() {
    let bed = Testbed::new();
    let mut command = bed.client.command(Client::program());
    command.args(["compat", "dhcpcd", "-1", "-B", "-A", "-t", "50", "eth1"]);
    let client = calfkit_tests::process::Process::start(command);
    let waits = |line: &String| line.contains("eth1") && line.contains("waiting");
    assert!(
        client.stderr().wait_for(SOON, waits).is_some(),
        "{client:?}"
    );
    let _server = bed.plug_in_served(&Cable::SECOND);
    let said = calfkit_tests::said::Said::of(&mut { client });
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(bed.addresses_on("eth1")[0].address, SECOND_LEASE);
}

#[test]
fn case_088_one_that_is_deleted_and_made_again_is_served_as_a_new_one() {
    let (bed, _server, mut client) = with_one_to_come();
    let second = bed.plug_in_served(&Cable::SECOND);
    client.wait_for_event_of("eth1", "bound", SOON);
    drop(second);
    bed.unplug(&Cable::SECOND);
    client.wait_for_line("eth1: the interface was removed", SOON);

    let _second = bed.plug_in_served(&Cable::SECOND);
    client.wait_for_event_of("eth1", "bound", SOON);

    assert_eq!(bed.client.served_names(), ["eth0", "eth1"]);
    assert_eq!(resolvers(&bed), ["10.77.0.1", "10.78.0.1"]);
    assert_eq!(bed.addresses_on("eth1")[0].address, SECOND_LEASE);
}

#[test]
fn case_088_a_named_one_that_is_deleted_and_made_again_is_served_again() {
    let bed = Testbed::new();
    let second = bed.plug_in_served(&Cable::SECOND);
    let mut client = Client::start_on(&bed, &["eth1"], &[]);
    client.wait_for_event_of("eth1", "bound", SOON);
    drop(second);
    bed.unplug(&Cable::SECOND);
    client.wait_for_line("eth1: the interface was removed", SOON);

    let _second = bed.plug_in_served(&Cable::SECOND);
    client.wait_for_event_of("eth1", "bound", SOON);
    assert_eq!(resolvers(&bed), ["10.78.0.1"]);
}

#[test]
fn case_088_one_that_goes_in_the_middle_of_an_exchange_troubles_no_other() {
    let (bed, server, client) = with_one_to_come();
    let second = bed.plug_in_served(&Cable::SECOND);
    second.ignore_next(usize::MAX);
    let asked = second.wait_received(0, Kind::DISCOVER, SOON);
    assert!(asked.is_some(), "{}", client.said());
    drop(second);
    bed.unplug(&Cable::SECOND);
    client.wait_for_line("eth1: the interface was removed", SOON);

    let from = server.log().position();
    assert_eq!(bed.client.ctl(&["renew"]).success(), ["renewing eth0"]);
    assert!(server.wait_sent(from, Kind::ACK, SOON).is_some());
    assert_eq!(bed.addresses()[0].address, FIRST_LEASE);
    let said = client.process().stderr_text();
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn case_088_one_that_is_renamed_is_served_under_its_new_name_and_asks_for_its_old_address() {
    let (bed, _server, mut client) = with_one_to_come();
    let second = bed.plug_in_served(&Cable::SECOND);
    client.wait_for_event_of("eth1", "bound", SOON);
    let from = second.log().position();

    bed.client.ip("link set eth1 down");
    bed.client.ip("link set eth1 name lan1");
    bed.client.ip("link set lan1 up");
    client.wait_for_line("eth1: is called lan1 now", SOON);
    client.wait_for_event_of("lan1", "bound", SOON);

    assert_eq!(bed.client.served_names(), ["eth0", "lan1"]);
    assert_eq!(bed.addresses_on("lan1")[0].address, SECOND_LEASE);
    // RFC 2131 section 3.2: a client that remembers its address begins with DHCPREQUEST.
    let messages = second.log().entries();
    let first = messages[from..].iter().find(|seen| !seen.sent);
    let first = &first.expect("it asked").message;
    assert_eq!(first.kind(), Kind::REQUEST);
    assert_eq!(
        first.address_option(code::REQUESTED_ADDRESS),
        Some(SECOND_LEASE)
    );
}

#[test]
fn case_090_another_hardware_address_starts_anew_with_that_address() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let mut client = Client::start(&bed, &[]);
    client.wait_for_event("bound", SOON);
    let from = server.log().position();
    // Arbitrary.
    let mac = [0x02, 0, 0, 0x77, 0, 0x99];

    bed.client
        .ip(&format!("link set eth0 address {}", mac_text(mac)));
    let asked = server.wait_received(from, Kind::DISCOVER, SOON);
    let (_, asked) = asked.unwrap_or_else(|| panic!("no DHCPDISCOVER; {}", client.said()));
    assert_eq!(asked.message.chaddr, mac);
    // RFC 2132 section 9.14: type 1 is the hardware address.
    let identifier = [&[1][..], &mac].concat();
    assert_eq!(
        asked.message.option(code::CLIENT_IDENTIFIER),
        Some(identifier.as_slice())
    );
    client.wait_for_event("bound", SOON);
    assert_eq!(bed.addresses()[0].address, FIRST_LEASE);
}

#[test]
fn case_090_one_that_is_set_down_and_up_again_has_its_address_confirmed_and_its_routes_back() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let mut client = Client::start(&bed, &[]);
    client.wait_for_event("bound", SOON);
    let routes = bed.routes();
    assert_eq!(routes.len(), 2, "{routes:?}");
    let from = server.log().position();

    bed.client.ip("link set eth0 down");
    assert_eq!(bed.routes(), [], "the kernel takes them away");
    bed.client.ip("link set eth0 up");
    client.wait_for_event("bound", SOON);

    let back = || (bed.routes() == routes).then_some(());
    until(SOON, back).unwrap_or_else(|| panic!("{:?}; {}", bed.routes(), client.said()));
    assert_eq!(bed.addresses()[0].address, FIRST_LEASE);
    let messages = server.log().entries();
    let kinds: Vec<_> = messages[from..].iter().map(|m| m.message.kind()).collect();
    assert_eq!(kinds, [Kind::REQUEST, Kind::ACK]);
}
