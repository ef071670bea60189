//! Bytes that nobody chose: whatever arrives, the wire layer answers, within its bounds and with
//! values that hold what they promise.

use alloc::{format, string::ToString, vec, vec::Vec};
use core::net::Ipv4Addr;

use dhcproto::{
    Decodable,
    v4::{DhcpOption, Message, OptionCode},
};
use proptest::{collection, prelude::*};

use super::builder::{
    CLIENT_IDENTIFIER, MAC, MESSAGE, READING, ack, frame, message, option, read_area, receive,
    receive_with, seal,
};
use crate::{
    lease::Route,
    message::{FullName, Options, Outgoing, Received, Xid},
    parameter::{Parameter, Value},
    wire::{self, Heard, Reading, code, names, routes, values},
};

/// Options of all kinds, as a good server may send them.
fn good_frame() -> Vec<u8> {
    let area = ack(&[
        (54, &[192, 0, 2, 1]),
        (51, &[0, 0, 14, 16]),
        (1, &[255, 255, 255, 0]),
        (3, &[192, 0, 2, 1, 192, 0, 2, 2]),
        (6, &[192, 0, 2, 53]),
        (52, &[3]),
        (119, b"\x03eng\x07example\x00\x02hr\xc0\x04"),
        (121, &[0, 192, 0, 2, 1, 24, 10, 0, 0, 192, 0, 2, 1]),
        (61, &CLIENT_IDENTIFIER),
    ]);
    let file = [option(15, b"example"), vec![255]].concat();
    let sname = [option(12, b"host"), option(26, &[5, 220]), vec![255]].concat();
    frame(&message(&area, &file, &sname))
}

/// An octet string that is more often like an option area than chance would have it.
fn option_area() -> impl Strategy<Value = Vec<u8>> {
    let code = prop_oneof![proptest::sample::select(code::READ), any::<u8>()];
    let value = prop_oneof![
        collection::vec(any::<u8>(), 0..12),
        collection::vec(any::<u8>(), 255),
        collection::vec(0_u8..5, 0..40),
        collection::vec(
            proptest::sample::select(b"a.-_\x01\x03\xc0\0 $".as_slice()),
            0..40
        ),
    ];
    collection::vec((code, value), 0..20).prop_map(|options| {
        let parts = options.iter().map(|(code, value)| option(*code, value));
        parts.flatten().collect()
    })
}

fn is_name(name: &str) -> bool {
    (1..=253).contains(&name.len())
        && name.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && label
                    .chars()
                    .all(|character| character.is_ascii_alphanumeric() || "-_".contains(character))
        })
}

fn is_route(route: &Route) -> bool {
    let host_bits = u64::from(u32::MAX) >> route.prefix_length;
    route.prefix_length <= 32 && u64::from(route.destination.to_bits()) & host_bits == 0
}

/// What a message promises, whatever it was decoded from.
fn assert_promises(received: &Received) {
    assert_options(&received.options);
    for text in received.server_name.iter().chain(&received.boot_file) {
        assert!(!text.is_empty() && !text.chars().any(char::is_control));
    }
    let codes: Vec<u8> = received.parameters.iter().map(|p| p.code).collect();
    assert!(codes.is_sorted_by(|one, next| one < next));
    for Parameter { code: _, value } in &received.parameters {
        match value {
            Value::Octets(_) => {}
            Value::Addresses(list) => {
                assert!((1..=values::MAXIMUM_ADDRESSES).contains(&list.len()));
            }
            Value::Numbers(list) => assert!(!list.is_empty()),
            Value::Text(text) => assert!(!text.chars().any(char::is_control)),
            Value::Names(list) => {
                assert!((1..=names::MAXIMUM_SEARCH).contains(&list.len()));
                assert!(list.iter().all(|name| is_name(name)));
            }
            Value::Routes(list) => assert!(list.iter().all(is_route)),
        }
    }
}

