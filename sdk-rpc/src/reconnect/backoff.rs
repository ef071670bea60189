//! How long to wait between two attempts to connect.

use core::time::Duration;

/// The shortest wait there is, whatever is asked for: nobody connects in a hot loop.
const SHORTEST: Duration = Duration::from_millis(10);
/// The longest, so that every wait ends at a time that the clock has.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// When to connect again, and when to give up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Most time to wait after the first failure; it doubles with each further one. At least 10 ms.
    pub first: Duration,
    /// Most time to wait at all; a day is the longest.
    pub longest: Duration,
    /// How long a connection must have lasted to count as a success. A peer that accepts and dies at once
    /// is a failure as much as one that is not there.
    pub steady: Duration,
    /// Time that one attempt may take, with what is done at the begin of each connection.
    pub attempt_time: Duration,
    /// Failures in a row after which there is no further attempt; `None` is never.
    pub attempts: Option<u32>,
    /// Where the jitter comes from, so that clients that lost the same peer do not all come back at
    /// once: a random number, or in a test a fixed one.
    pub seed: u64,
}

impl Backoff {
    /// From half a second to a minute, for ever.
    #[must_use]
    pub const fn seeded(seed: u64) -> Self {
        Self {
            first: Duration::from_millis(500),
            longest: Duration::from_secs(60),
            steady: Duration::from_secs(30),
            attempt_time: Duration::from_secs(10),
            attempts: None,
            seed,
        }
    }

    /// How long to wait after this many failures in a row: between half of the time due and all of it.
    pub(super) fn wait(&self, failures: u32, jitter: &mut Jitter) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let due = self
            .first
            .max(SHORTEST)
            .saturating_mul(1 << doublings)
            .min(self.longest.clamp(SHORTEST, LONGEST));
        let half = due / 2;
        half.saturating_add(half.mul_f64(jitter.fraction()))
    }
}

/// Numbers that look random, always the same ones for a seed (SplitMix64).
#[derive(Debug)]
pub(super) struct Jitter(u64);

impl Jitter {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// From 0 to 1.
    fn fraction(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let [a, b, c, d, _, _, _, _] = (mixed ^ (mixed >> 31)).to_be_bytes();
        f64::from(u32::from_be_bytes([a, b, c, d])) / f64::from(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_keep_within_their_half() {
        let backoff = Backoff::seeded(7);
        let mut jitter = Jitter::new(backoff.seed);
        let due = [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000];
        for (failures, due) in (1..).zip(due) {
            let wait = backoff.wait(failures, &mut jitter);
            let due = Duration::from_millis(due);
            assert!((due / 2..=due).contains(&wait), "{failures}: {wait:?}");
        }
        assert!(backoff.wait(u32::MAX, &mut jitter) <= backoff.longest);
    }

    #[test]
    fn a_seed_decides_all_waits_and_another_seed_other_ones() {
        let waits = |seed| {
            let mut jitter = Jitter::new(seed);
            let backoff = Backoff::seeded(seed);
            (1..9)
                .map(|failures| backoff.wait(failures, &mut jitter))
                .collect::<Vec<_>>()
        };
        assert_eq!(waits(1), waits(1));
        assert_ne!(waits(1), waits(2));
    }

    #[test]
    fn no_wait_is_nothing() {
        let backoff = Backoff {
            first: Duration::ZERO,
            longest: Duration::ZERO,
            ..Backoff::seeded(1)
        };
        assert!(backoff.wait(1, &mut Jitter::new(1)) >= SHORTEST / 2);
    }
}
