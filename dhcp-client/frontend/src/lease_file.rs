//! Lease files in the clients' own forms.

use crate::{
    dhclient::{self, Vocabulary},
    dhcpcd,
    script::{Occasion, Reason},
    setup::Client,
};

/// What becomes of a lease file at an occasion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The file has this entry for the interface, in the place of the one it had; entries for others stay.
    Entry {
        /// Whole lines.
        text: String,
        /// Statements that were left out, because their values could be taken for more than values.
        left_out: Vec<String>,
    },
    /// The file is these octets.
    Whole(Vec<u8>),
    /// There is no file.
    Removed,
}

/// How `client`'s lease file changes at an occasion; `None`: not at all.
#[must_use]
pub fn change(client: Client, vocabulary: &Vocabulary, occasion: &Occasion<'_>) -> Option<Change> {
    match client {
        Client::Native | Client::Udhcpc => None,
        Client::Dhcpcd => of_dhcpcd(occasion),
        Client::Dhclient => {
            let entry = dhclient::lease_file::entry(vocabulary, occasion)?;
            let dhclient::lease_file::Entry { text, left_out } = entry;
            Some(Change::Entry { text, left_out })
        }
    }
}

/// dhcpcd has one file for each interface, as long as the lease is in force.
fn of_dhcpcd(occasion: &Occasion<'_>) -> Option<Change> {
    match occasion.reason {
        Reason::Bound | Reason::Renew | Reason::Rebind | Reason::Reboot => {
            let lease = occasion.new?;
            let message = dhcpcd::lease_file::encode(lease, occasion.interface.mac);
            Some(Change::Whole(message))
        }
        Reason::Expire | Reason::Nak | Reason::Conflict | Reason::Release => Some(Change::Removed),
        Reason::Preinit
        | Reason::Carrier
        | Reason::NoCarrier
        | Reason::Inform
        | Reason::LinkLocal
        | Reason::Static
        | Reason::Fail
        | Reason::Ipv6Only
        | Reason::Stop
        | Reason::Stopped
        | Reason::Departed
        | Reason::Test
        | Reason::Dump => None,
    }
}
