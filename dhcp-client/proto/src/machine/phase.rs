//! The state the client is in, one struct for each, and who answers an input in it.

use super::{
    acceptance::is_host,
    acquisition::Acquisition,
    bound::{Bound, expire},
    context::Context,
    draft::Draft,
    held::{Held, Judged},
    init::Init,
    init_reboot::InitReboot,
    rebinding::Rebinding,
    rebooting::Rebooting,
    renewing::Renewing,
    requesting::Requesting,
    selecting::Selecting,
    stopped::Stopped,
    surface::{Action, Applied, Command, DeconfigureCause, Start, State},
    timer::{Timer, Timers},
    transition::Transition,
};
use crate::{discard::Discard, message::Received};

/// RFC 2131 figure 5, and one state of ours.
#[derive(Debug)]
pub(super) enum Phase {
    Init(Init),
    Selecting(Selecting),
    Requesting(Requesting),
    Bound(Bound),
    Renewing(Renewing),
    Rebinding(Rebinding),
    InitReboot(InitReboot),
    Rebooting(Rebooting),
    Stopped(Stopped),
}

impl Phase {
    /// The first state.
    pub(super) fn first(start: Start, context: &mut Context) -> Transition {
        match start {
            Start::Reboot { address } if is_host(address) => Transition::to(InitReboot {
                acquisition: Acquisition::new(context.now),
                address,
                since: context.now,
            }),
            Start::Init | Start::Reboot { .. } => Transition::to(Init::first(context)),
            // A lease whose T1 or T2 is past gets its message from the timer that is due; before
            // that, nothing is sent.
            Start::Resume(lease) => {
                let held = Held::resumed(lease.into());
                if held.lease.expires_at.is_some_and(|end| end <= context.now) {
                    expire(held, context)
                } else {
                    Transition::to(Bound { held })
                }
            }
        }
    }

    pub(super) fn state(&self) -> State {
        match self {
            Self::Init(_) => State::Init,
            Self::Selecting(_) => State::Selecting,
            Self::Requesting(_) => State::Requesting,
            Self::Bound(_) => State::Bound,
            Self::Renewing(_) => State::Renewing,
            Self::Rebinding(_) => State::Rebinding,
            Self::InitReboot(_) => State::InitReboot,
            Self::Rebooting(_) => State::Rebooting,
            Self::Stopped(_) => State::Stopped,
        }
    }

    /// The lease in force.
    pub(super) fn held(&self) -> Option<&Held> {
        match self {
            Self::Init(state) => state.acquisition.held.as_ref(),
            Self::Selecting(state) => state.acquisition.held.as_ref(),
            Self::Requesting(state) => state.acquisition.held.as_ref(),
            Self::Bound(state) => Some(&state.held),
            Self::Renewing(state) => Some(&state.held),
            Self::Rebinding(state) => Some(&state.held),
            Self::InitReboot(state) => state.acquisition.held.as_ref(),
            Self::Rebooting(state) => state.acquisition.held.as_ref(),
            Self::Stopped(Stopped) => None,
        }
    }

    fn held_mut(&mut self) -> Option<&mut Held> {
        match self {
            Self::Init(state) => state.acquisition.held.as_mut(),
            Self::Selecting(state) => state.acquisition.held.as_mut(),
            Self::Requesting(state) => state.acquisition.held.as_mut(),
            Self::Bound(state) => Some(&mut state.held),
            Self::Renewing(state) => Some(&mut state.held),
            Self::Rebinding(state) => Some(&mut state.held),
            Self::InitReboot(state) => state.acquisition.held.as_mut(),
            Self::Rebooting(state) => state.acquisition.held.as_mut(),
            Self::Stopped(Stopped) => None,
        }
    }

    fn into_held(self) -> Option<Held> {
        match self {
            Self::Init(state) => state.acquisition.held,
            Self::Selecting(state) => state.acquisition.held,
            Self::Requesting(state) => state.acquisition.held,
            Self::Bound(state) => Some(state.held),
            Self::Renewing(state) => Some(state.held),
            Self::Rebinding(state) => Some(state.held),
            Self::InitReboot(state) => state.acquisition.held,
            Self::Rebooting(state) => state.acquisition.held,
            Self::Stopped(Stopped) => None,
        }
    }

    pub(super) fn timers(&self, link_up: bool) -> Timers {
        match self {
            Self::Init(state) => state.timers(link_up),
            Self::Selecting(state) => state.timers(),
            Self::Requesting(state) => state.timers(),
            Self::Bound(state) => state.timers(),
            Self::Renewing(state) => state.timers(),
            Self::Rebinding(state) => state.timers(),
            Self::InitReboot(state) => state.timers(link_up),
            Self::Rebooting(state) => state.timers(),
            Self::Stopped(Stopped) => Timers::default(),
        }
    }

