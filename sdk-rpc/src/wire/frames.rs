//! Frames and datagrams, in messages of bounded length.

use std::net::Ipv4Addr;

use capnp::struct_list;

use super::{Malformed, check_count, check_length, refuse};
use crate::{
    Datagram, Error, Frame,
    calfkit_capnp::{datagram, frame},
    limits::{BATCH, FRAME_OCTETS, PAYLOAD_OCTETS},
};

/// Octets of one message of frames or datagrams, unless its only one is longer. Measured: twice as much and nothing
/// overlaps any more, half as much and the calls cost more than the frames.
const BATCH_OCTETS: usize = 60 * 1024;

pub(crate) fn read_frames(
    list: struct_list::Reader<'_, frame::Owned>,
) -> Result<Vec<Frame>, Malformed> {
    check_count("frames", list.len(), BATCH)?;
    list.iter()
        .map(|frame| {
            let bytes = frame.get_bytes()?;
            check_length("frame", bytes.len(), FRAME_OCTETS)?;
            Ok(Frame {
                bytes: bytes.to_vec(),
                checksum_ready: !frame.get_checksum_not_ready(),
            })
        })
        .collect()
}

pub(crate) fn write_frames(mut list: struct_list::Builder<'_, frame::Owned>, frames: &[Frame]) {
    for (index, frame) in (0..list.len()).zip(frames) {
        let mut builder = list.reborrow().get(index);
        builder.set_bytes(&frame.bytes);
        builder.set_checksum_not_ready(!frame.checksum_ready);
    }
}

pub(crate) fn read_datagrams(
    list: struct_list::Reader<'_, datagram::Owned>,
) -> Result<Vec<Datagram>, Malformed> {
    check_count("datagrams", list.len(), BATCH)?;
    list.iter()
        .map(|datagram| {
            let payload = datagram.get_payload()?;
            check_length("payload", payload.len(), PAYLOAD_OCTETS)?;
            Ok(Datagram {
                destination: Ipv4Addr::from_bits(datagram.get_destination()),
                payload: payload.to_vec(),
            })
        })
        .collect()
}

pub(crate) fn write_datagrams(
    mut list: struct_list::Builder<'_, datagram::Owned>,
    datagrams: &[Datagram],
) {
    for (index, datagram) in (0..list.len()).zip(datagrams) {
        let mut builder = list.reborrow().get(index);
        builder.set_destination(datagram.destination.to_bits());
        builder.set_payload(&datagram.payload);
    }
}

/// Cuts `frames` into runs that each fit a message, with their lengths.
pub(crate) fn frame_batches(frames: &[Frame]) -> Result<Vec<(&[Frame], u32)>, Error> {
    for frame in frames {
        refuse(check_length("frame", frame.bytes.len(), FRAME_OCTETS))?;
    }
    Ok(batches(frames, |frame| frame.bytes.len()))
}

/// Cuts `datagrams` into runs that each fit a message, with their lengths.
pub(crate) fn datagram_batches(datagrams: &[Datagram]) -> Result<Vec<(&[Datagram], u32)>, Error> {
    for datagram in datagrams {
        refuse(check_length(
            "payload",
            datagram.payload.len(),
            PAYLOAD_OCTETS,
        ))?;
    }
    Ok(batches(datagrams, |datagram| datagram.payload.len()))
}

pub(super) fn batches<T>(mut items: &[T], octets: impl Fn(&T) -> usize) -> Vec<(&[T], u32)> {
    let mut batches = Vec::new();
    while !items.is_empty() {
        let mut count: u32 = 0;
        let mut end = 0;
        let mut total = 0;
        for item in items {
            total += octets(item);
            if count == BATCH || (count > 0 && total > BATCH_OCTETS) {
                break;
            }
            count += 1;
            end += 1;
        }
        // `end` counts items, at least one: the split is within the slice and ends the loop.
        let (batch, rest) = items.split_at(end);
        batches.push((batch, count));
        items = rest;
    }
    batches
}
