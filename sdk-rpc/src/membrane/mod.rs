//! Membranes: a capability that does less, or that can be taken back, and with it everything that was
//! obtained through it.
//!
//! A membrane stands between a guarded object and those who hold a reference to it. What passes in
//! parameters, results and pipelines is wrapped, so that nobody gets round it; what goes in and comes back
//! is again what it was.
//!
//! One line each, for a client of any kind and for a local object that is about to be served:
//!
//! ```
//! # use std::{io, os::fd::OwnedFd};
//! use sdk_rpc::{Limits, Net, NetClient, Transport, membrane::{self, Only}, serve_net};
//!
//! # fn example<N>(net: NetClient, local: N, there: OwnedFd) -> io::Result<()>
//! # where N: Net<Attachment: 'static> + 'static {
//! let (lent, revoker) = membrane::revocable(net.clone());
//! let reader = membrane::attenuated(net, Only::methods::<NetClient>([0, 3]));
//! let session = serve_net(Transport::from(there).attenuated(Only::methods::<NetClient>([3])), local, Limits::net())?;
//!
//! drop(session); // what is served is taken back with its session,
//! revoker.revoke("the test is over"); // and what was lent by whoever lent it
//! # drop((lent, reader));
//! # Ok(())
//! # }
//! ```

mod load;
mod policy;
mod wall;
mod wrapper;

use std::rc::Rc;

use capnp::capability::FromClientHook;

pub use policy::{Direction, Everything, Only, Policy};

use wall::Wall;

/// A client of any kind: generated from a schema, or one of this crate.
pub trait Guarded: Sized {
    /// The same object, behind `membrane`.
    #[must_use]
    fn behind(self, membrane: &Membrane) -> Self;
}

impl<C: FromClientHook> Guarded for C {
    fn behind(self, membrane: &Membrane) -> Self {
        Self::new(membrane.0.pass(self.into_client_hook(), Direction::Inward))
    }
}

/// One membrane, for one object or several that are revoked together.
#[derive(Clone)]
pub struct Membrane(Rc<Wall>);

impl core::fmt::Debug for Membrane {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("Membrane").finish_non_exhaustive()
    }
}

impl Membrane {
    /// A membrane whose calls are judged by `policy`.
    #[must_use]
    pub fn new(policy: impl Policy) -> Self {
        Self::of(Box::new(policy))
    }

    pub(crate) fn of(policy: Box<dyn Policy>) -> Self {
        Self(Wall::new(policy))
    }

    /// Lets nothing pass any more. Calls under way fail at once, later ones too, with `reason`; what is
    /// called is told by the drop of its future; and every reference that was held is let go.
    pub fn revoke(&self, reason: &str) {
        self.0.revoke(reason);
    }
}

/// Takes back what was given with it, when it is told to or dropped.
#[must_use = "dropped, it revokes at once"]
#[derive(Debug)]
pub struct Revoker(Membrane);

impl Revoker {
    /// See [`Membrane::revoke`].
    pub fn revoke(self, reason: &str) {
        self.0.revoke(reason);
    }
}

impl Drop for Revoker {
    fn drop(&mut self) {
        self.0.revoke("its owner is gone");
    }
}

/// `client`, of which only what `policy` allows is left.
pub fn attenuated<C: Guarded>(client: C, policy: impl Policy) -> C {
    client.behind(&Membrane::new(policy))
}

/// `client`, until it is revoked.
pub fn revocable<C: Guarded>(client: C) -> (C, Revoker) {
    attenuated_and_revocable(client, Everything)
}

/// `client`, of which only what `policy` allows is left, until it is revoked.
pub fn attenuated_and_revocable<C: Guarded>(client: C, policy: impl Policy) -> (C, Revoker) {
    let membrane = Membrane::new(policy);
    let client = client.behind(&membrane);
    (client, Revoker(membrane))
}

/// Makes a client of this crate, which `new` makes of its `client` and its `link`, one that can be guarded, with the interface
/// id of the generated client.
macro_rules! guarded {
    ($client:ty, $generated:ty) => {
        impl crate::membrane::Guarded for $client {
            fn behind(self, membrane: &crate::membrane::Membrane) -> Self {
                Self::new(self.client.behind(membrane), self.link)
            }
        }

        impl capnp::traits::HasTypeId for $client {
            const TYPE_ID: u64 = <$generated as capnp::traits::HasTypeId>::TYPE_ID;
        }
    };
}
pub(crate) use guarded;
