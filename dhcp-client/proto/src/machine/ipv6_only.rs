//! IPV6-ONLY, which is ours and not RFC 2131's: the network asked hosts to do without IPv4, this one said
//! that it can, and DHCP rests for a while (RFC 8925 section 3.2).

use super::{
    acquisition::Acquisition,
    context::Context,
    init::Init,
    surface::{DeconfigureCause, Setback},
    timer::{Step, Timers},
    transition::Transition,
};
use crate::{
    message::Received,
    time::{Duration, Instant},
    wire,
};

/// RFC 8925 section 3.4: "MIN_V6ONLY_WAIT:  The lower boundary for V6ONLY_WAIT.  Value: 300 seconds",
/// and of V6ONLY_WAIT: "The value MUST NOT be less than MIN_V6ONLY_WAIT seconds."
const MIN_V6ONLY_WAIT: Duration = Duration::from_secs(300);

/// Waits for the time that the server named, or for the link to come back.
#[derive(Debug)]
pub(super) struct Ipv6Only {
    until: Instant,
}

impl Ipv6Only {
    /// How long DHCP is to rest, if this message says so. RFC 8925 section 3.2: "If the client did not
    /// include the IPv6-Only Preferred option code in the Parameter Request List in the DHCPDISCOVER or
    /// DHCPREQUEST message, it MUST ignore the IPv6-Only Preferred option in any messages received from the
    /// server."
    pub(super) fn wait(received: &Received, context: &Context) -> Option<Duration> {
        let requested = &context.config.parameter_request_list;
        let seconds = received.options.ipv6_only?;
        // RFC 8925 section 3.2: "If the IPv6-Only Preferred option returned by the server contains a value
        // greater than or equal to MIN_V6ONLY_WAIT, the client SHOULD set the V6ONLY_WAIT timer to that
        // value. Otherwise, the client SHOULD set the V6ONLY_WAIT timer to MIN_V6ONLY_WAIT."
        let wait = Duration::from_secs(seconds.into()).max(MIN_V6ONLY_WAIT);
        requested
            .contains(&wire::IPV6_ONLY_PREFERRED)
            .then_some(wait)
    }

    /// RFC 8925 section 3.2: "The client SHOULD stop the DHCPv4 configuration process for V6ONLY_WAIT
    /// seconds or until a network attachment event, whichever happens first."
    pub(super) fn enter(
        mut acquisition: Acquisition,
        wait: Duration,
        context: &Context,
    ) -> Transition {
        let action = acquisition.lose_all(DeconfigureCause::Ipv6Only, context);
        Transition::to(Self {
            until: context.after(wait),
        })
        .acting(action)
        .telling(Some(Setback::Ipv6Only))
    }

    /// The link is gone: when it is back, that is a network attachment event.
    pub(super) fn interrupted(context: &Context) -> Transition {
        Transition::to(Init::again(Acquisition::first(context), context))
    }

    pub(super) fn timers(&self) -> Timers {
        Timers {
            start: Some(self.until),
            ..Timers::default()
        }
    }

    pub(super) fn fire(self, step: Step, context: &Context) -> Transition {
        match step {
            Step::Start => Transition::to(Init::again(Acquisition::first(context), context)),
            Step::Rebinding | Step::GiveUp | Step::Renewal | Step::Probe | Step::Retransmission => {
                Transition::to(self)
            }
        }
    }
}
