//! The two lists of system calls, each line with its reason: what a program needs until it calls
//! `confine`, and the *calf ABI*, through which a program with only pre-opened descriptors lives.

use std::ffi::c_long;

/// Which descriptors a pin allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    Pollers,
    Program,
    Readable,
    Timers,
    Writable,
}

/// What an argument must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pin {
    /// No bit but `allowed`.
    Bits { argument: u8, allowed: u64 },
    /// The bits `exactly`, and any of `besides`.
    BitsAnd {
        argument: u8,
        exactly: u64,
        besides: u64,
    },
    /// One of these descriptors.
    Descriptor { argument: u8, which: Which },
    /// One of `values`.
    OneOf {
        argument: u8,
        values: &'static [u64],
    },
}

/// One system call that a calf may make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its number.
    pub number: c_long,
    /// Its name.
    pub name: &'static str,
    /// Why a calf needs it.
    pub reason: &'static str,
    pub(crate) pins: &'static [Pin],
}

impl Call {
    /// Whether any argument is pinned.
    #[must_use]
    pub const fn is_pinned(&self) -> bool {
        !self.pins.is_empty()
    }
}

/// The kernel's `int` constants, as filters see them.
const fn bits(value: i32) -> u64 {
    value.cast_unsigned() as u64
}

const fn call(
    number: c_long,
    name: &'static str,
    reason: &'static str,
    pins: &'static [Pin],
) -> Call {
    Call {
        number,
        name,
        reason,
        pins,
    }
}

const fn descriptor(argument: u8, which: Which) -> Pin {
    Pin::Descriptor { argument, which }
}

