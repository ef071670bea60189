//! One direction as one side has it: its own index, what it last saw of the peer's, and the words between.
//!
//! The peer's index is read once into a local and checked before it counts; this side's index is never read back
//! from shared memory. So whatever the peer writes, positions stay in the ring, and what is copied stays below
//! the limit of a frame.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering, fence},
};

use super::{RingFault, layout, mapping::Mapping};

/// One direction. `mine` and `theirs` are the words of the page of indices that each side writes.
pub(super) struct Half {
    memory: Arc<Mapping>,
    /// Words from the start of the memory to the page of indices.
    page: usize,
    /// Words from the start of the memory to the octets.
    start: usize,
    /// Octets; a power of two.
    capacity: u64,
    /// This side's index.
    pub(super) own: u64,
    /// The peer's, when it was last looked at and found right.
    pub(super) peer: u64,
    ended: bool,
}

impl Half {
    /// Ring `number`, 0 or 1, from the beginning.
    pub(super) fn new(memory: Arc<Mapping>, number: usize, capacity: u64) -> Option<Self> {
        let octets = layout::HEADER_OCTETS + u64::try_from(number).ok()? * capacity;
        Some(Self {
            memory,
            page: (number + 1) * layout::PAGE_WORDS,
            start: usize::try_from(octets / layout::WORD).ok()?,
            capacity,
            own: 0,
            peer: 0,
            ended: false,
        })
    }

    pub(super) const fn capacity(&self) -> u64 {
        self.capacity
    }

    fn index(&self, word: usize) -> Option<&AtomicU64> {
        self.memory.words().get(self.page + word)
    }

    /// The word at `index`, wherever that is in the ring.
    fn word(&self, index: u64) -> Option<&AtomicU64> {
        let below = (index & (self.capacity - 1)) / layout::WORD;
        let below = usize::try_from(below).ok()?;
        self.memory.words().get(self.start + below)
    }

    pub(super) fn load(&self, index: u64) -> u64 {
        // Without a word there is no ring: `new` was given a capacity that the memory has.
        let word = self.word(index);
        u64::from_le(word.map_or(0, |word| word.load(Ordering::Relaxed)))
    }

    pub(super) fn store(&self, index: u64, value: u64) {
        if let Some(word) = self.word(index) {
            word.store(value.to_le(), Ordering::Relaxed);
        }
    }

    /// Lets the peer see this side's index, after what was read or written up to it.
    pub(super) fn publish(&self, word: usize) {
        if let Some(index) = self.index(word) {
            index.store(self.own.to_le(), Ordering::Release);
        }
    }

    /// Looks at the peer's index once. `check` says whether the distance it makes is possible.
    pub(super) fn look(
        &mut self,
        word: usize,
        possible: impl FnOnce(u64, u64) -> bool,
    ) -> Result<(), RingFault> {
        if self.ended {
            return Err(RingFault::Ended);
        }
        let now = self
            .index(word)
            .map_or(0, |index| index.load(Ordering::Acquire));
        let now = u64::from_le(now);
        let (before, own) = (self.peer, self.own);
        if now < before {
            return Err(self.end(RingFault::Backwards { before, now }));
        }
        if !now.is_multiple_of(layout::WORD) {
            return Err(self.end(RingFault::Crooked(now)));
        }
        if !possible(own, now) {
            return Err(self.end(RingFault::Beyond { own, peer: now }));
        }
        self.peer = now;
        Ok(())
    }

    /// Nothing more goes this way.
    pub(super) const fn end(&mut self, fault: RingFault) -> RingFault {
        self.ended = true;
        fault
    }

    /// Says that this side is about to sleep, or that it is awake. Saying so comes before looking at the peer's
    /// index once more, as the peer's `ring_needed` comes after it published its own: one of both sees the other.
    pub(super) fn say_asleep(&self, word: usize, asleep: bool) {
        if let Some(flag) = self.index(word) {
            flag.store(u64::from(asleep).to_le(), Ordering::Relaxed);
        }
        fence(Ordering::SeqCst);
    }

    /// Whether the peer sleeps and has to be rung for; it is told of once.
    pub(super) fn ring_needed(&self, word: usize) -> bool {
        fence(Ordering::SeqCst);
        self.index(word).is_some_and(|flag| {
            flag.load(Ordering::Relaxed) != 0 && flag.swap(0, Ordering::Relaxed) != 0
        })
    }
}
