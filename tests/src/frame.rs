//! Ethernet frames as the testbed makes them and as it reads them: loosely, for people and asserts.

use std::{net::Ipv4Addr, time::Instant};

use crate::{
    message::{Kind, Message},
    testbed::{SERVER_ADDRESS, SERVER_MAC},
};

/// Hardware address that every host takes.
pub const BROADCAST_MAC: [u8; 6] = [0xff; 6];
/// UDP port of DHCP servers (RFC 2131 section 4.1).
pub const SERVER_PORT: u16 = 67;
/// UDP port of DHCP clients (RFC 2131 section 4.1).
pub const CLIENT_PORT: u16 = 68;

pub(crate) const IPV4: [u8; 2] = [0x08, 0x00];
const ARP: [u8; 2] = [0x08, 0x06];
const PROTOCOL_ICMP: u8 = 1;
const PROTOCOL_UDP: u8 = 17;

/// A frame that passed the server's end of the cable.
#[derive(Clone, Debug)]
pub struct Frame {
    /// When it was seen.
    pub at: Instant,
    /// Whether the server's host sent it.
    pub from_server: bool,
    /// Hardware address of the sender.
    pub source_mac: [u8; 6],
    /// Hardware address that it is for.
    pub destination_mac: [u8; 6],
    /// All of it.
    pub bytes: Vec<u8>,
    /// What is in it.
    pub content: Content,
}

/// What a frame carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// ARP for IPv4.
    Arp {
        /// 1 is a request, 2 a reply.
        operation: u16,
        /// Hardware address that the sender claims.
        sender_mac: [u8; 6],
        /// Address that the sender claims.
        sender: Ipv4Addr,
        /// Address that it asks for.
        target: Ipv4Addr,
    },
    /// DHCP, with the addresses of its IP header.
    Dhcp {
        /// IP source.
        source: Ipv4Addr,
        /// IP destination.
        destination: Ipv4Addr,
        /// The message.
        message: Message,
    },
    /// ICMP for IPv4.
    Icmp {
        /// IP source.
        source: Ipv4Addr,
        /// ICMP type.
        kind: u8,
        /// ICMP code.
        code: u8,
    },
    /// Anything else.
    Other,
}

impl Frame {
    /// Reads a frame.
    #[must_use]
    pub fn read(bytes: &[u8], from_server: bool) -> Self {
        let mac = |at: usize| bytes.get(at..at + 6).and_then(|m| m.try_into().ok());
        Self {
            at: Instant::now(),
            from_server,
            destination_mac: mac(0).unwrap_or_default(),
            source_mac: mac(6).unwrap_or_default(),
            content: content(bytes).unwrap_or(Content::Other),
            bytes: bytes.to_vec(),
        }
    }

    /// Whether it carries a DHCP message of this kind.
    #[must_use]
    pub fn is_dhcp(&self, kind: Kind) -> bool {
        self.dhcp().is_some_and(|message| message.kind() == kind)
    }

    /// Whether it asks who has an address that nobody uses yet (RFC 5227 section 1.1: an ARP Probe).
    #[must_use]
    pub fn is_probe_for(&self, address: Ipv4Addr) -> bool {
        matches!(
            self.content,
            Content::Arp { operation: 1, sender: Ipv4Addr::UNSPECIFIED, target, .. } if target == address
        )
    }

    /// Whether it says that its sender uses an address (RFC 5227 section 1.1: an ARP Announcement).
    #[must_use]
    pub fn is_announcement_of(&self, address: Ipv4Addr) -> bool {
        matches!(
            self.content,
            Content::Arp { operation: 1, sender, target, .. } if [sender, target] == [address; 2]
        )
    }

    /// The DHCP message in it.
    #[must_use]
    pub fn dhcp(&self) -> Option<&Message> {
        match &self.content {
            Content::Dhcp { message, .. } => Some(message),
            Content::Arp { .. } | Content::Icmp { .. } | Content::Other => None,
        }
    }
}

fn content(bytes: &[u8]) -> Option<Content> {
    let kind: [u8; 2] = bytes.get(12..14)?.try_into().ok()?;
    let payload = bytes.get(14..)?;
    match kind {
        ARP => arp(payload),
        IPV4 => ipv4(payload),
        _ => None,
    }
}

fn arp(packet: &[u8]) -> Option<Content> {
    Some(Content::Arp {
        operation: u16::from_be_bytes(packet.get(6..8)?.try_into().ok()?),
        sender_mac: packet.get(8..14)?.try_into().ok()?,
        sender: address(packet, 14)?,
        target: address(packet, 24)?,
    })
}

