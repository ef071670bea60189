//! Giving capabilities up. A static program has none from `exec` on; a dynamic one keeps CAP_SYS_ADMIN
//! (of its own user namespace, where there is one) until `confine`, which needs it to take the loader
//! and the libraries away.

use std::ffi::c_ulong;

use nix::errno::Errno;

use crate::sys::{self, CapabilitySets, Control};

/// linux/capability.h.
const SYS_ADMIN: u64 = 21;
pub(crate) const SET_GID: u64 = 6;
pub(crate) const SET_UID: u64 = 7;
pub(crate) const SET_FILE_CAPABILITIES: u64 = 31;

/// Highest number a 64-bit set can hold; the kernel refuses those it does not know.
const HIGHEST: c_ulong = 63;

pub(crate) const fn bit(capability: u64) -> u64 {
    1 << capability
}

pub(crate) const ADMINISTRATION: u64 = bit(SYS_ADMIN);

/// Before `exec`: empties the bounding set where this process may, and keeps `kept` across `exec`.
///
/// capabilities(7), for user 0: "P'(permitted) = P(inheritable) | P(bounding)"; no_new_privs then
/// takes away what was not permitted before. So with an empty bounding set exactly the inheritable set
/// survives, and without the right to empty it (no CAP_SETPCAP) at most what is permitted now.
pub(crate) fn keep_only(kept: u64, permitted: u64) -> Result<(), Errno> {
    // Inheritable first: it may only be raised from the bounding set.
    if kept != 0 {
        sys::set_capabilities(CapabilitySets {
            effective: permitted,
            permitted,
            inheritable: kept,
        })?;
    }
    empty_bounding_set()?;
    // Also empties the ambient set, which is never larger than permitted and inheritable.
    sys::set_capabilities(CapabilitySets {
        effective: kept,
        permitted: kept,
        inheritable: kept,
    })
}

/// After this `exec` grants nothing. Not being allowed to (EPERM) leaves an optional layer out, which
/// priv sees and reports.
fn empty_bounding_set() -> Result<(), Errno> {
    for capability in 0..=HIGHEST {
        match sys::control(Control::DropBounding, capability) {
            Ok(()) => {}
            Err(Errno::EINVAL | Errno::EPERM) => break,
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// At `confine`: nothing is left.
pub(crate) fn drop_all() -> Result<(), Errno> {
    sys::set_capabilities(CapabilitySets::default())
}
