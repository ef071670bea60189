//! The link of an interface, for those who watch it.

use core::fmt;

use tokio::{sync::watch, task::AbortHandle};

use super::LinkWatcher;
use crate::LinkState;

/// Knows the link, and tells watchers of it: for who implements `Net`. Clones are the same link.
#[derive(Clone, Debug)]
pub struct LinkSource {
    state: watch::Sender<LinkState>,
}

/// Keeps a watch; dropping it ends the watch.
pub struct LinkWatch {
    told: AbortHandle,
}

impl fmt::Debug for LinkWatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LinkWatch").finish_non_exhaustive()
    }
}

impl Drop for LinkWatch {
    fn drop(&mut self) {
        self.told.abort();
    }
}

impl LinkSource {
    /// A link that is like this.
    #[must_use]
    pub fn new(state: LinkState) -> Self {
        Self {
            state: watch::Sender::new(state),
        }
    }

    /// The link is like this from now on. What is no change is not told.
    pub fn set(&self, state: LinkState) {
        self.state.send_if_modified(|known| {
            let changed = *known != state;
            *known = state;
            changed
        });
    }

    /// How many are being told.
    #[must_use]
    pub fn watchers(&self) -> usize {
        self.state.receiver_count()
    }

    /// Tells `watcher` of the link as it is now, then of each change, until it fails or the watch is
    /// dropped. A watcher that does not take one state holds no others up: it is told of the last one next,
    /// and nothing is kept for it. The watch is a task on the current tokio `LocalSet` or `LocalRuntime`.
    #[must_use = "dropping it ends the watch"]
    pub fn watch<W: LinkWatcher + 'static>(&self, watcher: W) -> LinkWatch {
        let mut state = self.state.subscribe();
        let task = tokio::task::spawn_local(async move {
            loop {
                let now = *state.borrow_and_update();
                if watcher.link(now).await.is_err() || state.changed().await.is_err() {
                    return;
                }
            }
        });
        LinkWatch {
            told: task.abort_handle(),
        }
    }
}
