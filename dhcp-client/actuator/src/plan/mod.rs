//! What has to change for one lease to take another's place: pure, so that a table can test it.
//!
//! Two lists come out. Additions leave everything that worked before working; only when all of them are
//! in force do removals start. So an address that stays is never removed and added again (connections
//! would die), and a lease that the kernel refuses has changed nothing when its additions are taken back.
//! Nothing is planned that a lease did not bring, this interface's or that of a client whose place was taken:
//! other addresses and routes are not seen.

mod address;
mod routes;

use core::fmt;
use std::net::Ipv4Addr;

use sdk_rpc::Origin;

use crate::{leftovers::Leftovers, policy::Checked, takes::Takes};

/// Seconds that mean for ever (INFINITY_LIFE_TIME of linux/if_addr.h's users).
pub const FOR_EVER: u32 = u32::MAX;

/// An address as the kernel has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// The address itself.
    pub local: Ipv4Addr,
    /// 1 to 32.
    pub prefix_length: u8,
    /// Broadcast address, where the subnet has one.
    pub broadcast: Option<Ipv4Addr>,
    /// Seconds until the kernel removes it by itself, or [`FOR_EVER`].
    pub seconds: u32,
    /// Who may be spoken to from it.
    pub scope: Scope,
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.local, self.prefix_length)
    }
}

/// How far an address reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Everywhere.
    #[default]
    Universe,
    /// Hosts of the same link: the kernel takes it as source for nobody else while there is another.
    Link,
}

/// A route as the kernel has it: of the main table, `proto dhcp`, through this interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KernelRoute {
    /// Network address.
    pub destination: Ipv4Addr,
    /// 0 to 32.
    pub prefix_length: u8,
    /// Next hop; none is on-link.
    pub gateway: Option<Ipv4Addr>,
    /// Source address of what is sent by it; 0.0.0.0 is none.
    pub source: Ipv4Addr,
    /// The less, the more it is preferred.
    pub metric: u32,
    /// Path MTU, 0 for that of the link.
    pub mtu: u32,
}

impl fmt::Display for KernelRoute {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.destination, self.prefix_length)?;
        self.gateway
            .map_or(Ok(()), |gateway| write!(formatter, " via {gateway}"))
    }
}

/// One change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Adds an address that is not there.
    AddAddress(Address),
    /// Gives an address new lifetimes in place; adds it if somebody removed it.
    ExtendAddress(Address),
    /// Removes an address.
    RemoveAddress(Address),
    /// Adds a route; one that is there stays as it is.
    AddRoute(KernelRoute),
    /// Removes exactly this route.
    RemoveRoute(KernelRoute),
    /// Sets the link's MTU.
    SetMtu(u32),
}

/// A change and what takes it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The change.
    pub step: Step,
    /// What takes it back, if it was made.
    pub undo: Step,
}

/// Whose an address is that is there already when a lease brings it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Claim {
    /// This actuator's from now on: its lifetime is the lease's, and it goes with it.
    Ours,
    /// This actuator's if it is there for a time, as another client's; one without an end is the operator's.
    #[default]
    IfLent,
    /// Whoever's put it there: it is used, and left alone.
    Theirs,
}

/// What to do, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The address that the lease brings, if there is to be one.
    pub address: Option<Address>,
    /// Whose it is if it is there already.
    pub claim: Claim,
    /// First, and all of them.
    pub additions: Vec<Planned>,
    /// Then.
    pub removals: Vec<Planned>,
}

/// What a plan depends on besides the leases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// Metric of every route.
    pub metric: u32,
    /// What of a lease is wanted.
    pub takes: Takes,
    /// CLOCK_BOOTTIME in milliseconds.
    pub now: u64,
    /// MTU of the link now, and the one it had before a lease changed it.
    pub mtu: LinkMtu,
}

/// MTU of the link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkMtu {
    /// Now.
    pub now: u32,
    /// Before the first lease that changed it; none while no lease has.
    pub original: Option<u32>,
}

/// What is there before a change.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// The lease in force.
    pub lease: Option<&'a Checked>,
    /// Whether its address goes with it. One that somebody else put there does not.
    pub owns_address: bool,
    /// What another client left and is to go.
    pub leftovers: &'a Leftovers,
    /// The next lease is one that an earlier process put in force.
    pub adopting: bool,
}

