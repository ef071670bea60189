//! When a dead calf is replaced.

use std::time::{Duration, Instant};

/// Wait before the first replacement; it doubles up to [`LONGEST`].
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(10);
/// This many deaths within [`WINDOW`] and no lease got or extended between them: something kills every calf.
const DEATHS: usize = 5;
const WINDOW: Duration = Duration::from_secs(60);

/// What to do about a death.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Replace it after this long.
    After(Duration),
    /// Do not replace it before the link changes or T1 comes.
    Hold,
}

/// The deaths of one interface's calves.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    deaths: Vec<Instant>,
    progress: u64,
}

impl Backoff {
    /// Counts a death at `now`; `progress` is how many leases were put in force or extended.
    ///
    /// A calf that got or extended a lease did what it is for: its death starts a new count. To have
    /// sent a frame is not enough, since every calf does before it hears the one that kills it.
    pub(crate) fn died(&mut self, now: Instant, progress: u64) -> Verdict {
        if progress > self.progress {
            self.deaths.clear();
        }
        self.progress = progress;
        self.deaths
            .retain(|death| now.saturating_duration_since(*death) < WINDOW);
        self.deaths.push(now);
        if self.deaths.len() >= DEATHS {
            self.deaths.clear();
            return Verdict::Hold;
        }
        let doublings = u32::try_from(self.deaths.len().saturating_sub(1)).unwrap_or(u32::MAX);
        let wait = 2_u32
            .checked_pow(doublings)
            .and_then(|factor| FIRST.checked_mul(factor));
        Verdict::After(wait.unwrap_or(LONGEST).min(LONGEST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_the_fifth_death_in_a_minute_holds() {
        let mut backoff = Backoff::default();
        let start = Instant::now();
        let verdicts: Vec<Verdict> = (0..5).map(|_| backoff.died(start, 0)).collect();
        let after = |milliseconds| Verdict::After(Duration::from_millis(milliseconds));
        assert_eq!(
            verdicts,
            [
                after(100),
                after(200),
                after(400),
                after(800),
                Verdict::Hold
            ]
        );
    }

    #[test]
    fn deaths_a_minute_apart_or_after_a_lease_are_counted_anew() {
        let mut backoff = Backoff::default();
        let start = Instant::now();
        for minute in 0..10 {
            let verdict = backoff.died(start + WINDOW * minute, 0);
            assert_eq!(verdict, Verdict::After(FIRST), "minute {minute}");
        }
        let later = start + WINDOW * 10;
        for leases in 1..10 {
            assert_eq!(
                backoff.died(later, leases),
                Verdict::After(FIRST),
                "{leases} leases"
            );
        }
    }
}
