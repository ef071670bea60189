//! An append-only record that one thread writes and tests wait on, so that no test ever sleeps to
//! synchronise.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// What happened, in order; clones share the same record.
#[derive(Debug)]
pub struct Journal<T> {
    shared: Arc<Shared<T>>,
}

#[derive(Debug)]
struct Shared<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<T> {
    entries: Vec<T>,
    closed: bool,
}

impl<T> Clone for Journal<T> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<T> Default for Journal<T> {
    fn default() -> Self {
        let state = Mutex::new(State {
            entries: Vec::new(),
            closed: false,
        });
        Self {
            shared: Arc::new(Shared {
                state,
                changed: Condvar::new(),
            }),
        }
    }
}

impl<T: Clone> Journal<T> {
    /// Appends an entry and wakes who waits.
    pub fn push(&self, entry: T) {
        self.lock().entries.push(entry);
        self.shared.changed.notify_all();
    }

    /// Says that no entry will follow; waits end at once.
    pub fn close(&self) {
        self.lock().closed = true;
        self.shared.changed.notify_all();
    }

    /// How many entries there are: a position to wait from.
    #[must_use]
    pub fn position(&self) -> usize {
        self.lock().entries.len()
    }

    /// All entries so far.
    #[must_use]
    pub fn entries(&self) -> Vec<T> {
        self.lock().entries.clone()
    }

    /// The first entry at or after `from` that `wanted` accepts, and the position after it.
    /// `None` after `timeout`, or when the record is closed and has none.
    pub fn wait_from(
        &self,
        from: usize,
        timeout: Duration,
        mut wanted: impl FnMut(&T) -> bool,
    ) -> Option<(usize, T)> {
        let deadline = Instant::now() + timeout;
        let mut next = from;
        let mut state = self.lock();
        loop {
            while let Some(entry) = state.entries.get(next) {
                next += 1;
                if wanted(entry) {
                    return Some((next, entry.clone()));
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if state.closed || left.is_zero() {
                return None;
            }
            let waited = self.shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The first entry of all that `wanted` accepts.
    pub fn wait_for(&self, timeout: Duration, wanted: impl FnMut(&T) -> bool) -> Option<T> {
        self.wait_from(0, timeout, wanted).map(|(_, entry)| entry)
    }

    /// Waits until the record is closed; false after `timeout`.
    #[must_use]
    pub fn wait_closed(&self, timeout: Duration) -> bool {
        let waited = self
            .shared
            .changed
            .wait_timeout_while(self.lock(), timeout, |s| !s.closed);
        waited.unwrap_or_else(PoisonError::into_inner).0.closed
    }

    // A writer that panicked leaves a record that is still in order.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
