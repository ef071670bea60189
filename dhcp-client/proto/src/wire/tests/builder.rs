//! Frames from a server, octet by octet and with no help from the code under test or its libraries,
//! so that each octet can also be wrong.

use alloc::{collections::BTreeMap, vec, vec::Vec};

use crate::{
    discard::Discard,
    message::{MessageType, Options, Received},
    wire::{self, Heard, MalformedOptions, Reading, Rejected},
};

/// The client's MAC address.
pub(super) const MAC: [u8; 6] = [0x02, 0xca, 0x1f, 0, 0, 0x07];
/// The client's option 61.
pub(super) const CLIENT_IDENTIFIER: [u8; 7] = [1, 0x02, 0xca, 0x1f, 0, 0, 0x07];
/// How the client reads.
pub(super) const READING: Reading<'static> = Reading {
    own_mac: MAC,
    client_identifier: &CLIENT_IDENTIFIER,
    ignored: &[],
    bootp: false,
    kinds: &BTreeMap::new(),
};
/// The server's IPv4 address, arbitrary.
pub(super) const SERVER: [u8; 4] = [192, 0, 2, 1];
/// The address that the server gives, arbitrary.
pub(super) const YIADDR: [u8; 4] = [192, 0, 2, 77];
/// Offset of the IPv4 header in a frame.
pub(super) const IPV4: usize = 14;
/// Offset of the UDP header in a frame.
pub(super) const UDP: usize = IPV4 + 20;
/// Offset of the message in a frame.
pub(super) const MESSAGE: usize = UDP + 8;
/// Offset of the options, after the cookie, in a message.
pub(super) const OPTIONS: usize = 240;

/// A BOOTREPLY with these octets in its three option fields.
pub(super) fn message(options: &[u8], file: &[u8], sname: &[u8]) -> Vec<u8> {
    let mut bytes = vec![2, 1, 6, 0];
    bytes.extend([0x12, 0x34, 0x56, 0x78]); // xid
    bytes.extend([0; 4]); // secs, flags
    bytes.extend([0; 4]); // ciaddr
    bytes.extend(YIADDR);
    bytes.extend([198, 51, 100, 9]); // siaddr
    bytes.extend([0; 4]); // giaddr
    bytes.extend(MAC);
    bytes.extend([0; 10]);
    bytes.extend(padded::<64>(sname));
    bytes.extend(padded::<128>(file));
    bytes.extend([0x63, 0x82, 0x53, 0x63]);
    bytes.extend(options);
    bytes
}

/// A field of `N` octets that begins with `content`.
fn padded<const N: usize>(content: &[u8]) -> [u8; N] {
    let mut field = [0; N];
    field[..content.len()].copy_from_slice(content);
    field
}

/// One option.
pub(super) fn option(code: u8, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![code, u8::try_from(value.len()).unwrap()];
    bytes.extend(value);
    bytes
}

/// The option area of a DHCPACK with these options in this order.
pub(super) fn ack(options: &[(u8, &[u8])]) -> Vec<u8> {
    let mut bytes = option(53, &[5]);
    for (code, value) in options {
        bytes.extend(option(*code, value));
    }
    bytes.push(255);
    bytes
}

/// A value of any length as neighbouring options of 255 octets.
pub(super) fn long_option(code: u8, value: &[u8]) -> Vec<u8> {
    value
        .chunks(255)
        .flat_map(|part| option(code, part))
        .collect()
}

/// A broadcast frame around a message, with right lengths and checksums.
pub(super) fn frame(message: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0xff; 6];
    bytes.extend([0x02, 0, 0, 0, 0, 0x01]);
    bytes.extend([0x08, 0x00]);
    bytes.extend([0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0]);
    bytes.extend(SERVER);
    bytes.extend([255; 4]);
    bytes.extend([0, 67, 0, 68, 0, 0, 0, 0]);
    bytes.extend(message);
    set_u16(&mut bytes, IPV4 + 2, 28 + message.len());
    set_u16(&mut bytes, UDP + 4, 8 + message.len());
    seal(&mut bytes);
    bytes
}

/// A big-endian number, written over what is there.
pub(super) fn set_u16(bytes: &mut [u8], offset: usize, value: usize) {
    let value = u16::try_from(value).unwrap();
    bytes[offset..offset + 2].copy_from_slice(&value.to_be_bytes());
}

/// Makes both checksums of a frame right, for headers without options.
pub(super) fn seal(frame: &mut [u8]) {
    seal_ipv4(frame);
    let datagram_length = frame.len() - UDP;
    let mut pseudo_header = frame[IPV4 + 12..IPV4 + 20].to_vec();
    pseudo_header.extend([0, 17]);
    pseudo_header.extend(u16::try_from(datagram_length).unwrap().to_be_bytes());
    set_u16(frame, UDP + 6, 0);
    pseudo_header.extend(&frame[UDP..]);
    let sum = match checksum(&pseudo_header) {
        0 => 0xffff,
        sum => sum,
    };
    set_u16(frame, UDP + 6, sum.into());
}

/// Makes the IPv4 header checksum right.
pub(super) fn seal_ipv4(frame: &mut [u8]) {
    set_u16(frame, IPV4 + 10, 0);
    let sum = checksum(&frame[IPV4..UDP]);
    set_u16(frame, IPV4 + 10, sum.into());
}

/// RFC 1071, in the plainest way.
fn checksum(bytes: &[u8]) -> u16 {
    let mut sum: u64 = 0;
    for pair in bytes.chunks(2) {
        sum += u64::from(pair[0]) << 8 | u64::from(*pair.get(1).unwrap_or(&0));
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap()
}

/// What the wire layer makes of a frame.
pub(super) fn receive(frame: &[u8]) -> Result<(Received, MalformedOptions), Rejected> {
    receive_with(frame, READING)
}

/// The same for a client that is told how to read.
pub(super) fn receive_with(
    frame: &[u8],
    reading: Reading<'_>,
) -> Result<(Received, MalformedOptions), Rejected> {
    match wire::receive(frame, true, reading)? {
        Heard::Message(received, malformed) => Ok((*received, malformed)),
        Heard::Arp(arp) => panic!("{arp:?} is no message"),
    }
}

/// Why it ignores the frame, which it must.
pub(super) fn rejected(frame: &[u8]) -> Discard {
    receive(frame).unwrap_err().reason
}

/// The options of a DHCPACK with these, and what was skipped of them.
pub(super) fn read(options: &[(u8, &[u8])]) -> (Options, MalformedOptions) {
    read_area(&ack(options))
}

/// The same for a whole option area.
pub(super) fn read_area(area: &[u8]) -> (Options, MalformedOptions) {
    let (received, malformed) = receive(&frame(&message(area, &[], &[]))).unwrap();
    assert_eq!(received.message_type, MessageType::Ack);
    (received.options, malformed)
}

/// The one reason in a set.
pub(super) fn only(reason: Discard) -> MalformedOptions {
    MalformedOptions::from([reason])
}
