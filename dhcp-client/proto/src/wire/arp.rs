//! ARP for IPv4 over Ethernet (RFC 826), as far as detecting address conflicts needs it (RFC 5227).

use alloc::{vec, vec::Vec};
use core::net::Ipv4Addr;

use smoltcp::wire::{
    ArpOperation, ArpPacket, ArpRepr, EthernetAddress, EthernetFrame, EthernetProtocol,
    EthernetRepr,
};

use crate::discard::Discard;

/// What an ARP packet claims and asks. Whom it is addressed to does not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arp {
    pub(crate) sender_mac: [u8; 6],
    pub(crate) sender_address: Ipv4Addr,
    pub(crate) target_address: Ipv4Addr,
    is_request: bool,
}

impl Arp {
    /// Reads the payload of an Ethernet frame, which may be followed by padding.
    pub(super) fn parse(payload: &[u8]) -> Result<Self, Discard> {
        let packet = ArpPacket::new_checked(payload).map_err(|_| Discard::MalformedArp)?;
        let ArpRepr::EthernetIpv4 {
            operation,
            source_hardware_addr,
            source_protocol_addr,
            target_hardware_addr: _,
            target_protocol_addr,
        } = ArpRepr::parse(&packet).map_err(|_| Discard::MalformedArp)?
        else {
            return Err(Discard::MalformedArp);
        };
        let is_request = match operation {
            ArpOperation::Request => true,
            ArpOperation::Reply => false,
            ArpOperation::Unknown(_) => return Err(Discard::OtherArpOperation),
        };
        let EthernetAddress(sender_mac) = source_hardware_addr;
        Ok(Self {
            sender_mac,
            sender_address: source_protocol_addr,
            target_address: target_protocol_addr,
            is_request,
        })
    }

    /// RFC 5227 section 1.1: "the term 'ARP Probe' is used to refer to an ARP Request packet, broadcast on
    /// the local link, with an all-zero 'sender IP address'."
    pub(crate) fn is_probe(self) -> bool {
        self.is_request && self.sender_address.is_unspecified()
    }
}

/// A broadcast frame with an ARP request of `own_mac`.
///
/// RFC 5227 section 2.1.1: "The client MUST fill in the 'sender hardware address' field of the ARP Request
/// with the hardware address of the interface through which it is sending the packet." RFC 5227 sections 1.1
/// and 2.1.1: "The 'target hardware address' field is ignored and SHOULD be set to all zeroes."
pub(crate) fn arp_request(own_mac: [u8; 6], sender: Ipv4Addr, target: Ipv4Addr) -> Vec<u8> {
    let ethernet = EthernetRepr {
        src_addr: EthernetAddress(own_mac),
        dst_addr: EthernetAddress::BROADCAST,
        ethertype: EthernetProtocol::Arp,
    };
    let arp = ArpRepr::EthernetIpv4 {
        operation: ArpOperation::Request,
        source_hardware_addr: EthernetAddress(own_mac),
        source_protocol_addr: sender,
        target_hardware_addr: EthernetAddress([0; 6]),
        target_protocol_addr: target,
    };
    let mut bytes = vec![0; ethernet.buffer_len().saturating_add(arp.buffer_len())];
    let mut frame = EthernetFrame::new_unchecked(&mut bytes[..]);
    ethernet.emit(&mut frame);
    arp.emit(&mut ArpPacket::new_unchecked(frame.payload_mut()));
    bytes
}
