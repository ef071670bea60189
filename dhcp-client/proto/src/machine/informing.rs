//! INFORMING, which is ours and has no name in RFC 2131: the operator gave the address, and the servers are
//! asked for everything else (RFC 2131 section 4.4.3).

use core::net::Ipv4Addr;

use super::{
    acceptance::{check_xid, informed},
    backoff::{Backoff, attempt_end},
    bound::Bound,
    choice::check_options,
    context::Context,
    draft::Draft,
    held::{Gained, Held},
    init::REFUSAL_DELAY,
    surface::Setback,
    timer::{Step, Timers},
    transition::Transition,
};
use crate::{
    discard::Discard,
    message::{MessageType, Received, Xid},
    time::Instant,
};

/// RFC 2131 section 4.4.3: "60 seconds or 4 tries if using timeout suggested in section 4.1" are a
/// reasonable time to wait.
const TRIES: u32 = 4;

/// The operator's address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Own {
    pub(super) address: Ipv4Addr,
    pub(super) prefix_length: u8,
}

impl Own {
    /// That of a lease of such an address.
    pub(super) fn of(held: &Held) -> Self {
        Self {
            address: held.lease.address,
            prefix_length: held.lease.prefix_length,
        }
    }
}

/// Waits for its time to come, and then for DHCPACK of any server.
#[derive(Debug)]
pub(super) struct Informing {
    /// What a server said before, which holds meanwhile.
    pub(super) held: Option<Held>,
    own: Own,
    question: Option<Question>,
    /// When it is asked, where it is not yet.
    not_before: Instant,
    attempt_ends_at: Option<Instant>,
}

/// A DHCPINFORM that is out, perhaps sent several times.
#[derive(Debug)]
struct Question {
    xid: Xid,
    first_sent: Instant,
    backoff: Backoff,
    resend_at: Instant,
}

impl Informing {
    /// For a client that just started, with the delay that it has before its first message.
    pub(super) fn first(own: Own, context: &mut Context) -> Self {
        let delay = context.random.up_to(context.config.start_delay);
        Self::at(None, own, context.after(delay), context)
    }

    /// At once, or as soon as there is a link.
    pub(super) fn again(held: Option<Held>, own: Own, context: &Context) -> Self {
        Self::at(held, own, context.now, context)
    }

    /// For a client whose parameters the host did not take.
    pub(super) fn after_refusal(own: Own, context: &Context) -> Self {
        Self::at(None, own, context.after(REFUSAL_DELAY), context)
    }

    fn at(held: Option<Held>, own: Own, not_before: Instant, context: &Context) -> Self {
        Self {
            held,
            own,
            question: None,
            not_before,
            attempt_ends_at: attempt_end(context.config.pace, not_before),
        }
    }

    /// The link is gone: the question is asked anew when it is back.
    pub(super) fn interrupted(self, context: &Context) -> Self {
        Self::again(self.held, self.own, context)
    }

    pub(super) fn timers(&self, link_up: bool) -> Timers {
        let asked = self.question.as_ref();
        Timers {
            attempt: self.attempt_ends_at,
            retransmission: asked.map(|question| question.resend_at),
            start: (link_up && asked.is_none()).then_some(self.not_before),
            ..Timers::default()
        }
    }

    pub(super) fn fire(self, step: Step, context: &mut Context) -> Transition {
        match step {
            Step::Start => self.ask(context),
            Step::Retransmission => self.repeat(context),
            Step::Rebinding | Step::GiveUp | Step::Renewal | Step::Probe => Transition::to(self),
        }
    }

    /// RFC 2131 section 4.4.3: "The client generates and records a random transaction identifier and
    /// inserts that identifier into the 'xid' field."
    pub(super) fn ask(mut self, context: &mut Context) -> Transition {
        let mut backoff = Backoff::default();
        let question = Question {
            xid: context.random.xid(),
            first_sent: context.now,
            resend_at: backoff.sent(context),
            backoff,
        };
        // RFC 2131 section 4.4.3: "The client then unicasts the DHCPINFORM to the DHCP server if it
        // knows the server's address, otherwise it broadcasts the message to the limited (all 1s)
        // broadcast address."
        let known = self.held.as_ref().map(|held| held.lease.server_identifier);
        let inform = self.inform(&question, known, context);
        self.question = Some(question);
        Transition::to(self).sending(inform)
    }

    /// RFC 2131 section 4.4.4: "If the client receives no response to DHCP messages sent to the IP
    /// address of a known DHCP server, the DHCP client reverts to using the IP broadcast address."
    fn repeat(mut self, context: &mut Context) -> Transition {
        let Some(mut question) = self.question.take() else {
            return Transition::to(self);
        };
        let tries = question.backoff.sendings();
        if tries == TRIES
            && let Some(held) = self.held
        {
            // Nothing new is to be had, and what was said before holds.
            return Transition::to(Bound { held });
        }
        question.resend_at = question.backoff.sent(context);
        let inform = self.inform(&question, None, context);
        self.question = Some(question);
        // RFC 2131 section 4.4.3: "If the client does not receive a DHCPACK within a reasonable period
        // of time (60 seconds or 4 tries if using timeout suggested in section 4.1), then it SHOULD
        // display a message informing the user of the problem, and then SHOULD begin network processing
        // using suitable defaults as per Appendix A." The address is the operator's, and in use. Where
        // attempts have an end, that is the time to tell.
        let tell = tries == TRIES && self.attempt_ends_at.is_none();
        Transition::to(self)
            .sending(inform)
            .telling(tell.then_some(Setback::NoAnswer))
    }

    fn inform(&self, question: &Question, server: Option<Ipv4Addr>, context: &Context) -> Draft {
        Draft::Inform {
            xid: question.xid,
            secs: context.secs_since(question.first_sent),
            address: self.own.address,
            server,
        }
    }

    /// The time of an attempt is over.
    pub(super) fn attempt_over(self, context: &Context) -> Transition {
        if self.held.is_some() && self.question.is_none() {
            // It waits for the link, and has what it needs.
            return Transition::to(Self {
                attempt_ends_at: None,
                ..self
            });
        }
        if let Some(held) = self.held {
            return Transition::to(Bound { held });
        }
        let not_before = context.after(context.config.pace.pause);
        Transition::to(Self::at(None, self.own, not_before, context))
            .telling(Some(Setback::NoAnswer))
    }

    /// RFC 2131 section 4.4.3: "Once a DHCPACK message with an 'xid' field matching that in the client's
    /// DHCPINFORM message arrives from any server, the client is initialized."
    pub(super) fn receive(self, received: &Received, context: &mut Context) -> Transition {
        let lease = self.check(received).and_then(|asked_at| {
            check_options(received, &context.config)?;
            informed(received, self.own, asked_at, context)
        });
        match lease {
            Ok(lease) => Bound::apply(self.held, lease, Gained::Informed, context),
            Err(discard) => Transition::discarding(self, discard),
        }
    }

    /// When what the message answers was asked.
    fn check(&self, received: &Received) -> Result<Instant, Discard> {
        let question = self.question.as_ref().ok_or(Discard::UnexpectedInState)?;
        if received.message_type != MessageType::Ack {
            return Err(Discard::UnexpectedInState);
        }
        check_xid(received, question.xid)?;
        Ok(question.first_sent)
    }
}