fn assert_options(options: &Options) {
    assert!(options.host_name.iter().all(|name| is_name(name)));
    assert!(options.domain.iter().all(|name| is_name(name)));
    assert!(options.search.iter().all(|name| is_name(name)));
    assert!(options.search.len() <= names::MAXIMUM_SEARCH);
    for list in [&options.routers, &options.dns, &options.ntp] {
        assert!(list.len() <= values::MAXIMUM_ADDRESSES);
    }
    let classless = options.classless_routes.iter().flatten();
    assert!(classless.chain(&options.static_routes).all(is_route));
    assert!(options.static_routes.len() <= values::MAXIMUM_ADDRESSES);
    assert!(
        options
            .classless_routes
            .iter()
            .all(|list| (1..=routes::MAXIMUM_ROUTES).contains(&list.len()))
    );
    assert!(
        options
            .prefix_length
            .is_none_or(|length| (1..=32).contains(&length))
    );
    assert!(options.mtu.is_none_or(|mtu| mtu >= 68));
    let mut text = options.message.iter().flat_map(|text| text.chars());
    assert!(text.all(|character| matches!(character, ' '..='~')));
    assert!(
        options
            .message
            .iter()
            .all(|text| text.len() <= names::MAXIMUM_TEXT)
    );
}

#[test]
fn the_good_frame_is_good() {
    let (received, malformed) = receive(&good_frame()).unwrap();

    assert!(malformed.is_empty());
    assert_promises(&received);
    assert_eq!(received.options.search, ["eng.example", "hr.example"]);
    assert_eq!(received.options.mtu, Some(1500));
}

