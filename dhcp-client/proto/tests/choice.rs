//! Which servers and leases the operator lets the client have.

mod support;
mod transcript;

use std::net::Ipv4Addr;

use dhcp_proto::{Command, Config, ConfigureCause, Discard, Start, State, Subnet};
use support::server::{Reply, SERVER};
use transcript::{ADDRESS, Client, MAC, OTHER_SERVER, assert_configure, extended};

fn subnet(address: Ipv4Addr, prefix_length: u8) -> Subnet {
    Subnet {
        address,
        prefix_length,
    }
}

fn client(change: impl FnOnce(&mut Config)) -> Client {
    let mut config = Config::new(MAC);
    change(&mut config);
    Client::with(config, Start::Init)
}

/// The reason for which a client like this does not take a DHCPOFFER like that.
#[track_caller]
fn assert_not_taken(
    change: impl FnOnce(&mut Config),
    offer: impl FnOnce(Reply) -> Reply,
    reason: Discard,
) {
    let mut client = client(change);
    client.request_offered(offer);
    assert_eq!(client.discarded(reason), 1);
    assert_eq!(client.machine.state(), State::Selecting);
}

#[test]
fn a_denied_server_is_not_heard_and_another_is() {
    let mut client = client(|config| config.denied_servers = vec![subnet(SERVER, 32)]);
    let discover = client.message();
    client.hear(&Reply::offer(&discover.sent, ADDRESS));
    assert_eq!(client.discarded(Discard::ServerDenied), 1);
    client.hear(&Reply::offer(&discover.sent, ADDRESS).from_server(OTHER_SERVER));
    assert_eq!(
        client.message().sent.server_identifier(),
        Some(OTHER_SERVER)
    );
}

#[test]
fn where_servers_are_allowed_no_other_is_heard() {
    let mut client = client(|config| config.allowed_servers = vec![subnet(OTHER_SERVER, 32)]);
    let discover = client.message();
    client.hear(&Reply::offer(&discover.sent, ADDRESS));
    assert_eq!(client.discarded(Discard::ServerNotAllowed), 1);
    client.hear(&Reply::offer(&discover.sent, ADDRESS).from_server(OTHER_SERVER));
    assert_eq!(client.machine.state(), State::Requesting);
}

#[test]
fn a_server_is_allowed_by_its_network_and_denied_before_that() {
    let mut client = client(|config| {
        config.allowed_servers = vec![subnet([192, 0, 2, 200].into(), 24)];
        config.denied_servers = vec![subnet(SERVER, 29)];
    });
    let discover = client.message();
    client.hear(&Reply::offer(&discover.sent, ADDRESS));
    assert_eq!(client.discarded(Discard::ServerDenied), 1);
    client.hear(&Reply::offer(&discover.sent, ADDRESS).from_server(OTHER_SERVER));
    assert_eq!(client.machine.state(), State::Requesting);
}

#[test]
fn everything_is_in_the_network_of_length_zero() {
    assert_not_taken(
        |config| config.denied_servers = vec![subnet(OTHER_SERVER, 0)],
        |offer| offer.from_server([10, 9, 8, 7].into()),
        Discard::ServerDenied,
    );
}

#[test]
fn where_option_54_is_missing_the_sender_counts() {
    let without = |offer| Reply {
        server_identifier: None,
        ..offer
    };
    assert_not_taken(
        |config| config.denied_servers = vec![subnet(SERVER, 32)],
        without,
        Discard::ServerDenied,
    );
}

#[test]
fn a_denied_server_does_not_end_a_lease() {
    let mut config = Config::new(MAC);
    config.denied_servers = vec![subnet(OTHER_SERVER, 32)];
    let mut client = Client::bound_with(config, |ack| ack);
    client.command(Command::Rebind);
    let request = client.message();
    client.hear(&Reply::nak(&request.sent).from_server(OTHER_SERVER));
    assert_eq!(client.discarded(Discard::ServerDenied), 1);
    client.hear(&extended(&request));
    assert_eq!(client.machine.state(), State::Bound);
}

#[test]
fn case_027_required_option_missing_in_an_offer_is_the_offers_end() {
    let without = |offer| Reply {
        server_identifier: None,
        ..offer
    };
    assert_not_taken(
        |config| config.required = vec![54],
        without,
        Discard::RequiredOptionMissing,
    );
}

#[test]
fn a_required_option_that_is_malformed_is_missing() {
    assert_not_taken(
        |config| config.required = vec![6],
        |offer| offer.with(6, &[1, 2, 3]),
        Discard::RequiredOptionMissing,
    );
}

#[test]
fn an_offer_with_all_that_is_required_is_taken() {
    let mut client = client(|config| config.required = vec![1, 6, 54]);
    client.request_offered(|offer| offer.with(6, &[192, 0, 2, 53]));
    assert_eq!(client.machine.state(), State::Requesting);
    // What was required of the offer is not required of the DHCPACK: the server has promised it.
    let request = client.message();
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    assert_configure(client.action(), ADDRESS, ConfigureCause::Bound);
}

#[test]
fn a_refused_option_is_the_offers_end_malformed_or_not() {
    for value in [&[0, 0, 0, 9][..], &[9]] {
        assert_not_taken(
            |config| config.refused = vec![108],
            |offer| offer.with(108, value),
            Discard::RefusedOption,
        );
    }
}

#[test]
fn a_confirmed_address_needs_what_is_required_too() {
    let mut config = Config::new(MAC);
    config.required = vec![6];
    let mut client = Client::with(config, Start::Reboot { address: ADDRESS });
    let request = client.message();
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    assert_eq!(client.discarded(Discard::RequiredOptionMissing), 1);
    client.hear(&Reply::ack(&request.sent, ADDRESS).with(6, &[192, 0, 2, 53]));
    assert_configure(client.action(), ADDRESS, ConfigureCause::Rebooted);
}

#[test]
fn a_nak_needs_nothing_that_a_lease_does() {
    let mut config = Config::new(MAC);
    config.required = vec![6];
    let mut client = Client::with(config, Start::Reboot { address: ADDRESS });
    let request = client.message();
    client.hear(&Reply::nak(&request.sent));
    assert_eq!(client.machine.state(), State::Selecting);
}

#[test]
fn an_ignored_option_is_no_part_of_the_lease() {
    let mut config = Config::new(MAC);
    config.ignored = vec![3, 51, 54];
    let client = Client::bound_with(config, |ack| ack.with(121, &[0, 192, 0, 2, 1]));
    let lease = client.lease();
    assert_eq!(lease.routes.len(), 1);
    // Nobody said how long, so it is the default of an hour; the sender stands in for the server.
    assert_eq!(lease.lease_seconds, Some(3600));
    assert_eq!(lease.server_identifier, SERVER);
    let codes: Vec<u8> = lease.parameters.iter().map(|it| it.code).collect();
    assert_eq!(codes, [1, 53, 121]);
}
