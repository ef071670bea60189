//! INIT: about to look for a server (RFC 2131 section 4.4.1).

use super::{
    acquisition::Acquisition,
    backoff::nak_delay,
    context::Context,
    selecting::Selecting,
    surface::DeconfigureCause,
    timer::{Timer, Timers},
    transition::Transition,
};
use crate::time::{Duration, Instant};

/// How long a lease that the host refused keeps the client from asking for another. RFC 2131 section
/// 3.1 has it for a declined address: "The client SHOULD wait a minimum of ten seconds before
/// restarting the configuration process to avoid excessive network traffic in case of looping."
const REFUSAL_DELAY: Duration = Duration::from_secs(10);

/// Waits for its time to come, and for the link.
#[derive(Debug)]
pub(super) struct Init {
    pub(super) acquisition: Acquisition,
    /// When DHCPDISCOVER may be sent.
    pub(super) not_before: Instant,
}

impl Init {
    /// For a client with nothing. RFC 2131 section 4.4.1: "The client SHOULD wait a random time
    /// between one and ten seconds to desynchronize the use of DHCP at startup": as long as configured.
    pub(super) fn first(context: &mut Context) -> Self {
        let delay = context.random.up_to(context.config.start_delay);
        Self {
            acquisition: Acquisition::new(context.now),
            not_before: context.after(delay),
        }
    }

    /// At once, in an attempt that goes on.
    pub(super) fn again(acquisition: Acquisition, context: &Context) -> Self {
        Self {
            acquisition,
            not_before: context.now,
        }
    }

    /// RFC 2131 section 3.1 step 5: "If the client receives a DHCPNAK message, the client restarts
    /// the configuration process." The address it had in mind is not suggested again.
    pub(super) fn after_nak(mut acquisition: Acquisition, context: &Context) -> Transition {
        let action = acquisition.lose(DeconfigureCause::Nak);
        acquisition.naks = acquisition.naks.saturating_add(1);
        acquisition.wanted = None;
        let not_before = context.after(nak_delay(acquisition.naks));
        Transition::to(Self {
            acquisition,
            not_before,
        })
        .acting(action)
    }

    /// For a client whose lease the host did not take.
    pub(super) fn after_refusal(context: &Context) -> Self {
        Self {
            acquisition: Acquisition::new(context.now),
            not_before: context.after(REFUSAL_DELAY),
        }
    }

    pub(super) fn timers(&self, link_up: bool) -> Timers {
        Timers {
            expiry: self.acquisition.expiry(),
            start: link_up.then_some(self.not_before),
            ..Timers::default()
        }
    }

    pub(super) fn fire(mut self, timer: Timer, context: &mut Context) -> Transition {
        match timer {
            Timer::Expiry => {
                let action = self.acquisition.lose(DeconfigureCause::Expired);
                Transition::to(self).acting(action)
            }
            Timer::Start => Selecting::enter(self.acquisition, context),
            Timer::Rebinding | Timer::GiveUp | Timer::Renewal | Timer::Retransmission => {
                Transition::to(self)
            }
        }
    }
}
