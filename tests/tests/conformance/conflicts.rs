//! Another host has the address (RFC 5227), played by the other end of the cable. That three probes come before
//! an address is used, and ten seconds after it was declined, is in `slow_conformance`.

use std::net::Ipv4Addr;

use calfkit_tests::{
    Client, SOON, Server, Status, Terms, Testbed,
    frame::{Content, Frame, arp_frame},
    message::{Kind, code},
    monitor::AddressChange,
    sniffer::Sniffer,
    terms::ADDRESS,
    testbed::{CLIENT_LINK, CLIENT_MAC, SERVER_ADDRESS},
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

const REQUEST: u16 = 1;
const REPLY: u16 = 2;
const NOBODY: Ipv4Addr = Ipv4Addr::UNSPECIFIED;
/// Who has the address, too.
const STRANGER: [u8; 6] = [2, 0, 0, 0x77, 0, 9];

/// The client's next ARP packet at or after a position that `wanted` accepts, and the position after it.
fn next_arp(sniffer: &Sniffer, from: usize, wanted: fn(&Frame) -> bool) -> (usize, Frame) {
    let found = sniffer
        .frames()
        .wait_from(from, SOON, |frame| !frame.from_server && wanted(frame));
    found.expect("the ARP packet that was waited for")
}

fn is_probe(frame: &Frame) -> bool {
    frame.is_probe_for(ADDRESS)
}

/// Asserts what RFC 2131 table 5 has for DHCPDECLINE.
#[track_caller]
fn assert_decline(sniffer: &Sniffer) {
    let frame = sniffer.first_sent(Kind::DECLINE);
    let Content::Dhcp {
        source,
        destination,
        message,
    } = frame.content
    else {
        panic!("not DHCP");
    };
    assert_eq!((source, destination), (NOBODY, Ipv4Addr::BROADCAST));
    assert_eq!((message.ciaddr, message.chaddr), (NOBODY, CLIENT_MAC));
    let addresses = [code::REQUESTED_ADDRESS, code::SERVER_IDENTIFIER];
    let addresses = addresses.map(|code| message.address_option(code));
    assert_eq!(addresses, [Some(ADDRESS), Some(SERVER_ADDRESS)]);
    for code in [code::REQUEST_LIST, code::LEASE_TIME, code::LARGEST_MESSAGE] {
        assert_eq!(message.option(code), None, "option {code}");
    }
}

/// A client that probes before it uses an address, and meets this objection to its first probe.
fn declines_before_use(objection: &[u8]) {
    let bed = Testbed::new();
    let (sniffer, monitor) = (bed.sniffer(), bed.address_monitor());
    let server = Server::start(&bed, Terms::default());
    let client = Client::start(&bed, &["--acd", "full"]);
    let (_, probe) = next_arp(&sniffer, 0, is_probe);
    assert_eq!(probe.source_mac, CLIENT_MAC);

    server.inject(objection);

    assert_decline(&sniffer);
    assert_eq!(monitor.changes().entries(), [], "it was never used");
    assert!(!client.event_names().contains(&"bound".to_owned()));
}

#[test]
fn case_038_reply_of_the_addresss_owner_while_probing_is_declined() {
    declines_before_use(&arp_frame(REPLY, STRANGER, ADDRESS, ADDRESS));
}

#[test]
fn case_038_request_of_the_addresss_owner_while_probing_is_declined() {
    declines_before_use(&arp_frame(REQUEST, STRANGER, ADDRESS, SERVER_ADDRESS));
}

// With the address in use already, it goes first, and then the server is told.
#[test]
fn case_038_reply_to_a_probe_for_an_address_in_use_takes_it_away_and_declines_it() {
    let bed = Testbed::new();
    let (sniffer, monitor) = (bed.sniffer(), bed.address_monitor());
    let server = Server::start(&bed, Terms::default());
    let mut client = Client::bound(&bed, &["--acd", "fast"]);
    next_arp(&sniffer, 0, is_probe);

    server.inject(&arp_frame(REPLY, STRANGER, ADDRESS, ADDRESS));

    assert_decline(&sniffer);
    assert_eq!((bed.addresses(), bed.routes()), (vec![], vec![]));
    let changes = monitor.changes().entries();
    let expected = [AddressChange::Set(ADDRESS), AddressChange::Removed(ADDRESS)];
    assert_eq!(changes, expected);
    let conflict = client.wait_for_event("conflict", SOON);
    assert_eq!(conflict["address"], "10.77.0.100/24");
}

#[test]
fn case_039_probe_of_another_host_for_the_same_address_is_declined() {
    declines_before_use(&arp_frame(REQUEST, STRANGER, NOBODY, ADDRESS));
}

#[test]
fn case_039_probe_of_another_host_for_another_address_is_no_conflict() {
    let bed = Testbed::new();
    let sniffer = bed.sniffer();
    let server = Server::start(&bed, Terms::default());
    let mut client = Client::bound(&bed, &["--acd", "fast"]);
    next_arp(&sniffer, 0, is_probe);

    let other = Ipv4Addr::new(10, 77, 0, 101);
    server.inject(&arp_frame(REQUEST, STRANGER, NOBODY, other));
    client.renew();

    let request = Kind::REQUEST;
    assert_eq!(server.received_kinds(0), [Kind::DISCOVER, request, request]);
}

// A hub or an access point gives it back as it was.
#[test]
fn case_040_our_own_probe_looped_back_is_no_conflict() {
    let bed = Testbed::new();
    let sniffer = bed.sniffer();
    let server = Server::start(&bed, Terms::default());
    let mut client = Client::bound(&bed, &["--acd", "fast"]);
    let (_, probe) = next_arp(&sniffer, 0, is_probe);

    server.inject(&probe.bytes);

    let _counted = Status::wait_for(&bed, SOON, |status| {
        status.counter("discarded.our own ARP") == 1
    });
    client.renew();
    let request = Kind::REQUEST;
    assert_eq!(server.received_kinds(0), [Kind::DISCOVER, request, request]);
    assert_eq!(bed.addresses().len(), 1);
}

// A new calf has the address of the one before it, which is proven; a client that has just started would still
// be probing.
#[test]
fn case_042_first_conflict_while_bound_is_answered_and_a_second_one_soon_gives_the_address_up() {
    let bed = Testbed::new();
    let (sniffer, monitor) = (bed.sniffer(), bed.address_monitor());
    let server = Server::start(&bed, Terms::default());
    let mut client = Client::bound(&bed, &["--acd", "fast"]);
    kill(Pid::from_raw(client.calf_pid()), Signal::SIGKILL).expect("the calf runs");
    client.wait_for_event("calf-restarted", SOON);
    client.renew();
    let before = sniffer.frames().position();
    let conflict = arp_frame(REQUEST, STRANGER, ADDRESS, SERVER_ADDRESS);

    server.inject(&conflict);

    let is_announcement = |frame: &Frame| frame.is_announcement_of(ADDRESS);
    let (after, announcement) = next_arp(&sniffer, before, is_announcement);
    assert_eq!(announcement.source_mac, CLIENT_MAC);
    assert!(monitor.removed().is_empty());

    server.inject(&conflict);

    assert_decline(&sniffer);
    assert_eq!(monitor.removed(), [ADDRESS]);
    assert_eq!(bed.addresses(), []);
    let frames = sniffer.frames().entries();
    let again = frames[after..]
        .iter()
        .any(|frame| frame.source_mac == CLIENT_MAC && is_announcement(frame));
    assert!(!again, "it is defended once");
}

/// ARP packets of the client that probe for an address or announce one.
fn claims(sniffer: &Sniffer) -> usize {
    let frames = sniffer.frames().entries();
    let own = frames.iter().filter(|frame| !frame.from_server);
    own.filter(|frame| frame.is_probe_for(ADDRESS) || frame.is_announcement_of(ADDRESS))
        .count()
}

#[test]
fn case_043_without_conflict_detection_there_is_no_probe_and_no_announcement() {
    let bed = Testbed::new();
    let sniffer = bed.sniffer();
    let server = Server::start(&bed, Terms::default());
    let mut client = Client::bound(&bed, &["--acd", "off"]);
    client.renew();
    client.signal(Signal::SIGUSR2);
    client.wait_exit(SOON);
    assert_eq!(server.first(Kind::RELEASE).ciaddr, ADDRESS);
    assert_eq!(claims(&sniffer), 0);
}

#[test]
fn case_043_control_with_it_the_first_probe_comes_with_the_lease() {
    let bed = Testbed::new();
    let sniffer = bed.sniffer();
    let _server = Server::start(&bed, Terms::default());
    let mut client = Client::bound(&bed, &["--acd", "fast"]);
    client.renew();
    client.signal(Signal::SIGUSR2);
    client.wait_exit(SOON);
    assert!(claims(&sniffer) > 0);
}

#[test]
fn case_043_noarp_uses_the_address_at_once_and_never_speaks_of_it() {
    let bed = Testbed::new();
    let sniffer = bed.sniffer();
    let _server = Server::start(&bed, Terms::default());
    let words = ["-1", "-B", "-f", "/dev/null", "--nodelay", "--noarp"];

    let mut client = Client::compat(&bed, "dhcpcd", &[&words[..], &[CLIENT_LINK]].concat());

    let status = client.wait(SOON).expect("it ends with its lease");
    assert!(status.success(), "{}", client.stderr_text());
    assert_eq!(bed.addresses().len(), 1);
    assert_eq!(claims(&sniffer), 0);
}

#[test]
fn case_043_control_without_noarp_it_probes_first() {
    let bed = Testbed::new();
    let sniffer = bed.sniffer();
    let _server = Server::start(&bed, Terms::default());
    let words = ["-1", "-B", "-f", "/dev/null", "--nodelay"];

    let _client = Client::compat(&bed, "dhcpcd", &[&words[..], &[CLIENT_LINK]].concat());

    next_arp(&sniffer, 0, is_probe);
    assert_eq!(bed.addresses(), []);
}
