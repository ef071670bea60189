//! What once broke other clients, as input: each test has the number of the report whose input it is. Here
//! it is read by this client's wire layer; what is wrong with it must have a name.

use alloc::{string::String, vec, vec::Vec};
use core::net::Ipv4Addr;

use super::builder::{
    IPV4, SERVER, UDP, ack, frame, long_option, message, only, option, read, read_area, receive,
    rejected, seal_ipv4, set_u16,
};
use crate::{
    discard::Discard,
    message::{Options, Received},
    parameter::Value,
    wire::MalformedOptions,
};

/// The message in a frame with these options, 'file' and 'sname'.
fn heard(options: &[u8], file: &[u8], sname: &[u8]) -> (Received, MalformedOptions) {
    receive(&frame(&message(options, file, sname))).unwrap()
}

/// The exported value of an option, and what was skipped.
fn exported(code: u8, value: &[u8]) -> (Option<Value>, MalformedOptions) {
    let (received, malformed) = heard(&ack(&[(code, value)]), &[], &[]);
    let found = received.parameters.into_iter().find(|it| it.code == code);
    (found.map(|it| it.value), malformed)
}

/// A value of so many octets.
fn octets(length: usize) -> Vec<u8> {
    vec![0xff; length]
}

#[test]
fn cve_2009_0692_subnet_mask_of_any_other_length() {
    for length in [0, 3, 5, 255] {
        let (options, malformed) = read(&[(1, &octets(length))]);
        assert_eq!(options, Options::default());
        assert_eq!(malformed, only(Discard::MalformedSubnetMask));
    }
}

#[test]
fn cve_2026_44815_value_longer_than_what_it_is_read_into() {
    for (code, reason) in [
        (1, Discard::MalformedSubnetMask),
        (28, Discard::MalformedBroadcastAddress),
        (51, Discard::MalformedLeaseTime),
        (54, Discard::MalformedServerIdentifier),
    ] {
        let area = [
            option(53, &[5]),
            long_option(code, &octets(1200)),
            vec![255],
        ]
        .concat();
        assert_eq!(read_area(&area), (Options::default(), only(reason)));
    }
}

/// What a shell would understand.
const FOR_SHELLS: [&str; 7] = [
    "$(reboot)",
    "`reboot`",
    "a;reboot",
    "a\nreboot",
    "a|reboot",
    "'\"a",
    "a&&reboot",
];

#[test]
fn cve_2011_0996_and_2011_2716_shell_words_as_names() {
    for words in FOR_SHELLS {
        let labels = [
            &[u8::try_from(words.len()).unwrap()],
            words.as_bytes(),
            &[0],
        ]
        .concat();
        let (options, malformed) = read(&[
            (12, words.as_bytes()),
            (15, words.as_bytes()),
            (119, &labels),
        ]);
        assert_eq!(options, Options::default(), "{words}");
        let expected = [
            Discard::MalformedHostName,
            Discard::MalformedDomainName,
            Discard::MalformedDomainSearch,
        ];
        assert_eq!(malformed, expected.into());
    }
}

#[test]
fn cve_2011_0997_control_characters_in_paths_and_texts() {
    for code in [17, 66, 67] {
        for words in ["a\nb", "a\rb", "\x1b]0;x\x07", "a\0b"] {
            let (value, malformed) = exported(code, words.as_bytes());
            assert_eq!(value, None, "option {code}: {words:?}");
            assert_eq!(malformed, only(Discard::MalformedParameter));
        }
        // What only a shell would take amiss is text here, and for whoever hands it to one to refuse.
        let (value, _) = exported(code, b"$(reboot)");
        assert_eq!(value, Some(Value::Text("$(reboot)".into())));
    }
}

#[test]
fn cve_2018_1111_a_quote_in_any_text() {
    // Proxy configuration is one line of text; vendor options are octets, and nobody takes them for words.
    let quoted = b"x'& reboot #";
    let (value, _) = exported(252, quoted);
    assert_eq!(value, Some(Value::Text("x'& reboot #".into())));
    let (value, _) = exported(43, quoted);
    assert_eq!(value, Some(Value::Octets(quoted.to_vec())));
}

#[test]
fn cve_2018_5732_fragments_of_more_than_a_message_can_hold() {
    for total in [1501, 60_000] {
        let area = [
            option(53, &[5]),
            long_option(15, &vec![b'a'; total]),
            vec![255],
        ]
        .concat();
        let expected = (Options::default(), only(Discard::MalformedDomainName));
        assert_eq!(read_area(&area), expected);
    }
    // Many small ones, too.
    let pieces: Vec<u8> = (0..20_000).flat_map(|_| option(12, b"a")).collect();
    let area = [option(53, &[5]), pieces, vec![255]].concat();
    let expected = (Options::default(), only(Discard::MalformedHostName));
    assert_eq!(read_area(&area), expected);
}

