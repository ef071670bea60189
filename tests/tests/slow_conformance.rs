//! Those of the numbered behaviour cases (`conformance`) that need real time: probes, the ends of short leases,
//! and a program that is killed at many instants.

use std::{
    fs,
    net::Ipv4Addr,
    os::unix::fs::PermissionsExt as _,
    thread,
    time::{Duration, Instant},
};

use calfkit_tests::{
    Client, Server, Terms, Testbed,
    client::STATE_DIRECTORY,
    frame::{Content, Frame, arp_frame},
    message::{Kind, code},
    terms::ADDRESS,
    testbed::{CLIENT_MAC, SERVER_ADDRESS, SERVER_MAC},
};
use nix::sys::signal::Signal;

/// How long what must happen may take: as long as a slow machine does.
const PATIENCE: Duration = Duration::from_secs(60);

/// A moment is looked at by another thread than the one it happens in: a least time may seem this much shorter.
const LATE: Duration = Duration::from_millis(100);

/// An address for the shortest time that it is kept for.
fn ten_seconds() -> Terms {
    Terms {
        lease_seconds: 10,
        ..Terms::default()
    }
}

/// The moments of the client's frames that `wanted` accepts, once there are so many.
fn moments(frames: &[Frame], wanted: impl Fn(&Frame) -> bool) -> Vec<Instant> {
    let own = frames.iter().filter(|frame| !frame.from_server);
    own.filter(|frame| wanted(frame)).map(|it| it.at).collect()
}

#[track_caller]
fn assert_apart(moments: &[Instant], least: Duration) {
    for pair in moments.windows(2) {
        let apart = pair[1] - pair[0];
        assert!(apart + LATE >= least, "{apart:?}");
    }
}

#[test]
fn case_037_three_probes_come_before_the_address_and_two_announcements_after_it() {
    let bed = Testbed::new();
    let sniffer = bed.sniffer();
    let _server = Server::start(&bed, Terms::default());
    let mut client = Client::start(&bed, &["--acd", "full"]);

    let bound = client.next_event(PATIENCE, |event| event["event"] == "bound");
    let used = Instant::now();
    assert!(bound.is_some(), "{}", client.said());
    let mut from = 0;
    for _ in 0..2 {
        let next = sniffer
            .frames()
            .wait_from(from, PATIENCE, |frame| frame.is_announcement_of(ADDRESS));
        from = next.expect("an announcement").0;
    }

    let frames = sniffer.frames().entries();
    let probes = moments(&frames, |frame| frame.is_probe_for(ADDRESS));
    let announcements = moments(&frames, |frame| frame.is_announcement_of(ADDRESS));
    // RFC 5227 section 1.1: PROBE_NUM 3, PROBE_MIN 1 second; ANNOUNCE_NUM 2, ANNOUNCE_INTERVAL 2 seconds.
    assert_eq!((probes.len(), announcements.len()), (3, 2));
    assert_apart(&probes, Duration::from_secs(1));
    assert_apart(&announcements, Duration::from_secs(2));
    assert!(probes.iter().all(|probe| *probe < used));
    assert!(probes.iter().all(|probe| *probe < announcements[0]));
    let sender = frames.iter().find(|frame| frame.is_probe_for(ADDRESS));
    assert_eq!(sender.map(|frame| frame.source_mac), Some(CLIENT_MAC));
}

#[test]
fn case_038_ten_seconds_pass_between_a_decline_and_the_next_discover() {
    let bed = Testbed::new();
    let sniffer = bed.sniffer();
    let server = Server::start(&bed, Terms::default());
    let client = Client::start(&bed, &["--acd", "full"]);
    let probe = |frame: &Frame| frame.is_probe_for(ADDRESS);
    let probed = sniffer.frames().wait_for(PATIENCE, probe);
    assert!(probed.is_some(), "{}", client.said());

    server.inject(&arp_frame(2, [2, 0, 0, 0x77, 0, 9], ADDRESS, ADDRESS));

    let (after, declined) = server
        .wait_received(0, Kind::DECLINE, PATIENCE)
        .expect("a DHCPDECLINE");
    let (_, discover) = server
        .wait_received(after, Kind::DISCOVER, PATIENCE)
        .expect("a DHCPDISCOVER");
    // RFC 2131 section 3.1: "The client SHOULD wait a minimum of ten seconds before restarting the
    // configuration process".
    assert_apart(&[declined.at, discover.at], Duration::from_secs(10));
    assert_ne!(discover.message.xid, declined.message.xid);
}

