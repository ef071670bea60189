//! What the protocol is asked for on one interface: the operator's profile, completed with what only the
//! running program knows.

use dhcp_frontend::setup::{Profile, Purpose};
use sdk_rpc::{FullName, MacAddress, Settings, Subnet};

use crate::identity;

/// The settings of `profile` on an interface with this MAC address; `duid` is asked for if it is needed.
pub(crate) fn settings(
    profile: &Profile,
    purpose: Purpose,
    mac: MacAddress,
    duid: impl FnOnce() -> Vec<u8>,
) -> Settings {
    let duid = match profile.identifier {
        dhcp_frontend::setup::Identifier::Duid { duid: None, .. } => duid(),
        dhcp_frontend::setup::Identifier::Duid { duid: Some(_), .. }
        | dhcp_frontend::setup::Identifier::HardwareAddress
        | dhcp_frontend::setup::Identifier::None
        | dhcp_frontend::setup::Identifier::Octets(_) => Vec::new(),
    };
    let name = identity::host_name(&profile.host_name);
    // RFC 4702 section 3.1: "clients that send the Client FQDN option in their messages MUST NOT also send the
    // Host Name option."
    let full_name = profile.settings.full_name.clone();
    let inform = profile.address.as_ref().filter(|address| address.inform);
    Settings {
        client_identifier: identity::client_identifier(&profile.identifier, mac, &duid),
        host_name: name.clone().filter(|_| full_name.is_none()),
        full_name: full_name.map(|full| FullName {
            name: match full.name.is_empty() {
                true => name.unwrap_or_default(),
                false => full.name,
            },
            ..full
        }),
        inform: inform.and_then(|operators| {
            Some(Subnet {
                address: operators.address?,
                prefix_length: operators.prefix_length,
            })
        }),
        offers_only: purpose == Purpose::Test,
        ..profile.settings.clone()
    }
}
