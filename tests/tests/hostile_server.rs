//! Broken and hostile servers: each bad answer is followed at once by a good one, which must be the
//! only one that has any effect.

use std::{net::Ipv4Addr, time::Duration};

use calfkit_tests::{
    Client, Server, Terms, Testbed,
    message::{Kind, Message, code},
    monitor::AddressChange,
    namespace::RESOLVER_FILE,
    server::{Decision, reply_frame, reply_frame_of},
};

const SOON: Duration = Duration::from_secs(20);

/// What a bad server may never get onto the interface.
const BAD: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 66);
const GOOD: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 100);

/// Runs a client whose server sends `bad` before each right answer, and asserts that only the right
/// address was ever configured.
fn only_the_good_answer_counts(bad: impl FnMut(&Message) -> Vec<Vec<u8>> + Send + 'static) {
    let bed = Testbed::new();
    let monitor = bed.address_monitor();
    let (mut client, _server) = served(&bed, bad);

    client.wait_for_event("bound", SOON);

    assert!(client.wait_exit(SOON).success(), "{}", client.said());
    let addresses: Vec<_> = bed.addresses().iter().map(|entry| entry.address).collect();
    assert_eq!(addresses, [GOOD]);
    let only_good = |change: &AddressChange| *change == AddressChange::Set(GOOD);
    let changes = monitor.changes().entries();
    assert!(changes.iter().all(only_good), "{changes:?}");
    let restarted = client.event_names().contains(&"calf-restarted".to_owned());
    assert!(!restarted, "{}", client.said());
}

fn served(
    bed: &Testbed,
    mut bad: impl FnMut(&Message) -> Vec<Vec<u8>> + Send + 'static,
) -> (Client, Server) {
    let server = Server::start(
        bed,
        Terms {
            address: GOOD,
            ..Terms::default()
        },
    );
    server.hook(move |_, usual| {
        let Some(usual) = usual else {
            return Decision::Usual;
        };
        let mut frames = bad(usual);
        frames.push(reply_frame(usual));
        Decision::Frames(frames)
    });
    (Client::start(bed, &["--once", "--timeout", "15"]), server)
}

/// The right answer with another address, changed by `change`.
fn with(usual: &Message, change: impl FnOnce(&mut Message)) -> Vec<Vec<u8>> {
    let mut reply = usual.clone();
    reply.yiaddr = BAD;
    reply.flags = 0x8000;
    change(&mut reply);
    vec![reply_frame(&reply)]
}

/// The right answer with another address, its payload changed by `change`.
fn with_payload(usual: &Message, change: impl FnOnce(&mut Vec<u8>)) -> Vec<Vec<u8>> {
    let reply = Message {
        yiaddr: BAD,
        ..usual.clone()
    };
    let mut payload = reply.encode();
    change(&mut payload);
    vec![reply_frame_of(&reply, &payload)]
}

#[test]
fn another_xid_is_for_another_client() {
    only_the_good_answer_counts(|usual| with(usual, |reply| reply.xid ^= 1));
}

#[test]
fn another_chaddr_is_for_another_client() {
    only_the_good_answer_counts(|usual| with(usual, |reply| reply.chaddr[5] ^= 1));
}

#[test]
fn a_request_is_no_answer() {
    only_the_good_answer_counts(|usual| with(usual, |reply| reply.op = 1));
}

// Old servers leave it out; then the server is who sent the datagram.
#[test]
fn an_answer_without_server_identifier_still_gives_the_lease() {
    only_the_good_answer_counts(|usual| {
        with(usual, |reply| {
            reply.remove_option(code::SERVER_IDENTIFIER);
            reply.yiaddr = GOOD;
        })
    });
}

#[test]
fn an_answer_without_message_type_is_ignored() {
    only_the_good_answer_counts(|usual| {
        with(usual, |reply| reply.remove_option(code::MESSAGE_TYPE))
    });
}

#[test]
fn an_unspecified_address_is_ignored() {
    only_the_good_answer_counts(|usual| with(usual, |r| r.yiaddr = Ipv4Addr::UNSPECIFIED));
}

#[test]
fn a_broadcast_address_is_ignored() {
    only_the_good_answer_counts(|usual| with(usual, |r| r.yiaddr = Ipv4Addr::BROADCAST));
}

#[test]
fn a_loopback_address_is_ignored() {
    only_the_good_answer_counts(|usual| with(usual, |r| r.yiaddr = Ipv4Addr::LOCALHOST));
}

#[test]
fn a_multicast_address_is_ignored() {
    only_the_good_answer_counts(|usual| with(usual, |r| r.yiaddr = Ipv4Addr::new(224, 0, 0, 1)));
}

#[test]
fn a_wrong_cookie_is_no_dhcp() {
    only_the_good_answer_counts(|usual| with_payload(usual, |bytes| bytes[236] ^= 0xff));
}

#[test]
fn a_hardware_address_of_255_octets_is_ignored() {
    only_the_good_answer_counts(|usual| with_payload(usual, |bytes| bytes[2] = 255));
}

#[test]
fn a_hardware_type_that_is_not_ethernet_is_ignored() {
    only_the_good_answer_counts(|usual| with_payload(usual, |bytes| bytes[1] = 6));
}

