//! What a client that has ended left on the interface: the address is in use, so it must not go for a moment.

use std::net::Ipv4Addr;

use calfkit_tests::{
    Client, SOON, Server, Terms, Testbed, message::Kind, monitor::AddressChange, rival::Rival,
};
use nix::sys::signal::Signal;

const LEASE: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 100);
const FORMER: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 55);

/// A host on which a client that has ended left `address`, a default route through a router that is not the
/// network's any more, and a route of somebody else.
fn inherited(address: Ipv4Addr) -> (Testbed, Server) {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    bed.client.ip(&format!(
        "address add {address}/24 dev eth0 valid_lft 3000 preferred_lft 3000"
    ));
    bed.client.ip(&format!(
        "route add default via 10.77.0.9 dev eth0 proto dhcp src {address} metric 3"
    ));
    bed.client
        .ip("route add 192.0.2.0/24 via 10.77.0.1 dev eth0 proto static");
    (bed, server)
}

/// Asserts that the leased address is the only one, and that its routes and the foreign one are all there are.
fn assert_only_the_lease(bed: &Testbed) {
    let addresses: Vec<_> = bed.addresses().iter().map(|it| it.address).collect();
    assert_eq!(addresses, [LEASE]);
    let metric = 1000 + bed.index_of("eth0");
    // That of the prefix that the kernel makes for an address is its own.
    let mut routes: Vec<_> = bed
        .routes()
        .into_iter()
        .filter(|route| route.protocol != "kernel")
        .map(|route| (route.destination, route.gateway, route.metric))
        .collect();
    routes.sort();
    let router = Some(Ipv4Addr::new(10, 77, 0, 1));
    assert_eq!(
        routes,
        [
            ("10.77.0.0/24".to_owned(), None, metric),
            ("192.0.2.0/24".to_owned(), router, 0),
            ("default".to_owned(), router, metric),
        ]
    );
}

#[test]
fn case_099_the_address_of_a_run_that_left_it_is_taken_over_and_confirmed() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let mut once = Client::start(&bed, &["--once"]);
    assert!(once.wait_exit(SOON).success(), "{}", once.said());
    let monitor = bed.address_monitor();
    let (from, routes) = (server.log().position(), bed.routes());

    let mut client = Client::start(&bed, &[]);
    client.wait_for_event("sandboxed", SOON);
    client.signal(Signal::SIGUSR1);
    assert!(server.wait_sent(from, Kind::ACK, SOON).is_some());

    let messages = server.log().entries();
    let asked: Vec<_> = messages[from..]
        .iter()
        .map(|it| it.message.kind())
        .collect();
    assert!(!asked.contains(&Kind::DISCOVER), "{asked:?}");
    assert_eq!(bed.addresses()[0].address, LEASE);
    assert_eq!(bed.routes(), routes);
    assert!(monitor.removed().is_empty(), "{:?}", monitor.removed());
}

#[test]
fn case_099_the_leased_address_that_another_client_left_never_goes_and_its_stale_route_does() {
    let (bed, _server) = inherited(LEASE);
    let monitor = bed.address_monitor();
    let mut client = Client::start(&bed, &[]);
    client.wait_for_event("bound", SOON);
    assert_only_the_lease(&bed);
    assert!(monitor.removed().is_empty(), "{:?}", monitor.removed());
}

#[test]
fn case_099_another_address_that_another_client_left_goes_when_the_lease_is_in_force() {
    let (bed, _server) = inherited(FORMER);
    let monitor = bed.address_monitor();
    let mut client = Client::start(&bed, &[]);
    client.wait_for_event("bound", SOON);
    assert_only_the_lease(&bed);
    // The kernel takes an address of the same subnet away with the former one; a second entry for it, as a /32,
    // is there meanwhile, so that it never goes.
    assert_eq!(
        monitor.changes().entries(),
        [
            AddressChange::Set(LEASE),
            AddressChange::Removed(FORMER),
            AddressChange::Set(LEASE),
            AddressChange::Removed(LEASE),
        ]
    );
}

#[test]
fn case_099_what_was_taken_over_goes_with_the_lease() {
    let (bed, _server) = inherited(LEASE);
    let mut client = Client::start(&bed, &[]);
    client.wait_for_event("bound", SOON);
    client.signal(Signal::SIGTERM);
    assert!(client.wait_exit(SOON).success(), "{}", client.said());
    assert_eq!(bed.addresses(), []);
}

#[test]
fn case_099_while_there_is_no_lease_what_another_client_left_stays() {
    let (bed, server) = inherited(FORMER);
    server.ignore_next(usize::MAX);
    let monitor = bed.address_monitor();
    let mut client = Client::start(&bed, &["--timeout", "2", "--once"]);
    client.wait_for_event("failed", SOON);
    assert_eq!(client.wait_exit(SOON).code(), Some(1), "{}", client.said());
    assert_eq!(monitor.changes().entries(), []);
    assert_eq!(bed.routes().len(), 3, "{:?}", bed.routes());
}

#[test]
fn case_099_what_a_killed_udhcpc_left_is_taken_over() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let rival = Rival::udhcpc(&bed, "eth0");
    let monitor = bed.address_monitor();
    drop(rival);
    let mut client = Client::start(&bed, &[]);
    client.wait_for_event("bound", SOON);
    assert_eq!(bed.addresses()[0].address, LEASE);
    assert!(monitor.removed().is_empty(), "{:?}", monitor.removed());
}
