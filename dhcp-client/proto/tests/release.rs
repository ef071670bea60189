//! How a client stops: with a word to the server, or without.

mod support;
mod transcript;

use dhcp_proto::{Command, DeconfigureCause, Link, MessageType, State};
use support::server::{Reply, SERVER};
use transcript::{ADDRESS, Client, deconfigure};

#[test]
fn case_061_release_is_unicast_with_address_and_server() {
    let mut client = Client::bound_for(3600);
    client.elapse(5_000);
    client.command(Command::Release);

    let release = client.message();
    assert_eq!(release.sent.message_type, MessageType::Release);
    assert_eq!(release.datagram_to, Some(SERVER));
    assert_eq!(release.sent.ciaddr, ADDRESS);
    assert_eq!(release.sent.server_identifier(), Some(SERVER));
    // RFC 2131 table 5 forbids everything else but the client identifier: no 50, 51, 55, 57, 60, 12.
    assert_eq!(release.sent.codes, [53, 61, 54]);
    assert_eq!((release.sent.secs, release.sent.flags), (0, 0));
    assert_eq!(client.action(), deconfigure(DeconfigureCause::Released));
    assert_eq!(client.machine.state(), State::Stopped);
    assert_eq!(client.machine.lease(), None);
    assert_eq!(client.machine.poll_timeout(), None);
}

#[test]
fn case_061_release_while_rebinding_is_sent_too() {
    let mut client = Client::bound_for(3600);
    client.elapse(3_200_000);
    client.messages();
    client.command(Command::Release);
    assert_eq!(client.message().sent.message_type, MessageType::Release);
    assert_eq!(client.action(), deconfigure(DeconfigureCause::Released));
}

#[test]
fn release_without_a_lease_says_nothing() {
    let mut client = Client::new();
    client.request_offered(|offer| offer);
    client.message();
    client.command(Command::Release);
    assert_eq!(client.messages(), []);
    assert_eq!(client.actions(), []);
    assert_eq!(client.machine.state(), State::Stopped);
}

#[test]
fn release_without_a_link_takes_the_address_down_and_says_nothing() {
    let mut client = Client::bound_for(3600);
    client.link(Link::Down);
    client.command(Command::Release);
    assert_eq!(client.messages(), []);
    assert_eq!(client.action(), deconfigure(DeconfigureCause::Released));
}

#[test]
fn case_062_stop_leaves_everything_as_it_is() {
    let mut client = Client::bound_for(3600);
    client.command(Command::Stop);
    assert_eq!(client.messages(), []);
    assert_eq!(client.actions(), []);
    assert_eq!(client.machine.state(), State::Stopped);
    assert_eq!(client.machine.poll_timeout(), None);
}

#[test]
fn case_063_stop_sends_no_release_whatever_the_state() {
    for seconds in [0, 2_000, 3_200] {
        let mut client = Client::bound_for(3600);
        client.elapse(seconds * 1000);
        client.messages();
        client.command(Command::Stop);
        assert_eq!(client.messages(), []);
        assert_eq!(client.machine.counters().sent(MessageType::Release), 0);
    }
}

#[test]
fn stopped_is_the_end_whatever_comes() {
    let mut client = Client::new();
    let discover = client.message();
    client.command(Command::Stop);

    client.hear(&Reply::offer(&discover.sent, ADDRESS));
    client.link(Link::Down);
    client.link(Link::Up);
    client.link(Link::Mac([0x02, 0, 0, 0, 0, 0x99]));
    client.command(Command::Renew);
    client.command(Command::Release);
    client.sleep(10_000_000);

    assert_eq!(client.messages(), []);
    assert_eq!(client.actions(), []);
    assert_eq!(client.machine.state(), State::Stopped);
}
