//! Frames that are cut, in pieces, or not what they say: none of them has an effect.

use std::net::Ipv4Addr;

use calfkit_tests::{
    SOON, Status,
    forge::{fragments, with_ip_header, with_ip_options, with_tag, with_udp_header},
    frame::{CLIENT_PORT, Endpoint, arp_frame, udp},
    message::{Kind, Message, code, option},
    server::{reply_frame, reply_frame_of},
    terms::ADDRESS,
    testbed::{CLIENT_MAC, SERVER_ADDRESS},
};

use crate::target::{Target, bad};

/// The payload of a bad answer that says only with its last octets what it is, and has no end.
fn with_type_last(usual: &Message) -> Vec<u8> {
    let reply = bad(usual);
    let (decides, others): (Vec<_>, Vec<_>) = reply
        .options
        .iter()
        .partition(|(code, _)| *code == code::MESSAGE_TYPE);
    let area: Vec<u8> = others
        .into_iter()
        .chain(decides)
        .flat_map(|(code, value)| option(*code, value))
        .collect();
    reply.encode_with(&area, &[], &[])
}

/// How long that is for the answer to a renewal.
fn length(target: &Target) -> usize {
    let (_, request) = target
        .server
        .wait_received(0, Kind::REQUEST, SOON)
        .expect("it asked for its lease");
    with_type_last(&target.terms.grant(&request.message, Kind::ACK)).len()
}

#[test]
fn case_079_an_ack_cut_at_any_octet_is_ignored() {
    let mut target = Target::new(&[]);
    let whole = length(&target);

    target.bears_each("cut", whole, |usual, length| {
        reply_frame_of(usual, &with_type_last(usual)[..length])
    });

    // 236 octets and the cookie come before the options.
    target.assert_discarded("truncated message", 240);
    let options = u64::try_from(whole - 240).expect("a short message");
    let _all = Status::wait_for(&target.bed, SOON, |status| {
        let counter = |reason| status.counter(&format!("discarded.{reason}"));
        counter("no message type") + counter("option past the end of its field") == options
    });
    target.assert_unharmed();
}

#[test]
fn case_079_options_without_end_are_used_and_counted() {
    let mut target = Target::new(&[]);
    let usual = target.usual().clone();
    let effect = target.effect_of_payload(|reply| {
        let options = reply.options.iter();
        let area: Vec<u8> = options
            .flat_map(|(code, value)| option(*code, value))
            .collect();
        reply.encode_with(&area, &[], &[])
    });
    assert_eq!(effect, usual);
    target.assert_discarded("ACK.no end option", 1);
    target.assert_unharmed();
}

#[test]
fn case_079_nothing_but_padding_is_no_answer() {
    let mut target = Target::new(&[]);
    target.bears("all pad, or all end", |usual| {
        [[0; 1000], [255; 1000]]
            .map(|area| reply_frame_of(usual, &bad(usual).encode_with(&area, &[], &[])))
            .into()
    });
    target.assert_discarded("no message type", 2);
    target.assert_unharmed();
}

// The kernel puts it together for the socket of the leased address, whose filter lets nothing in.
#[test]
fn case_079_a_datagram_of_64_kilobytes_in_fragments_is_ignored() {
    let mut target = Target::new(&[]);
    target.bears("64 kilobytes", |usual| {
        let mut payload = bad(usual).encode();
        payload.resize(65_507, 0);
        fragments(&reply_frame_of(usual, &payload), 1480)
    });
    target.assert_unharmed();
}

/// The bad answer in a frame of its own.
fn frame(usual: &Message) -> Vec<u8> {
    reply_frame(&bad(usual))
}

#[test]
fn case_084_fragments_are_ignored() {
    let mut target = Target::new(&[]);
    for octets in [8, 24, 200, 304] {
        target.bears(&format!("fragments of {octets}"), move |usual| {
            // The last first, too, and each of them alone.
            let pieces = fragments(&frame(usual), octets);
            pieces.into_iter().rev().take(38).collect()
        });
    }
    target.bears("one fragment that is all of it", |usual| {
        [0x2000_u16, 0x0001, 0x3fff]
            .map(|field| {
                with_ip_header(&frame(usual), |header| {
                    header.splice(6..8, field.to_be_bytes());
                })
            })
            .into()
    });
    target.assert_unharmed();
}

#[test]
fn case_084_ip_options_and_a_time_to_live_of_zero_are_ignored() {
    let mut target = Target::new(&[]);
    target.bears("IP options", |usual| {
        // No-operation, record route, loose source route, and one that says that it is longer than it is.
        let options: [&[u8]; 4] = [
            &[1, 1, 1, 0],
            &[7, 7, 4, 0, 0, 0, 0, 0],
            &[131, 7, 4, 10, 77, 0, 1, 0],
            &[131, 255, 4, 0],
        ];
        options
            .map(|options| with_ip_options(&frame(usual), options))
            .into()
    });
    target.assert_discarded("IPv4 options", 4);
    target.bears("time to live 0", |usual| {
        vec![with_ip_header(&frame(usual), |header| header[8] = 0)]
    });
    target.assert_discarded("time to live 0", 1);
    target.assert_unharmed();
}

