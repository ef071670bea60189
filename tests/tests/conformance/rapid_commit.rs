//! A lease in two messages instead of four (RFC 4039).

use std::net::Ipv4Addr;

use calfkit_tests::{
    Client, SOON, Server, Terms, Testbed,
    message::{Kind, Message, code},
    monitor::AddressChange,
    server::reply_frame,
    terms::ADDRESS,
};
use nix::sys::signal::Signal;

const OTHER: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 66);

/// A server's DHCPOFFER as a DHCPACK.
fn committed(offer: &mut Message) {
    offer.set_option(code::MESSAGE_TYPE, [Kind::ACK.0]);
}

#[test]
fn case_015_ack_with_rapid_commit_binds_without_a_request() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    server.alter(|reply| {
        if reply.kind() == Kind::OFFER {
            committed(reply);
            reply.set_option(code::RAPID_COMMIT, []);
        }
    });

    let mut client = Client::bound(&bed, &["--rapid-commit"]);
    client.signal(Signal::SIGTERM);
    client.wait_exit(SOON);

    let discover = server.first(Kind::DISCOVER);
    assert_eq!(discover.option(code::RAPID_COMMIT), Some([].as_slice()));
    assert_eq!(server.received_kinds(0), [Kind::DISCOVER]);
}

/// A run whose server commits another address, with this option or without, before it offers its own.
fn offered_after_a_commitment(options: &[&str], commitment: fn(&mut Message)) {
    let bed = Testbed::new();
    let monitor = bed.address_monitor();
    let server = Server::start(&bed, Terms::default());
    server.precede(move |usual| {
        let mut reply = usual.clone();
        reply.yiaddr = OTHER;
        commitment(&mut reply);
        match usual.kind() {
            Kind::OFFER => vec![reply_frame(&reply)],
            _ => Vec::new(),
        }
    });

    let _client = Client::bound(&bed, options);

    assert_eq!(server.received_kinds(0), [Kind::DISCOVER, Kind::REQUEST]);
    let changes = monitor.changes().entries();
    let own = |change: &AddressChange| *change == AddressChange::Set(ADDRESS);
    assert!(
        !changes.is_empty() && changes.iter().all(own),
        "{changes:?}"
    );
}

#[test]
fn case_016_ack_without_rapid_commit_does_not_bind() {
    offered_after_a_commitment(&["--rapid-commit"], committed);
}

#[test]
fn case_016_ack_with_rapid_commit_that_was_not_asked_for_does_not_bind() {
    offered_after_a_commitment(&[], |reply| {
        committed(reply);
        reply.set_option(code::RAPID_COMMIT, []);
    });
}

#[test]
fn case_017_offer_is_answered_as_ever_and_only_the_discover_says_rapid_commit() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());

    let _client = Client::bound(&bed, &["--rapid-commit"]);

    assert_eq!(server.received_kinds(0), [Kind::DISCOVER, Kind::REQUEST]);
    let said = [Kind::DISCOVER, Kind::REQUEST].map(|kind| {
        let message = server.first(kind);
        message.option(code::RAPID_COMMIT).is_some()
    });
    assert_eq!(said, [true, false]);
}
