//! The privileged side of starting a calf: prepare, `clone`, write the identity maps.

use std::{
    fmt, fs, io,
    os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd, RawFd},
};

use nix::{
    errno::Errno,
    fcntl::{FcntlArg, OFlag, fcntl},
    sys::signal::{SigSet, SigmaskHow, pthread_sigmask},
    unistd::pipe2,
};

use crate::{
    calf::Calf,
    capabilities, child,
    identity::{self, Caller, Identity},
    landlock,
    plan::{Confinement, Ends, Plan, open_current_program},
    policy::{Backend, Policy, PolicyError, Program},
    step::LAST_RESORT,
    sys,
    verify::Expectation,
};

/// Why no calf was started. None is running.
#[derive(Debug)]
pub enum SpawnError {
    /// `clone` was refused.
    Clone(Errno),
    /// The calf's identity could not be mapped.
    IdentityMap(io::Error),
    /// More loaded libraries than a calf can start with.
    Libraries(usize),
    /// The policy cannot be enforced.
    Policy(PolicyError),
    /// Something that starting needs could not be had.
    Prepare(io::Error),
}

impl fmt::Display for SpawnError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clone(errno) => write!(
                formatter,
                "cannot make the sandbox's namespaces ({}): {}",
                errno.desc(),
                clone_fix(*errno)
            ),
            Self::IdentityMap(error) => write!(
                formatter,
                "cannot map the sandbox's user and group ({error}): run as root, or allow unprivileged \
                 user namespaces"
            ),
            Self::Libraries(count) => write!(
                formatter,
                "the program has loaded {count} libraries, a sandboxed one can have {}: use a static build",
                child::MOST_LOADER_FILES
            ),
            Self::Policy(error) => write!(formatter, "{error}"),
            Self::Prepare(error) => {
                write!(
                    formatter,
                    "cannot prepare the sandbox ({error}): is /proc mounted?"
                )
            }
        }
    }
}

impl std::error::Error for SpawnError {}

fn clone_fix(errno: Errno) -> &'static str {
    if matches!(errno, Errno::ENOSPC | Errno::EUSERS) {
        "raise the limits in /proc/sys/user/max_*_namespaces"
    } else if errno == Errno::EPERM {
        "run as root with CAP_SYS_ADMIN, or allow unprivileged user namespaces \
         (sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0)"
    } else if matches!(errno, Errno::EINVAL | Errno::ENOSYS) {
        "the kernel needs namespaces (CONFIG_NAMESPACES and all below it)"
    } else {
        LAST_RESORT
    }
}

/// Starts a calf. It is not confined yet when this returns: wait until [`Calf::status`] is readable, then
/// [`Calf::verify`], and exchange nothing with it before.
///
/// The calf dies with the *thread* that calls this (prctl(2), PR_SET_PDEATHSIG): call it from one that
/// lives as long as the calf should.
///
/// # Errors
/// When no calf could be started.
pub fn spawn(program: Program, policy: Policy, backend: Backend) -> Result<Calf, SpawnError> {
    policy.check().map_err(SpawnError::Policy)?;
    let caller = Caller::read().map_err(SpawnError::Prepare)?;
    let (ours, theirs) = ends().map_err(SpawnError::Prepare)?;
    let mut plan = Plan::new(program, &policy, backend, &caller, &theirs)
        .map_err(|errno| SpawnError::Prepare(errno.into()))?;
    if let Some(Confinement {
        loader: Some(loader),
        ..
    }) = &plan.confinement
        && loader.files.len() > child::MOST_LOADER_FILES
    {
        return Err(SpawnError::Libraries(loader.files.len()));
    }
    let (pid, pidfd) = start(&mut plan, &caller)?;
    let expectation = expectation(&policy, &plan, &caller).map_err(SpawnError::Prepare)?;
    // From here on an error drops the calf, which ends it.
    let calf = Calf::new(pid, pidfd, ours.log, ours.status, expectation);
    drop(theirs);
    if let Some(Confinement { identity, .. }) = &plan.confinement
        && let Err(error) = map(pid, identity, &ours.mapped)
        // A child that failed has said why, and `verify` will.
        && !sys::is_readable(calf.status().as_raw_fd()).unwrap_or(false)
    {
        return Err(SpawnError::IdentityMap(error));
    }
    Ok(calf)
}

/// Writes the identity maps, and tells the child so.
fn map(pid: i32, identity: &Identity, mapped: &OwnedFd) -> io::Result<()> {
    match *identity {
        Identity::Unmapped => Ok(()),
        Identity::Mapped {
            uid,
            gid,
            keeps_groups,
        } => {
            identity::write_maps(pid, uid, gid, keeps_groups)?;
            nix::unistd::write(mapped, &[1])?;
            Ok(())
        }
    }
}

/// This process's ends of the pipes.
struct OurEnds {
    log: OwnedFd,
    status: OwnedFd,
    mapped: OwnedFd,
}

