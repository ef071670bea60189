//! What the client sent, read strictly: a frame that is not as RFC 2131 wants it fails the test here.

use std::{collections::BTreeMap, net::Ipv4Addr};

use dhcp_proto::MessageType;
use dhcproto::{
    Decodable,
    v4::{Message, MessageType as Code, Opcode},
};
use smoltcp::wire::{
    EthernetAddress, EthernetFrame, EthernetProtocol, IpAddress, IpProtocol, Ipv4Packet, UdpPacket,
};

/// A client's message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    /// How it was carried; `None` for the payload of a UDP socket.
    pub(crate) carrier: Option<Carrier>,
    pub(crate) message_type: MessageType,
    pub(crate) xid: u32,
    pub(crate) secs: u16,
    /// All 16 bits.
    pub(crate) flags: u16,
    pub(crate) ciaddr: Ipv4Addr,
    pub(crate) chaddr: [u8; 6],
    /// Values by code, from the bytes and not through dhcproto's types.
    pub(crate) options: BTreeMap<u8, Vec<u8>>,
    /// Codes in the order of the message.
    pub(crate) codes: Vec<u8>,
    /// The whole BOOTP message.
    pub(crate) payload: Vec<u8>,
}

/// The headers around a client's message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Carrier {
    pub(crate) source_mac: [u8; 6],
    pub(crate) destination_mac: [u8; 6],
    pub(crate) source: Ipv4Addr,
    pub(crate) destination: Ipv4Addr,
}

impl Sent {
    /// An option that is one address.
    pub(crate) fn address(&self, code: u8) -> Option<Ipv4Addr> {
        let value = self.options.get(&code)?;
        Some(<[u8; 4]>::try_from(value.as_slice()).unwrap().into())
    }

    /// Option 50.
    pub(crate) fn requested_address(&self) -> Option<Ipv4Addr> {
        self.address(50)
    }

    /// Option 54.
    pub(crate) fn server_identifier(&self) -> Option<Ipv4Addr> {
        self.address(54)
    }

    /// Option 61, type octet included.
    pub(crate) fn client_identifier(&self) -> Option<&[u8]> {
        self.options.get(&61).map(Vec::as_slice)
    }

    /// Option 55.
    pub(crate) fn parameter_request_list(&self) -> Option<&[u8]> {
        self.options.get(&55).map(Vec::as_slice)
    }
}

/// Reads a whole frame from the client.
pub(crate) fn parse(frame: &[u8]) -> Sent {
    let ethernet = EthernetFrame::new_checked(frame).unwrap();
    assert_eq!(ethernet.ethertype(), EthernetProtocol::Ipv4);
    let packet = Ipv4Packet::new_checked(ethernet.payload()).unwrap();
    assert_eq!((packet.version(), packet.header_len()), (4, 20));
    assert!(packet.verify_checksum());
    assert!(!packet.more_frags() && packet.frag_offset() == 0);
    assert!(packet.hop_limit() > 0);
    assert_eq!(packet.next_header(), IpProtocol::Udp);
    let udp = UdpPacket::new_checked(packet.payload()).unwrap();
    assert_eq!((udp.src_port(), udp.dst_port()), (68, 67));
    // smoltcp takes 0 for "no checksum", which a client has no reason to send.
    assert_ne!(udp.checksum(), 0);
    assert!(udp.verify_checksum(
        &IpAddress::Ipv4(packet.src_addr()),
        &IpAddress::Ipv4(packet.dst_addr())
    ));
    let EthernetAddress(source_mac) = ethernet.src_addr();
    let EthernetAddress(destination_mac) = ethernet.dst_addr();
    Sent {
        carrier: Some(Carrier {
            source_mac,
            destination_mac,
            source: packet.src_addr(),
            destination: packet.dst_addr(),
        }),
        ..parse_message(udp.payload())
    }
}

/// Reads the payload of a datagram from the client.
pub(crate) fn parse_message(payload: &[u8]) -> Sent {
    assert!(payload.len() >= 300, "shorter than a BOOTP message");
    let message = Message::from_bytes(payload).unwrap();
    // RFC 2131 table 5: the fields that are the same in every message of a client.
    assert_eq!(message.opcode(), Opcode::BootRequest);
    assert_eq!((payload[1], payload[2], payload[3]), (1, 6, 0));
    assert_eq!(message.yiaddr(), Ipv4Addr::UNSPECIFIED);
    assert_eq!(message.siaddr(), Ipv4Addr::UNSPECIFIED);
    assert_eq!(message.giaddr(), Ipv4Addr::UNSPECIFIED);
    assert_eq!((message.sname(), message.fname()), (None, None));
    assert_eq!(payload[236..240], [0x63, 0x82, 0x53, 0x63]);
    let (codes, options) = walk(&payload[240..]);
    assert_eq!(codes.len(), options.len(), "an option was sent twice");
    Sent {
        carrier: None,
        message_type: (message.opts().msg_type()).map_or(MessageType::BootRequest, message_type),
        xid: message.xid(),
        secs: message.secs(),
        flags: message.flags().into(),
        ciaddr: message.ciaddr(),
        chaddr: message.chaddr().try_into().unwrap(),
        options,
        codes,
        payload: payload.to_vec(),
    }
}

fn walk(mut rest: &[u8]) -> (Vec<u8>, BTreeMap<u8, Vec<u8>>) {
    let mut codes = Vec::new();
    let mut options = BTreeMap::new();
    while rest[0] != 255 {
        let (code, length) = (rest[0], usize::from(rest[1]));
        // RFC 3396: neighbours of one code are one option.
        if codes.last() != Some(&code) {
            codes.push(code);
        }
        let value: &mut Vec<u8> = options.entry(code).or_default();
        value.extend_from_slice(&rest[2..2 + length]);
        rest = &rest[2 + length..];
    }
    assert!(
        rest[1..].iter().all(|octet| *octet == 0),
        "something after the end option"
    );
    (codes, options)
}

fn message_type(code: Code) -> MessageType {
    let of_clients = [
        (Code::Discover, MessageType::Discover),
        (Code::Request, MessageType::Request),
        (Code::Decline, MessageType::Decline),
        (Code::Release, MessageType::Release),
        (Code::Inform, MessageType::Inform),
    ];
    let found = of_clients.into_iter().find(|(theirs, _)| *theirs == code);
    found.expect("a message type that clients send").1
}
