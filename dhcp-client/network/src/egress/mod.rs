//! What may leave the interface. The peer behind `Net` may be an attacker: a frame is sent only if it
//! is one that a DHCP client, or an address conflict detection, of this interface and of the address
//! in force would send.
//!
//! The rules look at fixed positions only, and never at DHCP options: they hold the peer to its own
//! identity, they do not judge what it says. Pure: time and configuration are arguments.

mod arp;
mod dhcp;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use sdk_rpc::MacAddress;

use crate::rate::RateLimit;

/// Frames of a class (ARP; DHCP in frames and datagrams together) that may leave in [`RATE_WINDOW`].
/// RFC 2131 section 4.1 starts retransmission at 4 seconds and RFC 5227 section 1.1 spaces probes by
/// at least one, so an honest client stays far below.
const RATE_LIMIT: usize = 10;
const RATE_WINDOW: Duration = Duration::from_secs(1);

const ETHERNET_HEADER: usize = 14;
/// Frames shorter than this, without the frame check sequence, may be padded up to it.
const SHORTEST_ETHERNET_FRAME: usize = 60;
const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_ARP: u16 = 0x0806;

/// The rule that something to be sent broke, and the value that broke it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A field is missing, or lengths contradict each other or the frame's.
    Length,
    /// The Ethernet source is not the interface's address.
    EthernetSource(MacAddress),
    /// The Ethernet destination is a group that is not broadcast.
    EthernetDestination(MacAddress),
    /// Neither ARP nor IPv4.
    EtherType(u16),
    /// ARP for something else than IPv4 over Ethernet.
    ArpFormat,
    /// Neither request nor reply, or a reply without a sender address.
    ArpOperation(u16),
    /// The ARP sender hardware address is not the interface's.
    ArpSenderMac(MacAddress),
    /// The ARP sender protocol address is neither 0.0.0.0 nor the address in force.
    ArpSenderAddress(Ipv4Addr),
    /// ARP above the rate limit.
    ArpRate,
    /// Not IPv4, or with IP options; the value is the first octet.
    Ipv4Header(u8),
    /// A fragment; the value is the flags and the offset.
    Fragment(u16),
    /// Not UDP.
    Protocol(u8),
    /// The IPv4 source is neither 0.0.0.0 nor the address in force.
    Source(Ipv4Addr),
    /// The destination cannot be a DHCP server's.
    Destination(Ipv4Addr),
    /// Not from port 68 to port 67.
    Ports(u16, u16),
    /// Not BOOTREQUEST.
    BootpOperation(u8),
    /// `htype` and `hlen` are not Ethernet's.
    BootpHardware(u8, u8),
    /// `giaddr` is set, as only a relay agent may.
    Relayed(Ipv4Addr),
    /// `chaddr` is not the interface's address.
    ClientHardwareAddress(MacAddress),
    /// BOOTP without the magic cookie of DHCP.
    MagicCookie,
    /// `ciaddr` of a datagram is not the address in force.
    ClientAddress(Ipv4Addr),
    /// DHCP above the rate limit.
    DhcpRate,
    /// A datagram, and no UDP socket to send it by.
    NoUnicastSocket,
}

impl Refusal {
    /// The rule's name, as counters have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::EthernetSource(_) => "ethernet_source",
            Self::EthernetDestination(_) => "ethernet_destination",
            Self::EtherType(_) => "ethertype",
            Self::ArpFormat => "arp_format",
            Self::ArpOperation(_) => "arp_operation",
            Self::ArpSenderMac(_) => "arp_sender_mac",
            Self::ArpSenderAddress(_) => "arp_sender_address",
            Self::ArpRate => "arp_rate",
            Self::Ipv4Header(_) => "ipv4_header",
            Self::Fragment(_) => "fragment",
            Self::Protocol(_) => "protocol",
            Self::Source(_) => "source",
            Self::Destination(_) => "destination",
            Self::Ports(_, _) => "ports",
            Self::BootpOperation(_) => "bootp_operation",
            Self::BootpHardware(_, _) => "bootp_hardware",
            Self::Relayed(_) => "relayed",
            Self::ClientHardwareAddress(_) => "client_hardware_address",
            Self::MagicCookie => "magic_cookie",
            Self::ClientAddress(_) => "client_address",
            Self::DhcpRate => "dhcp_rate",
            Self::NoUnicastSocket => "no_unicast_socket",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length => formatter.write_str("its lengths do not fit"),
            Self::EthernetSource(mac) => write!(formatter, "Ethernet source {mac} is not ours"),
            Self::EthernetDestination(mac) => {
                write!(formatter, "Ethernet destination {mac} is a group")
            }
            Self::EtherType(number) => {
                write!(formatter, "EtherType {number:#06x} is neither ARP nor IPv4")
            }
            Self::ArpFormat => formatter.write_str("ARP is not for IPv4 over Ethernet"),
            Self::ArpOperation(number) => {
                write!(formatter, "ARP operation {number} is not allowed here")
            }
            Self::ArpSenderMac(mac) => write!(formatter, "ARP sender {mac} is not ours"),
            Self::ArpSenderAddress(address) => {
                write!(formatter, "ARP sender address {address} is not ours")
            }
            Self::ArpRate => write!(formatter, "more than {RATE_LIMIT} ARP frames a second"),
            Self::Ipv4Header(octet) => {
                write!(formatter, "IP header begins with {octet:#04x}, not 0x45")
            }
            Self::Fragment(field) => write!(formatter, "it is a fragment ({field:#06x})"),
            Self::Protocol(number) => write!(formatter, "IP protocol {number} is not UDP"),
            Self::Source(address) => write!(formatter, "source {address} is not ours"),
            Self::Destination(address) => {
                write!(formatter, "destination {address} is no DHCP server's")
            }
            Self::Ports(source, destination) => {
                write!(formatter, "ports {source} to {destination}, not 68 to 67")
            }
            Self::BootpOperation(number) => {
                write!(formatter, "op {number} is not BOOTREQUEST")
            }
            Self::BootpHardware(kind, length) => {
                write!(formatter, "htype {kind}, hlen {length} are not Ethernet's")
            }
            Self::Relayed(address) => write!(formatter, "giaddr {address} is set"),
            Self::ClientHardwareAddress(mac) => write!(formatter, "chaddr {mac} is not ours"),
            Self::MagicCookie => formatter.write_str("the magic cookie is missing"),
            Self::ClientAddress(address) => write!(formatter, "ciaddr {address} is not ours"),
            Self::DhcpRate => write!(formatter, "more than {RATE_LIMIT} DHCP messages a second"),
            Self::NoUnicastSocket => {
                formatter.write_str("there is no address to send a datagram from")
            }
        }
    }
}

