//! The calf's last act before the first untrusted byte: give up what starting needed, assert what is
//! left, and close the door.

use std::{fmt, hash::RandomState, os::fd::AsRawFd as _};

use nix::errno::Errno;

use crate::{
    calf_abi::calf_abi,
    capabilities,
    filter::{self, Numbers},
    inherited::Inherited,
    landlock,
    policy::{Backend, FIRST_GRANT, Rights},
    root,
    step::{At as _, Failure, Step},
    sys::{
        self,
        own::{OwnKind, own_kind},
    },
};

/// Why a calf is not confined. There is nothing left for it but to end; its priv knows why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfineError {
    /// A granted descriptor was closed.
    Closed(String),
    /// A step failed.
    Step(Failure),
    /// A granted descriptor was never taken.
    Unclaimed(String),
    /// A descriptor is open that was not declared.
    Undeclared(i32),
}

impl fmt::Display for ConfineError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(name) => write!(formatter, "inherited descriptor {name:?} was closed"),
            Self::Step(failure) => write!(formatter, "{failure}"),
            Self::Unclaimed(name) => {
                write!(formatter, "inherited descriptor {name:?} was never taken")
            }
            Self::Undeclared(number) => {
                write!(formatter, "descriptor {number} is open and not declared")
            }
        }
    }
}

impl std::error::Error for ConfineError {}

impl ConfineError {
    /// What priv is told.
    const fn failure(&self) -> Failure {
        match self {
            Self::Step(failure) => *failure,
            Self::Closed(_) | Self::Unclaimed(_) => Failure {
                step: Step::AssertDescriptors,
                errno: Errno::EBADF,
            },
            Self::Undeclared(_) => Failure {
                step: Step::AssertDescriptors,
                errno: Errno::EEXIST,
            },
        }
    }
}

impl From<Failure> for ConfineError {
    fn from(failure: Failure) -> Self {
        Self::Step(failure)
    }
}

impl Inherited {
    /// Confines this process to the calf ABI, for good. Call it when the event loop and its timer exist
    /// and every descriptor was taken, from the only thread, before reading anything. Under
    /// [`Backend::None`] it only tells priv that the calf is ready.
    ///
    /// # Errors
    /// When the sandbox cannot be closed, or is not what was declared. Exit then.
    pub fn confine(self) -> Result<(), ConfineError> {
        let confined = match self.marker.backend {
            Backend::None => Ok(()),
            Backend::Process => self.close_sandbox(),
        };
        if let Err(error) = &confined {
            // If this fails too, priv sees the calf end without being confined.
            let _: Result<_, Errno> =
                sys::write(self.status.as_raw_fd(), &error.failure().to_record());
        }
        // Dropping `self` closes the status pipe: that is what priv waits for.
        confined
    }

    fn close_sandbox(&self) -> Result<(), ConfineError> {
        if self.marker.loader {
            root::enter_empty()?;
        }
        if self.marker.landlock {
            landlock::deny_everything().at(Step::Landlock)?;
        }
        capabilities::drop_all().at(Step::Capabilities)?;
        // std seeds each thread's tables once, with a call that is not on the live list.
        drop(RandomState::new());
        let numbers = self.assert_descriptors()?;
        // "stdio recvfd" is over: no descriptor can be made or received any more.
        sys::limit(libc::RLIMIT_NOFILE, 0).at(Step::ResourceLimits)?;
        if self.marker.filtered {
            let program = filter::compile(calf_abi(), &numbers).at(Step::LiveFilter)?;
            sys::install_filter(&program).at(Step::LiveFilter)?;
        }
        Ok(())
    }

    /// Exactly the declared descriptors are open, and what the event loop made.
    fn assert_descriptors(&self) -> Result<Numbers, ConfineError> {
        let mut numbers = Numbers::default();
        let status = self.status.as_raw_fd();
        for number in 0..sys::open_limit().at(Step::AssertDescriptors)? {
            let open = sys::is_open(number);
            let declared = self.rights(number);
            match (declared, open) {
                (Some((name, _)), false) => return Err(ConfineError::Closed(name.to_owned())),
                (Some((_, rights)), true) => numbers.add(number, rights),
                (None, true) if number == status => {}
                (None, true) => {
                    let kind = own_kind(number).ok_or(ConfineError::Undeclared(number))?;
                    numbers.add_own(number, kind);
                }
                (None, false) => {}
            }
        }
        match self.claims.iter().find(|claim| claim.descriptor.is_some()) {
            Some(claim) => Err(ConfineError::Unclaimed(claim.name.clone())),
            None => Ok(numbers),
        }
    }

    /// Name and rights of a declared descriptor.
    fn rights(&self, number: i32) -> Option<(&str, Rights)> {
        match number {
            0 => Some(("standard input", Rights::Read)),
            1 => Some(("standard output", Rights::Write)),
            2 => Some(("standard error", Rights::Write)),
            FIRST_GRANT.. => self
                .claims
                .iter()
                .find(|claim| claim.number == number)
                .map(|claim| (claim.name.as_str(), claim.rights)),
            ..0 => None,
        }
    }
}

impl Numbers {
    fn add(&mut self, number: i32, rights: Rights) {
        let number = u64::from(number.cast_unsigned());
        if rights.reads() {
            self.readable.push(number);
        }
        if rights.writes() {
            self.writable.push(number);
        }
    }

    fn add_own(&mut self, number: i32, kind: OwnKind) {
        match kind {
            OwnKind::Pair => {}
            OwnKind::Poller => self.pollers.push(u64::from(number.cast_unsigned())),
            OwnKind::Timer => {
                self.add(number, Rights::Read);
                self.timers.push(u64::from(number.cast_unsigned()));
            }
            OwnKind::Waker => self.add(number, Rights::ReadWrite),
        }
    }
}
