//! Whether another host has the address that a server gave, asked before it is used.

mod support;
mod transcript;

use std::net::Ipv4Addr;

use dhcp_proto::{
    Action, Applied, Command, Config, ConfigureCause, ConflictDetection, DeconfigureCause, Discard,
    Instant, Link, MessageType, Setback, Start, State, UpdateCause,
};
use support::{
    arp::{Heard, NEIGHBOUR_MAC, Said},
    sent::Carrier,
    server::{Reply, SERVER},
};
use transcript::{
    ADDRESS, ArpSent, Client, MAC, assert_configure, assert_update, deconfigure, extended,
    since_start,
};

const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 78);

fn full() -> Config {
    let mut config = Config::new(MAC);
    config.conflict_detection = ConflictDetection::Full;
    config
}

/// A client that has a DHCPACK, and probes.
fn probing() -> Client {
    let mut client = Client::with(full(), Start::Init);
    acknowledge(&mut client);
    client
}

/// Lets the next DHCPDISCOVER be answered with [`ADDRESS`].
fn acknowledge(client: &mut Client) {
    client.request_offered(|offer| offer);
    let request = client.message();
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    assert_eq!(client.machine.state(), State::Probing);
}

fn bound() -> Client {
    let mut client = probing();
    client.elapse(20_000);
    assert_configure(client.action(), ADDRESS, ConfigureCause::Bound);
    client.arps();
    client
}

fn times(sent: &[ArpSent], expected: Said) -> Vec<u64> {
    assert!(sent.iter().all(|arp| arp.said == expected), "{sent:?}");
    sent.iter().map(|arp| arp.at).collect()
}

#[test]
fn case_037_three_probes_one_to_two_seconds_apart_come_before_the_address() {
    let mut client = probing();
    client.elapse(10_000);
    let sent = client.arps();
    let probes = times(&sent[..3], Said::Probe(ADDRESS));
    assert_eq!(probes[0], 0);
    for gap in probes.windows(2).map(|pair| pair[1] - pair[0]) {
        assert!((1_000..=2_000).contains(&gap), "{gap}");
    }
    // ANNOUNCE_WAIT, and the host has the address at once.
    let announcements = times(&sent[3..], Said::Announcement(ADDRESS));
    assert_eq!(announcements, [probes[2] + 2_000, probes[2] + 4_000]);
    assert_configure(client.action(), ADDRESS, ConfigureCause::Bound);
    assert_eq!(client.machine.state(), State::Bound);
}

#[test]
fn case_037_nothing_is_configured_before_the_verdict() {
    let mut client = probing();
    while client.machine.state() == State::Probing {
        assert_eq!(client.actions(), []);
        assert_eq!(client.machine.lease(), None);
        client.elapse(1);
    }
    assert!((4_000..=6_000).contains(&client.elapsed()));
    assert_configure(client.action(), ADDRESS, ConfigureCause::Bound);
}

#[test]
fn case_037_lease_counts_from_its_request_and_not_from_the_verdict() {
    let client = bound();
    assert_eq!(since_start(client.lease().expires_at), 3_600_000);
}

#[test]
fn case_037_announcing_waits_for_the_host() {
    let mut client = probing();
    // The machine alone from here, since this host takes its time.
    let machine = &mut client.machine;
    let verdict = loop {
        let now = machine.poll_timeout().expect("a timer");
        machine.handle_timeout(now);
        let probe = machine.poll_transmit(now);
        if let Some(action) = machine.poll_action() {
            assert!(matches!(action, Action::Configure { .. }));
            assert_eq!(probe, None);
            break now;
        }
    };
    let now = Instant::from_millis(verdict.as_millis() + 500);
    machine.handle_timeout(now);
    assert_eq!(machine.poll_transmit(now), None);
    machine.handle_applied(now, Applied::Done);
    assert!(machine.poll_transmit(now).is_some());
    assert_eq!(
        machine.poll_timeout(),
        Some(Instant::from_millis(now.as_millis() + 2_000))
    );
}

