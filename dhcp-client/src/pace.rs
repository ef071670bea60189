//! How often something may happen: a number of places, each of which comes back in time.

use std::time::{Duration, Instant};

/// Places for things that may happen at once, and how long one takes to come back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    most: u32,
    recovery: Duration,
    places: u32,
    since: Option<Instant>,
}

impl Pace {
    /// `most` at once, and one more after each `recovery`.
    pub(crate) const fn new(most: u32, recovery: Duration) -> Self {
        Self {
            most,
            recovery,
            places: most,
            since: None,
        }
    }

    /// Whether it may happen at `now`; if so, it takes a place.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let since = *self.since.get_or_insert(now);
        let passed = now.saturating_duration_since(since).as_nanos();
        let back = passed / self.recovery.as_nanos().max(1);
        if back > 0 {
            let back = u32::try_from(back).unwrap_or(u32::MAX);
            self.places = self.places.saturating_add(back).min(self.most);
            self.since = Some(now);
        }
        match self.places.checked_sub(1) {
            Some(places) => {
                self.places = places;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_taken_and_come_back_in_time() {
        let mut pace = Pace::new(3, Duration::from_millis(50));
        let start = Instant::now();
        assert_eq!(
            [(); 4].map(|()| pace.take(start)),
            [true, true, true, false]
        );
        let later = start + Duration::from_millis(50);
        assert_eq!([(); 2].map(|()| pace.take(later)), [true, false]);
        let much_later = start + Duration::from_secs(3600);
        assert_eq!(
            [(); 4].map(|()| pace.take(much_later)),
            [true, true, true, false]
        );
    }
}
