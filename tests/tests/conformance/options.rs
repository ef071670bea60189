//! What options mean: which of them counts where several say the same, how they may be written, and what the
//! kernel has of them afterwards.

use calfkit_tests::{
    Client, SOON, Server, Terms, Testbed,
    message::{Message, code, option},
    status::dump,
    testbed::Route,
};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::target::{Effect, Host, Target};

const SERVER: [u8; 4] = [10, 77, 0, 1];
/// Another gateway of the link.
const OTHER: [u8; 4] = [10, 77, 0, 2];

/// Destinations and gateways of the routes that the lease made, without the one of the subnet itself.
fn routes(host: &Host) -> Vec<(String, Option<[u8; 4]>)> {
    let made = host.routes.iter().filter(|route| route.protocol == "dhcp");
    let pair = |route: &Route| {
        (
            route.destination.clone(),
            route.gateway.map(|it| it.octets()),
        )
    };
    let mut pairs: Vec<_> = made
        .map(pair)
        .filter(|(destination, _)| destination != "10.77.0.0/24")
        .collect();
    pairs.sort();
    pairs
}

fn through(destination: &str, gateway: [u8; 4]) -> (String, Option<[u8; 4]>) {
    (destination.into(), Some(gateway))
}

fn on_link(destination: &str) -> (String, Option<[u8; 4]>) {
    (destination.into(), None)
}

/// One route of option 121: width, the octets of the destination that count, and the gateway.
fn classless(width: u8, destination: &[u8], gateway: [u8; 4]) -> Vec<u8> {
    [&[width], destination, &gateway].concat()
}

#[test]
fn case_066_classless_routes_take_the_place_of_routers_and_static_routes() {
    let mut target = Target::new(&[]);
    let statics = [[192, 0, 2, 0], SERVER].concat();

    let all = [
        classless(0, &[], OTHER),
        classless(24, &[198, 51, 100], OTHER),
    ]
    .concat();
    let with_33 = statics.clone();
    let effect = target.effect_of(move |reply| {
        reply.set_option(code::STATIC_ROUTES, with_33.clone());
        reply.set_option(code::CLASSLESS_ROUTES, all.clone());
    });
    let expected = [through("198.51.100.0/24", OTHER), through("default", OTHER)];
    assert_eq!(routes(&effect.host), expected);

    let effect = target.effect_of(move |reply| {
        reply.set_option(code::STATIC_ROUTES, statics.clone());
        reply.set_option(
            code::CLASSLESS_ROUTES,
            classless(24, &[198, 51, 100], OTHER),
        );
    });
    let expected = [through("198.51.100.0/24", OTHER)];
    assert_eq!(
        routes(&effect.host),
        expected,
        "nor is there option 3's default route"
    );
    target.assert_unharmed();
}

#[test]
fn case_067_gateway_zero_is_on_link_and_every_width_is_read() {
    let mut target = Target::new(&[]);
    let value = [
        classless(0, &[], SERVER),
        classless(1, &[128], SERVER),
        classless(8, &[11], [0; 4]),
        classless(24, &[192, 0, 2], [0; 4]),
        // The octet's last bits are none of the destination's, and are cleared (RFC 3442).
        classless(25, &[198, 51, 100, 0xff], SERVER),
        classless(32, &[203, 0, 113, 7], SERVER),
    ]
    .concat();
    let effect = target.effect_of(move |reply| {
        reply.set_option(code::CLASSLESS_ROUTES, value.clone());
    });
    let expected = [
        on_link("11.0.0.0/8"),
        through("128.0.0.0/1", SERVER),
        on_link("192.0.2.0/24"),
        through("198.51.100.128/25", SERVER),
        through("203.0.113.7", SERVER),
        through("default", SERVER),
    ];
    assert_eq!(routes(&effect.host), expected);
    target.assert_unharmed();
}

#[test]
fn case_068_microsofts_code_counts_only_where_there_is_no_121() {
    let mut target = Target::new(&[]);
    let old = classless(24, &[192, 0, 2], OTHER);
    let new = classless(24, &[198, 51, 100], OTHER);
    let alone = old.clone();
    let effect = target.effect_of(move |reply| {
        reply.set_option(code::MICROSOFT_ROUTES, alone.clone());
    });
    assert_eq!(routes(&effect.host), [through("192.0.2.0/24", OTHER)]);
    let effect = target.effect_of(move |reply| {
        reply.set_option(code::MICROSOFT_ROUTES, old.clone());
        reply.set_option(code::CLASSLESS_ROUTES, new.clone());
    });
    assert_eq!(routes(&effect.host), [through("198.51.100.0/24", OTHER)]);
    target.assert_unharmed();
}

