//! A lease gets more time, or other values, or ends. Here an operator asks for it by signal; that T1, T2 and the
//! end do by themselves is in `slow_conformance`.

use std::net::Ipv4Addr;

use calfkit_tests::{
    Client, SOON, Server, Status, Terms, Testbed,
    frame::{Content, Frame},
    message::{Kind, code},
    namespace::RESOLVER_FILE,
    server::{Decision, reply_frame},
    terms::ADDRESS,
    testbed::{SERVER_ADDRESS, SERVER_MAC},
};
use nix::sys::signal::Signal;
use serde_json::json;

/// The next DHCPREQUEST in a frame at or after a position.
fn request(bed: &Testbed, act: impl FnOnce()) -> Frame {
    let sniffer = bed.sniffer();
    act();
    sniffer.first_sent(Kind::REQUEST)
}

/// IP source and destination of a frame, and what is asked in it: ciaddr, and options 50 and 54.
fn asked(frame: &Frame) -> ([Ipv4Addr; 2], Ipv4Addr, [Option<Ipv4Addr>; 2]) {
    let Content::Dhcp {
        source,
        destination,
        message,
    } = &frame.content
    else {
        panic!("not DHCP");
    };
    let options = [code::REQUESTED_ADDRESS, code::SERVER_IDENTIFIER];
    let options = options.map(|code| message.address_option(code));
    ([*source, *destination], message.ciaddr, options)
}

#[test]
fn case_050_renewal_is_unicast_to_the_server_from_the_address() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let mut client = Client::bound(&bed, &[]);

    let frame = request(&bed, || {
        client.renew();
    });

    assert_eq!(frame.destination_mac, SERVER_MAC);
    let path = [ADDRESS, SERVER_ADDRESS];
    assert_eq!(asked(&frame), (path, ADDRESS, [None; 2]));
}

// A packet socket would send it to a server that is not there: only the kernel knows the way.
#[test]
fn case_051_renewal_goes_through_the_router_to_a_server_beyond_it() {
    let bed = Testbed::new();
    let beyond = Ipv4Addr::new(10, 99, 0, 1);
    bed.server.ip("address add 10.99.0.1/32 dev lo");
    let server = Server::start(&bed, Terms::default());
    server.hook(move |message, _| {
        let kind = match message.kind() {
            Kind::DISCOVER => Kind::OFFER,
            _ => Kind::ACK,
        };
        let mut reply = Terms::default().grant(message, kind);
        reply.set_option(code::SERVER_IDENTIFIER, beyond.octets());
        Decision::Frames(vec![reply_frame(&reply)])
    });
    let mut client = Client::bound(&bed, &[]);

    let frame = request(&bed, || {
        client.renew();
    });

    assert_eq!(frame.destination_mac, SERVER_MAC, "the router's");
    assert_eq!(asked(&frame), ([ADDRESS, beyond], ADDRESS, [None; 2]));
    // From port 68 to port 67, and UDP by the kernel's own hand: it has an identification or a flag.
    assert_eq!(frame.bytes[34..38], [0, 68, 0, 67]);
}

#[test]
fn case_053_rebinding_is_broadcast_from_the_address() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let mut client = Client::bound(&bed, &[]);

    let frame = request(&bed, || {
        client.signal(Signal::SIGHUP);
        client.wait_for_event("rebound", SOON);
    });

    assert_eq!(frame.destination_mac, [0xff; 6]);
    let path = [ADDRESS, Ipv4Addr::BROADCAST];
    assert_eq!(asked(&frame), (path, ADDRESS, [None; 2]));
}

#[test]
fn case_054_another_server_may_rebind_and_is_the_one_to_ask_from_then_on() {
    let bed = Testbed::new();
    let other = Ipv4Addr::new(10, 77, 0, 2);
    bed.server.ip("address add 10.77.0.2/24 dev srv0");
    let server = Server::start(&bed, Terms::default());
    let mut client = Client::bound(&bed, &[]);
    server.alter(move |reply| reply.set_option(code::SERVER_IDENTIFIER, other.octets()));

    client.signal(Signal::SIGHUP);
    let rebound = client.wait_for_event("rebound", SOON);
    assert_eq!(rebound["server"], "10.77.0.2");
    let frame = request(&bed, || {
        client.renew();
    });

    assert_eq!(asked(&frame), ([ADDRESS, other], ADDRESS, [None; 2]));
}

