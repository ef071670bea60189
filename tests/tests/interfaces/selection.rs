//! Which interfaces are served where none is named.

use std::net::Ipv4Addr;

use calfkit_tests::{
    Cable, Client, SOON, Server, Terms, Testbed, process::Process, said::Said, testbed::Address,
};
use nix::sys::signal::Signal;

use crate::{FOURTH, THIRD};

/// A host with two network cards, a container's cable, and a bridge with a port and an address, and a server
/// on every cable.
fn crowded() -> (Testbed, [Server; 4]) {
    let bed = Testbed::new();
    for cable in [Cable::SECOND, THIRD, FOURTH] {
        bed.plug_in(&cable);
    }
    bed.client.ip("link add docker0 type bridge");
    bed.client.ip("link set eth5 master docker0");
    bed.client.ip("address add 172.17.0.1/16 dev docker0");
    bed.client.ip("link set docker0 up");
    let servers = [Cable::FIRST, Cable::SECOND, THIRD, FOURTH]
        .map(|cable| Server::start_on(&bed, &cable, Terms::on(&cable)));
    (bed, servers)
}

fn address(text: &str) -> Ipv4Addr {
    text.parse().expect("an address")
}

fn addresses(found: &[Address]) -> Vec<Ipv4Addr> {
    found.iter().map(|entry| entry.address).collect()
}

#[test]
fn case_089_without_names_cards_are_served_and_bridges_their_ports_and_containers_cables_are_not() {
    let (bed, servers) = crowded();
    let mut client = Client::start_on(&bed, &[], &[]);
    client.wait_for_event_of("eth0", "bound", SOON);
    client.wait_for_event_of("eth1", "bound", SOON);

    assert_eq!(bed.client.served_names(), ["eth0", "eth1"]);
    assert_eq!(
        addresses(&bed.addresses_on("docker0")),
        [address("172.17.0.1")]
    );
    for link in ["veth7", "eth5"] {
        assert_eq!(bed.addresses_on(link), [], "{link}");
    }
    client.signal(Signal::SIGTERM);
    assert!(client.wait_exit(SOON).success(), "{}", client.said());
    assert_eq!(
        addresses(&bed.addresses_on("docker0")),
        [address("172.17.0.1")]
    );
    for (server, link) in servers[2..].iter().zip(["veth7", "eth5"]) {
        assert!(server.log().entries().is_empty(), "{link} was asked on");
    }
}

#[test]
fn control_a_containers_cable_is_served_where_the_operator_allows_it() {
    let (bed, _servers) = crowded();
    let mut client = Client::start_on(&bed, &[], &["--allow", "veth*"]);
    client.wait_for_event_of("veth7", "bound", SOON);
    assert_eq!(bed.client.served_names(), ["veth7"]);
    assert_eq!(bed.addresses_on("eth0"), []);
}

#[test]
fn a_port_is_never_served_whatever_is_allowed_and_its_bridge_is_by_name() {
    let (bed, _servers) = crowded();
    let mut client = Client::start_on(&bed, &[], &["--allow", "eth*"]);
    client.wait_for_event_of("eth0", "bound", SOON);
    client.wait_for_event_of("eth1", "bound", SOON);
    assert_eq!(bed.client.served_names(), ["eth0", "eth1"]);
    assert_eq!(bed.addresses_on("eth5"), []);

    let mut bridge = Client::start_on(&bed, &["docker0"], &[]);
    // The server at the port's cable is the bridge's.
    let bound = bridge.wait_for_event_of("docker0", "bound", SOON);
    assert_eq!(bound["address"], "10.80.0.100/24");
    assert_eq!(
        addresses(&bed.addresses_on("docker0")),
        [address("172.17.0.1"), address("10.80.0.100")]
    );
}

#[test]
fn what_is_denied_is_not_served_also_where_it_is_allowed() {
    let (bed, servers) = crowded();
    let options = ["--allow", "eth[01]", "--deny", "eth0"];
    let mut client = Client::start_on(&bed, &[], &options);
    client.wait_for_event_of("eth1", "bound", SOON);
    assert_eq!(bed.client.served_names(), ["eth1"]);
    let asked = servers[0].log().entries();
    assert!(asked.is_empty(), "eth0 was asked on: {asked:?}");
}

#[test]
fn a_name_is_served_whatever_is_denied_and_nothing_else_is() {
    let (bed, _servers) = crowded();
    let mut client = Client::start_on(&bed, &["veth7"], &["--deny", "*"]);
    client.wait_for_event_of("veth7", "bound", SOON);
    assert_eq!(bed.client.served_names(), ["veth7"]);
}

#[test]
fn a_glob_that_is_none_is_wrong_usage_and_is_named() {
    let bed = Testbed::new();
    for option in ["--allow", "--deny"] {
        let said = Said::by(Client::command_on(&bed, &[], &[option, "eth["])).refusal(64);
        assert!(said.contains("eth["), "{said}");
    }
}

#[test]
fn an_interface_that_becomes_a_port_is_let_go_and_served_again_when_it_is_none() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let mut client = Client::start_on(&bed, &[], &[]);
    client.wait_for_event_of("eth0", "bound", SOON);
    bed.client.ip("link add br-lan type bridge");

    bed.client.ip("link set eth0 master br-lan");
    client.wait_for_line("part of another interface", SOON);
    calfkit_tests::until(SOON, || bed.client.served_names().is_empty().then_some(()))
        .expect("it is not served any more");
    assert_eq!(bed.addresses(), []);

    bed.client.ip("link set eth0 nomaster");
    client.wait_for_event_of("eth0", "bound", SOON);
    assert_eq!(addresses(&bed.addresses()), [address("10.77.0.100")]);
}

#[test]
fn without_names_an_interface_that_another_run_serves_is_left_to_it_and_the_other_is_served() {
    let bed = Testbed::new();
    let _first = Server::start(&bed, Terms::default());
    let _second = bed.plug_in_served(&Cable::SECOND);
    let mut other = Client::start_on(&bed, &["eth0"], &["--run-dir", ""]);
    other.wait_for_event("bound", SOON);
    let monitor = bed.address_monitor();

    let mut client = Client::start_on(&bed, &[], &[]);
    client.wait_for_event_of("eth1", "bound", SOON);
    client.wait_for_line("eth0: another dhcp-client serves it", SOON);

    assert_eq!(bed.client.served_names(), ["eth1"]);
    client.signal(Signal::SIGTERM);
    assert!(client.wait_exit(SOON).success(), "{}", client.said());
    assert_eq!(monitor.removed(), [address("10.78.0.100")]);
    other.signal(Signal::SIGUSR1);
    other.wait_for_event("renewed", SOON);
}

#[test]
fn where_nothing_is_to_be_served_once_says_so_after_its_timeout() {
    let bed = Testbed::new();
    bed.unplug(&Cable::FIRST);
    let command = Client::command_on(&bed, &[], &["--once", "--timeout", "1"]);
    let said = Said::of(&mut Process::start(command)).refusal(1);
    assert!(said.contains("no interface"), "{said}");
}
