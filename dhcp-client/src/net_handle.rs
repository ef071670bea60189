//! Who holds the sockets of an interface: this process, or another one on the privileged side.

use std::{net::Ipv4Addr, rc::Rc};

use dhcp_network::Network;
use sdk_rpc::{Counter, MacAddress, NetOwner, NetOwnerClient};
use tokio::{sync::mpsc, task::spawn_local};

/// The owner's end of a network, wherever that is.
#[derive(Clone, Debug)]
pub(crate) enum NetHandle {
    /// Here.
    Local(Network),
    /// In another process; what it is told is told in order.
    Remote(mpsc::UnboundedSender<Told>),
}

/// What a network in another process is told.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Told {
    Address(Option<Ipv4Addr>),
    Mac(MacAddress),
}

impl NetHandle {
    /// A network in another process; `warn` takes what it does not do.
    pub(crate) fn remote(owner: NetOwnerClient, warn: Rc<dyn Fn(&str)>) -> Self {
        let (sender, mut told) = mpsc::unbounded_channel();
        spawn_local(async move {
            while let Some(told) = told.recv().await {
                let result = match told {
                    Told::Address(address) => owner.set_address(address).await,
                    Told::Mac(mac) => owner.set_mac(mac).await,
                };
                if let Err(error) = result {
                    warn(&format!("the network role: {error}"));
                }
            }
        });
        Self::Remote(sender)
    }

    /// The address in force from now on, or that there is none.
    ///
    /// # Errors
    /// What is not to be had with it; that it is in force stands.
    pub(crate) fn set_address(&self, address: Option<Ipv4Addr>) -> Result<(), String> {
        match self {
            Self::Local(network) => network
                .set_address(address)
                .map_err(|error| error.to_string()),
            Self::Remote(sender) => {
                // Without its network this process ends; there is nothing to set any more.
                let _gone = sender.send(Told::Address(address));
                Ok(())
            }
        }
    }

    /// The interface's own address from now on.
    pub(crate) fn set_mac(&self, mac: MacAddress) {
        match self {
            Self::Local(network) => network.set_mac(mac),
            Self::Remote(sender) => {
                let _gone = sender.send(Told::Mac(mac));
            }
        }
    }

    /// What happened at the interface, where it is known here.
    pub(crate) fn counters(&self) -> Vec<Counter> {
        match self {
            Self::Local(network) => network.counters().named(),
            // In split mode nobody is told: see "Known limits" in SECURITY.md.
            Self::Remote(_) => Vec::new(),
        }
    }
}
