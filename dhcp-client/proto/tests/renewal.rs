//! How a lease is kept, changed and lost: T1, T2, the end, and DHCPNAK.

mod support;
mod transcript;

use std::net::Ipv4Addr;

use dhcp_proto::{
    Action, Applied, Command, DeconfigureCause, Discard, Duration, MessageType, State, UpdateCause,
};
use support::{
    sent::Carrier,
    server::{Reply, SERVER},
};
use transcript::{
    ADDRESS, Client, MAC, Message, OTHER_SERVER, assert_update, deconfigure, extended, refused,
    since_start,
};

/// The default T1 and T2 of a lease of an hour, in milliseconds; "fuzz" makes them a fiftieth earlier
/// at the most.
const T1: std::ops::RangeInclusive<u64> = 1_764_000..=1_800_000;
const T2: std::ops::RangeInclusive<u64> = 3_087_000..=3_150_000;

/// Lets T2 come, and gives the DHCPREQUEST of REBINDING.
fn rebinding(client: &mut Client) -> Message {
    client.elapse(since_start(client.lease().rebind_at) - client.elapsed());
    assert_eq!(client.machine.state(), State::Rebinding);
    client.messages().pop().expect("a DHCPREQUEST at T2")
}

#[test]
fn case_050_at_t1_the_request_is_unicast_to_the_server() {
    let mut client = Client::bound_for(3600);
    let renewal = client.message();

    assert!(T1.contains(&renewal.at), "{}", renewal.at);
    assert_eq!(renewal.at, since_start(client.lease().renew_at));
    assert_eq!(renewal.datagram_to, Some(SERVER));
    assert_eq!(renewal.sent.message_type, MessageType::Request);
    assert_eq!(renewal.sent.ciaddr, ADDRESS);
    assert_eq!(renewal.sent.requested_address(), None);
    assert_eq!(renewal.sent.server_identifier(), None);
    assert_eq!(renewal.sent.secs, 0);
    assert_eq!(client.machine.state(), State::Renewing);
    assert_eq!(client.actions(), []);
}

#[test]
fn case_050_ack_extends_the_lease_from_the_sending_of_the_request() {
    let mut client = Client::bound_for(3600);
    let renewal = client.message();
    client.elapse(1_500);
    client.hear(&extended(&renewal));

    assert_update(client.action(), ADDRESS, UpdateCause::Renewed);
    assert_eq!(client.machine.state(), State::Bound);
    assert_eq!(since_start(Some(client.lease().acquired_at)), renewal.at);
    assert_eq!(
        since_start(client.lease().expires_at),
        renewal.at + 3_600_000
    );
}

#[test]
fn case_050_times_of_the_server_are_followed() {
    let client = Client::bound(|ack| {
        ack.with(58, &1000_u32.to_be_bytes())
            .with(59, &2000_u32.to_be_bytes())
    });
    let renew_at = since_start(client.lease().renew_at);
    let rebind_at = since_start(client.lease().rebind_at);
    assert!((980_000..=1_000_000).contains(&renew_at), "{renew_at}");
    assert!((1_960_000..=2_000_000).contains(&rebind_at), "{rebind_at}");
}

#[test]
fn case_051_renewal_leaves_by_the_udp_socket_of_the_leased_address() {
    let mut client = Client::bound_for(3600);
    let renewal = client.message();
    // No frame of its own: the host's kernel routes it, from the address that it has.
    assert_eq!(renewal.sent.carrier, None);
    assert_eq!(renewal.datagram_to, Some(SERVER));
    assert_eq!(renewal.sent.ciaddr, client.lease().address);
}

#[test]
fn case_052_without_an_answer_half_of_the_time_to_t2_is_waited_and_60_s_at_least() {
    let mut client = Client::bound_for(3600);
    let t2 = since_start(client.lease().rebind_at);
    let first = client.message();
    client.elapse(t2 - first.at - 1);
    let sent_at: Vec<u64> = client.messages().iter().map(|again| again.at).collect();

    let mut expected = Vec::new();
    let mut at = first.at;
    loop {
        at += ((t2 - at) / 2).max(60_000);
        if at >= t2 {
            break;
        }
        expected.push(at);
    }
    assert_eq!(sent_at, expected);
    assert!(sent_at.len() >= 4);
    assert_eq!(client.machine.state(), State::Renewing);
}

