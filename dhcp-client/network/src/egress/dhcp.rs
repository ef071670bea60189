//! DHCP that may leave: a client's message, about this client, to the server port.

use std::net::Ipv4Addr;

use sdk_rpc::MacAddress;

use super::{ETHERNET_HEADER, Identity, Refusal, check_end, octets};
use crate::{filter::CLIENT_PORT, unicast::SERVER_PORT};

/// Version 4 and a header of five words: no IP options.
const PLAIN_IPV4: u8 = 0x45;
const IPV4_HEADER: usize = 20;
const UDP: u8 = 17;
const UDP_HEADER: usize = 8;
/// Everything of the flags and the fragment offset except "don't fragment".
const FRAGMENT_BITS: u16 = 0xbfff;

/// RFC 2131 figure 1: `op`, "1 = BOOTREQUEST, 2 = BOOTREPLY".
const BOOTREQUEST: u8 = 1;
const ETHERNET_HARDWARE: u8 = 1;
const ETHERNET_ADDRESS_LENGTH: u8 = 6;
/// RFC 2131 section 3: "The first four octets of the 'options' field of the DHCP message contain the
/// (decimal) values 99, 130, 83 and 99, respectively".
const MAGIC_COOKIE: [u8; 4] = [99, 130, 83, 99];

/// Checks an Ethernet frame of EtherType IPv4.
pub(super) fn check_frame(frame: &[u8], identity: &Identity) -> Result<(), Refusal> {
    let packet = frame.get(ETHERNET_HEADER..).ok_or(Refusal::Length)?;
    let [first] = octets(packet, 0)?;
    if first != PLAIN_IPV4 {
        return Err(Refusal::Ipv4Header(first));
    }
    let total_length = usize::from(u16::from_be_bytes(octets(packet, 2)?));
    check_end(frame, ETHERNET_HEADER + total_length)?;
    let fragment = u16::from_be_bytes(octets(packet, 6)?);
    if fragment & FRAGMENT_BITS != 0 {
        return Err(Refusal::Fragment(fragment));
    }
    let [protocol] = octets(packet, 9)?;
    if protocol != UDP {
        return Err(Refusal::Protocol(protocol));
    }
    // RFC 2131 section 4.1: "DHCP messages broadcast by a client prior to that client obtaining its IP
    // address must have the source address field in the IP header set to 0."
    let source = Ipv4Addr::from(octets(packet, 12)?);
    if !identity.may_use(source) {
        return Err(Refusal::Source(source));
    }
    let destination = Ipv4Addr::from(octets(packet, 16)?);
    if !destination.is_broadcast() {
        check_unicast(destination)?;
    }
    let packet = packet.get(..total_length).ok_or(Refusal::Length)?;
    let datagram = packet.get(IPV4_HEADER..).ok_or(Refusal::Length)?;
    let ports = [octets(datagram, 0)?, octets(datagram, 2)?].map(u16::from_be_bytes);
    if ports != [CLIENT_PORT, SERVER_PORT] {
        let [source, destination] = ports;
        return Err(Refusal::Ports(source, destination));
    }
    let udp_length = usize::from(u16::from_be_bytes(octets(datagram, 4)?));
    if udp_length != datagram.len() {
        return Err(Refusal::Length);
    }
    let message = datagram.get(UDP_HEADER..).ok_or(Refusal::Length)?;
    check_message(message, identity)
}

/// Checks a payload for the UDP socket, which adds source, ports and everything below.
pub(super) fn check_datagram(
    destination: Ipv4Addr,
    payload: &[u8],
    identity: &Identity,
) -> Result<(), Refusal> {
    let Some(address) = identity.address else {
        return Err(Refusal::NoUnicastSocket);
    };
    check_unicast(destination)?;
    // A server on this very host is not the peer's to talk to by a socket of the host.
    if destination == address {
        return Err(Refusal::Destination(destination));
    }
    check_message(payload, identity)?;
    // RFC 2131 section 4.3.6, table 4, and section 4.4.1, table 5: what is unicast to a server, in
    // RENEWING, with DHCPRELEASE and with DHCPINFORM, has the client's address in 'ciaddr'.
    let client_address = Ipv4Addr::from(octets(payload, 12)?);
    if client_address != address {
        return Err(Refusal::ClientAddress(client_address));
    }
    Ok(())
}

/// One host, and not this one: no group, no broadcast, nobody, loopback or the reserved class E.
fn check_unicast(destination: Ipv4Addr) -> Result<(), Refusal> {
    let [first, _, _, _] = destination.octets();
    if first == 0 || first == 127 || first >= 224 {
        Err(Refusal::Destination(destination))
    } else {
        Ok(())
    }
}

/// The fixed part of a message, and the magic cookie after it.
fn check_message(message: &[u8], identity: &Identity) -> Result<(), Refusal> {
    let [operation, hardware, length] = octets(message, 0)?;
    if operation != BOOTREQUEST {
        return Err(Refusal::BootpOperation(operation));
    }
    if (hardware, length) != (ETHERNET_HARDWARE, ETHERNET_ADDRESS_LENGTH) {
        return Err(Refusal::BootpHardware(hardware, length));
    }
    // RFC 2131 section 4.4.1, table 5: a client sets 'giaddr' to 0. With another value the server
    // would answer whom it names.
    let relay = Ipv4Addr::from(octets(message, 24)?);
    if !relay.is_unspecified() {
        return Err(Refusal::Relayed(relay));
    }
    let client = MacAddress(octets(message, 28)?);
    if client != identity.mac {
        return Err(Refusal::ClientHardwareAddress(client));
    }
    if octets(message, 236)? != MAGIC_COOKIE {
        return Err(Refusal::MagicCookie);
    }
    Ok(())
}
