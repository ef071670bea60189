//! Every option as a value to be exported: by the table, by the operator's own kinds, and not at all
//! where it is malformed.

use alloc::{collections::BTreeMap, vec, vec::Vec};
use core::net::Ipv4Addr;

use super::builder::{
    READING, ack, frame, long_option, message, only, option, receive, receive_with,
};
use crate::{
    discard::Discard,
    lease::Route,
    parameter::{Kind, Value},
    wire::{MalformedOptions, Reading},
};

/// The value of option `code` in a DHCPACK that has it, and what was skipped.
fn exported(code: u8, octets: &[u8]) -> (Option<Value>, MalformedOptions) {
    exported_as(&BTreeMap::new(), code, octets)
}

fn exported_as(
    kinds: &BTreeMap<u8, Kind>,
    code: u8,
    octets: &[u8],
) -> (Option<Value>, MalformedOptions) {
    let bytes = frame(&message(&ack(&[(code, octets)]), &[], &[]));
    let reading = Reading { kinds, ..READING };
    let (received, malformed) = receive_with(&bytes, reading).unwrap();
    let found = received.parameters.into_iter().find(|p| p.code == code);
    (found.map(|parameter| parameter.value), malformed)
}

fn good(code: u8, octets: &[u8]) -> Value {
    let (value, malformed) = exported(code, octets);
    assert!(malformed.is_empty(), "{malformed:?}");
    value.unwrap()
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

#[test]
fn each_kind_of_the_table_is_read() {
    let route = |octets: [u8; 4], prefix_length, gateway: [u8; 4]| Route {
        destination: octets.into(),
        prefix_length,
        gateway: gateway.into(),
    };
    assert_eq!(
        good(2, &[0xff, 0xff, 0xf1, 0xf0]),
        Value::Numbers(vec![-3600])
    );
    assert_eq!(good(13, &[1, 2]), Value::Numbers(vec![258]));
    assert_eq!(good(19, &[1]), Value::Numbers(vec![1]));
    assert_eq!(good(25, &[0, 68, 5, 220]), Value::Numbers(vec![68, 1500]));
    assert_eq!(
        good(108, &[0xff; 4]),
        Value::Numbers(vec![i64::from(u32::MAX)])
    );
    assert_eq!(
        good(4, &[10, 0, 0, 1, 10, 0, 0, 2]),
        Value::Addresses(vec![Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2)])
    );
    assert_eq!(good(100, b"CET-1CEST"), text("CET-1CEST"));
    assert_eq!(good(101, b"Europe/Berlin\0"), text("Europe/Berlin"));
    assert_eq!(
        good(114, b"https://a.example/?b=c&d"),
        text("https://a.example/?b=c&d")
    );
    assert_eq!(good(15, b"a.example."), text("a.example"));
    assert_eq!(
        good(119, b"\x01a\x07example\0"),
        Value::Names(vec!["a.example".into()])
    );
    assert_eq!(
        good(121, &[8, 10, 192, 0, 2, 1]),
        Value::Routes(vec![route([10, 0, 0, 0], 8, [192, 0, 2, 1])])
    );
    assert_eq!(
        good(33, &[10, 0, 0, 0, 192, 0, 2, 1]),
        Value::Routes(vec![route([10, 0, 0, 0], 8, [192, 0, 2, 1])])
    );
    assert_eq!(good(43, &[1, 2, 0, 255]), Value::Octets(vec![1, 2, 0, 255]));
    assert_eq!(good(80, &[]), Value::Octets(vec![]));
    assert_eq!(good(224, &[7]), Value::Octets(vec![7]));
}

#[test]
fn one_means_one() {
    for (code, octets) in [
        (16, &[10, 0, 0, 1, 10, 0, 0, 2][..]),
        (13, &[1, 2, 3, 4]),
        (19, &[1, 2]),
        (2, &[0; 8]),
    ] {
        let expected = (None, only(Discard::MalformedParameter));
        assert_eq!(exported(code, octets), expected, "option {code}");
    }
}

#[test]
fn pieces_of_an_element_and_nothing_at_all_are_malformed() {
    for (code, octets) in [
        (4, &[10, 0, 0][..]),
        (4, &[]),
        (2, &[0, 0, 0]),
        (13, &[1]),
        (25, &[0]),
        (24, &[0, 0, 0]),
        (88, b"\x01a"),
        (100, &[]),
        (100, &[0, 0]),
    ] {
        let expected = (None, only(Discard::MalformedParameter));
        assert_eq!(exported(code, octets), expected, "option {code}");
    }
}

#[test]
fn every_list_of_addresses_has_whole_ones_and_one_at_least() {
    let codes = [4, 5, 6, 7, 8, 9, 10, 11, 41, 42, 44, 45, 48, 49];
    for code in codes.into_iter().chain([65]).chain(69..=76) {
        let (value, malformed) = exported(code, &[10, 0, 0, 1, 10, 0, 0, 2]);
        let both = [[10, 0, 0, 1], [10, 0, 0, 2]].map(Ipv4Addr::from);
        assert_eq!(value, Some(Value::Addresses(both.into())), "option {code}");
        assert!(malformed.is_empty(), "option {code}");
        for length in [0, 1, 3, 5, 7] {
            let (value, malformed) = exported(code, &[10; 7][..length]);
            assert_eq!(value, None, "option {code} of {length} octets");
            assert!(!malformed.is_empty(), "option {code} of {length} octets");
        }
    }
}

