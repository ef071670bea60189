//! Two processes of one program: one that waits for an outcome and ends with it, and one that serves.
//!
//! Not a sandbox, but it is a fork, and forks are made here: before any thread, event loop or descriptor
//! of the service exists, so that there is nothing for the two to share by accident.

use std::{
    fs, io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use nix::{
    errno::Errno,
    fcntl::OFlag,
    sys::{
        signal::{Signal, kill},
        wait::{WaitStatus, waitpid},
    },
    unistd::{ForkResult, Pid, fork, getppid, pipe2, read, write},
};

use crate::inherited;

/// Which of the two this process is.
#[derive(Debug)]
pub enum Detached {
    /// The one that was started: it waits.
    Launcher(Servant),
    /// The one that serves, a child of the other.
    Servant(Outcome),
}

/// The serving process, as the waiting one holds it.
#[derive(Debug)]
pub struct Servant {
    pid: Pid,
    outcome: OwnedFd,
}

/// How the serving process tells its outcome. Dropping it tells nothing.
#[derive(Debug)]
pub struct Outcome {
    pipe: OwnedFd,
    /// What whoever waits may wait for the end of, as of a pipe or a lock.
    left_open: Vec<OwnedFd>,
}

/// Splits this process in two. The servant is sent SIGTERM when the launcher ends before the outcome is
/// told, so that nobody serves whom no one waits for.
///
/// # Errors
/// The process has other threads already, or the kernel refuses.
pub fn detach() -> io::Result<Detached> {
    let (reader, writer) = pipe2(OFlag::O_CLOEXEC)?;
    // Another thread could hold a lock that nobody would release in the child. Where there is no /proc the
    // caller answers for it, as `main` before its runtime can.
    if fs::read_dir("/proc/self/task").is_ok_and(|threads| threads.count() > 1) {
        return Err(io::Error::other("the process has other threads already"));
    }
    let launcher = nix::unistd::getpid();
    // SAFETY: this is the only thread, so the child finds every lock free and may do all that the parent may.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => Ok(Detached::Launcher(Servant {
            pid: child,
            outcome: reader,
        })),
        ForkResult::Child => {
            nix::sys::prctl::set_pdeathsig(Signal::SIGTERM)?;
            // It may have ended before the line above.
            if getppid() != launcher {
                return Err(Errno::ESRCH.into());
            }
            Ok(Detached::Servant(Outcome {
                pipe: writer,
                left_open: inherited::left_open(),
            }))
        }
    }
}

impl Servant {
    /// Readable when there is an outcome, or the servant has ended without one.
    #[must_use]
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.outcome.as_fd()
    }

    /// Passes a signal on. A servant that has ended is no error.
    pub fn signal(&self, signal: Signal) {
        // It has not been waited for, so the number is still its own.
        let _gone = kill(self.pid, signal);
    }

    /// The outcome: the exit status that the servant told, or how it ended. Waits for it.
    ///
    /// # Errors
    /// When the pipe cannot be read.
    pub fn outcome(self) -> io::Result<u8> {
        let mut status = [0];
        loop {
            match read(&self.outcome, &mut status) {
                Ok(0) => break,
                Ok(_) => {
                    let [status] = status;
                    return Ok(status);
                }
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        // As a shell has it: 128 and the number of the signal.
        Ok(match waitpid(self.pid, None)? {
            WaitStatus::Exited(_, code) => u8::try_from(code).unwrap_or(u8::MAX),
            WaitStatus::Signaled(_, signal, _) => u8::try_from(signal as i32)
                .unwrap_or(u8::MAX)
                .saturating_add(128),
            WaitStatus::Stopped(..)
            | WaitStatus::PtraceEvent(..)
            | WaitStatus::PtraceSyscall(_)
            | WaitStatus::Continued(_)
            | WaitStatus::StillAlive => u8::MAX,
        })
    }
}

impl Outcome {
    /// Tells the launcher, which ends with this status, and outlives it. Descriptors that whoever started it left
    /// open are closed first; the standard streams are the caller's to give up.
    ///
    /// # Errors
    /// When the kernel refuses; a launcher that is gone is no error.
    pub fn tell(self, status: u8) -> io::Result<()> {
        let Self { pipe, left_open } = self;
        nix::sys::prctl::set_pdeathsig(None)?;
        drop(left_open);
        match write(&pipe, &[status]) {
            Ok(_) | Err(Errno::EPIPE) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }
}
