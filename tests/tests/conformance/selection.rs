//! Which offers and answers are taken, and what is made of those that say less than they should.

use std::{net::Ipv4Addr, time::Duration};

use calfkit_tests::{
    Client, SOON, Server, Status, Terms, Testbed,
    frame::{Endpoint, udp},
    message::{Kind, Message, code},
    monitor::AddressChange,
    server::{Decision, reply_frame},
    terms::ADDRESS,
    testbed::{CLIENT_LINK, SERVER_ADDRESS},
};
use serde_json::{Value, json};

/// What a bad answer may never get onto the interface.
const BAD: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 66);

/// A lease and a renewal from a server that sends, before each right answer, what `bad` makes of it. Only the
/// right ones have an effect, and each of the others is a discard for one of `reasons`, which are counted so
/// often.
fn ignored(bad: impl FnMut(&Message) -> Vec<Vec<u8>> + Send + 'static, reasons: &[(&str, u64)]) {
    let bed = Testbed::new();
    let monitor = bed.address_monitor();
    let server = Server::start(&bed, Terms::default());
    server.precede(bad);

    let mut client = Client::bound(&bed, &[]);
    client.renew();

    let request = Kind::REQUEST;
    assert_eq!(server.received_kinds(0), [Kind::DISCOVER, request, request]);
    assert_eq!(addresses(&bed), [ADDRESS]);
    let own = |change: &AddressChange| *change == AddressChange::Set(ADDRESS);
    let changes = monitor.changes().entries();
    assert!(changes.iter().all(own), "{changes:?}");
    for (reason, times) in reasons {
        let counter = format!("discarded.{reason}");
        let _counted = Status::wait_for(&bed, SOON, |status| status.counter(&counter) == *times);
    }
}

fn addresses(bed: &Testbed) -> Vec<Ipv4Addr> {
    bed.addresses().iter().map(|entry| entry.address).collect()
}

/// The right answer, but for the address and what `change` does to it; to everybody, so that it is heard.
fn with(usual: &Message, change: impl FnOnce(&mut Message)) -> Vec<Vec<u8>> {
    let mut reply = usual.clone();
    reply.yiaddr = BAD;
    change(&mut reply);
    vec![frame_to_all(Endpoint::SERVER, &reply.encode())]
}

/// The same with a change of its octets.
fn with_payload(usual: &Message, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let reply = Message {
        yiaddr: BAD,
        ..usual.clone()
    };
    let mut payload = reply.encode();
    change(&mut payload);
    frame_to_all(Endpoint::SERVER, &payload)
}

fn frame_to_all(from: Endpoint, payload: &[u8]) -> Vec<u8> {
    udp(from, Endpoint::CLIENTS, payload)
}

#[test]
fn case_024_answers_with_a_wrong_xid_are_ignored() {
    ignored(
        |usual| with(usual, |reply| reply.xid ^= 1),
        &[("OFFER.wrong xid", 1), ("ACK.wrong xid", 2)],
    );
}

#[test]
fn case_025_answers_with_a_wrong_chaddr_are_ignored() {
    ignored(
        |usual| with(usual, |reply| reply.chaddr[5] ^= 1),
        &[("OFFER.wrong chaddr", 1), ("ACK.wrong chaddr", 2)],
    );
}

#[test]
fn case_026_a_request_is_no_answer() {
    ignored(
        |usual| with(usual, |reply| reply.op = 1),
        &[("not BOOTREPLY", 3)],
    );
}

#[test]
fn case_026_answers_with_a_wrong_cookie_are_ignored() {
    ignored(
        |usual| {
            let wrong = |at: usize| with_payload(usual, |octets| octets[at] ^= 0x80);
            (236..240).map(wrong).collect()
        },
        &[("wrong magic cookie", 12)],
    );
}

