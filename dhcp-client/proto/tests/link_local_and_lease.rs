//! An address of the host's own beside what servers give and take (RFC 3927 section 1.9).

mod support;
mod transcript;

use std::net::Ipv4Addr;

use dhcp_proto::{
    Action, Applied, Command, Config, ConfigureCause, ConflictDetection, DeconfigureCause,
    Duration, Link, MessageType, Origin, Pace, Setback, Start, State, UpdateCause,
};
use support::{
    arp::{Heard, Said},
    server::Reply,
};
use transcript::{ADDRESS, Client, MAC, assert_update, deconfigure};

fn config() -> Config {
    let mut config = Config::new(MAC);
    config.link_local_after = Some(Duration::from_secs(5));
    config
}

fn alone() -> Client {
    Client::with(config(), Start::Init)
}

/// A client that has given itself an address, and it.
fn claimed() -> (Client, Ipv4Addr) {
    let mut client = alone();
    client.elapse(16_000);
    let Action::Configure { lease, cause } = client.action() else {
        panic!("no Configure");
    };
    assert_eq!(cause, ConfigureCause::LinkLocal);
    client.arps();
    (client, lease.address)
}

#[test]
fn a_lease_takes_its_place_in_one_step() {
    let (mut client, _) = claimed();
    let discover = client.messages().pop().expect("a DHCPDISCOVER");
    client.hear(&Reply::offer(&discover.sent, ADDRESS));
    let request = client.message();
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    assert_update(client.action(), ADDRESS, UpdateCause::Bound);
    assert_eq!(client.lease().origin, Origin::Server);
    client.elapse(60_000);
    assert_eq!(client.arps(), []);
}

#[test]
fn a_lease_that_is_probed_for_first_takes_its_place_after_the_verdict() {
    let mut config = config();
    config.conflict_detection = ConflictDetection::Full;
    let mut client = Client::with(config, Start::Init);
    client.elapse(16_000);
    client.actions();
    let own = client.lease().address;
    let discover = client.messages().pop().expect("a DHCPDISCOVER");
    client.hear(&Reply::offer(&discover.sent, ADDRESS));
    let request = client.message();
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    assert_eq!(client.machine.state(), State::Probing);
    assert_eq!(client.lease().address, own);
    // It is defended all the while.
    client.arps();
    client.hear_arp(Heard::reply(own));
    assert_eq!(client.arps()[0].said, Said::Announcement(own));
    client.elapse(6_000);
    assert_update(client.action(), ADDRESS, UpdateCause::Bound);
}

#[test]
fn a_conflict_over_a_lease_leaves_the_own_address_in_force() {
    let mut config = config();
    config.conflict_detection = ConflictDetection::Full;
    let mut client = Client::with(config, Start::Init);
    client.elapse(16_000);
    client.actions();
    let own = client.lease().address;
    let discover = client.messages().pop().expect("a DHCPDISCOVER");
    client.hear(&Reply::offer(&discover.sent, ADDRESS));
    let request = client.message();
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    client.hear_arp(Heard::reply(ADDRESS));
    assert_eq!(client.action(), Action::Setback(Setback::Conflict));
    assert_eq!(client.message().sent.message_type, MessageType::Decline);
    assert_eq!(client.lease().address, own);
    assert_eq!(client.message().sent.message_type, MessageType::Discover);
    assert_eq!(client.lease().address, own);
}

#[test]
fn an_offer_in_time_leaves_no_room_for_it() {
    let mut client = alone();
    let discover = client.message();
    client.elapse(4_999);
    client.messages();
    client.hear(&Reply::offer(&discover.sent, ADDRESS));
    client.elapse(10_000);
    assert_eq!(client.arps(), []);
    assert_eq!(client.machine.state(), State::Requesting);
    // A server that offers and then keeps quiet is none.
    client.elapse(60_000);
    assert!(!client.arps().is_empty());
}

#[test]
fn a_lost_lease_is_followed_by_it_after_the_same_wait() {
    let mut client = Client::bound_with(config(), |ack| ack);
    client.elapse(3_600_000);
    assert_eq!(client.action(), deconfigure(DeconfigureCause::Expired));
    client.elapse(4_999);
    assert_eq!(client.arps(), []);
    client.elapse(11_000);
    let action = client.action();
    assert!(matches!(
        action,
        Action::Configure {
            cause: ConfigureCause::LinkLocal,
            ..
        }
    ));
}

