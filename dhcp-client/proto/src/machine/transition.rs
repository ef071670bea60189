//! The only place where the client changes its state.
//!
//! A state decides by making a [`Transition`], which is data. [`Machine::step`] applies it: the state
//! changes and the effects are queued, all in one place.

use super::{
    Machine,
    context::Context,
    draft::Draft,
    phase::Phase,
    surface::{Action, Setback},
};
use crate::discard::Discard;

/// What a state decided: the next state, and at most one of each effect.
#[must_use]
#[derive(Debug)]
pub(super) struct Transition {
    next: Phase,
    send: Option<Draft>,
    action: Option<Action>,
    setback: Option<Setback>,
    discard: Option<Discard>,
}

impl Transition {
    pub(super) fn to(next: impl Into<Phase>) -> Self {
        Self {
            next: next.into(),
            send: None,
            action: None,
            setback: None,
            discard: None,
        }
    }

    /// The message is of no use; nothing changes.
    pub(super) fn discarding(state: impl Into<Phase>, reason: Discard) -> Self {
        Self::to(state).discarded(reason)
    }

    /// The message is of no use, and that changes something.
    pub(super) fn discarded(self, reason: Discard) -> Self {
        Self {
            discard: Some(reason),
            ..self
        }
    }

    pub(super) fn sending(self, draft: impl Into<Option<Draft>>) -> Self {
        Self {
            send: draft.into(),
            ..self
        }
    }

    pub(super) fn acting(self, action: Option<Action>) -> Self {
        Self { action, ..self }
    }

    pub(super) fn telling(self, setback: Option<Setback>) -> Self {
        Self { setback, ..self }
    }
}

impl Machine {
    /// Has the present state decide, and does what it decided. The result is why the input was of no
    /// use, if it was not.
    pub(super) fn step(
        &mut self,
        decide: impl FnOnce(Phase, &mut Context) -> Transition,
    ) -> Option<Discard> {
        let phase = core::mem::replace(&mut self.phase, Phase::Stopped(super::stopped::Stopped));
        let Transition {
            next,
            send,
            action,
            setback,
            discard,
        } = decide(phase, &mut self.context);
        self.phase = next;
        if let Some(draft) = send {
            self.outbox.send(draft, &self.context.config);
        }
        for action in action.into_iter().chain(setback.map(Action::Setback)) {
            self.outbox.act(action);
        }
        discard
    }
}
