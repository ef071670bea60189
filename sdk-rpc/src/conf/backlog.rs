//! What one watcher has not been told yet: paths, never values. A path waits at most once, and a deletion
//! only where the watcher knows of the entry, so that a watcher that never reads costs no more than the
//! entries that there were when it stopped and those that there are now.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use super::{ConfChange, ConfPath, ConfRights, tree::Tree};
use crate::limits::BATCH;

/// Octets of the values of one batch, unless its only one is longer.
const BATCH_OCTETS: usize = 32 * 1024;

/// What is there at the start and was not told yet.
struct Start {
    paths: BTreeSet<ConfPath>,
    revision: u64,
}

pub(super) struct Backlog {
    prefix: ConfPath,
    rights: Rc<ConfRights>,
    /// `None` once everything that was there at the start has been told.
    start: Option<Start>,
    /// The paths of which the watcher was told that something is there.
    known: BTreeSet<ConfPath>,
    /// What changed, by revision.
    waiting: BTreeMap<u64, ConfPath>,
    /// The same by path.
    revisions: BTreeMap<ConfPath, u64>,
}

impl Backlog {
    /// Everything at and below `prefix` that may be read.
    pub(super) fn new(prefix: ConfPath, rights: Rc<ConfRights>, tree: &Tree) -> Self {
        let visible = tree.within(&prefix).filter(|path| rights.at(path).read);
        let start = Start {
            paths: visible.cloned().collect(),
            revision: tree.revision(),
        };
        Self {
            prefix,
            rights,
            start: Some(start),
            known: BTreeSet::new(),
            waiting: BTreeMap::new(),
            revisions: BTreeMap::new(),
        }
    }

    /// How many paths this holds for what was not told yet.
    pub(super) fn len(&self) -> usize {
        let start = self.start.as_ref().map_or(0, |start| start.paths.len());
        start.saturating_add(self.waiting.len())
    }

    fn concerns(&self, path: &ConfPath) -> bool {
        path.is_within(&self.prefix) && self.rights.at(path).read
    }

    /// The entry at `path` has a value of this revision.
    pub(super) fn put(&mut self, path: &ConfPath, revision: u64) {
        let is_told_at_the_start = |start: &Start| start.paths.contains(path);
        if self.concerns(path) && !self.start.as_ref().is_some_and(is_told_at_the_start) {
            self.wait(path, revision);
        }
    }

    /// The entry at `path` was removed by the change of this revision.
    pub(super) fn deleted(&mut self, path: &ConfPath, revision: u64) {
        if !self.concerns(path) {
            return;
        }
        if let Some(start) = &mut self.start {
            start.paths.remove(path);
        }
        if self.known.contains(path) {
            self.wait(path, revision);
        } else if let Some(former) = self.revisions.remove(path) {
            self.waiting.remove(&former);
        }
    }

    fn wait(&mut self, path: &ConfPath, revision: u64) {
        if let Some(former) = self.revisions.insert(path.clone(), revision) {
            self.waiting.remove(&former);
        }
        self.waiting.insert(revision, path.clone());
    }

    /// The next batch. Empty when there is nothing to tell.
    pub(super) fn take(&mut self, tree: &Tree) -> Vec<ConfChange> {
        let mut batch = Vec::new();
        let mut octets: usize = 0;
        while u32::try_from(batch.len()).is_ok_and(|count| count < BATCH) && octets < BATCH_OCTETS {
            let Some(change) = self.next(tree) else {
                break;
            };
            if let ConfChange::Put { path: _, entry } = &change {
                octets = octets.saturating_add(entry.value.octets());
            }
            batch.push(change);
        }
        batch
    }

    fn next(&mut self, tree: &Tree) -> Option<ConfChange> {
        let (path, revision) = match &mut self.start {
            Some(start) => match start.paths.pop_first() {
                Some(path) => (path, start.revision),
                None => {
                    let revision = start.revision;
                    self.start = None;
                    return Some(ConfChange::Complete { revision });
                }
            },
            None => {
                let (revision, path) = self.waiting.pop_first()?;
                self.revisions.remove(&path);
                (path, revision)
            }
        };
        Some(if let Some(entry) = tree.entry(&path) {
            self.known.insert(path.clone());
            let entry = entry.clone();
            ConfChange::Put { path, entry }
        } else {
            self.known.remove(&path);
            ConfChange::Deleted { path, revision }
        })
    }
}
