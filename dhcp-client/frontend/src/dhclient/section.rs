//! What dhclient.conf(5) asks for, of all interfaces or of one.

use std::{net::Ipv4Addr, path::PathBuf};

use sdk_rpc::{FullName, Legacy, Pace, Settings, Subnet};

use super::vocabulary::Vocabulary;
use crate::{
    amend::Amendment,
    setup::{HostName, Identifier, OperatorsAddress, Profile},
    value,
};

/// Sections for single interfaces, amendments of one section, and options that it sends: a file of a
/// megabyte must not become a gigabyte.
pub(super) const MOST_INTERFACES: usize = 64;
pub(super) const MOST_AMENDMENTS: usize = 254;
pub(super) const MOST_SENT: usize = 254;

/// Networks of servers that are not heard; as many as a calf is told of.
pub(super) const MOST_REJECTED: usize = 64;

/// Asked for without a `request` statement: subnet-mask, broadcast-address, time-offset, routers,
/// domain-name, domain-name-servers, host-name.
const REQUESTED: [u8; 7] = [1, 28, 2, 3, 15, 6, 12];

/// The most that chance adds to or takes from a wait; dhclient adds up to twice the wait before.
const JITTER: u32 = 1000;

/// Flags of RFC 4702 section 2.1.
const SERVER_UPDATES: u8 = 0b0001;
const WIRE_FORMAT: u8 = 0b0100;
const NO_UPDATE: u8 = 0b1000;

/// Everything that a configuration says.
#[derive(Clone, Debug, Default)]
pub(super) struct Configuration {
    /// Of all interfaces that have no section of their own.
    pub(super) general: Section,
    /// Of single interfaces, by name.
    pub(super) interfaces: Vec<(String, Section)>,
    /// Addresses to be used where no server answers, by interface.
    pub(super) fallbacks: Vec<(String, OperatorsAddress)>,
    /// Variables of an address besides the leased one, by interface.
    pub(super) aliases: Vec<(String, Vec<(String, String)>)>,
    /// What options are called.
    pub(super) vocabulary: Vocabulary,
}