#[test]
fn case_084_udp_lengths_that_are_not_the_payloads_are_ignored() {
    let mut target = Target::new(&[]);
    target.bears("UDP lengths", |usual| {
        let frame = frame(usual);
        let right = u16::try_from(frame.len() - 34).expect("a short frame");
        [0, 1, 7, 8, right - 1, right + 1, 0x7fff, 0xffff]
            .map(|length: u16| {
                with_udp_header(&frame, |header| {
                    header[4..6].copy_from_slice(&length.to_be_bytes());
                })
            })
            .into()
    });
    target.assert_discarded("malformed UDP", 8);
    target.assert_unharmed();
}

#[test]
fn case_084_ip_lengths_checksums_and_senders_that_cannot_be_are_ignored() {
    let mut target = Target::new(&[]);
    target.bears("IP lengths", |usual| {
        let frame = frame(usual);
        let right = u16::try_from(frame.len() - 14).expect("a short frame");
        [0, 19, 20, right + 1, 0xffff]
            .map(|length: u16| {
                with_ip_header(&frame, |header| {
                    header.splice(2..4, length.to_be_bytes());
                })
            })
            .into()
    });
    target.bears("a header that is longer than its packet", |usual| {
        let long = with_ip_header(&frame(usual), |header| header[0] = 0x4f);
        let version = with_ip_header(&frame(usual), |header| header[0] = 0x65);
        vec![long[..54].to_vec(), long, version]
    });
    target.bears("IP checksum", |usual| {
        let mut wrong = frame(usual);
        wrong[24] ^= 0x40;
        vec![wrong]
    });
    target.assert_discarded("bad IPv4 checksum", 1);
    target.bears("senders", |usual| {
        let from = |address| Endpoint {
            address,
            ..Endpoint::SERVER
        };
        [Ipv4Addr::BROADCAST, Ipv4Addr::new(224, 0, 0, 1)]
            .map(|address| udp(from(address), Endpoint::CLIENTS, &bad(usual).encode()))
            .into()
    });
    target.assert_discarded("unusable source address", 2);
    target.bears("ports", |usual| {
        let from = |port| Endpoint {
            port,
            ..Endpoint::SERVER
        };
        let to = Endpoint {
            port: CLIENT_PORT + 1,
            ..Endpoint::CLIENTS
        };
        let payload = bad(usual).encode();
        vec![
            udp(from(CLIENT_PORT), Endpoint::CLIENTS, &payload),
            udp(from(1067), Endpoint::CLIENTS, &payload),
            udp(Endpoint::SERVER, to, &payload),
        ]
    });
    target.assert_discarded("other UDP port", 2);
    target.assert_unharmed();
}

#[test]
fn case_084_frames_of_another_virtual_lan_are_ignored() {
    let mut target = Target::new(&[]);
    target.bears("tags", |usual| {
        [1, 7, 4094].map(|lan| with_tag(&frame(usual), lan)).into()
    });
    target.bears("a tag in a tag", |usual| {
        vec![with_tag(&with_tag(&frame(usual), 7), 7)]
    });
    target.assert_unharmed();
}

/// Who says that the address is its own.
const STRANGER: [u8; 6] = [2, 0, 0, 0x77, 0, 9];

/// What would be a conflict.
fn objection() -> Vec<u8> {
    arp_frame(2, STRANGER, ADDRESS, ADDRESS)
}

/// An objection with an octet changed.
fn changed(at: usize, octet: u8) -> Vec<u8> {
    let mut frame = objection();
    frame[at] = octet;
    frame
}

#[test]
fn case_085_malformed_arp_is_no_conflict() {
    let mut target = Target::new(&["--acd", "fast"]);
    target.bears_each("cut", objection().len(), |_, length| {
        objection()[..length].to_vec()
    });
    target.bears("other hardware, protocols and lengths", |_| {
        // Hardware type, protocol type, and the lengths of their addresses.
        let fields = [(14, 1), (15, 6), (16, 0x86), (17, 0xdd)];
        let lengths = [18, 19]
            .into_iter()
            .flat_map(|at| [0, 1, 5, 7, 16, 255].map(|l| (at, l)));
        let all = fields.into_iter().chain(lengths);
        all.map(|(at, octet)| changed(at, octet)).collect()
    });
    target.bears("other operations", |_| {
        [0, 3, 4, 8, 9, 255]
            .map(|operation| changed(21, operation))
            .into()
    });
    target.assert_discarded("other ARP operation", 6);
    assert!(target.removed().is_empty());
    let kinds = target.server.received_kinds(0);
    assert!(!kinds.contains(&Kind::DECLINE), "{kinds:?}");

    // Control: whole, it is one. The second finds an address that was defended already, where probing is over.
    for _ in 0..2 {
        target.server.inject(&objection());
    }
    let declined = target.server.first(Kind::DECLINE);
    assert_eq!(declined.chaddr, CLIENT_MAC);
    let named = declined.address_option(code::SERVER_IDENTIFIER);
    assert_eq!(named, Some(SERVER_ADDRESS));
}
