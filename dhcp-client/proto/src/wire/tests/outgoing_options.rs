//! What the operator has sent beside the protocol's own: the full name, further options, and what of all
//! that goes when one frame is not enough.

use alloc::{string::String, vec, vec::Vec};
use core::net::Ipv4Addr;

use super::builder::{CLIENT_IDENTIFIER, MAC, OPTIONS};
use crate::{
    message::{FullName, MessageType, Outgoing, Xid},
    wire::encode::MAXIMUM_LENGTH,
};

fn discover<'a>(sent: &'a [(u8, Vec<u8>)]) -> Outgoing<'a> {
    Outgoing {
        message_type: MessageType::Discover,
        xid: Xid(1),
        secs: 0,
        broadcast: false,
        ciaddr: Ipv4Addr::UNSPECIFIED,
        chaddr: MAC,
        requested_address: None,
        server_identifier: None,
        client_identifier: &CLIENT_IDENTIFIER,
        rapid_commit: false,
        nonce_capable: false,
        lease_time: None,
        host_name: None,
        full_name: None,
        vendor_class: &[],
        maximum_message_size: None,
        parameter_request_list: &[],
        sent,
        message: None,
    }
}

/// The options of a message, neighbours of one code joined.
fn options(message: &Outgoing<'_>) -> Vec<(u8, Vec<u8>)> {
    let bytes = message.encode();
    assert!(bytes.len() <= MAXIMUM_LENGTH);
    let mut rest = &bytes[OPTIONS..];
    let mut options: Vec<(u8, Vec<u8>)> = Vec::new();
    while rest[0] != 255 {
        let value = &rest[2..2 + usize::from(rest[1])];
        match options.last_mut().filter(|(code, _)| *code == rest[0]) {
            Some((_, whole)) => whole.extend(value),
            None => options.push((rest[0], value.to_vec())),
        }
        rest = &rest[2 + value.len()..];
    }
    options
}

fn codes(message: &Outgoing<'_>) -> Vec<u8> {
    options(message).into_iter().map(|(code, _)| code).collect()
}

/// The value of option 81 for a name.
fn full_name(name: &str, flags: u8) -> Option<Vec<u8>> {
    let full_name = FullName {
        name: name.into(),
        flags,
    };
    let message = Outgoing {
        full_name: Some(&full_name),
        ..discover(&[])
    };
    let found = options(&message).into_iter().find(|(code, _)| *code == 81);
    found.map(|(_, value)| value)
}

const E: u8 = 4;

#[test]
fn a_whole_name_in_wire_format_ends_in_the_root() {
    let expected = b"\x05\0\0\x04host\x07example\0".to_vec();
    assert_eq!(full_name("host.example", E | 1), Some(expected.clone()));
    assert_eq!(full_name("host.example.", E | 1), Some(expected));
}

#[test]
fn a_partial_name_in_wire_format_does_not() {
    assert_eq!(full_name("host", E), Some(b"\x04\0\0\x04host".to_vec()));
}

#[test]
fn an_empty_name_leaves_it_to_the_server() {
    assert_eq!(full_name("", E | 1), Some(vec![5, 0, 0]));
    assert_eq!(full_name("", 1), Some(vec![1, 0, 0]));
}

#[test]
fn without_the_e_bit_the_name_is_text() {
    let expected = b"\x01\0\0host.example".to_vec();
    assert_eq!(full_name("host.example", 1), Some(expected));
}

#[test]
fn only_the_flags_of_a_client_are_sent_and_n_clears_s() {
    let flags = |flags| full_name("h", flags).unwrap()[0];
    // "MBZ" and "O" are never a client's to set.
    assert_eq!(flags(0xf0 | 2 | E), E);
    assert_eq!(flags(8 | 1 | E), 8 | E);
    assert_eq!(flags(1 | E), 1 | E);
}

#[test]
fn a_name_that_is_none_is_not_sent() {
    let long = "l".repeat(64);
    let labels = ["l"; 130].join(".");
    for name in ["a..b", ".", ".a", long.as_str(), labels.as_str()] {
        assert_eq!(full_name(name, E), None, "{name}");
    }
    assert_eq!(full_name("two words", 0), None);
    assert_eq!(full_name(&"l".repeat(63), E).unwrap().len(), 3 + 64);
}

#[test]
fn beside_a_full_name_no_host_name_is_sent() {
    let name = FullName {
        name: "host.example".into(),
        flags: E,
    };
    let sent = [(12, b"other".to_vec())];
    let message = Outgoing {
        full_name: Some(&name),
        host_name: Some("host"),
        ..discover(&sent)
    };
    assert_eq!(codes(&message), [53, 61, 81]);
}

