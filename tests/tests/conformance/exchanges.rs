//! Options that decide whether there is a lease at all, who the host is, and when it renews.

use std::net::Ipv4Addr;

use calfkit_tests::{
    Client, SOON, Server, Status, Terms, Testbed,
    frame::{Endpoint, udp},
    message::{Kind, Message, code},
    process::Process,
    server::reply_frame_of,
    terms::ADDRESS,
    testbed::{CLIENT_LINK, CLIENT_MAC, SERVER_ADDRESS},
};

/// A server whose every answer prefers hosts that do without IPv4.
fn preferring_ipv6(bed: &Testbed) -> Server {
    let server = Server::start(bed, Terms::default());
    server.alter(|reply| reply.set_option(code::IPV6_ONLY, [0, 0, 7, 8]));
    server
}

#[test]
fn case_074_a_network_that_prefers_ipv6_gets_no_request_from_a_host_that_can() {
    let bed = Testbed::new();
    let server = preferring_ipv6(&bed);
    let client = Client::start(&bed, &["--request", "108"]);

    let status = Status::wait_for(&bed, SOON, |status| status.counter("received.OFFER") == 1);

    let rests = Status::wait_for(&bed, SOON, |status| status.state() != "SELECTING");
    assert_eq!(server.received_kinds(0), [Kind::DISCOVER], "{status:?}");
    assert_eq!((bed.addresses(), bed.routes()), (vec![], vec![]));
    let names = client.event_names();
    assert!(
        !names.contains(&"bound".to_owned()),
        "{names:?} in {rests:?}"
    );
    let list = server.first(Kind::DISCOVER);
    let list = list.option(code::REQUEST_LIST).expect("it asks");
    assert!(list.contains(&code::IPV6_ONLY));
}

#[test]
fn case_074_to_a_host_that_cannot_it_is_a_network_like_any_other() {
    let bed = Testbed::new();
    let server = preferring_ipv6(&bed);

    let _client = Client::bound(&bed, &[]);

    assert_eq!(bed.addresses()[0].address, ADDRESS);
    let list = server.first(Kind::DISCOVER);
    let list = list.option(code::REQUEST_LIST).expect("it asks");
    assert!(!list.contains(&code::IPV6_ONLY), "control");
}

/// The name that a host has after a lease with this one, where it had `before`: in a host of its own, or the
/// machine would be renamed.
fn name_after_lease_of(given: &str, before: &str) -> String {
    let bed = Testbed::new();
    let terms = Terms {
        domain: None,
        further: vec![(code::HOST_NAME, given.into())],
        ..Terms::default()
    };
    let _server = Server::start(&bed, terms);
    let program = Client::program().into_string().expect("a path in UTF-8");
    let words = "compat dhcpcd -1 -B -f /dev/null --noarp --nodelay -o host_name";
    let script =
        format!("hostname {before} && {program} {words} {CLIENT_LINK} >&2 && exec hostname");
    let mut command = bed.client.command("unshare");
    command.args(["--uts", "--", "sh", "-c", &script]);
    let mut process = Process::start(command);
    let status = process.wait(SOON).expect("it ends with its lease");
    assert!(status.success(), "{}", process.stderr_text());
    assert_eq!(bed.addresses()[0].address, ADDRESS);
    process.stdout().entries().concat()
}

#[test]
fn case_075_a_host_without_a_name_takes_that_of_the_lease_and_one_with_a_name_keeps_it() {
    assert_eq!(name_after_lease_of("leased", "localhost"), "leased");
    assert_eq!(name_after_lease_of("leased", "own"), "own");
}

#[test]
fn case_075_a_name_that_is_none_is_not_taken() {
    for given in [
        "$(reboot)",
        "a b",
        "a\nb",
        "-a",
        "../a",
        "a\0b",
        "\x1b[2J",
        "a;b",
    ] {
        let name = name_after_lease_of(given, "localhost");
        assert_eq!(name, "localhost", "{given:?}");
    }
}

