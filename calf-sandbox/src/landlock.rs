//! A Landlock domain that denies everything Landlock can deny: belt and braces over the empty root and
//! the network namespace, where the kernel has it.

use nix::errno::Errno;

use crate::sys;

/// Rights that the kernel knows, by version (linux/landlock.h): a right it does not know is refused.
const FILE_SYSTEM: [(u32, u32); 4] = [(1, 13), (2, 14), (3, 15), (5, 16)];

/// `bind` and `connect` of TCP, since version 4.
const NETWORK: u64 = 0b11;

/// Abstract sockets and signals, since version 6.
const SCOPES: u64 = 0b11;

/// Whether the kernel has Landlock.
pub(crate) fn is_available() -> bool {
    sys::landlock_version().is_some_and(|version| version >= 1)
}

/// Denies all rights that this kernel knows, to this process and all its descendants.
pub(crate) fn deny_everything() -> Result<(), Errno> {
    let version = sys::landlock_version().ok_or(Errno::ENOSYS)?;
    let bits = FILE_SYSTEM
        .iter()
        .rev()
        .find(|(since, _)| version >= *since)
        .map_or(0, |(_, bits)| *bits);
    let words = [(1_u64 << bits) - 1, NETWORK, SCOPES];
    let known = match version {
        0..4 => 1,
        4..6 => 2,
        6.. => 3,
    };
    let ruleset = sys::create_landlock_ruleset(words.get(..known).unwrap_or(&words))?;
    let entered = sys::enter_landlock_domain(ruleset);
    sys::close(ruleset);
    entered
}
