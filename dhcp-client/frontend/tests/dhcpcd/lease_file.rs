//! The lease file: a message that any reader of DHCP messages can take apart again.

use std::collections::BTreeMap;

use dhcp_frontend::dhcpcd::lease_file::encode;
use sdk_rpc::{Lease, MacAddress, Value};

use crate::{
    bed::{parameter, short_lease},
    lease::full_lease,
};

const MAC: MacAddress = MacAddress([0xd2, 0xac, 0xde, 0x4f, 0x7d, 0xc3]);

/// The options of a message, parts of one code joined, in their order.
fn options(message: &[u8]) -> (BTreeMap<u8, Vec<u8>>, Vec<u8>) {
    let mut options: BTreeMap<u8, Vec<u8>> = BTreeMap::new();
    let mut order = Vec::new();
    let mut at = 240;
    loop {
        match message[at] {
            255 => return (options, order),
            code => {
                let length = usize::from(message[at + 1]);
                let octets = &message[at + 2..at + 2 + length];
                options.entry(code).or_default().extend(octets);
                order.push(code);
                at += 2 + length;
            }
        }
    }
}

#[test]
fn the_fixed_part_is_that_of_a_servers_message() {
    let message = encode(&full_lease(), MAC);
    assert_eq!(message[..4], [2, 1, 6, 0]);
    assert_eq!(message[4..16], [0; 12]);
    assert_eq!(message[16..20], [192, 168, 77, 50], "yiaddr");
    assert_eq!(message[20..24], [192, 168, 77, 9], "siaddr");
    assert_eq!(message[24..28], [0; 4], "giaddr");
    assert_eq!(message[28..34], MAC.0);
    assert_eq!(message[34..44], [0; 10]);
    assert_eq!(&message[44..52], b"srvname\0");
    assert_eq!(&message[108..117], b"boot.img\0");
    assert_eq!(message[236..240], [99, 130, 83, 99]);
}

#[test]
fn all_options_are_in_it_but_for_keys() {
    let lease = full_lease();
    let (options, order) = options(&encode(&lease, MAC));
    assert_eq!(order[0], 53);
    assert_eq!(options[&53], [5]);
    assert_eq!(options[&54], [192, 168, 77, 1]);
    assert_eq!(options[&51], [0, 0, 14, 16]);
    assert_eq!(options[&2], [0xff, 0xff, 0xf1, 0xf0]);
    assert_eq!(
        options[&119],
        b"\x01a\x07example\x03org\0\x01b\x07example\x03org\0"
    );
    assert_eq!(options[&121], [8, 10, 192, 168, 77, 2, 0, 192, 168, 77, 1]);
    assert_eq!(options[&33], [192, 168, 9, 0, 192, 168, 77, 3]);
    assert_eq!(options[&224], b"private");
    assert!(!options.contains_key(&90));
    let mut expected: Vec<u8> = lease.parameters.iter().map(|known| known.code).collect();
    expected.retain(|code| *code != 90);
    assert_eq!(options.into_keys().collect::<Vec<_>>(), expected);
}

#[test]
fn what_a_reader_needs_is_in_it_also_where_the_server_left_it_out() {
    let lease = Lease {
        prefix_length: 20,
        parameters: Vec::new(),
        ..short_lease()
    };
    let message = encode(&lease, MAC);
    assert_eq!(message.len(), 300);
    let (options, order) = options(&message);
    assert_eq!(order, [53, 1, 54]);
    assert_eq!(options[&1], [255, 255, 240, 0]);
    assert_eq!(options[&54], [192, 168, 77, 1]);
}

#[test]
fn a_long_option_is_split() {
    let long: Vec<u8> = (0..=255).cycle().take(600).collect();
    let lease = Lease {
        parameters: vec![parameter(43, Value::Octets(long.clone()))],
        ..short_lease()
    };
    let (options, order) = options(&encode(&lease, MAC));
    assert_eq!(options[&43], long);
    assert_eq!(order.iter().filter(|code| **code == 43).count(), 3);
}

#[test]
fn what_would_break_the_message_stays_out_of_it() {
    let lease = Lease {
        server_name: Some("x".repeat(64)),
        boot_file: Some("y".repeat(128)),
        parameters: vec![
            parameter(0, Value::Octets(vec![1])),
            parameter(52, Value::Numbers(vec![3])),
            parameter(53, Value::Numbers(vec![2])),
            parameter(80, Value::Octets(Vec::new())),
            parameter(224, Value::Numbers(vec![1])),
            parameter(255, Value::Octets(vec![1])),
        ],
        ..short_lease()
    };
    let message = encode(&lease, MAC);
    assert_eq!(message[44..236], [0; 192]);
    let (options, _) = options(&message);
    assert_eq!(options.keys().copied().collect::<Vec<_>>(), [1, 53, 54, 80]);
    assert_eq!(options[&53], [5]);
    assert!(options[&80].is_empty());
}