#[test]
fn case_068_static_routes_stand_beside_routers_and_none_of_them_is_the_default_route() {
    let mut target = Target::new(&[]);
    let value = [[192, 0, 2, 0], OTHER, [0; 4], OTHER].concat();
    let effect = target.effect_of(move |reply| {
        reply.set_option(code::STATIC_ROUTES, value.clone());
    });
    let expected = [through("192.0.2.0/24", OTHER), through("default", SERVER)];
    assert_eq!(routes(&effect.host), expected);
    target.assert_unharmed();
}

#[test]
fn case_069_a_gateway_outside_the_subnet_gets_a_route_of_its_own_first() {
    let mut target = Target::new(&[]);
    let effect = target.effect_of(|reply| reply.set_option(code::ROUTER, [10, 99, 0, 1]));
    let gateway = [10, 99, 0, 1];
    let expected = [on_link("10.99.0.1"), through("default", gateway)];
    assert_eq!(routes(&effect.host), expected);
    target.assert_unharmed();
}

#[test]
fn case_069_an_address_without_subnet_reaches_its_gateway() {
    let bed = Testbed::new();
    let terms = Terms {
        prefix_length: 32,
        ..Terms::default()
    };
    let target = Target::on(bed, terms, &[]);
    let host = &target.usual().host;
    assert_eq!(host.addresses[0].1, 32);
    let expected = [on_link("10.77.0.1"), through("default", SERVER)];
    assert_eq!(routes(host), expected);
    // And the kernel can use it.
    let way = target.bed.client.ip("route get 192.0.2.1");
    assert!(way.contains("via 10.77.0.1 dev eth0"), "{way}");
    target.assert_unharmed();
}

/// The options of an answer but for these, as octets, without end.
fn without(reply: &Message, codes: &[u8]) -> Vec<u8> {
    let kept = reply
        .options
        .iter()
        .filter(|(code, _)| !codes.contains(code));
    kept.flat_map(|(code, value)| option(*code, value))
        .collect()
}

/// Names that compress: each after the first ends in a pointer to `example`.
const NAMES: &[u8] =
    b"\x03one\x07example\x00\x03two\xc0\x04\x05three\xc0\x04\x04four\x03two\xc0\x04";

fn assert_names(effect: &Effect) {
    let names = json!([
        "one.example",
        "two.example",
        "three.example",
        "four.two.example"
    ]);
    assert_eq!(effect.lease["search"], names);
    let line = "search one.example two.example three.example four.two.example\n";
    assert!(
        effect.host.resolver.contains(line),
        "{}",
        effect.host.resolver
    );
}

#[test]
fn case_070_and_072_an_option_in_two_to_five_parts_is_one_and_compression_reaches_over_them() {
    let mut target = Target::new(&[]);
    for parts in 2..=5 {
        let effect = target.effect_of_payload(move |reply| {
            let mut area = without(reply, &[code::SEARCH]);
            for part in NAMES.chunks(NAMES.len().div_ceil(parts)) {
                area.extend(option(code::SEARCH, part));
                // Parts need not stand beside each other (RFC 3396 section 7).
                area.extend(option(code::VENDOR, &[1]));
            }
            area.push(code::END);
            reply.encode_with(&area, &[], &[])
        });
        assert_names(&effect);
    }
    target.assert_unharmed();
}

#[test]
fn case_070_numbers_and_addresses_may_be_in_parts_too() {
    let mut target = Target::new(&[]);
    let usual = target.usual().clone();
    let effect = target.effect_of_payload(|reply| {
        let codes = [code::DNS, code::LEASE_TIME, code::SUBNET_MASK];
        let mut area = without(reply, &codes);
        for code in codes {
            let value = reply.option(code).expect("it is granted");
            for octet in value {
                area.extend(option(code, &[*octet]));
            }
        }
        area.push(code::END);
        reply.encode_with(&area, &[], &[])
    });
    assert_eq!(effect, usual);
    target.assert_unharmed();
}

