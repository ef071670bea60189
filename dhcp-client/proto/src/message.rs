//! What the wire layer hands to the machine and takes from it: checked values, never raw bytes.

use alloc::{collections::BTreeSet, string::String, vec::Vec};
use core::{fmt, net::Ipv4Addr};

use crate::{lease::Route, parameter::Parameter, wire::Signature};

/// DHCP message type, option 53 (RFC 2132 section 9.6), and the two messages that have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MessageType {
    /// DHCPDISCOVER
    Discover,
    /// DHCPOFFER
    Offer,
    /// DHCPREQUEST
    Request,
    /// DHCPDECLINE
    Decline,
    /// DHCPACK
    Ack,
    /// DHCPNAK
    Nak,
    /// DHCPRELEASE
    Release,
    /// DHCPINFORM
    Inform,
    /// DHCPFORCERENEW (RFC 3203)
    ForceRenew,
    /// BOOTREQUEST of BOOTP, without option 53 (RFC 951)
    BootRequest,
    /// BOOTREPLY of BOOTP, without option 53 (RFC 951)
    BootReply,
}

impl MessageType {
    /// The RFC's word without its DHCP prefix: `DISCOVER`, `OFFER`, ... and `BOOTREPLY`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Discover => "DISCOVER",
            Self::Offer => "OFFER",
            Self::Request => "REQUEST",
            Self::Decline => "DECLINE",
            Self::Ack => "ACK",
            Self::Nak => "NAK",
            Self::Release => "RELEASE",
            Self::Inform => "INFORM",
            Self::ForceRenew => "FORCERENEW",
            Self::BootRequest => "BOOTREQUEST",
            Self::BootReply => "BOOTREPLY",
        }
    }
}

impl fmt::Display for MessageType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// Transaction id (RFC 2131 section 2): the same through one exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Xid(pub u32);

/// A server's message to this client after every check that needs no state: Ethernet, IPv4 and UDP
/// headers and checksums, op, htype, hlen, chaddr, cookie, option TLVs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) message_type: MessageType,
    pub(crate) xid: Xid,
    pub(crate) yiaddr: Ipv4Addr,
    pub(crate) siaddr: Ipv4Addr,
    /// IPv4 source address of the packet: the server, where option 54 does not name it.
    pub(crate) source: Ipv4Addr,
    /// IPv4 destination address of the packet, if it came to this interface's MAC address and to no other.
    pub(crate) unicast_to: Option<Ipv4Addr>,
    /// How a DHCPFORCERENEW is signed.
    pub(crate) signature: Option<Signature>,
    pub(crate) options: Options,
    /// 'sname', where it does not hold options.
    pub(crate) server_name: Option<String>,
    /// 'file', where it does not hold options.
    pub(crate) boot_file: Option<String>,
    /// Every option that is as it should be.
    pub(crate) parameters: Vec<Parameter>,
    /// The codes of all options, malformed ones too.
    pub(crate) present: BTreeSet<u8>,
}

/// The option values a client acts on. A malformed option is absent here and counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Option 54.
    pub(crate) server_identifier: Option<Ipv4Addr>,
    /// Whether option 145 promises a nonce that this client can use (RFC 6704).
    pub(crate) promises_nonce: bool,
    /// Whether option 80 is there (RFC 4039).
    pub(crate) rapid_commit: bool,
    /// Option 108, seconds (RFC 8925).
    pub(crate) ipv6_only: Option<u32>,
    /// Option 51, seconds; 0xffffffff means infinity.
    pub(crate) lease_time: Option<u32>,
    /// Option 58, seconds.
    pub(crate) renewal_time: Option<u32>,
    /// Option 59, seconds.
    pub(crate) rebinding_time: Option<u32>,
    /// Option 1 as a prefix length; a non-contiguous mask is malformed.
    pub(crate) prefix_length: Option<u8>,
    /// Option 28.
    pub(crate) broadcast: Option<Ipv4Addr>,
    /// Option 3.
    pub(crate) routers: Vec<Ipv4Addr>,
    /// Option 6.
    pub(crate) dns: Vec<Ipv4Addr>,
    /// Option 42.
    pub(crate) ntp: Vec<Ipv4Addr>,
    /// Option 15, a checked domain name.
    pub(crate) domain: Option<String>,
    /// Option 119, checked domain names.
    pub(crate) search: Vec<String>,
    /// Option 12, a checked host name.
    pub(crate) host_name: Option<String>,
    /// Option 26, octets.
    pub(crate) mtu: Option<u16>,
    /// Option 121, else 249: `None` when neither is there, since an empty list is not the same.
    pub(crate) classless_routes: Option<Vec<Route>>,
    /// Option 33, destination 0.0.0.0 already left out (RFC 2132 section 5.8).
    pub(crate) static_routes: Vec<Route>,
    /// Option 56, printable characters only.
    pub(crate) message: Option<String>,
}

/// What is said of the host's name in the domain name system (option 81, RFC 4702).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FullName {
    /// The name: with a dot it is whole, without one its domain is for the server to add, and empty it is
    /// all the server's.
    pub name: String,
    /// The flags octet of RFC 4702 section 2.1; only N, E and S are the client's to set.
    pub flags: u8,
}

/// A message to be encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outgoing<'a> {
    pub(crate) message_type: MessageType,
    pub(crate) xid: Xid,
    pub(crate) secs: u16,
    /// The BROADCAST bit; the other 15 are always 0 (RFC 2131 section 2).
    pub(crate) broadcast: bool,
    pub(crate) ciaddr: Ipv4Addr,
    pub(crate) chaddr: [u8; 6],
    /// Option 50.
    pub(crate) requested_address: Option<Ipv4Addr>,
    /// Option 54.
    pub(crate) server_identifier: Option<Ipv4Addr>,
    /// Option 61, type octet included; in every message, unless it is empty.
    pub(crate) client_identifier: &'a [u8],
    /// Option 80.
    pub(crate) rapid_commit: bool,
    /// Option 145.
    pub(crate) nonce_capable: bool,
    /// Option 51, seconds.
    pub(crate) lease_time: Option<u32>,
    /// Option 12; not sent beside `full_name`.
    pub(crate) host_name: Option<&'a str>,
    /// Option 81.
    pub(crate) full_name: Option<&'a FullName>,
    /// Option 60; empty means not sent.
    pub(crate) vendor_class: &'a [u8],
    /// Option 57, octets, at least 576; not sent in DHCPRELEASE and DHCPDECLINE.
    pub(crate) maximum_message_size: Option<u16>,
    /// Option 55; empty means not sent.
    pub(crate) parameter_request_list: &'a [u8],
    /// Options that the operator wants sent beside those above, which they never replace.
    pub(crate) sent: &'a [(u8, Vec<u8>)],
    /// Option 56, for DHCPDECLINE and DHCPRELEASE.
    pub(crate) message: Option<&'a str>,
}
