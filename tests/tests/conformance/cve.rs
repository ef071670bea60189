//! What once broke other clients (each test has the numbers of the reports whose input it is), on the wire. The
//! record of a lease that was spoilt is in `persistence`, renewals that nobody may force are in `exchanges`.

use calfkit_tests::{
    Client, SOON, Server, Terms, Testbed,
    client::STATE_DIRECTORY,
    forge::{with_ip_header, with_udp_header},
    message::{Kind, Message, code, option},
    server::{reply_frame, reply_frame_of},
    status::dump,
    terms::ADDRESS,
    testbed::SERVER_ADDRESS,
};

use crate::target::{Effect, Target, bad, bad_payload};

/// Answers with each of these values of an option have the effect of one without it, for a reason that is counted
/// so often; the empty one is none: such a value is somebody else's to understand.
#[track_caller]
fn as_if_absent(code: u8, reason: &str, values: impl IntoIterator<Item = Vec<u8>>) {
    let mut target = Target::new(&[]);
    let mut times = 0;
    let without = target.effect_of(move |reply| reply.remove_option(code));
    for value in values {
        let what = format!("option {code}: {value:x?}");
        let effect = target.effect_of(move |reply| reply.set_option(code, value.clone()));
        assert_eq!(effect, without, "{what}");
        times += 1;
    }
    if !reason.is_empty() {
        target.assert_discarded(&format!("ACK.{reason}"), times);
    }
    let owned = target.bed.client.read(OWNED);
    assert!(owned.is_err(), "somebody ran it");
    target.assert_unharmed();
}

/// What a shell would make of [`FOR_SHELLS`].
const OWNED: &str = "/run/testbed/owned";

/// A value of so many octets of one kind.
fn octets(length: usize) -> Vec<u8> {
    vec![0xff; length]
}

#[test]
fn cve_2009_0692_and_2026_44815_a_subnet_mask_of_any_other_length() {
    let lengths = [0, 3, 5, 8, 255, 600];
    as_if_absent(
        code::SUBNET_MASK,
        "malformed subnet mask",
        lengths.map(octets),
    );
}

/// What a shell would understand.
const FOR_SHELLS: [&str; 6] = [
    "$(touch /run/testbed/owned)",
    "`touch /run/testbed/owned`",
    "a;touch /run/testbed/owned",
    "a\ntouch /run/testbed/owned",
    "a|touch /run/testbed/owned",
    "'\"a",
];

#[test]
fn cve_2011_0996_and_0997_and_2716_shell_words_as_names() {
    let words = || FOR_SHELLS.map(Into::into);
    as_if_absent(code::HOST_NAME, "malformed host name", words());
    as_if_absent(code::DOMAIN, "malformed domain name", words());
    let names = FOR_SHELLS.map(|words| {
        let length = u8::try_from(words.len()).expect("a short word");
        [&[length], words.as_bytes(), &[0]].concat()
    });
    as_if_absent(code::SEARCH, "malformed domain search", names);
}

#[test]
fn cve_2018_1111_a_quote_in_any_text_stays_text() {
    let quoted = "x'& touch /run/testbed/owned #";
    for code in [code::VENDOR, code::PROXY] {
        as_if_absent(code, "", [quoted.into()]);
    }
}

