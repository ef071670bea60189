//! What a calf may have. A policy can only be made stricter than the default, never weaker.

use std::{
    ffi::OsString,
    fmt,
    os::fd::{OwnedFd, RawFd},
};

use crate::layers::Layer;

/// How a calf is confined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// Not at all: the same program, with the same descriptors, for debugging.
    None,
    /// By namespaces, an empty root, no capabilities and system call filters.
    Process,
}

/// What to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// The program that is running, executed again, with `arguments` after its name.
    Current {
        /// Arguments, without the program's name.
        arguments: Vec<OsString>,
    },
}

/// What a calf may do with a descriptor once it is confined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// `read`.
    Read,
    /// `write`.
    Write,
    /// `read` and `write`.
    ReadWrite,
}

impl Rights {
    pub(crate) const fn reads(self) -> bool {
        matches!(self, Self::Read | Self::ReadWrite)
    }

    pub(crate) const fn writes(self) -> bool {
        matches!(self, Self::Write | Self::ReadWrite)
    }
}

/// Resource limits of a calf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of address space, program and libraries included.
    pub address_space: u64,
    /// Bytes of private writable memory.
    pub memory: u64,
    /// Descriptors open at once until `confine`; afterwards no new one can be had.
    pub descriptors: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            address_space: 256 << 20,
            memory: 64 << 20,
            descriptors: 64,
        }
    }
}

/// Most descriptors a calf may make for itself before `confine`, by kind; it can do nothing with
/// them that reaches another process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnDescriptors {
    /// epoll instances.
    pub pollers: usize,
    /// Sockets whose both ends the calf holds. They can be waited for, not read or written.
    pub pairs: usize,
    /// timerfds.
    pub timers: usize,
    /// eventfds.
    pub wakers: usize,
}

impl Default for OwnDescriptors {
    /// What a current-thread tokio runtime has (the poller twice; its signal driver is three ends of
    /// one pair, where that feature is built in), and one timer.
    fn default() -> Self {
        Self {
            pollers: 2,
            pairs: 3,
            timers: 1,
            wakers: 1,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) name: String,
    pub(crate) descriptor: OwnedFd,
    pub(crate) rights: Rights,
}

/// What a calf may have: descriptors by name, and limits. Everything else is refused.
#[derive(Debug)]
pub struct Policy {
    pub(crate) grants: Vec<Grant>,
    pub(crate) limits: Limits,
    pub(crate) own: OwnDescriptors,
    pub(crate) required: Vec<Layer>,
    /// Whether the filters are installed: always, but in control runs of attacks.
    pub(crate) filtered: bool,
}

/// Why a policy cannot be enforced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyError {
    /// Two descriptors have this name.
    DuplicateName(String),
    /// A name is 1 to 32 letters, digits and hyphens.
    Name(String),
    /// More descriptors than a calf can have.
    TooMany(usize),
}

impl fmt::Display for PolicyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DuplicateName(name) => write!(formatter, "two descriptors are named {name:?}"),
            Self::Name(name) => {
                write!(
                    formatter,
                    "descriptor name {name:?}: use 1 to 32 lower-case letters, digits, hyphens"
                )
            }
            Self::TooMany(count) => {
                write!(
                    formatter,
                    "{count} descriptors granted, at most {MOST_GRANTS} are possible"
                )
            }
        }
    }
}

impl std::error::Error for PolicyError {}

/// Most descriptors a policy may grant: the child copies them without allocating.
pub(crate) const MOST_GRANTS: usize = 16;

/// Descriptor number of the first grant; 0 to 2 are standard input, output and error.
pub(crate) const FIRST_GRANT: RawFd = 3;

const LONGEST_NAME: usize = 32;

impl Policy {
    /// A policy that grants nothing but the standard descriptors.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            grants: Vec::new(),
            limits,
            own: OwnDescriptors::default(),
            required: Vec::new(),
            filtered: true,
        }
    }

    /// Gives the calf `descriptor` under `name`; the caller's copy is closed once the calf has it.
    #[must_use]
    pub fn grant(mut self, name: &str, descriptor: impl Into<OwnedFd>, rights: Rights) -> Self {
        self.grants.push(Grant {
            name: name.to_owned(),
            descriptor: descriptor.into(),
            rights,
        });
        self
    }

    /// Replaces what the calf may make for itself before it is confined.
    #[must_use]
    pub fn own_descriptors(mut self, own: OwnDescriptors) -> Self {
        self.own = own;
        self
    }

    /// Makes an optional layer mandatory.
    #[must_use]
    pub fn require(mut self, layer: Layer) -> Self {
        self.required.push(layer);
        self
    }

    /// Leaves both system call filters out: the control run of an attack shows that the call reaches
    /// the kernel, and what the other layers say to it.
    #[cfg(feature = "control-runs")]
    #[must_use]
    pub fn without_filters(mut self) -> Self {
        self.filtered = false;
        self
    }

    pub(crate) fn check(&self) -> Result<(), PolicyError> {
        if self.grants.len() > MOST_GRANTS {
            return Err(PolicyError::TooMany(self.grants.len()));
        }
        let mut seen: Vec<&str> = Vec::new();
        for grant in &self.grants {
            let name = grant.name.as_str();
            let spelled = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(spelled) {
                return Err(PolicyError::Name(name.to_owned()));
            }
            if seen.contains(&name) {
                return Err(PolicyError::DuplicateName(name.to_owned()));
            }
            seen.push(name);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn descriptor() -> OwnedFd {
        std::fs::File::open("/dev/null").unwrap().into()
    }

    #[test]
    fn a_name_that_would_break_the_marker_is_refused() {
        for name in [
            "",
            "a,b",
            "a=b",
            "A",
            "a b",
            "0123456789-0123456789-0123456789-x",
        ] {
            let policy = Policy::new(Limits::default()).grant(name, descriptor(), Rights::Read);
            assert_eq!(policy.check(), Err(PolicyError::Name(name.into())));
        }
    }

    #[test]
    fn two_descriptors_of_one_name_are_refused() {
        let policy = Policy::new(Limits::default())
            .grant("net", descriptor(), Rights::Read)
            .grant("net", descriptor(), Rights::Write);
        assert_eq!(
            policy.check(),
            Err(PolicyError::DuplicateName("net".into()))
        );
    }

    #[test]
    fn more_descriptors_than_fit_are_refused() {
        let policy = (0..17).fold(Policy::new(Limits::default()), |policy, number| {
            policy.grant(&format!("n{number}"), descriptor(), Rights::Read)
        });
        assert_eq!(policy.check(), Err(PolicyError::TooMany(17)));
    }
}