#[test]
fn case_026_answers_with_a_hardware_address_of_another_length_are_ignored() {
    ignored(
        |usual| {
            let long = |hlen: u8| with_payload(usual, |octets| octets[2] = hlen);
            [0, 1, 5, 7, 16, 255].map(long).into()
        },
        &[("wrong hlen", 18)],
    );
}

#[test]
fn case_026_answers_for_another_kind_of_hardware_are_ignored() {
    ignored(
        |usual| vec![with_payload(usual, |octets| octets[1] = 6)],
        &[("wrong htype", 3)],
    );
}

#[test]
fn case_027_answers_without_server_identifier_are_ignored_where_it_is_required() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    server.precede(|usual| with(usual, |reply| reply.remove_option(code::SERVER_IDENTIFIER)));
    let options = ["--require", "dhcp_server_identifier"];
    let words = ["-B", "-f", "/dev/null", "--noarp", "--nodelay", CLIENT_LINK];
    let client = Client::compat(&bed, "dhcpcd", &[&options[..], &words].concat());

    let leased = client
        .stderr()
        .wait_for(SOON, |line| line.contains("leased"));

    let leased = leased.unwrap_or_else(|| panic!("no lease: {}", client.stderr_text()));
    assert!(leased.contains("leased 10.77.0.100"), "{leased}");
    assert_eq!(addresses(&bed), [ADDRESS]);
}

#[test]
fn case_027_without_server_identifier_the_sender_stands_in() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    server.alter(|reply| reply.remove_option(code::SERVER_IDENTIFIER));

    let mut client = Client::start(&bed, &[]);
    let bound = client.wait_for_event("bound", SOON);

    assert_eq!(bound["server"], "10.77.0.1");
    let named = server.first(Kind::REQUEST);
    let named = named.address_option(code::SERVER_IDENTIFIER);
    assert_eq!(named, Some(SERVER_ADDRESS));
}

#[test]
fn case_028_answers_with_an_address_that_no_host_has_are_ignored() {
    // The last two are the ends of the subnet that the answer names.
    const NONE: [Ipv4Addr; 10] = [
        Ipv4Addr::UNSPECIFIED,
        Ipv4Addr::new(0, 0, 0, 7),
        Ipv4Addr::LOCALHOST,
        Ipv4Addr::new(127, 255, 255, 254),
        Ipv4Addr::new(224, 0, 0, 1),
        Ipv4Addr::new(239, 255, 255, 255),
        Ipv4Addr::new(240, 0, 0, 1),
        Ipv4Addr::BROADCAST,
        Ipv4Addr::new(10, 77, 0, 0),
        Ipv4Addr::new(10, 77, 0, 255),
    ];
    ignored(
        |usual| {
            let none = |address| with(usual, |reply| reply.yiaddr = address);
            NONE.into_iter().flat_map(none).collect()
        },
        &[("OFFER.unusable yiaddr", 10), ("ACK.unusable yiaddr", 20)],
    );
}

#[test]
fn case_029_of_two_offers_one_is_taken_and_the_other_servers_ack_is_ignored() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let other = Endpoint {
        mac: [2, 0, 0, 0x77, 0, 3],
        address: Ipv4Addr::new(10, 77, 0, 2),
        ..Endpoint::SERVER
    };
    server.hook(move |_, usual| {
        let Some(usual) = usual else {
            return Decision::Usual;
        };
        let mut rival = usual.clone();
        rival.yiaddr = BAD;
        rival.set_option(code::SERVER_IDENTIFIER, other.address.octets());
        let rival = frame_to_all(other, &rival.encode());
        Decision::Frames(match usual.kind() {
            Kind::OFFER => vec![reply_frame(usual), rival],
            _ => vec![rival, reply_frame(usual)],
        })
    });

    let mut client = Client::start(&bed, &[]);
    let bound = client.wait_for_event("bound", SOON);

    let asked = server.first(Kind::REQUEST);
    let named = asked.address_option(code::SERVER_IDENTIFIER);
    assert_eq!(named, Some(SERVER_ADDRESS));
    assert_eq!(asked.address_option(code::REQUESTED_ADDRESS), Some(ADDRESS));
    assert_eq!(bound["server"], "10.77.0.1");
    assert_eq!(addresses(&bed), [ADDRESS]);
    let _counted = Status::wait_for(&bed, SOON, |status| {
        status.counter("discarded.ACK.other server") == 1
    });
}

