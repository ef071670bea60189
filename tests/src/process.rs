//! A program that a test started: its lines as they come, its end as an event, and its death with
//! the test.

use std::{
    io::{self, BufRead as _, BufReader, Read},
    os::fd::{AsFd as _, FromRawFd as _, OwnedFd},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::journal::Journal;

/// How long the output of an ended program may take to be read to its end.
const DRAIN: Duration = Duration::from_secs(5);

/// A running program; killed when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    ended: OwnedFd,
    stdout: Journal<String>,
    stderr: Journal<String>,
}

impl Process {
    /// Starts the program with both outputs captured.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use]
    pub fn start(mut command: Command) -> Self {
        let spawned = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        Self::of(spawned.unwrap_or_else(|error| panic!("{:?}: {error}", command.get_program())))
    }

    /// The program that was started as `child`, with what is captured of its outputs.
    ///
    /// # Panics
    /// Never: a child that was not waited for has a pid.
    #[must_use]
    pub fn of(mut child: Child) -> Self {
        let ended = pidfd(child.id()).expect("a child that was not waited for has a pid");
        let stdout = child.stdout.take().map(lines).unwrap_or_default();
        let stderr = child.stderr.take().map(lines).unwrap_or_default();
        Self {
            child,
            ended,
            stdout,
            stderr,
        }
    }

    /// The program's process id.
    ///
    /// # Panics
    /// Never: Linux pids fit.
    #[must_use]
    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("pids are below 2^22")
    }

    /// Lines of standard output.
    #[must_use]
    pub fn stdout(&self) -> &Journal<String> {
        &self.stdout
    }

    /// Lines of standard error.
    #[must_use]
    pub fn stderr(&self) -> &Journal<String> {
        &self.stderr
    }

    /// Sends a signal to a program that was not waited for.
    ///
    /// # Panics
    /// If the kernel refuses.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid()), signal).expect("an own child may be signalled");
    }

    /// Waits until the program ended and its output is read; `None` after `timeout`.
    ///
    /// # Panics
    /// If the kernel loses the child.
    pub fn wait(&mut self, timeout: Duration) -> Option<ExitStatus> {
        if !wait_readable(&self.ended, timeout) {
            return None;
        }
        let status = self.child.wait().expect("an own child can be waited for");
        // A descendant may hold the pipes; what the program itself wrote is read long before.
        let _drained = self.stdout.wait_closed(DRAIN) && self.stderr.wait_closed(DRAIN);
        Some(status)
    }

    /// Everything on standard error so far.
    #[must_use]
    pub fn stderr_text(&self) -> String {
        self.stderr.entries().join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Fails only if it ended already, and then there is nothing to do.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A descriptor that becomes readable when the process ends.
pub(crate) fn pidfd(pid: u32) -> io::Result<OwnedFd> {
    // SAFETY: pidfd_open takes two integers and touches no memory of this process.
    let opened = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0_u32) };
    let opened = i32::try_from(opened).map_err(io::Error::other)?;
    if opened < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel just made this descriptor for us, and nobody else knows its number.
    Ok(unsafe { OwnedFd::from_raw_fd(opened) })
}

/// Waits until any process, not only a child, has ended; false after `timeout`.
#[must_use]
pub fn wait_gone(pid: i32, timeout: Duration) -> bool {
    let opened = u32::try_from(pid).map_err(io::Error::other).and_then(pidfd);
    // No descriptor: there is no such process any more.
    opened.map_or(true, |ended| wait_readable(&ended, timeout))
}

pub(crate) fn wait_readable(fd: &OwnedFd, timeout: Duration) -> bool {
    let deadline = Instant::now() + timeout;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let wait = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        match poll(&mut [PollFd::new(fd.as_fd(), PollFlags::POLLIN)], wait) {
            Ok(0) if left.is_zero() => return false,
            Ok(0) | Err(nix::Error::EINTR) => {}
            Ok(_) => return true,
            Err(error) => panic!("poll: {error}"),
        }
    }
}

fn lines(stream: impl Read + Send + 'static) -> Journal<String> {
    let journal = Journal::default();
    let writer = journal.clone();
    thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            writer.push(String::from_utf8_lossy(&line).into_owned());
        }
        writer.close();
    });
    journal
}
