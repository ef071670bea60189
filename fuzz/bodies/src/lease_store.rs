//! Any octets as a record of the lease store: nothing panics, and what is read is written as the same record.

use dhcp_client::store::Record;

use crate::{any_lease, source::Source};

/// What a record begins with, and what is before its lease: the interface's address and two clocks.
const MAGIC: &[u8; 8] = b"CalfLea\x02";
const CLOCKS: usize = 6 + 8 + 8;
/// Octets of a file that is longer than any.
const LONGEST: usize = 64 * 1024;

/// The first octet says what the rest is: a whole file, a file without its checksum, the kept lease in one that is
/// otherwise right, or a lease to be kept.
pub fn lease_store(octets: &[u8]) {
    let mut source = Source::new(octets);
    match source.octet() % 4 {
        0 => read(source.rest()),
        1 => read(&with_checksum(source.rest())),
        2 => read(&with_checksum(&[MAGIC, source.rest()].concat())),
        _ => keep(source),
    }
}

fn read(file: &[u8]) {
    let Ok(record) = Record::decode(file) else {
        return;
    };
    // What was read may have gaps that nobody writes, or say one thing in two places, so the octets may be
    // others, and too many; the record is the same.
    if let Ok(octets) = record.encode() {
        assert_eq!(Record::decode(&octets), Ok(record));
    }
}

/// A lease that can be written is read again, and written as the same octets.
fn keep(mut source: Source<'_>) {
    let clocks: [u8; CLOCKS] = source.array();
    let lease = any_lease::lease(&mut source);
    let Ok(kept) = lease.to_octets() else {
        return;
    };
    let file = with_checksum(&[&MAGIC[..], &clocks, &kept].concat());
    match Record::decode(&file) {
        Ok(record) => assert_eq!(record.encode(), Ok(file)),
        Err(why) => assert!(file.len() > LONGEST, "{why}"),
    }
    assert_eq!(sdk_rpc::Lease::from_octets(&kept), Ok(lease));
}

fn with_checksum(fields: &[u8]) -> Vec<u8> {
    let mut file = fields.to_vec();
    file.extend_from_slice(&checksum(fields).to_be_bytes());
    file
}

/// CRC-32 as Ethernet has it, bit by bit: the other end of what the store does with a library.
fn checksum(octets: &[u8]) -> u32 {
    let mut remainder = u32::MAX;
    for octet in octets {
        remainder ^= u32::from(*octet);
        for _ in 0..8 {
            let carry = remainder & 1;
            remainder >>= 1;
            if carry == 1 {
                remainder ^= 0xedb8_8320;
            }
        }
    }
    !remainder
}