#[test]
fn cve_2015_8605_lengths_that_do_not_fit_the_packet() {
    let good = || frame(&message(&ack(&[(54, &SERVER)]), &[], &[]));
    for length in [0, 7, 0xffff] {
        let mut bytes = good();
        set_u16(&mut bytes, UDP + 4, length);
        assert_eq!(rejected(&bytes), Discard::MalformedUdp);
    }
    let mut bytes = good();
    let longer = bytes.len() - IPV4 + 1;
    set_u16(&mut bytes, IPV4 + 2, longer);
    seal_ipv4(&mut bytes);
    assert_eq!(rejected(&bytes), Discard::MalformedIpv4);
    // A header of 60 octets in a packet of fewer.
    let mut bytes = good();
    bytes.truncate(IPV4 + 40);
    bytes[IPV4] = 0x4f;
    set_u16(&mut bytes, IPV4 + 2, 40);
    assert_eq!(rejected(&bytes), Discard::MalformedIpv4);
}

#[test]
fn cve_2014_6060_overload_in_every_field_and_no_end() {
    let file = [option(52, &[3]), vec![0; 125]].concat();
    let sname = [option(52, &[3]), vec![0; 61]].concat();
    let area = [option(53, &[5]), option(52, &[3])].concat();
    let (received, malformed) = heard(&area, &file, &sname);
    assert_eq!(received.options, Options::default());
    let expected = [Discard::NoEndOption, Discard::NestedOverload];
    assert_eq!(malformed, expected.into());
}

#[test]
fn cve_2019_11579_overload_without_a_value() {
    let bytes = message(&ack(&[(52, &[])]), &[], &[]);
    assert_eq!(rejected(&frame(&bytes)), Discard::MalformedOverload);
}

#[test]
fn cve_2018_20679_and_2019_5747_numbers_shorter_than_four_octets() {
    for (code, reason) in [
        (51, Discard::MalformedLeaseTime),
        (54, Discard::MalformedServerIdentifier),
        (58, Discard::MalformedRenewalTime),
        (59, Discard::MalformedRebindingTime),
    ] {
        for length in 0..4 {
            let expected = (Options::default(), only(reason));
            assert_eq!(read(&[(code, &octets(length))]), expected);
        }
    }
}

#[test]
fn cve_2016_2147_a_compressed_name_that_grows() {
    // Each name is the one before with a label in front: short on the wire, long in memory.
    let mut value = b"\x3f".to_vec();
    value.extend([b'a'; 63]);
    value.push(0);
    let mut last = 0;
    while value.len() < 255 - 66 {
        let start = value.len();
        value.push(63);
        value.extend([b'b'; 63]);
        value.extend([0xc0, last]);
        last = u8::try_from(start).unwrap();
    }
    let (options, _) = read(&[(119, &value)]);
    assert!(options.search.iter().all(|name| name.len() <= 253));
}

#[test]
fn cve_2016_2148_6rd_of_any_length() {
    for length in [0, 1, 21, 22, 23, 255] {
        let (value, malformed) = exported(212, &octets(length));
        assert_eq!(value, Some(Value::Octets(octets(length))));
        assert!(malformed.is_empty());
    }
}

#[test]
fn cve_2020_7461_pointers_and_lengths_of_option_119() {
    let label = |length: u8| {
        let mut label = vec![length];
        label.extend(vec![b'a'; length.into()]);
        label
    };
    let long: Vec<u8> = [label(63), label(63), label(63), label(62), vec![0]].concat();
    let values: [(&[u8], Discard); 5] = [
        (b"\xc0\x00", Discard::MalformedDomainSearch),
        (b"\x01a\xc0\x04\x01b\x00", Discard::MalformedDomainSearch),
        (b"\x01a\x00\xff\xff", Discard::MalformedDomainSearch),
        (
            &[label(64), vec![0]].concat(),
            Discard::MalformedDomainSearch,
        ),
        (&long, Discard::MalformedDomainSearch),
    ];
    for (value, reason) in values {
        let area = [option(53, &[5]), long_option(119, value), vec![255]].concat();
        assert_eq!(read_area(&area), (Options::default(), only(reason)));
    }
    let longest: Vec<u8> = [label(63), label(63), label(63), label(61), vec![0]].concat();
    let area = [option(53, &[5]), long_option(119, &longest), vec![255]].concat();
    assert_eq!(read_area(&area).0.search[0].len(), 253);
}

#[test]
fn cve_2022_2929_a_label_of_more_than_63_octets_in_option_81() {
    let mut value = vec![5, 0, 0, 200];
    value.extend([b'a'; 200]);
    let (exported, malformed) = exported(81, &value);
    assert_eq!(exported, Some(Value::Octets(value)));
    assert!(malformed.is_empty());
}

#[test]
fn systemd_22294_option_119_twice_in_one_message() {
    let one = b"\x01a\x07example\x00";
    let two = b"\x01b\xc0\x02";
    let (options, malformed) = read(&[(119, one), (15, b"x.example"), (119, two)]);
    assert_eq!(options.search, ["a.example", "b.example"]);
    assert!(malformed.is_empty());
}

