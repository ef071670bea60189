//! Starting a calf: this program once more, with what it is given and nothing else.

use std::os::fd::OwnedFd;

use calf_sandbox::{Backend, Calf, Limits, Policy, Program, Rights, SpawnError, spawn};

/// Starts this program again, to do `act`. It holds the descriptors of `grants`, each under its name.
///
/// # Errors
/// No calf could be started; the error says what to do about it.
pub fn start(
    act: &str,
    backend: Backend,
    grants: impl IntoIterator<Item = (&'static str, OwnedFd)>,
) -> Result<Calf, SpawnError> {
    let policy = grants.into_iter().fold(
        Policy::new(Limits::default()),
        |policy, (name, descriptor)| policy.grant(name, descriptor, Rights::ReadWrite),
    );
    let arguments = vec![act.into()];
    spawn(Program::Current { arguments }, policy, backend)
}
