//! The machine's only source of chance: a keyed function of the seed it was given.
//!
//! A transaction id must not tell the next one, or a host that saw one exchange could answer the
//! next without seeing it. SipHash-2-4 is a pseudo-random function: who does not know the key learns
//! nothing from its other values. xids and jitter have keys of their own, so that the timing on
//! the wire says nothing about xids either. Nothing here needs the strength or size of a cipher.

use crate::{message::Xid, time::Duration};

/// Xids and random waits.
#[derive(Debug)]
pub(super) struct Random {
    xids: Stream,
    waits: Stream,
}

impl Random {
    /// The same seed gives the same numbers; an unknown seed gives unpredictable ones.
    pub(super) fn new(seed: [u8; 32]) -> Self {
        let mut words = [0_u64; 4];
        for (word, octets) in words.iter_mut().zip(seed.chunks_exact(8)) {
            *word = octets
                .iter()
                .rev()
                .fold(0, |value, octet| (value << 8) | u64::from(*octet));
        }
        let [xid_low, xid_high, wait_low, wait_high] = words;
        Self {
            xids: Stream::new([xid_low, xid_high]),
            waits: Stream::new([wait_low, wait_high]),
        }
    }

    /// RFC 2131 section 4.1: "A DHCP client MUST choose 'xid's in such a way as to minimize the
    /// chance of using an 'xid' identical to one used by another client."
    pub(super) fn xid(&mut self) -> Xid {
        let [a, b, c, d, ..] = self.xids.next().to_le_bytes();
        Xid(u32::from_le_bytes([a, b, c, d]))
    }

    /// Between zero and `limit`, both included, in steps of a millisecond.
    pub(super) fn up_to(&mut self, limit: Duration) -> Duration {
        let steps = u64::try_from(limit.as_millis())
            .unwrap_or(u64::MAX)
            .saturating_add(1);
        // The remainder favours small values by less than one in 2^32 for every limit in use.
        Duration::from_millis(self.waits.next().checked_rem(steps).unwrap_or(0))
    }
}

/// The values of one key at 0, 1, 2...
#[derive(Debug)]
struct Stream {
    key: [u64; 2],
    position: u64,
}

impl Stream {
    fn new(key: [u64; 2]) -> Self {
        Self { key, position: 0 }
    }

    fn next(&mut self) -> u64 {
        let value = siphash(self.key, self.position);
        self.position = self.position.wrapping_add(1);
        value
    }
}

/// SipHash-2-4 of the eight octets of `message` (Aumasson and Bernstein, 2012).
pub(super) fn siphash([low, high]: [u64; 2], message: u64) -> u64 {
    // The length of the message, 8, in the top octet.
    const LAST_BLOCK: u64 = 8 << 56;

    let mut state = [
        low ^ 0x736f_6d65_7073_6575,
        high ^ 0x646f_7261_6e64_6f6d,
        low ^ 0x6c79_6765_6e65_7261,
        high ^ 0x7465_6462_7974_6573,
    ];
    for block in [message, LAST_BLOCK] {
        state[3] ^= block;
        state = round(round(state));
        state[0] ^= block;
    }
    state[2] ^= 0xff;
    let [a, b, c, d] = round(round(round(round(state))));
    a ^ b ^ c ^ d
}

fn round([mut a, mut b, mut c, mut d]: [u64; 4]) -> [u64; 4] {
    a = a.wrapping_add(b);
    c = c.wrapping_add(d);
    b = b.rotate_left(13) ^ a;
    d = d.rotate_left(16) ^ c;
    a = a.rotate_left(32);
    c = c.wrapping_add(b);
    a = a.wrapping_add(d);
    b = b.rotate_left(17) ^ c;
    d = d.rotate_left(21) ^ a;
    c = c.rotate_left(32);
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn siphash_gives_the_published_value() {
        // Key octets 00..0f, message octets 00..07: the ninth vector of the reference implementation.
        let key = [0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908];
        assert_eq!(siphash(key, 0x0706_0504_0302_0100), 0x93f5_f579_9a93_2462);
    }

    #[test]
    fn xids_do_not_depend_on_how_many_waits_were_drawn() {
        let mut one = Random::new([7; 32]);
        let mut other = Random::new([7; 32]);
        one.up_to(Duration::from_secs(1));
        assert_eq!(one.xid(), other.xid());
    }

    #[test]
    fn every_half_of_the_seed_matters() {
        let mut seed = [0; 32];
        let mut plain = Random::new(seed);
        seed[0] = 1;
        seed[31] = 1;
        let mut changed = Random::new(seed);
        assert_ne!(plain.xid(), changed.xid());
        let limit = Duration::from_millis(u64::MAX - 1);
        assert_ne!(plain.up_to(limit), changed.up_to(limit));
    }

    #[test]
    fn waits_reach_both_ends_of_their_range() {
        let mut random = Random::new([1; 32]);
        let limit = Duration::from_millis(3);
        let mut seen = [false; 4];
        for _ in 0..200 {
            seen[usize::try_from(random.up_to(limit).as_millis()).unwrap()] = true;
        }
        assert_eq!(seen, [true; 4]);
    }
}
