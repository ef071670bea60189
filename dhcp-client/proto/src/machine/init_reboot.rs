//! INIT-REBOOT: has an address to be confirmed, and waits for the link (RFC 2131 section 4.4.2).

use super::{
    acquisition::Acquisition,
    context::Context,
    held::Held,
    init::Init,
    rebooting::Rebooting,
    timer::{Step, Timers},
    transition::Transition,
};
use crate::time::Instant;
use core::net::Ipv4Addr;

/// Waits for the link.
#[derive(Debug)]
pub(super) struct InitReboot {
    pub(super) acquisition: Acquisition,
    /// The address to be confirmed.
    pub(super) address: Ipv4Addr,
    /// When this state began.
    pub(super) since: Instant,
}

impl InitReboot {
    /// After the link was lost. RFC 2131 section 3.7: "A client SHOULD use DHCP to reacquire or verify
    /// its IP address and network parameters whenever the local network parameters may have changed;
    /// e.g., at system boot time or after a disconnection from the local network". A client without a
    /// lease has nothing to verify, nor has one whose address came by BOOTP: it looks for one anew, and
    /// keeps what it has meanwhile.
    pub(super) fn or_init(acquisition: Acquisition, context: &Context) -> Transition {
        let leased = |held: &Held| held.lessor().map(|_| held.lease.address);
        match acquisition.held.as_ref().and_then(leased) {
            Some(address) => Transition::to(Self {
                acquisition,
                address,
                since: context.now,
            }),
            None => Transition::to(Init::again(acquisition, context)),
        }
    }

    pub(super) fn timers(&self, link_up: bool) -> Timers {
        Timers {
            start: link_up.then_some(self.since),
            ..self.acquisition.timers()
        }
    }

    pub(super) fn fire(self, step: Step, context: &mut Context) -> Transition {
        match step {
            Step::Start => Rebooting::enter(self.acquisition, self.address, context),
            Step::Rebinding | Step::GiveUp | Step::Renewal | Step::Probe | Step::Retransmission => {
                Transition::to(self)
            }
        }
    }
}
