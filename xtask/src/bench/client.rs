//! The clients that are compared, and how each is called.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::bed::{FILES, INTERFACE};
use crate::failure::Failure;
use crate::workspace::find_program;

/// The directives of the configuration that LinuxKit ships to its dhcpcd.
pub(super) const DHCPCD_CONF: &str = "\
allowinterfaces eth*
hostname
clientid
persistent
option rapid_commit
option domain_name_servers, domain_name, domain_search, host_name
option classless_static_routes
option ntp_servers
option interface_mtu
require dhcp_server_identifier
slaac private
nodelay
noarp
waitip 4
";

/// A client of the comparison.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Client {
    /// This project's `dhcp-client`, sandbox on.
    Calfkit,
    /// ISC dhclient with its stock script.
    Dhclient,
    /// ISC dhclient that runs `/bin/true` and so configures nothing, as cloud-init calls it.
    DhclientTrue,
    /// busybox udhcpc with Debian's script.
    Udhcpc,
    /// dhcpcd as LinuxKit runs it: its configuration, one process, because its image has no account to drop to, and no
    /// udev, which would have to know the bench's interface first.
    Dhcpcd,
    /// dhcpcd with the same configuration and Debian's account, so that it separates privileges.
    DhcpcdPrivsep,
}

impl Client {
    /// All, ours first.
    pub(super) const ALL: [Self; 6] = [
        Self::Calfkit,
        Self::Dhclient,
        Self::DhclientTrue,
        Self::Udhcpc,
        Self::Dhcpcd,
        Self::DhcpcdPrivsep,
    ];

    /// The name in tables, JSON and `--clients`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Calfkit => "calfkit",
            Self::Dhclient => "dhclient",
            Self::DhclientTrue => "dhclient-true",
            Self::Udhcpc => "udhcpc",
            Self::Dhcpcd => "dhcpcd",
            Self::DhcpcdPrivsep => "dhcpcd-privsep",
        }
    }

    /// The client of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|client| client.name() == name)
    }

    /// Where its program is; `ours` is where this project's is.
    pub(super) fn program(self, ours: &Path) -> Option<PathBuf> {
        match self {
            Self::Calfkit => ours.is_file().then(|| ours.to_path_buf()),
            Self::Dhclient | Self::DhclientTrue => find_program("dhclient"),
            Self::Udhcpc => find_program("udhcpc"),
            Self::Dhcpcd | Self::DhcpcdPrivsep => find_program("dhcpcd"),
        }
    }

    /// Whether it puts an address on the interface.
    pub(super) const fn configures(self) -> bool {
        match self {
            Self::Calfkit | Self::Dhclient | Self::Udhcpc | Self::Dhcpcd | Self::DhcpcdPrivsep => {
                true
            }
            Self::DhclientTrue => false,
        }
    }

    /// Whether it finds this account of `/etc/passwd`.
    pub(super) fn keeps_account(self, line: &str) -> bool {
        self != Self::Dhcpcd || !(line.starts_with("dhcpcd:") || line.starts_with("_dhcpcd:"))
    }

    /// The program and arguments that get one lease and end (or go into the background).
    pub(super) fn once(self, ours: &Path) -> Result<Command, Failure> {
        let state = format!("{FILES}/state");
        let resolver = format!("{FILES}/resolv.conf");
        let conf = format!("{FILES}/dhcpcd.conf");
        let words: Vec<&str> = match self {
            Self::Calfkit => vec![
                "--once",
                "--timeout",
                "10",
                "--json",
                "--state-dir",
                &state,
                "--resolv-conf",
                &resolver,
                INTERFACE,
            ],
            Self::Dhclient => vec!["-1", "-v", INTERFACE],
            Self::DhclientTrue => vec!["-1", "-v", "-sf", "/bin/true", INTERFACE],
            Self::Udhcpc => vec!["-n", "-q", "-f", "-i", INTERFACE],
            Self::Dhcpcd | Self::DhcpcdPrivsep => {
                vec!["--nobackground", "--nodev", "-f", &conf, "-1"]
            }
        };
        self.command(ours, &words)
    }

    /// The program and arguments that get a lease and keep it.
    pub(super) fn service(self, ours: &Path) -> Result<Command, Failure> {
        let state = format!("{FILES}/state");
        let resolver = format!("{FILES}/resolv.conf");
        let conf = format!("{FILES}/dhcpcd.conf");
        let words: Vec<&str> = match self {
            Self::Calfkit => vec![
                "--json",
                "--state-dir",
                &state,
                "--resolv-conf",
                &resolver,
                INTERFACE,
            ],
            Self::Dhclient => vec!["-v", INTERFACE],
            Self::DhclientTrue => vec!["-v", "-sf", "/bin/true", INTERFACE],
            Self::Udhcpc => vec!["-f", "-i", INTERFACE],
            Self::Dhcpcd | Self::DhcpcdPrivsep => vec!["--nobackground", "--nodev", "-f", &conf],
        };
        self.command(ours, &words)
    }

    fn command(self, ours: &Path, words: &[&str]) -> Result<Command, Failure> {
        let Some(program) = self.program(ours) else {
            return Err(Failure::Missing(format!(
                "{} is not installed",
                self.name()
            )));
        };
        let mut command = Command::new(program);
        command.args(words).stdin(Stdio::null());
        Ok(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_single_process_dhcpcd_lacks_its_account() {
        let line = "dhcpcd:x:102:65534:DHCP Client Daemon,,,:/usr/lib/dhcpcd:/bin/false";
        for client in Client::ALL {
            assert_eq!(client.keeps_account(line), client != Client::Dhcpcd);
            assert!(client.keeps_account("root:x:0:0:root:/root:/bin/bash"));
        }
    }

    #[test]
    fn every_client_is_found_by_its_name() {
        for client in Client::ALL {
            assert_eq!(Client::named(client.name()), Some(client));
        }
        assert_eq!(Client::named("pump"), None);
    }
}
