//! An address in use, and another host that uses it too.

mod support;
mod transcript;

use dhcp_proto::{
    Action, Command, Config, ConfigureCause, ConflictDetection, DeconfigureCause, Discard, Instant,
    Link, MessageType, Setback, Start, State, UpdateCause,
};
use support::{
    arp::{Heard, Said},
    server::{Reply, SERVER},
};
use transcript::{
    ADDRESS, Client, MAC, START, assert_configure, assert_update, deconfigure, extended, kept_lease,
};

fn fast() -> Config {
    let mut config = Config::new(MAC);
    config.conflict_detection = ConflictDetection::Fast;
    config
}

/// A client that has just got its address.
fn configured() -> Client {
    let mut client = Client::with(fast(), Start::Init);
    client.request_offered(|offer| offer);
    let request = client.message();
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    assert_configure(client.action(), ADDRESS, ConfigureCause::Bound);
    client
}

/// The same when nobody has objected.
fn settled() -> Client {
    let mut client = configured();
    client.elapse(20_000);
    client.arps();
    client
}

fn said(client: &mut Client) -> Vec<Said> {
    client.arps().iter().map(|arp| arp.said).collect()
}

/// The address goes, the server is told after that, and ten seconds are waited.
#[track_caller]
fn assert_given_up(client: &mut Client) {
    let gone_at = client.elapsed();
    assert_eq!(
        client.actions(),
        [
            deconfigure(DeconfigureCause::Conflict),
            Action::Setback(Setback::Conflict)
        ]
    );
    assert_eq!(client.machine.lease(), None);
    assert_eq!(client.machine.state(), State::DeclineWait);
    let decline = client.message();
    assert_eq!(decline.sent.message_type, MessageType::Decline);
    assert_eq!(decline.sent.requested_address(), Some(ADDRESS));
    assert_eq!(decline.sent.server_identifier(), Some(SERVER));
    assert!(
        decline
            .sent
            .carrier
            .is_some_and(|it| it.source.is_unspecified())
    );
    client.arps();
    let discover = client.message();
    assert_eq!(discover.sent.message_type, MessageType::Discover);
    assert_eq!(discover.sent.requested_address(), None);
    assert_eq!(discover.at, gone_at + 10_000);
    assert_eq!(client.arps(), []);
}

#[test]
fn fast_detection_configures_at_once_and_probes_at_the_same_time() {
    let mut client = configured();
    assert_eq!(client.elapsed(), 0);
    assert_eq!(said(&mut client), [Said::Probe(ADDRESS)]);
    client.elapse(20_000);
    let (probe, announcement) = (Said::Probe(ADDRESS), Said::Announcement(ADDRESS));
    assert_eq!(
        said(&mut client),
        [probe, probe, announcement, announcement]
    );
    assert_eq!(client.actions(), []);
}

#[test]
fn fast_detection_gives_a_contested_address_up() {
    let mut client = configured();
    client.elapse(2_500);
    client.hear_arp(Heard::reply(ADDRESS));
    assert_given_up(&mut client);
}

#[test]
fn fast_detection_gives_way_to_another_hosts_probe() {
    let mut client = configured();
    client.hear_arp(Heard::probe(ADDRESS));
    assert_given_up(&mut client);
}

#[test]
fn the_decline_is_not_sent_before_the_address_is_down() {
    let mut client = configured();
    let now = client.instant();
    let machine = &mut client.machine;
    machine.handle_frame(now, &Heard::reply(ADDRESS).frame(), true);
    assert_eq!(machine.poll_transmit(now), None);
    assert_eq!(
        machine.poll_action(),
        Some(deconfigure(DeconfigureCause::Conflict))
    );
    assert!(machine.poll_transmit(now).is_some());
    assert_eq!(machine.counters().sent(MessageType::Decline), 1);
}

#[test]
fn a_conflict_before_the_host_heard_of_the_lease_leaves_it_out() {
    let mut client = Client::with(fast(), Start::Init);
    client.request_offered(|offer| offer);
    let request = client.message();
    let now = client.instant();
    let machine = &mut client.machine;
    machine.handle_frame(now, &Reply::ack(&request.sent, ADDRESS).frame(), true);
    machine.handle_frame(now, &Heard::reply(ADDRESS).frame(), true);
    assert!(machine.poll_transmit(now).is_some());
    assert_eq!(machine.counters().sent(MessageType::Decline), 1);
    assert_eq!(
        machine.poll_action(),
        Some(Action::Setback(Setback::Conflict))
    );
    assert_eq!(machine.poll_action(), None);
}

#[test]
fn case_042_first_conflict_while_bound_is_answered_once() {
    let mut client = settled();
    client.hear_arp(Heard::request(ADDRESS, SERVER));
    assert_eq!(said(&mut client), [Said::Announcement(ADDRESS)]);
    assert_eq!(client.actions(), []);
    client.elapse(60_000);
    assert_eq!(client.arps(), []);
}

#[test]
fn case_042_second_conflict_within_ten_seconds_gives_the_address_up() {
    let mut client = settled();
    client.hear_arp(Heard::reply(ADDRESS));
    client.elapse(10_000);
    client.arps();
    client.hear_arp(Heard::reply(ADDRESS));
    assert_given_up(&mut client);
}

