//! The receiving side of one direction.

use super::{
    RingFault,
    bell::{Ringing, Waiting},
    half::Half,
    layout::{CHECKSUM_NOT_READY, HEAD, RECEIVER_SLEEPS, SENDER_SLEEPS, TAIL, WORD, frame_octets},
};
use crate::{
    Frame,
    limits::{BATCH, FRAME_OCTETS},
};

/// Takes frames out of a ring.
pub struct RingReceiver {
    half: Half,
    frames: Waiting,
    peer: Ringing,
}

impl core::fmt::Debug for RingReceiver {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter
            .debug_struct("RingReceiver")
            .field("taken_octets", &self.half.own)
            .finish_non_exhaustive()
    }
}

impl RingReceiver {
    pub(super) const fn new(half: Half, frames: Waiting, peer: Ringing) -> Self {
        Self { half, frames, peer }
    }

    /// Waits for frames: at least one, at most [`BATCH`].
    ///
    /// # Errors
    /// What the peer did wrong.
    pub async fn receive(&mut self) -> Result<Vec<Frame>, RingFault> {
        loop {
            let frames = self.take_those_there()?;
            if !frames.is_empty() {
                return Ok(frames);
            }
            self.half.say_asleep(RECEIVER_SLEEPS, true);
            self.look()?;
            if self.half.peer == self.half.own {
                self.frames.wait().await?;
            }
            self.half.say_asleep(RECEIVER_SLEEPS, false);
        }
    }

    /// What is there now, at most [`BATCH`].
    ///
    /// # Errors
    /// What the peer did wrong.
    pub fn take_those_there(&mut self) -> Result<Vec<Frame>, RingFault> {
        self.look()?;
        let mut frames = Vec::new();
        for _ in 0..BATCH {
            if self.half.own == self.half.peer {
                break;
            }
            frames.push(self.take()?);
        }
        if !frames.is_empty() {
            self.half.publish(HEAD);
            if self.half.ring_needed(SENDER_SLEEPS) {
                self.peer.ring()?;
            }
        }
        Ok(frames)
    }

    fn look(&mut self) -> Result<(), RingFault> {
        let capacity = self.half.capacity();
        let possible =
            |taken: u64, sent: u64| sent.checked_sub(taken).is_some_and(|n| n <= capacity);
        self.half.look(TAIL, possible)
    }

    /// The next frame. Its first word is read once; what it says is checked, and then it is what counts.
    fn take(&mut self) -> Result<Frame, RingFault> {
        let there = self.half.peer - self.half.own;
        let mut at = self.half.own;
        let [a, b, c, d, e, f, g, h] = self.half.load(at).to_le_bytes();
        let (length, flags) = (
            u32::from_le_bytes([a, b, c, d]),
            u32::from_le_bytes([e, f, g, h]),
        );
        let octets = frame_octets(length);
        let Some(size) = usize::try_from(length)
            .ok()
            .filter(|size| *size <= FRAME_OCTETS && octets <= there)
        else {
            return Err(self.half.end(RingFault::Length(length)));
        };
        if flags & !CHECKSUM_NOT_READY != 0 {
            return Err(self.half.end(RingFault::Flags(flags)));
        }
        let mut bytes = vec![0; size];
        for chunk in bytes.chunks_mut(8) {
            at += WORD;
            let word = self.half.load(at).to_le_bytes();
            chunk.iter_mut().zip(word).for_each(|(to, from)| *to = from);
        }
        self.half.own += octets;
        Ok(Frame {
            bytes,
            checksum_ready: flags & CHECKSUM_NOT_READY == 0,
        })
    }
}
