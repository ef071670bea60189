//! `Overview` and `Control`: what an operator may know of a run, and what its owner may ask of it.

use std::future::Future;

use crate::{Counter, Error, Lease, LinkState};

/// One interface, as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceStatus {
    /// Its name.
    pub interface: String,
    /// Its link.
    pub link: LinkState,
    /// The state of the protocol, as the calf last said.
    pub state: String,
    /// The lease in force.
    pub lease: Option<Lease>,
    /// Process id of the calf.
    pub calf: Option<i32>,
    /// Calves after the first.
    pub restarts: u64,
    /// Layers of the sandbox that are not in force.
    pub absent: Vec<String>,
    /// What the calf last said it counted.
    pub counters: Vec<Counter>,
    /// Metric of its routes.
    pub metric: u32,
}

/// A run, as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overall {
    /// The name by which it was started.
    pub client: String,
    /// Version of the program.
    pub version: String,
    /// Its process id.
    pub pid: i32,
    /// CLOCK_BOOTTIME milliseconds: the times of leases are on the same clock.
    pub now: u64,
    /// Its interfaces.
    pub interfaces: Vec<InterfaceStatus>,
}

/// What can be asked of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Extend the lease now, with its own server.
    Renew,
    /// Extend the lease now, with any server.
    Rebind,
    /// Give the lease back, undo the configuration, and serve the interface no longer.
    Release,
    /// Undo or leave the configuration, as the run was told, and serve the interface no longer.
    Stop,
    /// Put back what belongs to the lease and was taken away, and tell the script.
    Reapply,
}

/// What anybody may know of a run.
pub trait Overview {
    /// How these interfaces are; none named is all.
    fn status(&self, interfaces: Vec<String>) -> impl Future<Output = Result<Overall, Error>>;
}

/// What its owner may ask of a run besides.
pub trait Control: Overview {
    /// Asks for something of these interfaces; none named is all. Resolves when it is done or under way,
    /// with the interfaces that it was asked of.
    fn ask(
        &self,
        verb: Verb,
        interfaces: Vec<String>,
    ) -> impl Future<Output = Result<Vec<String>, Error>>;
}
