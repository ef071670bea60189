//! Addresses without leases, where the operator wants them (RFC 951 and RFC 1542).

mod support;
mod transcript;

use std::net::Ipv4Addr;

use dhcp_proto::{
    Command, Config, ConfigureCause, DeconfigureCause, Discard, Legacy, Link, MessageType, Start,
    State, UpdateCause,
};
use support::server::Reply;
use transcript::{ADDRESS, Client, MAC, assert_configure, assert_update, deconfigure};

fn client(legacy: Legacy) -> Client {
    let mut config = Config::new(MAC);
    config.legacy = legacy;
    Client::with(config, Start::Init)
}

/// A client with an address from BOOTP.
fn booted(legacy: Legacy) -> Client {
    let mut client = client(legacy);
    let request = client.message();
    client.hear(&Reply::boot(&request.sent, ADDRESS));
    assert_configure(client.action(), ADDRESS, ConfigureCause::Bound);
    client
}

#[test]
fn a_bootreply_is_ignored_by_default() {
    let mut client = Client::new();
    let discover = client.message();
    client.hear(&Reply::boot(&discover.sent, ADDRESS));
    assert_eq!(client.discarded(Discard::NoMessageType), 1);
    assert_eq!(client.machine.state(), State::Selecting);
}

#[test]
fn where_nothing_else_is_spoken_a_bootrequest_has_no_options() {
    let mut client = client(Legacy::Only);
    let first = client.message();
    assert_eq!(first.sent.message_type, MessageType::BootRequest);
    assert_eq!(first.sent.codes, []);
    assert_eq!(first.sent.ciaddr, Ipv4Addr::UNSPECIFIED);
    let second = client.message();
    assert_eq!(second.sent.xid, first.sent.xid);
    assert!((3_000..=5_000).contains(&second.at));
    // RFC 1542 section 3.2 wants it to count.
    assert_eq!(u64::from(second.sent.secs), second.at / 1000);
    assert_eq!(client.machine.counters().sent(MessageType::BootRequest), 2);
}

#[test]
fn a_bootreply_binds_for_ever() {
    for legacy in [Legacy::Only, Legacy::Accepted] {
        let mut client = booted(legacy);
        let lease = client.lease();
        assert_eq!((lease.address, lease.prefix_length), (ADDRESS, 24));
        assert_eq!((lease.lease_seconds, lease.expires_at), (None, None));
        assert_eq!(lease.server_identifier, Ipv4Addr::UNSPECIFIED);
        assert_eq!(lease.routers.len(), 1);
        client.messages();
        client.elapse(100_000_000);
        assert_eq!(client.messages(), []);
        assert_eq!(client.machine.state(), State::Bound);
    }
}

#[test]
fn times_in_a_bootreply_mean_nothing() {
    let mut client = client(Legacy::Only);
    let request = client.message();
    let times = Reply {
        lease_time: Some(60),
        ..Reply::boot(&request.sent, ADDRESS)
    };
    client.hear(&times.with(58, &[0, 0, 0, 9]));
    assert_eq!(client.lease().lease_seconds, None);
    assert_eq!(client.machine.poll_timeout(), None);
}

#[test]
fn where_bootp_is_accepted_dhcp_is_spoken_all_the_same() {
    let mut client = client(Legacy::Accepted);
    let discover = client.message();
    assert_eq!(discover.sent.message_type, MessageType::Discover);
    client.hear(&Reply::offer(&discover.sent, ADDRESS));
    let request = client.message();
    client.hear(&Reply::boot(&request.sent, ADDRESS));
    assert_eq!(client.discarded(Discard::UnexpectedInState), 1);
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    assert_eq!(client.lease().lease_seconds, Some(3600));
}

#[test]
fn where_nothing_else_is_spoken_dhcp_is_not_understood() {
    let mut client = client(Legacy::Only);
    let request = client.message();
    client.hear(&Reply::offer(&request.sent, ADDRESS));
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    client.hear(&Reply::nak(&request.sent));
    assert_eq!(client.discarded(Discard::UnexpectedInState), 3);
    assert_eq!(client.machine.state(), State::Selecting);
}

#[test]
fn a_bootreply_that_is_not_for_us_is_ignored() {
    let mut client = client(Legacy::Only);
    let request = client.message();
    client.hear(&Reply {
        xid: request.sent.xid ^ 1,
        ..Reply::boot(&request.sent, ADDRESS)
    });
    client.hear(&Reply {
        chaddr: [0x02, 0, 0, 0, 0, 0x11],
        ..Reply::boot(&request.sent, ADDRESS)
    });
    client.hear(&Reply::boot(&request.sent, Ipv4Addr::LOCALHOST));
    assert_eq!(client.discarded(Discard::WrongXid), 1);
    assert_eq!(client.discarded(Discard::WrongChaddr), 1);
    assert_eq!(client.discarded(Discard::UnusableYiaddr), 1);
    assert_eq!(client.machine.state(), State::Selecting);
}

#[test]
fn an_address_from_bootp_cannot_be_renewed_nor_released_to_anyone() {
    let mut client = booted(Legacy::Accepted);
    client.command(Command::Renew);
    client.command(Command::Rebind);
    assert_eq!(client.messages(), []);
    assert_eq!(client.machine.state(), State::Bound);
    client.command(Command::Release);
    assert_eq!(client.messages(), []);
    assert_eq!(client.action(), deconfigure(DeconfigureCause::Released));
}

#[test]
fn after_the_link_was_away_an_address_is_sought_anew_and_the_old_one_kept() {
    let mut client = booted(Legacy::Only);
    client.elapse(60_000);
    client.link(Link::Down);
    assert_eq!(client.machine.state(), State::Init);
    client.link(Link::Up);
    let request = client.message();
    assert_eq!(request.sent.message_type, MessageType::BootRequest);
    assert_eq!(client.actions(), []);
    client.hear(&Reply::boot(&request.sent, ADDRESS));
    assert_update(client.action(), ADDRESS, UpdateCause::Rebooted);
}

#[test]
fn a_remembered_address_is_not_asked_for_where_nothing_else_is_spoken() {
    let mut config = Config::new(MAC);
    config.legacy = Legacy::Only;
    let mut client = Client::with(config, Start::Reboot { address: ADDRESS });
    assert_eq!(client.message().sent.message_type, MessageType::BootRequest);
}

#[test]
fn where_a_server_must_name_itself_bootp_has_no_chance() {
    let mut config = Config::new(MAC);
    config.legacy = Legacy::Accepted;
    config.require_server_identifier = true;
    let mut client = Client::with(config, Start::Init);
    let discover = client.message();
    client.hear(&Reply::boot(&discover.sent, ADDRESS));
    assert_eq!(client.discarded(Discard::NoServerIdentifier), 1);
}
