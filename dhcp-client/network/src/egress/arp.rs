//! ARP that may leave: with our own hardware address, and with no other protocol address than the one
//! in force. Anything else could poison a neighbour.

use std::net::Ipv4Addr;

use sdk_rpc::MacAddress;

use super::{ETHERNET_HEADER, Identity, Refusal, check_end, octets};

/// Hardware type Ethernet, protocol type IPv4, their lengths 6 and 4.
const ETHERNET_IPV4: [u8; 6] = [0, 1, 8, 0, 6, 4];
const REQUEST: u16 = 1;
const REPLY: u16 = 2;
const PACKET: usize = 28;

/// Checks an Ethernet frame of EtherType ARP.
pub(super) fn check(frame: &[u8], identity: &Identity) -> Result<(), Refusal> {
    check_end(frame, ETHERNET_HEADER + PACKET)?;
    if octets(frame, ETHERNET_HEADER)? != ETHERNET_IPV4 {
        return Err(Refusal::ArpFormat);
    }
    let operation = u16::from_be_bytes(octets(frame, ETHERNET_HEADER + 6)?);
    let sender_mac = MacAddress(octets(frame, ETHERNET_HEADER + 8)?);
    let sender_address = Ipv4Addr::from(octets(frame, ETHERNET_HEADER + 14)?);
    // RFC 5227 section 2.1.1: "The client MUST fill in the 'sender hardware address' field of the ARP
    // Request with the hardware address of the interface through which it is sending the packet."
    if sender_mac != identity.mac {
        return Err(Refusal::ArpSenderMac(sender_mac));
    }
    // RFC 5227 section 2.1.1: "The 'sender IP address' field MUST be set to all zeroes; this is to
    // avoid polluting ARP caches in other hosts on the same link in the case where the address turns
    // out to be already in use by another host." Announcing and defending need the address in force.
    if !identity.may_use(sender_address) {
        return Err(Refusal::ArpSenderAddress(sender_address));
    }
    // RFC 5227 section 1.1: "the term 'ARP Probe' is used to refer to an ARP Request packet, broadcast
    // on the local link, with an all-zero 'sender IP address'". A reply from nobody has no use.
    match operation {
        REQUEST => Ok(()),
        REPLY if !sender_address.is_unspecified() => Ok(()),
        other => Err(Refusal::ArpOperation(other)),
    }
}
