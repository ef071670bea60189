//! `fdd exec`: takes an end of each share, and becomes the command that speaks over them.

use std::{
    convert::Infallible,
    ffi::OsString,
    fs, io,
    os::{
        fd::OwnedFd,
        unix::{fs::FileTypeExt as _, process::CommandExt as _},
    },
    process::Command,
    thread,
    time::{Duration, Instant},
};

use command_fds::{CommandFdExt as _, FdMapping};
use rustix::process::{Resource, getrlimit};

use crate::{
    failure::{Failure, Obstacle},
    protocol::{self, Answer},
    socket_file::dial,
};

/// Between two tries to get an end.
const PAUSE: Duration = Duration::from_millis(50);

/// How long a daemon that is there may take to answer, also when there is no time left.
const PATIENCE: Duration = Duration::from_secs(1);

/// How it shows that no daemon listens at a path, that it is about to end, or that it has much to do.
const SILENCE: [io::ErrorKind; 5] = [
    io::ErrorKind::ConnectionRefused,
    io::ErrorKind::ConnectionReset,
    io::ErrorKind::TimedOut,
    io::ErrorKind::UnexpectedEof,
    io::ErrorKind::WouldBlock,
];

/// Standard input, output and error are the command's own.
pub(crate) const FIRST_NUMBER: i32 = 3;

/// An end that the command is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Where it is shared.
    pub(crate) path: String,
    /// Which descriptor it shall be.
    pub(crate) number: i32,
}

/// What is to be executed, and with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exec {
    pub(crate) wanted: Vec<Wanted>,
    pub(crate) timeout: Duration,
    pub(crate) command: OsString,
    pub(crate) arguments: Vec<OsString>,
}

/// Returns only if it failed. The ends it has by then are closed with the process, and their peers see it.
pub(crate) fn exec(exec: &Exec) -> Failure {
    let Err(failure) = replace(exec);
    failure
}

fn replace(exec: &Exec) -> Result<Infallible, Failure> {
    check_numbers(&exec.wanted)?;
    let deadline = Instant::now() + exec.timeout;
    let mut mappings = Vec::with_capacity(exec.wanted.len());
    for Wanted { path, number } in &exec.wanted {
        mappings.push(FdMapping {
            parent_fd: take(path, exec.timeout, deadline)?,
            child_fd: *number,
        });
    }
    let mut command = Command::new(&exec.command);
    command.args(&exec.arguments);
    // Nothing goes to the command by accident: neither what is open here, nor what the caller left open.
    close_fds::set_fds_cloexec(FIRST_NUMBER, &[]);
    let twice = |collision| Failure::system("cannot place the ends")(io::Error::other(collision));
    command.fd_mappings(mappings).map_err(twice)?;
    Err(Failure::Execute {
        command: exec.command.to_string_lossy().into_owned(),
        error: command.exec(),
    })
}

/// Each number must be one that this process may open, with room above it: that is where ends go that are in
/// the way of others.
fn check_numbers(wanted: &[Wanted]) -> Result<(), Failure> {
    let Some(limit) = getrlimit(Resource::Nofile).current else {
        return Ok(());
    };
    for Wanted { path: _, number } in wanted {
        let needed = usize::try_from(*number).unwrap_or(usize::MAX);
        let needed = needed.saturating_add(wanted.len());
        if u64::try_from(needed).unwrap_or(u64::MAX) >= limit {
            return Err(Failure::Number {
                number: *number,
                limit,
            });
        }
    }
    Ok(())
}

/// Takes the end that is free, or will be.
fn take(path: &str, timeout: Duration, deadline: Instant) -> Result<OwnedFd, Failure> {
    loop {
        let obstacle = match attempt(path, deadline)? {
            Ok(end) => return Ok(end),
            Err(obstacle) => obstacle,
        };
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Failure::Waited {
                path: path.to_owned(),
                timeout,
                obstacle,
            });
        }
        thread::sleep(PAUSE.min(left));
    }
}

/// The end, or what to wait for.
fn attempt(path: &str, deadline: Instant) -> Result<Result<OwnedFd, Obstacle>, Failure> {
    let path = path.to_owned();
    let deadline = deadline.max(Instant::now() + PATIENCE);
    let answer = dial(&path).and_then(|daemon| protocol::hear(&daemon, deadline));
    match answer {
        Ok(Answer::End(end)) => Ok(Ok(end)),
        Ok(Answer::Wait(why)) => Ok(Err(Obstacle::Told(why))),
        Ok(Answer::No(why)) => Err(Failure::Refused { path, why }),
        Ok(Answer::Done { .. }) => Err(Failure::Foreign { path }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Err(Obstacle::Absent)),
        Err(_) if is_no_socket(&path) => Err(Failure::Foreign { path }),
        Err(error) if SILENCE.contains(&error.kind()) => Ok(Err(Obstacle::Silent)),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(Failure::Foreign { path }),
        Err(error) => Err(Failure::Connect { path, error }),
    }
}

/// Whether connecting is in vain for this reason; the kernel says the same as of a socket that nobody holds.
fn is_no_socket(path: &str) -> bool {
    fs::metadata(path).is_ok_and(|metadata| !metadata.file_type().is_socket())
}
