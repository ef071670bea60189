//! Ethernet, IPv4 and UDP: what is let through, and each thing that is not.

use alloc::vec::Vec;
use core::net::Ipv4Addr;

use super::builder::{
    IPV4, MAC, MESSAGE, READING, SERVER, UDP, ack, frame, message, receive, rejected, seal,
    seal_ipv4, set_u16,
};
use crate::{discard::Discard, wire};

/// Half of the octets of an arbitrary message, as a datagram of its own.
const FRAGMENT_OFFSET: u8 = 16;

fn good() -> Vec<u8> {
    frame(&message(&ack(&[(54, &SERVER)]), &[], &[]))
}

#[test]
fn a_broadcast_frame_is_received() {
    let (received, malformed) = receive(&good()).unwrap();

    assert_eq!(received.source, Ipv4Addr::from(SERVER));
    assert!(malformed.is_empty());
}

#[test]
fn a_frame_to_our_mac_and_any_address_is_received() {
    let mut frame = good();
    frame[..6].copy_from_slice(&MAC);
    frame[IPV4 + 16..IPV4 + 20].copy_from_slice(&[192, 0, 2, 77]);
    seal(&mut frame);

    assert!(receive(&frame).is_ok());
}

#[test]
fn a_frame_to_another_mac_is_ignored() {
    let mut frame = good();
    frame[..6].copy_from_slice(&[0x02, 0, 0, 0, 0, 0x99]);

    assert_eq!(rejected(&frame), Discard::OtherDestinationMac);
}

#[test]
fn a_multicast_frame_is_ignored() {
    let mut frame = good();
    frame[..6].copy_from_slice(&[0x01, 0, 0x5e, 0, 0, 1]);

    assert_eq!(rejected(&frame), Discard::OtherDestinationMac);
}

#[test]
fn less_than_an_ethernet_header_is_ignored() {
    assert_eq!(rejected(&[]), Discard::TruncatedEthernet);
    assert_eq!(rejected(&good()[..13]), Discard::TruncatedEthernet);
}

#[test]
fn case_084_vlan_tags_are_ignored() {
    for ether_type in [0x8100, 0x88a8] {
        let mut frame = good();
        frame.splice(12..12, [0, 0, 0, 5]);
        set_u16(&mut frame, 12, ether_type);

        assert_eq!(rejected(&frame), Discard::VlanTagged);
    }
}

#[test]
fn other_ether_types_are_ignored() {
    // IPv6, RARP, and a length as in IEEE 802.3.
    for ether_type in [0x86dd, 0x8035, 0x0100] {
        let mut frame = good();
        set_u16(&mut frame, 12, ether_type);

        assert_eq!(rejected(&frame), Discard::OtherEtherType);
    }
}

#[test]
fn ethernet_padding_after_the_packet_is_received() {
    let mut frame = good();
    frame.extend([0xaa; 18]);

    assert!(receive(&frame).is_ok());
}

#[test]
fn other_ip_versions_are_ignored() {
    for version in [0x05, 0x65] {
        let mut frame = good();
        frame[IPV4] = version;
        seal(&mut frame);

        assert_eq!(rejected(&frame), Discard::MalformedIpv4);
    }
}

#[test]
fn an_ipv4_length_that_does_not_fit_is_ignored() {
    for total in [0, 19, good().len() - IPV4 + 1, 0xffff] {
        let mut frame = good();
        set_u16(&mut frame, IPV4 + 2, total);
        seal(&mut frame);

        assert_eq!(rejected(&frame), Discard::MalformedIpv4, "length {total}");
    }
}

#[test]
fn an_ipv4_header_length_that_does_not_fit_is_ignored() {
    for header in [0x40, 0x44] {
        let mut frame = good();
        frame[IPV4] = header;
        seal(&mut frame);

        assert_eq!(rejected(&frame), Discard::MalformedIpv4);
    }
    let mut short = good();
    short.truncate(IPV4 + 40);
    short[IPV4] = 0x4f;
    assert_eq!(rejected(&short), Discard::MalformedIpv4);
}

#[test]
fn case_084_ipv4_options_are_ignored() {
    let mut frame = good();
    frame.splice(UDP..UDP, [1, 1, 1, 0]);
    frame[IPV4] = 0x46;
    let total = frame.len() - IPV4;
    set_u16(&mut frame, IPV4 + 2, total);

    assert_eq!(rejected(&frame), Discard::Ipv4Options);
}

