//! A lease: an address with its prefix, its times and the parameters that came with it.

use alloc::{string::String, vec::Vec};
use core::net::Ipv4Addr;

use crate::{parameter::Parameter, time::Instant};

/// One route: `gateway` 0.0.0.0 means on-link (RFC 3442).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    /// Network address, host bits cleared.
    pub destination: Ipv4Addr,
    /// 0 to 32.
    pub prefix_length: u8,
    /// Next hop.
    pub gateway: Ipv4Addr,
}

/// Who gave a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A server.
    Server,
    /// The host itself: an address of 169.254.0.0/16 (RFC 3927).
    LinkLocal,
    /// The operator gave the address, and a server the rest (DHCPINFORM).
    Inform,
}

/// A lease as the server gave it, with times as points on CLOCK_BOOTTIME.
///
/// `renew_at <= rebind_at <= expires_at`; all three are `None` for an infinite lease. They count from
/// the first sending of the message that the DHCPACK answers (RFC 2131 section 4.4.1 and 4.4.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The address (yiaddr of the DHCPACK).
    pub address: Ipv4Addr,
    /// From option 1, else by address class.
    pub prefix_length: u8,
    /// Option 28.
    pub broadcast: Option<Ipv4Addr>,
    /// Who gave it.
    pub origin: Origin,
    /// Option 54 of the DHCPACK, or the IP source where the server sent none. 0.0.0.0 where no server can
    /// be asked anything about the address: it is link-local, or came by BOOTP.
    pub server_identifier: Ipv4Addr,
    /// Option 3, in order of preference.
    pub routers: Vec<Ipv4Addr>,
    /// Routes of option 121, else 249, else 33. With 121 or 249 `routers` is empty:
    /// RFC 3442: "the DHCP client MUST ignore the Router option".
    pub routes: Vec<Route>,
    /// Option 6.
    pub dns: Vec<Ipv4Addr>,
    /// Option 42.
    pub ntp: Vec<Ipv4Addr>,
    /// Option 15.
    pub domain: Option<String>,
    /// Option 119.
    pub search: Vec<String>,
    /// Option 12.
    pub host_name: Option<String>,
    /// Option 26.
    pub mtu: Option<u16>,
    /// Option 51, seconds; `None` is infinite.
    pub lease_seconds: Option<u32>,
    /// First sending of the message that the DHCPACK answered.
    pub acquired_at: Instant,
    /// T1.
    pub renew_at: Option<Instant>,
    /// T2.
    pub rebind_at: Option<Instant>,
    /// End of the lease.
    pub expires_at: Option<Instant>,
    /// siaddr: the server of the next step of a boot; 0.0.0.0 is none.
    pub next_server: Ipv4Addr,
    /// 'sname', where it does not hold options.
    pub server_name: Option<String>,
    /// 'file', where it does not hold options.
    pub boot_file: Option<String>,
    /// Every option, also those above, each code once, in the order of the codes.
    pub parameters: Vec<Parameter>,
}