// RFC 2131 has no word for it. What the server committed is what counts.
#[test]
fn case_030_ack_of_another_address_is_taken_and_only_that_one() {
    let bed = Testbed::new();
    let monitor = bed.address_monitor();
    let server = Server::start(&bed, Terms::default());
    let other = Ipv4Addr::new(10, 77, 0, 150);
    server.alter(move |reply| {
        if reply.kind() == Kind::ACK {
            reply.yiaddr = other;
            reply.flags = 0x8000;
        }
    });

    let _client = Client::bound(&bed, &[]);

    assert_eq!(addresses(&bed), [other]);
    assert_eq!(
        monitor.changes().entries(),
        [AddressChange::Set(other)],
        "never two"
    );
}

/// The event of a lease whose server's answers are as `change` leaves them.
fn bound(bed: &Testbed, change: impl FnMut(&mut Message) + Send + 'static) -> (Client, Value) {
    let terms = Terms {
        lease_seconds: 1234,
        ..Terms::default()
    };
    let server = Server::start(bed, terms);
    server.alter(change);
    let mut client = Client::start(bed, &[]);
    let bound = client.wait_for_event("bound", SOON);
    (client, bound)
}

#[test]
fn case_031_ack_without_lease_time_has_that_of_the_offer() {
    let (_client, bound) = bound(&Testbed::new(), |reply| {
        if reply.kind() == Kind::ACK {
            reply.remove_option(code::LEASE_TIME);
        }
    });
    assert_eq!(bound["lease_seconds"], 1234);
}

#[test]
fn case_031_no_lease_time_at_all_is_an_hour() {
    let (_client, bound) = bound(&Testbed::new(), |reply| {
        reply.remove_option(code::LEASE_TIME);
    });
    assert_eq!(bound["lease_seconds"], 3600);
}

#[test]
fn case_031_lease_time_zero_is_ten_seconds() {
    let bed = Testbed::new();
    let (_client, bound) = bound(&bed, |reply| reply.set_option(code::LEASE_TIME, [0; 4]));
    assert_eq!(bound["lease_seconds"], 10);
    let left = bed.addresses()[0].valid_seconds;
    assert!(left.is_some_and(|seconds| seconds <= 10), "{left:?}");
}

#[test]
fn case_032_without_a_mask_the_prefix_is_that_of_the_class() {
    let bed = Testbed::new();
    let (_client, bound) = bound(&bed, |reply| reply.remove_option(code::SUBNET_MASK));
    assert_eq!(bound["address"], "10.77.0.100/8");
    assert_eq!(bed.addresses()[0].prefix_length, 8);
}

#[test]
fn case_032_a_mask_of_zeros_counts_as_none() {
    let bed = Testbed::new();
    let (_client, bound) = bound(&bed, |reply| reply.set_option(code::SUBNET_MASK, [0; 4]));
    assert_eq!(bound["address"], "10.77.0.100/8");
    assert_eq!(bed.addresses()[0].prefix_length, 8);
}

#[test]
fn case_033_infinite_lease_has_no_timers() {
    let bed = Testbed::new();
    let (_client, bound) = bound(&bed, |reply| reply.set_option(code::LEASE_TIME, [0xff; 4]));
    assert_eq!(bound["lease_seconds"], Value::Null);
    assert_eq!(bed.addresses()[0].valid_seconds, None);
    let status = Status::wait_for(&bed, SOON, |status| status.state() == "BOUND");
    let lease = status.lease();
    let timers = ["renewal_in", "rebinding_in", "expires_in"].map(|timer| &lease[timer]);
    assert_eq!(timers, [&Value::Null; 3], "{lease}");
    assert_eq!(lease["routers"], json!(["10.77.0.1"]), "control");
}

