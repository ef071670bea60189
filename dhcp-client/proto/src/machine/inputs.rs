//! What happens to the client, and which state answers it how.

use super::{
    acceptance::is_host,
    acquisition::Acquisition,
    bound::{Bound, expire},
    config::Legacy,
    context::Context,
    decline_wait::DeclineWait,
    draft::Draft,
    held::{Gained, Held, Instead, Judged},
    informing::{Informing, Own},
    init::{Init, REFUSAL_DELAY},
    init_reboot::InitReboot,
    ipv6_only::Ipv6Only,
    link_local::{LinkLocal, Progress, is_link_local},
    phase::Phase,
    probes::PROBE_WAIT,
    rebinding::Rebinding,
    renewing::Renewing,
    stopped::Stopped,
    surface::{Action, Applied, Command, DeconfigureCause, Setback, Start},
    timer::Timer,
    transition::Transition,
};
use crate::{discard::Discard, lease::Origin, message::Received};

impl Phase {
    /// The first state.
    pub(super) fn first(start: Start, context: &mut Context) -> Transition {
        match start {
            // RFC 3927 section 1.6: "Note that addresses in the 169.254/16 prefix SHOULD NOT be configured
            // manually or by a DHCP server.", so a remembered one is no server's to confirm.
            Start::Reboot { address }
                if is_host(address)
                    && !is_link_local(address)
                    && context.config.legacy != Legacy::Only =>
            {
                Transition::to(InitReboot {
                    acquisition: Acquisition::new(context),
                    address,
                    since: context.now,
                })
            }
            Start::Inform {
                address,
                prefix_length,
            } => {
                let own = Own {
                    address,
                    prefix_length,
                };
                Transition::to(Informing::first(own, context))
            }
            Start::Reboot { address } => {
                context.candidates.remember(address);
                Transition::to(Init::first(Acquisition::first(context), context))
            }
            Start::Init => Transition::to(Init::first(Acquisition::first(context), context)),
            // A lease whose T1 or T2 is past gets its message from the timer that is due; before
            // that, nothing is sent.
            Start::Resume(lease) => {
                let held = Held::resumed(lease.into(), context);
                if held.lease.origin == Origin::LinkLocal {
                    context.candidates.remember(held.lease.address);
                    let acquisition = Acquisition::holding(held, context);
                    return Transition::to(Init::first(acquisition, context));
                }
                if held.lease.expires_at.is_some_and(|end| end <= context.now) {
                    expire(held, context)
                } else {
                    Transition::to(Bound { held })
                }
            }
        }
    }

    pub(super) fn fire(mut self, timer: Timer, context: &mut Context) -> Transition {
        match timer {
            Timer::Expiry => self.expire(context),
            Timer::Attempt => {
                if let Self::Informing(state) = self {
                    return state.attempt_over(context);
                }
                match self.into_acquisition() {
                    Ok(acquisition) => Init::after_attempt(acquisition, context),
                    Err(phase) => Transition::to(*phase),
                }
            }
            Timer::Guard => {
                let guard = self.held_mut().and_then(|held| held.guard.as_mut());
                let draft = guard.and_then(|guard| guard.fire(context));
                Transition::to(self).sending(draft)
            }
            Timer::Claim => self.claim(context),
            Timer::Step(step) => self.step(step, context),
        }
    }

    /// The search for a link-local address goes on.
    fn claim(mut self, context: &mut Context) -> Transition {
        let Some(acquisition) = self.acquisition_mut() else {
            return Transition::to(self);
        };
        match acquisition.link_local.fire(context) {
            Progress::None => Transition::to(self),
            Progress::Probe(probe) => Transition::to(self).sending(probe),
            Progress::Claimed(lease) => {
                let (held, action) = Held::take_up(None, lease, Gained::Own, context);
                acquisition.held = Some(held);
                Transition::to(self).acting(Some(action))
            }
        }
    }

    fn expire(mut self, context: &Context) -> Transition {
        if let Some(acquisition) = self.acquisition_mut() {
            let action = acquisition.lose(DeconfigureCause::Expired, context);
            let transition = if let Self::InitReboot(state) = self {
                // There is nothing to be confirmed any more.
                Transition::to(Init::again(state.acquisition, context))
            } else {
                Transition::to(self)
            };
            return transition.acting(action);
        }
        match self.into_held() {
            Some(held) => expire(held, context),
            None => Transition::to(Stopped),
        }
    }

