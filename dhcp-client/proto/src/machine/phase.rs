//! The state the client is in, one struct for each, and what is the same in several.

use alloc::boxed::Box;

use super::{
    acquisition::Acquisition,
    bound::Bound,
    context::Context,
    decline_wait::DeclineWait,
    guard::Guard,
    held::Held,
    informing::Informing,
    init::Init,
    init_reboot::InitReboot,
    ipv6_only::Ipv6Only,
    probing::Probing,
    rebinding::Rebinding,
    rebooting::Rebooting,
    renewing::Renewing,
    requesting::Requesting,
    selecting::Selecting,
    stopped::Stopped,
    surface::State,
    timer::{Step, Timers},
    transition::Transition,
};
use crate::time::Instant;

/// Writes the enum, and makes one from each state.
macro_rules! phases {
    ($($name:ident,)+) => {
        /// RFC 2131 figure 5, and some states of ours.
        #[derive(Debug)]
        pub(super) enum Phase {
            $($name($name),)+
        }

        $(impl From<$name> for Phase {
            fn from(state: $name) -> Self {
                Self::$name(state)
            }
        })+

        impl Phase {
            pub(super) const fn state(&self) -> State {
                match self {
                    $(Self::$name(_) => State::$name,)+
                }
            }
        }
    };
}

phases! {
    Init,
    Selecting,
    Requesting,
    Probing,
    Bound,
    Renewing,
    Rebinding,
    InitReboot,
    Rebooting,
    DeclineWait,
    Informing,
    Ipv6Only,
    Stopped,
}

impl Phase {
    /// What goes along while a lease is sought.
    pub(super) fn acquisition_mut(&mut self) -> Option<&mut Acquisition> {
        match self {
            Self::Init(state) => Some(&mut state.acquisition),
            Self::Selecting(state) => Some(&mut state.acquisition),
            Self::Requesting(state) => Some(&mut state.acquisition),
            Self::Probing(state) => Some(&mut state.acquisition),
            Self::InitReboot(state) => Some(&mut state.acquisition),
            Self::Rebooting(state) => Some(&mut state.acquisition),
            Self::DeclineWait(state) => Some(&mut state.acquisition),
            Self::Bound(_)
            | Self::Renewing(_)
            | Self::Rebinding(_)
            | Self::Informing(_)
            | Self::Ipv6Only(_)
            | Self::Stopped(Stopped) => None,
        }
    }

    /// The same, out of the state; or the state, where nothing is sought.
    pub(super) fn into_acquisition(self) -> Result<Acquisition, Box<Self>> {
        match self {
            Self::Init(state) => Ok(state.acquisition),
            Self::Selecting(state) => Ok(state.acquisition),
            Self::Requesting(state) => Ok(state.acquisition),
            Self::Probing(state) => Ok(state.acquisition),
            Self::InitReboot(state) => Ok(state.acquisition),
            Self::Rebooting(state) => Ok(state.acquisition),
            Self::DeclineWait(state) => Ok(state.acquisition),
            Self::Bound(_)
            | Self::Renewing(_)
            | Self::Rebinding(_)
            | Self::Informing(_)
            | Self::Ipv6Only(_)
            | Self::Stopped(Stopped) => Err(Box::new(self)),
        }
    }

    pub(super) fn acquisition(&self) -> Option<&Acquisition> {
        match self {
            Self::Init(state) => Some(&state.acquisition),
            Self::Selecting(state) => Some(&state.acquisition),
            Self::Requesting(state) => Some(&state.acquisition),
            Self::Probing(state) => Some(&state.acquisition),
            Self::InitReboot(state) => Some(&state.acquisition),
            Self::Rebooting(state) => Some(&state.acquisition),
            Self::DeclineWait(state) => Some(&state.acquisition),
            Self::Bound(_)
            | Self::Renewing(_)
            | Self::Rebinding(_)
            | Self::Informing(_)
            | Self::Ipv6Only(_)
            | Self::Stopped(Stopped) => None,
        }
    }

