//! Ethernet, IPv4 and UDP around a message: peeled off what arrives, put around what leaves.
//!
//! smoltcp's wire types do the fields and sums; which values are acceptable is decided here.

use alloc::{vec, vec::Vec};
use core::net::Ipv4Addr;

use smoltcp::{
    phy::ChecksumCapabilities,
    wire::{
        EthernetAddress, EthernetFrame, EthernetProtocol, EthernetRepr, IpAddress, IpProtocol,
        Ipv4Packet, Ipv4Repr, UdpPacket, UdpRepr,
    },
};

use crate::discard::Discard;

/// Port of DHCP servers (RFC 2131 section 4.1).
const SERVER_PORT: u16 = 67;
/// Port of DHCP clients (RFC 2131 section 4.1).
const CLIENT_PORT: u16 = 68;
/// IEEE 802.1Q tag.
const VLAN_TAG: u16 = 0x8100;
/// IEEE 802.1ad tag.
const SERVICE_VLAN_TAG: u16 = 0x88a8;
const IPV4_HEADER: usize = smoltcp::wire::IPV4_HEADER_LEN;
const UDP_HEADER: usize = smoltcp::wire::UDP_HEADER_LEN;
/// The longest payload that IPv4 and UDP can carry.
const MAXIMUM_PAYLOAD: usize = 65_535 - IPV4_HEADER - UDP_HEADER;
/// Far more than any path has hops, and the usual default.
const TIME_TO_LIVE: u8 = 64;

/// The payload of a UDP datagram from a server's port to a client's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Datagram<'a> {
    pub(super) source: Ipv4Addr,
    pub(super) destination: Ipv4Addr,
    pub(super) payload: &'a [u8],
}

/// What an Ethernet frame carries.
#[derive(Clone, Copy, Debug)]
pub(super) enum Carried<'a> {
    Arp(&'a [u8]),
    Ipv4(&'a [u8]),
}

/// The payload of a frame to `own_mac` or to everyone.
pub(super) fn carried(frame: &[u8], own_mac: [u8; 6]) -> Result<Carried<'_>, Discard> {
    let ethernet = EthernetFrame::new_checked(frame).map_err(|_| Discard::TruncatedEthernet)?;
    let destination = ethernet.dst_addr();
    if destination != EthernetAddress(own_mac) && !destination.is_broadcast() {
        return Err(Discard::OtherDestinationMac);
    }
    match ethernet.ethertype() {
        EthernetProtocol::Arp => Ok(Carried::Arp(ethernet.payload())),
        EthernetProtocol::Ipv4 => Ok(Carried::Ipv4(ethernet.payload())),
        EthernetProtocol::Unknown(VLAN_TAG | SERVICE_VLAN_TAG) => Err(Discard::VlanTagged),
        EthernetProtocol::Ipv6 | EthernetProtocol::Unknown(_) => Err(Discard::OtherEtherType),
    }
}

/// Whether a frame is to this address, and not to everyone.
pub(super) fn is_to(frame: &[u8], own_mac: [u8; 6]) -> bool {
    frame.first_chunk() == Some(&own_mac)
}

/// The datagram in an IPv4 packet. RFC 2131 section 2: "The TCP/IP software SHOULD accept and forward
/// to the IP layer any IP packets delivered to the client's hardware address before the IP address is
/// configured".
///
/// The IPv4 destination is not checked: RFC 2131 section 4.1 lets a server unicast to "the client's
/// hardware address and 'yiaddr' address", which this layer cannot know yet.
pub(super) fn datagram(packet: &[u8], checksum_ready: bool) -> Result<Datagram<'_>, Discard> {
    let packet = ipv4_packet(packet)?;
    let payload = udp_payload(&packet, checksum_ready)?;
    Ok(Datagram {
        source: packet.src_addr(),
        destination: packet.dst_addr(),
        payload,
    })
}

