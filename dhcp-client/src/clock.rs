//! The clocks: CLOCK_BOOTTIME for everything about a lease, because suspend counts.

use nix::time::{ClockId, clock_gettime};

/// Both clocks at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clocks {
    /// Wall clock: seconds since 1970. Only for what outlives the boot.
    pub(crate) wall: u64,
    /// CLOCK_BOOTTIME: milliseconds.
    pub(crate) boottime: u64,
}

impl Clocks {
    /// Now.
    pub(crate) fn now() -> Self {
        Self {
            wall: wall_seconds(),
            boottime: boottime_milliseconds(),
        }
    }
}

/// Milliseconds since boot, suspend included.
pub(crate) fn boottime_milliseconds() -> u64 {
    // CLOCK_BOOTTIME exists on every kernel with the namespaces this program needs (Linux 2.6.39);
    // the alternative to 0 is to end a process that keeps a host on the network.
    clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(0, |time| {
        let seconds = u64::try_from(time.tv_sec()).unwrap_or(0);
        let milliseconds = u64::try_from(time.tv_nsec() / 1_000_000).unwrap_or(0);
        seconds.saturating_mul(1000).saturating_add(milliseconds)
    })
}

/// Wall-clock seconds since 1970: only for what outlives the boot.
pub(crate) fn wall_seconds() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
