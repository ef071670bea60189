//! dhclient as its callers know it: command lines and configurations of theirs, and what their scripts
//! and readers of lease files are told.

mod callers;
mod command_line;
mod configuration;
mod declarations;
mod environment;
mod hostile;
mod lease_file;

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
};

use crate::{
    Control, Host, Request,
    setup::{Ending, Fate, Note, Setup},
};

/// A host with these files, programs, variables and name.
#[derive(Default)]
pub(super) struct TestHost {
    pub(super) files: BTreeMap<PathBuf, Vec<u8>>,
    pub(super) programs: Vec<PathBuf>,
    pub(super) environment: Vec<(String, String)>,
    pub(super) name: Option<String>,
}

impl TestHost {
    pub(super) fn with_file(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.files.insert(path.into(), content.into());
        self
    }

    pub(super) fn with_program(mut self, path: &str) -> Self {
        self.programs.push(path.into());
        self
    }

    pub(super) fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }
}

impl Host for TestHost {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = self.files.get(path);
        file.cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
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

    fn host_name(&self) -> Option<String> {
        self.name.clone()
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

/// The run that a configuration makes of `dhclient eth0`.
pub(super) fn configured(configuration: &str) -> Setup {
    let host = TestHost {
        name: Some("box1".into()),
        ..TestHost::default()
    };
    setup_on(
        &host.with_file("/etc/dhcp/dhclient.conf", configuration),
        "eth0",
    )
}

pub(super) fn note<'a>(setup: &'a Setup, what: &str) -> &'a Note {
    let note = setup.notes.iter().find(|note| note.what == what);
    note.unwrap_or_else(|| panic!("no note of {what:?}: {:#?}", setup.notes))
}

pub(super) fn is_missing(note: &Note) -> bool {
    matches!(note.fate, Fate::Missing(_))
}

/// Debian 12's /etc/dhcp/dhclient.conf, without its comments.
pub(super) const DEBIAN: &str = "\
option rfc3442-classless-static-routes code 121 = array of unsigned integer 8;

send host-name = gethostname();
request subnet-mask, broadcast-address, time-offset, routers,
	domain-name, domain-name-servers, domain-search, host-name,
	dhcp6.name-servers, dhcp6.domain-search, dhcp6.fqdn, dhcp6.sntp-servers,
	netbios-name-servers, netbios-scope, interface-mtu,
	rfc3442-classless-static-routes, ntp-servers;
";

fn ending(line: &str) -> Ending {
    setup(line).ending
}

fn control(line: &str) -> Control {
    match crate::dhclient::parse(words(line), &TestHost::default()) {
        Ok(Request::Control(control)) => *control,
        other => panic!("{line}: {other:?}"),
    }
}
