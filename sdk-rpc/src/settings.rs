//! What the operator wants of the protocol that a calf speaks: part of what it is told at its start.

use std::net::Ipv4Addr;

/// A network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subnet {
    /// An address of it.
    pub address: Ipv4Addr,
    /// 0 to 32.
    pub prefix_length: u8,
}

/// How the octets of a parameter are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// As they are.
    Octets,
    /// IPv4 addresses.
    Addresses,
    /// Unsigned numbers of 8 bits.
    Numbers8,
    /// Unsigned numbers of 16 bits.
    Numbers16,
    /// Unsigned numbers of 32 bits.
    Numbers32,
    /// Signed numbers of 32 bits.
    Signed32,
    /// Text for people and programs.
    Text,
    /// Domain names (RFC 1035 section 4.1.4).
    Names,
    /// Classless routes (RFC 3442).
    Routes,
    /// Pairs of destination and router (RFC 2132 section 5.8).
    ClassRoutes,
}

/// What is said of the host's name in the domain name system (RFC 4702).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FullName {
    /// The name; it may be empty, or lack its domain.
    pub name: String,
    /// Flags octet of RFC 4702 section 2.1.
    pub flags: u8,
}

/// Whether another host's use of an address is looked for (RFC 5227).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConflictDetection {
    /// It is not.
    #[default]
    Off,
    /// The address is used at once, and probed for at the same time.
    Fast,
    /// The address is probed for before it is used.
    Full,
}

/// Whether a protocol without leases may be spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Legacy {
    /// It may not.
    #[default]
    Refused,
    /// Where a server answers in it.
    Accepted,
    /// Nothing else is spoken.
    Only,
}

/// How an unanswered request is repeated. All times are milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// The first wait.
    pub first: u32,
    /// Each wait is twice the one before, up to this.
    pub longest: u32,
    /// The most that is added to, or taken from, a wait by chance.
    pub jitter: u32,
    /// An attempt is over after this; 0 is never.
    pub attempt: u32,
    /// How long the next attempt is put off then.
    pub pause: u32,
}

impl Default for Pace {
    /// RFC 2131 section 4.1: 4 seconds, doubled up to 64, each randomised by one.
    fn default() -> Self {
        Self {
            first: 4000,
            longest: 64_000,
            jitter: 1000,
            attempt: 0,
            pause: 0,
        }
    }
}

/// What the operator wants of the protocol on one interface.
///
/// Numbers of parameters are those of the protocol; octet strings are sent as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Who the client says it is, type octet included; empty is none.
    pub client_identifier: Vec<u8>,
    /// The name the servers are told.
    pub host_name: Option<String>,
    /// The name in the domain name system.
    pub full_name: Option<FullName>,
    /// What kind of client this is; empty is none.
    pub vendor_class: Vec<u8>,
    /// Numbers of the parameters asked for, in order of preference.
    pub requested: Vec<u8>,
    /// Further parameters that are sent, by number.
    pub sent: Vec<(u8, Vec<u8>)>,
    /// An offer without one of these parameters is not taken.
    pub required: Vec<u8>,
    /// An offer with one of these parameters is not taken.
    pub refused: Vec<u8>,
    /// These parameters are taken out of whatever comes.
    pub ignored: Vec<u8>,
    /// The address asked for first.
    pub wanted_address: Option<Ipv4Addr>,
    /// The length of the lease asked for.
    pub wanted_seconds: Option<u32>,
    /// Servers that may be heard; empty is all.
    pub allowed_servers: Vec<Subnet>,
    /// Servers that may not be heard.
    pub denied_servers: Vec<Subnet>,
    /// Answers are to be broadcast.
    pub broadcast: bool,
    /// A message that does not name its server is not taken.
    pub require_server: bool,
    /// A lease in two messages instead of four is welcome.
    pub rapid_commit: bool,
    /// A server that proves who it is may ask for a renewal.
    pub forced_renewal: bool,
    /// Whether a protocol without leases may be spoken.
    pub legacy: Legacy,
    /// Whether another host's use of the address is looked for.
    pub conflict_detection: ConflictDetection,
    /// After how many milliseconds without an offer the host gives itself a link-local address.
    pub link_local_after: Option<u32>,
    /// Milliseconds for which the servers are asked to confirm a remembered address.
    pub reboot_timeout: u32,
    /// The first message waits a random time of at most this many milliseconds.
    pub start_delay: u32,
    /// How an unanswered request is repeated.
    pub pace: Pace,
    /// An address that the operator gave the interface; only further parameters are asked for.
    pub inform: Option<Subnet>,
    /// How parameters are read where that is not as the protocol has it.
    pub kinds: Vec<(u8, Kind)>,
    /// An offer is told of, and not accepted.
    pub offers_only: bool,
}

impl Default for Settings {
    /// Nothing is sent and nothing asked for beyond what the protocol demands.
    fn default() -> Self {
        Self {
            client_identifier: Vec::new(),
            host_name: None,
            full_name: None,
            vendor_class: Vec::new(),
            requested: Vec::new(),
            sent: Vec::new(),
            required: Vec::new(),
            refused: Vec::new(),
            ignored: Vec::new(),
            wanted_address: None,
            wanted_seconds: None,
            allowed_servers: Vec::new(),
            denied_servers: Vec::new(),
            broadcast: false,
            require_server: false,
            rapid_commit: false,
            forced_renewal: false,
            legacy: Legacy::Refused,
            conflict_detection: ConflictDetection::Off,
            link_local_after: None,
            reboot_timeout: 5000,
            start_delay: 0,
            pace: Pace::default(),
            inform: None,
            kinds: Vec::new(),
            offers_only: false,
        }
    }
}