// The lease was written as a text that its content could end, and believed when it was read again.
#[test]
fn cve_2026_42511_quotes_and_newlines_in_file_and_sname_do_not_outlive_a_restart() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let evil = b"x\";\n  fixed-address 10.77.0.66;\n}\nlease {\n";
    server.hook(move |_, usual| {
        let Some(usual) = usual else {
            return calfkit_tests::server::Decision::Usual;
        };
        let options = usual.options.iter();
        let mut area: Vec<u8> = options
            .flat_map(|(code, value)| option(*code, value))
            .collect();
        area.push(code::END);
        let payload = usual.encode_with(&area, evil, evil);
        calfkit_tests::server::Decision::Frames(vec![reply_frame_of(usual, &payload)])
    });
    let mut client = Client::start(&bed, &["--once"]);
    assert!(client.wait_exit(SOON).success(), "{}", client.said());
    bed.client.ip("address flush dev eth0");
    let before = server.log().position();

    let mut again = Client::start(&bed, &[]);
    again.wait_for_event("bound", SOON);

    let (_, first) = server
        .wait_received(before, Kind::REQUEST, SOON)
        .expect("it asks for what it remembers");
    let wished = first.message.address_option(code::REQUESTED_ADDRESS);
    assert_eq!(wished, Some(ADDRESS));
    assert_eq!(again.process().stderr_text(), "", "the record is whole");
    let dumped = dump(&bed).to_string();
    assert!(!dumped.contains("fixed-address"), "{dumped}");
    let record = bed
        .client
        .run(|| std::fs::read(format!("{STATE_DIRECTORY}/eth0.lease")));
    let record = record.expect("it was written");
    let there = record.windows(5).any(|octets| octets == b"fixed");
    assert!(!there);
}

#[test]
fn cve_2018_5732_an_option_in_more_fragments_than_it_may_have() {
    let mut target = Target::new(&[]);
    // As many as a frame carries, of one octet each, and of as many as one can have.
    let values = [
        option(code::HOST_NAME, b"a").repeat(330),
        option(code::HOST_NAME, &[b'a'; 255]).repeat(4),
    ];
    let without = target.usual().clone();
    for fragments in values {
        let effect = target.effect_of_payload(move |reply| with_area(reply, &fragments));
        assert_eq!(effect, without);
    }
    target.assert_discarded("ACK.malformed host name", 2);
    target.assert_unharmed();
}

/// An answer's payload with these octets before the end of its options.
fn with_area(reply: &Message, more: &[u8]) -> Vec<u8> {
    let options = reply.options.iter();
    let mut area: Vec<u8> = options
        .flat_map(|(code, value)| option(*code, value))
        .collect();
    area.extend(more);
    area.push(code::END);
    reply.encode_with(&area, &[], &[])
}

#[test]
fn cve_2015_8605_lengths_that_do_not_fit_the_packet() {
    let mut target = Target::new(&[]);
    target.bears("UDP length", |usual| {
        let frame = reply_frame(&bad(usual));
        [0, 7, 0xffff]
            .map(|length: u16| {
                with_udp_header(&frame, |header| {
                    header[4..6].copy_from_slice(&length.to_be_bytes());
                })
            })
            .into()
    });
    target.bears("IP header length", |usual| {
        let frame = reply_frame(&bad(usual));
        let long = with_ip_header(&frame, |header| header[0] = 0x4f);
        vec![long[..54].to_vec(), long]
    });
    target.assert_discarded("malformed UDP", 3);
    target.assert_unharmed();
}

#[test]
fn cve_2014_6060_overload_in_every_field_and_no_end() {
    let mut target = Target::new(&[]);
    let usual = target.usual().clone();
    let effect = target.effect_of_payload(|reply| {
        let options = reply.options.iter();
        let mut area: Vec<u8> = options
            .flat_map(|(code, value)| option(*code, value))
            .collect();
        area.extend(option(code::OVERLOAD, &[3]));
        let again = option(code::OVERLOAD, &[3]);
        reply.encode_with(&area, &again, &again)
    });
    assert_eq!(effect, usual);
    target.assert_discarded("ACK.no end option", 1);
    target.assert_discarded("ACK.option overload inside file or sname", 1);
    target.assert_unharmed();
}

#[test]
fn cve_2019_11579_overload_without_a_value() {
    let mut target = Target::new(&[]);
    target.bears("option 52 of no octet", |usual| {
        vec![bad_payload(usual, |payload| {
            // After the cookie, before all others.
            payload.splice(240..240, option(code::OVERLOAD, &[]));
        })]
    });
    target.assert_discarded("malformed option overload", 1);
    target.assert_unharmed();
}

