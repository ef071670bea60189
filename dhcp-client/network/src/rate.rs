//! A rate limit whose clock is an argument, so that a test can be exact.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Admits at most `limit` events in any `window`: the times of the last ones are kept, so no burst can
/// straddle two windows.
#[derive(Debug)]
pub(crate) struct RateLimit {
    limit: usize,
    window: Duration,
    admitted: VecDeque<Instant>,
}

impl RateLimit {
    /// A limit that has admitted nothing yet.
    pub(crate) fn new(limit: usize, window: Duration) -> Self {
        Self {
            limit,
            window,
            admitted: VecDeque::with_capacity(limit),
        }
    }

    /// Whether an event at `now` is within the limit; if so, it counts.
    pub(crate) fn admit(&mut self, now: Instant) -> bool {
        while let Some(oldest) = self.admitted.front()
            && now.saturating_duration_since(*oldest) >= self.window
        {
            self.admitted.pop_front();
        }
        let admitted = self.admitted.len() < self.limit;
        if admitted {
            self.admitted.push_back(now);
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eleventh_event_waits_until_the_first_is_a_second_old() {
        let start = Instant::now();
        let mut rate = RateLimit::new(10, Duration::from_secs(1));
        for event in 0..10 {
            assert!(rate.admit(start + Duration::from_millis(event * 50)));
        }
        assert!(!rate.admit(start + Duration::from_millis(999)));
        assert!(rate.admit(start + Duration::from_millis(1000)));
        assert!(!rate.admit(start + Duration::from_millis(1049)));
        assert!(rate.admit(start + Duration::from_millis(1050)));
    }
}
