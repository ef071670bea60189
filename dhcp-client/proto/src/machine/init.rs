//! INIT: about to look for a server (RFC 2131 section 4.4.1).

use super::{
    acquisition::Acquisition,
    backoff::{attempt_end, nak_delay},
    context::Context,
    held::Held,
    selecting::Selecting,
    surface::{DeconfigureCause, Setback},
    timer::{Step, Timers},
    transition::Transition,
};
use crate::time::{Duration, Instant};

/// How long a lease that the host refused keeps the client from asking for another. RFC 2131 section
/// 3.1 has it for a declined address: "The client SHOULD wait a minimum of ten seconds before
/// restarting the configuration process to avoid excessive network traffic in case of looping."
pub(super) const REFUSAL_DELAY: Duration = Duration::from_secs(10);

/// Waits for its time to come, and for the link.
#[derive(Debug)]
pub(super) struct Init {
    pub(super) acquisition: Acquisition,
    /// When DHCPDISCOVER may be sent.
    pub(super) not_before: Instant,
}

impl Init {
    /// For a client that just started. RFC 2131 section 4.4.1: "The client SHOULD wait a random time
    /// between one and ten seconds to desynchronize the use of DHCP at startup.": as long as configured.
    pub(super) fn first(acquisition: Acquisition, context: &mut Context) -> Self {
        let delay = context.random.up_to(context.config.start_delay);
        Self {
            acquisition,
            not_before: context.after(delay),
        }
    }

    /// At once, in an acquisition that goes on.
    pub(super) fn again(acquisition: Acquisition, context: &Context) -> Self {
        Self {
            acquisition,
            not_before: context.now,
        }
    }

    /// RFC 2131 section 3.1 step 5: "If the client receives a DHCPNAK message, the client restarts
    /// the configuration process." The address it had in mind is not suggested again.
    pub(super) fn after_nak(mut acquisition: Acquisition, context: &Context) -> Transition {
        let action = acquisition.lose(DeconfigureCause::Nak, context);
        acquisition.naks = acquisition.naks.saturating_add(1);
        acquisition.wanted = None;
        let not_before = context.after(nak_delay(acquisition.naks));
        Transition::to(Self {
            acquisition,
            not_before,
        })
        .acting(action)
        .telling(Some(Setback::Refused))
    }

    /// For a client whose server does not keep its word. As after a DHCPNAK, so that it is not asked in a
    /// loop.
    pub(super) fn after_broken_promise(
        mut acquisition: Acquisition,
        context: &Context,
    ) -> Transition {
        acquisition.naks = acquisition.naks.saturating_add(1);
        let not_before = context.after(nak_delay(acquisition.naks));
        Transition::to(Self {
            acquisition,
            not_before,
        })
    }

    /// No server gave a lease in the time that an attempt has. RFC 2131 section 3.1 step 5: "The client
    /// SHOULD notify the user that the initialization process has failed and is restarting." A client
    /// whose link came back, and that still has its lease, has not failed.
    pub(super) fn after_attempt(mut acquisition: Acquisition, context: &Context) -> Transition {
        let pace = context.config.pace;
        let not_before = context.after(pace.pause);
        acquisition.attempt_ends_at = attempt_end(pace, not_before);
        let setback = (!acquisition.is_leased()).then_some(Setback::NoAnswer);
        Transition::to(Self {
            acquisition,
            not_before,
        })
        .telling(setback)
    }

    /// For a client whose lease the host did not take, with what the host has instead.
    pub(super) fn after_refusal(own: Option<Held>, context: &Context) -> Self {
        Self {
            acquisition: Acquisition {
                held: own,
                ..Acquisition::new(context)
            },
            not_before: context.after(REFUSAL_DELAY),
        }
    }

    pub(super) fn timers(&self, link_up: bool) -> Timers {
        Timers {
            start: link_up.then_some(self.not_before),
            ..self.acquisition.timers()
        }
    }

    pub(super) fn fire(self, step: Step, context: &mut Context) -> Transition {
        match step {
            Step::Start => Selecting::enter(self.acquisition, context),
            Step::Rebinding | Step::GiveUp | Step::Renewal | Step::Probe | Step::Retransmission => {
                Transition::to(self)
            }
        }
    }
}