    /// Figure 5: a state that waits for no server discards what servers say.
    pub(super) fn receive(self, received: &Received, context: &mut Context) -> Transition {
        match self {
            Self::Selecting(state) => state.receive(received, context),
            Self::Requesting(state) => state.receive(received, context),
            Self::Renewing(state) => state.receive(received, context),
            Self::Rebinding(state) => state.receive(received, context),
            Self::Rebooting(state) => state.receive(received, context),
            Self::Informing(state) => state.receive(received, context),
            Self::Bound(state) => state.receive(received, context),
            Self::Init(_)
            | Self::Probing(_)
            | Self::InitReboot(_)
            | Self::DeclineWait(_)
            | Self::Ipv6Only(_)
            | Self::Stopped(_) => Transition::discarding(self, Discard::UnexpectedInState),
        }
    }

    /// The link is gone: nothing is sent until it is back. A lease stays in force, since the link
    /// mostly comes back as it was; then its address is asked for as after a restart.
    pub(super) fn link_down(mut self, context: &Context) -> Transition {
        if let Some(guard) = self.held_mut().and_then(|held| held.guard.as_mut()) {
            guard.suspend();
        }
        match self {
            Self::Selecting(state) => InitReboot::or_init(state.acquisition, context),
            Self::Requesting(state) => InitReboot::or_init(state.acquisition, context),
            Self::Probing(state) => state.interrupted(context),
            Self::Rebooting(state) => state.interrupted(context),
            Self::Bound(Bound { held }) if held.lease.origin == Origin::Inform => {
                let own = Own::of(&held);
                Transition::to(Informing::again(Some(held), own, context))
            }
            Self::Informing(state) => Transition::to(state.interrupted(context)),
            Self::Bound(Bound { held })
            | Self::Renewing(Renewing { held, .. })
            | Self::Rebinding(Rebinding { held, .. }) => {
                InitReboot::or_init(Acquisition::holding(held, context), context)
            }
            Self::Ipv6Only(_) => Ipv6Only::interrupted(context),
            Self::Init(_) | Self::InitReboot(_) | Self::DeclineWait(_) | Self::Stopped(_) => {
                Transition::to(self)
            }
        }
    }

    /// The link is back, and may be another: servers have their time anew, and an address that the host
    /// gave itself may have become another's. RFC 3927 section 2.2: "When a network interface
    /// transitions from an inactive to an active state, the host does not have knowledge of what IPv4
    /// Link-Local addresses may currently be in use on that link".
    pub(super) fn link_up(mut self, context: &mut Context) -> Transition {
        let Some(acquisition) = self.acquisition_mut() else {
            return Transition::to(self);
        };
        match &mut acquisition.held {
            None => acquisition.link_local = LinkLocal::new(context),
            Some(held) if !held.is_leased() => {
                if let Some(guard) = &mut held.guard {
                    let wait = context.random.up_to(PROBE_WAIT);
                    guard.probe_again(wait, context);
                }
            }
            Some(_) => {}
        }
        Transition::to(self)
    }

    /// Another MAC address is another client to the servers: it starts with nothing, but for the address
    /// that the operator gave.
    pub(super) fn new_mac(self, context: &Context) -> Transition {
        match self {
            Self::Stopped(Stopped) => return Transition::to(self),
            Self::Bound(Bound { ref held }) if held.lease.origin == Origin::Inform => {
                return self.link_down(context);
            }
            Self::Informing(_) => return self.link_down(context),
            Self::Init(_)
            | Self::Selecting(_)
            | Self::Requesting(_)
            | Self::Probing(_)
            | Self::Bound(_)
            | Self::Renewing(_)
            | Self::Rebinding(_)
            | Self::InitReboot(_)
            | Self::Rebooting(_)
            | Self::DeclineWait(_)
            | Self::Ipv6Only(_) => {}
        }
        let action = self.into_held().map(|_| Action::Deconfigure {
            cause: DeconfigureCause::Stopped,
        });
        Transition::to(Init::again(Acquisition::first(context), context)).acting(action)
    }

