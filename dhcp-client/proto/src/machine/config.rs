//! What the operator decides about one interface's client; nothing in it changes while it runs,
//! except that a new MAC address replaces `mac` and the client identifier made from it.

use alloc::{collections::BTreeMap, string::String, vec, vec::Vec};

use core::net::Ipv4Addr;

use crate::{message::FullName, parameter::Kind, time::Duration, wire::Reading};

/// Hardware type Ethernet, the first octet of a client identifier made from a MAC address
/// (RFC 2132 section 9.14).
const HTYPE_ETHERNET: u8 = 1;

/// Configuration of a [`Machine`](crate::Machine).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The interface's MAC address: chaddr, and the source of every frame.
    pub mac: [u8; 6],
    /// Option 61 with its type octet, in every message; empty is none. RFC 2131 section 2: "The 'client
    /// identifier' chosen by a DHCP client MUST be unique to that client within the subnet to which the
    /// client is attached." RFC 2131 section 4.2: "If the client supplies a 'client identifier', the
    /// client MUST use the same 'client identifier' in all subsequent messages, and the server MUST use
    /// that identifier to identify the client." RFC 2132 section 9.14: "each client's client-identifier MUST
    /// be unique among the client-identifiers used on the subnet to which the client is attached."
    pub client_identifier: Vec<u8>,
    /// Option 12.
    pub host_name: Option<String>,
    /// Option 81; with it option 12 is not sent.
    pub full_name: Option<FullName>,
    /// Option 60; empty is none. RFC 2131 section 4.2: "The client implementation of DHCP SHOULD provide a
    /// mechanism for the user to select directly the 'vendor class identifier' values."
    pub vendor_class: Vec<u8>,
    /// Further options by code, which never replace what is sent anyway; of one code, the first.
    pub sent: Vec<(u8, Vec<u8>)>,
    /// The address to ask for first, by option 50 in DHCPDISCOVER.
    pub wanted_address: Option<Ipv4Addr>,
    /// Option 51 of what is sent, seconds.
    pub wanted_seconds: Option<u32>,
    /// Ask for broadcast replies, by the BROADCAST bit.
    pub broadcast: bool,
    /// Ask for a lease in two messages instead of four, by option 80 (RFC 4039).
    pub rapid_commit: bool,
    /// Let a server that can prove who it is ask for a renewal (RFC 3203 and RFC 6704).
    pub forced_renewal: bool,
    /// Servers that may be heard; empty is all. A server is option 54, or the sender where that is missing.
    pub allowed_servers: Vec<Subnet>,
    /// Servers that may not be heard.
    pub denied_servers: Vec<Subnet>,
    /// Options without which no lease is taken.
    pub required: Vec<u8>,
    /// Options with which no lease is taken.
    pub refused: Vec<u8>,
    /// Options that are taken out of whatever comes, before anything looks at them; 53 stays.
    pub ignored: Vec<u8>,
    /// How long after the acquisition began, and without an offer, the host gives itself a link-local
    /// address (RFC 3927); `None` is never.
    pub link_local_after: Option<Duration>,
    /// Whether another host's use of a server's address is looked for.
    pub conflict_detection: ConflictDetection,
    /// Whether BOOTP may be spoken.
    pub legacy: Legacy,
    /// Discard a server's message without option 54. Otherwise the sender's address stands in.
    pub require_server_identifier: bool,
    /// Option 55, in order of preference. With 108 in it this interface can do without IPv4:
    /// RFC 8925 section 3.2: "The DHCPv4 client on an IPv4-requiring host MUST NOT include the
    /// IPv6-Only Preferred option code in the Parameter Request List of any DHCPv4 packets and MUST
    /// ignore that option in packets received from DHCPv4 servers." RFC 8925 section 3.2: "A DHCPv4 client
    /// SHOULD allow a device administrator to configure IPv6-only capability either for a specific interface
    /// (to indicate that the device is IPv6-only capable if connected to a NAT64 network via that
    /// interface) or for all interfaces.": by having 108 in this list or not.
    pub parameter_request_list: Vec<u8>,
    /// Option 57, octets; RFC 2132 section 9.10: "The minimum legal value is 576 octets."
    pub maximum_message_size: u16,
    /// How long the server is asked to confirm a remembered address before a new one is sought.
    pub reboot_timeout: Duration,
    /// The first DHCPDISCOVER waits a random time up to this (RFC 2131 section 4.4.1 suggests one to
    /// ten seconds; the default is none, as in every client in wide use).
    pub start_delay: Duration,
    /// How an unanswered message is repeated while there is no lease.
    pub pace: Pace,
    /// How options are read into [`Lease::parameters`](crate::Lease::parameters) where that is not as
    /// their RFCs say.
    pub kinds: BTreeMap<u8, Kind>,
    /// Tell of each offer ([`ConfigureCause::Offered`](super::ConfigureCause::Offered)), and accept none.
    pub offers_only: bool,
}

