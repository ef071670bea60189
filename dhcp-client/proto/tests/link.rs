//! The link goes and comes back, as it was or as another.

mod support;
mod transcript;

use std::net::Ipv4Addr;

use dhcp_proto::{
    Command, Config, DeconfigureCause, Discard, Instant, Link, Machine, MessageType, Start, State,
    UpdateCause,
};
use support::server::Reply;
use transcript::{
    ADDRESS, Client, MAC, Message, OTHER_SERVER, START, assert_update, deconfigure, refused,
    since_start,
};

const OTHER_MAC: [u8; 6] = [0x02, 0, 0, 0, 0, 0x22];

/// A client whose link was away for a minute, a minute into its lease; and what it asks then.
fn back_after_a_minute() -> (Client, Message) {
    let mut client = Client::bound_for(3600);
    client.elapse(60_000);
    client.link(Link::Down);
    assert_eq!(client.machine.state(), State::InitReboot);
    client.elapse(60_000);
    assert_eq!(client.messages(), []);
    assert_eq!(client.actions(), []);
    client.link(Link::Up);
    let request = client.message();
    (client, request)
}

#[test]
fn case_086_link_back_asks_for_the_same_address_as_after_a_restart() {
    let (mut client, request) = back_after_a_minute();
    assert_eq!(request.at, 120_000);
    assert_eq!(request.sent.message_type, MessageType::Request);
    assert_eq!(request.datagram_to, None);
    assert_eq!(request.sent.requested_address(), Some(ADDRESS));
    assert_eq!(request.sent.ciaddr, Ipv4Addr::UNSPECIFIED);
    assert_eq!(client.machine.state(), State::Rebooting);
    assert_eq!(client.actions(), []);
    assert_eq!(client.lease().address, ADDRESS);
}

#[test]
fn case_086_ack_of_its_server_confirms_the_lease_without_a_gap() {
    let (mut client, request) = back_after_a_minute();
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    assert_update(client.action(), ADDRESS, UpdateCause::Rebooted);
    assert_eq!(since_start(client.lease().expires_at), 120_000 + 3_600_000);
}

#[test]
fn case_086_ack_of_another_server_confirms_the_lease_without_a_gap() {
    let (mut client, request) = back_after_a_minute();
    client.hear(&Reply::ack(&request.sent, ADDRESS).from_server(OTHER_SERVER));
    assert_update(client.action(), ADDRESS, UpdateCause::Rebooted);
    assert_eq!(client.lease().server_identifier, OTHER_SERVER);
}

#[test]
fn case_086_nak_ends_the_lease_and_discovery_starts() {
    let (mut client, request) = back_after_a_minute();
    client.hear(&Reply::nak(&request.sent).from_server(OTHER_SERVER));
    assert_eq!(client.actions(), refused(true));
    assert_eq!(client.message().sent.message_type, MessageType::Discover);
}

#[test]
fn case_086_silence_keeps_the_lease_while_a_new_one_is_sought() {
    let (mut client, _) = back_after_a_minute();
    client.elapse(5_000);
    let discover = client.messages().pop().unwrap();
    assert_eq!(discover.sent.message_type, MessageType::Discover);
    assert_eq!(discover.sent.requested_address(), Some(ADDRESS));
    assert_eq!(client.actions(), []);
    assert_eq!(client.lease().address, ADDRESS);

    // Another network: its server's lease takes the place of the old one in one step.
    let elsewhere = Ipv4Addr::new(198, 51, 100, 5);
    client.hear(&Reply::offer(&discover.sent, elsewhere).from_server(OTHER_SERVER));
    let request = client.message();
    client.hear(&Reply::ack(&request.sent, elsewhere).from_server(OTHER_SERVER));
    assert_update(client.action(), elsewhere, UpdateCause::Bound);
}

#[test]
fn case_086_lease_that_is_kept_still_ends_in_time() {
    let (mut client, _) = back_after_a_minute();
    client.elapse(3_600_000 - client.elapsed() - 1);
    assert_eq!(client.actions(), []);
    client.elapse(1);
    assert_eq!(client.action(), deconfigure(DeconfigureCause::Expired));
    assert_eq!(client.machine.state(), State::Selecting);
    assert_eq!(client.machine.lease(), None);
}

