//! What goes into the machine and what comes out of it: the whole contract with its driver.

use alloc::{boxed::Box, vec::Vec};
use core::net::Ipv4Addr;

use crate::lease::Lease;

/// Where the client begins.
#[expect(
    clippy::large_enum_variant,
    reason = "made once and consumed at once; a box would only burden the caller"
)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// With nothing: INIT.
    Init,
    /// With the address of an earlier lease that no longer is configured: INIT-REBOOT.
    Reboot {
        /// The address to be confirmed.
        address: Ipv4Addr,
    },
    /// With an address that the operator gave the interface, about which servers are asked (DHCPINFORM).
    /// Nothing is put in force before one has answered, but what is sent comes from this address.
    Inform {
        /// The address.
        address: Ipv4Addr,
        /// 0 to 32.
        prefix_length: u8,
    },
    /// With a lease that is configured on the host now. A server's: BOUND, RENEWING or REBINDING as the
    /// clock says, or INIT when it is over. A link-local address: INIT, and it is kept meanwhile.
    Resume(Lease),
}

/// What happened to the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// The interface is up and has carrier.
    Up,
    /// It is not up or has no carrier.
    Down,
    /// It has this MAC address now.
    Mac([u8; 6]),
}

/// What the operator asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Extend the lease now, with its own server; of the operator's address, ask the servers again.
    Renew,
    /// Extend the lease now, with any server.
    Rebind,
    /// Give the lease back and stop.
    Release,
    /// Stop without a word, and leave the host's configuration as it is.
    Stop,
}

/// What came of an [`Action::Configure`] or [`Action::Update`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It is in force.
    Done,
    /// Policy or the kernel refused; nothing changed.
    Refused,
    /// The host found that another one uses the address; nothing changed.
    InUse,
}

/// Bytes to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transmit {
    /// A whole Ethernet frame: a message, or an ARP packet.
    Frame(Vec<u8>),
    /// A UDP payload from port 68 of the leased address to port 67 of `destination`, by way of the
    /// host's routes.
    Datagram {
        /// The server.
        destination: Ipv4Addr,
        /// The message.
        payload: Vec<u8>,
    },
}

/// What the host should do.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Put a lease in force where there is none.
    Configure {
        /// The lease.
        lease: Box<Lease>,
        /// Why.
        cause: ConfigureCause,
    },
    /// Change the lease in force to this one. Its address may be another: then it replaces the old one.
    Update {
        /// The lease.
        lease: Box<Lease>,
        /// Why.
        cause: UpdateCause,
    },
    /// Take the lease out of force, at once.
    Deconfigure {
        /// Why.
        cause: DeconfigureCause,
    },
    /// Nothing; but whoever waits for a lease may want to know why there is none. Where a lease went for
    /// the same reason, this comes after its `Deconfigure`.
    Setback(Setback),
}

/// Why a lease is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigureCause {
    /// A new lease.
    Bound,
    /// A remembered address that a server confirmed.
    Rebooted,
    /// An address that the host gave itself.
    LinkLocal,
    /// What a server said of the operator's address.
    Informed,
    /// Nothing is to be put in force: a server would give this ([`Config::offers_only`]).
    ///
    /// [`Config::offers_only`]: super::Config::offers_only
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
    /// The host refused a lease, and the link-local address that was to make room for it stays.
    LinkLocal,
    /// A server said again what belongs to the operator's address.
    Informed,
}

/// Why a configured lease goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeconfigureCause {
    /// A server said that the address is not for this client, or gave it another one that the host
    /// refused.
    Nak,
    /// Its time is over.
    Expired,
    /// It was given back.
    Released,
    /// Another host uses the address.
    Conflict,
    /// The network wants no IPv4 of hosts that can do without (RFC 8925).
    Ipv6Only,
    /// The MAC address is another one: the lease belongs to the client that was.
    Stopped,
}

/// Why there is no lease yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setback {
    /// No server gave a lease in the time that an attempt has.
    NoAnswer,
    /// A server said no to the address asked for.
    Refused,
    /// Another host uses the address.
    Conflict,
    /// The network wants no IPv4 of hosts that can do without (RFC 8925).
    Ipv6Only,
}

/// Where the client is: the states of RFC 2131 figure 5, and some of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// INIT: about to send DHCPDISCOVER, or waiting for the link.
    Init,
    /// SELECTING: DHCPDISCOVER is out.
    Selecting,
    /// REQUESTING: an offer is chosen, DHCPREQUEST is out.
    Requesting,
    /// Ours, not the RFC's: a server gave a lease, and other hosts are asked whether they have the address
    /// (RFC 5227 section 2.1).
    Probing,
    /// BOUND
    Bound,
    /// RENEWING: the lease's own server is asked for more time.
    Renewing,
    /// REBINDING: every server is asked for more time.
    Rebinding,
    /// INIT-REBOOT: has an address to be confirmed, and waits for the link.
    InitReboot,
    /// REBOOTING: the servers are asked to confirm the address.
    Rebooting,
    /// Ours, not the RFC's: another host has the address that a server gave, and there is a pause (RFC 2131
    /// section 3.1).
    DeclineWait,
    /// Ours, not the RFC's: the servers are asked about the operator's address (RFC 2131 section 4.4.3).
    Informing,
    /// Ours, not the RFC's: the network asked hosts to do without IPv4, and DHCP rests (RFC 8925).
    Ipv6Only,
    /// Ours, not the RFC's: after [`Command::Release`] or [`Command::Stop`] nothing happens any more.
    Stopped,
}

impl State {
    /// Every state, in the order of the variants.
    pub const ALL: [Self; 13] = [
        Self::Init,
        Self::Selecting,
        Self::Requesting,
        Self::Probing,
        Self::Bound,
        Self::Renewing,
        Self::Rebinding,
        Self::InitReboot,
        Self::Rebooting,
        Self::DeclineWait,
        Self::Informing,
        Self::Ipv6Only,
        Self::Stopped,
    ];

    /// The RFC's word for it, as logs and counters have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Init => "INIT",
            Self::Selecting => "SELECTING",
            Self::Requesting => "REQUESTING",
            Self::Probing => "PROBING",
            Self::Bound => "BOUND",
            Self::Renewing => "RENEWING",
            Self::Rebinding => "REBINDING",
            Self::InitReboot => "INIT-REBOOT",
            Self::Rebooting => "REBOOTING",
            Self::DeclineWait => "DECLINE-WAIT",
            Self::Informing => "INFORMING",
            Self::Ipv6Only => "IPV6-ONLY",
            Self::Stopped => "STOPPED",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::State;

    #[test]
    fn every_state_up_to_the_last_is_listed() {
        for (place, state) in State::ALL.into_iter().enumerate() {
            assert_eq!(state as usize, place, "{}", state.name());
        }
        assert_eq!(State::Stopped as usize + 1, State::ALL.len());
    }
}
