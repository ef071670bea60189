//! Names and texts: what a server may call things, and what it may not smuggle in.

use alloc::{string::String, vec, vec::Vec};

use super::builder::{long_option, only, option, read, read_area};
use crate::{
    discard::Discard,
    wire::{MalformedOptions, names::MAXIMUM_SEARCH},
};

/// The search list in a value of option 119 of any length.
fn search(value: &[u8]) -> (Vec<String>, MalformedOptions) {
    let area = [option(53, &[5]), long_option(119, value), vec![255]].concat();
    let (options, malformed) = read_area(&area);
    (options.search, malformed)
}

/// `text` as labels with their lengths, without the end.
fn labels(text: &str) -> Vec<u8> {
    text.split('.')
        .flat_map(|label| [&[u8::try_from(label.len()).unwrap()], label.as_bytes()].concat())
        .collect()
}

/// A name of exactly this many characters.
fn name_of(length: usize) -> String {
    let mut name = "a23456789.".repeat(length / 10 + 1);
    name.truncate(length - 1);
    name.push('z');
    name
}

#[test]
fn ordinary_names_are_read() {
    for name in [
        "a",
        "0",
        "host-1",
        "Mixed.Case.example",
        "_ldap._tcp.example",
        "xn--bcher-kva.example",
    ] {
        let (options, malformed) = read(&[(12, name.as_bytes()), (15, name.as_bytes())]);

        assert_eq!(options.host_name.as_deref(), Some(name));
        assert_eq!(options.domain.as_deref(), Some(name));
        assert!(malformed.is_empty());
    }
}

#[test]
fn trailing_nuls_and_one_dot_are_taken_off() {
    for name in ["example.com.", "example.com\0", "example.com.\0\0\0"] {
        let (options, malformed) = read(&[(15, name.as_bytes())]);

        assert_eq!(options.domain.as_deref(), Some("example.com"));
        assert!(malformed.is_empty());
    }
}

#[test]
fn case_075_hostile_names_are_malformed() {
    let hostile: [&[u8]; 22] = [
        b"$(reboot)",
        b"`reboot`",
        b"a;b",
        b"a b",
        b"a\nsearch evil.example",
        b"a\tb",
        b"a'b",
        b"a\"b",
        b"a\\b",
        b"../../etc/passwd",
        b"a/b",
        b"\x1b[2J",
        b"a\0b",
        b"\0",
        b".",
        b"..",
        b".a",
        b"a..b",
        b"-F",
        b"a.-rf.example",
        b"a-",
        b"b\xc3\xbccher",
    ];
    for value in hostile {
        let (options, malformed) = read(&[(12, value), (15, value)]);

        assert_eq!(options.host_name, None, "{value:?}");
        assert_eq!(options.domain, None, "{value:?}");
        let both = [Discard::MalformedHostName, Discard::MalformedDomainName];
        assert_eq!(malformed, MalformedOptions::from(both));
    }
}

#[test]
fn labels_have_at_most_63_characters() {
    let longest = "a".repeat(63);
    assert_eq!(read(&[(12, longest.as_bytes())]).0.host_name, Some(longest));

    let (options, malformed) = read(&[(12, "a".repeat(64).as_bytes())]);
    assert_eq!(options.host_name, None);
    assert_eq!(malformed, only(Discard::MalformedHostName));
}

#[test]
fn names_have_at_most_253_characters() {
    let longest = name_of(253);
    assert_eq!(read(&[(15, longest.as_bytes())]).0.domain, Some(longest));

    for length in [254, 255] {
        let (options, malformed) = read(&[(15, name_of(length).as_bytes())]);

        assert_eq!(options.domain, None);
        assert_eq!(malformed, only(Discard::MalformedDomainName));
    }
}

#[test]
fn case_081_a_text_for_a_person_has_printable_characters_only() {
    let (options, malformed) = read(&[(56, b"no \x1b[2Jlease\r\nfor\0you \xff~\0")]);

    assert_eq!(options.message.as_deref(), Some("no ?[2Jlease??for?you ?~"));
    assert!(malformed.is_empty());
}

#[test]
fn a_long_text_is_cut_and_counted() {
    let area = [option(53, &[6]), long_option(56, &[b'x'; 256]), vec![255]].concat();
    let bytes = super::builder::frame(&super::builder::message(&area, &[], &[]));

    let (received, malformed) = super::builder::receive(&bytes).unwrap();

    assert_eq!(received.options.message, Some("x".repeat(255)));
    assert_eq!(malformed, only(Discard::ValueCut));
}

