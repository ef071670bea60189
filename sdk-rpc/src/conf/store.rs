//! A tree with its watches, in memory or in a file.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use super::{
    AdminFacet, ConfCaps, ConfPath, ConfRights, Written,
    backlog::Backlog,
    delivery::{ConfSubscription, Watch},
    grant::Standing,
    tree::Tree,
};
use crate::{ConfWatcher, Error};

/// What a store holds at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfCounters {
    /// Of the last change.
    pub revision: u64,
    /// Entries.
    pub entries: usize,
    /// Octets of the entries, as they count against the cap.
    pub octets: usize,
    /// Watches.
    pub watches: usize,
    /// Changes that wait for their watchers, of all watches.
    pub backlog: usize,
    /// Granted facets.
    pub grants: usize,
}

/// The owner's end of a tree.
pub struct ConfStore {
    shared: Rc<Shared>,
}

impl core::fmt::Debug for ConfStore {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter
            .debug_struct("ConfStore")
            .field("counters", &self.counters())
            .finish()
    }
}

impl ConfStore {
    /// An empty tree, which is gone with its last facet.
    #[must_use]
    pub fn in_memory(caps: ConfCaps) -> Self {
        Self::of(Tree::new(caps))
    }

    /// The tree that the file at `path` keeps; a new one where there is no file. Each change is on the disk
    /// when it is answered, and this thread waits for the disk. One process at a time may have the file open.
    ///
    /// # Errors
    /// [`Error::Refused`] when it cannot be opened, is damaged, or is of a newer format.
    #[cfg(feature = "durable")]
    pub fn open(path: &std::path::Path, caps: ConfCaps) -> Result<Self, Error> {
        let disk = super::disk::Disk::open(path)?;
        Ok(Self::of(Tree::on(disk, caps)?))
    }

    fn of(tree: Tree) -> Self {
        Self {
            shared: Rc::new(Shared {
                tree: RefCell::new(tree),
                watches: RefCell::new(BTreeMap::new()),
                last_watch: Cell::new(0),
                grants: Rc::default(),
            }),
        }
    }

    /// A facet that may do everything. Its watches are counted by themselves.
    #[must_use]
    pub fn admin(&self) -> AdminFacet {
        AdminFacet::of(
            Rc::clone(&self.shared),
            ConfRights::all(),
            Standing::own(&self.shared.grants),
        )
    }

    /// What it holds now.
    #[must_use]
    pub fn counters(&self) -> ConfCounters {
        let tree = self.shared.tree.borrow();
        let watches = self.shared.watches.borrow();
        let backlog = watches.values().map(|watch| watch.backlog.borrow().len());
        ConfCounters {
            revision: tree.revision(),
            entries: tree.len(),
            octets: tree.octets(),
            watches: watches.len(),
            backlog: backlog.sum(),
            grants: self.shared.grants.get(),
        }
    }
}

/// What the facets of a store share.
pub(super) struct Shared {
    pub(super) tree: RefCell<Tree>,
    watches: RefCell<BTreeMap<u64, Rc<Watch>>>,
    last_watch: Cell<u64>,
    grants: Rc<Cell<usize>>,
}

impl Shared {
    /// Makes a change at `path`, and lets the watches know.
    pub(super) fn change(
        &self,
        path: &ConfPath,
        make: impl FnOnce(&mut Tree) -> Result<Written, Error>,
    ) -> Result<Written, Error> {
        let mut tree = self.tree.borrow_mut();
        let before = tree.revision();
        let written = make(&mut tree)?;
        let revision = tree.revision();
        if revision != before {
            let is_there = tree.entry(path).is_some();
            drop(tree);
            for watch in self.watches.borrow().values() {
                let mut backlog = watch.backlog.borrow_mut();
                if is_there {
                    backlog.put(path, revision);
                } else {
                    backlog.deleted(path, revision);
                }
                watch.wake.notify_one();
            }
        }
        Ok(written)
    }

    pub(super) fn watch(
        self: &Rc<Self>,
        prefix: &ConfPath,
        rights: &Rc<ConfRights>,
        standing: &Rc<Standing>,
        watcher: impl ConfWatcher + 'static,
    ) -> ConfSubscription {
        // Counts for longer than any machine runs.
        let id = self.last_watch.get().wrapping_add(1);
        self.last_watch.set(id);
        standing
            .watches
            .set(standing.watches.get().saturating_add(1));
        let backlog = Backlog::new(prefix.clone(), Rc::clone(rights), &self.tree.borrow());
        let watch = Watch::start(backlog, Rc::clone(standing), Rc::clone(self), id, watcher);
        self.watches.borrow_mut().insert(id, watch);
        ConfSubscription {
            id,
            shared: Rc::clone(self),
        }
    }

    /// Ends a watch, if it has not ended.
    pub(super) fn end_watch(&self, id: u64) {
        let ended = self.watches.borrow_mut().remove(&id);
        if let Some(watch) = ended {
            let watches = &watch.standing.watches;
            watches.set(watches.get().saturating_sub(1));
            watch.end();
        }
    }

    /// Ends the watches of facets that are not in force any more.
    pub(super) fn end_revoked_watches(&self) {
        let revoked: Vec<u64> = self
            .watches
            .borrow()
            .iter()
            .filter(|(_, watch)| watch.standing.is_revoked())
            .map(|(id, _)| *id)
            .collect();
        for id in revoked {
            self.end_watch(id);
        }
    }
}
