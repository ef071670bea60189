//! Whatever a hostile peer sends, the next good server still gives a lease.

mod support;
mod transcript;

use std::net::Ipv4Addr;

use dhcp_proto::{ConfigureCause, Discard, MessageType, State, Value};
use smoltcp::wire::EthernetAddress;
use support::{
    arp::Heard,
    server::{self, Reply, SERVER},
};
use transcript::{ADDRESS, Client, Message, assert_configure};

/// A client in REQUESTING, and its DHCPREQUEST.
fn requesting() -> (Client, Message) {
    let mut client = Client::new();
    client.request_offered(|offer| offer);
    let request = client.message();
    (client, request)
}

/// A good DHCPACK binds, and nothing did before it.
#[track_caller]
fn assert_still_binds(client: &mut Client, request: &Message) {
    assert_eq!(client.actions(), []);
    assert_eq!(client.machine.state(), State::Requesting);
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    assert_configure(client.action(), ADDRESS, ConfigureCause::Bound);
}

/// Octets that nobody chose, the same in each run.
struct Noise(u64);

impl Noise {
    fn octets(&mut self, length: usize) -> Vec<u8> {
        (0..length)
            .map(|_| {
                self.0 ^= self.0 << 13;
                self.0 ^= self.0 >> 7;
                self.0 ^= self.0 << 17;
                self.0.to_le_bytes()[0]
            })
            .collect()
    }
}

#[test]
fn case_078_options_of_wrong_lengths_take_neither_lease_nor_neighbours_with_them() {
    for code in [
        1, 3, 6, 12, 15, 26, 28, 33, 42, 51, 54, 58, 59, 108, 119, 121, 249,
    ] {
        for length in [1, 3, 5, 255] {
            let (mut client, request) = requesting();
            let ack = Reply::ack(&request.sent, ADDRESS).with(44, &SERVER.octets());
            client.hear(&ack.with(code, &vec![0xff; length]));
            assert_configure(client.action(), ADDRESS, ConfigureCause::Bound);
            let neighbour = client.lease().parameters.iter().find(|it| it.code == 44);
            assert!(neighbour.is_some(), "option {code} of {length} octets");
        }
    }
}

#[test]
fn case_079_an_ack_cut_at_any_octet_is_ignored_and_the_whole_one_binds() {
    let (mut client, request) = requesting();
    let whole = Reply::ack(&request.sent, ADDRESS).frame();
    for length in 0..whole.len() {
        client.hear_frame(&whole[..length]);
    }
    assert_still_binds(&mut client, &request);
}

#[test]
fn case_081_hostile_words_are_in_no_value_that_anything_acts_on() {
    let words = b"$(id)`id`;'\"|\n../\x1b[2J\0x";
    let codes = [12, 15, 56, 66, 67, 100, 101, 114, 119, 252];
    let client = Client::bound(|ack| {
        codes
            .into_iter()
            .fold(ack, |ack, code| ack.with(code, words))
    });
    let lease = client.lease();
    assert_eq!((&lease.host_name, &lease.domain), (&None, &None));
    assert!(lease.search.is_empty());
    for parameter in &lease.parameters {
        if let Value::Text(text) = &parameter.value {
            assert!(!text.chars().any(char::is_control), "{parameter:?}");
        }
    }
}

#[test]
fn case_083_hundred_thousand_random_messages_leave_a_lease_to_be_had() {
    let (mut client, request) = requesting();
    let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
    let mac = EthernetAddress::BROADCAST;
    for round in 0..100_000_usize {
        let message = noise.octets(200 + round % 200);
        let frame = server::frame(&message, mac, SERVER, Ipv4Addr::BROADCAST);
        client.machine.handle_frame(client.instant(), &frame, true);
    }
    let counters = client.machine.counters();
    assert_eq!(counters.frames(), 100_000 + 1);
    // One number a reason, however many there were.
    assert!(counters.iter().count() < 20);
    let sent = counters.sent(MessageType::Discover) + counters.sent(MessageType::Request);
    assert_eq!(sent, 2);
    assert_still_binds(&mut client, &request);
}

#[test]
fn case_083_flood_of_offers_makes_one_request() {
    let mut client = Client::new();
    let discover = client.message();
    let offer = Reply::offer(&discover.sent, ADDRESS).frame();
    for _ in 0..10_000 {
        client.hear_frame(&offer);
    }
    assert_eq!(client.messages().len(), 1);
    assert_eq!(client.discarded(Discard::UnexpectedInState), 9_999);
}

#[test]
fn case_085_malformed_arp_changes_nothing() {
    let (mut client, request) = requesting();
    let whole = Heard::reply(ADDRESS).frame();
    for length in 0..42 {
        client.hear_frame(&whole[..length]);
    }
    let mut noise = Noise(7);
    for _ in 0..1_000 {
        let mut frame = whole.clone();
        frame[14..42].copy_from_slice(&noise.octets(28));
        client.hear_frame(&frame);
    }
    assert!(client.discarded(Discard::MalformedArp) >= 1_000);
    assert_still_binds(&mut client, &request);
}