fn ipv4_packet(packet: &[u8]) -> Result<Ipv4Packet<&[u8]>, Discard> {
    let packet = Ipv4Packet::new_checked(packet).map_err(|_| Discard::MalformedIpv4)?;
    if packet.version() != 4 {
        return Err(Discard::MalformedIpv4);
    }
    // No server sends options, and they have been a way around filters.
    if usize::from(packet.header_len()) != IPV4_HEADER {
        return Err(Discard::Ipv4Options);
    }
    // RFC 791 section 1.4: "If the header checksum fails, the internet datagram is discarded at once
    // by the entity which detects the error."
    if !packet.verify_checksum() {
        return Err(Discard::BadIpv4Checksum);
    }
    // A fragment's UDP header covers more than what is here; reassembly would be state that any host
    // on the link could fill.
    if packet.more_frags() || packet.frag_offset() != 0 {
        return Err(Discard::Ipv4Fragment);
    }
    // RFC 791 section 3.1: "If this field contains the value zero, then the datagram must be destroyed."
    if packet.hop_limit() == 0 {
        return Err(Discard::TimeToLiveZero);
    }
    // The source stands in for a missing server identifier, so it must be one host's. 0.0.0.0 is
    // let through: with a server identifier the message is complete.
    if packet.src_addr().is_multicast() || packet.src_addr().is_broadcast() {
        return Err(Discard::UnusableSource);
    }
    if packet.next_header() != IpProtocol::Udp {
        return Err(Discard::NotUdp);
    }
    Ok(packet)
}

fn udp_payload<'a>(
    packet: &Ipv4Packet<&'a [u8]>,
    checksum_ready: bool,
) -> Result<&'a [u8], Discard> {
    let udp = UdpPacket::new_checked(packet.payload()).map_err(|_| Discard::MalformedUdp)?;
    // RFC 768: "Length is the length in octets of this user datagram including this header and the
    // data." A length below that of the IPv4 payload would hide octets from whoever trusts the other.
    if usize::from(udp.len()) != packet.payload().len() {
        return Err(Discard::MalformedUdp);
    }
    if (udp.src_port(), udp.dst_port()) != (SERVER_PORT, CLIENT_PORT) {
        return Err(Discard::OtherPort);
    }
    // RFC 768: "An all zero transmitted checksum value means that the transmitter generated no
    // checksum"; smoltcp accepts that.
    let (source, destination) = (packet.src_addr(), packet.dst_addr());
    if checksum_ready
        && !udp.verify_checksum(&IpAddress::Ipv4(source), &IpAddress::Ipv4(destination))
    {
        return Err(Discard::BadUdpChecksum);
    }
    Ok(udp.payload())
}

/// A whole broadcast frame around `message`, which is at most 65507 octets long: what
/// [`crate::message::Outgoing::encode`] makes is at most 1472.
pub(crate) fn frame(
    message: &[u8],
    source_mac: [u8; 6],
    source: Ipv4Addr,
    destination: Ipv4Addr,
) -> Vec<u8> {
    let message = message.get(..MAXIMUM_PAYLOAD).unwrap_or(message);
    let ethernet = EthernetRepr {
        src_addr: EthernetAddress(source_mac),
        dst_addr: EthernetAddress::BROADCAST,
        ethertype: EthernetProtocol::Ipv4,
    };
    let ipv4 = Ipv4Repr {
        src_addr: source,
        dst_addr: destination,
        next_header: IpProtocol::Udp,
        payload_len: UDP_HEADER.saturating_add(message.len()),
        hop_limit: TIME_TO_LIVE,
    };
    let udp = UdpRepr {
        src_port: CLIENT_PORT,
        dst_port: SERVER_PORT,
    };
    let checksums = ChecksumCapabilities::default();
    let length = ethernet
        .buffer_len()
        .saturating_add(ipv4.buffer_len())
        .saturating_add(ipv4.payload_len);
    let mut bytes = vec![0; length];
    let mut ethernet_frame = EthernetFrame::new_unchecked(&mut bytes[..]);
    ethernet.emit(&mut ethernet_frame);
    let mut packet = Ipv4Packet::new_unchecked(ethernet_frame.payload_mut());
    ipv4.emit(&mut packet, &checksums);
    udp.emit(
        &mut UdpPacket::new_unchecked(packet.payload_mut()),
        &IpAddress::Ipv4(source),
        &IpAddress::Ipv4(destination),
        message.len(),
        |payload| payload.copy_from_slice(message),
        &checksums,
    );
    bytes
}
