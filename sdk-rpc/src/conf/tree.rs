//! The entries of a store, within its caps. A change is checked as a whole, kept, and then made: one that is
//! refused leaves nothing behind.

use std::{
    collections::BTreeMap,
    ops::Bound::{Included, Unbounded},
};

#[cfg(feature = "durable")]
use super::disk::Disk;
use super::{ConfChildren, ConfEntry, ConfPath, ConfValue, Expected, Written, refused};
use crate::{
    Error,
    limits::{CHILDREN, VALUE_OCTETS},
    wire,
};

/// What a store may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfCaps {
    /// Entries.
    pub entries: usize,
    /// Octets of one value; more than `limits::VALUE_OCTETS` has no effect.
    pub value_octets: usize,
    /// Octets of all values and their paths.
    pub octets: usize,
    /// Watches of one facet.
    pub watches: usize,
    /// Granted facets, those granted by a granted one included.
    pub grants: usize,
}

impl Default for ConfCaps {
    /// 4096 entries, 1 MiB, 16 watches of each of 256 facets.
    fn default() -> Self {
        Self {
            entries: 4096,
            value_octets: VALUE_OCTETS,
            octets: 1024 * 1024,
            watches: 16,
            grants: 256,
        }
    }
}

/// All entries, and the count of their changes.
pub(super) struct Tree {
    entries: BTreeMap<ConfPath, ConfEntry>,
    octets: usize,
    revision: u64,
    caps: ConfCaps,
    #[cfg(feature = "durable")]
    disk: Option<Disk>,
}

/// What an entry counts for.
fn weight(path: &ConfPath, value: &ConfValue) -> usize {
    path.as_str().len().saturating_add(value.octets())
}

impl Tree {
    /// An empty one that nothing keeps.
    pub(super) const fn new(caps: ConfCaps) -> Self {
        Self {
            entries: BTreeMap::new(),
            octets: 0,
            revision: 0,
            caps,
            #[cfg(feature = "durable")]
            disk: None,
        }
    }

    /// What `disk` has kept. What was kept within larger caps stays, and nothing is added beyond these.
    #[cfg(feature = "durable")]
    pub(super) fn on(disk: Disk, caps: ConfCaps) -> Result<Self, Error> {
        let (entries, revision) = disk.load()?;
        let octets = entries
            .iter()
            .map(|(path, entry)| weight(path, &entry.value))
            .sum();
        Ok(Self {
            entries,
            octets,
            revision,
            caps,
            disk: Some(disk),
        })
    }

    pub(super) const fn revision(&self) -> u64 {
        self.revision
    }

    pub(super) const fn octets(&self) -> usize {
        self.octets
    }