#[test]
fn case_053_at_t2_the_request_is_broadcast_from_the_address() {
    let mut client = Client::bound_for(3600);
    let request = rebinding(&mut client);

    assert!(T2.contains(&request.at), "{}", request.at);
    assert_eq!(
        request.sent.carrier,
        Some(Carrier {
            source_mac: MAC,
            destination_mac: [0xff; 6],
            source: ADDRESS,
            destination: Ipv4Addr::BROADCAST,
        })
    );
    assert_eq!(request.sent.ciaddr, ADDRESS);
    assert_eq!(request.sent.requested_address(), None);
    assert_eq!(request.sent.server_identifier(), None);
    // The renewal process began at T1.
    let began = since_start(client.lease().renew_at);
    assert_eq!(u64::from(request.sent.secs), (request.at - began) / 1000);
}

#[test]
fn case_053_without_an_answer_half_of_the_time_to_the_end_is_waited() {
    let mut client = Client::bound_for(3600);
    let first = rebinding(&mut client);
    let second = client.message();
    let third = client.message();
    assert_eq!(second.at, first.at + (3_600_000 - first.at) / 2);
    assert_eq!(third.at, second.at + (3_600_000 - second.at) / 2);
    assert_eq!(second.sent.xid, first.sent.xid);
}

#[test]
fn case_054_another_server_may_rebind_and_is_the_one_to_ask_from_then_on() {
    let mut client = Client::bound_for(3600);
    let request = rebinding(&mut client);
    client.hear(&extended(&request).from_server(OTHER_SERVER));

    assert_update(client.action(), ADDRESS, UpdateCause::Rebound);
    assert_eq!(client.lease().server_identifier, OTHER_SERVER);
    assert_eq!(client.message().datagram_to, Some(OTHER_SERVER));
}

#[test]
fn case_054_ack_to_the_renewal_is_too_late_in_rebinding() {
    let mut client = Client::bound_for(3600);
    let renewal = client.message();
    rebinding(&mut client);
    client.hear(&extended(&renewal));
    assert_eq!(client.discarded(Discard::WrongXid), 1);
    assert_eq!(client.machine.state(), State::Rebinding);
}

#[test]
fn case_055_at_its_end_the_lease_goes_and_discovery_starts() {
    let mut client = Client::bound_for(3600);
    client.elapse(3_600_000 - 1);
    assert_eq!(client.actions(), []);
    client.messages();
    client.elapse(1);

    assert_eq!(client.action(), deconfigure(DeconfigureCause::Expired));
    let discover = client.message();
    assert_eq!(discover.at, 3_600_000);
    assert_eq!(discover.sent.message_type, MessageType::Discover);
    assert_eq!(discover.sent.carrier.unwrap().source, Ipv4Addr::UNSPECIFIED);
    assert_eq!(discover.sent.secs, 0);
    // It would like the same address again, and says so.
    assert_eq!(discover.sent.requested_address(), Some(ADDRESS));
    assert_eq!(client.machine.lease(), None);
}

#[test]
fn case_056_times_in_the_wrong_order_are_replaced_by_the_defaults() {
    let wrong: [(u32, u32); 6] = [
        (2000, 1000),
        (1000, 1000),
        (1000, 3600),
        (3600, 4000),
        (0xffff_ffff, 0xffff_ffff),
        (0, 1000),
    ];
    for (t1, t2) in wrong {
        let client =
            Client::bound(|ack| ack.with(58, &t1.to_be_bytes()).with(59, &t2.to_be_bytes()));
        assert!(T1.contains(&since_start(client.lease().renew_at)));
        assert!(T2.contains(&since_start(client.lease().rebind_at)));
    }
}

