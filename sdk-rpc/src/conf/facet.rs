//! What the holder of a part of a local store can do: a table of rights, and the interface that its type has.

use std::rc::Rc;

use super::{
    ConfAccess, ConfAdmin, ConfChildren, ConfEntry, ConfPath, ConfReader, ConfRights,
    ConfSubscription, ConfValue, ConfWatcher, ConfWriter, Expected, FacetGrant, Written,
    grant::Standing, refused, store::Shared,
};
use crate::Error;

/// The part of a store that its holder has.
#[derive(Clone)]
struct Facet {
    shared: Rc<Shared>,
    rights: Rc<ConfRights>,
    standing: Rc<Standing>,
}

/// A facet that reads. Clones are the same facet.
#[derive(Clone)]
pub struct ReaderFacet(Facet);

/// A facet that reads and writes. Clones are the same facet.
#[derive(Clone)]
pub struct WriterFacet(Facet);

/// A facet that reads, writes and grants. Clones are the same facet.
#[derive(Clone)]
pub struct AdminFacet(Facet);

impl Facet {
    /// What may be done at `path`, if the facet is in force.
    fn access(&self, path: &ConfPath) -> Result<ConfAccess, Error> {
        self.standing.check()?;
        Ok(self.rights.at(path))
    }

    fn read(&self, path: &ConfPath) -> Result<Option<ConfEntry>, Error> {
        require("read", self.access(path)?.read, path)?;
        Ok(self.shared.tree.borrow().entry(path).cloned())
    }

    fn list(&self, path: &ConfPath, after: Option<&ConfPath>) -> Result<ConfChildren, Error> {
        self.standing.check()?;
        let visible = |path: &ConfPath| self.rights.at(path).read;
        Ok(self.shared.tree.borrow().children(path, after, visible))
    }

    fn watch(
        &self,
        prefix: &ConfPath,
        watcher: impl ConfWatcher + 'static,
    ) -> Result<ConfSubscription, Error> {
        self.standing.check()?;
        let most = self.shared.tree.borrow().caps().watches;
        if self.standing.watches.get() >= most {
            return Err(refused(format!("this facet has {most} watches already")));
        }
        Ok(self
            .shared
            .watch(prefix, &self.rights, &self.standing, watcher))
    }

    fn write(
        &self,
        path: &ConfPath,
        value: ConfValue,
        expected: Expected,
    ) -> Result<Written, Error> {
        let access = self.access(path)?;
        require("write", access.write, path)?;
        require_to_expect(access, expected, path)?;
        self.shared
            .change(path, |tree| tree.write(path, value, expected))
    }

    fn delete(&self, path: &ConfPath, expected: Expected) -> Result<Written, Error> {
        let access = self.access(path)?;
        require("delete", access.delete, path)?;
        require_to_expect(access, expected, path)?;
        self.shared.change(path, |tree| tree.delete(path, expected))
    }

    fn grant(&self, rights: ConfRights) -> Result<(Self, FacetGrant), Error> {
        self.standing.check()?;
        if let Some(place) = self.rights.first_beyond(&rights) {
            let why = format!("more rights at {place} than this facet has");
            return Err(refused(why));
        }
        let most = self.shared.tree.borrow().caps().grants;
        let standing = self.standing.grant(most)?;
        let grant = FacetGrant {
            standing: Rc::clone(&standing),
            shared: Rc::clone(&self.shared),
        };
        let facet = Self {
            shared: Rc::clone(&self.shared),
            rights: Rc::new(rights),
            standing,
        };
        Ok((facet, grant))
    }
}

fn require(what: &str, allowed: bool, path: &ConfPath) -> Result<(), Error> {
    if allowed {
        return Ok(());
    }
    Err(refused(format!("no right to {what} {path}")))
}

/// An answer to what is expected tells what is there.
fn require_to_expect(access: ConfAccess, expected: Expected, path: &ConfPath) -> Result<(), Error> {
    match expected {
        Expected::Anything => Ok(()),
        Expected::Absent | Expected::Revision(_) => require("read", access.read, path),
    }
}

impl AdminFacet {
    pub(super) fn of(shared: Rc<Shared>, rights: ConfRights, standing: Rc<Standing>) -> Self {
        Self(Facet {
            shared,
            rights: Rc::new(rights),
            standing,
        })
    }
}

/// The same reading for each kind of facet.
macro_rules! reads {
    ($facet:ident) => {
        impl ConfReader for $facet {
            type Subscription = ConfSubscription;

            async fn read(&self, path: &ConfPath) -> Result<Option<ConfEntry>, Error> {
                self.0.read(path)
            }

            async fn list(
                &self,
                path: &ConfPath,
                after: Option<&ConfPath>,
            ) -> Result<ConfChildren, Error> {
                self.0.list(path, after)
            }

            async fn watch<W: ConfWatcher + 'static>(
                &self,
                prefix: &ConfPath,
                watcher: W,
            ) -> Result<ConfSubscription, Error> {
                self.0.watch(prefix, watcher)
            }
        }

        impl core::fmt::Debug for $facet {
            fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                formatter
                    .debug_struct(stringify!($facet))
                    .field("rights", &self.0.rights)
                    .field("revoked", &self.0.standing.is_revoked())
                    .finish_non_exhaustive()
            }
        }
    };
}
reads!(ReaderFacet);
reads!(WriterFacet);
reads!(AdminFacet);

/// The same writing for each kind of facet that writes.
macro_rules! writes {
    ($facet:ident) => {
        impl ConfWriter for $facet {
            async fn write(
                &self,
                path: &ConfPath,
                value: ConfValue,
                expected: Expected,
            ) -> Result<Written, Error> {
                self.0.write(path, value, expected)
            }

            async fn delete(&self, path: &ConfPath, expected: Expected) -> Result<Written, Error> {
                self.0.delete(path, expected)
            }
        }
    };
}
writes!(WriterFacet);
writes!(AdminFacet);

impl ConfAdmin for AdminFacet {
    type Reader = ReaderFacet;
    type Writer = WriterFacet;
    type Admin = Self;
    type Grant = FacetGrant;

    async fn grant_reader(&self, rights: ConfRights) -> Result<(ReaderFacet, FacetGrant), Error> {
        let (facet, grant) = self.0.grant(rights)?;
        Ok((ReaderFacet(facet), grant))
    }

    async fn grant_writer(&self, rights: ConfRights) -> Result<(WriterFacet, FacetGrant), Error> {
        let (facet, grant) = self.0.grant(rights)?;
        Ok((WriterFacet(facet), grant))
    }

    async fn grant_admin(&self, rights: ConfRights) -> Result<(Self, FacetGrant), Error> {
        let (facet, grant) = self.0.grant(rights)?;
        Ok((Self(facet), grant))
    }
}
