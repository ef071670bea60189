//! A client whose renewal makes its own kernel answer "port unreachable" looks broken to its server.

use std::{net::UdpSocket, time::Duration};

use calfkit_tests::{
    Client, Server, Terms, Testbed, frame::Content, message::Kind, testbed::SERVER_ADDRESS,
};
use nix::sys::signal::Signal;

const SOON: Duration = Duration::from_secs(20);

#[test]
fn a_renewal_is_unicast_and_the_server_sees_no_icmp() {
    let bed = Testbed::new();
    let sniffer = bed.sniffer();
    let terms = Terms::default();
    let _server = Server::start(&bed, terms.clone());
    let mut client = Client::start(&bed, &[]);
    client.wait_for_event("bound", SOON);
    // What passed is recorded a little later than it is acted on.
    let granted = sniffer.wait_for_dhcp(0, Kind::ACK, SOON);
    assert!(granted.is_some(), "a lease was seen");
    let after_bound = sniffer.frames().position();

    client.signal(Signal::SIGUSR1);
    client.wait_for_event("renewed", SOON);
    client.signal(Signal::SIGUSR1);
    client.wait_for_event("renewed", SOON);

    let renewal = sniffer.wait_for_dhcp(after_bound, Kind::REQUEST, SOON);
    let (_, destination, message) = renewal.expect("a renewal was seen");
    assert_eq!(destination, SERVER_ADDRESS);
    assert_eq!(message.ciaddr, terms.address);
    assert_eq!(sniffer.icmp(), []);
    drop(client);
}

#[test]
fn control_the_sniffer_does_see_icmp_from_a_closed_port() {
    let bed = Testbed::new();
    bed.client.ip("address add 10.77.0.9/24 dev eth0");
    let sniffer = bed.sniffer();
    bed.server.run(|| {
        let socket = UdpSocket::bind("10.77.0.1:0").expect("a free port");
        socket
            .send_to(b"?", "10.77.0.9:68")
            .expect("the link is up");
    });
    let icmp = sniffer
        .frames()
        .wait_for(SOON, |f| matches!(f.content, Content::Icmp { .. }));
    assert!(icmp.is_some());
    // RFC 792: type 3 code 3 is "port unreachable".
    assert_eq!(
        sniffer.icmp(),
        [("10.77.0.9".parse().expect("an address"), 3, 3)]
    );
}
