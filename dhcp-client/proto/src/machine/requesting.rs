//! REQUESTING: one offer is chosen, and its server is asked to commit it (RFC 2131 sections 3.1 and
//! 4.4.1).

use super::{
    acceptance::{Asked, Offer, check_xid, lease, server_of},
    acquisition::Acquisition,
    backoff::Backoff,
    bound::Bound,
    context::Context,
    draft::Draft,
    forced_renewal::nonce,
    held::Gained,
    init::Init,
    timer::{Step, Timers},
    transition::Transition,
};
use crate::{
    discard::Discard,
    message::{MessageType, Received, Xid},
    time::Instant,
};

/// RFC 2131 section 3.1 step 5: "might retransmit the DHCPREQUEST message four times, for a total
/// delay of 60 seconds": sent at 0, 4, 12 and 28 s, and given up when the fifth would be due.
const SENDINGS: u32 = 4;

/// The offer taken, and the exchange it belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chosen {
    pub(super) offer: Offer,
    /// RFC 2131 section 4.4.1: "The DHCPREQUEST message contains the same 'xid' as the DHCPOFFER
    /// message."
    pub(super) xid: Xid,
    /// RFC 2131 section 3.1 step 3: "the DHCPREQUEST message MUST use the same value in the DHCP
    /// message header's 'secs' field [...] as the original DHCPDISCOVER message".
    pub(super) secs: u16,
}

/// Waits for DHCPACK or DHCPNAK of the chosen server.
#[derive(Debug)]
pub(super) struct Requesting {
    pub(super) acquisition: Acquisition,
    chosen: Chosen,
    first_sent: Instant,
    backoff: Backoff,
    resend_at: Instant,
}

impl Requesting {
    pub(super) fn enter(
        acquisition: Acquisition,
        chosen: Chosen,
        context: &mut Context,
    ) -> Transition {
        let mut backoff = Backoff::default();
        let resend_at = backoff.sent(context);
        let requesting = Self {
            acquisition,
            chosen,
            first_sent: context.now,
            backoff,
            resend_at,
        };
        let request = requesting.request();
        Transition::to(requesting).sending(request)
    }

    fn request(&self) -> Draft {
        let Chosen { offer, xid, secs } = self.chosen;
        Draft::Take {
            xid,
            secs,
            address: offer.address,
            server: offer.server,
        }
    }

    pub(super) fn timers(&self) -> Timers {
        Timers {
            retransmission: Some(self.resend_at),
            ..self.acquisition.timers()
        }
    }

    /// RFC 2131 section 3.1 step 5: "If the client receives neither a DHCPACK or a DHCPNAK message
    /// after employing the retransmission algorithm, the client reverts to INIT state and restarts
    /// the initialization process."
    pub(super) fn fire(mut self, step: Step, context: &mut Context) -> Transition {
        match step {
            Step::Retransmission if self.backoff.sendings() < SENDINGS => {
                self.resend_at = self.backoff.sent(context);
                let request = self.request();
                Transition::to(self).sending(request)
            }
            Step::Retransmission => Transition::to(Init::again(self.acquisition, context)),
            Step::Rebinding | Step::GiveUp | Step::Renewal | Step::Probe | Step::Start => {
                Transition::to(self)
            }
        }
    }

    pub(super) fn receive(self, received: &Received, context: &mut Context) -> Transition {
        match self.check(received, context) {
            Err(discard) => Transition::discarding(self, discard),
            Ok(()) if received.message_type == MessageType::Nak => {
                Init::after_nak(self.acquisition, context)
            }
            Ok(()) => {
                let asked = Asked {
                    at: self.first_sent,
                    lease_time: self.chosen.offer.lease_time,
                };
                match lease(received, asked, context) {
                    // RFC 6704 section 3.1.4: "The client MUST validate the DHCP ACK message contains a
                    // Forcerenew Nonce in a DHCP authentication option.  If the server has indicated
                    // capability for Forcerenew Nonce Authentication protocol in the DHCP OFFER and the
                    // subsequent ACK received by the client while in the selecting state omits a valid
                    // DHCP authentication option for the Forcerenew Nonce Authentication protocol, the
                    // client MUST discard the message and return to the INIT state."
                    Ok(lease) if self.chosen.offer.promises_nonce && nonce(&lease).is_none() => {
                        Init::after_broken_promise(self.acquisition, context)
                            .discarded(Discard::NonceWithheld)
                    }
                    Ok(lease) => Bound::take_up(self.acquisition, lease, Gained::Acquired, context),
                    Err(discard) => Transition::discarding(self, discard),
                }
            }
        }
    }

    /// Only the chosen server may grant or refuse. Another one's DHCPNAK (it heard the broadcast, and
    /// knows no better) would end an exchange that goes well.
    fn check(&self, received: &Received, context: &Context) -> Result<(), Discard> {
        if !matches!(received.message_type, MessageType::Ack | MessageType::Nak) {
            return Err(Discard::UnexpectedInState);
        }
        check_xid(received, self.chosen.xid)?;
        if server_of(received, context)? == self.chosen.offer.server {
            Ok(())
        } else {
            Err(Discard::OtherServer)
        }
    }
}