#[test]
fn case_034_nak_of_a_server_that_was_not_asked_is_ignored() {
    ignored(
        |usual| {
            if usual.kind() != Kind::ACK {
                return Vec::new();
            }
            with(usual, |reply| {
                reply.set_option(code::MESSAGE_TYPE, [Kind::NAK.0]);
                reply.set_option(code::SERVER_IDENTIFIER, [10, 77, 0, 99]);
            })
        },
        &[("NAK.other server", 2)],
    );
}

#[test]
fn case_035_nak_in_requesting_starts_discovery_anew_and_a_second_one_delays_it() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    server.refuse_next(2);

    let client = Client::bound(&bed, &[]);

    let round = [Kind::DISCOVER, Kind::REQUEST];
    assert_eq!(server.received_kinds(0), round.repeat(3));
    let log = server.log().entries();
    let of_kind = |kind: Kind| {
        let found = log.iter().filter(|seen| seen.message.kind() == kind);
        found.cloned().collect::<Vec<_>>()
    };
    let discovers = of_kind(Kind::DISCOVER);
    let xids: std::collections::BTreeSet<u32> =
        discovers.iter().map(|seen| seen.message.xid).collect();
    assert_eq!(xids.len(), 3, "a new one each time: {xids:x?}");
    for seen in &discovers {
        let wished = seen.message.address_option(code::REQUESTED_ADDRESS);
        assert_eq!(wished, None, "what was refused is not asked for again");
    }
    let second = of_kind(Kind::NAK)[1].at;
    let pause = discovers[2].at.saturating_duration_since(second);
    // A second, less what the server's thread was late in looking at its clock.
    assert!(pause >= Duration::from_millis(900), "{pause:?}");
    assert!(
        client.event_names().iter().all(|name| name != "nak"),
        "there was no lease to lose"
    );
}

/// A server that answers the first two DHCPREQUESTs with so many DHCPNAKs each.
fn refusing(bed: &Testbed, times: usize) -> Server {
    let server = Server::start(bed, Terms::default());
    let mut rounds = 0;
    server.hook(move |message, usual| match (message.kind(), usual) {
        (Kind::REQUEST, Some(usual)) if rounds < 2 => {
            rounds += 1;
            let mut refusal = usual.clone();
            refusal.set_option(code::MESSAGE_TYPE, [Kind::NAK.0]);
            Decision::Frames(vec![reply_frame(&refusal); times])
        }
        _ => Decision::Usual,
    });
    server
}

#[test]
fn case_036_many_naks_are_one() {
    let bed = Testbed::new();
    // As many as wait in the client's socket without loss.
    let server = refusing(&bed, 50);

    let _client = Client::bound(&bed, &[]);

    let round = [Kind::DISCOVER, Kind::REQUEST];
    assert_eq!(server.received_kinds(0), round.repeat(3));
    assert_eq!(addresses(&bed), [ADDRESS]);
}

// More than its socket holds, so that offers are lost among them and asked for again: a second later here.
#[test]
fn case_036_nak_flood_makes_few_discovers_and_delays_the_lease_only() {
    let bed = Testbed::new();
    let server = refusing(&bed, 2000);
    let pace = ["--initial_interval", "1", "--backoff_jitter", "0"];
    let words = [
        "-1",
        "-B",
        "-f",
        "/dev/null",
        "--noarp",
        "--nodelay",
        CLIENT_LINK,
    ];

    let mut client = Client::compat(&bed, "dhcpcd", &[&pace[..], &words].concat());
    let status = client.wait(SOON).expect("it ends with its lease");

    assert!(status.success(), "{}", client.stderr_text());
    assert_eq!(addresses(&bed), [ADDRESS]);
    let kinds = server.received_kinds(0);
    assert!(kinds.len() <= 12, "{kinds:?}");
}
