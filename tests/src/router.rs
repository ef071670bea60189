//! An IPv6 router's word on the server's end of the cable: what a host needs to have IPv6 before a DHCP server
//! has said anything.

use std::net::Ipv6Addr;

use crate::{frame::checksum, testbed::SERVER_MAC};

const IPV6: [u8; 2] = [0x86, 0xdd];
const ICMPV6: u8 = 58;

/// The link-local address that the router speaks from.
const ROUTER: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x77);
/// All nodes of a link (RFC 4291 section 2.7.1), and their hardware address (RFC 2464 section 7).
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
const ALL_NODES_MAC: [u8; 6] = [0x33, 0x33, 0, 0, 0, 1];

/// RFC 4861 section 4.2: type, code, checksum; hop limit, flags without M and O, router lifetime 1800 s;
/// reachable time and retransmission timer unspecified.
const ADVERTISEMENT: [u8; 16] = [134, 0, 0, 0, 64, 0, 0x07, 0x08, 0, 0, 0, 0, 0, 0, 0, 0];
/// RFC 4861 section 4.6.2: type, length in eight octets, prefix length, flags L and A; valid and preferred for
/// an hour; reserved.
const PREFIX: [u8; 16] = [
    3, 4, 64, 0xc0, 0, 0, 0x0e, 0x10, 0, 0, 0x0e, 0x10, 0, 0, 0, 0,
];

/// The frame of an advertisement from which hosts take an address in `prefix`/64.
///
/// # Panics
/// Never: its length is a constant.
#[must_use]
pub fn advertisement(prefix: Ipv6Addr) -> Vec<u8> {
    let mut message = [ADVERTISEMENT.as_slice(), &PREFIX, &prefix.octets()].concat();
    let length = u16::try_from(message.len()).expect("a short message");
    // RFC 8200 section 8.1: the sum covers addresses, length and next header.
    let mut summed = [ROUTER.octets(), ALL_NODES.octets()].concat();
    summed.extend(u32::from(length).to_be_bytes());
    summed.extend([0, 0, 0, ICMPV6]);
    summed.extend(&message);
    message.splice(2..4, checksum(&summed).to_be_bytes());

    let mut header = vec![0x60, 0, 0, 0];
    header.extend(length.to_be_bytes());
    // RFC 4861 section 6.1.2: nobody believes one whose hop limit is not 255.
    header.extend([ICMPV6, 255]);
    header.extend(ROUTER.octets());
    header.extend(ALL_NODES.octets());
    [
        ALL_NODES_MAC.as_slice(),
        &SERVER_MAC,
        &IPV6,
        &header,
        &message,
    ]
    .concat()
}