#[test]
fn addresses_of_a_policy_filter_come_in_pairs() {
    let pair = [10, 0, 0, 0, 255, 0, 0, 0];
    let addresses = [[10, 0, 0, 0], [255, 0, 0, 0]].map(Ipv4Addr::from);
    assert_eq!(good(21, &pair), Value::Addresses(addresses.into()));
    for octets in [&[][..], &pair[..4], &[pair, pair].concat()[..12]] {
        let expected = (None, only(Discard::MalformedParameter));
        assert_eq!(exported(21, octets), expected, "{octets:?}");
    }
}

#[test]
fn no_home_agents_are_none_and_no_mistake() {
    let (value, malformed) = exported(68, &[]);
    assert_eq!(value, None);
    assert!(malformed.is_empty());
    let expected = (None, only(Discard::MalformedParameter));
    assert_eq!(exported(68, &[10, 0, 0]), expected);
}

#[test]
fn case_081_text_with_control_characters_or_of_another_encoding_is_left_out() {
    for octets in [
        &b"a\nb"[..],
        b"\x1b[31m",
        b"a\0b",
        b"\xff\xfe",
        "a\u{85}b".as_bytes(),
    ] {
        let expected = (None, only(Discard::MalformedParameter));
        assert_eq!(exported(67, octets), expected, "{octets:?}");
    }
}

#[test]
fn what_the_machine_acts_on_has_a_name_of_its_own_when_it_is_malformed() {
    assert_eq!(exported(3, &[1]), (None, only(Discard::MalformedRouter)));
    assert_eq!(
        exported(108, &[0; 8]),
        (None, only(Discard::MalformedIpv6Only))
    );
    assert_eq!(
        exported(12, b"a;b"),
        (None, only(Discard::MalformedHostName))
    );
}

#[test]
fn the_operator_knows_better_how_to_read_a_code() {
    let kinds = BTreeMap::from([(224, Kind::Text), (3, Kind::Octets), (225, Kind::Numbers16)]);
    let read = |code, octets: &[u8]| exported_as(&kinds, code, octets).0;
    assert_eq!(read(224, b"words"), Some(text("words")));
    assert_eq!(
        read(3, &[10, 0, 0, 1]),
        Some(Value::Octets(vec![10, 0, 0, 1]))
    );
    assert_eq!(read(225, &[0, 1, 0, 2]), Some(Value::Numbers(vec![1, 2])));
    assert_eq!(read(226, b"words"), Some(Value::Octets(b"words".to_vec())));
}

#[test]
fn parameters_are_in_the_order_of_their_codes_and_without_what_frames_the_message() {
    let area = ack(&[
        (58, &[0, 0, 0, 9]),
        (3, &[10, 0, 0, 1]),
        (54, &[10, 0, 0, 1]),
    ]);
    let (received, _) = receive(&frame(&message(&area, &[], &[]))).unwrap();
    let codes: Vec<u8> = received.parameters.iter().map(|p| p.code).collect();
    assert_eq!(codes, [3, 53, 54, 58]);
}

#[test]
fn sname_and_file_are_text_up_to_their_first_nul() {
    let (received, malformed) = receive(&frame(&message(
        &ack(&[]),
        b"pxelinux.0",
        b"boot.example\0junk",
    )))
    .unwrap();
    assert!(malformed.is_empty());
    assert_eq!(received.server_name.as_deref(), Some("boot.example"));
    assert_eq!(received.boot_file.as_deref(), Some("pxelinux.0"));
}

#[test]
fn case_071_file_and_sname_that_hold_options_are_no_text() {
    let file = [option(17, b"/srv"), vec![255]].concat();
    let bytes = frame(&message(&ack(&[(52, &[3])]), &file, &[255]));
    let (received, _) = receive(&bytes).unwrap();
    assert_eq!((received.server_name, received.boot_file), (None, None));
    let root_path = received.parameters.into_iter().find(|p| p.code == 17);
    assert_eq!(root_path.map(|p| p.value), Some(text("/srv")));
}

#[test]
fn a_long_list_is_cut_and_said() {
    let servers = long_option(4, &[10, 0, 0, 1].repeat(65));
    let area = [option(53, &[5]), servers, vec![255]].concat();
    let (received, malformed) = receive(&frame(&message(&area, &[], &[]))).unwrap();
    let value = received.parameters.into_iter().find(|p| p.code == 4);
    let cut = Value::Addresses(vec![Ipv4Addr::new(10, 0, 0, 1); 64]);
    assert_eq!(value.map(|p| p.value), Some(cut));
    assert_eq!(malformed, only(Discard::ValueCut));
}
