//! A remembered address, confirmed or not.

mod support;
mod transcript;

use std::net::Ipv4Addr;

use dhcp_proto::{Config, ConfigureCause, Discard, Duration, MessageType, Start, State};
use support::server::Reply;
use transcript::{ADDRESS, Client, MAC, OTHER_SERVER, assert_configure, refused, since_start};

fn rebooting() -> Client {
    Client::with(Config::new(MAC), Start::Reboot { address: ADDRESS })
}

#[test]
fn case_044_first_message_asks_everyone_for_the_old_address() {
    let mut client = rebooting();
    let request = client.message();
    assert_eq!(request.at, 0);
    assert_eq!(request.sent.message_type, MessageType::Request);
    assert_eq!(request.sent.carrier.unwrap().source, Ipv4Addr::UNSPECIFIED);
    assert_eq!(request.sent.requested_address(), Some(ADDRESS));
    assert_eq!(request.sent.server_identifier(), None);
    assert_eq!(request.sent.ciaddr, Ipv4Addr::UNSPECIFIED);
    assert_eq!(client.machine.state(), State::Rebooting);
}

#[test]
fn case_044_ack_of_any_server_configures_the_address() {
    let mut client = rebooting();
    let request = client.message();
    client.elapse(900);
    client.hear(&Reply::ack(&request.sent, ADDRESS).from_server(OTHER_SERVER));
    assert_configure(client.action(), ADDRESS, ConfigureCause::Rebooted);
    assert_eq!(since_start(client.lease().expires_at), 3_600_000);
    assert_eq!(client.lease().server_identifier, OTHER_SERVER);
}

#[test]
fn case_045_nak_of_any_server_starts_discovery_without_the_address() {
    let mut client = rebooting();
    let request = client.message();
    client.hear(&Reply::nak(&request.sent).from_server(OTHER_SERVER));
    let discover = client.message();
    assert_eq!(discover.sent.message_type, MessageType::Discover);
    assert_eq!(discover.sent.requested_address(), None);
    assert_ne!(discover.sent.xid, request.sent.xid);
    assert_eq!(client.actions(), refused(false));
}

#[test]
fn case_046_silence_for_five_seconds_starts_discovery() {
    let mut client = rebooting();
    client.message();
    client.elapse(5_000);
    let messages = client.messages();
    let discover = messages.last().unwrap();
    assert_eq!(discover.at, 5_000);
    assert_eq!(discover.sent.message_type, MessageType::Discover);
    assert_eq!(discover.sent.requested_address(), Some(ADDRESS));
    assert_eq!(client.actions(), []);
}

#[test]
fn case_046_longer_timeout_repeats_the_request() {
    let mut config = Config::new(MAC);
    config.reboot_timeout = Duration::from_secs(20);
    let mut client = Client::with(config, Start::Reboot { address: ADDRESS });
    let first = client.message();
    let second = client.message();
    let third = client.message();
    let fourth = client.message();
    assert!((3_000..=5_000).contains(&second.at));
    assert!((7_000..=9_000).contains(&(third.at - second.at)));
    assert_eq!(second.sent.xid, first.sent.xid);
    assert_eq!(u64::from(third.sent.secs), third.at / 1000);
    assert_eq!(fourth.sent.message_type, MessageType::Discover);
    assert_eq!(fourth.at, 20_000);
}

#[test]
fn offer_in_rebooting_is_ignored() {
    let mut client = rebooting();
    let request = client.message();
    client.hear(&Reply::offer(&request.sent, ADDRESS));
    assert_eq!(client.discarded(Discard::UnexpectedInState), 1);
    assert_eq!(client.machine.state(), State::Rebooting);
}

#[test]
fn required_server_identifier_is_required_of_a_nak_too() {
    let mut config = Config::new(MAC);
    config.require_server_identifier = true;
    let mut client = Client::with(config, Start::Reboot { address: ADDRESS });
    let request = client.message();
    client.hear(&Reply {
        server_identifier: None,
        ..Reply::nak(&request.sent)
    });
    assert_eq!(client.discarded(Discard::NoServerIdentifier), 1);
    assert_eq!(client.machine.state(), State::Rebooting);
}

#[test]
fn an_address_that_no_host_has_is_not_asked_for() {
    let start = Start::Reboot {
        address: Ipv4Addr::UNSPECIFIED,
    };
    let mut client = Client::with(Config::new(MAC), start);
    assert_eq!(client.message().sent.message_type, MessageType::Discover);
}
