//! A running calf, as its priv holds it.

use std::{
    fmt,
    os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd},
};

use nix::{
    errno::Errno,
    sys::wait::{Id, WaitPidFlag, WaitStatus, waitid},
};

use crate::verify::Expectation;

/// How a calf ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this status.
    Code(i32),
    /// By a forbidden system call.
    Policy,
    /// By this signal.
    Signal(i32),
}

impl fmt::Display for Exit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Code(code) => write!(formatter, "exited with status {code}"),
            Self::Policy => formatter.write_str("was killed by policy (SIGSYS)"),
            Self::Signal(signal) => match nix::sys::signal::Signal::try_from(signal) {
                Ok(name) => write!(formatter, "was killed by {name}"),
                Err(_) => write!(formatter, "was killed by signal {signal}"),
            },
        }
    }
}

/// A running calf. Dropping it kills it and waits for its end.
#[derive(Debug)]
pub struct Calf {
    pid: i32,
    pidfd: OwnedFd,
    log: Option<OwnedFd>,
    pub(crate) status: OwnedFd,
    pub(crate) expectation: Expectation,
    exit: Option<Exit>,
}

impl Calf {
    pub(crate) const fn new(
        pid: i32,
        pidfd: OwnedFd,
        log: OwnedFd,
        status: OwnedFd,
        expectation: Expectation,
    ) -> Self {
        Self {
            pid,
            pidfd,
            log: Some(log),
            status,
            expectation,
            exit: None,
        }
    }

    /// Its process id, here; it is process 1 in its own namespace. Valid until it has been waited for.
    #[must_use]
    pub const fn pid(&self) -> i32 {
        self.pid
    }

    /// Readable when the calf has ended.
    #[must_use]
    pub fn pidfd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }

    /// Readable when the calf is confined, or can never be: time to call [`Calf::verify`].
    #[must_use]
    pub fn status(&self) -> BorrowedFd<'_> {
        self.status.as_fd()
    }

    /// The non-blocking read end of what the calf writes to its standard output and error; once. The calf
    /// waits while it is full.
    pub fn take_log(&mut self) -> Option<OwnedFd> {
        self.log.take()
    }

    /// Ends the calf now. One that has ended already is no error.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn kill(&self) -> Result<(), Errno> {
        if self.exit.is_some() {
            return Ok(());
        }
        let pidfd = self.pidfd.as_raw_fd();
        // SAFETY: pidfd_send_signal with a null siginfo reads no memory.
        let sent =
            unsafe { libc::syscall(libc::SYS_pidfd_send_signal, pidfd, libc::SIGKILL, 0, 0) };
        match Errno::result(sent) {
            Ok(_) | Err(Errno::ESRCH) => Ok(()),
            Err(errno) => Err(errno),
        }
    }

    /// How the calf ended, if it has.
    ///
    /// # Errors
    /// When the process is not this one's to wait for, as if something else had waited for it.
    pub fn try_wait(&mut self) -> Result<Option<Exit>, Errno> {
        self.wait_for(WaitPidFlag::WNOHANG)
    }

    /// Waits for the calf's end.
    ///
    /// # Errors
    /// As [`Calf::try_wait`].
    pub fn wait(&mut self) -> Result<Exit, Errno> {
        loop {
            match self.wait_for(WaitPidFlag::empty()) {
                Ok(Some(exit)) => return Ok(exit),
                Ok(None) | Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno),
            }
        }
    }

    fn wait_for(&mut self, flags: WaitPidFlag) -> Result<Option<Exit>, Errno> {
        if self.exit.is_none() {
            let status = waitid(Id::PIDFd(self.pidfd.as_fd()), WaitPidFlag::WEXITED | flags)?;
            self.exit = decode(status);
        }
        Ok(self.exit)
    }

    /// How the calf ended, if it has, leaving it to be waited for.
    pub(crate) fn peek(&self) -> Option<Exit> {
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        self.exit.or_else(|| {
            waitid(Id::PIDFd(self.pidfd.as_fd()), flags)
                .ok()
                .and_then(decode)
        })
    }
}

impl Drop for Calf {
    fn drop(&mut self) {
        // Nothing can be done about a refusal, and a process that cannot be killed is not waited for.
        if self.kill().is_ok() {
            let _: Result<_, Errno> = self.wait();
        }
    }
}

fn decode(status: WaitStatus) -> Option<Exit> {
    match status {
        WaitStatus::Exited(_, code) => Some(Exit::Code(code)),
        WaitStatus::Signaled(_, nix::sys::signal::Signal::SIGSYS, _) => Some(Exit::Policy),
        WaitStatus::Signaled(_, signal, _) => Some(Exit::Signal(signal as i32)),
        WaitStatus::Stopped(..)
        | WaitStatus::PtraceEvent(..)
        | WaitStatus::PtraceSyscall(_)
        | WaitStatus::Continued(_)
        | WaitStatus::StillAlive => None,
    }
}
