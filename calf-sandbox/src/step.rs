//! The steps of setting up a sandbox, by name: a sandbox that cannot be set up says which step failed
//! and what to do about it. A step crosses the status pipe as one number.

use std::fmt;

use nix::errno::Errno;

macro_rules! steps {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $name:literal;)*) => {
        /// One step of setting up a sandbox.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Step {
            $($(#[$doc])* $variant = $number,)*
        }

        impl Step {
            const fn from_number(number: u8) -> Option<Self> {
                match number {
                    $($number => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// What the step does, for messages: "cannot ...".
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

steps! {
    /// The calf starts a session, so that no terminal and no group signal reaches it.
    Session = 1, "start a session";
    /// Signals get their default actions.
    Signals = 2, "reset signals";
    /// The calf dies with the process that started it.
    ParentDeath = 3, "tie the calf's life to its parent's";
    /// The parent did not write the identity maps.
    IdentityMap = 4, "map the calf's user and group";
    /// The calf becomes its mapped user and group.
    Identity = 5, "become the calf's user and group";
    /// Mounts become private, so that nothing propagates in or out.
    PrivateMounts = 6, "make mounts private";
    /// The loader and the libraries of a dynamic program are cloned for its start.
    LoaderMounts = 7, "mount the program's loader and libraries";
    /// An empty file system is made.
    EmptyFileSystem = 8, "mount an empty file system";
    /// It becomes the root.
    EnterRoot = 9, "enter the empty root";
    /// The old root goes.
    DetachRoot = 10, "detach the old root";
    /// The host's name is hidden.
    HostName = 11, "set the host name";
    /// The declared descriptors get their numbers, all others are closed.
    Descriptors = 12, "arrange the declared descriptors";
    /// Resource limits.
    ResourceLimits = 13, "set resource limits";
    /// Capabilities are given up.
    Capabilities = 14, "drop capabilities";
    /// no_new_privs.
    NoNewPrivileges = 15, "set no_new_privs";
    /// The filter for the time until `confine`.
    StartFilter = 16, "install the start filter";
    /// The program is executed.
    Execute = 17, "execute the program";
    /// A declared descriptor was never claimed, was closed, or an undeclared one is open.
    AssertDescriptors = 18, "find exactly the declared descriptors";
    /// The Landlock domain.
    Landlock = 19, "enter a Landlock domain";
    /// The filter for the rest of the calf's life.
    LiveFilter = 20, "install the final filter";
}

/// Error numbers are small: what does not fit is no error number.
const RECORD_LENGTH: usize = 5;

/// A step that failed, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The step.
    pub step: Step,
    /// The kernel's answer.
    pub errno: Errno,
}

impl Failure {
    /// The failure as it crosses the status pipe: written at once, so it arrives whole (pipe(7)).
    pub(crate) const fn to_record(self) -> [u8; RECORD_LENGTH] {
        let [a, b, c, d] = (self.errno as i32).to_le_bytes();
        [self.step as u8, a, b, c, d]
    }

    pub(crate) fn from_record(record: &[u8]) -> Option<Self> {
        let (&number, errno) = record.split_first()?;
        let errno = i32::from_le_bytes(errno.try_into().ok()?);
        Some(Self {
            step: Step::from_number(number)?,
            errno: Errno::from_raw(errno),
        })
    }

    /// What the operator can do.
    #[must_use]
    pub fn fix(&self) -> &'static str {
        let mounting = matches!(
            self.step,
            Step::PrivateMounts | Step::LoaderMounts | Step::EmptyFileSystem | Step::EnterRoot
        );
        let forbidden = matches!(self.errno, Errno::EACCES | Errno::EPERM);
        let filtering = matches!(self.step, Step::StartFilter | Step::LiveFilter);
        if self.step == Step::Execute && self.errno == Errno::EACCES {
            "the program file must be executable by everybody (chmod 0755)"
        } else if self.step == Step::LoaderMounts && self.errno == Errno::EACCES {
            "the program's libraries must be readable by everybody; or use a static build"
        } else if mounting && forbidden {
            "user namespaces are restricted here: run as root with CAP_SYS_ADMIN, give the program an AppArmor \
             profile with `userns,`, or set kernel.apparmor_restrict_unprivileged_userns=0"
        } else if mounting && self.errno == Errno::ENOSYS {
            "the kernel is too old (5.12 is needed), or a container's filter forbids the mount calls"
        } else if filtering && matches!(self.errno, Errno::EINVAL | Errno::ENOSYS) {
            "the kernel needs CONFIG_SECCOMP_FILTER"
        } else {
            LAST_RESORT
        }
    }
}

/// The advice where there is no better one.
pub(crate) const LAST_RESORT: &str =
    "if this host cannot sandbox, --backend none runs without a sandbox, for debugging only";

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "cannot {} ({}): {}",
            self.step.name(),
            self.errno.desc(),
            self.fix()
        )
    }
}

impl std::error::Error for Failure {}

/// Names the step of an operating system error.
pub(crate) trait At<T> {
    fn at(self, step: Step) -> Result<T, Failure>;
}

impl<T> At<T> for Result<T, Errno> {
    fn at(self, step: Step) -> Result<T, Failure> {
        self.map_err(|errno| Failure { step, errno })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_says_what_was_put_in() {
        let failure = Failure {
            step: Step::EnterRoot,
            errno: Errno::EINVAL,
        };
        assert_eq!(Failure::from_record(&failure.to_record()), Some(failure));
    }

    #[test]
    fn a_record_of_another_length_or_step_is_none() {
        assert_eq!(Failure::from_record(&[]), None);
        assert_eq!(Failure::from_record(&[9, 0, 0, 0]), None);
        assert_eq!(Failure::from_record(&[0, 22, 0, 0, 0]), None);
        assert_eq!(Failure::from_record(&[21, 22, 0, 0, 0]), None);
    }
}
