//! udhcpc as its callers know it: command lines of theirs, and what their scripts are told.

mod command_line;
mod environment;

use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
};

use crate::{Host, Request, setup::Setup};

/// A host with these programs and this environment.
#[derive(Default)]
pub(super) struct TestHost {
    pub(super) programs: Vec<PathBuf>,
    pub(super) environment: Vec<(String, String)>,
}

impl Host for TestHost {
    fn read(&self, _: &Path) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn is_executable(&self, path: &Path) -> bool {
        self.programs.iter().any(|program| program == path)
    }

    fn system(&self) -> (String, String) {
        ("6.1.0".into(), "x86_64".into())
    }

    fn environment(&self) -> Vec<(String, String)> {
        self.environment.clone()
    }
}

pub(super) fn words(line: &str) -> Vec<OsString> {
    line.split_whitespace().map(OsString::from).collect()
}

pub(super) fn setup_on(host: &TestHost, line: &str) -> Setup {
    match super::parse(words(line), host) {
        Ok(Request::Run(setup)) => *setup,
        other => panic!("{line}: {other:?}"),
    }
}

pub(super) fn setup(line: &str) -> Setup {
    setup_on(&TestHost::default(), line)
}
