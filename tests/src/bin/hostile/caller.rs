//! What the priv side is itself: root, root with a container's four capabilities, a user; and a kernel
//! that refuses.

use std::{collections::BTreeMap, io};

use nix::{
    errno::Errno,
    unistd::{Gid, Uid, setgroups, setresgid, setresuid},
};
use seccompiler::{SeccompAction, SeccompFilter, TargetArch, apply_filter};

/// Any user and group that are not root's.
const USER: u32 = 1000;

const CAP_SETGID: u64 = 6;
const CAP_SETUID: u64 = 7;
const CAP_NET_BIND_SERVICE: u64 = 10;
const CAP_NET_ADMIN: u64 = 12;
const CAP_NET_RAW: u64 = 13;
const CAP_SYS_ADMIN: u64 = 21;
const CAP_SETFCAP: u64 = 31;

const CONTAINER: u64 =
    1 << CAP_NET_BIND_SERVICE | 1 << CAP_NET_ADMIN | 1 << CAP_NET_RAW | 1 << CAP_SYS_ADMIN;

/// Becomes a caller of that kind.
pub(crate) fn become_kind(kind: &str) -> io::Result<()> {
    match kind {
        "root" => Ok(()),
        "four-capabilities" => keep(CONTAINER),
        "no-setuid" => keep(!(1 << CAP_SETUID | 1 << CAP_SETGID)),
        "no-capabilities" => keep(0),
        "only-setfcap" => keep(1 << CAP_SETFCAP),
        "user" => become_user(),
        _ => Err(io::Error::other(format!("no kind of caller: {kind}"))),
    }
}

fn become_user() -> io::Result<()> {
    setgroups(&[])?;
    let (uid, gid) = (Uid::from_raw(USER), Gid::from_raw(USER));
    setresgid(gid, gid, gid)?;
    setresuid(uid, uid, uid)?;
    // A change of user closes /proc/self; for a process that a user starts it is open.
    // SAFETY: this option of prctl takes a number.
    Errno::result(unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 1) })?;
    Ok(())
}

/// Keeps these capabilities, of those it has, in all sets that a container's runtime limits.
fn keep(capabilities: u64) -> io::Result<()> {
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

/// `NUMBER:ERRNO`: from here on the kernel seems to refuse this call, here and in the calf.
pub(crate) fn fail(rule: &str) -> io::Result<()> {
    let wrong = || io::Error::other(format!("no rule: {rule}"));
    let (number, errno) = rule.split_once(':').ok_or_else(wrong)?;
    let number = number.parse().map_err(|_| wrong())?;
    let errno = errno.parse().map_err(|_| wrong())?;
    let filter = SeccompFilter::new(
        BTreeMap::from([(number, Vec::new())]),
        SeccompAction::Allow,
        SeccompAction::Errno(errno),
        TargetArch::x86_64,
    );
    let program = filter
        .and_then(seccompiler::BpfProgram::try_from)
        .map_err(io::Error::other)?;
    apply_filter(&program).map_err(io::Error::other)
}
