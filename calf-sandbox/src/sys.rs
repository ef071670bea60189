//! System calls that are legal between `clone` and `execve`: no allocation, no lock, no libc wrapper
//! that keeps state of its own (glibc's `setresuid` would signal threads that the child does not have).
//!
//! Each function is safe because its types leave no wrong argument: a number that names no descriptor is
//! refused by the kernel, not undefined.

pub(crate) mod mount;
pub(crate) mod own;

use std::{
    ffi::{CStr, c_char, c_int, c_long, c_uint, c_ulong},
    os::fd::RawFd,
    ptr,
};

use libc::{rlimit64, sock_fprog};
use nix::errno::Errno;
use seccompiler::sock_filter;

/// `_LINUX_CAPABILITY_VERSION_3` (linux/capability.h): two words for each set.
const CAPABILITY_VERSION: u32 = 0x2008_0522;

/// An argument that is an address, as the kernel takes it.
fn address<T: ?Sized>(pointer: *const T) -> c_long {
    pointer.cast::<()>().addr().cast_signed() as c_long
}

/// A call whose address arguments are null, or point to memory that is valid for what the kernel reads
/// or writes there.
///
/// # Safety
/// As said: every address among `arguments` must be null or valid for the call.
unsafe fn call(number: c_long, arguments: [c_long; 5]) -> Result<c_long, Errno> {
    let [a, b, c, d, e] = arguments;
    // SAFETY: the caller answers for the addresses; `syscall` itself touches only registers and errno.
    let result = unsafe { libc::syscall(number, a, b, c, d, e) };
    if result == -1 {
        Err(Errno::last())
    } else {
        Ok(result)
    }
}

/// Calls whose arguments, as given in this file, are numbers and never addresses.
#[derive(Clone, Copy)]
#[repr(i64)]
enum Plain {
    Close = libc::SYS_close,
    CloseRange = libc::SYS_close_range,
    Dup2 = libc::SYS_dup2,
    Fchdir = libc::SYS_fchdir,
    /// With F_DUPFD_CLOEXEC, F_GETFD and F_SETFD only.
    Fcntl = libc::SYS_fcntl,
    Fsmount = libc::SYS_fsmount,
    LandlockRestrictSelf = libc::SYS_landlock_restrict_self,
    /// With the options of [`Control`] only.
    Prctl = libc::SYS_prctl,
    Setresgid = libc::SYS_setresgid,
    Setresuid = libc::SYS_setresuid,
    Setsid = libc::SYS_setsid,
    Umask = libc::SYS_umask,
}

fn plain(number: Plain, arguments: [c_long; 5]) -> Result<c_long, Errno> {
    // SAFETY: no argument of these calls is an address.
    unsafe { call(number as c_long, arguments) }
}

/// Options of `prctl` that take one number.
#[derive(Clone, Copy)]
#[repr(i32)]
pub(crate) enum Control {
    /// Takes a capability out of the bounding set.
    DropBounding = libc::PR_CAPBSET_DROP,
    /// Sets no_new_privs.
    NoNewPrivileges = libc::PR_SET_NO_NEW_PRIVS,
    /// The signal when the parent ends.
    ParentDeathSignal = libc::PR_SET_PDEATHSIG,
}

fn descriptor(result: c_long) -> Result<RawFd, Errno> {
    RawFd::try_from(result).map_err(|_| Errno::EBADF)
}

pub(crate) fn setsid() -> Result<(), Errno> {
    plain(Plain::Setsid, [0; 5]).map(drop)
}

pub(crate) fn umask(mask: c_uint) {
    // umask(2): "This system call always succeeds".
    let _: Result<_, Errno> = plain(Plain::Umask, [mask.into(), 0, 0, 0, 0]);
}

pub(crate) fn close(fd: RawFd) {
    // A descriptor that is not open is as good as closed.
    let _: Result<_, Errno> = plain(Plain::Close, [fd.into(), 0, 0, 0, 0]);
}

