//! RENEWING: the lease's own server is asked for more time (RFC 2131 section 4.4.5).

use super::{
    acceptance::{check_xid, server_of},
    acquisition::Acquisition,
    backoff::next_attempt,
    bound::Bound,
    context::Context,
    draft::Draft,
    extension::{Extension, Verdict},
    held::{Gained, Held},
    rebinding::Rebinding,
    timer::{Step, Timers},
    transition::Transition,
};
use crate::{
    discard::Discard,
    message::{MessageType, Received},
    time::Instant,
};

/// Waits for the server's answer, until T2.
#[derive(Debug)]
pub(super) struct Renewing {
    pub(super) held: Held,
    exchange: Extension,
    resend_at: Option<Instant>,
}

impl Renewing {
    pub(super) fn enter(held: Held, context: &mut Context) -> Transition {
        let exchange = Extension::begin(context.now, context);
        Self {
            held,
            exchange,
            resend_at: None,
        }
        .ask(context)
    }

    /// Sends the DHCPREQUEST, the first time or again.
    pub(super) fn ask(mut self, context: &Context) -> Transition {
        self.resend_at = next_attempt(context.now, self.held.lease.rebind_at);
        let request = Draft::Renew {
            xid: self.exchange.xid,
            secs: context.secs_since(self.exchange.began_at),
            address: self.held.lease.address,
            server: self.held.lease.server_identifier,
        };
        Transition::to(self).sending(request)
    }

    /// Turns to every server.
    pub(super) fn rebind(self, context: &mut Context) -> Transition {
        Rebinding::enter(self.held, self.exchange.began_at, context)
    }

    pub(super) fn timers(&self) -> Timers {
        Timers {
            expiry: self.held.lease.expires_at,
            rebinding: self.held.lease.rebind_at,
            retransmission: self.resend_at,
            ..Timers::default()
        }
    }

    /// RFC 2131 section 4.4.5: "If no DHCPACK arrives before time T2, the client moves to REBINDING
    /// state".
    pub(super) fn fire(self, step: Step, context: &mut Context) -> Transition {
        match step {
            Step::Rebinding => self.rebind(context),
            // An infinite lease has no T2 to wait for, and nothing to lose.
            Step::Retransmission if self.held.lease.rebind_at.is_none() => {
                Transition::to(Bound { held: self.held })
            }
            Step::Retransmission => self.ask(context),
            Step::GiveUp | Step::Renewal | Step::Probe | Step::Start => Transition::to(self),
        }
    }

    pub(super) fn receive(self, received: &Received, context: &mut Context) -> Transition {
        match self.check(received, context) {
            Ok(()) => match self.exchange.verdict(&self.held, received, context) {
                Verdict::Extended(lease) => {
                    let in_force = Acquisition::holding(self.held, context);
                    Bound::take_up(in_force, lease, Gained::Renewed, context)
                }
                Verdict::Refused => self.exchange.refused(self.held, context),
                Verdict::Discarded(discard) => Transition::discarding(self, discard),
            },
            Err(discard) => Transition::discarding(self, discard),
        }
    }

    /// RFC 2131 section 4.4.5: "Any DHCPACK messages that arrive with an 'xid' that does not match
    /// the 'xid' of the client's DHCPREQUEST message are silently discarded." A DHCPACK may name
    /// another server (one with several addresses), since only the one that was asked knows the xid; a
    /// DHCPNAK must come from the one that was asked.
    fn check(&self, received: &Received, context: &Context) -> Result<(), Discard> {
        check_xid(received, self.exchange.xid)?;
        let server = server_of(received, context)?;
        if received.message_type == MessageType::Nak && server != self.held.lease.server_identifier
        {
            return Err(Discard::OtherServer);
        }
        Ok(())
    }
}
