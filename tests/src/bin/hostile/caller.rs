//! What the priv side is itself: root, root with a container's four capabilities, a user; and a kernel
//! that refuses.

use std::{collections::BTreeMap, io};

use calfkit_tests::capabilities::{CAP_SETFCAP, CAP_SETGID, CAP_SETUID, LINUXKIT, keep};
use nix::{
    errno::Errno,
    unistd::{Gid, Uid, setgroups, setresgid, setresuid},
};
use seccompiler::{SeccompAction, SeccompFilter, TargetArch, apply_filter};

/// Any user and group that are not root's.
const USER: u32 = 1000;

/// Becomes a caller of that kind.
pub(crate) fn become_kind(kind: &str) -> io::Result<()> {
    match kind {
        "root" => Ok(()),
        "four-capabilities" => keep(LINUXKIT),
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
