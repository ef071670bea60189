//! What the client says, read back by dhcproto and smoltcp as second opinions.

use alloc::{string::String, vec, vec::Vec};
use core::net::Ipv4Addr;

use dhcproto::{
    Decodable,
    v4::{DhcpOption, Message, Opcode, OptionCode, UnknownOption},
};
use smoltcp::wire::{EthernetAddress, EthernetFrame, EthernetProtocol, Ipv4Packet, UdpPacket};

use super::builder::{CLIENT_IDENTIFIER, MAC, MESSAGE, OPTIONS, UDP, seal};
use crate::{
    message::{MessageType, Outgoing, Xid},
    wire::{
        encode::{MAXIMUM_LENGTH, MINIMUM_LENGTH},
        frame,
    },
};

const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 77);
const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

/// Every option at once; no real message has them all.
fn everything() -> Outgoing<'static> {
    Outgoing {
        message_type: MessageType::Request,
        xid: Xid(0xdead_beef),
        secs: 0x0102,
        broadcast: true,
        ciaddr: Ipv4Addr::new(10, 1, 2, 3),
        chaddr: MAC,
        requested_address: Some(ADDRESS),
        server_identifier: Some(SERVER),
        client_identifier: &CLIENT_IDENTIFIER,
        rapid_commit: true,
        nonce_capable: true,
        lease_time: Some(3600),
        host_name: Some("host"),
        full_name: None,
        vendor_class: b"class",
        maximum_message_size: Some(1472),
        parameter_request_list: &[1, 121, 3],
        sent: &[],
        message: Some("text"),
    }
}

fn least() -> Outgoing<'static> {
    Outgoing {
        message_type: MessageType::Discover,
        broadcast: false,
        requested_address: None,
        server_identifier: None,
        rapid_commit: false,
        nonce_capable: false,
        lease_time: None,
        host_name: None,
        vendor_class: &[],
        maximum_message_size: None,
        parameter_request_list: &[],
        message: None,
        ..everything()
    }
}

#[test]
fn options_are_in_their_order_with_their_values() {
    let expected = [
        &[53, 1, 3][..],
        &[61, 7],
        &CLIENT_IDENTIFIER,
        &[50, 4, 192, 0, 2, 77],
        &[54, 4, 192, 0, 2, 1],
        &[80, 0],
        &[51, 4, 0, 0, 14, 16],
        &[57, 2, 5, 192],
        &[60, 5],
        b"class",
        &[12, 4],
        b"host",
        &[145, 1, 1],
        &[55, 3, 1, 121, 3],
        &[56, 4],
        b"text",
        &[255],
    ]
    .concat();

    let message = everything().encode();

    assert_eq!(message[OPTIONS..OPTIONS + expected.len()], expected);
    assert!(
        message[OPTIONS + expected.len()..]
            .iter()
            .all(|octet| *octet == 0)
    );
}

#[test]
fn what_is_not_given_is_not_sent() {
    let expected = [&[53, 1, 1, 61, 7][..], &CLIENT_IDENTIFIER, &[255]].concat();

    let message = least().encode();

    assert_eq!(message[OPTIONS..OPTIONS + expected.len()], expected);
}

#[test]
fn the_fixed_part_is_as_dhcproto_reads_it() {
    let bytes = everything().encode();

    let message = Message::from_bytes(&bytes).unwrap();
    assert_eq!(message.opcode(), Opcode::BootRequest);
    assert_eq!(u8::from(message.htype()), 1);
    assert_eq!((message.hlen(), message.hops()), (6, 0));
    assert_eq!(message.xid(), 0xdead_beef);
    assert_eq!(message.secs(), 0x0102);
    assert_eq!(u16::from(message.flags()), 0x8000);
    assert_eq!(message.ciaddr(), Ipv4Addr::new(10, 1, 2, 3));
    for address in [message.yiaddr(), message.siaddr(), message.giaddr()] {
        assert_eq!(address, Ipv4Addr::UNSPECIFIED);
    }
    assert_eq!(message.chaddr(), MAC);
    assert_eq!((message.sname(), message.fname()), (None, None));
    assert_eq!(bytes[236..OPTIONS], [99, 130, 83, 99]);
}

#[test]
fn the_options_are_as_dhcproto_reads_them() {
    let message = Message::from_bytes(&everything().encode()).unwrap();

    let options: Vec<_> = message
        .opts()
        .iter()
        .map(|(_, option)| option.clone())
        .collect();
    let expected = [
        DhcpOption::Hostname("host".into()),
        DhcpOption::RequestedIpAddress(ADDRESS),
        DhcpOption::AddressLeaseTime(3600),
        DhcpOption::MessageType(dhcproto::v4::MessageType::Request),
        DhcpOption::ServerIdentifier(SERVER),
        DhcpOption::ParameterRequestList(vec![
            OptionCode::SubnetMask,
            OptionCode::ClasslessStaticRoute,
            OptionCode::Router,
        ]),
        DhcpOption::Message("text".into()),
        DhcpOption::MaxMessageSize(1472),
        DhcpOption::ClassIdentifier(b"class".to_vec()),
        DhcpOption::ClientIdentifier(CLIENT_IDENTIFIER.to_vec()),
        DhcpOption::RapidCommit,
        DhcpOption::Unknown(UnknownOption::new(OptionCode::from(145), vec![1])),
    ];
    assert_eq!(options, expected);
}