/// An answer whose search list is in the fields that option 52 names, in the order in which these are read.
fn overloaded(reply: &Message, overload: u8) -> Vec<u8> {
    let mut area = without(reply, &[code::SEARCH]);
    area.extend(option(code::OVERLOAD, &[overload]));
    let fields = if overload == 3 { 3 } else { 2 };
    let mut parts = NAMES.chunks(NAMES.len().div_ceil(fields));
    let mut next = || {
        let part = parts.next().expect("one for each field");
        [option(code::SEARCH, part), vec![code::END]].concat()
    };
    let own = next();
    area.extend(own);
    let file = if overload & 1 == 0 {
        Vec::new()
    } else {
        next()
    };
    let sname = if overload & 2 == 0 {
        Vec::new()
    } else {
        next()
    };
    reply.encode_with(&area, &sname, &file)
}

#[test]
fn case_071_overloaded_fields_are_read_options_first_then_file_then_sname() {
    let mut target = Target::new(&[]);
    for overload in 1..=3 {
        let effect = target.effect_of_payload(move |reply| overloaded(reply, overload));
        assert_names(&effect);
        let dumped = dump(&target.bed);
        // RFC 2132 section 9.3: the fields hold options, and no names.
        let texts = [(1, "boot_file"), (2, "server_name")];
        for (_, name) in texts.iter().filter(|(bit, _)| overload & bit != 0) {
            assert_eq!(dumped[name], Value::Null, "{name} of overload {overload}");
        }
    }
    target.assert_unharmed();
}

#[test]
fn case_071_fields_that_are_not_overloaded_are_names_and_no_options() {
    let mut target = Target::new(&[]);
    let usual = target.usual().clone();
    let effect = target.effect_of_payload(|reply| {
        let mut area = without(reply, &[]);
        area.push(code::END);
        reply.encode_with(&area, b"tftp.example", b"pxelinux.0")
    });
    assert_eq!(effect, usual);
    let dumped = dump(&target.bed);
    let names = [&dumped["server_name"], &dumped["boot_file"]];
    assert_eq!(names, ["tftp.example", "pxelinux.0"]);
    target.assert_unharmed();
}

/// What is said of the MTU by the link and by each route, `None` where a route has none of its own.
fn mtu_of_routes(bed: &Testbed) -> Vec<Option<u64>> {
    let routes: Value = serde_json::from_str(&bed.client.ip("-j -4 route show")).expect("JSON");
    let routes = routes.as_array().cloned().unwrap_or_default();
    let mtu = |route: &Value| route["metrics"][0]["mtu"].as_u64();
    routes.iter().map(mtu).collect()
}

#[test]
fn case_073_the_mtu_of_a_lease_is_the_links_and_its_routes_and_goes_with_it() {
    let bed = Testbed::new();
    let terms = Terms {
        mtu: Some(1400),
        ..Terms::default()
    };
    let _server = Server::start(&bed, terms);
    let mut client = Client::bound(&bed, &[]);
    assert_eq!(bed.mtu(), 1400);
    assert_eq!(mtu_of_routes(&bed), [Some(1400); 2]);

    client.signal(Signal::SIGTERM);

    assert!(client.wait_exit(SOON).success(), "{}", client.said());
    assert_eq!(bed.mtu(), 1500);
}

#[test]
fn case_073_an_mtu_that_is_too_small_for_a_host_changes_nothing() {
    let mut target = Target::with(Terms::default(), &[]);
    let without = target.usual().clone();
    // A veth pair has no largest one that option 26 could exceed.
    for mtu in [0_u16, 1, 67, 68, 575] {
        let effect = target.effect_of(move |reply| {
            reply.set_option(code::MTU, mtu.to_be_bytes());
        });
        assert_eq!(effect.host, without.host, "{mtu}");
        assert_eq!(mtu_of_routes(&target.bed), [None; 2], "{mtu}");
    }
    let least = target.effect_of(|reply| reply.set_option(code::MTU, [0x02, 0x40]));
    assert_eq!(least.host.mtu, 576, "control");
    target.assert_unharmed();
}

#[test]
fn case_076_a_captive_portal_is_told_to_who_asks_and_to_nobody_else() {
    let mut target = Target::new(&["--request", "114"]);
    let usual = target.usual().clone();
    let address = "https://portal.example/?a=1&b=$(id)";
    let effect = target.effect_of(move |reply| {
        reply.set_option(code::CAPTIVE_PORTAL, address);
    });
    assert_eq!(effect, usual, "nothing of the host");
    assert_eq!(dump(&target.bed)["options"]["114"], address);
    target.assert_unharmed();
}
