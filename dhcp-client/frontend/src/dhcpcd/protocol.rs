//! A draft as what the protocol is asked for.

use sdk_rpc::{ConflictDetection, Legacy, Settings, Subnet};

use super::{
    definitions::{Asked, DEFINITIONS},
    draft::{Addressing, Options, Sent, Source},
};

/// Options that say more than that they are wanted.
const RAPID_COMMIT: u8 = 80;
const SERVER_IDENTIFIER: u8 = 54;
const MESSAGE_TYPE: u8 = 53;
/// Options that are sent.
const VENDOR: u8 = 43;
const USER_CLASS: u8 = 77;
const VENDOR_CLASS: u8 = 124;
const VENDOR_OPTIONS: u8 = 125;
const MUD_URL: u8 = 161;
/// The end of options, inside option 43 too.
const END: u8 = 255;

/// What the protocol is asked for, but for names; `test` is whether nothing is to be accepted.
pub(super) fn settings(
    settings: Settings,
    options: &Options,
    addressing: &Addressing,
    test: bool,
) -> Settings {
    let milliseconds = |seconds: u32| seconds.saturating_mul(1000);
    let mut required: Vec<u8> = options.required.iter().copied().collect();
    let require_server = options.required.contains(&SERVER_IDENTIFIER);
    required.retain(|code| *code != SERVER_IDENTIFIER && *code != MESSAGE_TYPE);
    let legacy = match settings.legacy {
        Legacy::Only => Legacy::Only,
        // dhcpcd hears servers that speak BOOTP, unless what only DHCP has is required.
        Legacy::Refused | Legacy::Accepted
            if require_server || options.required.contains(&MESSAGE_TYPE) =>
        {
            Legacy::Refused
        }
        Legacy::Refused | Legacy::Accepted => Legacy::Accepted,
    };
    let denied_servers = if settings.allowed_servers.is_empty() {
        settings.denied_servers
    } else {
        Vec::new()
    };
    let link_local = addressing.link_local
        && addressing.source == Source::Server
        && addressing.fallback.is_none()
        && !test;
    let after = addressing.link_local_seconds.unwrap_or(addressing.reboot);
    let inform = (addressing.source == Source::Inform && !addressing.address.is_unspecified())
        .then(|| Subnet {
            address: addressing.address,
            prefix_length: addressing.length(),
        });
    Settings {
        requested: requested(options),
        required,
        refused: options.rejected.iter().copied().collect(),
        ignored: options.ignored.iter().copied().collect(),
        denied_servers,
        require_server,
        // A server that is only asked for what it would offer must not give a lease.
        rapid_commit: options.wanted.contains(&RAPID_COMMIT) && !test,
        legacy,
        conflict_detection: if addressing.arp && !test {
            ConflictDetection::Full
        } else {
            ConflictDetection::Off
        },
        link_local_after: link_local.then(|| milliseconds(after)),
        reboot_timeout: if addressing.forgets || test {
            0
        } else {
            milliseconds(addressing.reboot)
        },
        inform,
        kinds: options.kinds.clone(),
        ..settings
    }
}

/// In dhcpcd's order, then what the operator defined.
fn requested(options: &Options) -> Vec<u8> {
    let own = |code: u8| options.kinds.iter().any(|(known, _)| *known == code);
    let known = DEFINITIONS.iter().filter(|option| match option.asked {
        _ if own(option.code) => asks_own(options, option.code),
        Asked::Always => true,
        Asked::Wanted => options.wanted.contains(&option.code),
        Asked::Never => false,
    });
    let mut codes: Vec<u8> = known.map(|option| option.code).collect();
    for (code, _) in &options.kinds {
        if !codes.contains(code) && asks_own(options, *code) {
            codes.push(*code);
        }
    }
    codes
}

fn asks_own(options: &Options, code: u8) -> bool {
    !options.never.contains(&code)
        && (options.always.contains(&code) || options.wanted.contains(&code))
}

/// Further options that are sent.
pub(super) fn sent(sent: &Sent) -> Vec<(u8, Vec<u8>)> {
    let mut options = Vec::new();
    let mut add = |code: u8, octets: Vec<u8>| {
        if !octets.is_empty() {
            options.push((code, octets));
        }
    };
    let mut vendor = sent.vendor.clone();
    if !vendor.is_empty() && !sent.vendor_is_raw {
        vendor.push(END);
    }
    add(VENDOR, vendor);
    add(USER_CLASS, sent.user_class.clone());
    if let Some((number, classes)) = &sent.vendor_classes {
        add(
            VENDOR_CLASS,
            [&number.to_be_bytes(), classes.as_slice()].concat(),
        );
    }
    let mut enterprises = Vec::new();
    for (number, options) in &sent.enterprises {
        let length = u8::try_from(options.len()).unwrap_or(u8::MAX);
        enterprises.extend(number.to_be_bytes());
        enterprises.push(length);
        enterprises.extend(options);
    }
    add(VENDOR_OPTIONS, enterprises);
    add(MUD_URL, sent.mud_url.clone());
    options
}
