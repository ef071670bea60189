//! An address of the host's own while no server gives one (RFC 3927).

mod support;
mod transcript;

use std::net::Ipv4Addr;

use dhcp_proto::{
    Action, Applied, Config, ConfigureCause, DeconfigureCause, Discard, Duration, Lease, Link,
    MessageType, Origin, Start, State,
};
use support::{
    arp::{Heard, Said},
    server::SERVER,
};
use transcript::{ArpSent, Client, MAC, assert_configure, deconfigure, kept_lease};

fn config() -> Config {
    let mut config = Config::new(MAC);
    config.link_local_after = Some(Duration::from_secs(5));
    config
}

fn alone() -> Client {
    Client::with(config(), Start::Init)
}

/// The address of the next probe.
fn candidate(client: &mut Client) -> Ipv4Addr {
    loop {
        if let Some(ArpSent { said, .. }) = client.arps().first() {
            let Said::Probe(address) = said else {
                panic!("{said:?} is no probe");
            };
            return *address;
        }
        client.elapse(1);
    }
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
fn without_an_offer_an_address_is_probed_for_taken_and_announced() {
    let mut client = alone();
    client.elapse(20_000);
    let sent = client.arps();
    let Said::Probe(address) = sent[0].said else {
        panic!("no probe first");
    };
    // PROBE_WAIT is up to a second.
    assert!((5_000..=6_000).contains(&sent[0].at), "{}", sent[0].at);
    let gaps: Vec<u64> = sent
        .windows(2)
        .map(|pair| pair[1].at - pair[0].at)
        .collect();
    assert!((1_000..=2_000).contains(&gaps[0]) && (1_000..=2_000).contains(&gaps[1]));
    assert_eq!(gaps[2..], [2_000, 2_000]);
    let said: Vec<Said> = sent.iter().map(|arp| arp.said).collect();
    let (probe, announcement) = (Said::Probe(address), Said::Announcement(address));
    assert_eq!(said, [probe, probe, probe, announcement, announcement]);

    let Action::Configure { lease, cause } = client.action() else {
        panic!("no Configure");
    };
    assert_eq!(cause, ConfigureCause::LinkLocal);
    let expected = Lease {
        address,
        prefix_length: 16,
        origin: Origin::LinkLocal,
        server_identifier: Ipv4Addr::UNSPECIFIED,
        routers: Vec::new(),
        lease_seconds: None,
        acquired_at: lease.acquired_at,
        renew_at: None,
        rebind_at: None,
        expires_at: None,
        ..kept_lease()
    };
    assert_eq!(*lease, expected);
    let octets = address.octets();
    assert_eq!(octets[..2], [169, 254]);
    assert!((1..=254).contains(&octets[2]));
}

#[test]
fn discovery_goes_on_as_if_nothing_were() {
    let (mut client, _) = claimed();
    assert_eq!(client.machine.state(), State::Selecting);
    let discovers = client.messages();
    assert!(discovers.len() >= 3);
    for discover in discovers {
        assert_eq!(discover.sent.message_type, MessageType::Discover);
        assert!(
            discover
                .sent
                .carrier
                .is_some_and(|it| it.source.is_unspecified())
        );
        assert_eq!(discover.sent.requested_address(), None);
    }
    client.elapse(600_000);
    assert!(client.messages().len() >= 9);
}

#[test]
fn it_is_not_wanted_by_default() {
    let mut client = Client::new();
    client.elapse(100_000);
    assert_eq!(client.arps(), []);
    assert_eq!(client.actions(), []);
}

#[test]
fn the_same_interface_tries_the_same_addresses_whatever_the_seed() {
    let mut addresses = [1, 2].map(|seed| {
        let mut client = Client::with_seed(config(), Start::Init, [seed; 32]);
        candidate(&mut client)
    });
    assert_eq!(addresses[0], addresses[1]);
    let mut other = config();
    other.mac = [0x02, 0, 0, 0, 0, 0x11];
    addresses[1] = candidate(&mut Client::with(other, Start::Init));
    assert_ne!(addresses[0], addresses[1]);
}

/// The address that a client tries first which is said to have had this one.
fn first_after(remembered: [u8; 4]) -> Ipv4Addr {
    let start = Start::Reboot {
        address: remembered.into(),
    };
    candidate(&mut Client::with(config(), start))
}

#[test]
fn a_remembered_address_is_tried_first_unless_it_is_reserved() {
    assert_eq!(first_after([169, 254, 7, 7]), Ipv4Addr::new(169, 254, 7, 7));
    let usual = candidate(&mut alone());
    assert_eq!(first_after([169, 254, 0, 7]), usual);
    assert_eq!(first_after([169, 254, 255, 7]), usual);
}

#[test]
fn a_contested_candidate_makes_room_for_another() {
    for conflict in [Heard::reply, Heard::probe] {
        let mut client = alone();
        let first = candidate(&mut client);
        client.hear_arp(conflict(first));
        let second = candidate(&mut client);
        assert_ne!(first, second);
        client.hear_arp(Heard::reply(first));
        assert_eq!(client.discarded(Discard::OtherAddress), 1);
        client.elapse(10_000);
        assert_configure(client.action(), second, ConfigureCause::LinkLocal);
    }
}

#[test]
fn our_own_probe_looped_back_is_no_conflict() {
    let mut client = alone();
    let address = candidate(&mut client);
    client.hear_arp(Heard::probe(address).with_mac(MAC));
    assert_eq!(client.discarded(Discard::OwnArp), 1);
    client.elapse(10_000);
    assert_configure(client.action(), address, ConfigureCause::LinkLocal);
}

#[test]
fn after_ten_conflicts_there_is_one_try_a_minute() {
    let mut client = alone();
    let tried_at: Vec<u64> = (0..14)
        .map(|_| {
            let address = candidate(&mut client);
            let at = client.elapsed();
            client.hear_arp(Heard::reply(address));
            at
        })
        .collect();
    let gaps: Vec<u64> = tried_at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps[..9].iter().all(|gap| *gap <= 1_001), "{gaps:?}");
    assert!(gaps[9..].iter().all(|gap| *gap >= 60_000), "{gaps:?}");
}

