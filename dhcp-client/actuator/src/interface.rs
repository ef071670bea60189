//! The one interface that an actuator works on.

use core::fmt;
use std::io;

use sdk_rpc::LinkState;

use crate::{link_message::LinkFacts, netlink::Netlink, policy::Limits};

/// An interface of this network namespace.
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
        Ok(Self::of(
            facts.name.clone().unwrap_or_else(|| name.to_owned()),
            &facts,
        ))
    }

    pub(crate) fn of(name: String, facts: &LinkFacts) -> Self {
        Self {
            name,
            index: facts.index,
            link: facts.state,
            limits: Limits {
                highest_mtu: facts.highest_mtu,
            },
        }
    }
}
