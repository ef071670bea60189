//! The network interface as the kernel describes it, asked without privilege.
//!
//! Asked through system calls rather than /sys, which shows the network namespace that was current
//! when it was mounted.

use std::{fmt, os::fd::AsRawFd};

use nix::{
    errno::Errno,
    ifaddrs::getifaddrs,
    net::if_::InterfaceFlags,
    sys::socket::{AddressFamily, SockFlag, SockType, socket},
};
use sdk_rpc::{LinkState, MacAddress};

/// One Ethernet interface, as it was when looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// The kernel's name for it.
    pub name: String,
    /// The kernel's number for it; stays when the name changes.
    pub index: u32,
    /// Its own address.
    pub mac: MacAddress,
    /// Octets.
    pub mtu: u32,
    /// Administratively up.
    pub up: bool,
    /// Carrier present, and the kernel has finished to take note of it; never without `up`. Between
    /// the two (IFF_LOWER_UP, then IFF_RUNNING) it silently discards what is sent.
    pub carrier: bool,
}

/// Why there is no interface to work on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InterfaceError {
    /// No interface has the name.
    Absent {
        /// The name looked for.
        name: String,
    },
    /// The interface is of another kind.
    NotEthernet {
        /// The interface.
        name: String,
        /// Its ARPHRD number (linux/if_arp.h).
        hardware_type: u16,
    },
    /// The kernel did not answer.
    Query {
        /// The interface.
        name: String,
        /// What was asked for.
        what: &'static str,
        /// The kernel's answer.
        errno: Errno,
    },
}

impl fmt::Display for InterfaceError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent { name } => write!(
                formatter,
                "{name:?}: no such interface; choose one that `ip link` lists"
            ),
            Self::NotEthernet {
                name,
                hardware_type,
            } => write!(
                formatter,
                "{name}: not an Ethernet interface (hardware type {hardware_type}); DHCP is spoken on \
                 Ethernet only, choose another interface"
            ),
            Self::Query { name, what, errno } => write!(
                formatter,
                "{name}: the kernel does not tell the {what}: {}; check that the interface still exists",
                errno.desc()
            ),
        }
    }
}

impl std::error::Error for InterfaceError {}

impl Interface {
    /// Looks up an Ethernet interface of the current network namespace. A link that is down or has no
    /// carrier is a state, not an error.
    pub fn lookup(name: &str) -> Result<Self, InterfaceError> {
        let query = |what, errno| InterfaceError::Query {
            name: name.to_owned(),
            what,
            errno,
        };
        let entry = getifaddrs()
            .map_err(|errno| query("list of interfaces", errno))?
            .filter(|entry| entry.interface_name == name)
            .find_map(|entry| Some((entry.flags, *entry.address?.as_link_addr()?)));
        let Some((flags, link)) = entry else {
            return Err(InterfaceError::Absent {
                name: name.to_owned(),
            });
        };
        if link.hatype() != libc::ARPHRD_ETHER {
            return Err(InterfaceError::NotEthernet {
                name: name.to_owned(),
                hardware_type: link.hatype(),
            });
        }
        let no_such_device = |what| query(what, Errno::ENODEV);
        Ok(Self {
            name: name.to_owned(),
            index: u32::try_from(link.ifindex()).map_err(|_| no_such_device("index"))?,
            mac: MacAddress(link.addr().ok_or_else(|| no_such_device("address"))?),
            mtu: mtu(name).map_err(|errno| query("MTU", errno))?,
            up: flags.contains(InterfaceFlags::IFF_UP),
            carrier: flags.contains(
                InterfaceFlags::IFF_UP | InterfaceFlags::IFF_LOWER_UP | InterfaceFlags::IFF_RUNNING,
            ),
        })
    }

    /// The part that a calf is told.
    pub fn link_state(&self) -> LinkState {
        LinkState {
            up: self.up,
            carrier: self.carrier,
            mac: self.mac,
            mtu: self.mtu,
        }
    }
}

/// The interface's MTU: the one thing `getifaddrs` leaves out.
fn mtu(name: &str) -> Result<u32, Errno> {
    let mut request = libc::ifreq {
        ifr_name: [0; libc::IFNAMSIZ],
        ifr_ifru: libc::__c_anonymous_ifr_ifru { ifru_mtu: 0 },
    };
    if name.len() >= libc::IFNAMSIZ {
        return Err(Errno::ENODEV);
    }
    for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *to = libc::c_char::from_ne_bytes([from]);
    }
    // Any socket will do: the request is about the namespace that it was made in.
    let any = socket(
        AddressFamily::Inet,
        SockType::Datagram,
        SockFlag::SOCK_CLOEXEC,
        None,
    )?;
    // SAFETY: the descriptor is open; SIOCGIFMTU (netdevice(7)) reads the name, which ends in a NUL
    // because it is shorter than the array, and writes inside `request`, which lives through the call.
    let result = unsafe { libc::ioctl(any.as_raw_fd(), libc::SIOCGIFMTU, &raw mut request) };
    Errno::result(result)?;
    // SAFETY: the call succeeded, so the kernel wrote this field, of which any bits are an int.
    let mtu = unsafe { request.ifr_ifru.ifru_mtu };
    u32::try_from(mtu).map_err(|_| Errno::EINVAL)
}
