//! What the child does between `clone` and `execve`, in this order: nothing here allocates, locks,
//! panics or returns.

use std::{ffi::c_int, os::fd::RawFd};

use nix::errno::Errno;

use crate::{
    capabilities,
    identity::Identity,
    plan::{Confinement, MOST_DESCRIPTORS, Plan},
    policy::Limits,
    root,
    step::{At as _, Failure, Step},
    sys::{self, Control, mount},
};

/// Exit status of a child that could not become a calf; the status pipe says why.
const NOT_STARTED: c_int = 125;

/// Most files a dynamic program may need to start.
pub(crate) const MOST_LOADER_FILES: usize = 64;

/// Highest signal number (signal(7)).
const LAST_SIGNAL: c_int = 64;

/// Becomes the calf, or says why not and ends.
pub(crate) fn run(plan: &Plan) -> ! {
    // Until the descriptors have their numbers, the status pipe is where the parent had it.
    let mut status = plan.descriptors.iter().rev().nth(1).copied().unwrap_or(-1);
    let failure = set_up(plan, &mut status);
    // Nobody is left to tell if this fails; the parent sees the end of the pipe.
    let _: Result<_, Errno> = sys::write(status, &failure.to_record());
    sys::exit(NOT_STARTED)
}

/// Returns only on failure.
fn set_up(plan: &Plan, status: &mut RawFd) -> Failure {
    match prepare(plan, status) {
        Err(failure) => failure,
        Ok(program) => {
            let errno = sys::execute(program, &plan.arguments, &plan.environment);
            Failure {
                step: Step::Execute,
                errno,
            }
        }
    }
}

fn prepare(plan: &Plan, status: &mut RawFd) -> Result<RawFd, Failure> {
    die_with_parent(plan.parent).at(Step::ParentDeath)?;
    sys::setsid().at(Step::Session)?;
    reset_signals().at(Step::Signals)?;
    sys::umask(0o077);
    if let Some(confinement) = &plan.confinement {
        enter_namespaces(plan, confinement)?;
        // Becoming another user took the tie away.
        die_with_parent(plan.parent).at(Step::ParentDeath)?;
    }
    let program = arrange_descriptors(&plan.descriptors, status).at(Step::Descriptors)?;
    if let Some(confinement) = &plan.confinement {
        lose_privileges(confinement)?;
    }
    Ok(program)
}

fn reset_signals() -> Result<(), Errno> {
    for signal in 1..=LAST_SIGNAL {
        if signal != libc::SIGKILL && signal != libc::SIGSTOP {
            sys::default_action(signal)?;
        }
    }
    sys::unblock_signals()
}

fn enter_namespaces(plan: &Plan, confinement: &Confinement) -> Result<(), Failure> {
    let mut trees = [-1; MOST_LOADER_FILES];
    mount::make_mounts_private().at(Step::PrivateMounts)?;
    if let Some(loader) = &confinement.loader {
        // Still as the parent's user, who can reach the files.
        root::clone_trees(loader, &mut trees).at(Step::LoaderMounts)?;
    }
    if let Identity::Mapped {
        uid: _,
        gid: _,
        keeps_groups,
    } = confinement.identity
    {
        sys::wait_byte(plan.mapped).at(Step::IdentityMap)?;
        become_inner_root(keeps_groups).at(Step::Identity)?;
    }
    match &confinement.loader {
        None => root::enter_empty()?,
        Some(loader) => root::enter_with(loader, &trees)?,
    }
    sys::set_host_name(c"calf").at(Step::HostName)
}

/// User 0 of its own namespace is nobody outside, and owns what it mounts.
fn become_inner_root(keeps_groups: bool) -> Result<(), Errno> {
    if !keeps_groups {
        sys::forget_groups()?;
    }
    sys::become_group(0)?;
    sys::become_user(0)
}

/// prctl(2), PR_SET_PDEATHSIG: it is about the future only, so a parent that has ended already is looked for.
fn die_with_parent(parent: RawFd) -> Result<(), Errno> {
    sys::control(
        Control::ParentDeathSignal,
        libc::SIGKILL.cast_unsigned().into(),
    )?;
    if sys::is_readable(parent)? {
        Err(Errno::ESRCH)
    } else {
        Ok(())
    }
}

/// Gives every declared descriptor its number, closes all others, and returns the program's.
fn arrange_descriptors(sources: &[RawFd], status: &mut RawFd) -> Result<RawFd, Errno> {
    // Above all final numbers first, so that no source is overwritten before it is copied.
    let mut copies = [-1; MOST_DESCRIPTORS];
    let above = RawFd::try_from(MOST_DESCRIPTORS).map_err(|_| Errno::EMFILE)?;
    for (copy, source) in copies.iter_mut().zip(sources) {
        *copy = sys::duplicate_from(*source, above)?;
    }
    let used = copies.get(..sources.len()).ok_or(Errno::EMFILE)?;
    *status = used.iter().rev().nth(1).copied().ok_or(Errno::EBADF)?;
    let mut number = 0;
    for copy in used {
        sys::duplicate_to(*copy, number)?;
        number += 1;
    }
    let program = number - 1;
    *status = program - 1;
    sys::set_close_on_exec(program)?;
    sys::close_from(number)?;
    Ok(program)
}

fn lose_privileges(confinement: &Confinement) -> Result<(), Failure> {
    limit_resources(&confinement.limits).at(Step::ResourceLimits)?;
    let kept = if confinement.loader.is_some() {
        capabilities::ADMINISTRATION
    } else {
        0
    };
    let permitted = match confinement.identity {
        Identity::Mapped { .. } => u64::MAX,
        Identity::Unmapped => confinement.permitted,
    };
    capabilities::keep_only(kept, permitted).at(Step::Capabilities)?;
    sys::control(Control::NoNewPrivileges, 1).at(Step::NoNewPrivileges)?;
    if let Some(filter) = &confinement.start_filter {
        sys::install_filter(filter).at(Step::StartFilter)?;
    }
    Ok(())
}

/// Bytes of stack a calf may use.
const STACK: u64 = 8 << 20;

fn limit_resources(limits: &Limits) -> Result<(), Errno> {
    let Limits {
        address_space,
        memory,
        descriptors,
    } = *limits;
    for (resource, value) in [
        (libc::RLIMIT_AS, address_space),
        (libc::RLIMIT_CORE, 0),
        (libc::RLIMIT_DATA, memory),
        (libc::RLIMIT_FSIZE, 0),
        (libc::RLIMIT_MEMLOCK, 0),
        (libc::RLIMIT_MSGQUEUE, 0),
        (libc::RLIMIT_NOFILE, descriptors),
        (libc::RLIMIT_NPROC, 0),
        (libc::RLIMIT_STACK, STACK),
    ] {
        sys::limit(resource, value)?;
    }
    Ok(())
}
