//! A cable that is pulled, and plugged in again, here or elsewhere.

use std::net::Ipv4Addr;

use calfkit_tests::{
    Cable, Client, SOON, Server, Terms, Testbed,
    message::{Kind, code},
    monitor::AddressChange,
};

use crate::resolvers;

const LEASE: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 100);

#[test]
fn case_086_in_the_same_network_the_lease_is_confirmed_and_nothing_of_it_ever_goes() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let mut client = Client::start(&bed, &[]);
    client.wait_for_event("bound", SOON);
    let (addresses, routes) = (bed.addresses(), bed.routes());
    let monitor = bed.address_monitor();
    let from = server.log().position();

    bed.carrier_down();
    bed.carrier_up();
    let confirmed = client.wait_for_event("bound", SOON);

    assert_eq!(confirmed["address"], "10.77.0.100/24");
    let messages = server.log().entries();
    let [request, ack] = &messages[from..] else {
        panic!("{:?}", &messages[from..]);
    };
    assert_eq!(
        (request.message.kind(), ack.message.kind()),
        (Kind::REQUEST, Kind::ACK)
    );
    // RFC 2131 table 4, INIT-REBOOT: broadcast, ciaddr zero, the address in option 50, no server named.
    assert_eq!(request.peer, Ipv4Addr::UNSPECIFIED);
    assert_eq!(request.message.ciaddr, Ipv4Addr::UNSPECIFIED);
    assert_eq!(
        request.message.address_option(code::REQUESTED_ADDRESS),
        Some(LEASE)
    );
    assert_eq!(request.message.option(code::SERVER_IDENTIFIER), None);
    assert!(monitor.removed().is_empty(), "{:?}", monitor.removed());
    assert_eq!(bed.addresses()[0].address, addresses[0].address);
    assert_eq!(bed.routes(), routes);
    assert_eq!(resolvers(&bed), ["10.77.0.1"]);
}

#[test]
fn case_086_in_another_network_the_server_refuses_and_all_of_the_old_lease_goes() {
    let bed = Testbed::new();
    let old = Server::start(&bed, Terms::default());
    let mut client = Client::start(&bed, &[]);
    client.wait_for_event("bound", SOON);
    let monitor = bed.address_monitor();

    bed.carrier_down();
    drop(old);
    let elsewhere = Cable {
        server_address: Ipv4Addr::new(10, 99, 0, 1),
        server_mac: [0x02, 0, 0, 0x99, 0, 0x01],
        ..Cable::FIRST
    };
    bed.move_server(elsewhere.server_address);
    let server = Server::start_on(&bed, &elsewhere, Terms::on(&elsewhere));
    bed.carrier_up();
    client.wait_for_event("nak", SOON);
    let bound = client.wait_for_event("bound", SOON);

    assert_eq!(bound["address"], "10.99.0.100/24");
    let kinds: Vec<_> = server
        .log()
        .entries()
        .iter()
        .map(|seen| seen.message.kind())
        .collect();
    let whole = [
        Kind::REQUEST,
        Kind::NAK,
        Kind::DISCOVER,
        Kind::OFFER,
        Kind::REQUEST,
        Kind::ACK,
    ];
    assert_eq!(kinds, whole);
    let first = monitor.changes().entries().first().copied();
    assert_eq!(
        first,
        Some(AddressChange::Removed(LEASE)),
        "before there is another"
    );
    let addresses: Vec<_> = bed.addresses().iter().map(|entry| entry.address).collect();
    assert_eq!(addresses, [Ipv4Addr::new(10, 99, 0, 100)]);
    let gateways: Vec<_> = bed.routes().iter().filter_map(|r| r.gateway).collect();
    assert_eq!(gateways, [elsewhere.server_address]);
    assert_eq!(resolvers(&bed), ["10.99.0.1"]);
}

#[test]
fn case_086_a_run_that_started_without_carrier_asks_when_there_is_one() {
    let bed = Testbed::new();
    bed.carrier_down();
    let server = Server::start(&bed, Terms::default());
    let mut client = Client::start(&bed, &[]);
    client.wait_for_event("sandboxed", SOON);
    bed.carrier_up();
    client.wait_for_event("bound", SOON);
    let first = server.log().entries()[0].message.kind();
    assert_eq!(first, Kind::DISCOVER);
}

#[test]
fn case_086_a_loose_contact_costs_no_address() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let mut client = Client::start(&bed, &[]);
    client.wait_for_event("bound", SOON);
    let monitor = bed.address_monitor();
    // Faster than the kernel looks, and then once so that it is told.
    for _ in 0..20 {
        bed.server.ip("link set srv0 down");
        bed.server.ip("link set srv0 up");
    }
    bed.carrier_down();
    bed.carrier_up();
    client.wait_for_event("bound", SOON);
    assert_eq!(bed.client.ctl(&["renew"]).success(), ["renewing eth0"]);
    client.wait_for_event("renewed", SOON);
    assert!(monitor.removed().is_empty(), "{:?}", monitor.removed());
}
