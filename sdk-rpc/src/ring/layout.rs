//! Where what lies in the shared memory, octet by octet. Nothing here knows an address: a guest that maps the
//! memory elsewhere finds the same. All numbers are little-endian.
//!
//! ```text
//! octet            length    what
//! 0                8         MAGIC: "calfrng" and the version, 1, as the last octet
//! 8                4088      zero
//! 4096             4096      indices of ring 0, from the first side to the second
//! 8192             4096      indices of ring 1, from the second side to the first
//! 12288            capacity  octets of ring 0
//! 12288+capacity   capacity  octets of ring 1
//!
//! of a page of indices, each in a cache line (and the one beside it, which is fetched with it) of its own:
//! 0                8         tail: octets that the sender ever put in; only the sender writes it
//! 128              8         head: octets that the receiver ever took out; only the receiver writes it
//! 256              8         1 while the receiver sleeps: the sender clears it and rings
//! 384              8         1 while the sender sleeps: the receiver clears it and rings
//! ```
//!
//! The capacity is not told: it follows from the size of the memory, which is sealed. An index counts octets, is
//! a multiple of 8, never wraps (2^64 octets are centuries), and lies at its remainder by the capacity, a power of
//! two. A frame is a word of 8 octets, its length in the lower four and its flags in the upper, then its octets,
//! then padding to a multiple of 8. It goes on at the start where the end is reached: memory is copied word by
//! word anyway, a word is never split, and so no octet is skipped and no frame needs contiguous room.

/// The first word: "calfrng", then the version.
pub(super) const MAGIC: u64 = u64::from_le_bytes(*b"calfrng\x01");
/// Octets of a word.
pub(super) const WORD: u64 = 8;
/// Octets before the first ring's.
pub(super) const HEADER_OCTETS: u64 = 3 * 4096;
/// Words from the start to the indices of ring 0, and from them to those of ring 1.
pub(super) const PAGE_WORDS: usize = 512;
/// Word of the page of indices: see above.
pub(super) const TAIL: usize = 0;
/// Word of the page of indices: see above.
pub(super) const HEAD: usize = 16;
/// Word of the page of indices: see above.
pub(super) const RECEIVER_SLEEPS: usize = 32;
/// Word of the page of indices: see above.
pub(super) const SENDER_SLEEPS: usize = 48;
/// Flag of a frame: its transport checksum was not filled in, and must not be verified.
pub(super) const CHECKSUM_NOT_READY: u32 = 1;

/// Octets of the smallest ring: the longest frame fits.
pub const CAPACITY_LEAST: u64 = 128 * 1024;
/// Octets of the largest ring.
pub const CAPACITY_MOST: u64 = 64 * 1024 * 1024;

/// Octets of the memory for two rings of `capacity` octets, if there are such rings.
pub(super) fn memory_octets(capacity: u64) -> Option<u64> {
    let fits = (CAPACITY_LEAST..=CAPACITY_MOST).contains(&capacity);
    (fits && capacity.is_power_of_two()).then(|| HEADER_OCTETS + 2 * capacity)
}

/// Octets of each ring in a memory of `octets`, if that is the size of such a memory.
pub(super) fn capacity(octets: u64) -> Option<u64> {
    let capacity = octets.checked_sub(HEADER_OCTETS)? / 2;
    (memory_octets(capacity) == Some(octets)).then_some(capacity)
}

/// Octets that a frame of `length` takes in a ring.
pub(super) const fn frame_octets(length: u32) -> u64 {
    // The longest u32 is far below where this could overflow.
    WORD + (length as u64).next_multiple_of(WORD)
}
