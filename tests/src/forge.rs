//! Frames that no honest host sends, made of honest ones: what a test changes is wrong, and all else is
//! right, so that nothing but the change can be why a frame is ignored.

use crate::frame::{IPV4, checksum};

/// Octets of an Ethernet header, of an IPv4 header without options, and of a UDP header.
const ETHERNET: usize = 14;
const INTERNET: usize = 20;
const UDP: usize = 8;

/// IEEE 802.1Q: the EtherType of a tag.
const TAG: [u8; 2] = [0x81, 0x00];

/// The frame with its IPv4 header changed, and that header's checksum made right again.
///
/// # Panics
/// If it is no frame of IPv4.
#[must_use]
pub fn with_ip_header(frame: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let (ethernet, mut header, payload) = parts(frame);
    change(&mut header);
    header[10..12].fill(0);
    let sum = checksum(&header);
    header.splice(10..12, sum.to_be_bytes());
    [ethernet, header, payload].concat()
}

/// The frame with these options in its IPv4 header, whose number of octets is a multiple of four.
///
/// # Panics
/// If a header cannot have so many.
#[must_use]
pub fn with_ip_options(frame: &[u8], options: &[u8]) -> Vec<u8> {
    let words = u8::try_from((INTERNET + options.len()) / 4).expect("a header has 15 words");
    let (_, _, payload) = parts(frame);
    let length = length(INTERNET + options.len() + payload.len());
    with_ip_header(frame, |header| {
        header[0] = 0x40 | words;
        header.splice(2..4, length);
        header.extend(options);
    })
}

/// The frame's packet in fragments of so many octets of payload, a multiple of eight.
#[must_use]
pub fn fragments(frame: &[u8], octets: usize) -> Vec<Vec<u8>> {
    let (ethernet, header, payload) = parts(frame);
    let pieces: Vec<&[u8]> = payload.chunks(octets).collect();
    let last = pieces.len().saturating_sub(1);
    let fragment = |(index, piece): (usize, &&[u8])| {
        let whole = [ethernet.clone(), header.clone(), piece.to_vec()].concat();
        // RFC 791 section 3.1: the offset counts eights of octets, and MF says that more follow.
        let offset = u16::try_from(index * octets / 8).expect("an offset has 13 bits");
        let more = if index == last { 0 } else { 0x2000 };
        with_ip_header(&whole, |header| {
            header.splice(2..4, length(INTERNET + piece.len()));
            header.splice(6..8, (offset | more).to_be_bytes());
        })
    };
    pieces.iter().enumerate().map(fragment).collect()
}

/// The frame with its UDP header changed, and without a UDP checksum (RFC 768 has 0 for that), so that it is
/// not why the frame is ignored.
///
/// # Panics
/// If it is no frame of UDP over IPv4.
#[must_use]
pub fn with_udp_header(frame: &[u8], change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut frame = frame.to_vec();
    let header = &mut frame[ETHERNET + INTERNET..ETHERNET + INTERNET + UDP];
    header[6..8].fill(0);
    change(header);
    frame
}

/// The frame with a tag of a virtual LAN (IEEE 802.1Q).
///
/// # Panics
/// If it is no frame.
#[must_use]
pub fn with_tag(frame: &[u8], lan: u16) -> Vec<u8> {
    let (addresses, rest) = frame.split_at(ETHERNET - IPV4.len());
    [addresses, &TAG, &lan.to_be_bytes(), rest].concat()
}

/// Ethernet header, IPv4 header, and what that carries.
fn parts(frame: &[u8]) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let (ethernet, packet) = frame.split_at(ETHERNET);
    let (header, payload) = packet.split_at(INTERNET);
    (ethernet.to_vec(), header.to_vec(), payload.to_vec())
}

/// The length of a packet, as its header has it.
fn length(octets: usize) -> [u8; 2] {
    u16::try_from(octets)
        .expect("a packet has at most 65535 octets")
        .to_be_bytes()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::frame::{Endpoint, udp};

    fn frame() -> Vec<u8> {
        let host = |last| Endpoint {
            mac: [2, 0, 0, 0, 0, last],
            address: Ipv4Addr::new(192, 0, 2, last),
            port: 67,
        };
        udp(host(1), host(2), &[0xaa; 40])
    }

    /// RFC 1071: the sum over a header with its checksum is all ones, which complemented would be 0.
    fn is_whole(header: &[u8]) -> bool {
        checksum(header) == 0xffff
    }

    #[test]
    fn a_changed_header_has_a_right_checksum() {
        let changed = with_ip_header(&frame(), |header| header[8] = 0);
        assert!(is_whole(&changed[14..34]));
        assert_eq!(changed[22], 0);
        let with_options = with_ip_options(&frame(), &[1; 8]);
        assert!(is_whole(&with_options[14..42]));
        assert_eq!((with_options[14], with_options[17]), (0x47, 76));
    }

    #[test]
    fn fragments_are_the_packet_and_say_where_they_belong() {
        let pieces = fragments(&frame(), 24);
        let fields: Vec<_> = pieces.iter().map(|p| (p[17], p[20], p[21])).collect();
        assert_eq!(fields, [(44, 0x20, 0), (44, 0, 3)]);
        let payload: Vec<u8> = pieces.iter().flat_map(|p| p[34..].to_vec()).collect();
        assert_eq!(payload, frame()[34..]);
        assert!(pieces.iter().all(|p| is_whole(&p[14..34])));
    }

    #[test]
    fn a_tag_stands_before_the_type() {
        let tagged = with_tag(&frame(), 7);
        assert_eq!(tagged[12..18], [0x81, 0, 0, 7, 8, 0]);
        assert_eq!(tagged[18..], frame()[14..]);
    }
}