    /// A command that makes no sense in a state does nothing there.
    pub(super) fn command(self, command: Command, context: &mut Context) -> Transition {
        match (command, self) {
            (Command::Stop, _) => Transition::to(Stopped),
            (Command::Release, phase) => phase.release(context),
            (Command::Renew | Command::Rebind, Self::Bound(Bound { held }))
                if held.lease.origin == Origin::Inform =>
            {
                let own = Own::of(&held);
                Informing::again(Some(held), own, context).ask(context)
            }
            (Command::Renew | Command::Rebind, Self::Informing(state)) if context.link_up => {
                state.ask(context)
            }
            // There is nobody to ask.
            (Command::Renew | Command::Rebind, Self::Bound(state))
                if state.held.lessor().is_none() =>
            {
                Transition::to(state)
            }
            // RFC 2131 section 4.4.5: "A client MAY choose to renew or extend its lease prior to T1."
            (Command::Renew, Self::Bound(state)) => Renewing::enter(state.held, context),
            (Command::Rebind, Self::Bound(state)) => {
                Rebinding::enter(state.held, context.now, context)
            }
            (Command::Renew, Self::Renewing(state)) => state.ask(context),
            (Command::Rebind, Self::Renewing(state)) => state.rebind(context),
            // It already asks every server, its own too.
            (Command::Renew | Command::Rebind, Self::Rebinding(state)) => state.ask(context),
            (
                Command::Renew | Command::Rebind,
                phase @ (Self::Init(_)
                | Self::Selecting(_)
                | Self::Requesting(_)
                | Self::Probing(_)
                | Self::InitReboot(_)
                | Self::Rebooting(_)
                | Self::DeclineWait(_)
                | Self::Informing(_)
                | Self::Ipv6Only(_)
                | Self::Stopped(_)),
            ) => Transition::to(phase),
        }
    }

    /// RFC 2131 section 4.4.6: "If the client no longer requires use of its assigned network address
    /// (e.g., the client is gracefully shut down), the client sends a DHCPRELEASE message to the server."
    fn release(self, context: &mut Context) -> Transition {
        let Some(held) = self.into_held() else {
            return Transition::to(Stopped);
        };
        let transition = Transition::to(Stopped).acting(Some(Action::Deconfigure {
            cause: DeconfigureCause::Released,
        }));
        match held.lessor() {
            Some(server) if context.link_up => transition.sending(Draft::Release {
                xid: context.random.xid(),
                address: held.lease.address,
                server,
            }),
            Some(_) | None => transition,
        }
    }

    /// The host's answer to the last `Configure` or `Update`.
    pub(super) fn applied(mut self, applied: Applied, context: &mut Context) -> Transition {
        match self.held_mut().map(|held| held.judge(applied, context.now)) {
            None => Transition::to(self),
            Some(Judged::Kept(action)) => Transition::to(self).acting(action),
            Some(Judged::Lost(instead)) => self.refused_by_host(instead, context),
            Some(Judged::InUse(instead)) => self.in_use_by_another(instead, context),
        }
    }

    fn refused_by_host(mut self, instead: Instead, context: &Context) -> Transition {
        // An address of its own: the acquisition takes no notice.
        if let Some(acquisition) = self.acquisition_mut()
            && !acquisition.is_leased()
        {
            acquisition.held = None;
            acquisition.link_local = LinkLocal::retry(REFUSAL_DELAY, context);
            return Transition::to(self);
        }
        let (own, action) = instead.settle(context);
        match self.into_held() {
            Some(held) if held.lease.origin == Origin::Inform => {
                Transition::to(Informing::after_refusal(Own::of(&held), context))
            }
            Some(_) | None => Transition::to(Init::after_refusal(own, context)),
        }
        .acting(action)
    }

    /// The host found out what probing would have, or did not.
    fn in_use_by_another(mut self, instead: Instead, context: &mut Context) -> Transition {
        if let Some(removal) = self.lose_own(context) {
            let was_in_force = !matches!(instead, Instead::Nothing);
            return Transition::to(self).acting(Some(removal).filter(|_| was_in_force));
        }
        let (own, action) = instead.settle(context);
        match self.into_held() {
            Some(held) if held.lease.origin == Origin::Inform => {
                Transition::to(Informing::after_refusal(Own::of(&held), context))
                    .telling(Some(Setback::Conflict))
            }
            Some(held) => {
                let acquisition = Acquisition {
                    held: own,
                    ..Acquisition::new(context)
                };
                DeclineWait::enter(&held.lease, acquisition, context)
            }
            None => Transition::to(Init::after_refusal(own, context)),
        }
        .acting(action)
    }
}
