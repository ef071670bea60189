//! `Conf`: a tree of typed values with revisions, which can be watched, and what each of its users may do in it.
//!
//! `path`, `value` and `rights` are the values; `tree` holds the entries within its caps, `disk` (feature
//! `durable`) keeps them in a file; `backlog` is what a watcher has not been told yet and `delivery` tells it;
//! `grant` is whether a facet is in force, `facet` what its holder can do, and `store` all of it together.

mod backlog;
mod delivery;
#[cfg(feature = "durable")]
mod disk;
mod facet;
mod grant;
mod path;
mod rights;
mod store;
mod tree;
mod value;

use std::future::Future;

pub use delivery::ConfSubscription;
pub use facet::{AdminFacet, ReaderFacet, WriterFacet};
pub use grant::FacetGrant;
pub use path::ConfPath;
pub use rights::{ConfAccess, ConfRights};
pub use store::{ConfCounters, ConfStore};
pub use tree::ConfCaps;
pub use value::ConfValue;

pub(crate) use value::TEXT_WEIGHT;

use crate::Error;

/// What is at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfEntry {
    /// The value.
    pub value: ConfValue,
    /// Of the change that gave the path this value. Revisions count the changes of the whole tree, from 1.
    pub revision: u64,
}

/// Some of the paths one segment longer than another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfChildren {
    /// Paths at or below which there is something, in order, at most `limits::CHILDREN`.
    pub paths: Vec<ConfPath>,
    /// There are more after the last of these.
    pub more: bool,
}

/// What must be so for a change to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Nothing.
    Anything,
    /// There is no entry.
    Absent,
    /// The entry has this revision.
    Revision(u64),
}

/// What came of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It was made, and has this revision. Where there was nothing to delete: the revision of the tree.
    Done(u64),
    /// It was not made, since something else was expected than this: the entry's revision, or no entry.
    Conflict(Option<u64>),
}

/// What a watcher is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfChange {
    /// There is an entry: at first, or anew, or with another value.
    Put {
        /// Where.
        path: ConfPath,
        /// What.
        entry: ConfEntry,
    },
    /// An entry that the watcher was told of is gone.
    Deleted {
        /// Where.
        path: ConfPath,
        /// Of the deletion.
        revision: u64,
    },
    /// Everything that was there at this revision has been told, or has changed since.
    Complete {
        /// The tree's when the watch began. Entries told before may be newer; changes told after are.
        revision: u64,
    },
}

/// Told of the entries of a subtree and how they change.
pub trait ConfWatcher {
    /// Takes what there is to tell, in order. Resolves when more may be told.
    ///
    /// # Errors
    /// Any error ends the watch.
    fn changed(&self, changes: Vec<ConfChange>) -> impl Future<Output = Result<(), Error>>;
}

/// What may be known of a tree. Each call is [`Error::Refused`] where the facet has no right to it, or was
/// revoked.
pub trait ConfReader {
    /// Keeps a watch; dropping it ends the watch.
    type Subscription: 'static;

    /// What is at `path`, if anything.
    ///
    /// # Errors
    /// [`Error::Refused`] without the right to read there.
    fn read(&self, path: &ConfPath) -> impl Future<Output = Result<Option<ConfEntry>, Error>>;

    /// The children of `path` that come after `after`, which is one of them; from the first without it. What
    /// may not be read is left out.
    ///
    /// # Errors
    /// [`Error::Refused`] of a revoked facet.
    fn list(
        &self,
        path: &ConfPath,
        after: Option<&ConfPath>,
    ) -> impl Future<Output = Result<ConfChildren, Error>>;

    /// Tells `watcher` of all entries at and below `prefix` that may be read, then
    /// [`Complete`](ConfChange::Complete), then of changes, in order of their revisions. A watcher slower
    /// than the tree hears of the last change of each path only, and of a deletion only where it knew of the
    /// entry. The watch also ends, and the watcher is dropped, when the facet is revoked.
    ///
    /// # Errors
    /// [`Error::Refused`] when the facet has as many watches as it may have.
    fn watch<W: ConfWatcher + 'static>(
        &self,
        prefix: &ConfPath,
        watcher: W,
    ) -> impl Future<Output = Result<Self::Subscription, Error>>;
}

/// What may be changed in a tree.
pub trait ConfWriter: ConfReader {
    /// Puts `value` at `path`. To expect something needs the right to read as well.
    ///
    /// # Errors
    /// [`Error::Refused`] without the right, beyond a cap, at the root, or when it cannot be kept. Nothing
    /// was changed then.
    fn write(
        &self,
        path: &ConfPath,
        value: ConfValue,
        expected: Expected,
    ) -> impl Future<Output = Result<Written, Error>>;

    /// Removes what is at `path`, and nothing below it. To expect something needs the right to read as well.
    ///
    /// # Errors
    /// [`Error::Refused`] without the right, or when it cannot be kept. Nothing was changed then.
    fn delete(
        &self,
        path: &ConfPath,
        expected: Expected,
    ) -> impl Future<Output = Result<Written, Error>>;
}

/// Keeps a facet in force. Dropping it revokes the facet, too.
pub trait ConfGrant {
    /// Takes the facet back. Once this resolves, neither it nor what it granted does anything more.
    ///
    /// # Errors
    /// [`Error::Disconnected`]; a connection that is over has revoked it.
    fn revoke(&self) -> impl Future<Output = Result<(), Error>>;
}

/// Makes facets for others. No facet has a right that the one it was made by lacks: to ask for it is
/// [`Error::Refused`].
pub trait ConfAdmin: ConfWriter {
    /// A facet that reads.
    type Reader: ConfReader + 'static;
    /// A facet that reads and writes.
    type Writer: ConfWriter + 'static;
    /// A facet that grants as well.
    type Admin: ConfAdmin + 'static;
    /// Keeps a facet in force.
    type Grant: ConfGrant + 'static;

    /// A facet that reads what `rights` say.
    ///
    /// # Errors
    /// [`Error::Refused`] for more rights than this facet has, or when there are as many facets as may be.
    fn grant_reader(
        &self,
        rights: ConfRights,
    ) -> impl Future<Output = Result<(Self::Reader, Self::Grant), Error>>;

    /// A facet that reads and changes what `rights` say.
    ///
    /// # Errors
    /// As [`grant_reader`](Self::grant_reader).
    fn grant_writer(
        &self,
        rights: ConfRights,
    ) -> impl Future<Output = Result<(Self::Writer, Self::Grant), Error>>;

    /// A facet that reads, changes and grants what `rights` say.
    ///
    /// # Errors
    /// As [`grant_reader`](Self::grant_reader).
    fn grant_admin(
        &self,
        rights: ConfRights,
    ) -> impl Future<Output = Result<(Self::Admin, Self::Grant), Error>>;
}

/// The error of a caller who asked for what is not done.
fn refused(why: impl Into<String>) -> Error {
    Error::Refused(why.into())
}