#[test]
fn case_057_changed_parameters_are_one_update() {
    let mut client = Client::bound_for(3600);
    let renewal = client.message();
    client.hear(
        &extended(&renewal)
            .with(1, &[255, 255, 0, 0])
            .with(3, &[192, 0, 2, 254])
            .with(6, &[192, 0, 2, 53])
            .with(26, &1400_u16.to_be_bytes()),
    );

    let Action::Update { lease, cause } = client.action() else {
        panic!("no Update");
    };
    assert_eq!(cause, UpdateCause::Renewed);
    assert_eq!((lease.address, lease.prefix_length), (ADDRESS, 16));
    assert_eq!(lease.routers, [Ipv4Addr::new(192, 0, 2, 254)]);
    assert_eq!(lease.dns, [Ipv4Addr::new(192, 0, 2, 53)]);
    assert_eq!(lease.mtu, Some(1400));
}

#[test]
fn case_058_another_address_is_an_update_to_it() {
    let moved = Ipv4Addr::new(192, 0, 2, 78);
    let mut client = Client::bound_for(3600);
    let renewal = client.message();
    client.hear(&Reply::ack(&renewal.sent, moved));
    assert_update(client.action(), moved, UpdateCause::Renewed);
    assert_eq!(client.message().sent.ciaddr, moved);
}

#[test]
fn case_058_another_address_that_the_host_refuses_leaves_none() {
    let mut client = Client::bound_for(3600);
    let renewal = client.message();
    client.host_says = Applied::Refused;
    client.hear(&Reply::ack(&renewal.sent, Ipv4Addr::new(192, 0, 2, 78)));
    assert_eq!(
        client.actions().pop(),
        Some(deconfigure(DeconfigureCause::Nak))
    );
    assert_eq!(client.machine.state(), State::Init);
    assert_eq!(client.message().at, renewal.at + 10_000);
}

#[test]
fn case_059_nak_in_renewing_ends_the_lease_at_once() {
    let mut client = Client::bound_for(3600);
    let renewal = client.message();
    client.hear(&Reply::nak(&renewal.sent));

    assert_eq!(client.actions(), refused(true));
    assert_eq!(client.machine.lease(), None);
    let discover = client.message();
    assert_eq!(discover.at, renewal.at);
    assert_eq!(discover.sent.message_type, MessageType::Discover);
    assert_eq!(discover.sent.requested_address(), None);
}

#[test]
fn case_059_nak_in_renewing_of_a_server_that_was_not_asked_is_ignored() {
    let mut client = Client::bound_for(3600);
    let renewal = client.message();
    client.hear(&Reply::nak(&renewal.sent).from_server(OTHER_SERVER));
    assert_eq!(client.discarded(Discard::OtherServer), 1);
    assert_eq!(client.actions(), []);
    assert_eq!(client.machine.state(), State::Renewing);
}

#[test]
fn case_059_nak_in_rebinding_counts_from_any_server() {
    let mut client = Client::bound_for(3600);
    let request = rebinding(&mut client);
    client.hear(&Reply::nak(&request.sent).from_server(OTHER_SERVER));
    assert_eq!(client.actions(), refused(true));
}

#[test]
fn case_059_nak_in_bound_is_ignored() {
    let mut client = Client::bound_for(3600);
    let renewal = client.message();
    client.hear(&extended(&renewal));
    client.actions();
    client.hear(&Reply::nak(&renewal.sent));
    assert_eq!(client.discarded(Discard::UnexpectedInState), 1);
    assert_eq!(client.actions(), []);
}

#[test]
fn case_060_ten_second_lease_is_asked_for_once_at_t1_and_once_at_t2() {
    let mut client = Client::bound_for(10);
    client.elapse(10_000 - 1);
    let [renewal, rebinding] = &client.messages()[..] else {
        panic!("not two messages");
    };
    assert!((4_900..=5_000).contains(&renewal.at), "{}", renewal.at);
    assert!((8_575..=8_750).contains(&rebinding.at), "{}", rebinding.at);
    assert_eq!(client.actions(), []);
    client.elapse(1);
    assert_eq!(client.action(), deconfigure(DeconfigureCause::Expired));
}

#[test]
fn case_060_ten_second_lease_lives_on_for_an_hour_without_a_storm() {
    let mut client = Client::bound_for(10);
    while client.elapsed() < 3_600_000 {
        let renewal = client.message();
        client.hear(&Reply {
            lease_time: Some(10),
            ..extended(&renewal)
        });
        assert_update(client.action(), ADDRESS, UpdateCause::Renewed);
    }
    // One message every 4.9 to 5 s.
    let sent = client.machine.counters().sent(MessageType::Request) - 1;
    assert!((720..=735).contains(&sent), "{sent} renewals");
    assert_eq!(client.machine.counters().sent(MessageType::Discover), 1);
}