/// The secret that the server gives with its lease.
const NONCE: [u8; 16] = *b"sixteen octets!!";
/// HMAC-MD5 (RFC 2104) with that secret over [`force`] with replay values 101 and 102 and a digest of zeros,
/// which another program than this reckoned.
const DIGESTS: [(u64, [u8; 16]); 2] = [
    (
        101,
        [
            0xa8, 0x22, 0x7f, 0xc1, 0xd9, 0x38, 0x5e, 0xcd, 0xba, 0x9a, 0x94, 0xa4, 0xb4, 0x16,
            0x1c, 0x17,
        ],
    ),
    (
        102,
        [
            0x42, 0x6d, 0xcc, 0x5f, 0x29, 0xe9, 0x4a, 0xa5, 0x7d, 0x41, 0x00, 0x3c, 0xba, 0xdb,
            0x4e, 0x7e,
        ],
    ),
];

/// Option 90 of RFC 6704: protocol, algorithm, replay detection method, replay value, type, value.
fn authentication(replay: u64, kind: u8, value: [u8; 16]) -> Vec<u8> {
    [&[3, 1, 0][..], &replay.to_be_bytes(), &[kind], &value].concat()
}

/// A DHCPFORCERENEW, always the same but for what proves where it comes from.
fn force(option: Option<Vec<u8>>) -> Message {
    let mut message = Message {
        op: 2,
        xid: 0xdead_beef,
        secs: 0,
        flags: 0,
        ciaddr: ADDRESS,
        yiaddr: Ipv4Addr::UNSPECIFIED,
        siaddr: Ipv4Addr::UNSPECIFIED,
        giaddr: Ipv4Addr::UNSPECIFIED,
        chaddr: CLIENT_MAC,
        options: vec![
            (code::MESSAGE_TYPE, vec![Kind::FORCE_RENEW.0]),
            (code::SERVER_IDENTIFIER, SERVER_ADDRESS.octets().to_vec()),
        ],
    };
    message
        .options
        .extend(option.map(|value| (code::AUTHENTICATION, value)));
    message
}

fn signed(replay: u64, digest: [u8; 16]) -> Message {
    force(Some(authentication(replay, 2, digest)))
}

/// A run of dhcpcd that has a lease, and with it the server's secret.
struct Trusting {
    bed: Testbed,
    server: Server,
    client: Process,
}

impl Trusting {
    fn new() -> Self {
        let bed = Testbed::new();
        let server = Server::start(&bed, Terms::default());
        server.alter(|reply| {
            if reply.kind() == Kind::ACK {
                reply.set_option(code::AUTHENTICATION, authentication(100, 1, NONCE));
            }
        });
        let words = ["-B", "-f", "/dev/null", "--noarp", "--nodelay", CLIENT_LINK];
        let client = Client::compat(&bed, "dhcpcd", &words);
        let leased = client
            .stderr()
            .wait_for(SOON, |line| line.contains("leased"));
        assert!(leased.is_some(), "{}", client.stderr_text());
        // From here on as RFC 6704 section 3.1.3 has it: not in the answer to a renewal.
        server.unhook();
        Self {
            bed,
            server,
            client,
        }
    }

    fn send(&self, message: &Message) {
        self.server
            .inject(&reply_frame_of(message, &message.encode()));
    }

    /// Waits until so many were ignored for this reason.
    fn assert_ignored(&self, reason: &str, times: u64) {
        let name = format!("discarded.FORCERENEW.{reason}");
        let _counted = Status::wait_for(&self.bed, SOON, |it| it.counter(&name) == times);
    }

    /// Waits until the client has renewed so often, and rests again.
    fn assert_renewed(&self, times: usize) {
        let acks = u64::try_from(times + 1).expect("few");
        let _rests = Status::wait_for(&self.bed, SOON, |it| {
            it.counter("received.ACK") == acks && it.state() == "BOUND"
        });
        let kinds = self.server.received_kinds(0);
        let expected = [&[Kind::DISCOVER][..], &vec![Kind::REQUEST; times + 1]].concat();
        assert_eq!(kinds, expected, "{}", self.client.stderr_text());
    }
}