#[test]
fn cve_2018_20679_and_2019_5747_numbers_shorter_than_four_octets() {
    for (code, reason) in [
        (code::LEASE_TIME, "malformed lease time"),
        (code::SERVER_IDENTIFIER, "malformed server identifier"),
        (code::RENEWAL_TIME, "malformed renewal time"),
        (code::REBINDING_TIME, "malformed rebinding time"),
    ] {
        as_if_absent(code, reason, [0, 1, 2, 3].map(octets));
    }
}

/// A name's label of so many octets.
fn label(length: u8) -> Vec<u8> {
    [vec![length], vec![b'a'; length.into()]].concat()
}

#[test]
fn cve_2016_2147_a_compressed_name_that_grows() {
    let mut target = Target::new(&[]);
    // Each name is the one before with a label in front: short on the wire, long in memory.
    let mut value = [label(63), vec![0]].concat();
    let mut last = 0;
    while value.len() < 255 - 66 {
        let start = value.len();
        value.extend(label(63));
        value.extend([0xc0, last]);
        last = u8::try_from(start).expect("a short value");
    }
    let Effect { lease, host } = target.effect_of(move |reply| {
        reply.set_option(code::SEARCH, value.clone());
    });
    let names = lease["search"].as_array().expect("a list");
    let longest = names
        .iter()
        .filter_map(|it| it.as_str())
        .map(str::len)
        .max();
    assert!(longest.is_none_or(|length| length <= 253), "{names:?}");
    assert_eq!(host.addresses, [(ADDRESS, 24)]);
    target.assert_unharmed();
}

#[test]
fn cve_2016_2148_6rd_of_any_length() {
    as_if_absent(code::SIX_RD, "", [0, 1, 21, 22, 23, 255].map(octets));
}

#[test]
fn cve_2020_7461_pointers_and_lengths_of_option_119() {
    let long = [label(63), label(63), label(63), label(62), vec![0]].concat();
    let values = [
        b"\xc0\x00".to_vec(),
        b"\x01a\xc0\x04\x01b\x00".to_vec(),
        b"\x01a\x00\xff\xff".to_vec(),
        b"\x3f".to_vec(),
        [label(64), vec![0]].concat(),
        long,
    ];
    as_if_absent(code::SEARCH, "malformed domain search", values);
}

#[test]
fn cve_2022_2929_a_label_of_more_than_63_octets_in_option_81() {
    let value = [vec![5, 0, 0], label(200)].concat();
    as_if_absent(code::FULL_NAME, "", [value]);
}

#[test]
fn systemd_22294_option_119_twice_in_one_message_is_one() {
    let mut target = Target::new(&[]);
    let effect = target.effect_of_payload(|reply| {
        let mut reply = reply.clone();
        reply.set_option(code::SEARCH, *b"\x01a\x07example\x00");
        with_area(&reply, &option(code::SEARCH, b"\x01b\xc0\x02"))
    });
    assert_eq!(
        effect.lease["search"],
        serde_json::json!(["a.example", "b.example"])
    );
    let resolver = &effect.host.resolver;
    assert!(
        resolver.contains("search a.example b.example\n"),
        "{resolver}"
    );
    target.assert_unharmed();
}

#[test]
fn cve_2016_1503_and_2014_7912_lists_with_a_piece_of_an_element() {
    for (code, reason) in [
        (code::ROUTER, "malformed router"),
        (code::DNS, "malformed domain name server"),
        (code::STATIC_ROUTES, "malformed static route"),
        (code::TIME_SERVERS, "malformed NTP servers"),
    ] {
        as_if_absent(code, reason, [1, 3, 5, 7, 9, 253].map(octets));
    }
}

#[test]
fn cve_2012_6698_vendor_options_that_say_they_are_longer_than_they_are() {
    for code in [code::VENDOR, 82, 124, 125] {
        as_if_absent(code, "", [vec![1, 255, 0], vec![255], vec![1]]);
    }
}

