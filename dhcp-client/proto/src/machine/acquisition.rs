//! What goes along from state to state while a lease is sought.

use core::net::Ipv4Addr;

use super::{
    acceptance::is_host,
    backoff::attempt_end,
    context::Context,
    held::Held,
    surface::{Action, DeconfigureCause},
    timer::Timers,
};
use crate::time::Instant;

/// From INIT or INIT-REBOOT to BOUND, in one attempt or several.
#[derive(Debug)]
pub(super) struct Acquisition {
    /// For the secs field.
    pub(super) began_at: Instant,
    /// When the attempt that goes on is over.
    pub(super) attempt_ends_at: Option<Instant>,
    /// How many DHCPNAKs came since the last lease.
    pub(super) naks: u32,
    /// The address to suggest: RFC 2131 section 4.4.1: "The client MAY suggest a network address
    /// [...] by including the 'requested IP address'".
    pub(super) wanted: Option<Ipv4Addr>,
    /// A lease that is in force all the while. After the link was away its address is asked for
    /// anew, but it is not given up before a server says so or its time ends: RFC 2131 section 3.7:
    /// "If a client has knowledge of a previous network address and is unable to contact a local DHCP
    /// server, the client may continue to use the previous network address until the lease for that
    /// address expires."
    pub(super) held: Option<Held>,
}

impl Acquisition {
    /// From nothing.
    pub(super) fn new(context: &Context) -> Self {
        Self {
            began_at: context.now,
            attempt_ends_at: attempt_end(context.config.pace, context.now),
            naks: 0,
            wanted: None,
            held: None,
        }
    }

    /// From nothing but what the operator would like.
    pub(super) fn first(context: &Context) -> Self {
        Self {
            wanted: context.config.wanted_address.filter(|it| is_host(*it)),
            ..Self::new(context)
        }
    }

    /// With a lease in force that is to be confirmed.
    pub(super) fn holding(held: Held, context: &Context) -> Self {
        Self {
            wanted: Some(held.lease.address),
            held: Some(held),
            ..Self::new(context)
        }
    }

    /// After a pause this is another process, and another attempt.
    pub(super) fn begin_anew(&mut self, context: &Context) {
        self.began_at = context.now;
        self.attempt_ends_at = attempt_end(context.config.pace, context.now);
    }

    /// What runs in every state of an acquisition.
    pub(super) fn timers(&self) -> Timers {
        Timers {
            expiry: self.held.as_ref().and_then(|held| held.lease.expires_at),
            attempt: self.attempt_ends_at,
            ..Timers::default()
        }
    }

    /// Gives up the lease in force.
    pub(super) fn lose(&mut self, cause: DeconfigureCause) -> Option<Action> {
        self.held.take().map(|_| Action::Deconfigure { cause })
    }
}
