//! ARP: what is read, each thing that is not, and what is sent, octet by octet.

use alloc::{vec, vec::Vec};
use core::net::Ipv4Addr;

use proptest::{collection, prelude::*};

use super::builder::{MAC, READING, ack, frame, message};
use crate::{
    discard::Discard,
    wire::{self, Arp, Heard, arp_request},
};

const HOST_MAC: [u8; 6] = [0x02, 0, 0, 0, 0, 0x33];
const SENDER: [u8; 4] = [192, 0, 2, 5];
const TARGET: [u8; 4] = [192, 0, 2, 77];
/// Offset of the ARP packet in a frame.
const PACKET: usize = 14;

/// A frame with an ARP request.
fn request() -> Vec<u8> {
    let mut bytes = vec![0xff; 6];
    bytes.extend(HOST_MAC);
    bytes.extend([0x08, 0x06]);
    bytes.extend([0, 1, 0x08, 0x00, 6, 4, 0, 1]);
    bytes.extend(HOST_MAC);
    bytes.extend(SENDER);
    bytes.extend([0; 6]);
    bytes.extend(TARGET);
    bytes
}

fn read(frame: &[u8]) -> Result<Arp, Discard> {
    match wire::receive(frame, true, READING) {
        Ok(Heard::Arp(arp)) => Ok(arp),
        Ok(Heard::Message(received, _)) => panic!("{received:?} is no ARP"),
        Err(rejected) => {
            assert_eq!(rejected.message_type, None);
            Err(rejected.reason)
        }
    }
}

#[test]
fn a_request_is_read() {
    let arp = read(&request()).unwrap();
    assert_eq!(arp.sender_mac, HOST_MAC);
    assert_eq!(arp.sender_address, Ipv4Addr::from(SENDER));
    assert_eq!(arp.target_address, Ipv4Addr::from(TARGET));
    assert!(!arp.is_probe());
}

#[test]
fn a_request_from_nobody_is_a_probe_and_a_reply_is_not() {
    let mut bytes = request();
    bytes[PACKET + 14..PACKET + 18].fill(0);
    assert!(read(&bytes).unwrap().is_probe());
    bytes[PACKET + 7] = 2;
    assert!(!read(&bytes).unwrap().is_probe());
}

#[test]
fn padding_is_not_looked_at() {
    let mut bytes = request();
    bytes.resize(60, 0xee);
    assert_eq!(read(&bytes), read(&request()));
}

#[test]
fn a_unicast_reply_is_read_and_one_to_another_host_is_not() {
    let mut bytes = request();
    bytes[PACKET + 7] = 2;
    bytes[..6].copy_from_slice(&MAC);
    assert!(read(&bytes).is_ok());
    bytes[5] ^= 1;
    assert_eq!(read(&bytes), Err(Discard::OtherDestinationMac));
}

#[test]
fn case_085_a_packet_cut_at_any_octet_is_malformed() {
    let whole = request();
    for length in PACKET..whole.len() {
        assert_eq!(read(&whole[..length]), Err(Discard::MalformedArp));
    }
}

#[test]
fn case_085_other_hardware_protocols_and_lengths_are_malformed() {
    // Hardware type, protocol type, and their lengths.
    for offset in 0..6 {
        for change in [1, 0x40, 0xff] {
            let mut bytes = request();
            bytes[PACKET + offset] ^= change;
            bytes.resize(600, 0);
            assert_eq!(read(&bytes), Err(Discard::MalformedArp), "octet {offset}");
        }
    }
}

#[test]
fn case_085_lengths_of_255_reach_nowhere() {
    let mut bytes = request();
    bytes[PACKET + 4..PACKET + 6].fill(255);
    assert_eq!(read(&bytes), Err(Discard::MalformedArp));
    bytes.resize(PACKET + 8 + 4 * 255, 0);
    assert_eq!(read(&bytes), Err(Discard::MalformedArp));
}

#[test]
fn case_085_other_operations_are_ignored() {
    for operation in [0_u16, 3, 4, 8, 9, 255, 256, 0xffff] {
        let mut bytes = request();
        bytes[PACKET + 6..PACKET + 8].copy_from_slice(&operation.to_be_bytes());
        assert_eq!(read(&bytes), Err(Discard::OtherArpOperation));
    }
}

#[test]
fn case_085_a_message_that_says_it_is_arp_is_not_read_as_a_message() {
    let mut bytes = frame(&message(&ack(&[]), &[], &[]));
    bytes[12..14].copy_from_slice(&[0x08, 0x06]);
    assert_eq!(read(&bytes), Err(Discard::MalformedArp));
}

#[test]
fn case_085_an_arp_packet_that_says_it_is_ipv4_is_not_read_as_arp() {
    let mut bytes = request();
    bytes[12..14].copy_from_slice(&[0x08, 0x00]);
    assert_eq!(read(&bytes), Err(Discard::MalformedIpv4));
}

#[test]
fn what_is_sent_is_a_broadcast_request() {
    let mut expected = vec![0xff; 6];
    expected.extend(MAC);
    expected.extend([0x08, 0x06, 0, 1, 0x08, 0x00, 6, 4, 0, 1]);
    expected.extend(MAC);
    expected.extend(SENDER);
    expected.extend([0; 6]);
    expected.extend(TARGET);
    assert_eq!(arp_request(MAC, SENDER.into(), TARGET.into()), expected);
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn random_packets_are_answered(packet in collection::vec(any::<u8>(), 0..80)) {
        let mut bytes = request();
        bytes.truncate(PACKET);
        bytes.extend(packet);
        if let Ok(arp) = read(&bytes) {
            prop_assert_eq!(arp.sender_mac, &bytes[PACKET + 8..PACKET + 14]);
        }
    }
}
