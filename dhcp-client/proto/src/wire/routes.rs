//! Routes: the classless ones of RFC 3442 (option 121, and Microsoft's earlier code 249 for the same
//! content) and the ones by address class of RFC 2132 (option 33).

use alloc::vec::Vec;
use core::net::Ipv4Addr;

use super::{
    code,
    cursor::Cursor,
    values::{self, Limited},
};
use crate::lease::Route;

/// Routes kept of one option: more than fit into a message of one Ethernet frame, so that only
/// hostile lists are cut. How many are applied is the policy of whoever applies them.
pub(super) const MAXIMUM_ROUTES: usize = 256;

/// Options 121 and 249. `None` if any element is wrong: after a wrong width nothing can be read with
/// certainty, and half a routing table is not what was meant.
pub(super) fn classless(value: &[u8]) -> Option<Limited<Route>> {
    let mut cursor = Cursor::new(value);
    let mut routes = Limited {
        elements: Vec::new(),
        cut: false,
    };
    while !cursor.is_empty() {
        let route = classless_element(&mut cursor)?;
        if routes.elements.len() < MAXIMUM_ROUTES {
            routes.elements.push(route);
        } else {
            routes.cut = true;
        }
    }
    // RFC 3442: "The code for this option is 121, and its minimum length is 5 bytes."
    (!routes.elements.is_empty()).then_some(routes)
}

fn classless_element(cursor: &mut Cursor<'_>) -> Option<Route> {
    let prefix_length = cursor.octet().filter(|width| *width <= 32)?;
    // RFC 3442: "The number of significant octets is the width of the subnet mask divided by eight,
    // rounding up".
    let significant = cursor.slice(prefix_length.div_ceil(8).into())?;
    let mut octets = [0; 4];
    for (octet, given) in octets.iter_mut().zip(significant) {
        *octet = *given;
    }
    let gateway = Ipv4Addr::from(cursor.array::<4>()?);
    Some(Route {
        // RFC 3442: "the DHCP client MUST zero any bits in the subnet number where the corresponding
        // bit in the mask is zero."
        destination: masked(Ipv4Addr::from(octets), prefix_length),
        prefix_length,
        gateway,
    })
}

/// Option 33. `None` if any element is wrong.
pub(super) fn by_class(value: &[u8]) -> Option<Limited<Route>> {
    let pairs = values::address_pairs(code::STATIC_ROUTE, value)?;
    let mut elements = Vec::new();
    for (destination, gateway) in pairs.elements {
        // RFC 3442 on the on-link meaning of router 0.0.0.0: "only applies to the Classless Static
        // Routes option, not to the Static Routes option".
        if gateway.is_unspecified() {
            return None;
        }
        // RFC 2132 section 5.8: "The default route (0.0.0.0) is an illegal destination for a static
        // route."
        if destination.is_unspecified() {
            continue;
        }
        elements.push(Route {
            destination,
            prefix_length: class_prefix_length(destination),
            gateway,
        });
    }
    Some(Limited {
        elements,
        cut: pairs.cut,
    })
}

/// The length of the network part by RFC 791 section 3.2's classes, or 32 where host bits are set or
/// the address has no class of networks.
fn class_prefix_length(destination: Ipv4Addr) -> u8 {
    let [first, ..] = destination.octets();
    let length = match first {
        0..=127 => 8,
        128..=191 => 16,
        192..=223 => 24,
        224..=255 => 32,
    };
    match masked(destination, length) == destination {
        true => length,
        false => 32,
    }
}

fn masked(address: Ipv4Addr, prefix_length: u8) -> Ipv4Addr {
    // Shifting by all 32 bits, for /0, leaves nothing: checked_shl says so with None.
    let host_bits = 32_u32.saturating_sub(prefix_length.into());
    let mask = u32::MAX.checked_shl(host_bits).unwrap_or(0);
    Ipv4Addr::from_bits(address.to_bits() & mask)
}
