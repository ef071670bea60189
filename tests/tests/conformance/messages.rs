//! What the messages of a first lease say.

use std::net::Ipv4Addr;

use calfkit_tests::{
    Client, SOON, Server, Terms, Testbed,
    frame::{BROADCAST_MAC, Content, checksums_are_right},
    message::{Kind, Message, code},
    server::Decision,
    terms::ADDRESS,
    testbed::{CLIENT_LINK, CLIENT_MAC, SERVER_ADDRESS},
};
use nix::sys::signal::Signal;

/// Where a UDP payload begins in a frame without IPv4 options.
const PAYLOAD: usize = 42;

/// Runs a client until it has a lease from a server with these terms; gives its first DHCPDISCOVER and
/// DHCPREQUEST.
fn acquisition(bed: &Testbed, options: &[&str]) -> [Message; 2] {
    let server = Server::start(bed, Terms::default());
    let _client = Client::bound(bed, options);
    [Kind::DISCOVER, Kind::REQUEST].map(|kind| server.first(kind))
}

#[test]
fn case_001_discover_goes_from_0_0_0_0_to_everyone() {
    let bed = Testbed::new();
    let sniffer = bed.sniffer();
    let _client = Client::start(&bed, &[]);

    let frame = sniffer.first_sent(Kind::DISCOVER);

    let ethernet = (
        frame.destination_mac,
        frame.source_mac,
        &frame.bytes[12..14],
    );
    assert_eq!(ethernet, (BROADCAST_MAC, CLIENT_MAC, [8, 0].as_slice()));
    // IPv4 without options or fragments, and UDP from 68 to 67.
    let (version, flags, protocol) = (frame.bytes[14], frame.bytes[20] & 0x3f, frame.bytes[23]);
    assert_eq!(
        (version, flags, frame.bytes[21], protocol),
        (0x45, 0, 0, 17)
    );
    assert_eq!(frame.bytes[26..34], [0, 0, 0, 0, 255, 255, 255, 255]);
    assert_eq!(frame.bytes[34..38], [0, 68, 0, 67]);
    assert!(checksums_are_right(&frame.bytes));
    let message = &frame.bytes[PAYLOAD..];
    // op, htype, hlen, hops; then, after xid, secs and flags, four addresses.
    assert_eq!(message[..4], [1, 1, 6, 0]);
    assert_eq!(message[12..28], [0; 16]);
    assert_eq!(message[28..34], CLIENT_MAC);
    // The rest of chaddr, sname and file.
    assert_eq!(message[34..236], [0; 202]);
    assert_eq!(message[236..240], [0x63, 0x82, 0x53, 0x63]);
    assert_eq!(message[240..243], [53, 1, 1]);
}

#[test]
fn case_002_flags_are_zero_by_default() {
    let [discover, request] = acquisition(&Testbed::new(), &[]);
    assert_eq!((discover.flags, request.flags), (0, 0));
}

#[test]
fn case_002_broadcast_sets_its_bit_and_no_other() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let words = [
        "-B",
        "-f",
        "/dev/null",
        "--noarp",
        "--nodelay",
        "--broadcast",
    ];
    let client = Client::compat(&bed, "dhcpcd", &[&words[..], &[CLIENT_LINK]].concat());

    let leased = client
        .stderr()
        .wait_for(SOON, |line| line.contains("leased"));

    assert!(leased.is_some(), "{}", client.stderr_text());
    let flags = [Kind::DISCOVER, Kind::REQUEST].map(|kind| server.first(kind).flags);
    assert_eq!(flags, [0x8000; 2]);
}

#[test]
fn case_003_request_after_offer_is_broadcast_with_server_and_address() {
    let bed = Testbed::new();
    let sniffer = bed.sniffer();
    let _server = Server::start(&bed, Terms::default());
    let _client = Client::bound(&bed, &[]);

    let frame = sniffer.first_sent(Kind::REQUEST);

    let Content::Dhcp {
        source,
        destination,
        message,
    } = frame.content
    else {
        panic!("not DHCP");
    };
    assert_eq!(frame.destination_mac, BROADCAST_MAC);
    assert_eq!(
        (source, destination),
        (Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST)
    );
    assert_eq!(message.ciaddr, Ipv4Addr::UNSPECIFIED);
    assert_eq!(
        message.address_option(code::SERVER_IDENTIFIER),
        Some(SERVER_ADDRESS)
    );
    assert_eq!(
        message.address_option(code::REQUESTED_ADDRESS),
        Some(ADDRESS)
    );
}

