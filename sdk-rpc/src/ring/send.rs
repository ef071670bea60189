//! The sending side of one direction.

use super::{
    RingFault,
    bell::{Ringing, Waiting},
    half::Half,
    layout::{CHECKSUM_NOT_READY, HEAD, RECEIVER_SLEEPS, SENDER_SLEEPS, TAIL, WORD, frame_octets},
};
use crate::{Frame, limits::FRAME_OCTETS};

/// Puts frames into a ring.
pub struct RingSender {
    half: Half,
    room: Waiting,
    peer: Ringing,
}

impl core::fmt::Debug for RingSender {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter
            .debug_struct("RingSender")
            .field("sent_octets", &self.half.own)
            .finish_non_exhaustive()
    }
}

impl RingSender {
    pub(super) const fn new(half: Half, room: Waiting, peer: Ringing) -> Self {
        Self { half, room, peer }
    }

    /// Sends `frames`, in order, and waits for room where there is none. When it is dropped before its end, the
    /// receiver gets those that were put in by then.
    ///
    /// # Errors
    /// What the peer did wrong. [`RingFault::TooLong`] for a frame longer than
    /// [`FRAME_OCTETS`]: then none of `frames` is sent.
    pub async fn send(&mut self, frames: &[Frame]) -> Result<(), RingFault> {
        if let Some(frame) = frames.iter().find(|frame| frame.bytes.len() > FRAME_OCTETS) {
            return Err(RingFault::TooLong(frame.bytes.len()));
        }
        let mut rest = frames;
        loop {
            let sent = self.put_those_that_fit(rest)?;
            rest = rest.get(sent..).unwrap_or_default();
            if rest.is_empty() {
                return Ok(());
            }
            if sent == 0 {
                self.half.say_asleep(SENDER_SLEEPS, true);
                if !self.has_room(rest)? {
                    self.room.wait().await?;
                }
                self.half.say_asleep(SENDER_SLEEPS, false);
            }
        }
    }

    /// Puts in as many as fit, lets the peer see them, and rings if it sleeps. Says how many.
    ///
    /// # Errors
    /// As `send`.
    pub fn put_those_that_fit(&mut self, frames: &[Frame]) -> Result<usize, RingFault> {
        let mut sent = 0;
        for frame in frames {
            if !self.put(frame)? {
                break;
            }
            sent += 1;
        }
        if sent > 0 {
            self.half.publish(TAIL);
            if self.half.ring_needed(RECEIVER_SLEEPS) {
                self.peer.ring()?;
            }
        }
        Ok(sent)
    }

    fn has_room(&mut self, frames: &[Frame]) -> Result<bool, RingFault> {
        self.look()?;
        let Some(next) = frames.first() else {
            return Ok(true);
        };
        Ok(frame_octets(length(next)?) <= self.free())
    }

    fn look(&mut self) -> Result<(), RingFault> {
        self.half.look(HEAD, |sent, taken| taken <= sent)
    }

    /// `look` has seen that the peer took no more than was sent.
    const fn free(&self) -> u64 {
        self.half.capacity() - (self.half.own - self.half.peer)
    }

    fn put(&mut self, frame: &Frame) -> Result<bool, RingFault> {
        let length = length(frame)?;
        let octets = frame_octets(length);
        if octets > self.free() {
            self.look()?;
            if octets > self.free() {
                return Ok(false);
            }
        }
        let flags = if frame.checksum_ready {
            0
        } else {
            CHECKSUM_NOT_READY
        };
        let mut at = self.half.own;
        self.half
            .store(at, u64::from(length) | u64::from(flags) << 32);
        for chunk in frame.bytes.chunks(8) {
            at += WORD;
            let mut word = [0; 8];
            word.iter_mut()
                .zip(chunk)
                .for_each(|(to, from)| *to = *from);
            self.half.store(at, u64::from_le_bytes(word));
        }
        self.half.own += octets;
        Ok(true)
    }
}

fn length(frame: &Frame) -> Result<u32, RingFault> {
    let octets = frame.bytes.len();
    let length = u32::try_from(octets)
        .ok()
        .filter(|_| octets <= FRAME_OCTETS);
    length.ok_or(RingFault::TooLong(octets))
}
