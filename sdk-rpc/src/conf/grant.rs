//! Whether a facet is in force, and who can end that.

use std::{cell::Cell, rc::Rc};

use super::{ConfGrant, refused, store::Shared};
use crate::Error;

/// Whether one facet is in force: neither it nor one that it descends from was revoked.
pub(super) struct Standing {
    revoked: Cell<bool>,
    granted_by: Option<Rc<Standing>>,
    /// Watches of this facet.
    pub(super) watches: Cell<usize>,
    /// Granted facets of the store, this one included.
    grants: Rc<Cell<usize>>,
}

impl Standing {
    /// That of a facet which nobody granted: it stays in force.
    pub(super) fn own(grants: &Rc<Cell<usize>>) -> Rc<Self> {
        Rc::new(Self {
            revoked: Cell::new(false),
            granted_by: None,
            watches: Cell::new(0),
            grants: Rc::clone(grants),
        })
    }

    /// That of a facet granted by the one that has this standing.
    pub(super) fn grant(self: &Rc<Self>, most: usize) -> Result<Rc<Self>, Error> {
        let grants = self.grants.get();
        if grants >= most {
            return Err(refused(format!("there are {most} granted facets already")));
        }
        self.grants.set(grants.saturating_add(1));
        Ok(Rc::new(Self {
            revoked: Cell::new(false),
            granted_by: Some(Rc::clone(self)),
            watches: Cell::new(0),
            grants: Rc::clone(&self.grants),
        }))
    }

    pub(super) fn is_revoked(&self) -> bool {
        let mut standing = self;
        while !standing.revoked.get() {
            match &standing.granted_by {
                Some(granted_by) => standing = granted_by,
                None => return false,
            }
        }
        true
    }

    /// # Errors
    /// [`Error::Refused`] when the facet was revoked.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.is_revoked() {
            return Err(refused("this facet was revoked"));
        }
        Ok(())
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        if self.granted_by.is_some() {
            self.grants.set(self.grants.get().saturating_sub(1));
        }
    }
}

/// Keeps a facet of a local store in force until it is dropped.
pub struct FacetGrant {
    pub(super) standing: Rc<Standing>,
    pub(super) shared: Rc<Shared>,
}

impl FacetGrant {
    fn withdraw(&self) {
        self.standing.revoked.set(true);
        self.shared.end_revoked_watches();
    }
}

impl core::fmt::Debug for FacetGrant {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter
            .debug_struct("FacetGrant")
            .field("revoked", &self.standing.is_revoked())
            .finish_non_exhaustive()
    }
}

impl ConfGrant for FacetGrant {
    async fn revoke(&self) -> Result<(), Error> {
        self.withdraw();
        Ok(())
    }
}

impl Drop for FacetGrant {
    fn drop(&mut self) {
        self.withdraw();
    }
}
