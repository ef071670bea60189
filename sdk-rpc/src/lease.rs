//! `LeaseSink`: what a calf may ask of the host's network configuration.

use std::{future::Future, net::Ipv4Addr};

use crate::{Error, wire::lease as wire};

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

/// Something that came with a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The number that the protocol has for it.
    pub code: u8,
    /// What it says.
    pub value: Value,
}

/// What a parameter says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Octets whose meaning is not known here.
    Octets(Vec<u8>),
    /// Addresses.
    Addresses(Vec<Ipv4Addr>),
    /// Numbers.
    Numbers(Vec<i64>),
    /// Text without control characters.
    Text(String),
    /// Domain names.
    Names(Vec<String>),
    /// Routes.
    Routes(Vec<Route>),
}

/// Who gave a lease.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// A server.
    #[default]
    Server,
    /// The host itself: an address of 169.254.0.0/16 (RFC 3927).
    LinkLocal,
    /// The operator gave the address, and a server the rest.
    Inform,
    /// The operator gave all of it.
    Operator,
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
    /// Who gave it.
    pub origin: Origin,
    /// The server that gave it; 0.0.0.0 where no server did.
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
    /// The server of the next step of a boot; 0.0.0.0 is none.
    pub next_server: Ipv4Addr,
    /// That server's name.
    pub server_name: Option<String>,
    /// Path of the file to boot.
    pub boot_file: Option<String>,
    /// Everything that came, also what stands above, each number once.
    pub parameters: Vec<Parameter>,
}

impl Lease {
    /// The lease as octets, to be kept: the form is that of the connection, so a version to come can read
    /// it.
    ///
    /// # Errors
    /// A value is larger than the connection takes, or all of them together are.
    pub fn to_octets(&self) -> Result<Vec<u8>, Error> {
        wire::encode_lease(self)
    }

    /// The lease in octets that [`Self::to_octets`] made, or anybody else: every value is checked, and no
    /// more memory is taken than octets are given.
    ///
    /// # Errors
    /// [`Error::Refused`], with what is wrong.
    pub fn from_octets(octets: &[u8]) -> Result<Self, Error> {
        wire::decode_lease(octets).map_err(|malformed| Error::Refused(malformed.to_string()))
    }
}

/// Why a lease is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigureCause {
    /// A new lease.
    Bound,
    /// A remembered lease that a server confirmed.
    Rebooted,
    /// An address that the host gave itself.
    LinkLocal,
    /// What a server said of the operator's address.
    Informed,
    /// Nothing is to be configured: this could be had of a server ([`Settings::offers_only`]).
    ///
    /// [`Settings::offers_only`]: crate::Settings::offers_only
    Offered,
}

/// Why a configured lease changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateCause {
    /// Its own server extended it.
    Renewed,
    /// Some server extended it.
    Rebound,
    /// A server confirmed it after the link was away.
    Rebooted,
    /// Another lease takes the place of the one in force.
    Bound,
    /// An address that the host gave itself takes the place of the one in force.
    LinkLocal,
    /// A server said again what belongs to the operator's address.
    Informed,
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
    /// The network wants no IPv4 of hosts that can do without (RFC 8925).
    Ipv6Only,
}

/// Why there is no lease yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setback {
    /// No server gave a lease in the time that an attempt has.
    NoAnswer,
    /// A server said no to the address asked for.
    Refused,
    /// Another host uses the address that was offered.
    Conflict,
    /// The network wants no IPv4 of hosts that can do without (RFC 8925).
    Ipv6Only,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It is in force.
    Done,
    /// Policy or the kernel refused; nothing changed. The reason is for the log.
    Refused(String),
    /// The host found that another one uses the address; nothing changed.
    InUse,
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

    /// There is no lease yet, and this is why; resolves when whoever wants to know has been told.
    fn setback(&self, setback: Setback) -> impl Future<Output = Result<(), Error>>;
}
