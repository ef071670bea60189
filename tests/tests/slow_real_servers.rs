//! Real servers while time passes: a lease is renewed at T1 again and again, and when the server is
//! gone for good it ends, and with it all that it configured. Slow, because leases do that in real
//! time; run by `cargo xtask test --slow`.

use std::{net::Ipv4Addr, time::Duration};

use calfkit_tests::{
    Client, Testbed,
    message::Kind,
    monitor::AddressChange,
    servers::{Product, RealServer, ServerOptions},
};

const SOON: Duration = Duration::from_secs(25);
const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 100);

fn renewal_at_t1(product: Product) {
    let bed = Testbed::new();
    let options = ServerOptions {
        address: ADDRESS,
        lease_seconds: 120,
        renewal_seconds: 6,
        rebinding_seconds: 100,
    };
    let _server = RealServer::start(&bed, product, &options);
    let monitor = bed.address_monitor();
    let sniffer = bed.sniffer();
    let mut client = Client::start(&bed, &[]);
    client.wait_for_event("bound", SOON);
    // What passed is recorded a little later than it is acted on.
    let granted = sniffer.wait_for_dhcp(0, Kind::ACK, SOON);
    assert!(granted.is_some(), "a lease was seen");
    let after_bound = sniffer.frames().position();

    client.wait_for_event("renewed", SOON);
    client.wait_for_event("renewed", SOON);

    let renewal = sniffer.wait_for_dhcp(after_bound, Kind::REQUEST, SOON);
    let (_, destination, message) = renewal.expect("a renewal was seen");
    // RFC 2131 table 4: unicast, with the address in ciaddr.
    assert_eq!(destination, options.server());
    assert_eq!(message.ciaddr, ADDRESS);
    assert!(monitor.removed().is_empty(), "{:?}", monitor.removed());
}

fn server_gone(product: Product, lease_seconds: u32) {
    let bed = Testbed::new();
    let options = ServerOptions {
        address: ADDRESS,
        lease_seconds,
        renewal_seconds: lease_seconds / 2,
        rebinding_seconds: lease_seconds / 4 * 3,
    };
    let server = RealServer::start(&bed, product, &options);
    let monitor = bed.address_monitor();
    let mut client = Client::start(&bed, &[]);
    client.wait_for_event("bound", SOON);

    drop(server);
    let expired =
        client.wait_for_event("expired", Duration::from_secs(lease_seconds.into()) + SOON);

    assert_eq!(expired["interface"], "eth0");
    let removed = monitor
        .changes()
        .wait_for(SOON, |c| *c == AddressChange::Removed(ADDRESS));
    assert!(removed.is_some(), "{}", client.said());
    assert_eq!(bed.addresses(), []);
    assert_eq!(bed.routes(), []);

    let _server = RealServer::start(&bed, product, &options);
    client.wait_for_event("bound", Duration::from_secs(70));
    assert_eq!(bed.addresses().len(), 1);
}

#[test]
fn dhcpd_gone_ends_in_expiry_and_back_gives_a_lease() {
    server_gone(Product::Dhcpd, 12);
}

#[test]
fn kea_gone_ends_in_expiry_and_back_gives_a_lease() {
    server_gone(Product::Kea, 12);
}

#[test]
fn udhcpd_gone_ends_in_expiry_and_back_gives_a_lease() {
    server_gone(Product::Udhcpd, 12);
}

// Two minutes are the shortest lease of this server.
#[test]
fn dnsmasq_gone_ends_in_expiry_and_back_gives_a_lease() {
    server_gone(Product::Dnsmasq, 120);
}

#[test]
fn dhcpd_is_asked_again_at_t1() {
    renewal_at_t1(Product::Dhcpd);
}

#[test]
fn kea_is_asked_again_at_t1() {
    renewal_at_t1(Product::Kea);
}

#[test]
fn udhcpd_is_asked_again_at_t1() {
    renewal_at_t1(Product::Udhcpd);
}

#[test]
fn dnsmasq_is_asked_again_at_t1() {
    renewal_at_t1(Product::Dnsmasq);
}