#[test]
fn dhcpcd_2007_widths_and_missing_octets_of_option_121() {
    let values: [&[u8]; 6] = [
        &[33, 10, 0, 0, 0, 10, 77, 0, 1],
        &[255, 10, 0, 0, 0, 10, 77, 0, 1],
        &[24, 10, 0],
        &[24, 10, 0, 0],
        &[24, 10, 0, 0, 10, 77, 0],
        &[0],
    ];
    let reason = "malformed classless static route";
    as_if_absent(code::CLASSLESS_ROUTES, reason, values.map(Into::into));
    // SIP servers: an octet that says how they are written, and none of them.
    as_if_absent(120, "", [vec![1], vec![0]]);
}

#[test]
fn dhcpcd_june_2026_paths_as_time_zones_and_a_log_line_of_two() {
    let path = b"../../../etc/passwd".to_vec();
    let lines = b"no\nroot: all is well\x1b[2J".to_vec();
    let mut target = Target::new(&[]);
    let effect = target.effect_of(move |reply| {
        reply.set_option(code::POSIX_TIME_ZONE, path.clone());
        reply.set_option(code::TIME_ZONE, path.clone());
        reply.set_option(code::MESSAGE, lines.clone());
    });
    assert_eq!(effect, *target.usual());
    let said = target.client.process().stderr_text();
    assert_eq!(said, "", "none of it is worth a line");
    target.assert_unharmed();
}

#[test]
fn dhcpcd_june_2026_a_refusal_that_says_more_than_one_line() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    server.refuse_next(1);
    server.alter(|reply| {
        if reply.kind() == Kind::NAK {
            reply.set_option(code::MESSAGE, *b"no\nroot: all is well\x1b[2J");
        }
    });
    let client = Client::bound(&bed, &[]);
    let said = client.process().stderr_text();
    let evil = said.contains('\x1b') || said.lines().any(|line| line.starts_with("root:"));
    assert!(!evil, "{said:?}");
    let kinds = server.received_kinds(0);
    assert_eq!(kinds, [Kind::DISCOVER, Kind::REQUEST].repeat(2));
}

#[test]
fn cve_2024_3661_routes_that_cover_the_world_are_taken_while_the_server_gives_them() {
    let mut target = Target::new(&[]);
    let server = SERVER_ADDRESS.octets();
    let value = [
        &[1, 0][..],
        &server,
        &[1, 128],
        &server,
        &[32, 192, 0, 2, 77],
        &server,
    ]
    .concat();
    let effect = target.effect_of(move |reply| {
        reply.set_option(code::CLASSLESS_ROUTES, value.clone());
    });
    let mut to: Vec<&str> = effect
        .host
        .routes
        .iter()
        .map(|it| it.destination.as_str())
        .collect();
    to.sort_unstable();
    // As documented: who must not trust the link has to say so (SECURITY.md).
    assert_eq!(
        to,
        ["0.0.0.0/1", "10.77.0.0/24", "128.0.0.0/1", "192.0.2.77"]
    );
    target.assert_unharmed();
}

#[test]
fn cve_2019_0547_every_option_of_every_length_in_offers_and_acks() {
    let mut target = Target::new(&[]);
    // Behind a wrong xid, which is looked at when all has been read: none of them is an answer.
    let lengths: [usize; 8] = [0, 1, 3, 4, 5, 8, 16, 255];
    target.bears_each("lengths", 254, move |usual, number| {
        let code = u8::try_from(number + 1).expect("a code");
        let length = lengths[number % lengths.len()];
        let mut reply = bad(usual);
        reply.xid ^= 1;
        reply.flags = 0x8000;
        reply.set_option(
            code,
            vec![u8::try_from(number % 251).expect("small"); length],
        );
        reply_frame(&reply)
    });
    target.assert_unharmed();
}