    /// The lease in force.
    pub(super) fn held(&self) -> Option<&Held> {
        match self {
            Self::Bound(state) => Some(&state.held),
            Self::Renewing(state) => Some(&state.held),
            Self::Rebinding(state) => Some(&state.held),
            Self::Informing(state) => state.held.as_ref(),
            Self::Init(_)
            | Self::Selecting(_)
            | Self::Requesting(_)
            | Self::Probing(_)
            | Self::InitReboot(_)
            | Self::Rebooting(_)
            | Self::DeclineWait(_)
            | Self::Ipv6Only(_)
            | Self::Stopped(Stopped) => self.acquisition()?.held.as_ref(),
        }
    }

    pub(super) fn held_mut(&mut self) -> Option<&mut Held> {
        match self {
            Self::Bound(state) => Some(&mut state.held),
            Self::Renewing(state) => Some(&mut state.held),
            Self::Rebinding(state) => Some(&mut state.held),
            Self::Informing(state) => state.held.as_mut(),
            Self::Init(_)
            | Self::Selecting(_)
            | Self::Requesting(_)
            | Self::Probing(_)
            | Self::InitReboot(_)
            | Self::Rebooting(_)
            | Self::DeclineWait(_)
            | Self::Ipv6Only(_)
            | Self::Stopped(Stopped) => self.acquisition_mut()?.held.as_mut(),
        }
    }

    pub(super) fn into_held(self) -> Option<Held> {
        match self.into_acquisition() {
            Ok(acquisition) => acquisition.held,
            Err(phase) => match *phase {
                Self::Bound(state) => Some(state.held),
                Self::Renewing(state) => Some(state.held),
                Self::Rebinding(state) => Some(state.held),
                Self::Informing(state) => state.held,
                Self::Init(_)
                | Self::Selecting(_)
                | Self::Requesting(_)
                | Self::Probing(_)
                | Self::InitReboot(_)
                | Self::Rebooting(_)
                | Self::DeclineWait(_)
                | Self::Ipv6Only(_)
                | Self::Stopped(Stopped) => None,
            },
        }
    }

    pub(super) fn timers(&self, link_up: bool) -> Timers {
        let guard = self.held().and_then(|held| held.guard.as_ref());
        Timers {
            guard: guard.and_then(Guard::next_at).filter(|_| link_up),
            claim: self.claim_at().filter(|_| link_up),
            ..self.own_timers(link_up)
        }
    }

    /// When the search for a link-local address has something to do.
    fn claim_at(&self) -> Option<Instant> {
        let acquisition = self.acquisition().filter(|it| it.held.is_none())?;
        let is_offered = matches!(self, Self::Requesting(_) | Self::Probing(_));
        acquisition.link_local.next_at(!is_offered)
    }

    fn own_timers(&self, link_up: bool) -> Timers {
        match self {
            Self::Init(state) => state.timers(link_up),
            Self::Selecting(state) => state.timers(),
            Self::Requesting(state) => state.timers(),
            Self::Probing(state) => state.timers(),
            Self::Bound(state) => state.timers(),
            Self::Renewing(state) => state.timers(),
            Self::Rebinding(state) => state.timers(),
            Self::InitReboot(state) => state.timers(link_up),
            Self::Rebooting(state) => state.timers(),
            Self::DeclineWait(state) => state.timers(),
            Self::Informing(state) => state.timers(link_up),
            Self::Ipv6Only(state) => state.timers(),
            Self::Stopped(Stopped) => Timers::default(),
        }
    }

    pub(super) fn step(self, step: Step, context: &mut Context) -> Transition {
        match self {
            Self::Init(state) => state.fire(step, context),
            Self::Selecting(state) => state.fire(step, context),
            Self::Requesting(state) => state.fire(step, context),
            Self::Probing(state) => state.fire(step, context),
            Self::Bound(state) => state.fire(step, context),
            Self::Renewing(state) => state.fire(step, context),
            Self::Rebinding(state) => state.fire(step, context),
            Self::InitReboot(state) => state.fire(step, context),
            Self::Rebooting(state) => state.fire(step, context),
            Self::DeclineWait(state) => state.fire(step, context),
            Self::Informing(state) => state.fire(step, context),
            Self::Ipv6Only(state) => state.fire(step, context),
            Self::Stopped(Stopped) => Transition::to(self),
        }
    }
}