#[test]
fn case_004_every_message_carries_the_same_client_identifier() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let mut client = Client::bound(&bed, &["--client-id", "00:63:61:6c:66"]);
    client.renew();
    client.signal(Signal::SIGHUP);
    client.wait_for_event("rebound", SOON);
    client.signal(Signal::SIGUSR2);
    client.wait_exit(SOON);

    let sent: Vec<Message> = server
        .log()
        .entries()
        .into_iter()
        .filter(|exchange| !exchange.sent)
        .map(|exchange| exchange.message)
        .collect();
    let kinds: Vec<Kind> = sent.iter().map(Message::kind).collect();
    // Discovered, requested, renewed, rebound, released.
    let request = Kind::REQUEST;
    assert_eq!(
        kinds,
        [Kind::DISCOVER, request, request, request, Kind::RELEASE]
    );
    for message in sent {
        let identifier = message.option(code::CLIENT_IDENTIFIER);
        assert_eq!(identifier, Some(b"\0calf".as_slice()), "{message:?}");
    }
}

#[test]
fn case_005_parameter_request_list_is_repeated_in_the_request() {
    let [discover, request] = acquisition(&Testbed::new(), &["--request", "43,252"]);
    let list = discover.option(code::REQUEST_LIST).expect("a list");
    assert_eq!(request.option(code::REQUEST_LIST), Some(list));
    assert!(list.ends_with(&[43, 252]), "{list:?}");
}

#[test]
fn case_006_secs_of_request_is_that_of_the_discover_it_follows() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    server.hook(|message, _| match message {
        message if message.kind() == Kind::DISCOVER && message.secs == 0 => {
            Decision::Frames(Vec::new())
        }
        _ => Decision::Usual,
    });
    // A second between the first messages, not four.
    let pace = ["--initial_interval", "1", "--backoff_jitter", "0"];
    let words = [
        "-1",
        "-B",
        "-f",
        "/dev/null",
        "--noarp",
        "--nodelay",
        CLIENT_LINK,
    ];
    let mut client = Client::compat(&bed, "dhcpcd", &[&pace[..], &words].concat());
    let status = client.wait(SOON).expect("it ends with its lease");

    assert!(status.success(), "{}", client.stderr_text());
    let answered = server.wait_sent(0, Kind::OFFER, SOON).expect("an offer");
    let request = server.first(Kind::REQUEST);
    let before = server.log().entries()[..answered.0].to_vec();
    let discover = before.iter().rfind(|exchange| !exchange.sent);
    let discover = &discover.expect("what was answered").message;
    assert!(discover.secs > 0);
    assert_eq!(request.secs, discover.secs);
}

#[test]
fn case_007_request_has_the_xid_of_the_offer() {
    let [discover, request] = acquisition(&Testbed::new(), &[]);
    assert_eq!(request.xid, discover.xid);
}

#[test]
fn case_012_messages_have_300_octets_at_least() {
    let bed = Testbed::new();
    let sniffer = bed.sniffer();
    let _server = Server::start(&bed, Terms::default());
    // The less it says, the shorter it is.
    let mut client = Client::bound(&bed, &["--client-id", "none", "--hostname", ""]);
    client.renew();
    client.signal(Signal::SIGUSR2);
    client.wait_exit(SOON);

    for kind in [Kind::DISCOVER, Kind::REQUEST, Kind::RELEASE] {
        let frame = sniffer.first_sent(kind);
        assert!(
            frame.bytes.len() >= PAYLOAD + 300,
            "{}: {}",
            kind.name(),
            frame.bytes.len()
        );
    }
}