#[test]
fn case_077_a_forced_renewal_that_is_signed_and_fresh_renews_and_a_replay_does_not() {
    let run = Trusting::new();
    let [(first, digest), (second, later)] = DIGESTS;
    let discover = run.server.first(Kind::DISCOVER);
    assert!(
        discover.option(code::NONCE_CAPABLE).is_some(),
        "it said that it can"
    );

    run.send(&signed(first, digest));
    run.assert_renewed(1);
    let renewal = run.server.log().entries();
    let renewal = renewal
        .iter()
        .rfind(|seen| !seen.sent)
        .expect("a DHCPREQUEST");
    assert_eq!((renewal.peer, renewal.message.ciaddr), (ADDRESS, ADDRESS));

    run.send(&signed(first, digest));
    run.assert_ignored("replayed", 1);
    run.assert_renewed(1);

    run.send(&signed(second, later));
    run.assert_renewed(2);
    run.send(&signed(first, digest));
    run.assert_ignored("replayed", 2);
    run.assert_renewed(2);
}

#[test]
fn case_077_a_forced_renewal_that_is_not_what_was_signed_renews_nothing() {
    let run = Trusting::new();
    let [(replay, digest), _] = DIGESTS;
    let mut wrong = digest;
    wrong[15] ^= 1;
    run.send(&signed(replay, wrong));
    run.send(&signed(replay + 1, digest));
    run.send(&Message {
        secs: 1,
        ..signed(replay, digest)
    });
    run.assert_ignored("wrong signature", 3);
    run.send(&force(None));
    run.send(&force(Some(authentication(replay, 1, NONCE))));
    run.assert_ignored("not signed", 2);
    let good = signed(replay, digest).encode();
    run.server
        .inject(&udp(Endpoint::SERVER, Endpoint::CLIENTS, &good));
    run.assert_ignored("not unicast to the leased address", 1);
    run.assert_renewed(0);

    // Control: all else about them was right.
    run.send(&signed(replay, digest));
    run.assert_renewed(1);
}

#[test]
fn cve_2020_13529_forced_renewals_that_nobody_signed_renew_nothing() {
    let run = Trusting::new();
    for xid in [0, 1, u32::MAX] {
        for _ in 0..10 {
            run.send(&Message { xid, ..force(None) });
        }
    }
    run.assert_ignored("not signed", 30);
    run.assert_renewed(0);
    // Nor is what comes after them lost.
    let [(replay, digest), _] = DIGESTS;
    run.send(&signed(replay, digest));
    run.assert_renewed(1);
}

#[test]
fn dhcpcd_june_2026_authentication_cut_short_renews_nothing() {
    let run = Trusting::new();
    let [(replay, digest), _] = DIGESTS;
    let whole = authentication(replay, 2, digest);
    for length in 0..whole.len() {
        run.send(&force(Some(whole[..length].to_vec())));
    }
    run.send(&force(Some([&whole[..], &[0]].concat())));
    run.assert_ignored("not signed", 29);
    run.assert_renewed(0);
}

// RFC 6704 section 3.1.2 has the secret in the first DHCPACK; without one nobody can prove anything.
#[test]
fn case_077_without_a_secret_no_forced_renewal_is_believed() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let words = ["-B", "-f", "/dev/null", "--noarp", "--nodelay", CLIENT_LINK];
    let client = Client::compat(&bed, "dhcpcd", &words);
    let leased = client
        .stderr()
        .wait_for(SOON, |line| line.contains("leased"));
    assert!(leased.is_some(), "{}", client.stderr_text());
    let [(replay, digest), _] = DIGESTS;
    let message = signed(replay, digest);
    server.inject(&reply_frame_of(&message, &message.encode()));
    let _counted = Status::wait_for(&bed, SOON, |status| {
        status.counter("discarded.FORCERENEW.no nonce") == 1
    });
    assert_eq!(server.received_kinds(0), [Kind::DISCOVER, Kind::REQUEST]);
}