#[test]
fn a_wrong_header_checksum_is_ignored() {
    let mut frame = good();
    frame[IPV4 + 10] ^= 0x01;

    assert_eq!(rejected(&frame), Discard::BadIpv4Checksum);
    // The header checksum is always filled in, unlike that of UDP.
    let unready = wire::receive(&frame, false, READING);
    assert_eq!(unready.unwrap_err().reason, Discard::BadIpv4Checksum);
}

#[test]
fn case_084_fragments_are_ignored() {
    // More fragments; a last fragment; "don't fragment" is not a fragment.
    for (flags, offset, ignored) in [
        (0x20, 0, true),
        (0x00, FRAGMENT_OFFSET, true),
        (0x40, 0, false),
    ] {
        let mut frame = good();
        frame[IPV4 + 6] = flags;
        frame[IPV4 + 7] = offset;
        seal(&mut frame);

        let reason = receive(&frame).err().map(|rejected| rejected.reason);
        assert_eq!(reason, ignored.then_some(Discard::Ipv4Fragment));
    }
}

#[test]
fn case_084_time_to_live_zero_is_ignored_and_one_is_not() {
    let mut frame = good();
    frame[IPV4 + 8] = 0;
    seal(&mut frame);
    assert_eq!(rejected(&frame), Discard::TimeToLiveZero);

    frame[IPV4 + 8] = 1;
    seal(&mut frame);
    assert!(receive(&frame).is_ok());
}

#[test]
fn a_source_that_is_no_host_is_ignored() {
    for source in [[255, 255, 255, 255], [224, 0, 0, 1], [239, 1, 2, 3]] {
        let mut frame = good();
        frame[IPV4 + 12..IPV4 + 16].copy_from_slice(&source);
        seal(&mut frame);

        assert_eq!(rejected(&frame), Discard::UnusableSource);
    }
}

#[test]
fn other_protocols_are_ignored() {
    for protocol in [1, 6, 255] {
        let mut frame = good();
        frame[IPV4 + 9] = protocol;
        seal(&mut frame);

        assert_eq!(rejected(&frame), Discard::NotUdp);
    }
}

#[test]
fn case_084_a_udp_length_that_is_not_the_payloads_is_ignored() {
    let right = good().len() - UDP;
    for length in [0, 7, 8, right - 1, right + 1, 0xffff] {
        let mut frame = good();
        set_u16(&mut frame, UDP + 4, length);
        set_u16(&mut frame, UDP + 6, 0);

        assert_eq!(rejected(&frame), Discard::MalformedUdp, "length {length}");
    }
}

#[test]
fn a_packet_without_room_for_a_udp_header_is_ignored() {
    let mut frame = good();
    set_u16(&mut frame, IPV4 + 2, 20 + 7);
    seal_ipv4(&mut frame);

    assert_eq!(rejected(&frame), Discard::MalformedUdp);
}

#[test]
fn other_ports_are_ignored() {
    for (source, destination) in [(68, 67), (67, 67), (53, 68), (67, 69)] {
        let mut frame = good();
        set_u16(&mut frame, UDP, source);
        set_u16(&mut frame, UDP + 2, destination);
        seal(&mut frame);

        assert_eq!(rejected(&frame), Discard::OtherPort);
    }
}

#[test]
fn case_011_a_wrong_udp_checksum_is_ignored() {
    let mut frame = good();
    frame[UDP + 6] ^= 0x10;

    assert_eq!(rejected(&frame), Discard::BadUdpChecksum);
}

#[test]
fn any_changed_octet_of_the_message_is_noticed() {
    for offset in MESSAGE..good().len() {
        let mut frame = good();
        frame[offset] ^= 0x40;

        assert_eq!(rejected(&frame), Discard::BadUdpChecksum, "octet {offset}");
    }
}

#[test]
fn case_011_udp_checksum_zero_is_none() {
    let mut frame = good();
    set_u16(&mut frame, UDP + 6, 0);

    assert!(receive(&frame).is_ok());
}

#[test]
fn case_011_a_udp_checksum_that_is_not_ready_is_not_looked_at() {
    let mut frame = good();
    frame[UDP + 6] ^= 0x10;

    assert!(wire::receive(&frame, false, READING).is_ok());
}