#[test]
fn while_a_lease_is_kept_and_confirmed_there_is_none() {
    let mut client = Client::bound_with(config(), |ack| ack);
    client.link(Link::Down);
    client.link(Link::Up);
    client.elapse(60_000);
    assert_eq!(client.arps(), []);
    assert_eq!(client.actions(), []);
}

#[test]
fn it_does_not_end_an_attempt() {
    let mut config = config();
    config.pace = Pace {
        attempt: Some(Duration::from_secs(30)),
        ..Pace::default()
    };
    let mut client = Client::with(config, Start::Init);
    client.elapse(30_000);
    let actions = client.actions();
    assert!(matches!(actions[0], Action::Configure { .. }));
    assert_eq!(actions[1..], [Action::Setback(Setback::NoAnswer)]);
}

#[test]
fn a_nak_does_not_take_it_away() {
    let (mut client, own) = claimed();
    let discover = client.messages().pop().expect("a DHCPDISCOVER");
    client.hear(&Reply::offer(&discover.sent, ADDRESS));
    let request = client.message();
    client.hear(&Reply::nak(&request.sent));
    assert_eq!(client.action(), Action::Setback(Setback::Refused));
    assert_eq!(client.lease().address, own);
}

#[test]
fn a_network_without_ipv4_takes_it_away() {
    let mut config = config();
    config.parameter_request_list.push(108);
    let mut client = Client::with(config, Start::Init);
    client.elapse(16_000);
    client.actions();
    let discover = client.messages().pop().expect("a DHCPDISCOVER");
    client.hear(&Reply::offer(&discover.sent, ADDRESS).with(108, &[0, 0, 7, 8]));
    assert_eq!(
        client.actions(),
        [
            deconfigure(DeconfigureCause::Ipv6Only),
            Action::Setback(Setback::Ipv6Only)
        ]
    );
    client.arps();
    client.elapse(1_000_000);
    assert_eq!(client.arps(), []);
}

#[test]
fn release_takes_it_down_and_says_nothing() {
    let (mut client, _) = claimed();
    client.messages();
    client.command(Command::Release);
    assert_eq!(client.messages(), []);
    assert_eq!(client.action(), deconfigure(DeconfigureCause::Released));
}

#[test]
fn a_lease_that_the_host_refuses_leaves_it_in_force() {
    let (mut client, own) = claimed();
    let discover = client.messages().pop().expect("a DHCPDISCOVER");
    client.hear(&Reply::offer(&discover.sent, ADDRESS));
    let request = client.message();
    client.host_says = Applied::Refused;
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    let mut actions = client.actions().into_iter();
    assert_update(
        actions.next().expect("the lease"),
        ADDRESS,
        UpdateCause::Bound,
    );
    assert_update(
        actions.next().expect("the own address"),
        own,
        UpdateCause::LinkLocal,
    );
    assert_eq!(actions.next(), None);
    assert_eq!(client.lease().address, own);
    let discover = client.message();
    assert_eq!(discover.at, request.at + 10_000);
}

#[test]
fn a_lease_that_the_host_finds_in_use_is_declined_and_leaves_it_in_force() {
    let (mut client, own) = claimed();
    let discover = client.messages().pop().expect("a DHCPDISCOVER");
    client.hear(&Reply::offer(&discover.sent, ADDRESS));
    let request = client.message();
    client.host_says_once = Some(Applied::InUse);
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    let mut actions = client.actions().into_iter();
    assert_update(
        actions.next().expect("the lease"),
        ADDRESS,
        UpdateCause::Bound,
    );
    let setback = Action::Setback(Setback::Conflict);
    assert_eq!(actions.next(), Some(setback));
    assert_update(
        actions.next().expect("the own address"),
        own,
        UpdateCause::LinkLocal,
    );
    assert_eq!(client.message().sent.message_type, MessageType::Decline);
    assert_eq!(client.machine.state(), State::DeclineWait);
    assert_eq!(client.lease().address, own);
}

#[test]
fn a_remembered_one_is_no_servers_to_confirm() {
    let start = Start::Reboot {
        address: Ipv4Addr::new(169, 254, 7, 7),
    };
    let mut client = Client::with(config(), start);
    let discover = client.message();
    assert_eq!(discover.sent.message_type, MessageType::Discover);
    assert_eq!(discover.sent.requested_address(), None);
}
