//! A lease in two messages (RFC 4039).

mod support;
mod transcript;

use dhcp_proto::{Config, ConfigureCause, Discard, MessageType, Start, State};
use support::server::Reply;
use transcript::{ADDRESS, Client, MAC, Message, assert_configure, since_start};

fn hasty() -> Client {
    let mut config = Config::new(MAC);
    config.rapid_commit = true;
    Client::with(config, Start::Init)
}

fn commit(discover: &Message) -> Reply {
    Reply::ack(&discover.sent, ADDRESS).with(80, &[])
}

#[test]
fn case_015_ack_with_rapid_commit_binds_without_a_request() {
    let mut client = hasty();
    let discover = client.message();
    assert_eq!(discover.sent.options[&80], []);
    client.elapse(400);
    client.hear(&commit(&discover));

    assert_configure(client.action(), ADDRESS, ConfigureCause::Bound);
    assert_eq!(client.machine.state(), State::Bound);
    assert_eq!(client.machine.counters().sent(MessageType::Request), 0);
    // The DHCPDISCOVER is what the DHCPACK answers.
    assert_eq!(since_start(client.lease().expires_at), 3_600_000);
}

#[test]
fn case_015_lease_counts_from_the_first_sending_of_its_discover() {
    let mut client = hasty();
    let first = client.message();
    let second = client.message();
    assert_eq!(second.sent.xid, first.sent.xid);
    client.hear(&commit(&second));
    assert_eq!(since_start(Some(client.lease().acquired_at)), first.at);
}

#[test]
fn case_015_server_that_comes_after_two_hours_gives_a_lease_of_an_hour() {
    let mut client = hasty();
    client.elapse(7_200_000);
    let discover = client.messages().pop().unwrap();
    client.hear(&commit(&discover));
    assert_eq!(client.machine.state(), State::Bound);
    assert_eq!(since_start(Some(client.lease().acquired_at)), discover.at);
}

#[test]
fn case_016_ack_without_rapid_commit_does_not_bind() {
    let mut client = hasty();
    let discover = client.message();
    client.hear(&Reply::ack(&discover.sent, ADDRESS));
    assert_eq!(client.discarded(Discard::NoRapidCommit), 1);
    assert_eq!(client.actions(), []);
    assert_eq!(client.machine.state(), State::Selecting);
}

#[test]
fn case_016_ack_with_rapid_commit_that_was_not_asked_for_does_not_bind() {
    let mut client = Client::new();
    let discover = client.message();
    assert_eq!(discover.sent.options.get(&80), None);
    client.hear(&commit(&discover));
    assert_eq!(client.discarded(Discard::UnexpectedInState), 1);
    assert_eq!(client.actions(), []);
}

#[test]
fn case_017_offer_is_answered_as_ever_and_only_the_discover_says_rapid_commit() {
    let mut client = hasty();
    client.request_offered(|offer| offer);
    let request = client.message();
    assert_eq!(request.sent.options.get(&80), None);
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    assert_configure(client.action(), ADDRESS, ConfigureCause::Bound);
}

#[test]
fn ack_with_another_xid_does_not_bind() {
    let mut client = hasty();
    let mut discover = client.message();
    discover.sent.xid ^= 1;
    client.hear(&commit(&discover));
    assert_eq!(client.discarded(Discard::WrongXid), 1);
}