#[test]
fn a_message_cut_anywhere_before_its_options_is_ignored() {
    only_the_good_answer_counts(|usual| {
        let cut = |length| with_payload(usual, |bytes| bytes.truncate(length));
        (0..=240).flat_map(cut).collect()
    });
}

#[test]
fn a_wrong_udp_checksum_is_ignored() {
    only_the_good_answer_counts(|usual| {
        let mut frames = with(usual, |_| {});
        // Ethernet 14, IPv4 20, then the checksum at 6 of UDP.
        for frame in &mut frames {
            // Never 0, which would mean "not computed".
            frame[40] = if frame[40] == 0xff { 1 } else { frame[40] + 1 };
        }
        frames
    });
}

#[test]
fn a_fragment_is_ignored() {
    only_the_good_answer_counts(|usual| {
        let mut frames = with(usual, |_| {});
        // "More fragments" (RFC 791), with the header's checksum corrected.
        for frame in &mut frames {
            frame[20] |= 0x20;
            let sum = u16::from_be_bytes([frame[24], frame[25]]);
            let (less, borrowed) = sum.overflowing_sub(0x2000);
            let corrected = less.wrapping_sub(u16::from(borrowed)).to_be_bytes();
            frame[24..26].copy_from_slice(&corrected);
        }
        frames
    });
}

#[test]
fn a_refusal_by_a_server_that_was_not_asked_is_ignored() {
    only_the_good_answer_counts(|usual| {
        let refusal = |reply: &mut Message| {
            reply.set_option(code::MESSAGE_TYPE, [Kind::NAK.0]);
            reply.set_option(code::SERVER_IDENTIFIER, [10, 77, 0, 99]);
        };
        if usual.kind() == Kind::ACK {
            with(usual, refusal)
        } else {
            Vec::new()
        }
    });
}

#[test]
fn ten_thousand_random_datagrams_delay_no_lease() {
    // Arbitrary, not zero: xorshift, so that a failure repeats.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut sent = false;
    only_the_good_answer_counts(move |usual| {
        if std::mem::replace(&mut sent, true) {
            return Vec::new();
        }
        let mut junk = || (0..40).flat_map(|_| random()).collect::<Vec<u8>>();
        (0..10_000)
            .map(|_| reply_frame_of(usual, &junk()))
            .collect()
    });
}

#[test]
fn every_short_and_long_option_is_survived() {
    only_the_good_answer_counts(|usual| {
        let known = [
            1, 3, 6, 12, 15, 26, 28, 33, 42, 50, 51, 52, 54, 58, 59, 119, 121, 249,
        ];
        let lengths = [0, 1, 2, 3, 5, 7, 255];
        let pairs = known
            .into_iter()
            .flat_map(|code| lengths.map(|length| (code, length)));
        // Otherwise rightful, so that nothing but the option can be why it is ignored, if it is.
        pairs
            .flat_map(|(code, length)| {
                with(usual, |reply| {
                    reply.set_option(code, vec![0xff; length]);
                    reply.yiaddr = GOOD;
                })
            })
            .collect()
    });
}

#[test]
fn hostile_names_do_not_reach_the_resolver_file() {
    let bed = Testbed::new();
    let further = vec![
        (code::SEARCH, b"\x0aevil\nnames\x04test\x00".to_vec()),
        (12, b"$(reboot)".to_vec()),
    ];
    let domain = Some("x\nnameserver 6.6.6.6".to_owned());
    let _server = Server::start(
        &bed,
        Terms {
            domain,
            further,
            ..Terms::default()
        },
    );
    let mut client = Client::start(&bed, &["--once", "--timeout", "15"]);
    assert!(client.wait_exit(SOON).success(), "{}", client.said());

    let resolver = bed.client.read(RESOLVER_FILE).expect("it stays");
    let servers: Vec<_> = resolver
        .lines()
        .filter(|line| line.starts_with("nameserver"))
        .collect();
    assert_eq!(servers, ["nameserver 10.77.0.1"], "{resolver}");
    assert!(!resolver.contains("evil"), "{resolver}");
}

#[test]
fn hostile_routes_and_mtu_are_not_taken() {
    let bed = Testbed::new();
    let evil = Ipv4Addr::new(10, 77, 0, 66);
    let classless_routes = vec![
        (Ipv4Addr::LOCALHOST, 8, evil),
        (Ipv4Addr::new(224, 0, 0, 0), 4, evil),
        (Ipv4Addr::new(192, 0, 2, 0), 24, Ipv4Addr::new(10, 77, 0, 1)),
    ];
    let terms = Terms {
        mtu: Some(67),
        classless_routes,
        ..Terms::default()
    };
    let _server = Server::start(&bed, terms);
    let mut client = Client::start(&bed, &["--once", "--timeout", "15"]);
    assert!(client.wait_exit(SOON).success(), "{}", client.said());

    let routes = bed.routes();
    assert!(
        routes.iter().all(|route| route.gateway != Some(evil)),
        "{routes:?}"
    );
    let destinations: Vec<_> = routes
        .iter()
        .map(|route| route.destination.as_str())
        .collect();
    assert!(
        destinations.contains(&"192.0.2.0/24"),
        "control: {destinations:?}"
    );
    assert_eq!(bed.mtu(), 1500);
}