/// The client declines: broadcast, with address and server, and says so; then it is quiet.
#[track_caller]
fn assert_declined(client: &mut Client) {
    let decline = client.messages().pop().expect("a DHCPDECLINE");
    assert_eq!(decline.at, client.elapsed());
    assert_eq!(decline.sent.message_type, MessageType::Decline);
    let carrier = Carrier {
        source_mac: MAC,
        destination_mac: [0xff; 6],
        source: Ipv4Addr::UNSPECIFIED,
        destination: Ipv4Addr::BROADCAST,
    };
    assert_eq!(decline.sent.carrier, Some(carrier));
    assert_eq!(decline.sent.requested_address(), Some(ADDRESS));
    assert_eq!(decline.sent.server_identifier(), Some(SERVER));
    assert_eq!(decline.sent.ciaddr, Ipv4Addr::UNSPECIFIED);
    assert_eq!((decline.sent.secs, decline.sent.flags), (0, 0));
    // RFC 2131 table 5: nothing else but the identifier and a text.
    assert_eq!(decline.sent.codes, [53, 61, 50, 54, 56]);
    assert_eq!(client.machine.state(), State::DeclineWait);
    client.arps();
}

#[test]
fn case_038_reply_while_probing_is_declined_and_ten_seconds_are_waited() {
    let mut client = probing();
    client.elapse(1_500);
    client.hear_arp(Heard::reply(ADDRESS));
    assert_declined(&mut client);
    assert_eq!(client.action(), Action::Setback(Setback::Conflict));

    let discover = client.message();
    assert_eq!(discover.sent.message_type, MessageType::Discover);
    assert_eq!(discover.at, 11_500);
    // With nothing in mind.
    assert_eq!(discover.sent.requested_address(), None);
    assert_eq!(discover.sent.secs, 0);
    assert_eq!(client.arps(), []);
}

#[test]
fn case_038_request_of_the_addresss_owner_is_a_conflict_too() {
    let mut client = probing();
    client.hear_arp(Heard::request(ADDRESS, ELSEWHERE));
    assert_declined(&mut client);
}

#[test]
fn case_038_conflict_counts_until_the_end_of_the_wait_after_the_last_probe() {
    let mut client = probing();
    let mut probes = client.arps().len();
    while probes < 3 {
        client.elapse(1);
        probes += client.arps().len();
    }
    client.elapse(1_999);
    client.hear_arp(Heard::reply(ADDRESS));
    assert_declined(&mut client);
    assert_eq!(client.action(), Action::Setback(Setback::Conflict));
}

#[test]
fn case_039_probe_of_another_host_for_the_same_address_is_a_conflict() {
    let mut client = probing();
    client.hear_arp(Heard::probe(ADDRESS));
    assert_declined(&mut client);
}

#[test]
fn case_039_probe_for_another_address_is_none() {
    let mut client = probing();
    client.hear_arp(Heard::probe(ELSEWHERE));
    client.hear_arp(Heard::request(ELSEWHERE, ADDRESS));
    client.hear_arp(Heard::reply(ELSEWHERE));
    assert_eq!(client.discarded(Discard::OtherAddress), 3);
    assert_eq!(client.machine.state(), State::Probing);
}

#[test]
fn case_040_our_own_probe_looped_back_is_no_conflict() {
    let mut client = probing();
    client.hear_arp(Heard::probe(ADDRESS).with_mac(MAC));
    client.hear_arp(Heard::reply(ADDRESS).with_mac(MAC));
    assert_eq!(client.discarded(Discard::OwnArp), 2);
    assert_eq!(client.machine.state(), State::Probing);
}

#[test]
fn case_041_after_ten_conflicts_there_is_one_try_a_minute() {
    let mut client = Client::with(full(), Start::Init);
    let tried_at: Vec<u64> = (0..14)
        .map(|_| {
            acknowledge(&mut client);
            let at = client.arps()[0].at;
            client.hear_arp(Heard::reply(ADDRESS));
            assert_declined(&mut client);
            at
        })
        .collect();
    let gaps: Vec<u64> = tried_at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(gaps[..9], [10_000; 9]);
    assert!(gaps[9..].iter().all(|gap| *gap >= 60_000), "{gaps:?}");
    assert_eq!(
        client.actions(),
        [const { Action::Setback(Setback::Conflict) }; 14]
    );
}

