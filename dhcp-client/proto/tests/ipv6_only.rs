//! A network that can do without IPv4, and a host that can too (RFC 8925).

mod support;
mod transcript;

use std::net::Ipv4Addr;

use dhcp_proto::{
    Action, Config, ConfigureCause, DeconfigureCause, Discard, Link, MessageType, Setback, Start,
    State, UpdateCause,
};
use support::server::Reply;
use transcript::{ADDRESS, Client, MAC, assert_configure, assert_update, deconfigure, extended};

fn capable() -> Config {
    let mut config = Config::new(MAC);
    config.parameter_request_list.push(108);
    config
}

fn seconds(reply: Reply, seconds: u32) -> Reply {
    reply.with(108, &seconds.to_be_bytes())
}

/// A client to whom a DHCPOFFER says that DHCP may rest for so long.
fn resting(value: u32) -> Client {
    let mut client = Client::with(capable(), Start::Init);
    client.request_offered(|offer| {
        seconds(
            Reply {
                yiaddr: Ipv4Addr::UNSPECIFIED,
                ..offer
            },
            value,
        )
    });
    assert_eq!(client.machine.state(), State::Ipv6Only);
    client
}

#[test]
fn case_074_offer_of_no_ipv4_is_not_requested_and_dhcp_rests() {
    let mut client = resting(1800);
    assert_eq!(client.action(), Action::Setback(Setback::Ipv6Only));
    let discover = client.message();
    assert_eq!(discover.sent.message_type, MessageType::Discover);
    assert_eq!(discover.at, 1_800_000);
    assert_eq!(client.machine.counters().sent(MessageType::Request), 0);
}

#[test]
fn case_074_rest_is_300_seconds_at_least() {
    assert_eq!(resting(0).message().at, 300_000);
    assert_eq!(resting(299).message().at, 300_000);
    assert_eq!(resting(301).message().at, 301_000);
}

#[test]
fn case_074_longest_rest_is_a_time_too() {
    let mut client = resting(u32::MAX);
    assert_eq!(client.message().at, u64::from(u32::MAX) * 1000);
}

#[test]
fn case_074_offer_with_an_address_is_not_requested_either() {
    let mut client = Client::with(capable(), Start::Init);
    client.request_offered(|offer| seconds(offer, 600));
    assert_eq!(client.message().at, 600_000);
}

#[test]
fn case_074_not_in_the_request_list_is_not_looked_at() {
    let mut client = Client::new();
    client.request_offered(|offer| seconds(offer, 1800));
    let request = client.message();
    client.hear(&seconds(Reply::ack(&request.sent, ADDRESS), 1800));
    assert_configure(client.action(), ADDRESS, ConfigureCause::Bound);
}

#[test]
fn case_074_malformed_option_is_not_looked_at() {
    let mut client = Client::with(capable(), Start::Init);
    client.request_offered(|offer| offer.with(108, &[0, 0, 7]));
    assert_eq!(client.discarded(Discard::MalformedIpv6Only), 1);
    assert_eq!(client.machine.state(), State::Requesting);
}

#[test]
fn case_074_link_that_comes_back_ends_the_rest() {
    let mut client = resting(1800);
    client.elapse(10_000);
    client.link(Link::Down);
    assert_eq!(client.messages(), []);
    client.elapse(5_000);
    client.link(Link::Up);
    assert_eq!(client.message().at, 15_000);
}

#[test]
fn ack_to_a_request_says_it_too_late_and_the_address_is_used() {
    let mut client = Client::with(capable(), Start::Init);
    client.request_offered(|offer| offer);
    let request = client.message();
    client.hear(&seconds(Reply::ack(&request.sent, ADDRESS), 1800));
    assert_configure(client.action(), ADDRESS, ConfigureCause::Bound);
}

#[test]
fn ack_to_a_renewal_says_it_too_late_and_the_address_is_kept() {
    let mut client = Client::bound_with(capable(), |ack| ack);
    let renewal = client.message();
    client.hear(&seconds(extended(&renewal), 1800));
    assert_update(client.action(), ADDRESS, UpdateCause::Renewed);
}

#[test]
fn remembered_address_is_not_taken_again() {
    let mut client = Client::with(capable(), Start::Reboot { address: ADDRESS });
    let request = client.message();
    client.hear(&seconds(Reply::ack(&request.sent, ADDRESS), 1800));
    assert_eq!(client.action(), Action::Setback(Setback::Ipv6Only));
    assert_eq!(client.machine.state(), State::Ipv6Only);
}

#[test]
fn lease_that_was_kept_while_the_link_was_away_goes() {
    let mut client = Client::bound_with(capable(), |ack| ack);
    client.link(Link::Down);
    client.link(Link::Up);
    let request = client.message();
    client.hear(&seconds(Reply::ack(&request.sent, ADDRESS), 1800));
    assert_eq!(
        client.actions(),
        [
            deconfigure(DeconfigureCause::Ipv6Only),
            Action::Setback(Setback::Ipv6Only)
        ]
    );
    assert_eq!(client.machine.lease(), None);
}

#[test]
fn offer_without_it_is_requested_as_ever() {
    let mut client = Client::with(capable(), Start::Init);
    client.request_offered(|offer| offer);
    let request = client.message();
    assert!(
        request
            .sent
            .parameter_request_list()
            .unwrap()
            .contains(&108)
    );
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    assert_configure(client.action(), ADDRESS, ConfigureCause::Bound);
}