#[test]
fn case_056_times_in_the_wrong_order_are_replaced_by_the_defaults() {
    // Half and seven eighths of ten hours, which may be asked for a fiftieth sooner; and the test takes a
    // while.
    let (t1, t2) = (17_500..=18_000, 30_700..=31_500);
    let bed = Testbed::new();
    let times = |renewal_seconds, rebinding_seconds| Terms {
        lease_seconds: 36_000,
        renewal_seconds,
        rebinding_seconds,
        ..Terms::default()
    };
    let server = Server::start(&bed, times(None, None));
    let mut client = Client::bound(&bed, &[]);
    let mut renewed_with = |terms| {
        server.change(|current| *current = terms);
        client.renew();
        let status = Status::ask(&bed).expect("it runs");
        let seconds = |of: &str| status.lease()[of].as_u64().expect("a number");
        (seconds("renewal_in"), seconds("rebinding_in"))
    };

    for (renewal, rebinding) in [
        (Some(20_000), Some(20_000)),
        (Some(30_000), Some(20_000)),
        (Some(18_000), Some(36_000)),
        (Some(36_000), Some(40_000)),
        (Some(0), Some(0)),
        (Some(u32::MAX), Some(u32::MAX)),
        (Some(32_000), None),
        (None, Some(10_000)),
    ] {
        let (one, two) = renewed_with(times(renewal, rebinding));
        let defaults = t1.contains(&one) && t2.contains(&two);
        assert!(defaults, "{renewal:?} and {rebinding:?}: {one} and {two}");
    }

    let (one, two) = renewed_with(times(Some(1000), Some(2000)));
    let given = (900..=1000).contains(&one) && (1800..=2000).contains(&two);
    assert!(given, "control: {one} and {two}");
}

#[test]
fn case_057_changed_parameters_take_the_old_ones_place_and_the_address_is_never_gone() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let mut client = Client::bound(&bed, &[]);
    let monitor = bed.address_monitor();
    let router = Ipv4Addr::new(10, 77, 0, 3);
    server.change(|terms| {
        terms.routers = vec![router];
        terms.dns = vec![Ipv4Addr::new(10, 77, 0, 4)];
        terms.domain = Some("other.test".into());
        terms.mtu = Some(1400);
    });

    let renewed = client.renew();

    assert_eq!(renewed["routers"], json!(["10.77.0.3"]));
    let gateways: Vec<_> = bed
        .routes()
        .iter()
        .filter(|route| route.destination == "default")
        .map(|route| route.gateway)
        .collect();
    assert_eq!(gateways, [Some(router)]);
    let resolver = bed.client.read(RESOLVER_FILE).expect("it stays");
    let expected = "domain other.test\nsearch other.test\nnameserver 10.77.0.4\n";
    assert!(resolver.ends_with(expected), "{resolver}");
    assert_eq!(bed.mtu(), 1400);
    assert!(monitor.removed().is_empty(), "{:?}", monitor.removed());
}

#[test]
fn case_057_parameters_that_are_not_there_any_more_are_undone() {
    let bed = Testbed::new();
    let before = bed.client.read(RESOLVER_FILE).expect("the testbed made it");
    let terms = Terms {
        mtu: Some(1400),
        ..Terms::default()
    };
    let server = Server::start(&bed, terms);
    let mut client = Client::bound(&bed, &[]);
    assert_eq!(bed.mtu(), 1400, "control");
    let monitor = bed.address_monitor();
    server.change(|terms| {
        terms.routers.clear();
        terms.dns.clear();
        terms.domain = None;
        terms.mtu = None;
    });

    client.renew();

    let destinations: Vec<_> = bed
        .routes()
        .into_iter()
        .map(|route| route.destination)
        .collect();
    assert_eq!(destinations, ["10.77.0.0/24"]);
    assert_eq!(bed.client.read(RESOLVER_FILE).expect("it stays"), before);
    assert_eq!(bed.mtu(), 1500);
    assert!(monitor.removed().is_empty(), "{:?}", monitor.removed());
}