#[test]
fn case_041_a_new_mac_address_has_no_conflicts_behind_it() {
    let mut client = Client::with(full(), Start::Init);
    for _ in 0..10 {
        acknowledge(&mut client);
        client.hear_arp(Heard::reply(ADDRESS));
        client.messages();
    }
    client.link(Link::Mac([0x02, 0, 0, 0, 0, 0x22]));
    acknowledge(&mut client);
    let before = client.elapsed();
    client.hear_arp(Heard::reply(ADDRESS));
    client.messages();
    assert_eq!(client.message().at, before + 10_000);
}

#[test]
fn case_043_without_conflict_detection_there_is_no_arp_at_all() {
    let mut client = Client::bound_for(3600);
    client.hear_arp(Heard::reply(ADDRESS));
    client.hear_arp(Heard::reply(ADDRESS));
    client.elapse(100_000);
    assert_eq!(client.arps(), []);
    assert_eq!(client.discarded(Discard::OtherAddress), 2);
    assert_eq!(client.machine.state(), State::Bound);
}

#[test]
fn a_remembered_address_is_probed_for_too() {
    let mut client = Client::with(full(), Start::Reboot { address: ADDRESS });
    let request = client.message();
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    assert_eq!(client.machine.state(), State::Probing);
    assert_eq!(client.actions(), []);
    client.elapse(6_000);
    assert_configure(client.action(), ADDRESS, ConfigureCause::Rebooted);
}

#[test]
fn a_renewal_of_the_same_address_is_not_probed_for() {
    let mut client = bound();
    let renewal = client.message();
    client.hear(&extended(&renewal));
    assert_update(client.action(), ADDRESS, UpdateCause::Renewed);
    client.elapse(10_000);
    assert_eq!(client.arps(), []);
}

#[test]
fn a_renewal_with_another_address_changes_to_it_after_the_verdict() {
    let mut client = bound();
    let renewal = client.message();
    client.hear(&Reply::ack(&renewal.sent, ELSEWHERE));
    assert_eq!(client.machine.state(), State::Probing);
    assert_eq!(client.actions(), []);
    assert_eq!(client.lease().address, ADDRESS);
    client.elapse(6_000);
    assert_update(client.action(), ELSEWHERE, UpdateCause::Renewed);
    assert!(
        client
            .arps()
            .iter()
            .any(|arp| arp.said == Said::Announcement(ELSEWHERE))
    );
}

#[test]
fn a_conflict_over_the_other_address_of_a_renewal_leaves_none() {
    let mut client = bound();
    let renewal = client.message();
    client.hear(&Reply::ack(&renewal.sent, ELSEWHERE));
    client.hear_arp(Heard::reply(ELSEWHERE));
    assert_eq!(
        client.actions(),
        [
            deconfigure(DeconfigureCause::Conflict),
            Action::Setback(Setback::Conflict)
        ]
    );
    let decline = client.message();
    assert_eq!(decline.sent.requested_address(), Some(ELSEWHERE));
    assert_eq!(client.machine.state(), State::DeclineWait);
}

#[test]
fn after_the_link_was_away_a_kept_address_is_probed_for_in_the_background() {
    let mut client = bound();
    client.link(Link::Down);
    client.elapse(60_000);
    assert_eq!(client.arps(), []);
    client.link(Link::Up);
    let request = client.message();
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    assert_update(client.action(), ADDRESS, UpdateCause::Rebooted);
    assert_eq!(client.machine.state(), State::Bound);
    client.elapse(10_000);
    let said: Vec<Said> = client.arps().iter().map(|arp| arp.said).collect();
    let (probe, announcement) = (Said::Probe(ADDRESS), Said::Announcement(ADDRESS));
    assert_eq!(said, [probe, probe, probe, announcement, announcement]);
}