#[test]
fn case_047_a_lease_that_is_over_is_not_asked_for_as_if_it_were_not() {
    let bed = Testbed::new();
    let server = Server::start(&bed, ten_seconds());
    let mut client = Client::start(&bed, &["--once"]);
    assert!(client.wait_exit(PATIENCE).success(), "{}", client.said());
    let over = Instant::now() + Duration::from_secs(10);
    bed.client.ip("address flush dev eth0");
    let before = server.log().position();

    thread::sleep(over.saturating_duration_since(Instant::now()));
    let mut again = Client::start(&bed, &["--once"]);
    assert!(again.wait_exit(PATIENCE).success(), "{}", again.said());

    assert_eq!(
        server.received_kinds(before),
        [Kind::DISCOVER, Kind::REQUEST]
    );
    assert_eq!(again.process().stderr_text(), "", "it was no damaged one");
}

/// How often the program is killed, each time later after the DHCPACK: close together at first, and in the end
/// long after everything that it does with it.
const INSTANTS: u32 = 60;

fn pause(instant: u32) -> Duration {
    Duration::from_micros(30) * instant * instant
}

// Each run's lease is of another length, so that its record is another.
#[test]
fn case_049_killed_at_any_instant_after_the_ack_the_record_is_the_old_or_the_new_one() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let mut first = Client::start(&bed, &["--once"]);
    assert!(first.wait_exit(PATIENCE).success(), "{}", first.said());
    let record = || {
        let path = format!("{STATE_DIRECTORY}/eth0.lease");
        bed.client
            .run(|| fs::read(path))
            .expect("there always is one")
    };
    let mut last = record();
    let (mut old, mut new) = (0, 0);
    for instant in 0..INSTANTS {
        bed.client.ip("address flush dev eth0");
        server.change(|terms| terms.lease_seconds = 4000 + instant);
        let before = server.log().position();
        let client = Client::start(&bed, &[]);
        let answered = server.wait_sent(before, Kind::ACK, PATIENCE);
        let (_, ack) = answered.unwrap_or_else(|| panic!("{}", client.said()));
        while ack.at.elapsed() < pause(instant) {
            std::hint::spin_loop();
        }

        client.signal(Signal::SIGKILL);
        drop(client);

        let (_, request) = server
            .wait_received(before, Kind::REQUEST, PATIENCE)
            .expect("what was answered");
        let remembered = request.message.address_option(code::REQUESTED_ADDRESS);
        let kinds = server.received_kinds(before);
        assert_eq!(
            kinds,
            [Kind::REQUEST],
            "the record of the run before is whole"
        );
        assert_eq!(remembered, Some(ADDRESS));
        let found = record();
        if found == last {
            old += 1;
        } else {
            new += 1;
        }
        last = found;
    }
    assert!(old > 0 && new > 0, "control: {old} before, {new} after");
    let mut next = Client::start(&bed, &["--once"]);
    assert!(next.wait_exit(PATIENCE).success(), "{}", next.said());
    assert_eq!(next.process().stderr_text(), "");
}

/// IP source and destination, the destination's hardware address, and what is asked for by ciaddr and by options
/// 50 and 54 in each DHCPREQUEST that a client with an address sent.
type Asked = ([Ipv4Addr; 2], [u8; 6], Ipv4Addr, [bool; 2]);

fn renewals(frames: &[Frame]) -> Vec<(Instant, Asked)> {
    let asked = |frame: &Frame| match &frame.content {
        Content::Dhcp {
            source,
            destination,
            message,
        } if message.kind() == Kind::REQUEST && !source.is_unspecified() => {
            let codes = [code::REQUESTED_ADDRESS, code::SERVER_IDENTIFIER];
            let options = codes.map(|code| message.option(code).is_some());
            let path = [*source, *destination];
            Some((
                frame.at,
                (path, frame.destination_mac, message.ciaddr, options),
            ))
        }
        Content::Dhcp { .. } | Content::Arp { .. } | Content::Icmp { .. } | Content::Other => None,
    };
    frames.iter().filter_map(asked).collect()
}

const UNICAST: Asked = ([ADDRESS, SERVER_ADDRESS], SERVER_MAC, ADDRESS, [false; 2]);
const BROADCAST: Asked = (
    [ADDRESS, Ipv4Addr::BROADCAST],
    [0xff; 6],
    ADDRESS,
    [false; 2],
);

