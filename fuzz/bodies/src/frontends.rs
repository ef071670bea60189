//! Any file and any command line before the front ends: nothing panics, what comes of it is bounded, the same each
//! time, and can be told to a calf.

use std::{
    ffi::OsString,
    io,
    os::unix::ffi::OsStringExt as _,
    path::{Path, PathBuf},
};

use dhcp_frontend::{Client, Host, Request, Setup, UsageError, parse, setup::Profile};
use sdk_rpc::limits;

use crate::source::Source;

/// Notes, and octets of one, that a run makes at most.
const MOST_NOTES: usize = 1001;
const LONGEST_NOTE: usize = 1200;

/// A host with one file, under whatever name it is asked for.
struct OneFile<'a> {
    path: Option<PathBuf>,
    content: &'a [u8],
}

impl Host for OneFile<'_> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match &self.path {
            Some(only) if only != path => Err(io::ErrorKind::NotFound.into()),
            Some(_) | None => Ok(self.content.to_vec()),
        }
    }

    fn is_executable(&self, _path: &Path) -> bool {
        true
    }

    fn system(&self) -> (String, String) {
        ("6.1.0".into(), "x86_64".into())
    }

    fn host_name(&self) -> Option<String> {
        Some("box1".into())
    }
}

/// The octets are /etc/dhcpcd.conf.
pub fn dhcpcd_conf(octets: &[u8]) {
    configuration(Client::Dhcpcd, "/etc/dhcpcd.conf", octets);
}

/// The octets are /etc/dhcp/dhclient.conf.
pub fn dhclient_conf(octets: &[u8]) {
    configuration(Client::Dhclient, "/etc/dhcp/dhclient.conf", octets);
}

/// A file is never an error, whatever is in it.
fn configuration(client: Client, path: &str, octets: &[u8]) {
    let host = OneFile {
        path: Some(path.into()),
        content: octets,
    };
    let read = || match parse(client, ["eth0".into()], &host) {
        Ok(Request::Run(setup)) => *setup,
        other => panic!("{other:?}"),
    };
    let setup = read();
    check(&setup);
    assert_eq!(setup, read());
    assert_eq!(setup.interfaces.named, ["eth0"]);
}

/// The first octet is whose words they are, and whether every file that they name has the second part as its
/// content; a zero octet ends the first part, and a line each of its words.
pub fn command_lines(octets: &[u8]) {
    let mut source = Source::new(octets);
    let whose = source.octet();
    let client = match whose % 4 {
        0 => Client::Native,
        1 => Client::Dhcpcd,
        2 => Client::Udhcpc,
        _ => Client::Dhclient,
    };
    let mut parts = source.rest().splitn(2, |octet| *octet == 0);
    let (line, content) = (parts.next().unwrap_or(&[]), parts.next().unwrap_or(&[]));
    let host = OneFile {
        path: (whose & 0x80 == 0).then(|| "/nowhere".into()),
        content,
    };
    let words = || {
        let words = line.split(|octet| *octet == b'\n');
        words.map(|word| OsString::from_vec(word.to_vec()))
    };
    let asked = parse(client, words(), &host);
    match &asked {
        Ok(Request::Run(setup)) => check(setup),
        Ok(Request::Control(control)) => {
            control.otherwise.iter().for_each(|setup| check(setup));
        }
        Ok(Request::Print { text, status: _ }) => assert!(text.len() < 64 * 1024),
        Ok(Request::Role(_)) => assert_eq!(client, Client::Native),
        Err(error) => check_error(error, line.len()),
    }
    assert_eq!(asked, parse(client, words(), &host));
}

/// A complaint has an end, a status that is one, and no more of the words than there are.
fn check_error(error: &UsageError, octets: usize) {
    assert!(error.status != 0, "{error:?}");
    let most = 8 * 1024 + 16 * octets;
    assert!(
        !error.text.is_empty() && error.text.len() < most,
        "{error:?}"
    );
}

fn check(setup: &Setup) {
    assert!(setup.notes.len() <= MOST_NOTES, "{}", setup.notes.len());
    for note in &setup.notes {
        for text in [&note.place, &note.what] {
            let is_shown = !text.chars().any(char::is_control);
            assert!(is_shown && text.len() < LONGEST_NOTE, "{note:?}");
        }
    }
    assert!(setup.profiles.len() <= 256);
    let profiles = setup.profiles.iter().map(|(_, profile)| profile);
    profiles.chain([&setup.profile]).for_each(check_profile);
}

/// What a calf is told of it fits through the connection, and what is sent of it is an option.
fn check_profile(profile: &Profile) {
    let settings = &profile.settings;
    assert!(settings.vendor_class.len() <= 255);
    assert!(settings.requested.len() <= 255, "{:?}", settings.requested);
    let most = |list: usize, limit: u32| list <= limit.try_into().unwrap();
    assert!(most(settings.sent.len(), limits::PARAMETERS));
    assert!(most(settings.kinds.len(), limits::PARAMETERS));
    assert!(most(settings.allowed_servers.len(), limits::SUBNETS));
    assert!(most(settings.denied_servers.len(), limits::SUBNETS));
    for (code, octets) in &settings.sent {
        assert!(!matches!(code, 0 | 53 | 255), "option {code} is sent");
        assert!(octets.len() <= limits::PARAMETER_OCTETS);
    }
    for name in settings.full_name.iter().map(|it| &it.name) {
        check_text(name);
    }
    settings.host_name.iter().for_each(|name| check_text(name));
    for address in profile.address.iter().chain(&profile.fallback) {
        assert!((1..=32).contains(&address.prefix_length), "{address:?}");
    }
    for amendment in &profile.amendments {
        assert!(!matches!(amendment.code, 0 | 255), "{amendment:?}");
    }
    assert!(profile.amendments.len() <= 256);
}

fn check_text(text: &str) {
    let is_clean = !text.chars().any(char::is_control);
    assert!(is_clean && text.len() <= limits::NAME_OCTETS, "{text:?}");
}