#[test]
fn lease_ends_while_the_link_is_away() {
    let mut client = Client::bound_for(3600);
    client.link(Link::Down);
    client.elapse(3_600_000);
    assert_eq!(client.action(), deconfigure(DeconfigureCause::Expired));
    assert_eq!(client.messages(), []);
    assert_eq!(client.machine.state(), State::Init);
    assert_eq!(client.machine.poll_timeout(), None);
    client.link(Link::Up);
    assert_eq!(client.message().sent.message_type, MessageType::Discover);
}

#[test]
fn second_loss_of_the_link_in_rebooting_asks_anew() {
    let (mut client, first) = back_after_a_minute();
    client.link(Link::Down);
    client.link(Link::Up);
    let second = client.message();
    assert_eq!(second.sent.requested_address(), Some(ADDRESS));
    assert_ne!(second.sent.xid, first.sent.xid);
}

#[test]
fn loss_of_the_link_without_a_lease_starts_discovery_anew() {
    let mut client = Client::new();
    client.request_offered(|offer| offer);
    client.message();
    client.link(Link::Down);
    assert_eq!(client.machine.state(), State::Init);
    client.elapse(1_000_000);
    assert_eq!(client.messages(), []);
    client.link(Link::Up);
    let discover = client.message();
    assert_eq!(discover.sent.message_type, MessageType::Discover);
    assert_eq!(discover.at, 1_000_000);
}

#[test]
fn remembered_address_waits_for_the_link() {
    let mut client = Client::with(Config::new(MAC), Start::Reboot { address: ADDRESS });
    client.message();
    client.link(Link::Down);
    assert_eq!(client.machine.state(), State::InitReboot);
    client.link(Link::Up);
    assert_eq!(client.message().sent.requested_address(), Some(ADDRESS));
}

#[test]
fn without_a_link_at_the_start_nothing_is_sent() {
    let now = Instant::from_millis(START);
    let mut machine = Machine::new(now, Config::new(MAC), Start::Init, [3; 32]);
    machine.handle_link(now, Link::Down);
    assert_eq!(machine.poll_transmit(now), None);
    assert_eq!(machine.poll_timeout(), None);
    machine.handle_link(now, Link::Up);
    assert!(machine.poll_transmit(now).is_some());
}

#[test]
fn link_that_is_up_already_changes_nothing() {
    let mut client = Client::bound_for(3600);
    client.link(Link::Up);
    client.link(Link::Mac(MAC));
    assert_eq!(client.messages(), []);
    assert_eq!(client.actions(), []);
    assert_eq!(client.machine.state(), State::Bound);
}

#[test]
fn renew_without_a_link_does_nothing() {
    let mut client = Client::bound_for(3600);
    client.link(Link::Down);
    client.command(Command::Renew);
    client.command(Command::Rebind);
    assert_eq!(client.messages(), []);
    assert_eq!(client.machine.state(), State::InitReboot);
}

#[test]
fn case_090_new_mac_is_a_new_client() {
    let mut client = Client::bound_for(3600);
    client.elapse(1_000);
    client.link(Link::Mac(OTHER_MAC));

    assert_eq!(client.action(), deconfigure(DeconfigureCause::Stopped));
    let discover = client.message();
    assert_eq!(discover.at, 1_000);
    assert_eq!(discover.sent.message_type, MessageType::Discover);
    assert_eq!(discover.sent.chaddr, OTHER_MAC);
    assert_eq!(discover.sent.carrier.unwrap().source_mac, OTHER_MAC);
    assert_eq!(
        discover.sent.client_identifier(),
        Some(&[1, 0x02, 0, 0, 0, 0, 0x22][..])
    );
    assert_eq!(discover.sent.requested_address(), None);
}

#[test]
fn case_090_answers_to_the_old_mac_are_not_ours() {
    let mut client = Client::new();
    let discover = client.message();
    client.link(Link::Mac(OTHER_MAC));
    client.hear(&Reply::offer(&discover.sent, ADDRESS));
    assert_eq!(client.discarded(Discard::WrongChaddr), 1);
}

#[test]
fn case_090_identifier_of_the_operator_outlives_the_mac() {
    let mut config = Config::new(MAC);
    config.client_identifier = b"\0machine-7".to_vec();
    let mut client = Client::with(config, Start::Init);
    client.link(Link::Mac(OTHER_MAC));
    let discover = client.messages().pop().unwrap();
    assert_eq!(discover.sent.client_identifier(), Some(&b"\0machine-7"[..]));
}
