//! Probing, which is ours and not RFC 2131's: a server gave a lease, and before the address is used every
//! other host is asked whether it has it (RFC 2131 section 4.4.1, RFC 5227 section 2.1).

use alloc::boxed::Box;

use super::{
    acquisition::Acquisition,
    bound::Bound,
    context::Context,
    decline_wait::DeclineWait,
    held::Gained,
    init::Init,
    init_reboot::InitReboot,
    probes::Probes,
    timer::{Step, Timers},
    transition::Transition,
};
use crate::{lease::Lease, time::Duration, wire::Arp};

/// Waits for another host to object, and for the end of the time in which it may.
#[derive(Debug)]
pub(super) struct Probing {
    /// A lease that it holds is in force meanwhile.
    pub(super) acquisition: Acquisition,
    lease: Box<Lease>,
    gained: Gained,
    probes: Probes,
}

impl Probing {
    /// RFC 5227 section 2.1: "Before beginning to use an IPv4 address (whether received from manual
    /// configuration, DHCP, or some other means), a host implementing this specification MUST test to
    /// see if the address is already in use, by broadcasting ARP Probe packets."
    ///
    /// Without PROBE_WAIT: that keeps hosts which start together from probing together, and the exchange
    /// with the server, which is randomised, came before this.
    pub(super) fn enter(
        acquisition: Acquisition,
        lease: Box<Lease>,
        gained: Gained,
        context: &mut Context,
    ) -> Transition {
        let probes = Probes::begin(lease.address, Duration::ZERO, context);
        Transition::to(Self {
            acquisition,
            lease,
            gained,
            probes,
        })
    }

    pub(super) fn timers(&self) -> Timers {
        Timers {
            // A server has answered, so the attempt has not failed.
            attempt: None,
            probe: Some(self.probes.next_at()),
            ..self.acquisition.timers()
        }
    }

    pub(super) fn fire(mut self, step: Step, context: &mut Context) -> Transition {
        match step {
            Step::Probe => match self.probes.fire(context) {
                Some(probe) => Transition::to(self).sending(probe),
                None => self.clear(context),
            },
            Step::Rebinding | Step::GiveUp | Step::Renewal | Step::Retransmission | Step::Start => {
                Transition::to(self)
            }
        }
    }

    /// Nobody objected.
    fn clear(self, context: &mut Context) -> Transition {
        let Self {
            acquisition,
            lease,
            gained,
            probes: _,
        } = self;
        // The machine slept, or there were so many conflicts that the probes had to wait.
        if lease.expires_at.is_some_and(|end| end <= context.now) {
            return Transition::to(Init::again(acquisition, context));
        }
        Bound::apply(acquisition.held, lease, gained, context)
    }

    /// Whether another host objects.
    pub(super) fn is_contested_by(&self, arp: Arp) -> bool {
        self.probes.are_contested_by(arp)
    }

    /// Another host objects.
    pub(super) fn contested(self, context: &mut Context) -> Transition {
        DeclineWait::enter(&self.lease, self.acquisition, context)
    }

    /// The link is gone: when it is back, a server confirms the address, and it is probed for anew.
    pub(super) fn interrupted(self, context: &Context) -> Transition {
        if self.acquisition.held.is_some() {
            return InitReboot::or_init(self.acquisition, context);
        }
        Transition::to(InitReboot {
            acquisition: self.acquisition,
            address: self.lease.address,
            since: context.now,
        })
    }
}