/// Whether another host's use of a server's address is looked for (RFC 5227).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConflictDetection {
    /// It is not.
    Off,
    /// The address is used at once, probed for at the same time, and defended.
    Fast,
    /// The address is probed for before it is used, and defended.
    Full,
}

/// Whether BOOTP may be spoken (RFC 951 and RFC 1542): addresses without leases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Legacy {
    /// It may not.
    Refused,
    /// A BOOTREPLY to a DHCPDISCOVER is as good as a DHCPOFFER, and what comes first is taken.
    Accepted,
    /// Nothing else is spoken.
    Only,
}

/// A network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subnet {
    /// An address of it.
    pub address: Ipv4Addr,
    /// 0 to 32; more counts as 32.
    pub prefix_length: u8,
}

impl Subnet {
    /// Whether an address is one of this network.
    pub(super) fn contains(self, address: Ipv4Addr) -> bool {
        let host_bits = 32_u32.saturating_sub(self.prefix_length.into());
        // Of a /0 no bit is left, and all addresses are the same.
        let network = |address: Ipv4Addr| address.to_bits().checked_shr(host_bits);
        network(self.address) == network(address)
    }
}

/// How an unanswered message is repeated while there is no lease.
///
/// With `first` equal to `longest` and without jitter it is a fixed rhythm, as udhcpc has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// The first wait. Less than a tenth of a second counts as that: priv lets ten messages a second out.
    pub first: Duration,
    /// Each wait is twice the one before, up to this.
    pub longest: Duration,
    /// The most that is added to, or taken from, a wait by chance.
    pub jitter: Duration,
    /// An attempt is over after this, and that is told as a [`Setback`](crate::Setback); `None` is never.
    /// Less than a second counts as that.
    pub attempt: Option<Duration>,
    /// How long the next attempt is put off then.
    pub pause: Duration,
}

impl Default for Pace {
    /// RFC 2131 section 4.1: "the delay before the first retransmission SHOULD be 4 seconds randomized by
    /// the value of a uniform random number chosen from the range -1 to +1. [...] The retransmission delay
    /// SHOULD be doubled with subsequent retransmissions up to a maximum of 64 seconds."
    fn default() -> Self {
        Self {
            first: Duration::from_secs(4),
            longest: Duration::from_secs(64),
            jitter: Duration::from_secs(1),
            attempt: None,
            pause: Duration::ZERO,
        }
    }
}

impl Config {
    /// The defaults for the interface with this MAC address.
    #[must_use]
    pub fn new(mac: [u8; 6]) -> Self {
        Self {
            mac,
            client_identifier: client_identifier_of(mac),
            host_name: None,
            full_name: None,
            vendor_class: Vec::new(),
            sent: Vec::new(),
            wanted_address: None,
            wanted_seconds: None,
            broadcast: false,
            rapid_commit: false,
            forced_renewal: false,
            allowed_servers: Vec::new(),
            denied_servers: Vec::new(),
            required: Vec::new(),
            refused: Vec::new(),
            ignored: Vec::new(),
            link_local_after: None,
            conflict_detection: ConflictDetection::Off,
            legacy: Legacy::Refused,
            require_server_identifier: false,
            // RFC 3442, "DHCP Client Behavior": "DHCP clients that support this option and that send a DHCP
            // Parameter Request List option MUST request both this option and the Router option"; 121
            // comes first, as it has to.
            parameter_request_list: vec![1, 121, 3, 6, 12, 15, 26, 28, 33, 42, 51, 54, 58, 59, 119],
            maximum_message_size: 1472,
            reboot_timeout: Duration::from_secs(5),
            start_delay: Duration::ZERO,
            pace: Pace::default(),
            kinds: BTreeMap::new(),
            offers_only: false,
        }
    }

    /// How to read what arrives.
    pub(super) fn reading(&self) -> Reading<'_> {
        Reading {
            own_mac: self.mac,
            client_identifier: &self.client_identifier,
            ignored: &self.ignored,
            bootp: self.legacy != Legacy::Refused,
            kinds: &self.kinds,
        }
    }

    /// Takes the interface's new address. An identifier that the operator chose stays.
    pub(super) fn change_mac(&mut self, mac: [u8; 6]) {
        if self.client_identifier == client_identifier_of(self.mac) {
            self.client_identifier = client_identifier_of(mac);
        }
        self.mac = mac;
    }
}

fn client_identifier_of(mac: [u8; 6]) -> Vec<u8> {
    let mut identifier = vec![HTYPE_ETHERNET];
    identifier.extend_from_slice(&mac);
    identifier
}
