//! The address: how a new one comes, which ones go, and whose one is that was there before.

use sdk_rpc::Origin;

use super::{
    Address, Claim, FOR_EVER, Installed, Plan, Planned, Standing, Step, reversible, same_address,
};
use crate::subnet::Subnet;

/// Addresses that are there and are not to be: only those that a lease brought, ours or another client's.
pub(super) fn that_go(
    standing: Standing<'_>,
    old: Option<&Installed>,
    new: Option<&Installed>,
) -> Vec<Address> {
    let old = old.filter(|_| standing.owns_address);
    let old = old.map(|installed| &installed.address);
    let leftovers = standing.leftovers.addresses.iter();
    let not_old = leftovers.filter(|address| old.is_none_or(|old| !same_address(old, address)));
    old.into_iter()
        .chain(not_old)
        .filter(|address| is_another(new, address))
        .copied()
        .collect()
}

/// The address may be on the interface although this actuator did not put it there. Whose it is then decides
/// whether its lifetime is the lease's and whether it goes with the lease.
pub(super) fn claim(standing: Standing<'_>, origin: Origin, address: &Address) -> Claim {
    match origin {
        Origin::Inform | Origin::Operator => Claim::Theirs,
        Origin::Server | Origin::LinkLocal => {
            // A lease without an end leaves an address that looks like the operator's.
            let was_so_before = standing.adopting && address.seconds == FOR_EVER;
            if was_so_before || standing.leftovers.has(address) {
                Claim::Ours
            } else {
                Claim::IfLent
            }
        }
    }
}

/// Plans the new address. Returns what stands in for it until those that go are gone.
pub(super) fn plan(
    standing: Standing<'_>,
    (old, new): (Option<&Installed>, Option<&Installed>),
    going: &[Address],
    plan: &mut Plan,
) -> Option<Address> {
    let new = new?.address;
    let old = old.map(|installed| installed.address);
    let old = old.filter(|old| same_address(old, &new));
    // Within one subnet the kernel makes the second address a secondary one, which dies with the first.
    // With another prefix length it is its own primary, so the new address comes as a /32 until the old
    // one is gone. The interface never is without an address: that would remove everybody's routes.
    let bridge = going
        .iter()
        .any(|address| one_subnet(address, &new))
        .then_some(Address {
            prefix_length: 32,
            broadcast: None,
            ..new
        });
    match old {
        Some(old) if standing.owns_address => plan.additions.push(Planned {
            step: Step::ExtendAddress(new),
            undo: Step::ExtendAddress(old),
        }),
        // Whoever put it there decides how long it stays.
        Some(_) if plan.claim == Claim::Theirs => {}
        Some(_) | None if bridge.is_none() => {
            plan.additions.push(reversible(Step::AddAddress(new)));
        }
        Some(_) | None => {}
    }
    let stand_in = bridge.map(|bridge| reversible(Step::AddAddress(bridge)));
    plan.additions.extend(stand_in);
    bridge
}

pub(super) fn is_another(installed: Option<&Installed>, address: &Address) -> bool {
    installed.is_none_or(|installed| !same_address(&installed.address, address))
}

fn one_subnet(one: &Address, other: &Address) -> bool {
    one.prefix_length == other.prefix_length
        && Subnet::of(one.local, one.prefix_length) == Subnet::of(other.local, other.prefix_length)
}
