//! dhcp-frontend: what the program is asked, in whose words, and what it tells scripts in return.
//!
//! The program can be started under its own name and under those of the C clients it replaces. Here
//! their command lines and configuration files become one [`Setup`], and a lease becomes their scripts'
//! environments and their lease files. All of it is pure: files are read through [`Host`], and nothing
//! is written, run or printed.

#![forbid(unsafe_code)]
#![deny(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

pub mod amend;
pub mod date;
pub mod dhclient;
pub mod dhcpcd;
pub mod explain;
pub mod lease_file;
mod native;
pub mod notices;
mod remarks;
#[cfg(test)]
mod sample;
pub mod script;
pub mod setup;
pub mod shell;
pub mod udhcpc;
mod value;
mod variables;
pub mod voice;

use std::{
    ffi::OsString,
    fmt, io,
    path::{Path, PathBuf},
};

pub use setup::{Client, Setup};

/// What a front end may look at besides its arguments.
pub trait Host {
    /// The content of a file.
    ///
    /// # Errors
    /// As [`std::fs::read`], and for a file longer than a megabyte.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Whether there is a program at this path.
    fn is_executable(&self, path: &Path) -> bool;

    /// Kernel release and machine, as uname(2) tells them.
    fn system(&self) -> (String, String);

    /// The environment that the program was started with, as far as it is text.
    fn environment(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    /// The host's name, unless it has none.
    fn host_name(&self) -> Option<String> {
        None
    }
}

/// What a command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Serve interfaces.
    Run(Box<Setup>),
    /// Ask a run that goes on for something.
    Control(Box<Control>),
    /// Be one role only, on descriptors that others hold the other ends of.
    Role(Box<Role>),
    /// Print this on standard output, and exit with this status.
    Print {
        /// Whole lines.
        text: String,
        /// Exit status.
        status: u8,
    },
}

/// One role in a process of its own; the numbers are those of inherited descriptors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// Frames of one interface: serves `Net` on `net`, and its owner's part on `owner`.
    Network {
        /// The interface.
        interface: String,
        /// Where the engine is.
        net: i32,
        /// Where the actuator is.
        owner: i32,
    },
    /// The host's configuration: serves `Host` on `host`, and owns the network on `owner`.
    Actuator {
        /// As for a run; it names one interface.
        setup: Box<Setup>,
        /// Where the engine is.
        host: i32,
        /// Where the network is.
        owner: i32,
    },
    /// The protocol, sandboxed: uses `Net` on `net` and `Host` on `host`.
    Engine {
        /// Where the network is.
        net: i32,
        /// Where the actuator is.
        host: i32,
        /// How it is confined.
        backend: setup::Backend,
    },
}

/// What is asked of a run that goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// Whose words the answer is in.
    pub client: Client,
    /// What.
    pub verb: Verb,
    /// Of which interfaces; empty: of all.
    pub interfaces: Vec<String>,
    /// Where the control sockets are.
    pub run_directory: Option<PathBuf>,
    /// Where the run has left its process id, if it has no control socket.
    pub pid_file: Option<PathBuf>,
    /// JSON instead of a table.
    pub json: bool,
    /// What to do where no run goes on; none: say so.
    pub otherwise: Option<Box<Setup>>,
    /// Names of options that the operator defined, by code, for [`Verb::Dump`].
    pub names: Vec<(u8, String)>,
    /// Exit status where no run goes on, and nothing is done instead.
    pub nothing_runs: u8,
}

/// What can be asked of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// How the interfaces are.
    Status,
    /// Extend the lease now, with its own server.
    Renew,
    /// Extend the lease now, with any server.
    Rebind,
    /// Put back what belongs to the lease and was taken away, and tell the script.
    Reapply,
    /// Give the lease back.
    Release,
    /// Stop.
    Stop,
    /// The lease, as variables.
    Dump,
}

/// Why a command line is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageError {
    /// Lines for standard error.
    pub text: String,
    /// Exit status.
    pub status: u8,
}

impl fmt::Display for UsageError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text.trim_end())
    }
}

impl std::error::Error for UsageError {}

/// Reads the command line of a program started as `client`, without the program's name.
///
/// # Errors
/// What is wrong with it, or with a configuration file that it names, in the client's manner.
pub fn parse(
    client: Client,
    arguments: impl IntoIterator<Item = OsString>,
    host: &dyn Host,
) -> Result<Request, UsageError> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    match client {
        Client::Native => native::parse(arguments, host),
        Client::Dhcpcd => dhcpcd::parse(arguments, host),
        Client::Udhcpc => udhcpc::parse(arguments, host),
        Client::Dhclient => dhclient::parse(arguments, host),
    }
}
