//! `LeaseSink`: what a calf may ask of the host's network configuration.

use std::{future::Future, net::Ipv4Addr};

use crate::Error;

/// One route; `gateway` 0.0.0.0 means on-link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    /// Network address.
    pub destination: Ipv4Addr,
    /// 0 to 32.
    pub prefix_length: u8,
    /// Next hop.
    pub gateway: Ipv4Addr,
}

/// An address with everything that came with it. Times are CLOCK_BOOTTIME milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The interface's address.
    pub address: Ipv4Addr,
    /// 0 to 32.
    pub prefix_length: u8,
    /// Broadcast address, if it is not the usual one.
    pub broadcast: Option<Ipv4Addr>,
    /// The server that gave the lease.
    pub server: Ipv4Addr,
    /// Default gateways, first preferred.
    pub routers: Vec<Ipv4Addr>,
    /// Further routes; one of them may be the default route.
    pub routes: Vec<Route>,
    /// Resolvers, first preferred.
    pub dns: Vec<Ipv4Addr>,
    /// Time servers.
    pub ntp: Vec<Ipv4Addr>,
    /// The host's domain.
    pub domain: Option<String>,
    /// Domains to search.
    pub search: Vec<String>,
    /// The host name the server suggests.
    pub host_name: Option<String>,
    /// Octets.
    pub mtu: Option<u16>,
    /// Length of the lease in seconds; `None` is infinite, and then so are the three times below.
    pub lease_seconds: Option<u32>,
    /// When the lease began.
    pub acquired_at: u64,
    /// When renewal begins.
    pub renew_at: Option<u64>,
    /// When rebinding begins.
    pub rebind_at: Option<u64>,
    /// When the address must no longer be used.
    pub expires_at: Option<u64>,
}

/// Why a lease is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigureCause {
    /// A new lease.
    Bound,
    /// A remembered lease that a server confirmed.
    Rebooted,
}

/// Why a configured lease changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateCause {
    /// Its own server extended it.
    Renewed,
    /// Some server extended it.
    Rebound,
}

/// Why a configured lease goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeconfigureCause {
    /// A server said that the address is not for this client.
    Nak,
    /// Its time is over.
    Expired,
    /// It was given back.
    Released,
    /// Another host uses the address.
    Conflict,
    /// The link is another one, or the service ends.
    Stopped,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It is in force.
    Done,
    /// Policy or the kernel refused; nothing changed. The reason is for the log.
    Refused(String),
}

/// Writes the configuration of one interface.
pub trait LeaseSink {
    /// Puts a lease in force where there is none.
    fn configure(
        &self,
        lease: Lease,
        cause: ConfigureCause,
    ) -> impl Future<Output = Result<Applied, Error>>;

    /// Changes the lease in force to `lease`; what is the same is not touched.
    fn update(
        &self,
        lease: Lease,
        cause: UpdateCause,
    ) -> impl Future<Output = Result<Applied, Error>>;

    /// Takes the lease out of force; without one there is nothing to do.
    fn deconfigure(&self, cause: DeconfigureCause) -> impl Future<Output = Result<Applied, Error>>;
}