#[test]
fn case_013_maximum_message_size_is_what_a_frame_carries() {
    let messages = acquisition(&Testbed::new(), &[]);
    // RFC 2132 section 9.10: "The minimum legal value is 576 octets." An MTU of 1500 without 28 octets of
    // headers is 1472.
    let sizes = messages.map(|message| message.option(code::LARGEST_MESSAGE).map(<[u8]>::to_vec));
    assert_eq!(sizes, [Some(vec![0x05, 0xc0]), Some(vec![0x05, 0xc0])]);
}

#[test]
fn case_013_on_a_small_link_maximum_message_size_is_the_least_there_may_be() {
    let bed = Testbed::new();
    bed.client.ip("link set eth0 mtu 590");
    let [discover, _] = acquisition(&bed, &[]);
    assert_eq!(
        discover.option(code::LARGEST_MESSAGE),
        Some([0x02, 0x40].as_slice())
    );
}

#[test]
fn case_014_identifier_is_the_type_and_the_mac_address_by_default() {
    let messages = acquisition(&Testbed::new(), &[]);
    let expected = [&[1], &CLIENT_MAC[..]].concat();
    for message in messages {
        assert_eq!(
            message.option(code::CLIENT_IDENTIFIER),
            Some(expected.as_slice())
        );
    }
}

#[test]
fn case_014_identifier_of_duid_and_iaid_is_the_same_after_a_restart() {
    let bed = Testbed::new();
    let [first, _] = acquisition(&bed, &["--client-id", "duid"]);
    let identifier = first
        .option(code::CLIENT_IDENTIFIER)
        .expect("it says who it is");
    // RFC 4361 section 6.1: type 255, an IAID of four octets, a DUID of at least its type and something.
    assert_eq!(identifier[0], 255);
    assert!(identifier.len() > 1 + 4 + 2, "{identifier:?}");

    let server = Server::start(&bed, Terms::default());
    let _again = Client::start(&bed, &["--client-id", "duid"]);
    let request = server.first(Kind::REQUEST);
    assert_eq!(request.option(code::CLIENT_IDENTIFIER), Some(identifier));
}

#[test]
fn case_014_identifier_none_is_not_sent() {
    let messages = acquisition(&Testbed::new(), &["--client-id", "none"]);
    assert!(
        messages
            .iter()
            .all(|message| message.option(code::CLIENT_IDENTIFIER).is_none())
    );
}

#[test]
fn case_022_each_transaction_has_an_xid_of_its_own_that_the_last_does_not_tell() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let mut client = Client::bound(&bed, &[]);
    for _ in 0..4 {
        client.renew();
        client.signal(Signal::SIGHUP);
        client.wait_for_event("rebound", SOON);
    }

    let mut xids: Vec<u32> = server
        .log()
        .entries()
        .iter()
        .filter(|exchange| !exchange.sent)
        .map(|exchange| exchange.message.xid)
        .collect();
    // DHCPDISCOVER and the DHCPREQUEST after it are one transaction.
    xids.dedup();
    assert_eq!(xids.len(), 9, "{xids:x?}");
    let mut steps: Vec<u32> = xids
        .windows(2)
        .map(|pair| pair[1].wrapping_sub(pair[0]))
        .collect();
    steps.sort_unstable();
    steps.dedup();
    assert_eq!(steps.len(), 8, "{xids:x?}");
    // Random ones are less than 2^16 apart once in thirty thousand times, and twice hardly ever.
    let near = steps
        .iter()
        .filter(|step| (**step).min(step.wrapping_neg()) < 1 << 16);
    assert!(near.count() < 2, "{xids:x?}");
}

// When each sends is for the tests of the machine, which set its clock.
#[test]
fn case_019_two_clients_started_together_have_transactions_of_their_own() {
    let beds = [Testbed::new(), Testbed::new()];
    let sniffers = beds.each_ref().map(Testbed::sniffer);
    let _clients = beds.each_ref().map(|bed| Client::start(bed, &[]));
    let discovers = sniffers.map(|sniffer| sniffer.first_sent(Kind::DISCOVER));
    let [one, two] = discovers.each_ref().map(|frame| frame.dhcp());
    let (one, two) = (one.expect("DHCP"), two.expect("DHCP"));
    assert_ne!(one.xid, two.xid);
    assert_eq!(one.chaddr, two.chaddr, "control: all else is the same");
}
