//! ARP of other hosts, and the client's own read strictly, both by smoltcp.

use std::net::Ipv4Addr;

use smoltcp::wire::{
    ArpOperation, ArpPacket, ArpRepr, EthernetAddress, EthernetFrame, EthernetProtocol,
    EthernetRepr,
};

/// Another host; arbitrary.
pub(crate) const NEIGHBOUR_MAC: [u8; 6] = [0x02, 0, 0, 0, 0, 0x33];

/// What a client says by ARP: it does not answer, so both are broadcast requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// Does anybody have this address?
    Probe(Ipv4Addr),
    /// This interface has it.
    Announcement(Ipv4Addr),
}

/// Whether a frame is ARP.
pub(crate) fn is_arp(frame: &[u8]) -> bool {
    frame[12..14] == [0x08, 0x06]
}

/// Reads a frame from the client with this MAC address.
pub(crate) fn parse(frame: &[u8], own_mac: [u8; 6]) -> Said {
    let ethernet = EthernetFrame::new_checked(frame).unwrap();
    assert_eq!(ethernet.src_addr(), EthernetAddress(own_mac));
    assert_eq!(ethernet.dst_addr(), EthernetAddress::BROADCAST);
    assert_eq!(ethernet.payload().len(), 28);
    let packet = ArpPacket::new_checked(ethernet.payload()).unwrap();
    let ArpRepr::EthernetIpv4 {
        operation,
        source_hardware_addr,
        source_protocol_addr,
        target_hardware_addr,
        target_protocol_addr,
    } = ArpRepr::parse(&packet).unwrap()
    else {
        panic!("not for IPv4 over Ethernet");
    };
    assert_eq!(operation, ArpOperation::Request);
    assert_eq!(source_hardware_addr, EthernetAddress(own_mac));
    assert_eq!(target_hardware_addr, EthernetAddress([0; 6]));
    if source_protocol_addr.is_unspecified() {
        Said::Probe(target_protocol_addr)
    } else {
        assert_eq!(source_protocol_addr, target_protocol_addr);
        Said::Announcement(target_protocol_addr)
    }
}

/// A host's ARP.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heard {
    pub(crate) is_reply: bool,
    pub(crate) sender_mac: [u8; 6],
    pub(crate) sender: Ipv4Addr,
    pub(crate) target: Ipv4Addr,
}

impl Heard {
    /// The neighbour answers that it has the address.
    pub(crate) fn reply(address: Ipv4Addr) -> Self {
        Self {
            is_reply: true,
            sender: address,
            ..Self::probe(Ipv4Addr::UNSPECIFIED)
        }
    }

    /// The neighbour, which has `sender`, asks who has `target`.
    pub(crate) fn request(sender: Ipv4Addr, target: Ipv4Addr) -> Self {
        Self {
            sender,
            ..Self::probe(target)
        }
    }

    /// The neighbour would like to have the address.
    pub(crate) fn probe(address: Ipv4Addr) -> Self {
        Self {
            is_reply: false,
            sender_mac: NEIGHBOUR_MAC,
            sender: Ipv4Addr::UNSPECIFIED,
            target: address,
        }
    }

    /// The same from another MAC address.
    pub(crate) fn with_mac(self, sender_mac: [u8; 6]) -> Self {
        Self { sender_mac, ..self }
    }

    /// The whole frame, to everyone.
    pub(crate) fn frame(&self) -> Vec<u8> {
        let ethernet = EthernetRepr {
            src_addr: EthernetAddress(self.sender_mac),
            dst_addr: EthernetAddress::BROADCAST,
            ethertype: EthernetProtocol::Arp,
        };
        let arp = ArpRepr::EthernetIpv4 {
            operation: match self.is_reply {
                true => ArpOperation::Reply,
                false => ArpOperation::Request,
            },
            source_hardware_addr: EthernetAddress(self.sender_mac),
            source_protocol_addr: self.sender,
            target_hardware_addr: EthernetAddress([0; 6]),
            target_protocol_addr: self.target,
        };
        let mut bytes = vec![0; 14 + 28];
        let mut frame = EthernetFrame::new_unchecked(&mut bytes[..]);
        ethernet.emit(&mut frame);
        arp.emit(&mut ArpPacket::new_unchecked(frame.payload_mut()));
        // As short frames are padded on the wire.
        bytes.resize(60, 0);
        bytes
    }
}
