//! REBINDING: its own server did not answer, so every server is asked for more time (RFC 2131
//! section 4.4.5).

use super::{
    acceptance::check_xid,
    acquisition::Acquisition,
    backoff::next_attempt,
    bound::Bound,
    context::Context,
    draft::Draft,
    extension::{Extension, Verdict},
    held::{Gained, Held},
    timer::{Step, Timers},
    transition::Transition,
};
use crate::{message::Received, time::Instant};

/// Waits for any server's answer, until the lease is over.
#[derive(Debug)]
pub(super) struct Rebinding {
    pub(super) held: Held,
    exchange: Extension,
    resend_at: Option<Instant>,
}

impl Rebinding {
    /// `began_at` is when the client first asked for more time.
    pub(super) fn enter(held: Held, began_at: Instant, context: &mut Context) -> Transition {
        let exchange = Extension::begin(began_at, context);
        Self {
            held,
            exchange,
            resend_at: None,
        }
        .ask(context)
    }

    /// Sends the DHCPREQUEST, the first time or again.
    pub(super) fn ask(mut self, context: &Context) -> Transition {
        self.resend_at = next_attempt(context.now, self.held.lease.expires_at);
        let request = Draft::Rebind {
            xid: self.exchange.xid,
            secs: context.secs_since(self.exchange.began_at),
            address: self.held.lease.address,
        };
        Transition::to(self).sending(request)
    }

    pub(super) fn timers(&self) -> Timers {
        Timers {
            expiry: self.held.lease.expires_at,
            retransmission: self.resend_at,
            ..Timers::default()
        }
    }

    pub(super) fn fire(self, step: Step, context: &mut Context) -> Transition {
        match step {
            // An infinite lease has no end to wait for, and nothing to lose.
            Step::Retransmission if self.held.lease.expires_at.is_none() => {
                Transition::to(Bound { held: self.held })
            }
            Step::Retransmission => self.ask(context),
            Step::Rebinding | Step::GiveUp | Step::Renewal | Step::Probe | Step::Start => {
                Transition::to(self)
            }
        }
    }

    /// Every server may grant or refuse: the message was for all of them.
    pub(super) fn receive(self, received: &Received, context: &mut Context) -> Transition {
        match check_xid(received, self.exchange.xid) {
            Ok(()) => match self.exchange.verdict(&self.held, received, context) {
                Verdict::Extended(lease) => {
                    let in_force = Acquisition::holding(self.held, context);
                    Bound::take_up(in_force, lease, Gained::Rebound, context)
                }
                Verdict::Refused => self.exchange.refused(self.held, context),
                Verdict::Discarded(discard) => Transition::discarding(self, discard),
            },
            Err(discard) => Transition::discarding(self, discard),
        }
    }
}
