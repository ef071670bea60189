//! SELECTING: DHCPDISCOVER is out, and the first offer that can be kept is taken (RFC 2131 section
//! 4.4.1).

use alloc::boxed::Box;

use super::{
    acceptance::{Asked, boot_lease, check_xid, lease, offer},
    acquisition::Acquisition,
    backoff::Backoff,
    bound::Bound,
    choice::check_options,
    config::Legacy,
    context::Context,
    draft::Draft,
    held::Gained,
    ipv6_only::Ipv6Only,
    requesting::{Chosen, Requesting},
    surface::{Action, ConfigureCause},
    timer::{Step, Timers},
    transition::Transition,
};
use crate::{
    discard::Discard,
    lease::Lease,
    message::{MessageType, Received, Xid},
    time::{Duration, Instant},
};

/// How old a DHCPDISCOVER with rapid commit may be and still be answered.
const LONGEST_TRANSACTION: Duration = Duration::from_secs(60);

/// Waits for DHCPOFFER.
#[derive(Debug)]
pub(super) struct Selecting {
    pub(super) acquisition: Acquisition,
    xid: Xid,
    /// Of the last DHCPDISCOVER.
    secs: u16,
    /// Of the DHCPDISCOVER with this xid.
    first_sent: Instant,
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
            first_sent: context.now,
            backoff,
            resend_at,
        };
        let discover = selecting.discover(context);
        Transition::to(selecting).sending(discover)
    }

    fn discover(&self, context: &Context) -> Draft {
        let Self { xid, secs, .. } = *self;
        match context.config.legacy {
            Legacy::Only => Draft::Boot { xid, secs },
            Legacy::Refused | Legacy::Accepted => Draft::Discover {
                xid,
                secs,
                wanted: self.acquisition.wanted,
            },
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
                self.renew_transaction(context);
                let discover = self.discover(context);
                Transition::to(self).sending(discover)
            }
            Step::Rebinding | Step::GiveUp | Step::Renewal | Step::Probe | Step::Start => {
                Transition::to(self)
            }
        }
    }

    /// A lease in two messages counts from the first DHCPDISCOVER of its xid. Where no server answers for
    /// long, that would be before the lease could end: so the xid is a new one each minute. RFC 2131
    /// section 4.1: "Selecting a new 'xid' for each retransmission is an implementation decision."
    fn renew_transaction(&mut self, context: &mut Context) {
        let age = context.now.saturating_since(self.first_sent);
        if context.config.rapid_commit && age >= LONGEST_TRANSACTION {
            self.xid = context.random.xid();
            self.first_sent = context.now;
        }
    }

    pub(super) fn receive(self, received: &Received, context: &mut Context) -> Transition {
        if let Err(discard) = self.check(received, context) {
            return Transition::discarding(self, discard);
        }
        // RFC 8925 section 3.2: "If the client includes the IPv6-Only Preferred option code in the
        // Parameter Request List and the DHCPOFFER message from the server contains a valid IPv6-Only
        // Preferred option, the client SHOULD NOT request the IPv4 address provided in the DHCPOFFER."
        // RFC 8925 section 3.2: "If the client includes the IPv6-Only Preferred option code in the
        // Parameter Request List and the server responds with a DHCPOFFER message without a valid IPv6-Only
        // Preferred option, the client MUST proceed as normal with a DHCPREQUEST."
        if let Some(wait) = Ipv6Only::wait(received, context) {
            return Ipv6Only::enter(self.acquisition, wait, context);
        }
        if received.message_type == MessageType::Offer && context.config.offers_only {
            let asked = Asked {
                at: context.now,
                lease_time: None,
            };
            match lease(received, asked, context) {
                Ok(lease) => Transition::to(self).acting(Some(Action::Configure {
                    lease,
                    cause: ConfigureCause::Offered,
                })),
                Err(discard) => Transition::discarding(self, discard),
            }
        } else if received.message_type == MessageType::Offer {
            match offer(received, context) {
                Ok(offer) => {
                    let (xid, secs) = (self.xid, self.secs);
                    Requesting::enter(self.acquisition, Chosen { offer, xid, secs }, context)
                }
                Err(discard) => Transition::discarding(self, discard),
            }
        } else {
            match self.committed(received, context) {
                Ok(lease) => Bound::take_up(self.acquisition, lease, Gained::Acquired, context),
                Err(discard) => Transition::discarding(self, discard),
            }
        }
    }

    /// A DHCPACK or a BOOTREPLY: there is nothing left to ask. RFC 4039 section 3: "However, if the client
    /// receives a DHCPACK message with a Rapid Commit option, it SHOULD process the DHCPACK immediately
    /// (without waiting for additional DHCPOFFER or DHCPACK messages) and use the address and configuration
    /// information contained therein."
    fn committed(&self, received: &Received, context: &mut Context) -> Result<Box<Lease>, Discard> {
        let asked = Asked {
            at: self.first_sent,
            lease_time: None,
        };
        if received.message_type == MessageType::BootReply {
            boot_lease(received, asked.at, context)
        } else {
            lease(received, asked, context)
        }
    }

    fn check(&self, received: &Received, context: &Context) -> Result<(), Discard> {
        let legacy = context.config.legacy;
        match received.message_type {
            // Wire has let it through, so the operator does.
            MessageType::BootReply => {}
            MessageType::Offer | MessageType::Ack if legacy == Legacy::Only => {
                return Err(Discard::UnexpectedInState);
            }
            MessageType::Offer => {}
            // Without option 80 in the DHCPDISCOVER, RFC 2131 section 4.4.1 holds: "Any arriving DHCPACK
            // messages must be silently discarded."
            MessageType::Ack if !context.config.rapid_commit => {
                return Err(Discard::UnexpectedInState);
            }
            // RFC 4039 section 4: "A server MUST include this option in a DHCPACK message sent in a
            // response to a DHCPDISCOVER message when completing the DHCPDISCOVER-DHCPACK message
            // exchange."
            MessageType::Ack if !received.options.rapid_commit => {
                return Err(Discard::NoRapidCommit);
            }
            MessageType::Ack => {}
            MessageType::Nak
            | MessageType::Discover
            | MessageType::Request
            | MessageType::Decline
            | MessageType::Release
            | MessageType::Inform
            | MessageType::ForceRenew
            | MessageType::BootRequest => return Err(Discard::UnexpectedInState),
        }
        check_xid(received, self.xid)?;
        check_options(received, &context.config)
    }
}
