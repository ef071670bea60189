//! The fixed part of a message, and whom a message is for.

use alloc::vec;
use core::net::Ipv4Addr;

use super::builder::{
    CLIENT_IDENTIFIER, OPTIONS, READING, SERVER, YIADDR, ack, frame, message, option, receive,
    receive_with, rejected,
};
use crate::{
    discard::Discard,
    message::{MessageType, Xid},
    wire::{Reading, Rejected},
};

#[test]
fn the_fields_of_an_ack_are_read() {
    let (received, _) = receive(&frame(&message(&ack(&[(54, &SERVER)]), &[], &[]))).unwrap();

    assert_eq!(received.message_type, MessageType::Ack);
    assert_eq!(received.xid, Xid(0x1234_5678));
    assert_eq!(received.yiaddr, Ipv4Addr::from(YIADDR));
    assert_eq!(received.siaddr, Ipv4Addr::new(198, 51, 100, 9));
    assert_eq!(received.options.server_identifier, Some(SERVER.into()));
}

#[test]
fn case_012_a_message_shorter_than_bootp_is_received() {
    let short = message(&ack(&[]), &[], &[]);
    assert!(short.len() < 300);

    assert!(receive(&frame(&short)).is_ok());
}

#[test]
fn case_079_less_than_the_fixed_part_is_ignored() {
    let whole = message(&ack(&[]), &[], &[]);
    for length in 0..OPTIONS {
        assert_eq!(
            rejected(&frame(&whole[..length])),
            Discard::TruncatedMessage,
            "{length} octets"
        );
    }
}

#[test]
fn case_026_a_field_with_one_right_value_has_it() {
    // Offset in the message and the reason for any other value there.
    let fields = [
        (0, Discard::NotBootReply),
        (1, Discard::WrongHtype),
        (2, Discard::WrongHlen),
        (236, Discard::WrongCookie),
        (239, Discard::WrongCookie),
    ];
    for (offset, reason) in fields {
        for change in 1..=255 {
            let mut bytes = message(&ack(&[]), &[], &[]);
            bytes[offset] ^= change;

            assert_eq!(rejected(&frame(&bytes)), reason);
        }
    }
}

#[test]
fn a_reply_to_another_client_is_ignored_by_name_and_type() {
    for offset in 28..34 {
        let mut bytes = message(&ack(&[]), &[], &[]);
        bytes[offset] ^= 1;

        let expected = Rejected {
            message_type: Some(MessageType::Ack),
            reason: Discard::WrongChaddr,
        };
        assert_eq!(receive(&frame(&bytes)), Err(expected));
    }
}

#[test]
fn what_follows_the_mac_in_chaddr_is_not_looked_at() {
    let mut bytes = message(&ack(&[]), &[], &[]);
    bytes[34..44].fill(0xee);

    assert!(receive(&frame(&bytes)).is_ok());
}

#[test]
fn an_echoed_client_identifier_must_be_ours() {
    let ours = ack(&[(61, &CLIENT_IDENTIFIER)]);
    assert!(receive(&frame(&message(&ours, &[], &[]))).is_ok());

    for other in [
        &[][..],
        &CLIENT_IDENTIFIER[..6],
        &[CLIENT_IDENTIFIER.as_slice(), &[0]].concat(),
    ] {
        let area = ack(&[(61, other)]);
        let expected = Rejected {
            message_type: Some(MessageType::Ack),
            reason: Discard::WrongClientIdentifier,
        };
        assert_eq!(receive(&frame(&message(&area, &[], &[]))), Err(expected));
    }
}

#[test]
fn a_message_without_a_type_is_ignored() {
    let bootp = message(&[255], &[], &[]);

    assert_eq!(rejected(&frame(&bootp)), Discard::NoMessageType);
}

/// For a client that understands BOOTP.
const BOOTP: Reading<'static> = Reading {
    bootp: true,
    ..READING
};

#[test]
fn a_message_without_a_type_is_bootp_to_who_understands_that() {
    let bootp = message(
        &[option(1, &[255, 255, 255, 0]), vec![255]].concat(),
        &[],
        &[],
    );

    let (received, malformed) = receive_with(&frame(&bootp), BOOTP).unwrap();

    assert_eq!(received.message_type, MessageType::BootReply);
    assert_eq!(received.options.prefix_length, Some(24));
    assert!(malformed.is_empty());
    // With a type it is DHCP all the same.
    let (received, _) = receive_with(&frame(&message(&ack(&[]), &[], &[])), BOOTP).unwrap();
    assert_eq!(received.message_type, MessageType::Ack);
}

#[test]
fn bootp_without_a_cookie_has_no_options_and_300_octets() {
    let mut bare = message(&[], &[], &[]);
    bare[236..240].fill(0);
    // What would be an option behind a cookie.
    bare.extend([1, 4, 255, 0, 0, 0]);
    bare.resize(300, 0);

    let (received, malformed) = receive_with(&frame(&bare), BOOTP).unwrap();

    assert_eq!(received.message_type, MessageType::BootReply);
    assert_eq!(received.yiaddr, Ipv4Addr::from(YIADDR));
    assert!(received.parameters.is_empty() && malformed.is_empty());
    let short = receive_with(&frame(&bare[..299]), BOOTP).unwrap_err();
    assert_eq!(short.reason, Discard::TruncatedMessage);
    assert_eq!(rejected(&frame(&bare)), Discard::WrongCookie);
}

#[test]
fn only_the_types_of_rfc_2131_and_3203_are_known() {
    for number in [0].into_iter().chain(10..=255) {
        let unknown = message(&option(53, &[number]), &[], &[]);

        assert_eq!(rejected(&frame(&unknown)), Discard::MalformedMessageType);
    }
}

#[test]
fn a_message_type_is_one_octet() {
    for value in [&[][..], &[5, 5], &[5, 0], &[0, 5]] {
        let malformed = message(&option(53, value), &[], &[]);

        assert_eq!(rejected(&frame(&malformed)), Discard::MalformedMessageType);
    }
}

#[test]
fn each_type_of_a_server_is_received_as_itself() {
    for (number, message_type) in [
        (2, MessageType::Offer),
        (5, MessageType::Ack),
        (6, MessageType::Nak),
        (9, MessageType::ForceRenew),
    ] {
        let bytes = message(&option(53, &[number]), &[], &[]);

        let (received, _) = receive(&frame(&bytes)).unwrap();
        assert_eq!(received.message_type, message_type);
    }
}

#[test]
fn the_types_of_clients_are_ignored_by_type() {
    for (number, message_type) in [
        (1, MessageType::Discover),
        (3, MessageType::Request),
        (4, MessageType::Decline),
        (7, MessageType::Release),
        (8, MessageType::Inform),
    ] {
        let bytes = message(&option(53, &[number]), &[], &[]);

        let expected = Rejected {
            message_type: Some(message_type),
            reason: Discard::ClientMessage,
        };
        assert_eq!(receive(&frame(&bytes)), Err(expected));
    }
}