pub(crate) fn close_from(first: RawFd) -> Result<(), Errno> {
    plain(
        Plain::CloseRange,
        [first.into(), c_uint::MAX.into(), 0, 0, 0],
    )
    .map(drop)
}

/// A copy of `fd` at the lowest free number from `lowest`, closed on exec.
pub(crate) fn duplicate_from(fd: RawFd, lowest: RawFd) -> Result<RawFd, Errno> {
    let command = libc::F_DUPFD_CLOEXEC.into();
    plain(Plain::Fcntl, [fd.into(), command, lowest.into(), 0, 0]).and_then(descriptor)
}

/// A copy of `fd` with the number `to`, kept on exec.
pub(crate) fn duplicate_to(fd: RawFd, to: RawFd) -> Result<(), Errno> {
    plain(Plain::Dup2, [fd.into(), to.into(), 0, 0, 0]).map(drop)
}

pub(crate) fn set_close_on_exec(fd: RawFd) -> Result<(), Errno> {
    let [command, flag] = [libc::F_SETFD, libc::FD_CLOEXEC].map(c_long::from);
    plain(Plain::Fcntl, [fd.into(), command, flag, 0, 0]).map(drop)
}

pub(crate) fn is_open(fd: RawFd) -> bool {
    plain(Plain::Fcntl, [fd.into(), libc::F_GETFD.into(), 0, 0, 0]).is_ok()
}

/// Whether `fd` is open and stays so on exec: of a program that opens its own otherwise, one that it was given.
pub(crate) fn survives_exec(fd: RawFd) -> bool {
    plain(Plain::Fcntl, [fd.into(), libc::F_GETFD.into(), 0, 0, 0])
        .is_ok_and(|flags| flags & c_long::from(libc::FD_CLOEXEC) == 0)
}

pub(crate) fn change_directory_to(fd: RawFd) -> Result<(), Errno> {
    plain(Plain::Fchdir, [fd.into(), 0, 0, 0, 0]).map(drop)
}

pub(crate) fn become_user(uid: u32) -> Result<(), Errno> {
    plain(Plain::Setresuid, [uid.into(), uid.into(), uid.into(), 0, 0]).map(drop)
}

pub(crate) fn become_group(gid: u32) -> Result<(), Errno> {
    plain(Plain::Setresgid, [gid.into(), gid.into(), gid.into(), 0, 0]).map(drop)
}

pub(crate) fn forget_groups() -> Result<(), Errno> {
    // SAFETY: with a count of 0 the kernel reads no list.
    unsafe { call(libc::SYS_setgroups, [0; 5]) }.map(drop)
}

pub(crate) fn control(option: Control, argument: c_ulong) -> Result<(), Errno> {
    plain(
        Plain::Prctl,
        [(option as c_int).into(), argument.cast_signed(), 0, 0, 0],
    )
    .map(drop)
}

