//! Which calls pass a membrane.

use std::collections::HashSet;

use capnp::traits::HasTypeId;

/// Which way a call goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// To the guarded object, or to one that it gave out.
    Inward,
    /// From the guarded side to an object that it was given, such as a callback.
    Outward,
}

impl Direction {
    pub(super) const fn reversed(self) -> Self {
        match self {
            Self::Inward => Self::Outward,
            Self::Outward => Self::Inward,
        }
    }
}

/// Decides which calls pass a membrane. What is refused is refused for every object behind it.
pub trait Policy: 'static {
    /// Whether a call of this method (its ordinal) of this interface (its id in the schema) may pass.
    fn allows(&self, direction: Direction, interface: u64, method: u16) -> bool;
}

/// Everything passes; for what is only to be revoked.
#[derive(Clone, Copy, Debug)]
pub struct Everything;

impl Policy for Everything {
    fn allows(&self, _direction: Direction, _interface: u64, _method: u16) -> bool {
        true
    }
}

/// Inward, only methods that are listed pass. Outward everything does: whoever hands a callback in wants it
/// called.
#[derive(Clone, Debug, Default)]
pub struct Only {
    methods: HashSet<(u64, u16)>,
}

impl Only {
    /// These methods of the interface of the client `C`, generated or of this crate, by their ordinals in
    /// the schema.
    #[must_use]
    pub fn methods<C: HasTypeId>(ordinals: impl IntoIterator<Item = u16>) -> Self {
        Self::default().and::<C>(ordinals)
    }

    /// And these of another interface, such as one of which objects are given out.
    #[must_use]
    pub fn and<C: HasTypeId>(mut self, ordinals: impl IntoIterator<Item = u16>) -> Self {
        let methods = ordinals.into_iter().map(|ordinal| (C::TYPE_ID, ordinal));
        self.methods.extend(methods);
        self
    }
}

impl Policy for Only {
    fn allows(&self, direction: Direction, interface: u64, method: u16) -> bool {
        match direction {
            Direction::Inward => self.methods.contains(&(interface, method)),
            Direction::Outward => true,
        }
    }
}
