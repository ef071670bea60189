//! Frames to send, as bytes, with every field where a test can change it.

use crate::bed::{CLIENT_MAC, PEER_MAC};

pub(crate) const BROADCAST: [u8; 6] = [0xff; 6];
pub(crate) const NOBODY: [u8; 4] = [0, 0, 0, 0];
pub(crate) const ALL: [u8; 4] = [255, 255, 255, 255];
pub(crate) const CLIENT_ADDRESS: [u8; 4] = [10, 0, 0, 5];
pub(crate) const SERVER_ADDRESS: [u8; 4] = [10, 0, 0, 1];

/// An Ethernet frame.
pub(crate) fn ethernet(
    destination: [u8; 6],
    source: [u8; 6],
    ethertype: u16,
    payload: &[u8],
) -> Vec<u8> {
    [&destination[..], &source, &ethertype.to_be_bytes(), payload].concat()
}

/// An IPv4 header, checksum included, with `options` (whole words), and the payload.
pub(crate) fn ipv4(source: [u8; 4], destination: [u8; 4], options: &[u8], udp: &[u8]) -> Vec<u8> {
    let header_length = 20 + options.len();
    let total = u16::try_from(header_length + udp.len()).unwrap();
    let version = 0x40 | u8::try_from(header_length / 4).unwrap();
    let mut packet = vec![version, 0];
    packet.extend(total.to_be_bytes());
    packet.extend([0, 0, 0, 0, 64, 17, 0, 0]);
    packet.extend(source);
    packet.extend(destination);
    packet.extend(options);
    let mut sum: u32 = packet
        .chunks(2)
        .map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]])))
        .sum();
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    let checksum = !u16::try_from(sum).unwrap();
    packet[10..12].copy_from_slice(&checksum.to_be_bytes());
    packet.extend(udp);
    packet
}

/// A UDP datagram without a checksum.
pub(crate) fn udp(source: u16, destination: u16, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + payload.len()).unwrap();
    let words = [source, destination, length, 0];
    let mut datagram: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    datagram.extend(payload);
    datagram
}

/// What a server broadcasts to port 68.
pub(crate) fn reply(payload: &[u8]) -> Vec<u8> {
    let packet = ipv4(SERVER_ADDRESS, ALL, &[], &udp(67, 68, payload));
    ethernet(BROADCAST, PEER_MAC, 0x0800, &packet)
}

/// What a server sends to the leased address.
pub(crate) fn unicast(port: u16) -> Vec<u8> {
    let packet = ipv4(SERVER_ADDRESS, CLIENT_ADDRESS, &[], &udp(67, port, b"ack"));
    ethernet(CLIENT_MAC, PEER_MAC, 0x0800, &packet)
}

/// A broadcast ARP packet about the server's address.
pub(crate) fn arp(source: [u8; 6], operation: u8, sender: [u8; 4]) -> Vec<u8> {
    let mut packet = vec![0, 1, 8, 0, 6, 4, 0, operation];
    packet.extend(source);
    packet.extend(sender);
    packet.extend([0; 6]);
    packet.extend(SERVER_ADDRESS);
    ethernet(BROADCAST, source, 0x0806, &packet)
}

/// A client's message, with only the option that ends the options.
pub(crate) fn message(client_address: [u8; 4]) -> Vec<u8> {
    let mut message = vec![0; 241];
    message[..3].copy_from_slice(&[1, 1, 6]);
    message[12..16].copy_from_slice(&client_address);
    message[28..34].copy_from_slice(&CLIENT_MAC);
    message[236..].copy_from_slice(&[99, 130, 83, 99, 255]);
    message
}

/// What a client broadcasts.
pub(crate) fn request(source: [u8; 4]) -> Vec<u8> {
    let packet = ipv4(source, ALL, &[], &udp(68, 67, &message(source)));
    ethernet(BROADCAST, CLIENT_MAC, 0x0800, &packet)
}
