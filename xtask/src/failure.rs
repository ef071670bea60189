//! Why a chore ended badly, one variant per kind of fault, each worded so that the reader knows what to do next.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

/// Exit code for a wrong command line (`EX_USAGE` of sysexits.h).
pub(crate) const EXIT_USAGE: u8 = 64;

/// Why a chore ended badly.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line is wrong.
    Usage(String),
    /// Something outside the repository is missing or not allowed; the text says how to get it.
    Missing(String),
    /// A program could not be started.
    Start {
        /// What was to be started.
        program: String,
        /// What the system said.
        error: io::Error,
    },
    /// A program ran and failed; its own output came before this.
    Exit {
        /// What was run.
        program: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// A program ran, and what it printed or did was not what this code relies on.
    Unexpected {
        /// What was run.
        program: String,
        /// What was wrong.
        reason: String,
    },
    /// A file could not be read, written or made.
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A system call of the bench failed.
    System {
        /// What was tried.
        what: &'static str,
        /// What the system said.
        error: nix::errno::Errno,
    },
    /// Something in the repository contradicts itself; what it is was printed line by line.
    Mistakes {
        /// Where.
        place: &'static str,
        /// How many were printed.
        count: usize,
    },
    /// A step of a summary failed; the summary was printed.
    Step(String),
}

impl Failure {
    /// The exit code of `cargo xtask`: 64 for a wrong command line, 1 for everything else.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => EXIT_USAGE,
            Self::Missing(_)
            | Self::Start { .. }
            | Self::Exit { .. }
            | Self::Unexpected { .. }
            | Self::File { .. }
            | Self::Mistakes { .. }
            | Self::System { .. }
            | Self::Step(_) => 1,
        }
    }

    /// For `map_err` on file operations.
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        |error| Self::File { path, error }
    }

    /// For `map_err` on system calls.
    pub(crate) fn system(what: &'static str) -> impl FnOnce(nix::errno::Errno) -> Self {
        move |error| Self::System { what, error }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) | Self::Missing(text) => f.write_str(text),
            Self::Start { program, error } => write!(f, "cannot start {program}: {error}"),
            Self::Exit { program, status } => write!(f, "{program} failed ({status})"),
            Self::Unexpected { program, reason } => write!(f, "{program}: {reason}"),
            Self::File { path, error } => write!(f, "{}: {error}", path.display()),
            Self::System { what, error } => write!(f, "{what}: {error}"),
            Self::Mistakes { place, count } => write!(f, "{count} mistakes in {place}"),
            Self::Step(name) => write!(f, "step \"{name}\" failed"),
        }
    }
}

impl From<lexopt::Error> for Failure {
    fn from(error: lexopt::Error) -> Self {
        Self::Usage(error.to_string())
    }
}

/// Refuses words that a command does not take.
pub(crate) fn no_more_words(command: &str, words: Vec<OsString>) -> Result<(), Failure> {
    match words.first() {
        None => Ok(()),
        Some(word) => Err(Failure::Usage(format!(
            "{command}: unknown word {word:?}; `cargo xtask help` lists what there is"
        ))),
    }
}
