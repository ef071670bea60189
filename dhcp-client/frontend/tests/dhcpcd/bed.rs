//! A host without a file system, and a lease with everything in it.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    io,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    time::Duration,
};

use dhcp_frontend::{
    Client, Control, Host, Request, Setup, UsageError, parse,
    script::{InterfaceFacts, Occasion, Part, Reason, Script},
    setup::{Fate, Profile},
};
use sdk_rpc::{Lease, MacAddress, Origin, Parameter, Route, Value};

/// A host whose files are these.
#[derive(Default)]
pub(crate) struct Bed {
    files: BTreeMap<PathBuf, Vec<u8>>,
    programs: BTreeSet<PathBuf>,
}

impl Bed {
    /// A host whose /etc/dhcpcd.conf says this.
    pub(crate) fn with(configuration: impl Into<Vec<u8>>) -> Self {
        Self::default().file("/etc/dhcpcd.conf", configuration)
    }

    pub(crate) fn file(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.files.insert(path.into(), content.into());
        self
    }

    pub(crate) fn program(mut self, path: &str) -> Self {
        self.programs.insert(path.into());
        self
    }

    pub(crate) fn try_parse(&self, words: &[&str]) -> Result<Request, UsageError> {
        parse(Client::Dhcpcd, words.iter().map(OsString::from), self)
    }

    /// The run that a command line asks for, with quotes as a shell has them.
    pub(crate) fn run(&self, words: &str) -> Setup {
        match self.try_parse(&split(words)) {
            Ok(Request::Run(setup)) => *setup,
            other => panic!("{words}: {other:?}"),
        }
    }

    pub(crate) fn control(&self, words: &str) -> Control {
        match self.try_parse(&split(words)) {
            Ok(Request::Control(control)) => *control,
            other => panic!("{words}: {other:?}"),
        }
    }

    pub(crate) fn printed(&self, words: &str) -> (String, u8) {
        match self.try_parse(&split(words)) {
            Ok(Request::Print { text, status }) => (text, status),
            other => panic!("{words}: {other:?}"),
        }
    }

    /// Why a command line is refused.
    pub(crate) fn refused(&self, words: &str) -> UsageError {
        match self.try_parse(&split(words)) {
            Err(error) => error,
            Ok(request) => panic!("{words}: {request:?}"),
        }
    }
}

impl Host for Bed {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.files
            .get(path)
            .cloned()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn is_executable(&self, path: &Path) -> bool {
        self.programs.contains(path)
    }

    fn system(&self) -> (String, String) {
        ("6.1.0".into(), "x86_64".into())
    }
}

/// Words apart by blanks; single quotes keep them together.
fn split(words: &str) -> Vec<&str> {
    let mut list = Vec::new();
    for (index, part) in words.split('\'').enumerate() {
        if index % 2 == 1 {
            list.push(part);
        } else {
            list.extend(part.split_whitespace());
        }
    }
    list
}

/// What a file with one line comes to, for an interface of which it says nothing else.
pub(crate) fn profile(line: &str) -> Profile {
    Bed::with(line).run("").profile
}

/// The fate of the word that was written so.
pub(crate) fn fate<'a>(setup: &'a Setup, what: &str) -> &'a Fate {
    let mut notes = setup.notes.iter();
    match notes.find(|note| note.what == what) {
        Some(note) => &note.fate,
        None => panic!("no note on {what:?} in {:#?}", setup.notes),
    }
}

pub(crate) fn is_missing(fate: &Fate) -> bool {
    matches!(fate, Fate::Missing(_))
}

pub(crate) fn addresses(list: &[&str]) -> Vec<Ipv4Addr> {
    list.iter()
        .map(|address| address.parse().expect("an address"))
        .collect()
}

pub(crate) fn route(destination: &str, prefix_length: u8, gateway: &str) -> Route {
    Route {
        destination: destination.parse().expect("an address"),
        prefix_length,
        gateway: gateway.parse().expect("an address"),
    }
}

pub(crate) fn parameter(code: u8, value: Value) -> Parameter {
    Parameter { code, value }
}

/// The least that a server can give.
pub(crate) fn short_lease() -> Lease {
    Lease {
        address: Ipv4Addr::new(192, 168, 77, 50),
        prefix_length: 24,
        broadcast: None,
        origin: Origin::Server,
        server: Ipv4Addr::new(192, 168, 77, 1),
        routers: addresses(&["192.168.77.1"]),
        routes: Vec::new(),
        dns: Vec::new(),
        ntp: Vec::new(),
        domain: None,
        search: Vec::new(),
        host_name: None,
        mtu: None,
        lease_seconds: Some(30),
        acquired_at: 1000,
        renew_at: Some(16_000),
        rebind_at: Some(27_250),
        expires_at: Some(31_000),
        next_server: Ipv4Addr::UNSPECIFIED,
        server_name: None,
        boot_file: None,
        parameters: vec![
            parameter(3, Value::Addresses(addresses(&["192.168.77.1"]))),
            parameter(51, Value::Numbers(vec![30])),
            parameter(53, Value::Numbers(vec![5])),
            parameter(54, Value::Addresses(addresses(&["192.168.77.1"]))),
        ],
    }
}

/// A script of dhcpcd's dialect without anything of the operator's.
pub(crate) fn hook() -> Script {
    Script {
        path: "/hook".into(),
        dialect: Client::Dhcpcd,
        part: Part::Hook,
        environment: Vec::new(),
        patience: Duration::from_secs(60),
        skip_hooks: Vec::new(),
        names: Vec::new(),
    }
}

/// Something that happens on eth0.
pub(crate) fn occasion<'a>(
    reason: Reason,
    new: Option<&'a Lease>,
    old: Option<&'a Lease>,
) -> Occasion<'a> {
    Occasion {
        reason,
        interface: InterfaceFacts {
            name: "eth0".into(),
            index: 2,
            mac: MacAddress([0xd2, 0xac, 0xde, 0x4f, 0x7d, 0xc3]),
            mtu: 1500,
            flags: 69699,
            up: true,
            carrier: true,
            metric: 1002,
        },
        new,
        old,
        requested: None,
        requested_options: &[],
        wall_now: 1_700_000_000,
        now: 1500,
        pid: 4711,
        interface_order: vec!["eth0".into(), "eth1".into()],
    }
}