#[test]
fn after_the_link_was_away_another_address_waits_for_its_verdict_and_the_old_one_stays() {
    let mut client = bound();
    client.link(Link::Down);
    client.link(Link::Up);
    client.message();
    client.elapse(5_000);
    let discover = client.messages().pop().expect("a DHCPDISCOVER");
    client.hear(&Reply::offer(&discover.sent, ELSEWHERE));
    let request = client.message();
    client.hear(&Reply::ack(&request.sent, ELSEWHERE));
    assert_eq!(client.machine.state(), State::Probing);
    assert_eq!(client.lease().address, ADDRESS);
    client.elapse(6_000);
    assert_update(client.action(), ELSEWHERE, UpdateCause::Bound);
}

#[test]
fn link_lost_while_probing_asks_for_the_address_when_it_is_back() {
    let mut client = probing();
    client.arps();
    client.link(Link::Down);
    client.elapse(20_000);
    assert_eq!((client.arps(), client.messages()), (vec![], vec![]));
    client.link(Link::Up);
    let request = client.message();
    assert_eq!(request.sent.message_type, MessageType::Request);
    assert_eq!(request.sent.requested_address(), Some(ADDRESS));
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    client.elapse(10_000);
    assert_configure(client.action(), ADDRESS, ConfigureCause::Rebooted);
}

#[test]
fn a_lease_that_is_over_before_its_verdict_is_not_used() {
    let mut client = Client::with(full(), Start::Init);
    client.request_offered(|offer| offer);
    let request = client.message();
    client.elapse(8_000);
    client.messages();
    client.hear(&Reply {
        lease_time: Some(10),
        ..Reply::ack(&request.sent, ADDRESS)
    });
    client.elapse(6_000);
    assert_eq!(client.actions(), []);
    assert_eq!(client.message().sent.message_type, MessageType::Discover);
}

#[test]
fn a_lease_in_force_ends_in_time_while_another_is_probed_for() {
    let mut client = bound();
    client.command(Command::Renew);
    client.elapse(3_597_000 - client.elapsed());
    let renewal = client.messages().pop().expect("a DHCPREQUEST");
    client.hear(&Reply::ack(&renewal.sent, ELSEWHERE));
    assert_eq!(client.machine.state(), State::Probing);
    client.elapse(6_000);
    let actions = client.actions();
    assert_eq!(actions[0], deconfigure(DeconfigureCause::Expired));
    let Action::Configure { lease, cause } = &actions[1] else {
        panic!("{actions:?}");
    };
    assert_eq!((lease.address, *cause), (ELSEWHERE, ConfigureCause::Bound));
}

#[test]
fn the_host_may_find_the_conflict_that_nobody_heard() {
    let mut client = Client::new();
    client.request_offered(|offer| offer);
    let request = client.message();
    client.host_says = Applied::InUse;
    client.elapse(100);
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    let actions = client.actions();
    assert!(matches!(actions[0], Action::Configure { .. }));
    assert_eq!(actions[1..], [Action::Setback(Setback::Conflict)]);
    assert_declined(&mut client);
    assert_eq!(client.message().at, 10_100);
}

#[test]
fn the_host_may_find_it_at_an_update_and_then_the_address_goes() {
    let mut client = Client::bound_for(3600);
    let renewal = client.message();
    client.host_says = Applied::InUse;
    client.hear(&extended(&renewal));
    let actions = client.actions();
    assert_eq!(
        actions[1..],
        [
            deconfigure(DeconfigureCause::Conflict),
            Action::Setback(Setback::Conflict)
        ]
    );
    assert_declined(&mut client);
}

#[test]
fn an_address_from_bootp_has_nobody_to_be_declined_to() {
    let mut config = full();
    config.legacy = dhcp_proto::Legacy::Accepted;
    let mut client = Client::with(config, Start::Init);
    let discover = client.message();
    client.hear(&Reply::boot(&discover.sent, ADDRESS));
    client.hear_arp(Heard::reply(ADDRESS));
    assert_eq!(client.messages(), []);
    assert_eq!(client.action(), Action::Setback(Setback::Conflict));
    assert_eq!(client.message().at, 10_000);
}

#[test]
fn the_neighbour_is_another_host() {
    // The other tests mean nothing if it were not.
    assert_ne!(NEIGHBOUR_MAC, MAC);
}
