//! What a facet may do, by path.

use std::collections::{BTreeMap, BTreeSet};

use super::{ConfPath, refused};
use crate::{Error, limits::RIGHTS};

/// What may be done at a path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConfAccess {
    /// Read, list, watch, and expect something of an entry.
    pub read: bool,
    /// Give an entry a value, or make one.
    pub write: bool,
    /// Remove an entry.
    pub delete: bool,
}

impl ConfAccess {
    /// Nothing.
    pub const NONE: Self = Self {
        read: false,
        write: false,
        delete: false,
    };
    /// To read.
    pub const READ: Self = Self {
        read: true,
        ..Self::NONE
    };
    /// To write, without seeing what is there.
    pub const WRITE: Self = Self {
        write: true,
        ..Self::NONE
    };
    /// Everything.
    pub const ALL: Self = Self {
        read: true,
        write: true,
        delete: true,
    };

    /// Whether everything that `other` allows is allowed.
    const fn covers(self, other: Self) -> bool {
        (self.read || !other.read) && (self.write || !other.write) && (self.delete || !other.delete)
    }
}

/// A table of what may be done: the longest prefix of a path decides, and where there is none nothing may be
/// done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfRights(BTreeMap<ConfPath, ConfAccess>);

impl ConfRights {
    /// A table with these lines.
    ///
    /// # Errors
    /// [`Error::Refused`] for more than `limits::RIGHTS` lines, or two of one prefix.
    pub fn new(lines: impl IntoIterator<Item = (ConfPath, ConfAccess)>) -> Result<Self, Error> {
        let mut table = BTreeMap::new();
        for (prefix, access) in lines {
            if u32::try_from(table.len()).is_ok_and(|count| count >= RIGHTS) {
                return Err(refused(format!("more than {RIGHTS} lines of rights")));
            }
            if table.insert(prefix.clone(), access).is_some() {
                return Err(refused(format!("rights for {prefix} twice")));
            }
        }
        Ok(Self(table))
    }

    /// Everything, everywhere.
    #[must_use]
    pub fn all() -> Self {
        Self(BTreeMap::from([(ConfPath::root(), ConfAccess::ALL)]))
    }

    /// What may be done at `path`.
    #[must_use]
    pub fn at(&self, path: &ConfPath) -> ConfAccess {
        self.0
            .iter()
            .filter(|(prefix, _)| path.is_within(prefix))
            .max_by_key(|(prefix, _)| prefix.as_str().len())
            .map_or(ConfAccess::NONE, |(_, access)| *access)
    }

    /// The first place where `other` allows what this does not. Both are constant between the prefixes of
    /// the two tables, so that looking at those is looking everywhere.
    pub(crate) fn first_beyond(&self, other: &Self) -> Option<ConfPath> {
        let places: BTreeSet<&ConfPath> = self.0.keys().chain(other.0.keys()).collect();
        let mut places = places.into_iter();
        places
            .find(|place| !self.at(place).covers(other.at(place)))
            .cloned()
    }

    /// The lines of the table.
    pub(crate) fn lines(&self) -> impl ExactSizeIterator<Item = (&ConfPath, ConfAccess)> {
        self.0.iter().map(|(prefix, access)| (prefix, *access))
    }
}
