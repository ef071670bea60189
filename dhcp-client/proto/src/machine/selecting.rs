//! SELECTING: DHCPDISCOVER is out, and the first offer that can be kept is taken (RFC 2131 section
//! 4.4.1).

use super::{
    acceptance::{check_xid, offer},
    acquisition::Acquisition,
    backoff::Backoff,
    context::Context,
    draft::Draft,
    requesting::{Chosen, Requesting},
    timer::{Step, Timers},
    transition::Transition,
};
use crate::{
    discard::Discard,
    message::{MessageType, Received, Xid},
    time::Instant,
};

/// Waits for DHCPOFFER.
#[derive(Debug)]
pub(super) struct Selecting {
    pub(super) acquisition: Acquisition,
    xid: Xid,
    /// Of the last DHCPDISCOVER.
    secs: u16,
    backoff: Backoff,
    resend_at: Instant,
}

impl Selecting {
    /// RFC 2131 section 4.4.1: "The client generates and records a random transaction identifier and
    /// inserts that identifier into the 'xid' field."
    pub(super) fn enter(acquisition: Acquisition, context: &mut Context) -> Transition {
        let mut backoff = Backoff::default();
        let resend_at = backoff.sent(context);
        let selecting = Self {
            secs: context.secs_since(acquisition.began_at),
            xid: context.random.xid(),
            acquisition,
            backoff,
            resend_at,
        };
        let discover = selecting.discover();
        Transition::to(selecting).sending(discover)
    }

    fn discover(&self) -> Draft {
        Draft::Discover {
            xid: self.xid,
            secs: self.secs,
            wanted: self.acquisition.wanted,
        }
    }

    pub(super) fn timers(&self) -> Timers {
        Timers {
            retransmission: Some(self.resend_at),
            ..self.acquisition.timers()
        }
    }

    /// RFC 2131 section 3.1 step 3: "The client times out and retransmits the DHCPDISCOVER message
    /// if the client receives no DHCPOFFER messages."
    pub(super) fn fire(mut self, step: Step, context: &mut Context) -> Transition {
        match step {
            Step::Retransmission => {
                self.resend_at = self.backoff.sent(context);
                self.secs = context.secs_since(self.acquisition.began_at);
                let discover = self.discover();
                Transition::to(self).sending(discover)
            }
            Step::Rebinding | Step::GiveUp | Step::Renewal | Step::Start => Transition::to(self),
        }
    }

    pub(super) fn receive(self, received: &Received, context: &mut Context) -> Transition {
        // RFC 2131 section 4.4.1: "Any arriving DHCPACK messages must be silently discarded."
        if received.message_type != MessageType::Offer {
            return Transition::discarding(self, Discard::UnexpectedInState);
        }
        match check_xid(received, self.xid).and_then(|()| offer(received, context)) {
            Ok(offer) => Requesting::enter(
                self.acquisition,
                Chosen {
                    offer,
                    xid: self.xid,
                    secs: self.secs,
                },
                context,
            ),
            Err(discard) => Transition::discarding(self, discard),
        }
    }
}
