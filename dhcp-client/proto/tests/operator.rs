//! What the operator wants said to servers, in every message that may say it.

mod support;
mod transcript;

use std::net::Ipv4Addr;

use dhcp_proto::{Command, Config, Discard, FullName, MessageType, Start, State};
use support::{sent::Sent, server::Reply};
use transcript::{ADDRESS, Client, MAC};

/// A client that says all it can.
fn talkative() -> Config {
    let mut config = Config::new(MAC);
    config.full_name = Some(FullName {
        name: "host.example".into(),
        flags: 5,
    });
    config.vendor_class = b"class".to_vec();
    config.wanted_seconds = Some(7200);
    config.sent = vec![(77, b"user".to_vec())];
    config
}

/// The messages of a lease: DISCOVER, REQUEST, renewal, rebinding, RELEASE.
fn life(config: Config) -> [Sent; 5] {
    let mut client = Client::with(config, Start::Init);
    let discover = client.message();
    client.hear(&Reply::offer(&discover.sent, ADDRESS));
    let request = client.message();
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    client.command(Command::Renew);
    let renewal = client.message();
    client.command(Command::Rebind);
    let rebinding = client.message();
    client.command(Command::Release);
    let release = client.message();
    assert_eq!(release.sent.message_type, MessageType::Release);
    [discover, request, renewal, rebinding, release].map(|message| message.sent)
}

#[test]
fn what_the_operator_wants_said_is_in_every_message_but_the_release() {
    let [discover, request, renewal, rebinding, release] = life(talkative());
    for message in [discover, request, renewal, rebinding] {
        let options = &message.options;
        assert_eq!(options[&81], b"\x05\0\0\x04host\x07example\0");
        assert_eq!(options[&60], b"class");
        assert_eq!(options[&51], 7200_u32.to_be_bytes());
        assert_eq!(options[&77], b"user");
        assert_eq!(options.get(&12), None);
    }
    assert_eq!(release.codes, [53, 61, 54]);
}

#[test]
fn case_004_without_an_identifier_no_message_has_one() {
    let mut config = Config::new(MAC);
    config.client_identifier.clear();
    for message in life(config) {
        assert_eq!(message.client_identifier(), None);
    }
}

#[test]
fn case_014_identifier_of_duid_and_iaid_is_sent_as_it_is() {
    // RFC 4361 section 6.1: type 255, IAID, DUID.
    let identifier = [&[255, 0, 0, 0, 1][..], &[0, 3, 0, 1], &MAC].concat();
    let mut config = Config::new(MAC);
    config.client_identifier = identifier.clone();
    for message in life(config) {
        assert_eq!(message.client_identifier(), Some(&identifier[..]));
    }
}

#[test]
fn case_014_identifier_is_the_type_and_the_mac_address_by_default() {
    let [discover, ..] = life(Config::new(MAC));
    let expected = [&[1][..], &MAC].concat();
    assert_eq!(discover.client_identifier(), Some(&expected[..]));
}

#[test]
fn an_identifier_that_was_not_sent_is_not_compared() {
    let mut config = Config::new(MAC);
    config.client_identifier.clear();
    let mut client = Client::with(config, Start::Init);
    client.request_offered(|offer| offer.with(61, b"\x01whatever"));
    assert_eq!(client.machine.state(), State::Requesting);
    assert_eq!(client.discarded(Discard::WrongClientIdentifier), 0);
}

#[test]
fn the_wanted_address_is_asked_for_until_a_server_refuses_it() {
    let wanted = Ipv4Addr::new(192, 0, 2, 50);
    let mut config = Config::new(MAC);
    config.wanted_address = Some(wanted);
    let mut client = Client::with(config, Start::Init);
    let discover = client.message();
    assert_eq!(discover.sent.requested_address(), Some(wanted));
    assert_eq!(client.message().sent.requested_address(), Some(wanted));

    client.hear(&Reply::offer(&discover.sent, ADDRESS));
    let request = client.message();
    assert_eq!(request.sent.requested_address(), Some(ADDRESS));
    client.hear(&Reply::nak(&request.sent));
    assert_eq!(client.message().sent.requested_address(), None);
}

#[test]
fn an_address_that_no_host_has_is_not_wanted() {
    let mut config = Config::new(MAC);
    config.wanted_address = Some(Ipv4Addr::BROADCAST);
    let mut client = Client::with(config, Start::Init);
    assert_eq!(client.message().sent.requested_address(), None);
}
