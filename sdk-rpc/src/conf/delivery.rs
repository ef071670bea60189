//! Tells one watcher, for as long as its subscription is held.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use tokio::{sync::Notify, task::AbortHandle};

use super::{ConfWatcher, backlog::Backlog, grant::Standing, store::Shared};

/// One watch of a store.
pub(super) struct Watch {
    pub(super) backlog: RefCell<Backlog>,
    /// The backlog may have something.
    pub(super) wake: Notify,
    pub(super) standing: Rc<Standing>,
    task: Cell<Option<AbortHandle>>,
}

impl Watch {
    /// Starts to tell `watcher`, in a task on the current tokio `LocalSet` or `LocalRuntime`. The store knows
    /// the watch by `id`.
    pub(super) fn start(
        backlog: Backlog,
        standing: Rc<Standing>,
        shared: Rc<Shared>,
        id: u64,
        watcher: impl ConfWatcher + 'static,
    ) -> Rc<Self> {
        let watch = Rc::new(Self {
            backlog: RefCell::new(backlog),
            wake: Notify::new(),
            standing,
            task: Cell::new(None),
        });
        let telling = Rc::clone(&watch);
        let task = tokio::task::spawn_local(async move {
            tell(&telling, &shared, watcher).await;
            shared.end_watch(id);
        });
        watch.task.set(Some(task.abort_handle()));
        watch
    }

    /// Ends the telling; the watcher is dropped.
    pub(super) fn end(&self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

/// Tells `watcher` what there is to tell, until it wants no more.
async fn tell(watch: &Watch, shared: &Shared, watcher: impl ConfWatcher) {
    loop {
        let batch = watch.backlog.borrow_mut().take(&shared.tree.borrow());
        if batch.is_empty() {
            watch.wake.notified().await;
        } else if watcher.changed(batch).await.is_err() {
            return;
        }
    }
}

/// Keeps a watch of a local store; dropping it ends the watch.
pub struct ConfSubscription {
    pub(super) id: u64,
    pub(super) shared: Rc<Shared>,
}

impl core::fmt::Debug for ConfSubscription {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter
            .debug_struct("ConfSubscription")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Drop for ConfSubscription {
    fn drop(&mut self) {
        self.shared.end_watch(self.id);
    }
}