#[test]
fn every_single_bit_changed_is_answered() {
    let good = good_frame();
    for offset in MESSAGE..good.len() {
        for bit in 0..8 {
            let mut bytes = good.clone();
            bytes[offset] ^= 1 << bit;

            if let Ok(Heard::Message(received, _)) = wire::receive(&bytes, false, READING) {
                assert_promises(&received);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn random_octets_are_answered(bytes in collection::vec(any::<u8>(), 0..700), ready: bool) {
        prop_assert!(wire::receive(&bytes, ready, READING).is_err());
    }

    #[test]
    fn random_messages_are_answered(bytes in collection::vec(any::<u8>(), 0..1500)) {
        let bootp = Reading { bootp: true, ..READING };
        for reading in [READING, bootp] {
            if let Ok((received, _)) = receive_with(&frame(&bytes), reading) {
                assert_promises(&received);
            }
        }
    }

    #[test]
    fn random_options_hold_their_promises(area in option_area(), end: bool) {
        let area = [option(53, &[5]), area, if end { vec![255] } else { vec![] }].concat();
        if let Ok((received, _)) = receive(&frame(&message(&area, &[], &[]))) {
            assert_promises(&received);
        }
    }

    #[test]
    fn a_good_frame_with_random_changes_is_answered(
        changes in collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8),
        length in any::<proptest::sample::Index>(),
        sealed: bool,
    ) {
        let mut bytes = good_frame();
        for (index, octet) in changes {
            let offset = index.index(bytes.len());
            bytes[offset] = octet;
        }
        if sealed {
            seal(&mut bytes);
        } else {
            bytes.truncate(length.index(bytes.len()) + 1);
        }
        if let Ok((received, _)) = receive(&bytes) {
            assert_promises(&received);
        }
    }

    #[test]
    fn where_an_option_is_split_makes_no_difference(
        value in collection::vec(any::<u8>(), 1..200),
        code in proptest::sample::select(code::READ)
            .prop_filter("decides about the message", |code| ![52, 53, 61].contains(code)),
        cuts in collection::vec(any::<proptest::sample::Index>(), 1..5),
    ) {
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(value.len() + 1)).collect();
        places.extend([0, value.len()]);
        places.sort_unstable();
        let parts = places.windows(2).flat_map(|pair| option(code, &value[pair[0]..pair[1]]));
        let split: Vec<u8> = option(53, &[5]).into_iter().chain(parts).chain([255]).collect();

        prop_assert_eq!(read_area(&split), read_area(&ack(&[(code, &value)])));
    }

    #[test]
    fn lists_are_what_plain_arithmetic_makes_of_them(value in collection::vec(any::<u8>(), 0..1200)) {
        let whole = !value.is_empty() && value.len().is_multiple_of(4);
        let expected: Vec<Ipv4Addr> = value
            .chunks_exact(4)
            .take(values::MAXIMUM_ADDRESSES)
            .map(|octets| Ipv4Addr::new(octets[0], octets[1], octets[2], octets[3]))
            .collect();
        for code in [code::ROUTER, code::DOMAIN_NAME_SERVER, code::NTP_SERVERS] {
            let decoded = values::addresses(code, &value).map(|list| list.elements);
            prop_assert_eq!(decoded, whole.then(|| expected.clone()));
        }
    }

    #[test]
    fn numbers_are_what_plain_arithmetic_makes_of_them(value in collection::vec(any::<u8>(), 0..300)) {
        let expected = <[u8; 4]>::try_from(value.as_slice()).ok();
        for code in [code::LEASE_TIME, code::RENEWAL_TIME, code::REBINDING_TIME] {
            prop_assert_eq!(values::seconds(code, &value), expected.map(u32::from_be_bytes));
        }
        for code in [code::SERVER_IDENTIFIER, code::BROADCAST_ADDRESS] {
            prop_assert_eq!(values::address(code, &value), expected.map(Ipv4Addr::from));
        }
    }

    #[test]
    fn good_search_lists_are_those_of_dhcproto(
        list in collection::vec("[a-z0-9]{1,20}(\\.[a-z0-9_]{1,20}){0,4}", 1..20),
    ) {
        let value: Vec<u8> = list.iter().flat_map(|name| {
            let labels = name.split('.').flat_map(|label| {
                [&[u8::try_from(label.len()).unwrap()], label.as_bytes()].concat()
            });
            labels.chain([0]).collect::<Vec<u8>>()
        }).collect();
        let area = [option(53, &[5]), super::builder::long_option(119, &value), vec![255]].concat();

        prop_assert_eq!(&read_area(&area).0.search, &list);
        let second = Message::from_bytes(&message(&area, &[], &[])).unwrap();
        let option = second.opts().get(OptionCode::DomainSearch);
        let Some(DhcpOption::DomainSearch(names)) = option else {
            panic!("dhcproto finds no search list");
        };
        let names: Vec<_> = names.iter().map(ToString::to_string).collect();
        let dotted: Vec<_> = list.iter().map(|name| format!("{name}.")).collect();
        prop_assert_eq!(names, dotted);
    }

    #[test]
    fn every_message_that_can_be_made_is_a_whole_one(
        xid: u32, secs: u16, broadcast: bool, ciaddr: u32,
        host_name in "\\PC{0,1500}",
        client_identifier in collection::vec(any::<u8>(), 0..300),
        parameter_request_list in collection::vec(any::<u8>(), 0..300),
        name in proptest::option::of(("\\PC{0,300}", any::<u8>())),
        sent in collection::vec((224_u8..=254, collection::vec(any::<u8>(), 0..400)), 0..8),
    ) {
        let full_name = name.map(|(name, flags)| FullName { name, flags });
        let outgoing = Outgoing {
            message_type: crate::message::MessageType::Request,
            xid: Xid(xid),
            secs,
            broadcast,
            ciaddr: Ipv4Addr::from_bits(ciaddr),
            chaddr: MAC,
            requested_address: Some(Ipv4Addr::from_bits(!ciaddr)),
            server_identifier: None,
            client_identifier: &client_identifier,
            rapid_commit: false,
            nonce_capable: false,
            lease_time: None,
            host_name: Some(&host_name),
            full_name: full_name.as_ref(),
            vendor_class: &[],
            maximum_message_size: Some(1472),
            parameter_request_list: &parameter_request_list,
            sent: &sent,
            message: None,
        };

        let bytes = outgoing.encode();

        prop_assert!((300..=1472).contains(&bytes.len()));
        let message = Message::from_bytes(&bytes).unwrap();
        prop_assert_eq!((message.xid(), message.secs()), (xid, secs));
        prop_assert_eq!(message.flags().broadcast(), broadcast);
        prop_assert_eq!(message.ciaddr(), Ipv4Addr::from_bits(ciaddr));
        prop_assert_eq!(message.chaddr(), MAC);
    }
}
