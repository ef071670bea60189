//! What another DHCP client put on the interface and left there.
//!
//! Such a client marks its routes `proto dhcp`, and the address that they have as source is the one it leased.
//! Nothing else tells whose an address is, so one without such a route is nobody's leftover.

use core::fmt;
use std::net::Ipv4Addr;

use crate::{
    plan::{Address, Installed, KernelRoute, same_address},
    present::Present,
};

/// Entries that a line names; the rest is a number.
const MOST_NAMED: usize = 6;

/// Addresses and routes of one interface that a DHCP client, not this actuator, put there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leftovers {
    pub(crate) addresses: Vec<Address>,
    pub(crate) routes: Vec<KernelRoute>,
}

impl Leftovers {
    /// What of `present` is not of the lease in force.
    pub(crate) fn of(present: Present, own: Option<&Installed>) -> Self {
        let Present {
            mut addresses,
            mut routes,
        } = present;
        routes.retain(|route| own.is_none_or(|own| !own.routes.contains(route)));
        addresses.retain(|address| {
            let is_source = routes.iter().any(|route| route.source == address.local);
            is_source && own.is_none_or(|own| !same_address(&own.address, address))
        });
        Self { addresses, routes }
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty() && self.routes.is_empty()
    }

    /// Whether `address` is among the addresses.
    #[must_use]
    pub fn has_address(&self, address: Ipv4Addr) -> bool {
        self.addresses.iter().any(|other| other.local == address)
    }

    /// Those of both, each once.
    pub(crate) fn join(&mut self, more: Self) {
        let Self { addresses, routes } = more;
        for address in addresses {
            if !self.has(&address) {
                self.addresses.push(address);
            }
        }
        for route in routes {
            if !self.routes.contains(&route) {
                self.routes.push(route);
            }
        }
    }

    pub(crate) fn has(&self, address: &Address) -> bool {
        self.addresses
            .iter()
            .any(|other| same_address(other, address))
    }
}

impl fmt::Display for Leftovers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let addresses = self.addresses.iter().map(|it| format!("address {it}"));
        let all = addresses.chain(self.routes.iter().map(|it| format!("route {it}")));
        let named: Vec<String> = all.clone().take(MOST_NAMED).collect();
        formatter.write_str(&named.join(", "))?;
        match all.count().saturating_sub(MOST_NAMED) {
            0 => Ok(()),
            rest => write!(formatter, ", and {rest} more"),
        }
    }
}