#[test]
fn without_the_broadcast_bit_all_flags_are_zero() {
    assert_eq!(least().encode()[10..12], [0, 0]);
}

#[test]
fn each_message_type_has_its_number() {
    let numbers = [
        MessageType::Discover,
        MessageType::Offer,
        MessageType::Request,
        MessageType::Decline,
        MessageType::Ack,
        MessageType::Nak,
        MessageType::Release,
        MessageType::Inform,
    ]
    .map(|message_type| {
        let message = Outgoing {
            message_type,
            ..least()
        };
        message.encode()[OPTIONS + 2]
    });

    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8]);
    // BOOTP has no option 53, so the identifier comes first.
    let bootp = Outgoing {
        message_type: MessageType::BootRequest,
        ..least()
    };
    assert_eq!(bootp.encode()[OPTIONS], 61);
}

#[test]
fn case_012_a_short_message_is_padded_to_300_octets() {
    assert_eq!(least().encode().len(), MINIMUM_LENGTH);
    assert_eq!(MINIMUM_LENGTH, 300);
}

#[test]
fn a_long_message_is_not_padded() {
    let host_name: String = "h".repeat(255);
    let message = Outgoing {
        host_name: Some(&host_name),
        ..least()
    };

    let bytes = message.encode();

    assert!(bytes.len() > MINIMUM_LENGTH);
    assert_eq!(bytes.last(), Some(&255));
}

#[test]
fn a_value_of_more_than_255_octets_is_split() {
    let host_name: String = "h".repeat(256);
    let message = Outgoing {
        host_name: Some(&host_name),
        ..least()
    };

    let bytes = message.encode();

    let offset = OPTIONS + 3 + 2 + CLIENT_IDENTIFIER.len();
    let expected = [&[12, 255][..], &[b'h'; 255], &[12, 1, b'h'], &[255]].concat();
    assert_eq!(bytes[offset..], expected);
}

#[test]
fn an_option_that_does_not_fit_the_frame_is_left_out() {
    let room = MAXIMUM_LENGTH - 1 - (OPTIONS + 3 + 2 + CLIENT_IDENTIFIER.len());
    // Five fragments, each with its code and length.
    let longest: String = "h".repeat(room - 2 * 5);
    let fits = Outgoing {
        host_name: Some(&longest),
        ..least()
    };
    assert_eq!(fits.encode().len(), MAXIMUM_LENGTH);

    let too_long: String = "h".repeat(longest.len() + 1);
    let message = Outgoing {
        host_name: Some(&too_long),
        ..least()
    };
    assert_eq!(message.encode(), least().encode());
}

#[test]
fn empty_values_are_not_sent() {
    let message = Outgoing {
        host_name: Some(""),
        vendor_class: b"",
        message: Some(""),
        ..least()
    };

    assert_eq!(message.encode(), least().encode());
}

#[test]
fn a_frame_is_as_smoltcp_reads_it() {
    let message = least().encode();

    let bytes = frame(&message, MAC, Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST);

    let ethernet = EthernetFrame::new_checked(bytes.as_slice()).unwrap();
    assert_eq!(ethernet.src_addr(), EthernetAddress(MAC));
    assert_eq!(ethernet.dst_addr(), EthernetAddress::BROADCAST);
    assert_eq!(ethernet.ethertype(), EthernetProtocol::Ipv4);
    let packet = Ipv4Packet::new_checked(ethernet.payload()).unwrap();
    assert_eq!((packet.version(), packet.header_len()), (4, 20));
    assert_eq!(packet.hop_limit(), 64);
    assert!(!packet.more_frags() && packet.frag_offset() == 0);
    assert_eq!(packet.src_addr(), Ipv4Addr::UNSPECIFIED);
    assert_eq!(packet.dst_addr(), Ipv4Addr::BROADCAST);
    let udp = UdpPacket::new_checked(packet.payload()).unwrap();
    assert_eq!((udp.src_port(), udp.dst_port()), (68, 67));
    assert_eq!(udp.payload(), message);
}

#[test]
fn a_frames_checksums_are_those_of_rfc_1071() {
    for source in [Ipv4Addr::UNSPECIFIED, ADDRESS] {
        let bytes = frame(&everything().encode(), MAC, source, Ipv4Addr::BROADCAST);

        // Computed anew by the tests' own code, the frame stays the same.
        let mut sealed = bytes.clone();
        seal(&mut sealed);
        assert_eq!(sealed, bytes);
        assert_ne!(bytes[UDP + 6..MESSAGE], [0, 0]);
    }
}
