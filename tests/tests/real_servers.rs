//! The client with the servers of the field: first lease, renewal on demand, and a server that now is in
//! another network. What takes longer than a few seconds is in `slow_real_servers.rs`.

use std::{net::Ipv4Addr, time::Duration};

use calfkit_tests::{
    Client, Testbed,
    namespace::RESOLVER_FILE,
    servers::{DOMAIN, Product, RealServer, ServerOptions},
    testbed::{PREFIX_LENGTH, SERVER_ADDRESS},
};
use nix::sys::signal::Signal;

/// Long enough for a busy machine; nothing waits this long unless it fails.
const SOON: Duration = Duration::from_secs(25);

const FIRST: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 100);
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(10, 78, 0, 200);

fn first_lease(product: Product) {
    let bed = Testbed::new();
    let options = ServerOptions {
        lease_seconds: 600,
        ..ServerOptions::default()
    };
    let _server = RealServer::start(&bed, product, &options);
    let mut client = Client::start(&bed, &["--once", "--timeout", "20"]);

    let bound = client.wait_for_event("bound", SOON);
    assert!(client.wait_exit(SOON).success(), "{}", client.said());

    assert_eq!(bound["address"], format!("{FIRST}/{PREFIX_LENGTH}"));
    assert_eq!(bound["server"], SERVER_ADDRESS.to_string());
    assert_eq!(bound["lease_seconds"], 600);
    assert_eq!(bound["domain"], DOMAIN);
    let addresses = bed.addresses();
    assert_eq!(addresses.len(), 1, "{addresses:?}");
    assert_eq!(
        (addresses[0].address, addresses[0].prefix_length),
        (FIRST, PREFIX_LENGTH)
    );
    let valid = addresses[0]
        .valid_seconds
        .expect("a leased address has an end");
    assert!((570..=600).contains(&valid), "{valid}");
    let default = bed
        .routes()
        .into_iter()
        .find(|route| route.destination == "default");
    let default = default.expect("a default route");
    assert_eq!(
        (default.gateway, default.protocol.as_str()),
        (Some(SERVER_ADDRESS), "dhcp")
    );
    let resolver = bed
        .client
        .read(RESOLVER_FILE)
        .expect("the resolver file stays");
    assert!(
        resolver.contains(&format!("nameserver {SERVER_ADDRESS}\n")),
        "{resolver}"
    );
    assert!(resolver.contains(DOMAIN), "{resolver}");
}

fn renewal(product: Product) {
    let bed = Testbed::new();
    let _server = RealServer::start(&bed, product, &ServerOptions::default());
    let monitor = bed.address_monitor();
    let mut client = Client::start(&bed, &[]);
    client.wait_for_event("bound", SOON);

    client.signal(Signal::SIGUSR1);
    let renewed = client.wait_for_event("renewed", SOON);

    assert_eq!(renewed["address"], format!("{FIRST}/{PREFIX_LENGTH}"));
    assert!(monitor.removed().is_empty(), "{:?}", monitor.removed());
    assert_eq!(bed.addresses()[0].address, FIRST);
}

fn address_moved(product: Product) {
    let bed = Testbed::new();
    let before = ServerOptions {
        address: FIRST,
        ..ServerOptions::default()
    };
    let after = ServerOptions {
        address: ELSEWHERE,
        ..ServerOptions::default()
    };
    let server = RealServer::start(&bed, product, &before);
    let mut client = Client::start(&bed, &[]);
    client.wait_for_event("bound", SOON);

    drop(server);
    let _server = RealServer::start(&bed, product, &after);
    // As if the cable were now in another network: servers differ in whether they refuse a renewal,
    // but a client that comes back with the address of somewhere else is refused.
    bed.carrier_down();
    bed.carrier_up();
    let bound = client.wait_for_event("bound", SOON);

    assert_eq!(bound["address"], format!("{ELSEWHERE}/{PREFIX_LENGTH}"));
    let addresses: Vec<_> = bed.addresses().iter().map(|entry| entry.address).collect();
    assert_eq!(addresses, [ELSEWHERE]);
}

#[test]
fn dhcpd_gives_a_first_lease() {
    first_lease(Product::Dhcpd);
}

#[test]
fn dnsmasq_gives_a_first_lease() {
    first_lease(Product::Dnsmasq);
}

#[test]
fn kea_gives_a_first_lease() {
    first_lease(Product::Kea);
}

#[test]
fn udhcpd_gives_a_first_lease() {
    first_lease(Product::Udhcpd);
}

#[test]
fn dhcpd_renews_and_the_address_stays() {
    renewal(Product::Dhcpd);
}

#[test]
fn dnsmasq_renews_and_the_address_stays() {
    renewal(Product::Dnsmasq);
}

#[test]
fn kea_renews_and_the_address_stays() {
    renewal(Product::Kea);
}

#[test]
fn udhcpd_renews_and_the_address_stays() {
    renewal(Product::Udhcpd);
}

#[test]
fn dhcpd_of_another_network_moves_the_address() {
    address_moved(Product::Dhcpd);
}

#[test]
fn dnsmasq_of_another_network_moves_the_address() {
    address_moved(Product::Dnsmasq);
}

#[test]
fn kea_of_another_network_moves_the_address() {
    address_moved(Product::Kea);
}

#[test]
fn udhcpd_of_another_network_moves_the_address() {
    address_moved(Product::Udhcpd);
}
