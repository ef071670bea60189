//! calf-sandbox: runs an untrusted program (the *calf*) with exactly the listed descriptors and
//! nothing else.
//!
//! Two sides of one contract live here, because each is worthless without the other:
//!
//! - the privileged side (*priv*) describes what the calf may have in a [`Policy`], calls [`spawn()`],
//!   waits until [`Calf::status`] is readable and then calls [`Calf::verify`], which looks at the
//!   process from outside and fails unless every mandatory [`Layer`] is in force;
//! - the calf calls [`inherited()`] first thing in `main`, makes its runtime (event loop, timer, buffers),
//!   and calls [`Inherited::confine`] before it reads the first untrusted byte.
//!
//! ```no_run
//! use calf_sandbox::{Backend, Limits, Policy, Program, Rights, inherited, is_calf, spawn};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! if is_calf() {
//!     let mut inherited = inherited()?;
//!     let channel = inherited.take("channel")?;
//!     inherited.confine()?;
//!     // From here on: at most the calls of `calf_abi()`.
//!     # drop(channel);
//!     return Ok(());
//! }
//! let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
//! let policy = Policy::new(Limits::default()).grant("channel", theirs, Rights::ReadWrite);
//! let calf = spawn(Program::Current { arguments: vec![] }, policy, Backend::Process)?;
//! let layers = calf.verify()?;
//! println!("{layers}");
//! # drop(ours);
//! # Ok(())
//! # }
//! ```
//!
//! What cannot be set up is an error that names the step and the fix, never a weaker sandbox.

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
compile_error!(
    "calf-sandbox has its system call lists for x86-64 Linux only: fill in src/calf_abi.rs"
);

mod calf;
mod calf_abi;
mod capabilities;
mod child;
mod confine;
mod detach;
mod filter;
mod identity;
mod inherited;
mod landlock;
mod layers;
mod loader;
mod marker;
mod plan;
mod policy;
mod root;
mod spawn;
mod step;
mod sys;
mod verify;

pub use calf::{Calf, Exit};
pub use calf_abi::{Call, calf_abi, start_calls};
pub use confine::ConfineError;
pub use detach::{Detached, Outcome, Servant, detach};
pub use inherited::{InheritError, Inherited, claim_numbers, inherited, is_calf};
pub use layers::{Layer, Layers};
pub use policy::{Backend, Limits, OwnDescriptors, Policy, PolicyError, Program, Rights};
pub use spawn::{SpawnError, spawn};
pub use step::{Failure, Step};
pub use verify::VerifyError;
