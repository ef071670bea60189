//! What an operator asks of a running client, and what it does when it is told to end.

use std::net::Ipv4Addr;

use calfkit_tests::{
    Client, SOON, Server, Terms, Testbed,
    frame::{Content, Frame},
    message::{Kind, code},
    namespace::RESOLVER_FILE,
    process::Process,
    terms::ADDRESS,
    testbed::{CLIENT_LINK, SERVER_ADDRESS, SERVER_MAC},
};
use nix::sys::signal::Signal;

/// Words of the program as dhcpcd, without what would take time.
const DHCPCD: [&str; 5] = [
    "-B",
    "-f",
    "/run/testbed/dhcpcd.conf",
    "--noarp",
    "--nodelay",
];

/// The program as dhcpcd with a configuration file of this content, in the foreground and with a lease.
fn dhcpcd(bed: &Testbed, configuration: &str) -> Process {
    bed.client.write("/run/testbed/dhcpcd.conf", configuration);
    let client = Client::compat(bed, "dhcpcd", &[&DHCPCD[..], &[CLIENT_LINK]].concat());
    let leased = client
        .stderr()
        .wait_for(SOON, |line| line.contains("leased"));
    assert!(leased.is_some(), "{}", client.stderr_text());
    client
}

/// What such a run is asked from outside; its answer, and whether it said that all went well.
fn ask(bed: &Testbed, words: &[&str]) -> (String, bool) {
    let mut process = Client::compat(bed, "dhcpcd", words);
    let status = process.wait(SOON).expect("an answer");
    let text = [process.stdout(), process.stderr()].map(|lines| lines.entries().join("\n"));
    (text.concat(), status.success())
}

/// Asserts what RFC 2131 table 5 has for DHCPRELEASE, and that it went to the server alone.
#[track_caller]
fn assert_release(frame: Frame) {
    assert_eq!(frame.destination_mac, SERVER_MAC);
    let Content::Dhcp {
        source,
        destination,
        message,
    } = frame.content
    else {
        panic!("not DHCP");
    };
    assert_eq!((source, destination), (ADDRESS, SERVER_ADDRESS));
    assert_eq!(message.ciaddr, ADDRESS);
    assert_eq!(
        message.address_option(code::SERVER_IDENTIFIER),
        Some(SERVER_ADDRESS)
    );
    for code in [
        code::REQUESTED_ADDRESS,
        code::REQUEST_LIST,
        code::LEASE_TIME,
        code::LARGEST_MESSAGE,
    ] {
        assert_eq!(message.option(code), None, "option {code}");
    }
}

#[test]
fn case_061_release_is_unicast_with_address_and_server_and_the_address_goes() {
    let bed = Testbed::new();
    let sniffer = bed.sniffer();
    let before = bed.client.read(RESOLVER_FILE).expect("the testbed made it");
    let _server = Server::start(&bed, Terms::default());
    let mut client = Client::bound(&bed, &[]);

    client.signal(Signal::SIGUSR2);

    client.wait_for_event("released", SOON);
    assert!(client.wait_exit(SOON).success(), "{}", client.said());
    assert_release(sniffer.first_sent(Kind::RELEASE));
    assert_eq!((bed.addresses(), bed.routes()), (vec![], vec![]));
    assert_eq!(bed.client.read(RESOLVER_FILE).expect("it stays"), before);
}

#[test]
fn case_061_k_of_dhcpcd_releases_and_ends_the_run() {
    let bed = Testbed::new();
    let sniffer = bed.sniffer();
    let _server = Server::start(&bed, Terms::default());
    let mut client = dhcpcd(&bed, "");

    let (said, well) = ask(&bed, &["-k", CLIENT_LINK]);

    assert!(well, "{said}");
    assert!(client.wait(SOON).is_some_and(|status| status.success()));
    assert_release(sniffer.first_sent(Kind::RELEASE));
    assert_eq!((bed.addresses(), bed.routes()), (vec![], vec![]));
}

#[test]
fn case_061_after_a_release_the_next_run_begins_with_nothing_in_mind() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let mut client = Client::bound(&bed, &[]);
    client.signal(Signal::SIGUSR2);
    client.wait_exit(SOON);
    let (before, _) = server
        .wait_received(0, Kind::RELEASE, SOON)
        .expect("a DHCPRELEASE");

    let _next = Client::bound(&bed, &[]);

    assert_eq!(
        server.received_kinds(before),
        [Kind::DISCOVER, Kind::REQUEST]
    );
}

#[test]
fn case_062_sigterm_with_persistent_leaves_everything_and_releases_nothing() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let mut client = Client::bound(&bed, &["--persistent"]);
    let state = || {
        (
            bed.routes(),
            bed.client.read(RESOLVER_FILE).expect("it stays"),
        )
    };
    let configured = state();

    client.signal(Signal::SIGTERM);

    assert!(client.wait_exit(SOON).success(), "{}", client.said());
    assert_eq!(bed.addresses()[0].address, ADDRESS);
    assert_eq!(state(), configured);
    assert!(configured.1.contains("nameserver 10.77.0.1"), "control");
    assert_eq!(server.received_kinds(0), [Kind::DISCOVER, Kind::REQUEST]);
}

#[test]
fn case_063_sigterm_removes_everything_and_releases_nothing() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let mut client = dhcpcd(&bed, "");

    client.signal(Signal::SIGTERM);

    assert!(client.wait(SOON).is_some_and(|status| status.success()));
    assert_eq!((bed.addresses(), bed.routes()), (vec![], vec![]));
    assert_eq!(server.received_kinds(0), [Kind::DISCOVER, Kind::REQUEST]);
}