#[test]
fn case_057_a_changed_mask_leaves_one_address_with_the_new_one() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let mut client = Client::bound(&bed, &[]);
    server.change(|terms| terms.prefix_length = 16);

    let renewed = client.renew();

    assert_eq!(renewed["address"], "10.77.0.100/16");
    let addresses: Vec<_> = bed
        .addresses()
        .iter()
        .map(|entry| (entry.address, entry.prefix_length))
        .collect();
    assert_eq!(addresses, [(ADDRESS, 16)]);
    let destinations: Vec<_> = bed
        .routes()
        .into_iter()
        .map(|route| route.destination)
        .collect();
    assert_eq!(destinations, ["default", "10.77.0.0/16"]);
}

#[test]
fn case_058_another_address_in_a_renewal_replaces_the_first() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let mut client = Client::bound(&bed, &[]);
    let other = Ipv4Addr::new(10, 77, 0, 150);
    server.alter(move |reply| reply.yiaddr = other);

    let renewed = client.renew();

    assert_eq!(renewed["address"], "10.77.0.150/24");
    let addresses: Vec<_> = bed.addresses().iter().map(|entry| entry.address).collect();
    assert_eq!(addresses, [other]);
    // Routes through the old address went with it, and those of the new one stand.
    let sources = bed.client.ip("route show");
    assert!(!sources.contains("10.77.0.100"), "{sources}");
    assert!(sources.contains("src 10.77.0.150"), "{sources}");
    server.unhook();
    server.change(|terms| terms.address = other);
    let frame = request(&bed, || {
        client.renew();
    });
    assert_eq!(asked(&frame).1, other);
}

#[test]
fn case_059_nak_to_a_renewal_ends_the_lease_at_once_and_discovery_starts() {
    let bed = Testbed::new();
    let before = bed.client.read(RESOLVER_FILE).expect("the testbed made it");
    let server = Server::start(&bed, Terms::default());
    let mut client = Client::bound(&bed, &[]);
    let position = server.log().position();
    server.hook(|message, usual| match (message.kind(), usual) {
        (Kind::REQUEST, Some(_)) => {
            Decision::Frames(vec![reply_frame(&Terms::default().refusal(message))])
        }
        _ => Decision::Frames(Vec::new()),
    });

    client.signal(Signal::SIGUSR1);
    client.wait_for_event("nak", SOON);

    assert_eq!((bed.addresses(), bed.routes()), (vec![], vec![]));
    assert_eq!(bed.client.read(RESOLVER_FILE).expect("it stays"), before);
    let discover = server.wait_received(position, Kind::DISCOVER, SOON);
    let (_, discover) = discover.expect("a DHCPDISCOVER");
    let wished = discover.message.address_option(code::REQUESTED_ADDRESS);
    assert_eq!(wished, None);
    assert_eq!(discover.message.ciaddr, Ipv4Addr::UNSPECIFIED);
}

#[test]
fn case_060_one_second_lease_is_kept_for_ten_and_not_asked_for_in_a_storm() {
    let bed = Testbed::new();
    let terms = Terms {
        lease_seconds: 1,
        renewal_seconds: Some(0),
        rebinding_seconds: Some(0),
        ..Terms::default()
    };
    let server = Server::start(&bed, terms);
    let mut client = Client::start(&bed, &[]);

    let bound = client.wait_for_event("bound", SOON);

    assert_eq!(bound["lease_seconds"], 10);
    let status = Status::ask(&bed).expect("it runs");
    let renewal = status.lease()["renewal_in"].as_u64();
    assert!(renewal.is_some_and(|seconds| seconds >= 3), "{renewal:?}");
    assert_eq!(server.received_kinds(0), [Kind::DISCOVER, Kind::REQUEST]);
}
