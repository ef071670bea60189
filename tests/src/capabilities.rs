//! Giving up capabilities, as a container's runtime does before it starts a program.

use std::io;

use nix::errno::Errno;

/// `CAP_SETGID` (linux/capability.h).
pub const CAP_SETGID: u64 = 6;
/// `CAP_SETUID` (linux/capability.h).
pub const CAP_SETUID: u64 = 7;
/// `CAP_NET_BIND_SERVICE` (linux/capability.h).
pub const CAP_NET_BIND_SERVICE: u64 = 10;
/// `CAP_NET_ADMIN` (linux/capability.h).
pub const CAP_NET_ADMIN: u64 = 12;
/// `CAP_NET_RAW` (linux/capability.h).
pub const CAP_NET_RAW: u64 = 13;
/// `CAP_SYS_ADMIN` (linux/capability.h).
pub const CAP_SYS_ADMIN: u64 = 21;
/// `CAP_SETFCAP` (linux/capability.h).
pub const CAP_SETFCAP: u64 = 31;

/// The set that LinuxKit gives the container of its DHCP client.
pub const LINUXKIT: u64 =
    1 << CAP_NET_BIND_SERVICE | 1 << CAP_NET_ADMIN | 1 << CAP_NET_RAW | 1 << CAP_SYS_ADMIN;

/// Keeps these capabilities, of those it has, in all sets that a container's runtime limits.
///
/// # Errors
/// If the kernel refuses, or /proc is not there.
pub fn keep(capabilities: u64) -> io::Result<()> {
    let capabilities = capabilities & permitted()?;
    for capability in 0..64 {
        if capabilities & 1 << capability == 0 {
            // SAFETY: this option of prctl takes a number.
            let dropped = unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability) };
            // Numbers above the kernel's last one.
            if dropped != 0 && Errno::last() != Errno::EINVAL {
                return Err(Errno::last().into());
            }
        }
    }
    // linux/capability.h, version 3: header, then effective, permitted, inheritable: low words, high words.
    let header: [u32; 2] = [0x2008_0522, 0];
    let low = u32::try_from(capabilities & 0xffff_ffff).unwrap_or(0);
    let high = u32::try_from(capabilities >> 32).unwrap_or(0);
    let sets = [low, low, 0, high, high, 0];
    // SAFETY: header and sets have the layout of version 3.
    let set = unsafe { libc::syscall(libc::SYS_capset, &raw const header, &raw const sets) };
    Errno::result(set)?;
    Ok(())
}

fn permitted() -> io::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let set = status.lines().find_map(|line| line.strip_prefix("CapPrm:"));
    let set = set.and_then(|set| u64::from_str_radix(set.trim(), 16).ok());
    set.ok_or_else(|| io::Error::other("no CapPrm"))
}
