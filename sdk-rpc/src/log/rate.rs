//! How much a peer may say: a `Log` that passes on so many lines and records, and counts the rest.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

use super::{Counter, Level, Log, Record};
use crate::Error;

/// A flood is over when nothing was dropped for so long.
const OVER: Duration = Duration::from_secs(1);
const NANOSECONDS: u128 = 1_000_000_000;

/// A [`Log`] in front of another that must not be flooded. Lines and records over the rate are dropped and
/// counted, which is no error of the call; when the flood is over, one line says how many they were.
///
/// Counters pass: they replace each other. Clones have one rate between them. A drop starts a task on the
/// current tokio `LocalSet` or `LocalRuntime`, which ends with the flood and needs the runtime's timers.
#[derive(Debug)]
pub struct RateLimited<L> {
    limited: Rc<Limited<L>>,
}

impl<L> Clone for RateLimited<L> {
    fn clone(&self) -> Self {
        Self {
            limited: Rc::clone(&self.limited),
        }
    }
}

#[derive(Debug)]
struct Limited<L> {
    log: L,
    places: RefCell<Places>,
    dropped: Cell<u64>,
    /// The flood that is on: how many it cost so far, and when the last was.
    flood: Cell<Option<(u64, Instant)>>,
}

/// Places for lines. They come back in time, and never more than there were.
#[derive(Debug)]
struct Places {
    per_second: u32,
    most: u32,
    free: u32,
    /// From when on the next place comes back.
    since: Instant,
}

impl Places {
    fn take(&mut self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.since).as_nanos();
        let back = passed * u128::from(self.per_second) / NANOSECONDS;
        let free = u128::from(self.free).saturating_add(back);
        match u32::try_from(free) {
            Ok(free) if free < self.most => {
                // What has passed of the next place's time is not lost.
                let whole = back * NANOSECONDS / u128::from(self.per_second.max(1));
                let whole = u64::try_from(whole).unwrap_or(u64::MAX);
                self.since += Duration::from_nanos(whole);
                self.free = free;
            }
            Ok(_) | Err(_) => {
                self.since = now;
                self.free = self.most;
            }
        }
        let place = self.free.checked_sub(1);
        self.free = place.unwrap_or(0);
        place.is_some()
    }
}

impl<L: Log + 'static> RateLimited<L> {
    /// Passes on at most `burst` at once, and `per_second` in each second, to `log`.
    #[must_use]
    pub fn new(log: L, per_second: u32, burst: u32) -> Self {
        let places = Places {
            per_second,
            most: burst,
            free: burst,
            since: Instant::now(),
        };
        Self {
            limited: Rc::new(Limited {
                log,
                places: RefCell::new(places),
                dropped: Cell::new(0),
                flood: Cell::new(None),
            }),
        }
    }

    /// How many lines and records were dropped so far, as the counter `log.dropped`.
    #[must_use]
    pub fn dropped(&self) -> Counter {
        Counter {
            name: "log.dropped".to_owned(),
            value: self.limited.dropped.get(),
        }
    }

    /// Whether there is a place for one more; if not, it is dropped.
    fn admit(&self) -> bool {
        let now = Instant::now();
        let limited = &self.limited;
        if limited.places.borrow_mut().take(now) {
            return true;
        }
        limited.dropped.set(limited.dropped.get().saturating_add(1));
        let before = limited.flood.get();
        let cost = before.map_or(0, |(cost, _)| cost);
        limited.flood.set(Some((cost.saturating_add(1), now)));
        if before.is_none() {
            tokio::task::spawn_local(tell_the_end(Rc::clone(limited)));
        }
        false
    }
}

/// Waits for the end of the flood, and says what it cost. That line takes no place: there is one a flood, and
/// a flood lasts at least [`OVER`].
async fn tell_the_end<L: Log>(limited: Rc<Limited<L>>) {
    while let Some((cost, last)) = limited.flood.get() {
        let over = last + OVER;
        if Instant::now() < over {
            sleep_until(over).await;
            continue;
        }
        limited.flood.set(None);
        let line = format!("{cost} lines dropped");
        // A log that takes nothing any more has nobody to be told.
        drop(limited.log.line(Level::Warn, &line).await);
        return;
    }
}

impl<L: Log + 'static> Log for RateLimited<L> {
    async fn line(&self, level: Level, text: &str) -> Result<(), Error> {
        if self.admit() {
            self.limited.log.line(level, text).await
        } else {
            Ok(())
        }
    }

    async fn counters(&self, counters: Vec<Counter>, state: &str) -> Result<(), Error> {
        self.limited.log.counters(counters, state).await
    }

    async fn record(&self, record: Record) -> Result<(), Error> {
        if self.admit() {
            self.limited.log.record(record).await
        } else {
            Ok(())
        }
    }
}
