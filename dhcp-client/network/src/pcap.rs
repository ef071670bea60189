//! A record of what crossed the interface, in the classic pcap format that tcpdump and Wireshark read.
//!
//! Frames are written as they were handed over. A frame whose checksum was not ready has the checksum
//! it had, so a reader may call it wrong. A datagram, of which this side sees only the payload, is
//! written as the frame that the kernel makes of it, with what is not known left 0: the destination's
//! MAC address (the kernel chooses the next hop) and the UDP checksum ("none", RFC 768).

use std::{
    fmt,
    io::{self, Write},
    net::Ipv4Addr,
    time::Duration,
};

use sdk_rpc::MacAddress;

use crate::{filter::CLIENT_PORT, unicast::SERVER_PORT};

/// Magic number of the format with nanoseconds.
const MAGIC_NANOSECONDS: u32 = 0xa1b2_3c4d;
const LINKTYPE_ETHERNET: u32 = 1;
/// Longest frame that a reader must expect.
const SNAPSHOT_LENGTH: u32 = 65_535;

/// Writes frames to a file, or anything else that takes bytes.
pub struct Pcap {
    output: Box<dyn Write>,
    clock: Box<dyn Fn() -> Duration>,
}

impl fmt::Debug for Pcap {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pcap").finish_non_exhaustive()
    }
}

impl Pcap {
    /// Starts a record: writes the file header. `clock` tells the time since 1970 began. Each frame is
    /// one `write_all`, so `output` needs no buffer and loses nothing when the process ends.
    pub fn new(
        output: impl Write + 'static,
        clock: impl Fn() -> Duration + 'static,
    ) -> io::Result<Self> {
        let mut output: Box<dyn Write> = Box::new(output);
        let mut header = Vec::with_capacity(24);
        header.extend(MAGIC_NANOSECONDS.to_ne_bytes());
        header.extend(2_u16.to_ne_bytes());
        header.extend(4_u16.to_ne_bytes());
        // Time zone and accuracy: both are 0 in every file.
        header.extend([0; 8]);
        header.extend(SNAPSHOT_LENGTH.to_ne_bytes());
        header.extend(LINKTYPE_ETHERNET.to_ne_bytes());
        output.write_all(&header)?;
        Ok(Self {
            output,
            clock: Box::new(clock),
        })
    }

    /// Adds one frame.
    pub(crate) fn record(&mut self, frame: &[u8]) -> io::Result<()> {
        let now = (self.clock)();
        // The format ends in 2106; later times are shown as its last second.
        let seconds = u32::try_from(now.as_secs()).unwrap_or(u32::MAX);
        let length = u32::try_from(frame.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        let mut record = Vec::with_capacity(16 + frame.len());
        record.extend(seconds.to_ne_bytes());
        record.extend(now.subsec_nanos().to_ne_bytes());
        record.extend(length.to_ne_bytes());
        record.extend(length.to_ne_bytes());
        record.extend(frame);
        self.output.write_all(&record)
    }
}

/// The frame that the kernel makes of a payload, as far as it is known here. A payload too long for
/// one packet gives no frame.
pub(crate) fn datagram_frame(
    mac: MacAddress,
    source: Ipv4Addr,
    destination: Ipv4Addr,
    payload: &[u8],
) -> Option<Vec<u8>> {
    let udp_length = u16::try_from(payload.len()).ok()?.checked_add(8)?;
    let total_length = udp_length.checked_add(20)?;
    let mut before_checksum = vec![0x45, 0];
    before_checksum.extend(total_length.to_be_bytes());
    // Identification 0, don't fragment; time to live 64, UDP.
    before_checksum.extend([0, 0, 0x40, 0, 64, 17]);
    let after_checksum = [source.octets(), destination.octets()].concat();
    let checksum = internet_checksum(&[before_checksum.as_slice(), &after_checksum].concat());

    let mut frame = Vec::with_capacity(42 + payload.len());
    frame.extend([0; 6]);
    frame.extend(mac.0);
    frame.extend([0x08, 0x00]);
    frame.extend(before_checksum);
    frame.extend(checksum.to_be_bytes());
    frame.extend(after_checksum);
    frame.extend(CLIENT_PORT.to_be_bytes());
    frame.extend(SERVER_PORT.to_be_bytes());
    frame.extend(udp_length.to_be_bytes());
    frame.extend([0, 0]);
    frame.extend(payload);
    Some(frame)
}

/// RFC 1071 section 1: "the 16-bit 1's complement sum is computed over the octets concerned, and the
/// 1's complement of this sum is placed in the checksum field." The field itself, 0 while this is
/// computed, is left out.
fn internet_checksum(header: &[u8]) -> u16 {
    let mut sum: u32 = header
        .chunks_exact(2)
        .filter_map(|pair| pair.first_chunk().copied().map(u16::from_be_bytes))
        .map(u32::from)
        .sum();
    while let carry @ 1.. = sum >> 16 {
        sum = (sum & 0xffff) + carry;
    }
    // The loop leaves no carry, so the lower half is all there is.
    !u16::try_from(sum).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, rc::Rc};

    use smoltcp::wire::{EthernetFrame, Ipv4Packet, UdpPacket};

    use super::*;

    #[derive(Clone, Default)]
    struct Paper(Rc<RefCell<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_record_has_file_header_times_and_both_lengths() {
        let paper = Paper::default();
        let clock = || Duration::new(0x0102_0304, 5);
        let mut pcap = Pcap::new(paper.clone(), clock).unwrap();
        pcap.record(&[0xaa, 0xbb, 0xcc]).unwrap();

        let words = |numbers: &[u32]| -> Vec<u8> {
            numbers.iter().flat_map(|word| word.to_ne_bytes()).collect()
        };
        let mut expected = words(&[0xa1b2_3c4d]);
        expected.extend([2_u16, 4].iter().flat_map(|half| half.to_ne_bytes()));
        expected.extend(words(&[0, 0, 65_535, 1, 0x0102_0304, 5, 3, 3]));
        expected.extend([0xaa, 0xbb, 0xcc]);
        assert_eq!(*paper.0.borrow(), expected);
    }

    #[test]
    fn a_datagram_becomes_a_frame_that_another_codec_reads() {
        let mac = MacAddress([2, 0, 0, 0, 0, 1]);
        let [source, destination] = [[10, 0, 0, 5], [10, 0, 9, 1]].map(Ipv4Addr::from);
        let frame = datagram_frame(mac, source, destination, b"hello").unwrap();

        let ethernet = EthernetFrame::new_checked(&frame).unwrap();
        assert_eq!(ethernet.src_addr().0, mac.0);
        let packet = Ipv4Packet::new_checked(ethernet.payload()).unwrap();
        assert!(packet.verify_checksum());
        assert_eq!(
            (packet.src_addr(), packet.dst_addr()),
            (source, destination)
        );
        let udp = UdpPacket::new_checked(packet.payload()).unwrap();
        assert_eq!((udp.src_port(), udp.dst_port()), (68, 67));
        assert_eq!(udp.payload(), b"hello");
    }
}
