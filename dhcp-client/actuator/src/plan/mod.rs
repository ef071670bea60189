//! What has to change for one lease to take another's place: pure, so that a table can test it.
//!
//! Two lists come out. Additions leave everything that worked before working; only when all of them are
//! in force do removals start. So an address that stays is never removed and added again (connections
//! would die), and a lease that the kernel refuses has changed nothing when its additions are taken back.
//! Nothing is planned that this interface's lease did not bring: other addresses and routes are not seen.

mod routes;

use std::net::Ipv4Addr;

use sdk_rpc::Origin;

use crate::{policy::Checked, subnet::Subnet, takes::Takes};

/// Seconds that mean for ever (INFINITY_LIFE_TIME of linux/if_addr.h's users).
pub const FOR_EVER: u32 = u32::MAX;

/// An address as the kernel has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// How far an address reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    /// Source address of what is sent by it.
    pub source: Ipv4Addr,
    /// The less, the more it is preferred.
    pub metric: u32,
    /// Path MTU, 0 for that of the link.
    pub mtu: u32,
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

/// What to do, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
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

/// Plans the way from `current` to `wanted`.
#[must_use]
pub fn plan(
    current: Option<&Checked>,
    wanted: Option<&Checked>,
    surroundings: Surroundings,
) -> Plan {
    let old = current.map(|checked| Installed::of(checked, surroundings));
    let new = wanted.map(|checked| Installed::of(checked, surroundings));
    let mut plan = Plan::default();
    let bridge = plan_address(old.as_ref(), new.as_ref(), &mut plan);

    // Routes that stay are asked for again: where somebody removed them they come back, and where they
    // are the kernel says so and changes nothing.
    for route in new.iter().flat_map(|installed| &installed.routes) {
        plan.additions.push(reversible(Step::AddRoute(*route)));
    }
    plan_mtu(current, wanted, surroundings, &mut plan);

    for route in old.iter().flat_map(|installed| &installed.routes) {
        let stays = new.as_ref().is_some_and(|new| new.routes.contains(route));
        if !stays {
            plan.removals.push(reversible(Step::RemoveRoute(*route)));
        }
    }
    let address_goes = |old: &&Installed| {
        new.as_ref()
            .is_none_or(|new| !same_address(&old.address, &new.address))
    };
    if let Some(old) = old.as_ref().filter(address_goes) {
        plan.removals
            .push(reversible(Step::RemoveAddress(old.address)));
    }
    if let (Some(bridge), Some(new)) = (bridge, &new) {
        plan.removals
            .push(reversible(Step::AddAddress(new.address)));
        plan.removals.push(reversible(Step::RemoveAddress(bridge)));
    }
    plan
}

/// Plans the new address. Returns what stands in for it until the old one is gone.
fn plan_address(
    old: Option<&Installed>,
    new: Option<&Installed>,
    plan: &mut Plan,
) -> Option<Address> {
    let new = new?.address;
    let Some(old) = old.map(|installed| installed.address) else {
        plan.additions.push(reversible(Step::AddAddress(new)));
        return None;
    };
    if same_address(&old, &new) {
        plan.additions.push(Planned {
            step: Step::ExtendAddress(new),
            undo: Step::ExtendAddress(old),
        });
        return None;
    }
    // Within one subnet the kernel makes the second address a secondary one, which dies with the first.
    // With another prefix length it is its own primary, so the new address comes as a /32 until the old
    // one is gone. The interface never is without an address: that would remove everybody's routes.
    let one_subnet = old.prefix_length == new.prefix_length
        && Subnet::of(old.local, old.prefix_length) == Subnet::of(new.local, new.prefix_length);
    if !one_subnet {
        plan.additions.push(reversible(Step::AddAddress(new)));
        return None;
    }
    let bridge = Address {
        prefix_length: 32,
        broadcast: None,
        ..new
    };
    plan.additions.push(reversible(Step::AddAddress(bridge)));
    Some(bridge)
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
struct Installed {
    address: Address,
    routes: Vec<KernelRoute>,
}

impl Installed {
    fn of(checked: &Checked, surroundings: Surroundings) -> Self {
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

fn same_address(one: &Address, other: &Address) -> bool {
    one.local == other.local && one.prefix_length == other.prefix_length
}

#[cfg(test)]
mod tests;