/// Plans the way from what is there to `wanted`.
#[must_use]
pub fn plan(standing: Standing<'_>, wanted: Option<&Checked>, surroundings: Surroundings) -> Plan {
    let old = standing
        .lease
        .map(|checked| Installed::of(checked, surroundings));
    let new = wanted.map(|checked| Installed::of(checked, surroundings));
    let mut plan = Plan::default();
    let going = address::that_go(standing, old.as_ref(), new.as_ref());
    if let (Some(checked), Some(new)) = (wanted, &new) {
        plan.address = Some(new.address);
        plan.claim = address::claim(standing, checked.lease().origin, &new.address);
    }
    let bridge = address::plan(standing, (old.as_ref(), new.as_ref()), &going, &mut plan);

    // Routes that stay are asked for again: where somebody removed them they come back, and where they
    // are the kernel says so and changes nothing.
    for route in new.iter().flat_map(|installed| &installed.routes) {
        plan.additions.push(reversible(Step::AddRoute(*route)));
    }
    plan_mtu(standing.lease, wanted, surroundings, &mut plan);

    let old_routes = old.iter().flat_map(|installed| &installed.routes);
    for route in old_routes.chain(&standing.leftovers.routes) {
        let stays = new.as_ref().is_some_and(|new| new.routes.contains(route));
        if !stays {
            plan.removals.push(reversible(Step::RemoveRoute(*route)));
        }
    }
    for address in going {
        plan.removals.push(reversible(Step::RemoveAddress(address)));
    }
    if let (Some(bridge), Some(new)) = (bridge, &new) {
        let stays = standing.owns_address && !address::is_another(old.as_ref(), &new.address);
        plan.removals.push(reversible(if stays {
            Step::ExtendAddress(new.address)
        } else {
            Step::AddAddress(new.address)
        }));
        plan.removals.push(reversible(Step::RemoveAddress(bridge)));
    }
    plan
}

/// The link's MTU follows the lease and goes back when no lease has one. A value that somebody else set
/// in between stays.
fn plan_mtu(
    current: Option<&Checked>,
    wanted: Option<&Checked>,
    surroundings: Surroundings,
    plan: &mut Plan,
) {
    let link = surroundings.mtu;
    let taken = |checked: Option<&Checked>| {
        let mtu = checked.and_then(|checked| checked.lease().mtu);
        mtu.filter(|_| surroundings.takes.mtu).map(u32::from)
    };
    let (before, after) = (taken(current), taken(wanted));
    if before == after {
        return;
    }
    let target = match (after, link.original) {
        (Some(mtu), _) => mtu,
        (None, Some(original)) if before == Some(link.now) => original,
        (None, _) => return,
    };
    if target != link.now {
        plan.additions.push(Planned {
            step: Step::SetMtu(target),
            undo: Step::SetMtu(link.now),
        });
    }
}

/// What a lease puts into the kernel.
pub(crate) struct Installed {
    pub(crate) address: Address,
    pub(crate) routes: Vec<KernelRoute>,
}

impl Installed {
    pub(crate) fn of(checked: &Checked, surroundings: Surroundings) -> Self {
        let lease = checked.lease();
        let address = Address {
            local: lease.address,
            prefix_length: lease.prefix_length,
            broadcast: lease.broadcast,
            seconds: remaining(lease.expires_at, surroundings.now),
            scope: match lease.origin {
                Origin::LinkLocal => Scope::Link,
                Origin::Server | Origin::Inform | Origin::Operator => Scope::Universe,
            },
        };
        Self {
            address,
            routes: routes::of(checked, surroundings),
        }
    }
}

/// Rounded down, so that the kernel never keeps an address past the lease, after which the client,
/// RFC 2131 section 4.4.5, "MUST immediately stop any other network processing". At least 1, because the
/// kernel refuses 0.
fn remaining(expires_at: Option<u64>, now: u64) -> u32 {
    let Some(expires_at) = expires_at else {
        return FOR_EVER;
    };
    let seconds = expires_at.saturating_sub(now) / 1000;
    u32::try_from(seconds)
        .unwrap_or(FOR_EVER)
        .clamp(1, FOR_EVER.saturating_sub(1))
}

fn reversible(step: Step) -> Planned {
    let undo = match step {
        Step::AddAddress(address) => Step::RemoveAddress(address),
        Step::RemoveAddress(address) => Step::AddAddress(address),
        Step::AddRoute(route) => Step::RemoveRoute(route),
        Step::RemoveRoute(route) => Step::AddRoute(route),
        // Only what was before can take these back, which their planners know.
        Step::ExtendAddress(_) | Step::SetMtu(_) => step,
    };
    Planned { step, undo }
}

/// Whether there can be only one of them on an interface.
pub(crate) fn same_address(one: &Address, other: &Address) -> bool {
    one.local == other.local && one.prefix_length == other.prefix_length
}

#[cfg(test)]
mod tests;