    pub(super) const fn caps(&self) -> &ConfCaps {
        &self.caps
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn entry(&self, path: &ConfPath) -> Option<&ConfEntry> {
        self.entries.get(path)
    }

    /// The paths of the entries at and below `prefix`, in order.
    pub(super) fn within<'a>(&'a self, prefix: &'a ConfPath) -> impl Iterator<Item = &'a ConfPath> {
        self.from(prefix, prefix)
    }

    fn from<'a>(
        &'a self,
        start: &'a ConfPath,
        prefix: &'a ConfPath,
    ) -> impl Iterator<Item = &'a ConfPath> {
        self.entries
            .range((Included(start), Unbounded))
            .map(|(path, _)| path)
            .take_while(|path| path.is_within(prefix))
    }

    /// The children of `parent` after `after` at or below which there is a `visible` entry.
    pub(super) fn children(
        &self,
        parent: &ConfPath,
        after: Option<&ConfPath>,
        visible: impl Fn(&ConfPath) -> bool,
    ) -> ConfChildren {
        let mut children = ConfChildren::default();
        let start = after.map_or(parent, |after| after.max(parent));
        for path in self.from(start, parent) {
            let Some(child) = path.child_of(parent) else {
                continue;
            };
            let told = after.into_iter().chain(children.paths.last()).max();
            if told.is_some_and(|told| child <= *told) || !visible(path) {
                continue;
            }
            if u32::try_from(children.paths.len()).is_ok_and(|count| count >= CHILDREN) {
                children.more = true;
                break;
            }
            children.paths.push(child);
        }
        children
    }

    /// Puts `value` at `path`.
    pub(super) fn write(
        &mut self,
        path: &ConfPath,
        value: ConfValue,
        expected: Expected,
    ) -> Result<Written, Error> {
        if path.is_root() {
            return Err(refused("the root holds no value"));
        }
        wire::refuse(wire::conf::check_value(&value))?;
        if let Some(conflict) = self.conflict(path, expected) {
            return Ok(conflict);
        }
        let octets = self.octets_with(path, &value)?;
        let revision = self.next_revision()?;
        let entry = ConfEntry { value, revision };
        self.keep(path, Some(&entry), revision)?;
        self.entries.insert(path.clone(), entry);
        self.octets = octets;
        self.revision = revision;
        Ok(Written::Done(revision))
    }

    /// Removes the entry at `path`. Where there is none, nothing changes.
    pub(super) fn delete(&mut self, path: &ConfPath, expected: Expected) -> Result<Written, Error> {
        if let Some(conflict) = self.conflict(path, expected) {
            return Ok(conflict);
        }
        let Some(entry) = self.entries.get(path) else {
            return Ok(Written::Done(self.revision));
        };
        let octets = self.octets.saturating_sub(weight(path, &entry.value));
        let revision = self.next_revision()?;
        self.keep(path, None, revision)?;
        self.entries.remove(path);
        self.octets = octets;
        self.revision = revision;
        Ok(Written::Done(revision))
    }

    fn conflict(&self, path: &ConfPath, expected: Expected) -> Option<Written> {
        let revision = self.entries.get(path).map(|entry| entry.revision);
        let as_expected = match expected {
            Expected::Anything => true,
            Expected::Absent => revision.is_none(),
            Expected::Revision(expected) => revision == Some(expected),
        };
        (!as_expected).then_some(Written::Conflict(revision))
    }

    /// The octets of the tree with `value` at `path`, if it may hold that.
    fn octets_with(&self, path: &ConfPath, value: &ConfValue) -> Result<usize, Error> {
        let caps = &self.caps;
        let octets = value.octets();
        if octets > caps.value_octets {
            let most = caps.value_octets;
            let why = format!("a value of {octets} octets, where {most} are the most");
            return Err(refused(why));
        }
        let before = self.entries.get(path);
        if before.is_none() && self.entries.len() >= caps.entries {
            return Err(refused(format!(
                "there are {} entries already",
                caps.entries
            )));
        }
        let freed = before.map_or(0, |entry| weight(path, &entry.value));
        let after = self
            .octets
            .saturating_sub(freed)
            .saturating_add(weight(path, value));
        if after > caps.octets {
            let most = caps.octets;
            let why = format!("the tree would have {after} octets, where {most} are the most");
            return Err(refused(why));
        }
        Ok(after)
    }

    fn next_revision(&self) -> Result<u64, Error> {
        let next = self.revision.checked_add(1);
        next.ok_or_else(|| refused("there are no revisions left"))
    }

    /// Keeps a change, where something keeps this tree. On return it is on the disk.
    #[cfg(feature = "durable")]
    fn keep(&self, path: &ConfPath, entry: Option<&ConfEntry>, revision: u64) -> Result<(), Error> {
        match &self.disk {
            Some(disk) => disk.keep(path, entry, revision),
            None => Ok(()),
        }
    }

    /// Nothing keeps a tree in this build.
    #[cfg(not(feature = "durable"))]
    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "with the feature `durable` it does something, and may fail"
    )]
    const fn keep(
        &self,
        _path: &ConfPath,
        _entry: Option<&ConfEntry>,
        _revision: u64,
    ) -> Result<(), Error> {
        Ok(())
    }
}
