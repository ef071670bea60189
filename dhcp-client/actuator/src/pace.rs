//! How often a calf may change the host: each change costs the kernel, a file and a log line, and a calf
//! that was taken over has no reason to be slow.

/// Changes in a row.
const BURST: u64 = 16;
/// Milliseconds in which one more becomes allowed.
const REFILL: u64 = 1000;

/// A token bucket on CLOCK_BOOTTIME.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    tokens: u64,
    filled_at: u64,
}

impl Pace {
    pub(crate) fn new(now: u64) -> Self {
        Self {
            tokens: BURST,
            filled_at: now,
        }
    }

    /// Takes one change, if there is one left.
    pub(crate) fn take(&mut self, now: u64) -> bool {
        let gained = now.saturating_sub(self.filled_at) / REFILL;
        self.tokens = self.tokens.saturating_add(gained).min(BURST);
        self.filled_at = self.filled_at.saturating_add(gained.saturating_mul(REFILL));
        let Some(left) = self.tokens.checked_sub(1) else {
            return false;
        };
        self.tokens = left;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_and_then_one_a_second() {
        let mut pace = Pace::new(5000);
        let burst = (0..BURST).filter(|_| pace.take(5000)).count();
        assert_eq!(u64::try_from(burst).unwrap(), BURST);
        assert!(!pace.take(5999));
        assert!(pace.take(6000));
        assert!(!pace.take(6999));
        assert!(pace.take(7000));
    }
}