impl Configuration {
    /// Names of interfaces that something is said of.
    pub(super) fn interface_names(&self) -> Vec<&str> {
        let sections = self.interfaces.iter().map(|(name, _)| name);
        let fallbacks = self.fallbacks.iter().map(|(name, _)| name);
        let aliases = self.aliases.iter().map(|(name, _)| name);
        let mut names: Vec<&str> = sections
            .chain(fallbacks)
            .chain(aliases)
            .map(String::as_str)
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// What is asked of an interface.
    pub(super) fn section(&self, interface: &str) -> &Section {
        let own = self.interfaces.iter().find(|(name, _)| name == interface);
        own.map_or(&self.general, |(_, section)| section)
    }
}

/// What is asked of an interface. Times are seconds.
#[derive(Clone, Debug)]
pub(super) struct Section {
    /// How long an attempt lasts.
    pub(super) timeout: u32,
    /// How long the next one is put off.
    pub(super) retry: u32,
    /// How long a remembered address is asked for.
    pub(super) reboot: u32,
    /// The longest wait between messages.
    pub(super) backoff_cutoff: u32,
    /// The first wait.
    pub(super) initial_interval: u32,
    /// The most that the first message is put off.
    pub(super) initial_delay: u32,
    /// Options asked for.
    pub(super) requested: Vec<u8>,
    /// Options without which an offer is not taken.
    pub(super) required: Vec<u8>,
    /// Servers that are not heard.
    pub(super) rejected: Vec<Subnet>,
    /// Whether BOOTP is accepted.
    pub(super) legacy: Legacy,
    /// Who the client says it is.
    pub(super) identifier: Option<Identifier>,
    /// The host's name that servers are told.
    pub(super) host_name: HostName,
    /// The name in the DNS.
    pub(super) full_name: Option<String>,
    /// `fqdn.encoded`, `fqdn.server-update`, `fqdn.no-client-update`.
    pub(super) encoded: Option<bool>,
    pub(super) server_update: bool,
    pub(super) no_client_update: bool,
    /// The vendor class.
    pub(super) vendor_class: Option<Vec<u8>>,
    /// The address asked for.
    pub(super) wanted_address: Option<Ipv4Addr>,
    /// The lease time asked for.
    pub(super) wanted_seconds: Option<u32>,
    /// Further options that are sent.
    pub(super) sent: Vec<(u8, Vec<u8>)>,
    /// What becomes of a server's values.
    pub(super) amendments: Vec<Amendment>,
    /// The script.
    pub(super) script: Option<PathBuf>,
}

impl Default for Section {
    /// As ISC's client is without a configuration; its manual gives another first wait than it has.
    fn default() -> Self {
        Self {
            timeout: 60,
            retry: 300,
            reboot: 10,
            backoff_cutoff: 15,
            initial_interval: 3,
            initial_delay: 0,
            requested: REQUESTED.to_vec(),
            required: Vec::new(),
            rejected: Vec::new(),
            legacy: Legacy::Accepted,
            identifier: None,
            host_name: HostName::None,
            full_name: None,
            encoded: None,
            server_update: false,
            no_client_update: false,
            vendor_class: None,
            wanted_address: None,
            wanted_seconds: None,
            sent: Vec::new(),
            amendments: Vec::new(),
            script: None,
        }
    }
}

impl Section {
    /// The profile that this comes to, over `base`, which says what no configuration says.
    pub(super) fn profile(&self, base: &Profile, vocabulary: &Vocabulary) -> Profile {
        let mut requested = self.requested.clone();
        value::classless_first(&mut requested);
        let settings = Settings {
            full_name: self.full_name(),
            vendor_class: match &self.vendor_class {
                Some(class) => class.clone(),
                None => base.settings.vendor_class.clone(),
            },
            requested,
            sent: self.sent.clone(),
            required: self.required.clone(),
            wanted_address: self.wanted_address,
            wanted_seconds: self.wanted_seconds,
            denied_servers: self.rejected.clone(),
            legacy: self.legacy,
            reboot_timeout: self.reboot.saturating_mul(1000),
            start_delay: self.initial_delay.saturating_mul(1000),
            pace: self.pace(),
            kinds: vocabulary.kinds(),
            ..base.settings.clone()
        };
        Profile {
            settings,
            identifier: match &self.identifier {
                Some(identifier) => identifier.clone(),
                None => base.identifier.clone(),
            },
            host_name: self.host_name.clone(),
            amendments: self.amendments.clone(),
            vocabulary: vocabulary.clone(),
            ..base.clone()
        }
    }

    fn pace(&self) -> Pace {
        // A client that never waits is a flood.
        let milliseconds = |seconds: u32| seconds.max(1).saturating_mul(1000);
        let first = milliseconds(self.initial_interval);
        Pace {
            first,
            longest: milliseconds(self.backoff_cutoff).max(first),
            jitter: JITTER,
            attempt: milliseconds(self.timeout),
            pause: milliseconds(self.retry),
        }
    }

    fn full_name(&self) -> Option<FullName> {
        let name = self.full_name.clone()?;
        let mut flags = 0;
        if self.encoded != Some(false) {
            flags |= WIRE_FORMAT;
        }
        // RFC 4702 section 2.1: "If the "N" bit is 1, the "S" bit MUST be 0."
        if self.no_client_update {
            flags |= NO_UPDATE;
        } else if self.server_update {
            flags |= SERVER_UPDATES;
        }
        Some(FullName { name, flags })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_of_a_full_name_follow_the_statements() {
        let flags = |encoded, server_update, no_client_update| {
            let section = Section {
                full_name: Some("box.test.".into()),
                encoded,
                server_update,
                no_client_update,
                ..Section::default()
            };
            section.full_name().map(|it| it.flags)
        };
        assert_eq!(flags(None, false, false), Some(0b0100));
        assert_eq!(flags(Some(true), true, false), Some(0b0101));
        assert_eq!(flags(Some(false), true, false), Some(0b0001));
        assert_eq!(flags(Some(true), true, true), Some(0b1100));
        assert_eq!(Section::default().full_name(), None);
    }

    #[test]
    fn times_of_nothing_and_for_ever_are_waits_all_the_same() {
        let section = Section {
            timeout: 0,
            retry: u32::MAX,
            backoff_cutoff: 1,
            initial_interval: 5,
            ..Section::default()
        };
        let pace = section.pace();
        assert_eq!((pace.first, pace.longest), (5000, 5000));
        assert_eq!((pace.attempt, pace.pause), (1000, u32::MAX));
    }
}
