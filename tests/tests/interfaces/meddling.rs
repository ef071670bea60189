//! Others who change what is configured, and what is theirs.

use std::net::Ipv4Addr;

use calfkit_tests::{
    Client, SOON, Server, Terms, Testbed, monitor::AddressChange, testbed::Route, until,
};
use nix::sys::signal::Signal;

const LEASE: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 100);

fn bound() -> (Testbed, Server, Client) {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let mut client = Client::start(&bed, &[]);
    client.wait_for_event("bound", SOON);
    (bed, server, client)
}

/// Routes of `protocol` as somebody else made them.
fn of(bed: &Testbed, protocol: &str) -> Vec<Route> {
    let routes = bed.routes().into_iter();
    routes.filter(|route| route.protocol == protocol).collect()
}

#[test]
fn case_091_an_address_that_somebody_deletes_is_put_back_with_its_routes_and_once_only() {
    let (bed, _server, client) = bound();
    let routes = bed.routes();
    let monitor = bed.address_monitor();

    bed.client.ip("address del 10.77.0.100/24 dev eth0");
    client.wait_for_line("somebody removed address 10.77.0.100/24", SOON);
    let all = || (bed.routes() == routes).then_some(());
    until(SOON, all).unwrap_or_else(|| panic!("{:?}; {}", bed.routes(), client.said()));
    assert_eq!(bed.addresses()[0].address, LEASE);
    assert!(
        bed.addresses()[0]
            .valid_seconds
            .is_some_and(|left| left <= 3600),
        "with its lifetime"
    );

    bed.client.ip("address del 10.77.0.100/24 dev eth0");
    client.wait_for_line("it is left so until the next renewal", SOON);
    assert_eq!(bed.addresses(), []);
    let changes = monitor.changes().entries();
    let removed = AddressChange::Removed(LEASE);
    let set = AddressChange::Set(LEASE);
    assert_eq!(changes, [removed, set, removed]);
}

#[test]
fn case_091_what_was_left_deleted_is_back_after_the_next_renewal() {
    let (bed, _server, mut client) = bound();
    let routes = bed.routes();
    for line in ["it was put back", "it is left so until the next renewal"] {
        bed.client.ip("route del default dev eth0");
        client.wait_for_line(line, SOON);
    }
    assert_eq!(bed.routes().len(), routes.len() - 1);

    client.signal(Signal::SIGUSR1);
    client.wait_for_event("renewed", SOON);
    assert_eq!(bed.routes(), routes);
}

#[test]
fn case_091_addresses_and_routes_of_others_stay_through_a_whole_life() {
    let (bed, server, mut client) = bound();
    for words in [
        "address add 10.77.0.200/24 dev eth0",
        "address add 192.0.2.7/32 dev eth0",
        "route add 198.51.100.0/24 via 10.77.0.1 dev eth0 proto static",
        "route add default via 10.77.0.1 dev eth0 proto bird metric 9",
        "route add 203.0.113.0/24 dev eth0 proto static metric 1002",
    ] {
        bed.client.ip(words);
    }
    let theirs = |bed: &Testbed| {
        let own = |address: &Ipv4Addr| *address == LEASE || address.octets()[3] == 101;
        let addresses: Vec<_> = bed.addresses().iter().map(|entry| entry.address).collect();
        let addresses: Vec<_> = addresses.into_iter().filter(|it| !own(it)).collect();
        (addresses, of(bed, "bird"), of(bed, "static"))
    };
    let before = theirs(&bed);
    assert_eq!((before.0.len(), before.1.len(), before.2.len()), (2, 1, 2));

    client.signal(Signal::SIGUSR1);
    client.wait_for_event("renewed", SOON);
    assert_eq!(theirs(&bed), before);

    // Another router, and then another address in the same network.
    server.change(|terms| terms.routers = vec![Ipv4Addr::new(10, 77, 0, 2)]);
    client.signal(Signal::SIGUSR1);
    client.wait_for_event("renewed", SOON);
    assert_eq!(theirs(&bed), before);
    server.change(|terms| terms.address = Ipv4Addr::new(10, 77, 0, 101));
    client.signal(Signal::SIGUSR1);
    client.wait_for_event("bound", SOON);
    assert_eq!(theirs(&bed), before);

    client.signal(Signal::SIGTERM);
    assert!(client.wait_exit(SOON).success(), "{}", client.said());
    assert_eq!(theirs(&bed), before);
    assert_eq!(of(&bed, "dhcp"), []);
}
