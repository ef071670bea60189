//! A command that runs to its end, and what it said.

use std::process::Command;

use crate::{SOON, process::Process};

/// How a command ended, and what it said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Its exit status; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: Vec<String>,
    /// Standard error.
    pub err: Vec<String>,
}

impl Said {
    /// Runs a command to its end.
    #[must_use]
    pub fn by(command: Command) -> Self {
        Self::of(&mut Process::start(command))
    }

    /// Waits for the end of a process.
    ///
    /// # Panics
    /// If that does not come soon.
    #[must_use]
    pub fn of(process: &mut Process) -> Self {
        let status = process.wait(SOON);
        let status = status.unwrap_or_else(|| panic!("still runs: {}", process.stderr_text()));
        Self {
            code: status.code(),
            out: process.stdout().entries(),
            err: process.stderr().entries(),
        }
    }

    /// The one line of a command that failed with this exit status.
    ///
    /// # Panics
    /// If it did not, or said more or less.
    #[must_use]
    pub fn refusal(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.err.len(), 1, "one line: {self:?}");
        self.err.concat()
    }

    /// What a command that went well said on standard output.
    ///
    /// # Panics
    /// If it failed, or complained.
    #[must_use]
    pub fn success(self) -> Vec<String> {
        assert_eq!(self.code, Some(0), "{self:?}");
        assert!(self.err.is_empty(), "{self:?}");
        self.out
    }
}
