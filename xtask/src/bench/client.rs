//! The clients that are compared: their names and programs.

use std::path::{Path, PathBuf};

use super::row::Row;
use crate::workspace::find_program;

/// A client of the comparison.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Client {
    /// This project's `dhcp-client`, sandbox on.
    Calfkit,
    /// The same without address conflict detection: what its probes cost.
    CalfkitNoAcd,
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
    pub(super) const ALL: [Self; 7] = [
        Self::Calfkit,
        Self::CalfkitNoAcd,
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
            Self::CalfkitNoAcd => "calfkit-no-acd",
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
            Self::Calfkit | Self::CalfkitNoAcd => ours.is_file().then(|| ours.to_path_buf()),
            Self::Dhclient | Self::DhclientTrue => find_program("dhclient"),
            Self::Udhcpc => find_program("udhcpc"),
            Self::Dhcpcd | Self::DhcpcdPrivsep => find_program("dhcpcd"),
        }
    }

    /// Whether it puts an address on the interface.
    pub(super) fn configures(self, row: Row) -> bool {
        match self {
            Self::Calfkit
            | Self::CalfkitNoAcd
            | Self::Dhclient
            | Self::Dhcpcd
            | Self::DhcpcdPrivsep => true,
            // The trivial script of that row takes the place of the one that configures.
            Self::Udhcpc => row != Row::Hooks,
            Self::DhclientTrue => false,
        }
    }

    /// Whether it finds this account of `/etc/passwd`.
    pub(super) fn keeps_account(self, line: &str) -> bool {
        self != Self::Dhcpcd || !(line.starts_with("dhcpcd:") || line.starts_with("_dhcpcd:"))
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
