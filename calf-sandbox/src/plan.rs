//! Everything the child needs, prepared before `clone`: after it nothing may allocate.

use std::{
    ffi::{CString, OsString},
    fs::File,
    io,
    os::{
        fd::{AsRawFd as _, OwnedFd, RawFd},
        unix::ffi::OsStringExt as _,
    },
};

use nix::errno::Errno;
use seccompiler::BpfProgram;

use crate::{
    calf_abi::{start_calls, static_start_calls},
    filter::{self, Numbers},
    identity::{Caller, Identity},
    landlock,
    loader::{self, Loader},
    marker::{self, Marker},
    policy::{Backend, Limits, MOST_GRANTS, Policy, Program},
    sys::Strings,
};

/// The most descriptors a calf starts with: standard, granted, status, program.
pub(crate) const MOST_DESCRIPTORS: usize = 3 + MOST_GRANTS + 2;

/// The sandbox of the process backend, as the child sets it up.
#[derive(Debug)]
pub(crate) struct Confinement {
    pub(crate) identity: Identity,
    pub(crate) loader: Option<Loader>,
    pub(crate) limits: Limits,
    /// What the caller may; in a user namespace of its own the child starts with everything.
    pub(crate) permitted: u64,
    pub(crate) start_filter: Option<BpfProgram>,
}

/// What the child does.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Descriptors to have, in order of their numbers from 0; the last two are status and program.
    pub(crate) descriptors: Vec<RawFd>,
    /// Readable when the identity maps are written.
    pub(crate) mapped: RawFd,
    /// Readable when the parent has ended.
    pub(crate) parent: RawFd,
    pub(crate) arguments: Strings,
    pub(crate) environment: Strings,
    pub(crate) confinement: Option<Confinement>,
}

/// The child's ends of the pipes, and the program.
#[derive(Debug)]
pub(crate) struct Ends {
    pub(crate) input: OwnedFd,
    pub(crate) log: OwnedFd,
    pub(crate) status: OwnedFd,
    pub(crate) program: OwnedFd,
    pub(crate) mapped: OwnedFd,
    pub(crate) parent: OwnedFd,
}

/// The file of the running program. It stays the same file if another has taken its name.
pub(crate) fn open_current_program() -> io::Result<OwnedFd> {
    File::open("/proc/self/exe").map(OwnedFd::from)
}

impl Plan {
    pub(crate) fn new(
        program: Program,
        policy: &Policy,
        backend: Backend,
        caller: &Caller,
        ends: &Ends,
    ) -> Result<Self, Errno> {
        let Program::Current { arguments } = program;
        let loader = match backend {
            Backend::None => None,
            Backend::Process => loader::of_this_process(),
        };
        let marker = Marker {
            backend,
            loader: loader.is_some(),
            landlock: backend == Backend::Process && landlock::is_available(),
            filtered: backend == Backend::Process && policy.filtered,
            grants: Marker::names(&policy.grants),
        };
        let environment = Strings::new(environment(&marker, loader.as_ref())?);
        let confinement = match backend {
            Backend::None => None,
            Backend::Process => Some(Confinement::new(policy, caller, &marker, loader)?),
        };
        let standard = [&ends.input, &ends.log, &ends.log];
        let grants = policy.grants.iter().map(|grant| &grant.descriptor);
        let descriptors = standard
            .into_iter()
            .chain(grants)
            .chain([&ends.status, &ends.program]);
        Ok(Self {
            descriptors: descriptors.map(std::os::fd::AsRawFd::as_raw_fd).collect(),
            mapped: ends.mapped.as_raw_fd(),
            parent: ends.parent.as_raw_fd(),
            arguments: Strings::new(words(arguments)?),
            environment,
            confinement,
        })
    }
}

impl Confinement {
    fn new(
        policy: &Policy,
        caller: &Caller,
        marker: &Marker,
        loader: Option<Loader>,
    ) -> Result<Self, Errno> {
        let identity = caller.identity();
        let program = u64::try_from(marker.status()).map_err(|_| Errno::EBADF)? + 1;
        let numbers = Numbers {
            program: vec![program],
            ..Numbers::default()
        };
        let start_filter = match (policy.filtered, &loader) {
            (false, _) => None,
            (true, None) => Some(filter::compile(static_start_calls(), &numbers)?),
            (true, Some(_)) => Some(filter::compile(start_calls(), &numbers)?),
        };
        Ok(Self {
            identity,
            loader,
            limits: policy.limits,
            permitted: caller.effective,
            start_filter,
        })
    }
}

/// "calf", then the arguments.
fn words(arguments: Vec<OsString>) -> Result<Vec<CString>, Errno> {
    let arguments = arguments.into_iter().map(OsString::into_vec);
    [b"calf".to_vec()]
        .into_iter()
        .chain(arguments)
        .map(c_string)
        .collect()
}

/// Nothing of the caller's environment: the marker, and where a dynamic program's libraries are.
fn environment(marker: &Marker, loader: Option<&Loader>) -> Result<Vec<CString>, Errno> {
    let mut variables = vec![c_string(format!(
        "{}={}",
        marker::VARIABLE,
        marker.to_text()
    ))?];
    if let Some(loader) = loader {
        let path = [b"LD_LIBRARY_PATH=", loader.search_path.to_bytes()].concat();
        variables.push(c_string(path)?);
    }
    Ok(variables)
}

fn c_string(text: impl Into<Vec<u8>>) -> Result<CString, Errno> {
    CString::new(text).map_err(|_| Errno::EINVAL)
}
