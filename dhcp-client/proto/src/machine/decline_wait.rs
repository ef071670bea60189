//! DECLINE-WAIT, which is ours and not RFC 2131's: another host had the address, the server was told, and
//! the client keeps quiet for a while (RFC 2131 section 3.1 step 5).

use super::{
    acquisition::Acquisition,
    context::Context,
    draft::Draft,
    held::lessor,
    init::Init,
    surface::{DeconfigureCause, Setback},
    timer::{Step, Timers},
    transition::Transition,
};
use crate::{lease::Lease, time::Instant};

/// Waits, and then begins with nothing in mind.
#[derive(Debug)]
pub(super) struct DeclineWait {
    pub(super) acquisition: Acquisition,
    until: Instant,
}

impl DeclineWait {
    /// RFC 2131 section 3.1 step 5: "If the client detects that the address is already in use (e.g.,
    /// through the use of ARP), the client MUST send a DHCPDECLINE message to the server and restarts
    /// the configuration process." RFC 2131 section 4.4.1: "If the network address appears to be in
    /// use, the client MUST send a DHCPDECLINE message to the server." RFC 2131 section 3.2 step 3: "If
    /// the client detects that the IP address in the DHCPACK message is already in use, the client
    /// MUST send a DHCPDECLINE message to the server". The lease in force, which is this one or made
    /// room for it, goes first.
    pub(super) fn enter(
        lease: &Lease,
        mut acquisition: Acquisition,
        context: &mut Context,
    ) -> Transition {
        context.conflicts.count();
        let action = acquisition.lose(DeconfigureCause::Conflict, context);
        let decline = lessor(lease).map(|server| Draft::Decline {
            xid: context.random.xid(),
            address: lease.address,
            server,
        });
        Transition::to(Self {
            acquisition: acquisition.forgetting(context),
            until: context.after(context.conflicts.decline_delay()),
        })
        .acting(action)
        .sending(decline.filter(|_| context.link_up))
        .telling(Some(Setback::Conflict))
    }

    pub(super) fn timers(&self) -> Timers {
        Timers {
            // The attempt that failed has been told, and the next has not begun.
            attempt: None,
            start: Some(self.until),
            ..self.acquisition.timers()
        }
    }

    pub(super) fn fire(mut self, step: Step, context: &Context) -> Transition {
        match step {
            Step::Start => {
                self.acquisition.begin_anew(context);
                Transition::to(Init::again(self.acquisition, context))
            }
            Step::Rebinding | Step::GiveUp | Step::Renewal | Step::Probe | Step::Retransmission => {
                Transition::to(self)
            }
        }
    }
}
