//! Which parts of a lease the operator wants from it.

use crate::host_name::TakesHostName;

/// What an interface takes of its leases. The address and the route of its subnet always; what is not taken
/// is still told to the observer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Takes {
    /// The default route, whether as a router or as a classless route.
    pub default_route: bool,
    /// Any routes but the one of the subnet; without them there is no default route either.
    pub routes: bool,
    /// Resolvers and domains for the resolver file.
    pub resolvers: bool,
    /// The link's MTU. That of routes is the lease's in any case: it harms nobody.
    pub mtu: bool,
    /// The host's name, where the host has none of its own.
    pub host_name: TakesHostName,
}

impl Default for Takes {
    fn default() -> Self {
        Self {
            default_route: true,
            routes: true,
            resolvers: true,
            mtu: true,
            host_name: TakesHostName::Never,
        }
    }
}
