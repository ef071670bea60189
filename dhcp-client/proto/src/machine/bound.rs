//! BOUND: the lease is in force, and nothing is sent before T1 (RFC 2131 section 4.4.5).

use alloc::boxed::Box;

use super::{
    acquisition::Acquisition,
    context::Context,
    held::Held,
    init::Init,
    rebinding::Rebinding,
    renewing::Renewing,
    surface::{Action, ConfigureCause, DeconfigureCause, UpdateCause},
    timer::{Timer, Timers},
    transition::Transition,
};
use crate::lease::Lease;

/// Waits for T1.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) held: Held,
}

impl Bound {
    /// Takes up a lease that came out of an acquisition. Where another one is in force, after the
    /// link was away, it is changed to the new one and not taken down in between.
    pub(super) fn acquired(
        in_force: Option<Held>,
        lease: Box<Lease>,
        cause: ConfigureCause,
    ) -> Transition {
        match in_force {
            None => Self::applying(Held::configure(lease, cause)),
            Some(held) if held.lease.server_identifier == lease.server_identifier => {
                Self::extended(held, lease, UpdateCause::Renewed)
            }
            Some(held) => Self::extended(held, lease, UpdateCause::Rebound),
        }
    }

    /// Takes up a lease in place of the one in force.
    pub(super) fn extended(held: Held, lease: Box<Lease>, cause: UpdateCause) -> Transition {
        Self::applying(held.update(lease, cause))
    }

    fn applying((held, action): (Held, Action)) -> Transition {
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
    pub(super) fn fire(self, timer: Timer, context: &mut Context) -> Transition {
        match timer {
            Timer::Expiry => expire(self.held, context),
            Timer::Rebinding => Rebinding::enter(self.held, context.now, context),
            Timer::Renewal => Renewing::enter(self.held, context),
            Timer::GiveUp | Timer::Retransmission | Timer::Start => Transition::to(self),
        }
    }
}

/// RFC 2131 section 4.4.5: "If the lease expires before the client receives a DHCPACK, the client
/// moves to INIT state, MUST immediately stop any other network processing and requests network
/// initialization parameters as if the client were uninitialized."
pub(super) fn expire(held: Held, context: &Context) -> Transition {
    let mut acquisition = Acquisition::holding(context.now, held);
    let action = acquisition.lose(DeconfigureCause::Expired);
    Transition::to(Init::again(acquisition, context)).acting(action)
}
