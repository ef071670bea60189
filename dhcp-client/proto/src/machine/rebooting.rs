//! REBOOTING: every server is asked whether a remembered address is still good (RFC 2131 sections
//! 3.2 and 4.4.2).

use core::net::Ipv4Addr;

use super::{
    acceptance::{Asked, check_xid, lease, server_of},
    acquisition::Acquisition,
    backoff::Backoff,
    bound::Bound,
    choice::check_options,
    context::Context,
    draft::Draft,
    held::{Gained, Held},
    init::Init,
    init_reboot::InitReboot,
    ipv6_only::Ipv6Only,
    timer::{Step, Timers},
    transition::Transition,
};
use crate::{
    discard::Discard,
    message::{MessageType, Received, Xid},
    time::Instant,
};

/// Waits for an answer, for as long as configured.
#[derive(Debug)]
pub(super) struct Rebooting {
    pub(super) acquisition: Acquisition,
    address: Ipv4Addr,
    xid: Xid,
    first_sent: Instant,
    backoff: Backoff,
    resend_at: Instant,
    give_up_at: Instant,
}

impl Rebooting {
    pub(super) fn enter(
        acquisition: Acquisition,
        address: Ipv4Addr,
        context: &mut Context,
    ) -> Transition {
        let mut backoff = Backoff::default();
        let resend_at = backoff.sent(context);
        let rebooting = Self {
            acquisition,
            address,
            xid: context.random.xid(),
            first_sent: context.now,
            backoff,
            resend_at,
            give_up_at: context.after(context.config.reboot_timeout),
        };
        let request = rebooting.request(context);
        Transition::to(rebooting).sending(request)
    }

    /// The link is gone: the question is asked anew when it is back.
    pub(super) fn interrupted(self, context: &Context) -> Transition {
        Transition::to(InitReboot {
            acquisition: self.acquisition,
            address: self.address,
            since: context.now,
        })
    }

    fn request(&self, context: &Context) -> Draft {
        Draft::Confirm {
            xid: self.xid,
            secs: context.secs_since(self.acquisition.began_at),
            address: self.address,
        }
    }

    pub(super) fn timers(&self) -> Timers {
        Timers {
            give_up: Some(self.give_up_at),
            retransmission: Some(self.resend_at),
            ..self.acquisition.timers()
        }
    }

    /// RFC 2131 section 3.2 step 3: "The client times out and retransmits the DHCPREQUEST message if
    /// the client receives neither a DHCPACK nor a DHCPNAK message." RFC 2131 section 4.3.2 has a
    /// server that does not know the client stay silent, so silence is a common answer and is not
    /// waited for long.
    pub(super) fn fire(mut self, step: Step, context: &mut Context) -> Transition {
        match step {
            Step::GiveUp => {
                self.acquisition.wanted = Some(self.address);
                Transition::to(Init::again(self.acquisition, context))
            }
            Step::Retransmission => {
                self.resend_at = self.backoff.sent(context);
                let request = self.request(context);
                Transition::to(self).sending(request)
            }
            Step::Rebinding | Step::Renewal | Step::Probe | Step::Start => Transition::to(self),
        }
    }

    /// RFC 2131 section 4.4.2: "Once a DHCPACK message with an 'xid' field matching that in the
    /// client's DHCPREQUEST message arrives from any server, the client is initialized and moves to
    /// BOUND state."
    pub(super) fn receive(self, received: &Received, context: &mut Context) -> Transition {
        match self.check(received, context) {
            Err(discard) => Transition::discarding(self, discard),
            // Section 3.2 step 3: "If the client receives a DHCPNAK message, it cannot reuse its
            // remembered network address."
            Ok(()) if received.message_type == MessageType::Nak => {
                Init::after_nak(self.acquisition, context)
            }
            // RFC 8925 section 3.2: "If the client is in the INIT-REBOOT state, it SHOULD stop the
            // DHCPv4 configuration process or disable the IPv4 stack completely for V6ONLY_WAIT seconds
            // or until the network attachment event, whichever happens first."
            Ok(()) if let Some(wait) = Ipv6Only::wait(received, context) => {
                Ipv6Only::enter(self.acquisition, wait, context)
            }
            Ok(()) => {
                let asked = Asked {
                    at: self.first_sent,
                    lease_time: self.acquisition.held.as_ref().map(Held::lease_time),
                };
                match lease(received, asked, context) {
                    Ok(lease) => {
                        Bound::take_up(self.acquisition, lease, Gained::Confirmed, context)
                    }
                    Err(discard) => Transition::discarding(self, discard),
                }
            }
        }
    }

    fn check(&self, received: &Received, context: &Context) -> Result<(), Discard> {
        if !matches!(received.message_type, MessageType::Ack | MessageType::Nak) {
            return Err(Discard::UnexpectedInState);
        }
        check_xid(received, self.xid)?;
        if received.message_type == MessageType::Ack {
            check_options(received, &context.config)?;
        }
        server_of(received, context).map(|_| ())
    }
}
