//! What a client's message may say: nothing but what its configuration and its type do, and all of that where
//! there is room.

use std::{collections::BTreeMap, net::Ipv4Addr};

use dhcp_proto::{Config, FullName, MessageType};

use crate::{support::sent::Sent, transcript::MAC};

/// Octets of the options: what one Ethernet frame carries, less the fixed part, the cookie and the end.
const ROOM: usize = 1472 - 236 - 4 - 1;

/// Options without which a message is another one.
const VITAL: [u8; 5] = [50, 53, 54, 61, 80];

/// Options that are never the operator's own to send (RFC 2131, RFC 4039, RFC 3046, RFC 3118, RFC 6704).
const NOT_TO_BE_SENT: [u8; 13] = [0, 50, 52, 53, 54, 55, 57, 61, 80, 82, 90, 145, 255];

pub(super) fn check_said(config: &Config, sent: &Sent) {
    assert!(sent.payload.len() <= 1472, "longer than a frame carries");
    assert_eq!(sent.chaddr, MAC);
    let is_asking = matches!(
        sent.message_type,
        MessageType::Discover | MessageType::Request
    );
    let broadcast = is_asking && config.broadcast;
    assert_eq!(sent.flags, if broadcast { 0x8000 } else { 0 });
    let expected = expected(config, sent, is_asking);
    for (code, value) in &sent.options {
        assert_eq!(expected.get(code), Some(value), "option {code}");
    }
    let octets: usize = expected.values().map(|value| size(value)).sum();
    for code in expected.keys() {
        let is_vital = VITAL.contains(code);
        assert!(
            sent.options.contains_key(code) || (octets > ROOM && !is_vital),
            "option {code} is missing"
        );
    }
}

/// Octets of an option, in pieces of at most 255.
fn size(value: &[u8]) -> usize {
    value.len() + 2 * value.len().div_ceil(255).max(1)
}

/// Every option of the message, if there is room for all.
fn expected(config: &Config, sent: &Sent, is_asking: bool) -> BTreeMap<u8, Vec<u8>> {
    let mut expected = BTreeMap::new();
    let mut put = |code: u8, value: &[u8]| {
        if !value.is_empty() {
            expected.insert(code, value.to_vec());
        }
    };
    // The caller has checked the addresses.
    for code in [50, 54] {
        put(code, sent.options.get(&code).map_or(&[], Vec::as_slice));
    }
    put(61, &config.client_identifier);
    put(53, &[number(sent.message_type)]);
    // What no host can have is asked of no server.
    let is_host = |address: &Ipv4Addr| matches!(address.octets()[0], 1..=126 | 128..=223);
    if sent.message_type == MessageType::Discover
        && let Some(wanted) = config.wanted_address.filter(is_host)
    {
        put(50, &wanted.octets());
    }
    if sent.message_type == MessageType::Decline {
        put(56, b"the address is in use");
    }
    if !is_asking {
        return expected;
    }
    if let Some(seconds) = config.wanted_seconds {
        put(51, &seconds.to_be_bytes());
    }
    put(57, &config.maximum_message_size.to_be_bytes());
    put(60, &config.vendor_class);
    match &config.full_name {
        Some(name) => put(81, &full_name(name).unwrap_or_default()),
        None => put(
            12,
            config.host_name.as_deref().unwrap_or_default().as_bytes(),
        ),
    }
    if config.forced_renewal {
        // HMAC-MD5 (RFC 6704).
        put(145, &[1]);
    }
    put(55, &request_list(&config.parameter_request_list));
    if config.rapid_commit && sent.message_type == MessageType::Discover {
        expected.insert(80, Vec::new());
    }
    for (code, value) in &config.sent {
        let is_name_twice = *code == 12 && config.full_name.is_some();
        if !NOT_TO_BE_SENT.contains(code) && !is_name_twice {
            expected.entry(*code).or_insert_with(|| value.clone());
        }
    }
    expected
}

/// RFC 2132 section 9.6.
fn number(message_type: MessageType) -> u8 {
    match message_type {
        MessageType::Discover => 1,
        MessageType::Request => 3,
        MessageType::Decline => 4,
        MessageType::Release => 7,
        MessageType::Offer
        | MessageType::Ack
        | MessageType::Nak
        | MessageType::Inform
        | MessageType::ForceRenew
        | MessageType::BootRequest
        | MessageType::BootReply => panic!("{message_type} is not sent here"),
    }
}

/// The operator's list without 80, and with 121 before 3 and 33 (RFC 4039 and RFC 3442).
fn request_list(given: &[u8]) -> Vec<u8> {
    let mut list: Vec<u8> = given.iter().copied().filter(|code| *code != 80).collect();
    let routes = list.iter().position(|code| [3, 33].contains(code));
    let classless = list.iter().position(|code| *code == 121);
    if let (Some(routes), Some(classless)) = (routes, classless)
        && routes < classless
    {
        list[routes..=classless].rotate_right(1);
    }
    list
}

/// RFC 4702 sections 2.1 to 2.3.
fn full_name(full_name: &FullName) -> Option<Vec<u8>> {
    let FullName { name, flags } = full_name;
    let mut kept = flags & 0b1101;
    if kept & 0b1000 != 0 {
        kept &= 0b1100;
    }
    let mut value = vec![kept, 0, 0];
    if flags & 0b0100 == 0 {
        let is_graphic = name.bytes().all(|octet| octet.is_ascii_graphic());
        value.extend_from_slice(name.as_bytes());
        return (is_graphic && name.len() < 255).then_some(value);
    }
    let labels = name.strip_suffix('.').unwrap_or(name);
    for label in labels.split('.').filter(|_| !name.is_empty()) {
        if label.is_empty() || label.len() > 63 {
            return None;
        }
        value.push(u8::try_from(label.len()).ok()?);
        value.extend_from_slice(label.as_bytes());
    }
    if name.contains('.') {
        value.push(0);
    }
    (value.len() <= 3 + 255).then_some(value)
}