fn ipv4(packet: &[u8]) -> Option<Content> {
    let header = usize::from(packet.first()? & 0x0f) * 4;
    let (source, destination) = (address(packet, 12)?, address(packet, 16)?);
    let payload = packet.get(header..)?;
    match *packet.get(9)? {
        PROTOCOL_ICMP => Some(Content::Icmp {
            source,
            kind: *payload.first()?,
            code: *payload.get(1)?,
        }),
        PROTOCOL_UDP => {
            let port = |at: usize| {
                Some(u16::from_be_bytes(
                    payload.get(at..at + 2)?.try_into().ok()?,
                ))
            };
            let ports = [port(0)?, port(2)?];
            let message = Message::decode(payload.get(8..)?)?;
            let dhcp = ports.iter().all(|p| [SERVER_PORT, CLIENT_PORT].contains(p));
            dhcp.then_some(Content::Dhcp {
                source,
                destination,
                message,
            })
        }
        _ => None,
    }
}

fn address(packet: &[u8], at: usize) -> Option<Ipv4Addr> {
    let octets: [u8; 4] = packet.get(at..at + 4)?.try_into().ok()?;
    Some(octets.into())
}

/// Whether the checksums of a UDP datagram, and of the IPv4 header without options before it, are those of
/// what they cover.
///
/// # Panics
/// If it is no such frame.
#[must_use]
pub fn checksums_are_right(frame: &[u8]) -> bool {
    let (header, datagram) = frame[14..].split_at(20);
    let mut summed = header[12..20].to_vec();
    summed.extend([0, PROTOCOL_UDP]);
    summed.extend(&datagram[4..6]);
    summed.extend(datagram);
    // RFC 1071 section 1: with the checksum itself in the sum, the result is all ones.
    [header, &summed].map(checksum) == [0xffff; 2]
}

/// Where a UDP datagram comes from or goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Hardware address.
    pub mac: [u8; 6],
    /// IP address.
    pub address: Ipv4Addr,
    /// UDP port.
    pub port: u16,
}

impl Endpoint {
    /// The testbed's server.
    pub const SERVER: Self = Self {
        mac: SERVER_MAC,
        address: SERVER_ADDRESS,
        port: SERVER_PORT,
    };

    /// Every client of the link.
    pub const CLIENTS: Self = Self {
        mac: BROADCAST_MAC,
        address: Ipv4Addr::BROADCAST,
        port: CLIENT_PORT,
    };
}

/// A UDP datagram in an IPv4 packet in an Ethernet frame, with right checksums.
///
/// # Panics
/// If the payload is longer than a datagram can be.
#[must_use]
pub fn udp(from: Endpoint, to: Endpoint, payload: &[u8]) -> Vec<u8> {
    let length = |header: usize| u16::try_from(payload.len() + header).expect("fits a datagram");
    let mut datagram = Vec::new();
    for field in [from.port, to.port, length(8), 0] {
        datagram.extend(field.to_be_bytes());
    }
    datagram.extend(payload);
    // RFC 768: the sum covers a pseudo header of addresses, protocol and length.
    let mut summed = [from.address.octets(), to.address.octets()].concat();
    summed.extend([0, PROTOCOL_UDP]);
    summed.extend(length(8).to_be_bytes());
    summed.extend(&datagram);
    datagram.splice(6..8, checksum(&summed).to_be_bytes());

    let mut packet = vec![0x45, 0];
    packet.extend(length(28).to_be_bytes());
    packet.extend([0, 0, 0, 0, 64, PROTOCOL_UDP, 0, 0]);
    packet.extend(from.address.octets());
    packet.extend(to.address.octets());
    let sum = checksum(&packet);
    packet.splice(10..12, sum.to_be_bytes());

    [to.mac.as_slice(), &from.mac, &IPV4, &packet, &datagram].concat()
}

/// An ARP packet for IPv4 over Ethernet in a broadcast frame (RFC 826). In a probe `sender` is 0.0.0.0, in an
/// announcement it is `target`.
#[must_use]
pub fn arp_frame(
    operation: u16,
    sender_mac: [u8; 6],
    sender: Ipv4Addr,
    target: Ipv4Addr,
) -> Vec<u8> {
    // Hardware type Ethernet, protocol type IPv4, and the lengths of their addresses.
    let mut packet = vec![0, 1, 8, 0, 6, 4];
    packet.extend(operation.to_be_bytes());
    packet.extend(sender_mac);
    packet.extend(sender.octets());
    packet.extend([0; 6]);
    packet.extend(target.octets());
    [BROADCAST_MAC.as_slice(), &sender_mac, &ARP, &packet].concat()
}

/// RFC 1071; never 0, which in UDP means "not computed" (RFC 768).
pub(crate) fn checksum(bytes: &[u8]) -> u16 {
    let word = |pair: &[u8]| {
        let high = pair.first().copied().unwrap_or(0);
        u32::from(u16::from_be_bytes([
            high,
            pair.get(1).copied().unwrap_or(0),
        ]))
    };
    let mut sum: u32 = bytes.chunks(2).map(word).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    match u16::try_from(sum) {
        Ok(folded) if folded != 0xffff => !folded,
        Ok(_) | Err(_) => 0xffff,
    }
}