#[test]
fn case_060_ack_later_than_its_own_t1_configures_before_it_renews() {
    let mut client = Client::new();
    client.request_offered(|offer| offer);
    let request = client.message();
    client.elapse(7_000);
    client.messages();
    let late = Reply {
        lease_time: Some(10),
        ..Reply::ack(&request.sent, ADDRESS)
    };
    let now = client.instant();
    client.machine.handle_frame(now, &late.frame(), true);

    assert_eq!(client.machine.poll_transmit(now), None);
    let configure = client.machine.poll_action();
    assert!(matches!(configure, Some(Action::Configure { .. })));
    client.machine.handle_timeout(now);
    assert_eq!(client.machine.poll_transmit(now), None);
    client.machine.handle_applied(now, Applied::Done);
    assert!(client.machine.poll_transmit(now).is_some());
    assert_eq!(client.machine.state(), State::Renewing);
}

#[test]
fn case_060_one_second_lease_is_kept_for_ten() {
    let client = Client::bound_for(1);
    assert_eq!(client.lease().lease_seconds, Some(10));
    assert_eq!(since_start(client.lease().expires_at), 10_000);
}

#[test]
fn case_060_t1_of_a_second_is_not_followed_into_a_storm() {
    let client = Client::bound(|ack| ack.with(58, &1_u32.to_be_bytes()));
    assert!(T1.contains(&since_start(client.lease().renew_at)));
}

#[test]
fn case_064_renew_asks_the_server_at_once() {
    let mut client = Client::bound_for(3600);
    client.elapse(100_000);
    client.command(Command::Renew);
    let renewal = client.message();
    assert_eq!((renewal.at, renewal.datagram_to), (100_000, Some(SERVER)));
    client.hear(&extended(&renewal));
    assert_update(client.action(), ADDRESS, UpdateCause::Renewed);
}

#[test]
fn case_064_rebind_asks_everyone_at_once() {
    let mut client = Client::bound_for(3600);
    client.elapse(100_000);
    client.command(Command::Rebind);
    let request = client.message();
    assert_eq!((request.at, request.datagram_to), (100_000, None));
    client.hear(&extended(&request).from_server(OTHER_SERVER));
    assert_update(client.action(), ADDRESS, UpdateCause::Rebound);
}

#[test]
fn case_064_renew_while_renewing_asks_again_and_rebind_turns_to_everyone() {
    let mut client = Client::bound_for(3600);
    let renewal = client.message();
    client.elapse(2_000);
    client.command(Command::Renew);
    let again = client.message();
    assert_eq!(again.sent.xid, renewal.sent.xid);
    assert_eq!(again.sent.secs, 2);
    client.command(Command::Rebind);
    let request = client.message();
    assert_eq!(request.datagram_to, None);
    assert_eq!(client.machine.state(), State::Rebinding);
}

#[test]
fn renew_of_an_infinite_lease_without_an_answer_goes_back_to_bound() {
    let mut client = Client::bound_for(0xffff_ffff);
    client.command(Command::Renew);
    client.message();
    assert_eq!(
        client.machine.poll_timeout(),
        Some(client.instant().saturating_add(Duration::from_secs(60)))
    );
    client.elapse(60_000);
    assert_eq!(client.machine.state(), State::Bound);
    assert_eq!(client.machine.poll_timeout(), None);
    assert_eq!(client.messages(), []);
}

#[test]
fn renew_of_an_infinite_lease_by_an_ack_without_a_time_stays_infinite() {
    let mut client = Client::bound_for(0xffff_ffff);
    client.command(Command::Renew);
    let renewal = client.message();
    client.hear(&Reply {
        lease_time: None,
        ..extended(&renewal)
    });
    assert_eq!(client.lease().expires_at, None);
}

#[test]
fn renew_without_a_lease_does_nothing() {
    let mut client = Client::new();
    client.message();
    client.command(Command::Renew);
    client.command(Command::Rebind);
    assert_eq!(client.messages(), []);
    assert_eq!(client.machine.state(), State::Selecting);
}
