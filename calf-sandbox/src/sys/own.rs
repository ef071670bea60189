//! What a descriptor is that the calf has made for itself, asked of the kernel: there is no /proc in the
//! sandbox. priv asks again from outside, where there is.

use std::{ffi::c_long, os::fd::RawFd};

use nix::errno::Errno;

use super::{address, call};

/// What kind of descriptor the calf has made for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnKind {
    /// A socket whose peer was made by this process too.
    Pair,
    /// An epoll instance.
    Poller,
    /// A timerfd.
    Timer,
    /// An eventfd.
    Waker,
}

/// Asks the kernel what `fd` is; `None` is something no calf may have.
pub(crate) fn own_kind(fd: RawFd) -> Option<OwnKind> {
    if is_timer(fd) {
        Some(OwnKind::Timer)
    } else if is_poller(fd) {
        Some(OwnKind::Poller)
    } else if is_own_pair(fd) {
        Some(OwnKind::Pair)
    } else if refuses_short_reads(fd) {
        Some(OwnKind::Waker)
    } else {
        None
    }
}

fn is_timer(fd: RawFd) -> bool {
    let mut current = [0_i64; 4];
    // SAFETY: an itimerspec is four 64-bit words.
    unsafe {
        call(
            libc::SYS_timerfd_gettime,
            [fd.into(), address(&raw mut current), 0, 0, 0],
        )
    }
    .is_ok()
}

fn is_poller(fd: RawFd) -> bool {
    let mut event = libc::epoll_event { events: 0, u64: 0 };
    // Standard input can be waited for, and is never registered: ENOENT can only come from an epoll.
    let operation = libc::EPOLL_CTL_MOD.into();
    // SAFETY: the address is of one epoll_event.
    let answer = unsafe {
        call(
            libc::SYS_epoll_ctl,
            [fd.into(), operation, 0, address(&raw mut event), 0],
        )
    };
    answer == Err(Errno::ENOENT)
}

/// unix(7): SO_PEERCRED of a socketpair are the credentials of who made it; a socket from outside this
/// process namespace shows process 0.
fn is_own_pair(fd: RawFd) -> bool {
    let mut peer = libc::ucred {
        pid: 0,
        uid: 0,
        gid: 0,
    };
    let mut length = size_of::<libc::ucred>();
    let [level, option] = [libc::SOL_SOCKET, libc::SO_PEERCRED].map(c_long::from);
    let arguments = [
        fd.into(),
        level,
        option,
        address(&raw mut peer),
        address(&raw mut length),
    ];
    // SAFETY: the addresses are of a ucred and of its length.
    let answer = unsafe { call(libc::SYS_getsockopt, arguments) };
    answer.is_ok() && peer.pid == std::process::id().cast_signed()
}

/// eventfd(2): read fails with EINVAL if the buffer is less than 8 bytes. priv sees the exact kind.
fn refuses_short_reads(fd: RawFd) -> bool {
    let mut short = [0_u8; 4];
    // SAFETY: the address is of four writable bytes.
    let answer = unsafe {
        call(
            libc::SYS_read,
            [fd.into(), address(&raw mut short), 4, 0, 0],
        )
    };
    answer == Err(Errno::EINVAL)
}
