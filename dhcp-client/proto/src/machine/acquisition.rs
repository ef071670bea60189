//! What goes along from state to state while a lease is sought.

use core::net::Ipv4Addr;

use super::{
    acceptance::is_host,
    backoff::attempt_end,
    context::Context,
    held::Held,
    link_local::LinkLocal,
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
    ///
    /// Or a link-local address, which nobody asks a server for.
    pub(super) held: Option<Held>,
    /// The search for a link-local address; it rests while anything is held.
    pub(super) link_local: LinkLocal,
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
            link_local: LinkLocal::new(context),
        }
    }

    /// From nothing but what the operator would like.
    pub(super) fn first(context: &Context) -> Self {
        Self {
            wanted: context.config.wanted_address.filter(|it| is_host(*it)),
            ..Self::new(context)
        }
    }

    /// With a lease in force that is to be confirmed, or an address that the host gave itself.
    pub(super) fn holding(held: Held, context: &Context) -> Self {
        Self {
            wanted: held.is_leased().then_some(held.lease.address),
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

    /// Whether a server's lease is in force.
    pub(super) fn is_leased(&self) -> bool {
        self.held.as_ref().is_some_and(Held::is_leased)
    }

    /// Gives up the lease in force. An address that the host gave itself is none, and stays.
    pub(super) fn lose(&mut self, cause: DeconfigureCause, context: &Context) -> Option<Action> {
        if !self.is_leased() {
            return None;
        }
        self.lose_all(cause, context)
    }

    /// Gives up whatever is in force.
    pub(super) fn lose_all(
        &mut self,
        cause: DeconfigureCause,
        context: &Context,
    ) -> Option<Action> {
        let lost = self.held.take().map(|_| Action::Deconfigure { cause });
        // RFC 3927 section 1.9: "If a host finds that an interface no longer has an operable routable
        // address available, the host MAY identify a usable IPv4 Link-Local address (as described in
        // section 2) and assign that address to the interface."
        if lost.is_some() {
            self.link_local = LinkLocal::new(context);
        }
        lost
    }

    /// With nothing in mind, but for what the host gave itself or is about to.
    pub(super) fn forgetting(self, context: &Context) -> Self {
        let fresh = Self::new(context);
        let keeps = self.held.is_some() || self.link_local.is_under_way();
        Self {
            held: self.held,
            link_local: if keeps {
                self.link_local
            } else {
                fresh.link_local
            },
            ..fresh
        }
    }
}