    pub(super) fn fire(self, timer: Timer, context: &mut Context) -> Transition {
        match self {
            Self::Init(state) => state.fire(timer, context),
            Self::Selecting(state) => state.fire(timer, context),
            Self::Requesting(state) => state.fire(timer, context),
            Self::Bound(state) => state.fire(timer, context),
            Self::Renewing(state) => state.fire(timer, context),
            Self::Rebinding(state) => state.fire(timer, context),
            Self::InitReboot(state) => state.fire(timer, context),
            Self::Rebooting(state) => state.fire(timer, context),
            Self::Stopped(Stopped) => Transition::to(self),
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
            Self::Init(_) | Self::Bound(_) | Self::InitReboot(_) | Self::Stopped(_) => {
                Transition::discarding(self, Discard::UnexpectedInState)
            }
        }
    }

    /// The link is gone: nothing is sent until it is back. A lease stays in force, since the link
    /// mostly comes back as it was; then its address is asked for as after a restart.
    pub(super) fn link_down(self, context: &Context) -> Transition {
        match self {
            Self::Selecting(state) => InitReboot::or_init(state.acquisition, context),
            Self::Requesting(state) => InitReboot::or_init(state.acquisition, context),
            Self::Rebooting(state) => state.interrupted(context),
            Self::Bound(Bound { held })
            | Self::Renewing(Renewing { held, .. })
            | Self::Rebinding(Rebinding { held, .. }) => {
                InitReboot::or_init(Acquisition::holding(context.now, held), context)
            }
            Self::Init(_) | Self::InitReboot(_) | Self::Stopped(_) => Transition::to(self),
        }
    }

    /// Another MAC address is another client to the servers: it starts with nothing.
    pub(super) fn new_mac(self, context: &Context) -> Transition {
        if let Self::Stopped(Stopped) = self {
            return Transition::to(self);
        }
        let action = self.into_held().map(|_| Action::Deconfigure {
            cause: DeconfigureCause::Stopped,
        });
        Transition::to(Init::again(Acquisition::new(context.now), context)).acting(action)
    }

    /// A command that makes no sense in a state does nothing there.
    pub(super) fn command(self, command: Command, context: &mut Context) -> Transition {
        match (command, self) {
            (Command::Stop, _) => Transition::to(Stopped),
            (Command::Release, phase) => phase.release(context),
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
                | Self::InitReboot(_)
                | Self::Rebooting(_)
                | Self::Stopped(_)),
            ) => Transition::to(phase),
        }
    }

    /// RFC 2131 section 4.4.6: "If the client no longer requires use of its assigned network address
    /// [...], the client sends a DHCPRELEASE message to the server."
    fn release(self, context: &mut Context) -> Transition {
        let Some(held) = self.into_held() else {
            return Transition::to(Stopped);
        };
        let transition = Transition::to(Stopped).acting(Some(Action::Deconfigure {
            cause: DeconfigureCause::Released,
        }));
        if context.link_up {
            transition.sending(Draft::Release {
                xid: context.random.xid(),
                address: held.lease.address,
                server: held.lease.server_identifier,
            })
        } else {
            transition
        }
    }

    /// The host's answer to the last `Configure` or `Update`.
    pub(super) fn applied(mut self, applied: Applied, context: &Context) -> Transition {
        match self.held_mut().map(|held| held.judge(applied)) {
            None => Transition::to(self),
            Some(Judged::Kept(action)) => Transition::to(self).acting(action),
            Some(Judged::Lost(action)) => {
                Transition::to(Init::after_refusal(context)).acting(action)
            }
        }
    }
}

impl From<Init> for Phase {
    fn from(state: Init) -> Self {
        Self::Init(state)
    }
}

impl From<Selecting> for Phase {
    fn from(state: Selecting) -> Self {
        Self::Selecting(state)
    }
}

impl From<Requesting> for Phase {
    fn from(state: Requesting) -> Self {
        Self::Requesting(state)
    }
}

impl From<Bound> for Phase {
    fn from(state: Bound) -> Self {
        Self::Bound(state)
    }
}

impl From<Renewing> for Phase {
    fn from(state: Renewing) -> Self {
        Self::Renewing(state)
    }
}

impl From<Rebinding> for Phase {
    fn from(state: Rebinding) -> Self {
        Self::Rebinding(state)
    }
}

impl From<InitReboot> for Phase {
    fn from(state: InitReboot) -> Self {
        Self::InitReboot(state)
    }
}

impl From<Rebooting> for Phase {
    fn from(state: Rebooting) -> Self {
        Self::Rebooting(state)
    }
}

impl From<Stopped> for Phase {
    fn from(state: Stopped) -> Self {
        Self::Stopped(state)
    }
}
