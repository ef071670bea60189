//! How often sessions ended, and by what: counts that outlive the sessions.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{Counter, Disconnect, Limit};

/// Counts, for any number of sessions on any number of threads, how they ended. A clone counts in the same place.
///
/// A session is counted once, when it is over: see `Session::count_in`. What its peer cost until then is in its
/// `SessionCounters`.
#[derive(Clone, Debug)]
pub struct Tally(Arc<Mutex<BTreeMap<&'static str, u64>>>);

impl Default for Tally {
    fn default() -> Self {
        let names = Limit::ALL.map(Limit::counter);
        let names = names.into_iter().chain(Disconnect::COUNTERS);
        Self(Arc::new(Mutex::new(names.map(|name| (name, 0)).collect())))
    }
}

impl Tally {
    /// Counts one end.
    pub(crate) fn count(&self, reason: &Disconnect) {
        // What is behind the lock is whole between any two statements.
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(reason.counter()).or_default();
        *count = count.saturating_add(1);
    }

    /// How often each `Disconnect` was the end, also those that never were, by name. Each `Limit` has a counter of
    /// its own, such as `rpc.limit.message-size`; the texts in the others make no counters.
    #[must_use]
    pub fn counters(&self) -> Vec<Counter> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counter = |(name, value): (&&str, &u64)| Counter {
            name: (*name).to_owned(),
            value: *value,
        };
        counts.iter().map(counter).collect()
    }
}