#[test]
fn case_072_the_search_list_of_rfc_3397_is_read_from_three_options() {
    let area = [
        option(53, &[5]),
        option(119, b"\x03eng\x05appl"),
        option(119, b"e\x03com\x00\x09ma"),
        option(119, b"rketing\xc0\x04"),
        vec![255],
    ]
    .concat();

    let (options, malformed) = read_area(&area);

    assert_eq!(options.search, ["eng.apple.com", "marketing.apple.com"]);
    assert!(malformed.is_empty());
}

#[test]
fn pointers_may_lead_to_pointers() {
    let value = [b"\x01a\x00".as_slice(), b"\x01b\xc0\x00", b"\x01c\xc0\x03"].concat();

    let (names, malformed) = search(&value);

    assert_eq!(names, ["a", "b.a", "c.b.a"]);
    assert!(malformed.is_empty());
}

#[test]
fn case_072_pointers_that_lead_nowhere_are_malformed() {
    let values: [&[u8]; 7] = [
        b"\xc0\x00",                   // to itself
        b"\x01a\xc0\x00",              // to the name it is in
        b"\x01a\xc0\x02",              // to itself, after a label
        b"\x01a\xc0\x04\x01b\x00",     // forward
        b"\x01a\x00\xff\xff",          // out of the option
        b"\xc0\x02\xc0\x00",           // a circle of two
        b"\x01a\x00\x01b\xc0\x05\x00", // to the middle of itself
    ];
    for value in values {
        let (names, malformed) = search(value);

        assert!(names.is_empty(), "{value:?}");
        assert_eq!(malformed, only(Discard::MalformedDomainSearch), "{value:?}");
    }
}

#[test]
fn reserved_label_types_and_the_root_are_malformed() {
    for value in [b"\x40a\x00", b"\x80a\x00", b"\xbfa\x00", b"\x00\x01a"] {
        let (names, malformed) = search(value);

        assert!(names.is_empty());
        assert_eq!(malformed, only(Discard::MalformedDomainSearch));
    }
}

#[test]
fn case_081_a_hostile_label_refuses_the_whole_list() {
    for label in ["$(id)", "a b", "a\n", "-x", "a.b", "\u{fc}"] {
        let value = [
            labels("good.example"),
            vec![0, u8::try_from(label.len()).unwrap()],
            label.as_bytes().to_vec(),
            vec![0],
        ]
        .concat();

        let (names, malformed) = search(&value);

        assert!(names.is_empty(), "{label:?}");
        assert_eq!(malformed, only(Discard::MalformedDomainSearch));
    }
}

#[test]
fn an_incomplete_last_name_is_left_out_and_counted() {
    let whole = [
        labels("good.example"),
        vec![0],
        labels("cut.example"),
        vec![0],
    ]
    .concat();
    let first = labels("good.example").len() + 1;
    for length in first + 1..whole.len() {
        let (names, malformed) = search(&whole[..length]);

        assert_eq!(names, ["good.example"]);
        assert_eq!(malformed, only(Discard::MalformedDomainSearch));
    }
    let (names, malformed) = search(&[b"\x01a\x00".as_slice(), b"\x01b\xc0"].concat());
    assert_eq!(names, ["a"]);
    assert_eq!(malformed, only(Discard::MalformedDomainSearch));
}

#[test]
fn a_searched_name_has_at_most_253_characters() {
    let longest = name_of(253);
    let (names, malformed) = search(&[labels(&longest), vec![0]].concat());
    assert_eq!(names, [longest]);
    assert!(malformed.is_empty());

    let (names, malformed) = search(&[labels(&name_of(254)), vec![0]].concat());
    assert!(names.is_empty());
    assert_eq!(malformed, only(Discard::MalformedDomainSearch));
}

#[test]
fn a_long_search_list_is_cut_and_counted() {
    // Each pointer would be another name of 253 characters.
    let value = [
        labels(&name_of(253)),
        vec![0],
        b"\xc0\x00".repeat(MAXIMUM_SEARCH * 100),
    ]
    .concat();

    let (names, malformed) = search(&value);

    assert_eq!(names, vec![name_of(253); MAXIMUM_SEARCH]);
    assert_eq!(malformed, only(Discard::ValueCut));
}

#[test]
fn a_search_list_as_text_is_malformed() {
    let (names, malformed) = search(b"example.com example.org");

    assert!(names.is_empty());
    assert_eq!(malformed, only(Discard::MalformedDomainSearch));
}