const READ_WRITE: u64 = bits(libc::PROT_READ | libc::PROT_WRITE);
const PRIVATE_MEMORY: u64 = bits(libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
/// glibc's hints for arenas and stacks.
const MEMORY_HINTS: u64 = bits(libc::MAP_NORESERVE | libc::MAP_STACK);
const CLOCKS: &[u64] = &[
    bits(libc::CLOCK_REALTIME),
    bits(libc::CLOCK_MONOTONIC),
    bits(libc::CLOCK_BOOTTIME),
];
const FUTEX_OPERATIONS: &[u64] = &[
    bits(libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG),
    bits(libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG),
    bits(libc::FUTEX_WAIT_BITSET | libc::FUTEX_PRIVATE_FLAG),
    bits(libc::FUTEX_WAIT_BITSET | libc::FUTEX_PRIVATE_FLAG | libc::FUTEX_CLOCK_REALTIME),
];

/// The calf ABI: all that a confined calf may ask of the kernel.
const LIVE: &[Call] = &[
    call(libc::SYS_brk, "brk", "the allocator grows the heap", &[]),
    call(
        libc::SYS_clock_gettime,
        "clock_gettime",
        "time; answered by the vDSO unless the clock source is not the TSC",
        &[Pin::OneOf {
            argument: 0,
            values: CLOCKS,
        }],
    ),
    call(
        libc::SYS_close,
        "close",
        "ends a connection; can only take from the calf",
        &[],
    ),
    call(
        libc::SYS_epoll_ctl,
        "epoll_ctl",
        "the event loop follows its connections",
        &[descriptor(0, Which::Pollers)],
    ),
    call(
        libc::SYS_epoll_wait,
        "epoll_wait",
        "the event loop sleeps",
        &[descriptor(0, Which::Pollers)],
    ),
    call(libc::SYS_exit_group, "exit_group", "the calf ends", &[]),
    call(
        libc::SYS_fcntl,
        "fcntl",
        "std, built with debug assertions, asks whether a descriptor is open before it closes it",
        &[Pin::OneOf {
            argument: 1,
            values: &[bits(libc::F_GETFD)],
        }],
    ),
    call(
        libc::SYS_futex,
        "futex",
        "a lock of std or libc that is not free: not in an ordinary run of one thread",
        &[Pin::OneOf {
            argument: 1,
            values: FUTEX_OPERATIONS,
        }],
    ),
    call(
        libc::SYS_gettid,
        "gettid",
        "std names the thread that panicked",
        &[],
    ),
    call(
        libc::SYS_mmap,
        "mmap",
        "the allocator asks for memory: private, of no file, never executable, never at a fixed place",
        &[
            Pin::Bits {
                argument: 2,
                allowed: READ_WRITE,
            },
            Pin::BitsAnd {
                argument: 3,
                exactly: PRIVATE_MEMORY,
                besides: MEMORY_HINTS,
            },
        ],
    ),
    call(
        libc::SYS_mprotect,
        "mprotect",
        "the allocator opens more of what it mapped; never executable",
        &[Pin::Bits {
            argument: 2,
            allowed: READ_WRITE,
        }],
    ),
    call(
        libc::SYS_mremap,
        "mremap",
        "the allocator grows a large block; the kernel chooses the place",
        &[Pin::OneOf {
            argument: 3,
            values: &[0, bits(libc::MREMAP_MAYMOVE)],
        }],
    ),
    call(
        libc::SYS_munmap,
        "munmap",
        "the allocator gives memory back",
        &[],
    ),
    call(
        libc::SYS_read,
        "read",
        "bytes from its channels; the event loop's waker and timer",
        &[descriptor(0, Which::Readable)],
    ),
    call(
        libc::SYS_sigaltstack,
        "sigaltstack",
        "std takes its stack for signals down when main returns",
        &[],
    ),
    call(
        libc::SYS_timerfd_settime,
        "timerfd_settime",
        "the only alarm clock",
        &[descriptor(0, Which::Timers)],
    ),
    call(
        libc::SYS_write,
        "write",
        "bytes to its channels, its log, and the event loop's waker",
        &[descriptor(0, Which::Writable)],
    ),
];

/// What is needed besides, from `execve` to `confine`: the loader, the start of libc and std, an event
/// loop, and confining itself. No untrusted byte has been read yet; the root holds at most the loader and
/// the libraries.
const START: &[Call] = &[
    call(
        libc::SYS_access,
        "access",
        "the loader looks for a preload list",
        &[],
    ),
    call(
        libc::SYS_arch_prctl,
        "arch_prctl",
        "libc sets the thread pointer",
        &[],
    ),
    call(
        libc::SYS_capset,
        "capset",
        "confine gives the last capability up",
        &[],
    ),
    call(
        libc::SYS_chdir,
        "chdir",
        "confine enters the empty root",
        &[],
    ),
    call(
        libc::SYS_epoll_create1,
        "epoll_create1",
        "the event loop",
        &[],
    ),
    call(libc::SYS_eventfd2, "eventfd2", "its waker", &[]),
    call(
        libc::SYS_execveat,
        "execveat",
        "the program itself; its descriptor is closed by that, so there is no second time",
        &[
            descriptor(0, Which::Program),
            Pin::OneOf {
                argument: 4,
                values: &[bits(libc::AT_EMPTY_PATH)],
            },
        ],
    ),
    call(
        libc::SYS_fcntl,
        "fcntl",
        "std looks for closed standard descriptors, the event loop copies its own",
        &[Pin::OneOf {
            argument: 1,
            values: &[
                bits(libc::F_GETFD),
                bits(libc::F_SETFD),
                bits(libc::F_GETFL),
                bits(libc::F_SETFL),
                bits(libc::F_DUPFD_CLOEXEC),
            ],
        }],
    ),
    call(
        libc::SYS_fstat,
        "fstat",
        "the loader and std look at files",
        &[],
    ),
    call(
        libc::SYS_getpid,
        "getpid",
        "confine knows its own sockets by it",
        &[],
    ),
    call(
        libc::SYS_getrandom,
        "getrandom",
        "libc and std seed their tables",
        &[],
    ),
    call(
        libc::SYS_getsockopt,
        "getsockopt",
        "confine knows its own sockets by it",
        &[],
    ),
    call(
        libc::SYS_ioctl,
        "ioctl",
        "the event loop makes a descriptor non-blocking",
        &[Pin::OneOf {
            argument: 1,
            values: &[libc::FIONBIO],
        }],
    ),
    call(
        libc::SYS_landlock_create_ruleset,
        "landlock_create_ruleset",
        "confine enters a Landlock domain",
        &[],
    ),
    call(
        libc::SYS_landlock_restrict_self,
        "landlock_restrict_self",
        "the same",
        &[],
    ),
    call(libc::SYS_mmap, "mmap", "the loader maps libraries", &[]),
    call(
        libc::SYS_mprotect,
        "mprotect",
        "the loader relocates, then seals",
        &[],
    ),
    call(
        libc::SYS_newfstatat,
        "newfstatat",
        "the loader looks at files",
        &[],
    ),
    call(libc::SYS_open, "open", "libc on old kernels", &[]),
    call(
        libc::SYS_openat,
        "openat",
        "the loader opens libraries; libc looks for /proc",
        &[],
    ),
    call(
        libc::SYS_poll,
        "poll",
        "std looks for closed standard descriptors",
        &[],
    ),
    call(
        libc::SYS_pread64,
        "pread64",
        "the loader reads libraries",
        &[],
    ),
    call(
        libc::SYS_prlimit64,
        "prlimit64",
        "libc asks for the stack's size; confine forbids new descriptors",
        &[],
    ),
    call(
        libc::SYS_readlink,
        "readlink",
        "the loader of a static program asks where it is",
        &[],
    ),
    call(libc::SYS_readlinkat, "readlinkat", "the same", &[]),
    call(libc::SYS_rseq, "rseq", "libc registers its thread", &[]),
    call(
        libc::SYS_rt_sigaction,
        "rt_sigaction",
        "std ignores SIGPIPE, and catches stack overflow",
        &[],
    ),
    call(libc::SYS_rt_sigprocmask, "rt_sigprocmask", "libc", &[]),
    call(
        libc::SYS_sched_getaffinity,
        "sched_getaffinity",
        "std and libc ask for the stack, the runtime for cores",
        &[],
    ),
    call(
        libc::SYS_seccomp,
        "seccomp",
        "confine installs the final filter",
        &[Pin::OneOf {
            argument: 0,
            values: &[libc::SECCOMP_SET_MODE_FILTER as u64],
        }],
    ),
    call(
        libc::SYS_set_robust_list,
        "set_robust_list",
        "libc registers its thread",
        &[],
    ),
    call(
        libc::SYS_set_tid_address,
        "set_tid_address",
        "the same",
        &[],
    ),
    call(
        libc::SYS_socketpair,
        "socketpair",
        "the runtime's signal driver talks to itself",
        &[Pin::OneOf {
            argument: 0,
            values: &[bits(libc::AF_UNIX)],
        }],
    ),
    call(
        libc::SYS_timerfd_create,
        "timerfd_create",
        "the alarm clock",
        &[],
    ),
    call(
        libc::SYS_timerfd_gettime,
        "timerfd_gettime",
        "confine knows a timer by it",
        &[],
    ),
    call(
        libc::SYS_uname,
        "uname",
        "the loader asks how old the kernel is",
        &[],
    ),
];

/// What a dynamic program's `confine` needs besides, to leave the root with its libraries.
const LEAVE_LOADER: &[Call] = &[
    call(
        libc::SYS_chroot,
        "chroot",
        "enters the empty root where the old one cannot be moved",
        &[],
    ),
    call(libc::SYS_fchdir, "fchdir", "the same", &[]),
    call(libc::SYS_fsconfig, "fsconfig", "makes the empty root", &[]),
    call(libc::SYS_fsmount, "fsmount", "the same", &[]),
    call(libc::SYS_fsopen, "fsopen", "the same", &[]),
    call(libc::SYS_move_mount, "move_mount", "puts it in place", &[]),
    call(libc::SYS_pivot_root, "pivot_root", "makes it the root", &[]),
    call(libc::SYS_umount2, "umount2", "takes the old one away", &[]),
];

/// The calls of a confined calf.
#[must_use]
pub const fn calf_abi() -> &'static [Call] {
    LIVE
}

/// The calls until `confine`, those of the calf ABI included; `read` and `write` there are not pinned.
pub fn start_calls() -> impl Iterator<Item = &'static Call> {
    static_start_calls().chain(LEAVE_LOADER)
}

/// [`start_calls`] of a static program, which has no loader's root to leave.
pub(crate) fn static_start_calls() -> impl Iterator<Item = &'static Call> {
    let wider = |call: &Call| START.iter().any(|start| start.number == call.number);
    START
        .iter()
        .chain(LIVE_AT_START.iter().filter(move |call| !wider(call)))
}

/// The live calls as they are before `confine`, where descriptors have no final numbers yet.
const LIVE_AT_START: &[Call] = &{
    let mut calls = [call(0, "", "", &[]); LIVE.len()];
    let mut index = 0;
    while index < LIVE.len() {
        calls[index] = LIVE[index].without_descriptors();
        index += 1;
    }
    calls
};

impl Call {
    /// No call pins descriptors and something else.
    const fn without_descriptors(self) -> Self {
        match self.pins {
            [Pin::Descriptor { .. }] => Self { pins: &[], ..self },
            _ => self,
        }
    }
}