/// Waits for one byte; an end of file is ESRCH: who should have written is gone.
pub(crate) fn wait_byte(fd: RawFd) -> Result<(), Errno> {
    let mut byte = 0_u8;
    loop {
        // SAFETY: the address is of one writable byte, and one is asked for.
        match unsafe { call(libc::SYS_read, [fd.into(), address(&raw mut byte), 1, 0, 0]) } {
            Ok(1) => return Ok(()),
            Ok(_) => return Err(Errno::ESRCH),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

pub(crate) fn write(fd: RawFd, bytes: &[u8]) -> Result<(), Errno> {
    let length = c_long::try_from(bytes.len()).map_err(|_| Errno::EINVAL)?;
    // SAFETY: the address and length are of one slice.
    unsafe {
        call(
            libc::SYS_write,
            [fd.into(), address(bytes.as_ptr()), length, 0, 0],
        )
    }
    .map(drop)
}

/// Whether `fd` is readable now.
pub(crate) fn is_readable(fd: RawFd) -> Result<bool, Errno> {
    let mut wanted = libc::pollfd {
        fd,
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: the address is of one pollfd, and the count is 1.
    unsafe { call(libc::SYS_poll, [address(&raw mut wanted), 1, 0, 0, 0]) }.map(|ready| ready > 0)
}

pub(crate) fn default_action(signal: c_int) -> Result<(), Errno> {
    /// The kernel's sigaction, which is not glibc's.
    #[repr(C)]
    struct Action {
        handler: usize,
        flags: c_ulong,
        restorer: usize,
        mask: u64,
    }
    let action = Action {
        handler: libc::SIG_DFL,
        flags: 0,
        restorer: 0,
        mask: 0,
    };
    let length = c_long::try_from(size_of::<u64>()).map_err(|_| Errno::EINVAL)?;
    let arguments = [signal.into(), address(&raw const action), 0, length, 0];
    // SAFETY: the address is of a kernel sigaction, the length is of its mask.
    unsafe { call(libc::SYS_rt_sigaction, arguments) }.map(drop)
}

/// Blocks no signal.
pub(crate) fn unblock_signals() -> Result<(), Errno> {
    let none = 0_u64;
    let length = c_long::try_from(size_of::<u64>()).map_err(|_| Errno::EINVAL)?;
    let arguments = [
        libc::SIG_SETMASK.into(),
        address(&raw const none),
        0,
        length,
        0,
    ];
    // SAFETY: the address is of one mask of the given length.
    unsafe { call(libc::SYS_rt_sigprocmask, arguments) }.map(drop)
}

pub(crate) fn set_host_name(name: &CStr) -> Result<(), Errno> {
    let length = c_long::try_from(name.count_bytes()).map_err(|_| Errno::EINVAL)?;
    // SAFETY: address and length are of one string.
    unsafe {
        call(
            libc::SYS_sethostname,
            [address(name.as_ptr()), length, 0, 0, 0],
        )
    }
    .map(drop)
}

/// Lowers a limit to `value`; one that is lower already stays, as raising it may be forbidden.
pub(crate) fn limit(resource: c_uint, value: u64) -> Result<(), Errno> {
    let value = value.min(hard_limit(resource)?);
    let limit = rlimit64 {
        rlim_cur: value,
        rlim_max: value,
    };
    let arguments = [0, resource.into(), address(&raw const limit), 0, 0];
    // SAFETY: the address is of one limit; the old one is not asked for.
    unsafe { call(libc::SYS_prlimit64, arguments) }.map(drop)
}

pub(crate) fn hard_limit(resource: c_uint) -> Result<u64, Errno> {
    let mut limit = rlimit64 {
        rlim_cur: 0,
        rlim_max: 0,
    };
    let arguments = [0, resource.into(), 0, address(&raw mut limit), 0];
    // SAFETY: the address is of one limit to be filled; no new one is set.
    unsafe { call(libc::SYS_prlimit64, arguments) }?;
    Ok(limit.rlim_max)
}

/// The number that no descriptor reaches.
pub(crate) fn open_limit() -> Result<RawFd, Errno> {
    RawFd::try_from(hard_limit(libc::RLIMIT_NOFILE)?).map_err(|_| Errno::EMFILE)
}

/// A capability set of this process: bit n is capability n.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CapabilitySets {
    pub(crate) effective: u64,
    pub(crate) permitted: u64,
    pub(crate) inheritable: u64,
}

pub(crate) fn set_capabilities(sets: CapabilitySets) -> Result<(), Errno> {
    // linux/capability.h: the header is version and process (0: this one), the data are effective,
    // permitted and inheritable, first the low word of each, then the high.
    let header = [CAPABILITY_VERSION, 0];
    let low = |set: u64| u32::try_from(set & u64::from(u32::MAX)).unwrap_or(0);
    let high = |set: u64| u32::try_from(set >> 32).unwrap_or(0);
    let CapabilitySets {
        effective,
        permitted,
        inheritable,
    } = sets;
    let words = [
        [low(effective), low(permitted), low(inheritable)],
        [high(effective), high(permitted), high(inheritable)],
    ];
    let arguments = [
        address(&raw const header),
        address(&raw const words),
        0,
        0,
        0,
    ];
    // SAFETY: version 3 has a header and two data words; both are valid.
    unsafe { call(libc::SYS_capset, arguments) }.map(drop)
}

pub(crate) fn install_filter(program: &[sock_filter]) -> Result<(), Errno> {
    let len = u16::try_from(program.len()).map_err(|_| Errno::EINVAL)?;
    let program = sock_fprog {
        len,
        filter: program.as_ptr().cast_mut().cast(),
    };
    let arguments = [
        libc::SECCOMP_SET_MODE_FILTER.into(),
        0,
        address(&raw const program),
        0,
        0,
    ];
    // SAFETY: the program points to `len` instructions, which the kernel copies and does not write.
    unsafe { call(libc::SYS_seccomp, arguments) }.map(drop)
}

/// Pointers to strings, ended by a null pointer: what `execve` takes.
#[derive(Debug)]
pub(crate) struct Strings {
    pointers: Vec<*const c_char>,
    /// What `pointers` points to; never read by name, never changed.
    _owned: Vec<std::ffi::CString>,
}

impl Strings {
    pub(crate) fn new(owned: Vec<std::ffi::CString>) -> Self {
        let pointers = owned
            .iter()
            .map(|string| string.as_ptr())
            .chain([ptr::null()])
            .collect();
        Self {
            pointers,
            _owned: owned,
        }
    }
}

/// Executes the file `fd`; returns only if that fails.
pub(crate) fn execute(fd: RawFd, arguments: &Strings, environment: &Strings) -> Errno {
    let path = address(c"".as_ptr());
    let [arguments, environment] =
        [arguments, environment].map(|strings| address(strings.pointers.as_ptr()));
    let arguments = [
        fd.into(),
        path,
        arguments,
        environment,
        libc::AT_EMPTY_PATH.into(),
    ];
    // SAFETY: the path is a string, the other two are null-ended lists of strings that live.
    match unsafe { call(libc::SYS_execveat, arguments) } {
        Ok(_) => Errno::UnknownErrno,
        Err(errno) => errno,
    }
}

/// Ends this process without running any code of the program.
pub(crate) fn exit(status: c_int) -> ! {
    // SAFETY: `_exit` is the bare system call; it runs no handler and touches no memory.
    unsafe { libc::_exit(status) }
}

/// Landlock's version here, or none.
pub(crate) fn landlock_version() -> Option<u32> {
    // linux/landlock.h: LANDLOCK_CREATE_RULESET_VERSION.
    let flag = 1;
    // SAFETY: the version is asked with a null ruleset of length 0.
    let version = unsafe { call(libc::SYS_landlock_create_ruleset, [0, 0, flag, 0, 0]) };
    version.ok().and_then(|version| u32::try_from(version).ok())
}

/// A ruleset from the words of its attributes: file system, network, scope rights.
pub(crate) fn create_landlock_ruleset(words: &[u64]) -> Result<RawFd, Errno> {
    let length = c_long::try_from(size_of_val(words)).map_err(|_| Errno::EINVAL)?;
    let arguments = [address(words.as_ptr()), length, 0, 0, 0];
    // SAFETY: address and length are of one slice.
    unsafe { call(libc::SYS_landlock_create_ruleset, arguments) }.and_then(descriptor)
}

pub(crate) fn enter_landlock_domain(ruleset: RawFd) -> Result<(), Errno> {
    plain(Plain::LandlockRestrictSelf, [ruleset.into(), 0, 0, 0, 0]).map(drop)
}