fn ends() -> io::Result<(OurEnds, Ends)> {
    // The write end goes at once: the calf's standard input is at its end.
    let (input, _) = pipe2(OFlag::O_CLOEXEC)?;
    let (log, log_writer) = pipe2(OFlag::O_CLOEXEC)?;
    let (status, status_writer) = pipe2(OFlag::O_CLOEXEC)?;
    let (mapped_reader, mapped) = pipe2(OFlag::O_CLOEXEC)?;
    for reader in [&log, &status] {
        fcntl(reader, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    }
    let ends = Ends {
        input,
        log: log_writer,
        status: status_writer,
        program: open_current_program()?,
        mapped: mapped_reader,
        parent: open_process(std::process::id())?,
    };
    Ok((
        OurEnds {
            log,
            status,
            mapped,
        },
        ends,
    ))
}

/// A descriptor that becomes readable when the process ends.
fn open_process(pid: u32) -> io::Result<OwnedFd> {
    // SAFETY: pidfd_open takes two numbers.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    let fd = RawFd::try_from(Errno::result(fd)?).map_err(|_| Errno::EBADF)?;
    // SAFETY: the kernel just made this descriptor, closed on exec, for nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Clones. Root without a right to user namespaces gets its calf without one: that layer is optional for
/// it, reported as absent, and an error where the policy requires it.
fn start(plan: &mut Plan, caller: &Caller) -> Result<(i32, OwnedFd), SpawnError> {
    let Some(confinement) = &plan.confinement else {
        return clone(plan, 0).map_err(SpawnError::Clone);
    };
    match confinement.identity {
        Identity::Unmapped => clone(plan, namespaces()).map_err(SpawnError::Clone),
        Identity::Mapped { .. } => {
            let refused = match clone(plan, namespaces() | libc::CLONE_NEWUSER) {
                Err(errno @ (Errno::EINVAL | Errno::ENOSPC | Errno::EPERM | Errno::EUSERS)) => {
                    errno
                }
                other => return other.map_err(SpawnError::Clone),
            };
            if !caller.has(capabilities::ADMINISTRATION) {
                return Err(SpawnError::Clone(refused));
            }
            if let Some(confinement) = &mut plan.confinement {
                confinement.identity = Identity::Unmapped;
            }
            clone(plan, namespaces()).map_err(SpawnError::Clone)
        }
    }
}

fn namespaces() -> i32 {
    let mandatory = libc::CLONE_NEWIPC
        | libc::CLONE_NEWNET
        | libc::CLONE_NEWNS
        | libc::CLONE_NEWPID
        | libc::CLONE_NEWUTS;
    // A kernel without cgroups has no such namespace, and refuses the flag.
    let cgroup = if fs::exists("/proc/self/ns/cgroup").unwrap_or(false) {
        libc::CLONE_NEWCGROUP
    } else {
        0
    };
    mandatory | cgroup
}

/// Returns in the parent only; the child runs `plan` and never comes back.
fn clone(plan: &Plan, namespaces: i32) -> Result<(i32, OwnedFd), Errno> {
    let mut pidfd: RawFd = -1;
    let flags = namespaces | libc::CLONE_PIDFD | libc::SIGCHLD;
    // A handler of this process must not run in the child.
    let mut before = SigSet::empty();
    pthread_sigmask(
        SigmaskHow::SIG_BLOCK,
        Some(&SigSet::all()),
        Some(&mut before),
    )?;
    // SAFETY: no stack is given and memory is not shared, so this is a fork; the pidfd's address is valid.
    // The child runs only code that neither allocates nor locks, so it may follow any state of this process.
    let pid = unsafe { libc::syscall(libc::SYS_clone, flags, 0, &raw mut pidfd, 0, 0) };
    if pid == 0 {
        child::run(plan);
    }
    let pid = Errno::result(pid);
    pthread_sigmask(SigmaskHow::SIG_SETMASK, Some(&before), None)?;
    let pid = i32::try_from(pid?).map_err(|_| Errno::ESRCH)?;
    // SAFETY: clone succeeded and made this descriptor, closed on exec, for nobody else.
    Ok((pid, unsafe { OwnedFd::from_raw_fd(pidfd) }))
}

fn expectation(policy: &Policy, plan: &Plan, caller: &Caller) -> io::Result<Expectation> {
    let link = |fd: RawFd| fs::read_link(format!("/proc/self/fd/{fd}"));
    // All but the last two: the status pipe is closed by `confine`, the program by `exec`.
    let declared = plan.descriptors.len().saturating_sub(2);
    let links = plan
        .descriptors
        .iter()
        .take(declared)
        .map(|fd| link(*fd))
        .collect::<Result<_, _>>()?;
    let filters = caller.filters + if policy.filtered { 2 } else { 0 };
    Ok(Expectation {
        confined: plan.confinement.is_some(),
        mapped: plan
            .confinement
            .as_ref()
            .is_some_and(|confinement| confinement.identity != Identity::Unmapped),
        landlock: landlock::is_available(),
        links,
        own: policy.own,
        filters,
        filtered: policy.filtered,
        required: policy.required.clone(),
    })
}
