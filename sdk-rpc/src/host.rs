//! `HostView`: what a calf may know of the host, and what the host tells it.

use std::{future::Future, net::Ipv4Addr};

use crate::{Error, Lease, MacAddress, Settings};

/// State of the interface's link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkState {
    /// Administratively up.
    pub up: bool,
    /// Carrier present.
    pub carrier: bool,
    /// Current address.
    pub mac: MacAddress,
    /// Octets.
    pub mtu: u32,
}

/// What the calf is told at its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostDescription {
    /// Interface name, for the log.
    pub interface: String,
    /// The link as it is now; changes come by `HostWatcher`.
    pub link: LinkState,
    /// What the operator wants of the protocol.
    pub settings: Settings,
    /// The lease in force, to be taken up without a packet (a calf before this one got it).
    pub resume: Option<Lease>,
    /// The lease to resume is of an earlier run of priv, and the link may be another one by now: the
    /// servers are to be asked whether it still holds.
    pub confirm: bool,
    /// The address of an earlier lease that may still be valid.
    pub previous: Option<Ipv4Addr>,
}

/// What the operator asks of a running calf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Extend the lease now, with its own server.
    Renew,
    /// Extend the lease now, with any server.
    Rebind,
    /// Give the lease back and stop.
    Release,
    /// Stop without a word.
    Stop,
}

/// Told when something changes.
pub trait HostWatcher {
    /// The link changed.
    fn link(&self, state: LinkState) -> impl Future<Output = Result<(), Error>>;
    /// The operator asks for something.
    fn command(&self, command: Command) -> impl Future<Output = Result<(), Error>>;
}

/// Read access to one interface of the host.
pub trait HostView {
    /// Keeps the watch; dropping it ends the watch.
    type Subscription;

    /// What there is to know, now.
    fn describe(&self) -> impl Future<Output = Result<HostDescription, Error>>;

    /// Starts to tell `watcher` of changes.
    fn watch<W: HostWatcher + 'static>(
        &self,
        watcher: W,
    ) -> impl Future<Output = Result<Self::Subscription, Error>>;
}
