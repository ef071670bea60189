//! Leases as [`any_lease`](crate::any_lease) reads them, for each target that begins with one.

use super::{Seeds, with};
use crate::rpc_message::{plain_lease, recorded_host, recorded_net};

/// A day of 10.0.0.77/24 with everything that an office's server says.
const OFFICE: &[u8] = &[
    0x60, 0, 1, 0x51, 0x80, 0, 0, 0, 0, // from a server, for a day from now
    0, 77, 24, 0, 0, 1, // address, no broadcast address, server
    1, 0, 1, 1, 0, 9, 32, 0, 1, 2, 0, 53, 0, 54,
    0, // router, route, resolvers, no time server
    0xff, 0, 0, 1, 1, 0, 0, 1, 0xff, 0, 0, 0, // domain, search list, host name
    0xff, 5, 220, 0, 0, 160, 0, 0xff, 0, 0,
    5, // MTU, no further times, no next server, boot file
    3, 15, 3, 0, 0, 1, 43, 0, 3, 1, 2, 3, 6, 1, 1, 0, 53, // three parameters
];

/// The same, with texts that shells and readers of files would act on.
const HOSTILE: &[u8] = &[
    0x60, 0, 1, 0x51, 0x80, 0, 0, 0, 0, 0, 77, 24, 0, 0, 1, 0, 0, 0, 0, //
    0xff, 1, 0, 1, 0, 7, 1, 0, 0, 8, 0xff, 0, 0, 10, // domain, search list, host name
    0, 0, 0, 160, 0xff, 2, 0, 11, 0, 17, 0, 18, 0xff, 0, 0, 17, // server name, boot file
    4, 12, 3, 0, 0, 7, 66, 3, 0, 0, 11, 119, 5, 1, 0, 0, 13, 224, 3, 1, 0, 12, 0, 17,
];

/// 169.254.9.9/16, and nothing else.
const LINK_LOCAL: &[u8] = &[
    0x01, 0, 0, 0, 0, 0, 0, 0, 0, 128, 9, 16, 0, 160, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 160, 0, 0, 0,
];

pub(crate) fn lease_store() -> Seeds {
    let clocks = [0; 22];
    let kept = |lease: &[u8]| with(&[3], &with(&clocks, lease));
    let mut whole = Vec::new();
    if let Ok(octets) = plain_lease().to_octets() {
        whole = with(&[2], &with(&clocks, &octets));
    }
    vec![
        ("kept_office", kept(OFFICE)),
        ("kept_hostile", kept(HOSTILE)),
        ("kept_link_local", kept(LINK_LOCAL)),
        ("fields", whole),
        ("another_version", with(&[1], b"CalfLea\x01")),
    ]
}

pub(crate) fn exports() -> Seeds {
    let reasons = [
        ("bound", 0),
        ("reboot", 3),
        ("expire", 7),
        ("release", 10),
        ("dump", 15),
    ];
    let mut seeds: Seeds = reasons
        .into_iter()
        .map(|(name, reason)| (name, [&[reason], OFFICE, HOSTILE].concat()))
        .collect();
    seeds.push(("hostile", with(&[0], HOSTILE)));
    seeds.push(("hostile_renewed", [&[1], HOSTILE, OFFICE].concat()));
    seeds.push(("link_local", with(&[5], LINK_LOCAL)));
    seeds
}

pub(crate) fn policy() -> Seeds {
    let ethernet = [5, 220, 0];
    vec![
        ("office", with(&ethernet, OFFICE)),
        ("hostile", with(&ethernet, HOSTILE)),
        ("link_local", with(&ethernet, LINK_LOCAL)),
    ]
}

pub(crate) fn rpc_message() -> Seeds {
    vec![
        ("net", with(&[0], &recorded_net())),
        ("host", with(&[1], &recorded_host())),
        // Four billion segments; a segment longer than any message; a message without a root.
        ("segments", with(&[0], &[0xff; 4])),
        ("length", with(&[0], &[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff])),
        ("no_root", with(&[1], &[0; 8])),
    ]
}