#[test]
fn case_063_sigterm_releases_where_the_configuration_says_so() {
    let bed = Testbed::new();
    let sniffer = bed.sniffer();
    let _server = Server::start(&bed, Terms::default());
    let mut client = dhcpcd(&bed, "release\n");

    client.signal(Signal::SIGTERM);

    assert!(client.wait(SOON).is_some_and(|status| status.success()));
    assert_release(sniffer.first_sent(Kind::RELEASE));
    assert_eq!((bed.addresses(), bed.routes()), (vec![], vec![]));
}

/// The IP destination of the DHCPREQUEST that follows what `act` does to a run of dhcpcd.
fn asked(act: impl FnOnce(&Testbed, &Process)) -> Ipv4Addr {
    let bed = Testbed::new();
    let sniffer = bed.sniffer();
    let _server = Server::start(&bed, Terms::default());
    let client = dhcpcd(&bed, "");
    // Who records is another thread: the first exchange is over when its last message was recorded.
    let recorded = sniffer.wait_for_dhcp(0, Kind::ACK, SOON);
    let (before, _, _) = recorded.expect("the DHCPACK of the lease");

    act(&bed, &client);

    let request = sniffer.wait_for_dhcp(before, Kind::REQUEST, SOON);
    let (_, destination, message) = request.expect("a DHCPREQUEST");
    assert_eq!(message.ciaddr, ADDRESS);
    destination
}

fn well(bed: &Testbed, word: &str) {
    let (said, well) = ask(bed, &[word, CLIENT_LINK]);
    assert!(well, "{word}: {said}");
}

#[test]
fn case_064_sighup_and_n_ask_every_server() {
    let everyone = Ipv4Addr::BROADCAST;
    assert_eq!(asked(|_, run| run.signal(Signal::SIGHUP)), everyone);
    assert_eq!(asked(|bed, _| well(bed, "-n")), everyone);
}

#[test]
fn case_064_sigusr1_and_capital_n_ask_the_leases_server() {
    assert_eq!(asked(|_, run| run.signal(Signal::SIGUSR1)), SERVER_ADDRESS);
    assert_eq!(asked(|bed, _| well(bed, "-N")), SERVER_ADDRESS);
}

#[test]
fn case_064_capital_u_dumps_the_lease_and_asks_nobody() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let _client = dhcpcd(&bed, "option domain_name_servers, domain_name\n");
    let before = server.log().position();

    let (said, well) = ask(&bed, &["-U", CLIENT_LINK]);

    assert!(well, "{said}");
    for line in [
        "ip_address=10.77.0.100",
        "subnet_mask=255.255.255.0",
        "domain_name_servers=10.77.0.1",
        "domain_name=example.test",
        "dhcp_lease_time=3600",
        "dhcp_server_identifier=10.77.0.1",
    ] {
        let there = said.lines().any(|said| said.replace('\'', "") == line);
        assert!(there, "{line} in {said}");
    }
    assert_eq!(server.log().position(), before);
}

#[test]
fn case_065_inform_has_the_address_and_asks_for_no_lease() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let words = [
        "-1",
        "-B",
        "-f",
        "/dev/null",
        "--nodelay",
        "-o",
        "domain_name_servers",
    ];
    let inform = ["-s", "10.77.0.50/24", CLIENT_LINK];

    let mut client = Client::compat(&bed, "dhcpcd", &[&words[..], &inform].concat());
    let status = client.wait(SOON).expect("it ends with the answer");

    assert!(status.success(), "{}", client.stderr_text());
    let address = Ipv4Addr::new(10, 77, 0, 50);
    let inform = server.first(Kind::INFORM);
    assert_eq!(inform.ciaddr, address);
    assert_eq!(inform.option(code::REQUESTED_ADDRESS), None);
    assert_eq!(inform.option(code::LEASE_TIME), None);
    assert_eq!(server.received_kinds(0), [Kind::INFORM]);
    assert_eq!(bed.addresses()[0].address, address);
    let resolver = bed.client.read(RESOLVER_FILE).expect("it stays");
    assert!(resolver.contains("nameserver 10.77.0.1\n"), "{resolver}");
}

#[test]
fn case_065_lease_time_address_and_mask_of_the_answer_mean_nothing() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    server.alter(|reply| {
        reply.yiaddr = ADDRESS;
        reply.set_option(code::LEASE_TIME, [0, 0, 0, 30]);
        reply.set_option(code::SUBNET_MASK, [255, 0, 0, 0]);
        reply.set_option(code::DNS, [10, 77, 0, 9]);
    });
    let words = [
        "-1",
        "-B",
        "-f",
        "/dev/null",
        "--nodelay",
        "-o",
        "domain_name_servers",
    ];
    let inform = ["-s", "10.77.0.50/24", CLIENT_LINK];

    let mut client = Client::compat(&bed, "dhcpcd", &[&words[..], &inform].concat());
    let status = client.wait(SOON).expect("it ends with the answer");

    assert!(status.success(), "{}", client.stderr_text());
    let [own] = &bed.addresses()[..] else {
        panic!("not one address: {:?}", bed.addresses());
    };
    assert_eq!(
        (own.address, own.prefix_length),
        (Ipv4Addr::new(10, 77, 0, 50), 24)
    );
    assert_eq!(own.valid_seconds, None);
    let resolver = bed.client.read(RESOLVER_FILE).expect("it stays");
    assert!(
        resolver.contains("nameserver 10.77.0.9\n"),
        "control: {resolver}"
    );
}
