//! The one interface that an actuator works on, and what the kernel says about a link.

use core::fmt;
use std::io;

use netlink_packet_core::NlasIterator;
use netlink_packet_route::link::{LinkFlags, LinkHeader, LinkLayerType};
use sdk_rpc::{LinkState, MacAddress};

use crate::{netlink::Netlink, policy::Limits};

/// Octets of ifinfomsg (rtnetlink(7)).
const LINK_HEADER: usize = 16;
/// IFLA_ADDRESS, IFLA_IFNAME, IFLA_MTU and IFLA_MAX_MTU of linux/if_link.h. Only these are read, so that
/// an attribute of a kernel to come cannot make a link unreadable.
const ADDRESS: u16 = 1;
const NAME: u16 = 3;
const MTU: u16 = 4;
const MAX_MTU: u16 = 51;

/// An Ethernet interface of this network namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Name, when it was found.
    pub name: String,
    /// What the kernel knows it by; stays when it is renamed.
    pub index: u32,
    /// The link when it was found.
    pub link: LinkState,
    /// What it can take.
    pub limits: Limits,
}

/// Why an interface cannot be used.
#[derive(Debug)]
pub enum InterfaceError {
    /// There is none of that name.
    Absent(String),
    /// Its frames are not Ethernet.
    NotEthernet(String),
    /// The kernel was not to be asked.
    Netlink(io::Error),
}

impl fmt::Display for InterfaceError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent(name) => {
                write!(
                    formatter,
                    "there is no interface {name}; `ip link` lists those there are"
                )
            }
            Self::NotEthernet(name) => write!(
                formatter,
                "{name} is not an Ethernet interface; name one that is, `ip link` shows link/ether"
            ),
            Self::Netlink(error) => write!(
                formatter,
                "cannot ask the kernel for interfaces ({error}); this needs a netlink socket"
            ),
        }
    }
}

impl std::error::Error for InterfaceError {}

impl Interface {
    /// Finds the Ethernet interface called `name`.
    ///
    /// # Errors
    /// One line that says what to do.
    pub fn find(netlink: &Netlink, name: &str) -> Result<Self, InterfaceError> {
        let facts = netlink
            .with(|kernel| kernel.link_by_name(name))
            .map_err(InterfaceError::Netlink)?
            .ok_or_else(|| InterfaceError::Absent(name.to_owned()))?;
        if !facts.ethernet {
            return Err(InterfaceError::NotEthernet(name.to_owned()));
        }
        Ok(Self {
            name: facts.name.unwrap_or_else(|| name.to_owned()),
            index: facts.index,
            link: facts.state,
            limits: Limits {
                highest_mtu: facts.highest_mtu,
            },
        })
    }
}

/// What a link message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LinkFacts {
    pub(crate) index: u32,
    pub(crate) name: Option<String>,
    pub(crate) ethernet: bool,
    pub(crate) state: LinkState,
    pub(crate) highest_mtu: u32,
}

impl LinkFacts {
    /// Reads ifinfomsg and its attributes.
    pub(crate) fn parse(payload: &[u8]) -> Option<Self> {
        let header = LinkHeader::parse(payload).ok()?;
        let mut mac = MacAddress([0; 6]);
        let (mut name, mut mtu, mut highest_mtu) = (None, 0, 0);
        let attributes = payload.get(LINK_HEADER..)?;
        for attribute in NlasIterator::new(attributes).map_while(Result::ok) {
            let value = attribute.value();
            match attribute.kind() {
                ADDRESS => mac = value.try_into().map_or(mac, MacAddress),
                NAME => {
                    let text = String::from_utf8_lossy(value);
                    name = Some(text.trim_end_matches('\0').to_owned());
                }
                MTU => mtu = value.try_into().map_or(mtu, u32::from_ne_bytes),
                MAX_MTU => highest_mtu = value.try_into().map_or(0, u32::from_ne_bytes),
                _ => {}
            }
        }
        let state = LinkState {
            up: header.flags.contains(LinkFlags::Up),
            // Not IFF_LOWER_UP: it comes before the queues are ready and frames get through, and before
            // an 802.1X or WPA supplicant is done (Documentation/networking/operstates.rst).
            carrier: header.flags.contains(LinkFlags::Running),
            mac,
            mtu,
        };
        Some(Self {
            index: header.index,
            name,
            ethernet: header.link_layer_type == LinkLayerType::Ether,
            state,
            // 0 is a driver that does not say: then whatever it has now is all that it surely takes.
            highest_mtu: if highest_mtu == 0 { mtu } else { highest_mtu },
        })
    }
}
