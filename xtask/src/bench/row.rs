//! The rows of the comparison: what is asked of every client that can do it.

use super::client::Client;

/// One situation in which clients are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Row {
    /// One interface, four messages, nothing known from before.
    Plain,
    /// The lease in two messages (RFC 4039).
    RapidCommit,
    /// The client remembers its lease, the host does not: what follows a boot (RFC 2131 section 3.2).
    InitReboot,
    /// The address is probed before it is used (RFC 5227 section 2.1).
    AcdFull,
    /// The address is probed while it is used already; ours only, beside ours without probes.
    AcdFast,
    /// A trivial script is told of the lease.
    Hooks,
    /// Ten interfaces at once.
    TenInterfaces,
    /// A hundred interfaces at once.
    HundredInterfaces,
}

impl Row {
    /// All, in the order of the table.
    pub(super) const ALL: [Self; 8] = [
        Self::Plain,
        Self::RapidCommit,
        Self::InitReboot,
        Self::AcdFull,
        Self::AcdFast,
        Self::Hooks,
        Self::TenInterfaces,
        Self::HundredInterfaces,
    ];

    /// The name in tables, JSON and `--rows`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::RapidCommit => "rapid-commit",
            Self::InitReboot => "init-reboot",
            Self::AcdFull => "acd-full",
            Self::AcdFast => "acd-fast",
            Self::Hooks => "hooks",
            Self::TenInterfaces => "10-interfaces",
            Self::HundredInterfaces => "100-interfaces",
        }
    }

    /// The row of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|row| row.name() == name)
    }

    /// How many interfaces each client serves.
    pub(super) const fn interfaces(self) -> usize {
        match self {
            Self::Plain
            | Self::RapidCommit
            | Self::InitReboot
            | Self::AcdFull
            | Self::AcdFast
            | Self::Hooks => 1,
            Self::TenInterfaces => 10,
            Self::HundredInterfaces => 100,
        }
    }

    /// Whether clients run on as services, because not all of them can end when the last interface has its lease.
    pub(super) const fn serves(self) -> bool {
        self.interfaces() > 1
    }

    /// Why a client has no place in this row; `None` if it has.
    pub(super) const fn absence(self, client: Client) -> Option<&'static str> {
        match (self, client) {
            (Self::AcdFast, Client::Calfkit | Client::CalfkitNoAcd) => None,
            (Self::AcdFast, _) => Some("does not probe an address that it uses already"),
            (_, Client::CalfkitNoAcd) => Some("is compared in acd-fast only"),
            (Self::RapidCommit, Client::Dhclient | Client::DhclientTrue | Client::Udhcpc) => {
                Some("has no rapid commit")
            }
            (Self::InitReboot, Client::Udhcpc) => Some("remembers no lease"),
            (Self::AcdFull, Client::Dhclient | Client::DhclientTrue) => Some("does not probe"),
            (Self::TenInterfaces | Self::HundredInterfaces, Client::DhclientTrue) => {
                Some("sets no address, and its end says nothing of the other interfaces")
            }
            (
                Self::Plain
                | Self::RapidCommit
                | Self::InitReboot
                | Self::AcdFull
                | Self::Hooks
                | Self::TenInterfaces
                | Self::HundredInterfaces,
                _,
            ) => None,
        }
    }

    /// The message that the row saves: one that is served all the same shows that a client did not do the row.
    pub(super) const fn message_left_out(self) -> Option<&'static str> {
        match self {
            Self::RapidCommit => Some("DHCPOFFER"),
            Self::InitReboot => Some("DHCPDISCOVER"),
            Self::Plain
            | Self::AcdFull
            | Self::AcdFast
            | Self::Hooks
            | Self::TenInterfaces
            | Self::HundredInterfaces => None,
        }
    }

    /// What the server is told beside the usual.
    pub(super) const fn server_words(self) -> &'static [&'static str] {
        match self {
            Self::RapidCommit => &["--dhcp-rapid-commit"],
            Self::Plain
            | Self::InitReboot
            | Self::AcdFull
            | Self::AcdFast
            | Self::Hooks
            | Self::TenInterfaces
            | Self::HundredInterfaces => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_its_name() {
        for row in Row::ALL {
            assert_eq!(Row::named(row.name()), Some(row));
        }
        assert_eq!(Row::named("slow"), None);
    }

    #[test]
    fn ours_is_in_every_row_and_in_each_somebody_beside_it() {
        for row in Row::ALL {
            assert_eq!(row.absence(Client::Calfkit), None, "{row:?}");
            let present = Client::ALL
                .iter()
                .filter(|client| row.absence(**client).is_none());
            assert!(present.count() >= 2, "{row:?}");
        }
    }
}
