//! Why a command ended badly, one variant per kind of fault: what, where, and what to do.

use core::fmt;
use std::{io, time::Duration};

use crate::socket_file::Fault;

/// EX_USAGE of sysexits(3).
const WRONG_USAGE: u8 = 64;
/// What env(1) exits with when the command was found and cannot be executed, and when there is none.
const NOT_EXECUTABLE: u8 = 126;
const NOT_FOUND: u8 = 127;

/// Why a command ended badly.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line is wrong.
    Usage(lexopt::Error),
    /// There can be no socket at this path.
    Socket { path: String, fault: Fault },
    /// The daemon that was to run in the background ended, and said this.
    Background { said: String },
    /// Nothing that can be asked is at this path.
    NoDaemon { socket: String, error: io::Error },
    /// This user cannot connect to the socket of a share.
    Connect { path: String, error: io::Error },
    /// The daemon said no, and why.
    Refused { path: String, why: String },
    /// Something that is no socket of an fdd of this version is at this path.
    Foreign { path: String },
    /// The two ends of a tested pair are not connected.
    Crossed { path: String },
    /// No end was to be had in time; the last thing that stood in the way.
    Waited {
        path: String,
        timeout: Duration,
        obstacle: Obstacle,
    },
    /// A descriptor that cannot be had here.
    Number { number: i32, limit: u64 },
    /// The command cannot be executed.
    Execute { command: String, error: io::Error },
    /// A system call failed that has no reason to.
    System {
        what: &'static str,
        error: io::Error,
    },
}

/// What keeps `fdd exec` waiting.
#[derive(Debug)]
pub(crate) enum Obstacle {
    /// There is no such path.
    Absent,
    /// There is a path, and nobody listens or answers.
    Silent,
    /// The daemon said to wait, and why.
    Told(String),
}

impl Failure {
    /// The exit status of the program.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => WRONG_USAGE,
            Self::Execute { command: _, error } if error.kind() == io::ErrorKind::NotFound => {
                NOT_FOUND
            }
            Self::Execute { .. } => NOT_EXECUTABLE,
            Self::Socket { .. }
            | Self::Background { .. }
            | Self::NoDaemon { .. }
            | Self::Connect { .. }
            | Self::Refused { .. }
            | Self::Foreign { .. }
            | Self::Crossed { .. }
            | Self::Waited { .. }
            | Self::Number { .. }
            | Self::System { .. } => 1,
        }
    }

    /// For `map_err` on system calls.
    pub(crate) fn system<E: Into<io::Error>>(what: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self::System {
            what,
            error: error.into(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(error) => write!(formatter, "{error}; --help shows the usage"),
            Self::Socket { path, fault } => write!(formatter, "{path}: {fault}"),
            Self::Background { said } => formatter.write_str(said),
            Self::NoDaemon { socket, error } => write!(
                formatter,
                "{socket}: no daemon to ask ({error}); start one with `fdd init`, or name its --socket"
            ),
            Self::Connect { path, error } => write!(
                formatter,
                "{path}: cannot connect ({error}); be its owner, or share it with --owner and --mode"
            ),
            Self::Refused { path, why } => write!(formatter, "{path}: {why}"),
            Self::Foreign { path } => write!(
                formatter,
                "{path}: does not speak {}; name a socket of this version of fdd",
                crate::protocol::VERSION
            ),
            Self::Crossed { path } => write!(
                formatter,
                "{path}: what one end was sent did not arrive at the other; start the daemon anew"
            ),
            Self::Waited {
                path,
                timeout,
                obstacle,
            } => {
                write!(formatter, "{path}: waited {} s: ", timeout.as_secs())?;
                match obstacle {
                    Obstacle::Absent => {
                        formatter.write_str("nothing there; `fdd share` makes a share")
                    }
                    Obstacle::Silent => formatter.write_str(
                        "nobody answers there; is the daemon gone? start it and share again",
                    ),
                    Obstacle::Told(why) => formatter.write_str(why),
                }
            }
            Self::Number { number, limit } => write!(
                formatter,
                "descriptor {number} is too high where {limit} may be open: choose a lower one, or raise the limit (ulimit -n)"
            ),
            Self::Execute { command, error } => {
                write!(formatter, "{command}: cannot be executed: {error}")
            }
            Self::System { what, error } => write!(formatter, "{what}: {error}"),
        }
    }
}
