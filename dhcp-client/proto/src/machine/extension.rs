//! The exchange by which a lease gets more time: what RENEWING and REBINDING share.

use alloc::boxed::Box;

use super::{
    acceptance::{Asked, lease, server_of},
    acquisition::Acquisition,
    context::Context,
    held::Held,
    init::Init,
    transition::Transition,
};
use crate::{
    discard::Discard,
    lease::Lease,
    message::{MessageType, Received, Xid},
    time::Instant,
};

/// A DHCPREQUEST that is out, perhaps sent several times.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extension {
    pub(super) xid: Xid,
    /// When the client first asked for more time, for the secs field.
    pub(super) began_at: Instant,
    /// RFC 2131 section 4.4.5: "The client records the local time at which the DHCPREQUEST message
    /// is sent for computation of the lease expiration time."
    first_sent: Instant,
}

/// What a server's message means for the lease.
#[derive(Debug)]
pub(super) enum Verdict {
    Extended(Box<Lease>),
    Refused,
    Discarded(Discard),
}

impl Extension {
    pub(super) fn begin(began_at: Instant, context: &mut Context) -> Self {
        Self {
            xid: context.random.xid(),
            began_at,
            first_sent: context.now,
        }
    }

    /// Reads a message whose xid is right.
    pub(super) fn verdict(
        self,
        held: &Held,
        received: &Received,
        context: &mut Context,
    ) -> Verdict {
        match received.message_type {
            MessageType::Nak => match server_of(received, context) {
                Ok(_) => Verdict::Refused,
                Err(discard) => Verdict::Discarded(discard),
            },
            // Also with option 108. RFC 8925 section 3.2: "If the client is in any other state, it SHOULD
            // continue to use the assigned IPv4 address until further DHCPv4 reconfiguration events."
            MessageType::Ack => {
                let asked = Asked {
                    at: self.first_sent,
                    lease_time: Some(held.lease_time()),
                };
                match lease(received, asked, context) {
                    Ok(lease) => Verdict::Extended(lease),
                    Err(discard) => Verdict::Discarded(discard),
                }
            }
            MessageType::Discover
            | MessageType::Offer
            | MessageType::Request
            | MessageType::Decline
            | MessageType::Release
            | MessageType::Inform
            | MessageType::ForceRenew
            | MessageType::BootRequest
            | MessageType::BootReply => Verdict::Discarded(Discard::UnexpectedInState),
        }
    }

    /// Figure 5, DHCPNAK in RENEWING and REBINDING: "Halt network", and INIT.
    pub(super) fn refused(self, held: Held, context: &Context) -> Transition {
        Init::after_nak(Acquisition::holding(held, context), context)
    }
}