#[test]
fn cve_2016_1503_and_2014_7912_lists_with_a_piece_of_an_element() {
    for (code, reason) in [
        (3, Discard::MalformedRouter),
        (6, Discard::MalformedDomainNameServer),
        (33, Discard::MalformedStaticRoute),
        (42, Discard::MalformedNtpServers),
        (44, Discard::MalformedParameter),
        (25, Discard::MalformedParameter),
    ] {
        for length in [1, 3, 5, 7, 9, 253] {
            let expected = (Options::default(), only(reason));
            let found = read(&[(code, &octets(length))]);
            assert_eq!(found, expected, "option {code} of {length}");
        }
    }
}

#[test]
fn cve_2012_6698_vendor_options_that_say_they_are_longer_than_they_are() {
    // Encapsulated options are not walked here, so their lengths reach nowhere.
    for code in [43, 125, 124, 82] {
        let (value, malformed) = exported(code, &[1, 255, 0]);
        assert_eq!(value, Some(Value::Octets(vec![1, 255, 0])));
        assert!(malformed.is_empty());
    }
}

#[test]
fn dhcpcd_2007_widths_and_missing_octets_of_option_121() {
    let values: [&[u8]; 6] = [
        &[33, 10, 0, 0, 0, 192, 0, 2, 1],
        &[255, 10, 0, 0, 0, 192, 0, 2, 1],
        &[24, 10, 0],
        &[24, 10, 0, 0],
        &[24, 10, 0, 0, 192, 0, 2],
        &[0],
    ];
    for value in values {
        let expected = (Options::default(), only(Discard::MalformedClasslessRoute));
        assert_eq!(read(&[(121, value)]), expected);
    }
    // SIP servers: an encoding octet and nothing behind it.
    let (value, _) = exported(120, &[1]);
    assert_eq!(value, Some(Value::Octets(vec![1])));
}

#[test]
fn dhcpcd_june_2026_paths_as_time_zones_and_a_log_line_of_two() {
    let (value, _) = exported(101, b"../../etc/passwd");
    assert_eq!(value, Some(Value::Text("../../etc/passwd".into())));
    let (options, _) = read(&[(56, b"no\nroot: all is well\x1b[2J")]);
    assert_eq!(options.message.as_deref(), Some("no?root: all is well?[2J"));
}

#[test]
fn dhcpcd_june_2026_authentication_cut_short() {
    for length in 0..28 {
        let value = [&[3, 1, 0][..], &[0; 25]].concat();
        let area = [option(53, &[9]), option(90, &value[..length]), vec![255]].concat();
        let (received, _) = heard(&area, &[], &[]);
        assert_eq!(received.signature, None, "{length} octets");
    }
}

#[test]
fn cve_2024_3661_routes_that_cover_the_world_are_what_they_say() {
    // Whether they are installed is the policy of whoever installs them; none may be lost on the way there.
    let value = [
        &[1, 0, 192, 0, 2, 9][..],
        &[1, 128, 192, 0, 2, 9],
        &[32, 192, 0, 2, 77, 192, 0, 2, 9],
        &[8, 127, 192, 0, 2, 9],
        &[4, 224, 192, 0, 2, 9],
    ]
    .concat();
    let (options, malformed) = read(&[(121, &value)]);
    let routes = options.classless_routes.unwrap();
    let found: Vec<(Ipv4Addr, u8)> = (routes.iter())
        .map(|route| (route.destination, route.prefix_length))
        .collect();
    let expected = [
        (Ipv4Addr::new(0, 0, 0, 0), 1),
        (Ipv4Addr::new(128, 0, 0, 0), 1),
        (Ipv4Addr::new(192, 0, 2, 77), 32),
        (Ipv4Addr::new(127, 0, 0, 0), 8),
        (Ipv4Addr::new(224, 0, 0, 0), 4),
    ];
    assert_eq!(found, expected);
    assert!(malformed.is_empty());
}

#[test]
fn cve_2019_0547_every_option_of_every_length() {
    for code in 1..=254 {
        for length in [0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 254, 255] {
            for octet in [0, 1, 0x40, 0xff] {
                let bytes = frame(&message(&ack(&[(code, &vec![octet; length])]), &[], &[]));
                // Only what makes the message what it is can take it away.
                if let Err(rejected) = receive(&bytes) {
                    assert!([52, 53, 61].contains(&code), "option {code}: {rejected:?}");
                }
            }
        }
    }
}

#[test]
fn cve_2026_42511_quotes_and_newlines_in_file_and_sname() {
    let hostile = b"x\";\n  script \"/tmp/evil\";\n}";
    let (received, malformed) = heard(&ack(&[]), hostile, hostile);
    assert_eq!((received.boot_file, received.server_name), (None, None));
    assert_eq!(malformed, only(Discard::MalformedParameter));
    // Quotes alone are text; who writes them into a file quotes or refuses them.
    let (received, _) = heard(&ack(&[]), b"a\"b", &[]);
    assert_eq!(received.boot_file, Some(String::from("a\"b")));
}