const HOOK: &str = "/run/testbed/hook";
const REASONS: &str = "/run/testbed/reasons";

// Silence from the lease on: T1, T2 and the end, each of which is looked for no sooner than it may come.
#[test]
fn case_050_and_053_and_055_a_lease_that_nobody_extends_is_asked_for_twice_and_goes() {
    let bed = Testbed::new();
    let untouched = bed
        .client
        .read("/run/testbed/resolv.conf")
        .expect("it is there");
    bed.client
        .write(HOOK, format!("#!/bin/sh\necho $reason >> {REASONS}\n"));
    bed.client.run(|| {
        fs::set_permissions(HOOK, fs::Permissions::from_mode(0o755)).expect("an own file");
    });
    let sniffer = bed.sniffer();
    let server = Server::start(&bed, ten_seconds());
    let mut client = Client::bound(&bed, &["--hook", HOOK]);
    let bound = server.log().entries();
    let bound = bound.iter().rfind(|seen| !seen.sent).expect("it asked").at;
    server.ignore_next(usize::MAX);

    let expired = client.next_event(PATIENCE, |event| event["event"] == "expired");

    let end = Instant::now();
    assert!(expired.is_some(), "{}", client.said());
    assert_eq!((bed.addresses(), bed.routes()), (vec![], vec![]));
    let resolver = bed
        .client
        .read("/run/testbed/resolv.conf")
        .expect("it stays");
    assert_eq!(resolver, untouched);
    // RFC 2131 section 4.4.5: at half, at seven eighths, and the end; a fiftieth sooner at most.
    assert_apart(&[bound, end], Duration::from_secs(10));
    let asked = renewals(&sniffer.frames().entries());
    let [(t1, first), (t2, second)] = asked[..] else {
        panic!("{asked:?}");
    };
    assert_eq!((first, second), (UNICAST, BROADCAST));
    assert_apart(&[bound, t1], Duration::from_millis(4800));
    assert_apart(&[bound, t2], Duration::from_millis(8550));

    let discovers = server.received_kinds(0);
    let again = server.log().wait_for(PATIENCE, |seen| {
        seen.message.kind() == Kind::DISCOVER && seen.at > end - LATE
    });
    assert!(again.is_some(), "{discovers:?}");
    client.signal(Signal::SIGTERM);
    assert!(client.wait_exit(PATIENCE).success(), "{}", client.said());
    let reasons = bed.client.read(REASONS).expect("the hook ran");
    assert!(reasons.contains("BOUND\nEXPIRE\n"), "{reasons}");
}

#[test]
fn case_060_a_lease_of_ten_seconds_is_renewed_once_each_five() {
    let bed = Testbed::new();
    let (sniffer, monitor) = (bed.sniffer(), bed.address_monitor());
    let _server = Server::start(&bed, ten_seconds());
    let mut client = Client::bound(&bed, &[]);

    for _ in 0..3 {
        let renewed = client.next_event(PATIENCE, |event| event["event"] == "renewed");
        assert!(renewed.is_some(), "{}", client.said());
    }

    let asked = renewals(&sniffer.frames().entries());
    let (moments, asked): (Vec<Instant>, Vec<Asked>) = asked.into_iter().unzip();
    assert_eq!(asked, [UNICAST; 3]);
    assert_apart(&moments, Duration::from_millis(4800));
    assert!(monitor.removed().is_empty());
}

// The server that gave the address is silent; another one, at T2, is not.
#[test]
fn case_054_at_t2_another_server_extends_the_lease() {
    let bed = Testbed::new();
    let sniffer = bed.sniffer();
    let monitor = bed.address_monitor();
    let server = Server::start(&bed, ten_seconds());
    let mut client = Client::bound(&bed, &[]);
    let other = [10, 77, 0, 2];
    server.ignore_next(1);
    server.alter(move |reply| reply.set_option(code::SERVER_IDENTIFIER, other));

    let rebound = client.next_event(PATIENCE, |event| event["event"] == "rebound");

    let rebound = rebound.unwrap_or_else(|| panic!("{}", client.said()));
    assert_eq!(rebound["server"], "10.77.0.2");
    let asked = renewals(&sniffer.frames().entries());
    let asked: Vec<Asked> = asked.into_iter().map(|(_, asked)| asked).collect();
    assert_eq!(asked, [UNICAST, BROADCAST]);
    assert!(monitor.removed().is_empty());
}