#[test]
fn without_a_link_none_is_sought_and_after_it_servers_have_their_time() {
    let mut client = alone();
    client.link(Link::Down);
    client.elapse(60_000);
    assert_eq!(client.arps(), []);
    client.link(Link::Up);
    client.elapse(4_999);
    assert_eq!(client.arps(), []);
    client.elapse(1_002);
    assert_eq!(client.arps().len(), 1);
}

#[test]
fn a_lost_link_keeps_it_and_it_is_probed_for_when_it_is_back() {
    let (mut client, own) = claimed();
    client.link(Link::Down);
    client.messages();
    client.elapse(60_000);
    assert_eq!(client.lease().address, own);
    assert_eq!(client.arps(), []);
    client.link(Link::Up);
    // No server is asked to confirm it.
    assert_eq!(client.message().sent.message_type, MessageType::Discover);
    client.elapse(10_000);
    let said: Vec<Said> = client.arps().iter().map(|arp| arp.said).collect();
    let (probe, announcement) = (Said::Probe(own), Said::Announcement(own));
    assert_eq!(said, [probe, probe, probe, announcement, announcement]);
    assert_eq!(client.actions(), []);
}

#[test]
fn a_conflict_on_the_new_link_makes_room_for_another() {
    let (mut client, own) = claimed();
    client.link(Link::Down);
    client.link(Link::Up);
    client.elapse(2_500);
    client.hear_arp(Heard::reply(own));
    assert_eq!(client.action(), deconfigure(DeconfigureCause::Conflict));
    client.elapse(10_000);
    let Action::Configure { lease, cause } = client.action() else {
        panic!("no Configure");
    };
    assert_eq!(cause, ConfigureCause::LinkLocal);
    assert_ne!(lease.address, own);
}

#[test]
fn it_is_defended_once_in_ten_seconds_and_then_another_is_taken() {
    let (mut client, own) = claimed();
    client.messages();
    client.elapse(10_000);
    client.hear_arp(Heard::request(own, SERVER));
    assert_eq!(client.arps()[0].said, Said::Announcement(own));
    client.elapse(10_001);
    client.hear_arp(Heard::reply(own));
    assert_eq!(client.arps()[0].said, Said::Announcement(own));
    assert_eq!(client.actions(), []);

    client.hear_arp(Heard::reply(own));
    assert_eq!(client.action(), deconfigure(DeconfigureCause::Conflict));
    let other = candidate(&mut client);
    assert_ne!(other, own);
    client.elapse(10_000);
    assert_configure(client.action(), other, ConfigureCause::LinkLocal);
    // No server had a part in it.
    assert_eq!(client.machine.counters().sent(MessageType::Decline), 0);
}

#[test]
fn one_that_the_host_refuses_is_tried_again_after_ten_seconds() {
    let mut client = alone();
    client.host_says = Applied::Refused;
    client.elapse(11_000);
    assert!(matches!(client.action(), Action::Configure { .. }));
    assert_eq!(client.machine.lease(), None);
    client.arps();
    client.host_says = Applied::Done;
    client.elapse(18_000);
    assert!(matches!(client.action(), Action::Configure { .. }));
    assert_eq!(client.machine.state(), State::Selecting);
}

#[test]
fn one_that_the_host_finds_in_use_makes_room_for_another() {
    let mut client = alone();
    client.host_says = Applied::InUse;
    let first = candidate(&mut client);
    while client.actions().is_empty() {
        client.elapse(1);
    }
    client.host_says = Applied::Done;
    client.arps();
    client.elapse(10_000);
    let Action::Configure { lease, .. } = client.action() else {
        panic!("no Configure");
    };
    assert_ne!(lease.address, first);
}

#[test]
fn a_resumed_one_is_kept_and_defended_while_discovery_begins() {
    let (client, own) = claimed();
    let lease = client.lease().clone();
    let mut client = Client::with(config(), Start::Resume(lease));
    let discover = client.message();
    assert_eq!(discover.sent.message_type, MessageType::Discover);
    assert_eq!(discover.sent.requested_address(), None);
    assert_eq!(client.lease().address, own);
    client.elapse(60_000);
    assert_eq!((client.arps(), client.actions()), (vec![], vec![]));
    client.hear_arp(Heard::reply(own));
    assert_eq!(client.arps()[0].said, Said::Announcement(own));
    client.hear_arp(Heard::reply(own));
    assert_eq!(client.action(), deconfigure(DeconfigureCause::Conflict));
}

#[test]
fn a_new_mac_address_begins_with_its_own() {
    let (mut client, own) = claimed();
    client.link(Link::Mac([0x02, 0, 0, 0, 0, 0x22]));
    assert_eq!(client.action(), deconfigure(DeconfigureCause::Stopped));
    client.elapse(16_000);
    let Action::Configure { lease, .. } = client.action() else {
        panic!("no Configure");
    };
    assert_ne!(lease.address, own);
}
