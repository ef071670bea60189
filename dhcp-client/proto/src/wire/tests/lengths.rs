//! Every option that this client reads, with values of length 0, 1, one too short, one too long and
//! 255: what is not of its right length is malformed, by its own name, and takes nothing with it.

use alloc::{vec, vec::Vec};

use super::builder::{ack, frame, message, only, option, read, read_area, rejected};
use crate::{discard::Discard, message::Options};

/// An option with its smallest right value, and the reason for others.
const FIXED_SIZE: [(u8, &[u8], Discard); 8] = [
    (1, &[255, 255, 255, 0], Discard::MalformedSubnetMask),
    (26, &[5, 220], Discard::MalformedInterfaceMtu),
    (28, &[192, 0, 2, 255], Discard::MalformedBroadcastAddress),
    (51, &[0, 0, 14, 16], Discard::MalformedLeaseTime),
    (54, &[192, 0, 2, 1], Discard::MalformedServerIdentifier),
    (58, &[0, 0, 7, 8], Discard::MalformedRenewalTime),
    (59, &[0, 0, 12, 78], Discard::MalformedRebindingTime),
    (108, &[0, 0, 7, 8], Discard::MalformedIpv6Only),
];

/// The same for lists, of which none of the lengths tried is a whole number of elements.
const LISTS: [(u8, &[u8], Discard); 6] = [
    (3, &[192, 0, 2, 1], Discard::MalformedRouter),
    (6, &[192, 0, 2, 53], Discard::MalformedDomainNameServer),
    (
        33,
        &[10, 0, 0, 0, 192, 0, 2, 1],
        Discard::MalformedStaticRoute,
    ),
    (42, &[192, 0, 2, 123], Discard::MalformedNtpServers),
    (
        121,
        &[24, 10, 0, 1, 192, 0, 2, 1],
        Discard::MalformedClasslessRoute,
    ),
    (
        249,
        &[24, 10, 0, 1, 192, 0, 2, 1],
        Discard::MalformedMicrosoftRoute,
    ),
];

/// Values of the wrong lengths that begin like the right one and go on with 0xff.
fn wrong_lengths(value: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let lengths = [0, 1, value.len() - 1, value.len() + 1, 255];
    let right = value.len();
    let endless: Vec<u8> = value.iter().copied().chain([0xff; 255]).collect();
    lengths
        .into_iter()
        .filter(move |length| *length != right)
        .map(move |length| endless[..length].to_vec())
}

#[test]
fn the_right_length_is_read() {
    for (code, value, _) in FIXED_SIZE.into_iter().chain(LISTS) {
        let (options, malformed) = read(&[(code, value)]);

        assert!(malformed.is_empty(), "option {code}");
        assert_ne!(options, Options::default(), "option {code}");
    }
}

#[test]
fn case_078_every_other_length_is_malformed_by_name() {
    for (code, value, reason) in FIXED_SIZE.into_iter().chain(LISTS) {
        for wrong in wrong_lengths(value) {
            let (options, malformed) = read(&[(code, &wrong)]);

            assert_eq!(malformed, only(reason), "option {code}: {wrong:?}");
            assert_eq!(options, Options::default(), "option {code}: {wrong:?}");
        }
    }
}

#[test]
fn case_078_a_malformed_option_takes_no_other_with_it() {
    for (code, value, reason) in FIXED_SIZE.into_iter().chain(LISTS) {
        let wrong = &value[..value.len() - 1];
        let (options, malformed) = read(&[(12, b"before"), (code, wrong), (15, b"after.example")]);

        assert_eq!(options.host_name.as_deref(), Some("before"));
        assert_eq!(options.domain.as_deref(), Some("after.example"));
        assert_eq!(malformed, only(reason));
    }
}

#[test]
fn a_fixed_size_of_512_octets_is_malformed() {
    // Also where the first octets would do.
    for (code, value, reason) in FIXED_SIZE {
        let mut area = option(53, &[5]);
        area.extend(option(code, value));
        area.extend(super::builder::long_option(code, &vec![0; 512]));
        area.push(255);

        let (options, malformed) = read_area(&area);
        assert_eq!(options, Options::default());
        assert_eq!(malformed, only(reason));
    }
}

#[test]
fn case_080_text_may_not_be_empty() {
    for (code, reason) in [
        (12, Discard::MalformedHostName),
        (15, Discard::MalformedDomainName),
        (56, Discard::MalformedMessage),
        (119, Discard::MalformedDomainSearch),
    ] {
        let (options, malformed) = read(&[(code, &[])]);

        assert_eq!(options, Options::default());
        assert_eq!(malformed, only(reason));
    }
}

#[test]
fn options_that_decide_about_the_message_decide_it() {
    for length in [0, 2, 255] {
        let value = vec![5; length];
        let without_type = message(&option(53, &value), &[], &[]);
        assert_eq!(
            rejected(&frame(&without_type)),
            Discard::MalformedMessageType
        );

        let overload = message(&ack(&[(52, &value)]), &[], &[]);
        assert_eq!(rejected(&frame(&overload)), Discard::MalformedOverload);

        let identifier = message(&ack(&[(61, &value)]), &[], &[]);
        assert_eq!(
            rejected(&frame(&identifier)),
            Discard::WrongClientIdentifier
        );
    }
}

#[test]
fn rapid_commit_has_no_value() {
    assert!(read(&[(80, &[])]).0.rapid_commit);
    for wrong in [&[0][..], &[1; 255]] {
        let (options, malformed) = read(&[(80, wrong)]);
        assert_eq!(options, Options::default());
        assert_eq!(malformed, only(Discard::MalformedRapidCommit));
    }
}