#[test]
fn further_options_are_sent_as_they_are_each_code_once() {
    let sent = [
        (77, b"class".to_vec()),
        (43, vec![1, 2, 0, 255]),
        (116, vec![]),
        (77, b"second".to_vec()),
    ];
    let expected = [
        (53, vec![1]),
        (61, CLIENT_IDENTIFIER.to_vec()),
        (77, b"class".to_vec()),
        (43, vec![1, 2, 0, 255]),
        (116, vec![]),
    ];
    assert_eq!(options(&discover(&sent)), expected);
}

#[test]
fn further_options_replace_nothing_that_makes_the_message_what_it_is() {
    let forbidden = [0, 50, 52, 53, 54, 55, 57, 61, 80, 82, 90, 145, 255];
    let sent = forbidden.map(|code| (code, vec![9; 4]));
    assert_eq!(codes(&discover(&sent)), [53, 61]);

    let sent = [(60, b"mine".to_vec()), (12, b"mine".to_vec())];
    let message = Outgoing {
        vendor_class: b"class",
        host_name: Some("host"),
        ..discover(&sent)
    };
    let expected = [
        (53, vec![1]),
        (61, CLIENT_IDENTIFIER.to_vec()),
        (60, b"class".to_vec()),
        (12, b"host".to_vec()),
    ];
    assert_eq!(options(&message), expected);
}

#[test]
fn a_lease_time_of_the_operators_is_not_for_dhcpinform() {
    let sent = [(51, vec![0, 0, 14, 16])];
    assert_eq!(codes(&discover(&sent)), [53, 61, 51]);
    let inform = Outgoing {
        message_type: MessageType::Inform,
        ..discover(&sent)
    };
    assert_eq!(codes(&inform), [53, 61]);
}

#[test]
fn a_long_further_option_is_split() {
    let value: Vec<u8> = (0..=255).cycle().take(600).collect();
    let sent = [(43, value.clone())];
    let message = discover(&sent);
    assert_eq!(options(&message)[2], (43, value));
    let bytes = message.encode();
    let at = OPTIONS + 3 + 9;
    assert_eq!(bytes[at..at + 2], [43, 255]);
    assert_eq!(bytes[at + 257..at + 259], [43, 255]);
    assert_eq!(bytes[at + 514..at + 516], [43, 90]);
}

#[test]
fn when_one_frame_is_not_enough_the_operators_extras_go_first_and_whole() {
    let sent = [(43, vec![1; 600]), (77, vec![2; 700]), (224, vec![3; 10])];
    let message = Outgoing {
        requested_address: Some(Ipv4Addr::new(192, 0, 2, 9)),
        maximum_message_size: Some(1472),
        vendor_class: &[b'v'; 300],
        parameter_request_list: &[b'p'; 200],
        ..discover(&sent)
    };
    // 43 has room beside all that a server needs, 77 has none any more, and 224 fits into what is left.
    assert_eq!(codes(&message), [53, 61, 50, 57, 60, 43, 224, 55]);
    let whole: usize = options(&message).iter().map(|(_, value)| value.len()).sum();
    assert_eq!(whole, 1 + 7 + 4 + 2 + 300 + 600 + 10 + 200);
}

#[test]
fn the_vendor_class_goes_before_the_request_list_does() {
    let class: String = "v".repeat(1150);
    let message = Outgoing {
        vendor_class: class.as_bytes(),
        parameter_request_list: &[b'p'; 200],
        ..discover(&[])
    };
    assert_eq!(codes(&message), [53, 61, 55]);
}

/// Option 55 of a message for which the operator wants this one.
fn request_list(list: &[u8]) -> Vec<u8> {
    let message = Outgoing {
        parameter_request_list: list,
        ..discover(&[])
    };
    let found = options(&message).into_iter().find(|(code, _)| *code == 55);
    found.map(|(_, value)| value).unwrap_or_default()
}

#[test]
fn classless_routes_are_asked_for_before_routers_and_static_routes() {
    assert_eq!(request_list(&[1, 3, 6, 33, 121]), [1, 121, 3, 6, 33]);
    assert_eq!(request_list(&[33, 6, 121, 3]), [121, 33, 6, 3]);
    assert_eq!(request_list(&[1, 121, 3, 33]), [1, 121, 3, 33]);
    assert_eq!(request_list(&[6, 121, 1]), [6, 121, 1]);
    assert_eq!(request_list(&[3, 6, 1]), [3, 6, 1]);
}

#[test]
fn rapid_commit_is_never_asked_for_by_the_request_list() {
    assert_eq!(request_list(&[1, 80, 3]), [1, 3]);
    assert_eq!(request_list(&[80]), []);
}