/// Who this interface is. Everything that leaves must be from it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity {
    /// The interface's own address.
    pub(crate) mac: MacAddress,
    /// The address that the actuator configured, if there is one.
    pub(crate) address: Option<Ipv4Addr>,
}

impl Identity {
    /// Whether a frame may come from `address`: nobody's, or the one in force.
    fn may_use(&self, address: Ipv4Addr) -> bool {
        address.is_unspecified() || self.address == Some(address)
    }
}

/// The rules, with what they must remember.
#[derive(Debug)]
pub(crate) struct Egress {
    /// Whose frames may leave; changed by the owner as the interface changes.
    pub(crate) identity: Identity,
    arp: RateLimit,
    dhcp: RateLimit,
}

impl Egress {
    pub(crate) fn new(mac: MacAddress) -> Self {
        Self {
            identity: Identity { mac, address: None },
            arp: RateLimit::new(RATE_LIMIT, RATE_WINDOW),
            dhcp: RateLimit::new(RATE_LIMIT, RATE_WINDOW),
        }
    }

    /// Whether `frame` may leave at `now`; if so, it counts towards its rate. A refused frame does
    /// not, so an attacker cannot silence an honest part of itself with nonsense.
    pub(crate) fn admit_frame(&mut self, now: Instant, frame: &[u8]) -> Result<(), Refusal> {
        let destination = MacAddress(octets(frame, 0)?);
        if is_group(destination) && destination.0 != [0xff; 6] {
            return Err(Refusal::EthernetDestination(destination));
        }
        let source = MacAddress(octets(frame, 6)?);
        if source != self.identity.mac {
            return Err(Refusal::EthernetSource(source));
        }
        match u16::from_be_bytes(octets(frame, 12)?) {
            ETHERTYPE_ARP => {
                arp::check(frame, &self.identity)?;
                admit(&mut self.arp, now, Refusal::ArpRate)
            }
            ETHERTYPE_IPV4 => {
                dhcp::check_frame(frame, &self.identity)?;
                admit(&mut self.dhcp, now, Refusal::DhcpRate)
            }
            other => Err(Refusal::EtherType(other)),
        }
    }

    /// Whether `payload` may leave for `destination` by the UDP socket at `now`; if so, it counts
    /// towards the rate of DHCP.
    pub(crate) fn admit_datagram(
        &mut self,
        now: Instant,
        destination: Ipv4Addr,
        payload: &[u8],
    ) -> Result<(), Refusal> {
        dhcp::check_datagram(destination, payload, &self.identity)?;
        admit(&mut self.dhcp, now, Refusal::DhcpRate)
    }
}

fn admit(rate: &mut RateLimit, now: Instant, refusal: Refusal) -> Result<(), Refusal> {
    if rate.admit(now) {
        Ok(())
    } else {
        Err(refusal)
    }
}

/// IEEE 802: the lowest bit of the first octet marks a group address.
fn is_group(mac: MacAddress) -> bool {
    let [first, _, _, _, _, _] = mac.0;
    first & 1 == 1
}

/// The `N` octets at `offset`.
fn octets<const N: usize>(bytes: &[u8], offset: usize) -> Result<[u8; N], Refusal> {
    bytes
        .get(offset..)
        .and_then(|rest| rest.first_chunk())
        .copied()
        .ok_or(Refusal::Length)
}

/// Demands that `frame` ends after `length` octets, or is padded with zeros to what Ethernet wants.
fn check_end(frame: &[u8], length: usize) -> Result<(), Refusal> {
    let trailer = frame.get(length..).ok_or(Refusal::Length)?;
    let is_padding =
        frame.len() <= SHORTEST_ETHERNET_FRAME && trailer.iter().all(|octet| *octet == 0);
    if trailer.is_empty() || is_padding {
        Ok(())
    } else {
        Err(Refusal::Length)
    }
}
