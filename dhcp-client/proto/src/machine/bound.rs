//! BOUND: the lease is in force, and nothing is sent before T1 (RFC 2131 section 4.4.5).

use alloc::boxed::Box;

use super::{
    acquisition::Acquisition,
    config::ConflictDetection,
    context::Context,
    held::{Gained, Held},
    init::Init,
    probing::Probing,
    rebinding::Rebinding,
    renewing::Renewing,
    surface::DeconfigureCause,
    timer::{Step, Timers},
    transition::Transition,
};
use crate::lease::Lease;

/// Waits for T1.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) held: Held,
}

impl Bound {
    /// Takes up a server's lease, at once or after its address was probed for.
    pub(super) fn take_up(
        acquisition: Acquisition,
        lease: Box<Lease>,
        gained: Gained,
        context: &mut Context,
    ) -> Transition {
        let in_force = acquisition.held.as_ref();
        let is_new = in_force.is_none_or(|held| held.lease.address != lease.address);
        // RFC 2131 section 2.2: "As a consistency check, the allocating server SHOULD probe the reused
        // address before allocating the address, e.g., with an ICMP echo request, and the client SHOULD
        // probe the newly received address, e.g., with ARP." RFC 2131 section 3.1 step 5: "The client
        // SHOULD perform a final check on the parameters (e.g., ARP for allocated network address)".
        // RFC 2131 section 4.4.1: "The client SHOULD perform a check on the suggested address to ensure
        // that the address is not already in use."
        if is_new && context.config.conflict_detection == ConflictDetection::Full {
            return Probing::enter(acquisition, lease, gained, context);
        }
        Self::apply(acquisition.held, lease, gained, context)
    }

    /// Has the host put a lease in force, in place of another if there is one.
    pub(super) fn apply(
        in_force: Option<Held>,
        lease: Box<Lease>,
        gained: Gained,
        context: &mut Context,
    ) -> Transition {
        let (held, action) = Held::take_up(in_force, lease, gained, context);
        Transition::to(Self { held }).acting(Some(action))
    }

    pub(super) fn timers(&self) -> Timers {
        Timers {
            expiry: self.held.lease.expires_at,
            rebinding: self.held.lease.rebind_at,
            renewal: self.held.lease.renew_at,
            ..Timers::default()
        }
    }

    /// RFC 2131 section 4.4.5: "At time T1 the client moves to RENEWING state".
    pub(super) fn fire(self, step: Step, context: &mut Context) -> Transition {
        match step {
            Step::Rebinding => Rebinding::enter(self.held, context.now, context),
            Step::Renewal => Renewing::enter(self.held, context),
            Step::GiveUp | Step::Probe | Step::Retransmission | Step::Start => Transition::to(self),
        }
    }
}

/// RFC 2131 section 4.4.5: "If the lease expires before the client receives a DHCPACK, the client
/// moves to INIT state, MUST immediately stop any other network processing and requests network
/// initialization parameters as if the client were uninitialized.  If the client then receives a DHCPACK
/// allocating that client its previous network address, the client SHOULD continue network processing."
pub(super) fn expire(held: Held, context: &Context) -> Transition {
    let mut acquisition = Acquisition::holding(held, context);
    let action = acquisition.lose(DeconfigureCause::Expired, context);
    Transition::to(Init::again(acquisition, context)).acting(action)
}
