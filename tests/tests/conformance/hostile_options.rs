//! Options that are not what they should be, in answers that are right otherwise: such an option is as one that
//! is not there, and takes no other with it.

use std::{fs, net::Ipv4Addr, os::unix::fs::PermissionsExt as _};

use calfkit_tests::{
    Terms, Testbed,
    message::{code, option},
    server::reply_frame_of,
    status::dump,
    terms::ADDRESS,
    testbed::SERVER_ADDRESS,
};

use crate::target::{BAD, Target, bad};

/// An option, the length of its smallest right value, and why another is ignored.
type Row = (u8, usize, &'static str);

const OF_ONE_LENGTH: [Row; 16] = [
    (code::SUBNET_MASK, 4, "malformed subnet mask"),
    (code::ROUTER, 4, "malformed router"),
    (code::DNS, 4, "malformed domain name server"),
    (code::HOST_NAME, 5, "malformed host name"),
    (code::DOMAIN, 5, "malformed domain name"),
    (code::MTU, 2, "malformed interface MTU"),
    (code::BROADCAST, 4, "malformed broadcast address"),
    (code::STATIC_ROUTES, 8, "malformed static route"),
    (code::TIME_SERVERS, 4, "malformed NTP servers"),
    (code::LEASE_TIME, 4, "malformed lease time"),
    (code::SERVER_IDENTIFIER, 4, "malformed server identifier"),
    (code::RENEWAL_TIME, 4, "malformed renewal time"),
    (code::REBINDING_TIME, 4, "malformed rebinding time"),
    (code::IPV6_ONLY, 4, "malformed IPv6-only preferred"),
    (code::SEARCH, 5, "malformed domain search"),
    (
        code::CLASSLESS_ROUTES,
        8,
        "malformed classless static route",
    ),
];

/// Options that are for others, and what their values are.
const FOR_OTHERS: [Row; 13] = [
    (code::ROOT_PATH, 5, ""),
    (code::VENDOR, 2, ""),
    (code::REQUESTED_ADDRESS, 4, ""),
    (code::TFTP_SERVER, 5, ""),
    (code::BOOT_FILE, 5, ""),
    (code::FULL_NAME, 3, ""),
    (code::AUTHENTICATION, 28, ""),
    (code::POSIX_TIME_ZONE, 5, ""),
    (code::TIME_ZONE, 5, ""),
    (code::CAPTIVE_PORTAL, 5, ""),
    (code::SIX_RD, 22, ""),
    (code::MICROSOFT_ROUTES, 8, ""),
    (code::PROXY, 5, ""),
];

/// Answers in which some options at a time are wrong, each as short or as long as an option can be, and as its
/// right value is but for an octet. What comes of them is what comes of an answer without them.
fn wrong_lengths(rows: &[Row]) {
    // More would not fit the frame where they are longest.
    for some in rows.chunks(3) {
        let mut target = Target::new(&[]);
        let codes: Vec<u8> = some.iter().map(|(code, _, _)| *code).collect();
        let without = target.effect_of(move |reply| {
            for code in &codes {
                reply.remove_option(*code);
            }
        });
        for choose in [
            |_: usize| 0,
            |_| 1,
            |right| right - 1,
            |right| right + 1,
            |_| 255,
        ] {
            let wrong: Vec<(u8, usize)> = some
                .iter()
                .map(|(code, right, _)| (*code, choose(*right)))
                .collect();
            let what = format!("{wrong:?}");
            let effect = target.effect_of(move |reply| {
                for (code, length) in &wrong {
                    reply.set_option(*code, vec![0xff; *length]);
                }
            });
            assert_eq!(effect, without, "code and length: {what}");
        }
        for (_, _, reason) in some.iter().filter(|(_, _, reason)| !reason.is_empty()) {
            target.assert_discarded(&format!("ACK.{reason}"), 5);
        }
        target.assert_unharmed();
    }
}

#[test]
fn case_078_options_that_are_used_are_ignored_where_they_have_another_length() {
    wrong_lengths(&OF_ONE_LENGTH);
}

#[test]
fn case_078_options_for_others_of_any_length_change_nothing() {
    wrong_lengths(&FOR_OTHERS);
}

// Without these it cannot be told what the message is: all of it is ignored.
#[test]
fn case_078_messages_are_ignored_where_what_decides_about_them_has_another_length() {
    let mut target = Target::new(&[]);
    for (decides, right) in [
        (code::OVERLOAD, 1),
        (code::MESSAGE_TYPE, 1),
        (code::CLIENT_IDENTIFIER, 7),
    ] {
        let wrong = [0, 1, right - 1, right + 1, 255].map(|length| vec![5; length]);
        let wrong: Vec<Vec<u8>> = wrong
            .into_iter()
            .filter(|value| decides != code::MESSAGE_TYPE || value.len() != 1)
            .collect();
        target.bears(&format!("option {decides}"), move |usual| {
            let message = |value: &Vec<u8>| {
                let mut reply = bad(usual);
                reply.set_option(decides, value.clone());
                reply_frame_of(&reply, &reply.encode())
            };
            wrong.iter().map(message).collect()
        });
    }
    target.assert_discarded("malformed message type", 4);
    target.assert_discarded("malformed option overload", 5);
    target.assert_discarded("ACK.wrong client identifier", 5);
    target.assert_unharmed();
}

#[test]
fn case_080_every_option_of_no_length_is_as_if_there_were_none() {
    let mut target = Target::new(&[]);
    let bare = target.effect_of(|reply| {
        reply
            .options
            .retain(|(code, _)| *code == code::MESSAGE_TYPE);
    });
    let empty = target.effect_of(|reply| {
        reply
            .options
            .retain(|(code, _)| *code == code::MESSAGE_TYPE);
        // But for those without which the message is none.
        let others = (1..=254).filter(|code| {
            ![code::OVERLOAD, code::MESSAGE_TYPE, code::CLIENT_IDENTIFIER].contains(code)
        });
        reply.options.extend(others.map(|code| (code, Vec::new())));
    });
    assert_eq!(empty, bare);
    assert_eq!(bare.host.mtu, 1500, "control: there is nothing in it");
    target.assert_unharmed();
}

#[test]
fn case_080_overload_inside_overloaded_fields_ends() {
    let mut target = Target::new(&[]);
    let usual = target.usual().clone();
    for overload in 1..=3 {
        let effect = target.effect_of_payload(move |reply| {
            let mut area: Vec<u8> = reply
                .options
                .iter()
                .flat_map(|(code, value)| option(*code, value))
                .collect();
            area.extend(option(code::OVERLOAD, &[overload]));
            area.push(code::END);
            let again = option(code::OVERLOAD, &[3]);
            reply.encode_with(&area, &again.repeat(21), &again.repeat(42))
        });
        assert_eq!(effect, usual, "overload {overload}");
    }
    target.assert_discarded("ACK.option overload inside file or sname", 3);
    target.assert_unharmed();
}

#[test]
fn case_080_names_that_point_in_circles_are_no_names() {
    let mut target = Target::new(&[]);
    let without = target.effect_of(|reply| reply.remove_option(code::SEARCH));
    let loops: [&[u8]; 6] = [
        b"\xc0\x00",
        b"\x01a\xc0\x00",
        b"\xc0\x02\xc0\x00",
        b"\x01a\xc0\x04\x01b\xc0\x00",
        b"\x01a\x00\xc0\x03",
        b"\x01a\x00\xff\xff",
    ];
    for names in loops {
        let effect = target.effect_of(move |reply| reply.set_option(code::SEARCH, names));
        assert_eq!(effect, without, "{names:x?}");
    }
    target.assert_discarded("ACK.malformed domain search", 6);
    target.assert_unharmed();
}

#[test]
fn case_080_a_prefix_of_more_than_32_bits_refuses_all_of_option_121() {
    let mut target = Target::new(&[]);
    let without = target.usual().clone();
    let good = [24, 10, 9, 8, 10, 77, 0, 1];
    for width in [33, 34, 64, 128, 255] {
        let bad = [&[width, 10, 9, 8, 0][..], &[10, 77, 0, 1]].concat();
        let value = [&good, &bad[..], &good].concat();
        let effect = target.effect_of(move |reply| {
            reply.set_option(code::CLASSLESS_ROUTES, value.clone());
        });
        assert_eq!(effect, without, "width {width}");
    }
    let control = target.effect_of(move |reply| reply.set_option(code::CLASSLESS_ROUTES, good));
    assert_ne!(control, without);
    target.assert_unharmed();
}

/// What a shell, a terminal, a log or a file's reader would take for more than text.
const WORDS: [&str; 12] = [
    "a\0b",
    "a\nnameserver 6.6.6.6",
    "a\r\nb",
    "'; touch /run/testbed/owned; '",
    "\"$(touch /run/testbed/owned)\"",
    "`touch /run/testbed/owned`",
    "$(touch /run/testbed/owned)",
    "x; touch /run/testbed/owned",
    "../../../etc/passwd",
    "\x1b]0;title\x07",
    "\x1b[2J\x7f",
    "() { :; }; touch /run/testbed/owned",
];

const OWNED: &str = "/run/testbed/owned";
const HOOK: &str = "/run/testbed/hook";
/// Where the hook writes its environment down.
const TOLD: &str = "/run/testbed/told";

/// A program that is told of each lease, and writes down what it is told.
fn hook(bed: &Testbed) {
    let script = format!("#!/bin/sh\nenv -0 >> {TOLD}\n");
    bed.client.write(HOOK, script);
    bed.client.run(|| {
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(HOOK, mode).expect("an own file");
    });
}

/// Whether text is all on one line, with nothing that a terminal would obey.
fn is_plain(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

#[test]
fn case_081_hostile_words_are_nobodys_command_and_no_second_line() {
    let bed = Testbed::new();
    hook(&bed);
    let requested = ["--request", "56,66,67,100,101,114,252"];
    let options = [&["--hook", HOOK][..], &requested].concat();
    let mut target = Target::on(bed, Terms::default(), &options);
    let texts = [
        code::HOST_NAME,
        code::DOMAIN,
        code::MESSAGE,
        code::TFTP_SERVER,
        code::BOOT_FILE,
        code::POSIX_TIME_ZONE,
        code::TIME_ZONE,
        code::CAPTIVE_PORTAL,
        code::PROXY,
    ];
    let without = target.effect_of(move |reply| {
        for code in texts {
            reply.remove_option(code);
        }
    });
    for words in WORDS {
        let effect = target.effect_of(move |reply| {
            for code in texts {
                reply.set_option(code, words.as_bytes());
            }
            let length = u8::try_from(words.len()).expect("a short word");
            let name = [&[length], words.as_bytes(), &[0]].concat();
            reply.set_option(code::SEARCH, name);
        });
        assert_eq!(effect, without, "{words:?}");
        let dumped = dump(&target.bed).to_string();
        assert!(is_plain(&dumped), "{dumped}");
    }
    // The last renewal's hook has run when the program is gone.
    let said = target.client.said();
    assert!(said.lines().all(is_plain), "{said}");
    let bed = target.stop();
    let told = bed.client.read(TOLD).expect("the hook ran");
    let variables: Vec<&str> = told.split_terminator('\0').collect();
    let runs = variables.iter().filter(|it| it.starts_with("reason="));
    assert!(runs.count() > WORDS.len(), "control: {told:?}");
    let handed_on = variables.contains(&"new_bootfile_name=../../../etc/passwd");
    assert!(handed_on, "control: {told:?}");
    let unplain = variables.iter().find(|variable| !is_plain(variable));
    assert_eq!(unplain, None);
    let owned = bed.client.read(OWNED);
    assert!(owned.is_err(), "somebody ran it");
    let resolver = bed
        .client
        .read("/run/testbed/resolv.conf")
        .expect("it stays");
    assert!(!resolver.contains("6.6.6.6"), "{resolver}");
}

#[test]
fn case_082_routes_that_no_host_should_have_are_left_out_and_the_others_taken() {
    let mut target = Target::new(&[]);
    let own = ADDRESS.octets();
    let server = SERVER_ADDRESS.octets();
    let route = |width: u8, destination: &[u8], gateway: [u8; 4]| {
        [&[width], destination, &gateway].concat()
    };
    let value = [
        // To half of the world each, which a server may give (RFC 3442), as it may the default route.
        route(1, &[0], server),
        route(1, &[128], server),
        route(8, &[127], server),
        route(32, &[127, 0, 0, 1], server),
        route(4, &[224], server),
        route(4, &[240], server),
        route(32, &[255; 4], server),
        route(32, &own, server),
        route(24, &[10, 9, 1], own),
        route(24, &[10, 9, 2], [127, 0, 0, 1]),
        route(24, &[10, 9, 3], [224, 0, 0, 1]),
        route(24, &[10, 9, 4], [255; 4]),
        route(24, &[10, 9, 5], server),
    ]
    .concat();

    let effect = target.effect_of(move |reply| {
        reply.set_option(code::CLASSLESS_ROUTES, value.clone());
    });

    let routes = effect.host.routes.iter();
    let mut taken: Vec<&str> = routes.map(|route| route.destination.as_str()).collect();
    taken.sort_unstable();
    assert_eq!(
        taken,
        ["0.0.0.0/1", "10.77.0.0/24", "10.9.5.0/24", "128.0.0.0/1"]
    );
    let gateways = effect.host.routes.iter().filter_map(|route| route.gateway);
    assert!(
        gateways
            .into_iter()
            .all(|gateway| gateway == SERVER_ADDRESS)
    );
    target.assert_unharmed();
}

#[test]
fn case_082_of_more_routes_than_anybody_needs_the_first_64_are_taken() {
    let mut target = Target::with(Terms::default(), &[]);
    // As many as fit a frame.
    let value: Vec<u8> = (0..150)
        .flat_map(|number| [&[16, 10, number][..], &SERVER_ADDRESS.octets()].concat())
        .collect();

    let effect = target.effect_of(move |reply| {
        reply.set_option(code::CLASSLESS_ROUTES, value.clone());
    });

    let through = effect
        .host
        .routes
        .iter()
        .filter(|it| it.gateway == Some(SERVER_ADDRESS));
    assert_eq!(through.count(), 64);
    target.assert_unharmed();
}

// A router that is a stranger's, or no host, is what a wrong length is not: a value.
#[test]
fn case_082_routers_and_resolvers_that_no_host_is_are_left_out() {
    let mut target = Target::new(&[]);
    let none = [
        Ipv4Addr::UNSPECIFIED,
        Ipv4Addr::LOCALHOST,
        Ipv4Addr::new(224, 0, 0, 1),
        Ipv4Addr::BROADCAST,
    ];
    let octets = none.iter().flat_map(Ipv4Addr::octets).collect::<Vec<u8>>();
    let effect = target.effect_of(move |reply| {
        reply.set_option(code::ROUTER, octets.clone());
    });
    let default = effect
        .host
        .routes
        .iter()
        .any(|it| it.destination == "default");
    assert!(!default, "{:?}", effect.host.routes);
    assert!(effect.host.addresses.iter().all(|(it, _)| *it != BAD));
    target.assert_unharmed();
}