#[test]
fn case_042_second_conflict_after_ten_seconds_is_answered_again() {
    let mut client = settled();
    client.hear_arp(Heard::reply(ADDRESS));
    client.elapse(10_001);
    client.hear_arp(Heard::reply(ADDRESS));
    let announcement = Said::Announcement(ADDRESS);
    assert_eq!(said(&mut client), [announcement, announcement]);
    assert_eq!(client.machine.state(), State::Bound);
}

#[test]
fn case_042_conflict_while_renewing_and_rebinding_is_one_too() {
    for rebind in [false, true] {
        let mut client = settled();
        client.command(if rebind {
            Command::Rebind
        } else {
            Command::Renew
        });
        client.message();
        client.hear_arp(Heard::reply(ADDRESS));
        assert_eq!(said(&mut client), [Said::Announcement(ADDRESS)]);
        client.hear_arp(Heard::reply(ADDRESS));
        assert_given_up(&mut client);
    }
}

#[test]
fn case_042_question_for_the_address_is_no_conflict() {
    let mut client = settled();
    client.hear_arp(Heard::request([192, 0, 2, 200].into(), ADDRESS));
    client.hear_arp(Heard::probe(ADDRESS));
    assert_eq!(client.discarded(Discard::OtherAddress), 2);
    assert_eq!(client.arps(), []);
}

#[test]
fn case_042_our_own_announcement_looped_back_is_no_conflict() {
    let mut client = settled();
    for _ in 0..5 {
        client.hear_arp(Heard::request(ADDRESS, ADDRESS).with_mac(MAC));
    }
    assert_eq!(client.discarded(Discard::OwnArp), 5);
    assert_eq!(client.machine.state(), State::Bound);
}

#[test]
fn case_042_flood_of_conflicts_gets_one_answer_and_one_decline() {
    let mut client = settled();
    let conflict = Heard::reply(ADDRESS).frame();
    for _ in 0..1000 {
        client.hear_frame(&conflict);
        client.elapse(1);
    }
    assert_eq!(client.arps().len(), 1);
    assert_eq!(client.messages().len(), 1);
    assert_eq!(client.actions().len(), 2);
}

#[test]
fn case_042_resumed_lease_is_defended_and_not_probed_for() {
    for detection in [ConflictDetection::Fast, ConflictDetection::Full] {
        let mut config = fast();
        config.conflict_detection = detection;
        let mut client = Client::with(config, Start::Resume(kept_lease()));
        client.elapse(60_000);
        assert_eq!(client.arps(), []);
        client.hear_arp(Heard::reply(ADDRESS));
        assert_eq!(said(&mut client), [Said::Announcement(ADDRESS)]);
        client.hear_arp(Heard::reply(ADDRESS));
        assert_given_up(&mut client);
    }
}

#[test]
fn a_conflict_found_while_the_kept_address_is_confirmed_ends_it() {
    let mut client = settled();
    client.link(Link::Down);
    client.link(Link::Up);
    let request = client.message();
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    assert_update(client.action(), ADDRESS, UpdateCause::Rebooted);
    assert_eq!(said(&mut client), [Said::Probe(ADDRESS)]);
    client.hear_arp(Heard::reply(ADDRESS));
    assert_given_up(&mut client);
}

#[test]
fn a_conflict_over_a_kept_address_counts_while_a_server_is_asked() {
    let mut client = settled();
    client.link(Link::Down);
    client.link(Link::Up);
    client.message();
    assert_eq!(client.machine.state(), State::Rebooting);
    client.hear_arp(Heard::reply(ADDRESS));
    assert_eq!(said(&mut client), [Said::Announcement(ADDRESS)]);
    client.hear_arp(Heard::reply(ADDRESS));
    assert_given_up(&mut client);
}

#[test]
fn without_a_link_nothing_is_probed_nor_announced() {
    let mut client = configured();
    client.arps();
    client.link(Link::Down);
    client.elapse(60_000);
    assert_eq!(client.arps(), []);
    assert_eq!(client.lease().address, ADDRESS);
}

#[test]
fn a_renewal_with_another_address_probes_for_it_while_it_is_used() {
    let moved = [192, 0, 2, 78].into();
    let mut client = settled();
    let renewal = client.message();
    client.hear(&Reply::ack(&renewal.sent, moved));
    assert_update(client.action(), moved, UpdateCause::Renewed);
    assert_eq!(said(&mut client), [Said::Probe(moved)]);
    // The old address is nothing to us any more.
    client.hear_arp(Heard::reply(ADDRESS));
    assert_eq!(client.discarded(Discard::OtherAddress), 1);
}

#[test]
fn a_renewal_does_not_interrupt_the_probes() {
    let mut client = configured();
    client.elapse(500);
    client.command(Command::Renew);
    let renewal = client.message();
    client.hear(&extended(&renewal));
    client.elapse(20_000);
    let (probe, announcement) = (Said::Probe(ADDRESS), Said::Announcement(ADDRESS));
    assert_eq!(
        said(&mut client),
        [probe, probe, probe, announcement, announcement]
    );
}

#[test]
fn sleep_between_probes_is_no_storm_on_waking() {
    let mut client = configured();
    client.arps();
    client.sleep(1_000_000);
    assert_eq!(client.arps().len(), 1);
    client.elapse(20_000);
    assert_eq!(client.arps().len(), 1 + 2);
    assert_eq!(client.instant(), Instant::from_millis(START + 1_020_000));
}
