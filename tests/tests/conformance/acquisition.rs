//! The answers that make a first lease, and what comes of them.

use std::{net::Ipv4Addr, os::fd::AsFd as _};

use calfkit_tests::{
    Client, SOON, Server, Terms, Testbed,
    frame::{BROADCAST_MAC, Content, Frame, checksums_are_right},
    message::{self, Kind, Message, code},
    namespace::RESOLVER_FILE,
    process::Process,
    server::{Decision, reply_frame, reply_frame_of},
    sniffer::Sniffer,
    terms::ADDRESS,
    testbed::{CLIENT_LINK, CLIENT_MAC, SERVER_ADDRESS, SERVER_LINK},
};
use nix::sys::socket::{setsockopt, sockopt};

#[test]
fn case_008_ack_configures_address_routes_and_resolvers_and_says_so() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let mut command = bed.client.command(Client::program());
    command.args(["--once", CLIENT_LINK]);
    let mut client = Process::start(command);
    let status = client.wait(SOON).expect("it ends with its lease");

    assert!(status.success(), "{}", client.stderr_text());
    let said = client.stderr_text();
    let line = "eth0: leased 10.77.0.100 for 3600 seconds from 10.77.0.1";
    assert!(said.contains(line), "{said}");
    let address = &bed.addresses()[0];
    assert_eq!((address.address, address.prefix_length), (ADDRESS, 24));
    assert!(address.valid_seconds.is_some_and(|left| left <= 3600));
    let text = bed.client.ip("-4 address show dev eth0");
    assert!(text.contains("brd 10.77.0.255"), "{text}");
    let metric = 1000 + bed.index();
    let routes: Vec<_> = bed
        .routes()
        .into_iter()
        .map(|route| {
            (
                route.destination,
                route.gateway,
                route.protocol,
                route.metric,
            )
        })
        .collect();
    let dhcp = || "dhcp".to_owned();
    assert_eq!(
        routes,
        [
            ("default".to_owned(), Some(SERVER_ADDRESS), dhcp(), metric),
            ("10.77.0.0/24".to_owned(), None, dhcp(), metric),
        ]
    );
    let resolver = bed.client.read(RESOLVER_FILE).expect("the testbed made it");
    assert!(
        resolver.ends_with("search example.test\nnameserver 10.77.0.1\n"),
        "{resolver}"
    );
}

/// Where the server's messages of this kind went, by hardware address and by IP.
fn destinations(sniffer: &Sniffer, kind: Kind) -> Vec<([u8; 6], Ipv4Addr)> {
    let of_server = |frame: &Frame| match &frame.content {
        Content::Dhcp {
            destination,
            message,
            ..
        } if frame.from_server && message.kind() == kind => {
            Some((frame.destination_mac, *destination))
        }
        Content::Dhcp { .. } | Content::Arp { .. } | Content::Icmp { .. } | Content::Other => None,
    };
    // Who records is another thread than who says that the lease is there.
    let recorded = sniffer.wait_for_dhcp(0, kind, SOON);
    assert!(recorded.is_some(), "no {}", kind.name());
    sniffer
        .frames()
        .entries()
        .iter()
        .filter_map(of_server)
        .collect()
}

#[test]
fn case_009_unicast_answers_to_the_address_to_be_are_accepted() {
    let bed = Testbed::new();
    let sniffer = bed.sniffer();
    let _server = Server::start(&bed, Terms::default());
    let _client = Client::bound(&bed, &[]);
    for kind in [Kind::OFFER, Kind::ACK] {
        assert_eq!(destinations(&sniffer, kind), [(CLIENT_MAC, ADDRESS)]);
    }
}

#[test]
fn case_010_broadcast_answers_are_accepted() {
    let bed = Testbed::new();
    let sniffer = bed.sniffer();
    let server = Server::start(&bed, Terms::default());
    server.alter(|reply| reply.flags = 0x8000);
    let _client = Client::bound(&bed, &[]);
    for kind in [Kind::OFFER, Kind::ACK] {
        assert_eq!(
            destinations(&sniffer, kind),
            [(BROADCAST_MAC, Ipv4Addr::BROADCAST)]
        );
    }
}

/// A lease from a server whose frames have this instead of their UDP checksum.
fn with_checksum(bed: &Testbed, change: impl Fn([u8; 2]) -> [u8; 2] + Send + 'static) -> Client {
    let server = Server::start(bed, Terms::default());
    server.hook(move |_, usual| {
        let Some(usual) = usual else {
            return Decision::Usual;
        };
        let mut frame = reply_frame(usual);
        let sum = change([frame[40], frame[41]]);
        frame[40..42].copy_from_slice(&sum);
        Decision::Frames(vec![frame])
    });
    let mut client = Client::start(bed, &["--once", "--timeout", "1"]);
    client.wait_exit(SOON);
    client
}

#[test]
fn case_011_a_wrong_udp_checksum_is_ignored() {
    let bed = Testbed::new();
    // Never 0, which would mean that there is none.
    let client = with_checksum(&bed, |[high, low]| [high ^ 0x55, low | 1]);
    assert_eq!(bed.addresses(), []);
    let why = client.said();
    assert!(why.contains("bad UDP checksum"), "{why}");
}

#[test]
fn case_011_udp_checksum_zero_is_none() {
    let bed = Testbed::new();
    let client = with_checksum(&bed, |_| [0, 0]);
    assert_eq!(bed.addresses().len(), 1, "{}", client.said());
}

#[test]
fn case_011_a_udp_checksum_that_the_kernel_left_unfinished_is_not_looked_at() {
    let bed = Testbed::new();
    let sniffer = bed.sniffer();
    let socket = bed.server.run(|| {
        let socket = std::net::UdpSocket::bind("0.0.0.0:67").expect("no server runs");
        socket.set_broadcast(true).expect("a socket may broadcast");
        let link = SERVER_LINK.into();
        setsockopt(&socket.as_fd(), sockopt::BindToDevice, &link).expect("the link is there");
        socket
    });
    socket.set_read_timeout(Some(SOON)).expect("not zero");
    let mut client = Client::start(&bed, &["--once"]);
    let mut answered = Kind::OFFER;
    while answered != Kind::ACK {
        let mut buffer = [0; 1500];
        let length = socket.recv(&mut buffer).expect("a message of the client");
        let message = Message::decode(&buffer[..length]).expect("a whole one");
        if message.kind() == Kind::REQUEST {
            answered = Kind::ACK;
        }
        let reply = Terms::default().grant(&message, answered);
        socket
            .send_to(&reply.encode(), "255.255.255.255:68")
            .expect("the link is up");
    }

    assert!(client.wait_exit(SOON).success(), "{}", client.said());
    let recorded = sniffer.wait_for_dhcp(0, Kind::ACK, SOON);
    assert!(recorded.is_some(), "no ACK");
    let frames = sniffer.frames().entries();
    let answers: Vec<_> = frames
        .iter()
        .filter(|frame| frame.from_server && frame.dhcp().is_some())
        .collect();
    assert!(answers.len() >= 2);
    assert!(
        answers
            .iter()
            .all(|frame| !checksums_are_right(&frame.bytes)),
        "control"
    );
}

#[test]
fn case_012_short_answers_are_accepted_and_nothing_after_their_end_is_read() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    server.hook(|_, usual| {
        let Some(usual) = usual else {
            return Decision::Usual;
        };
        let short = Message {
            options: usual
                .options
                .iter()
                .filter(|(code, _)| *code != code::DOMAIN)
                .cloned()
                .collect(),
            ..usual.clone()
        };
        let area: Vec<u8> = short
            .options
            .iter()
            .flat_map(|(code, value)| message::option(*code, value))
            .collect();
        // Another domain where no option is any more.
        let area = [&area[..], &[code::END], b"\x0f\x04evil"].concat();
        let payload = short.encode_with(&area, &[], &[]);
        assert!(payload.len() < 300, "control: {}", payload.len());
        Decision::Frames(vec![reply_frame_of(&short, &payload)])
    });
    let mut client = Client::start(&bed, &["--once"]);
    let bound = client.wait_for_event("bound", SOON);
    assert_eq!(bound["domain"], serde_json::Value::Null);
    assert_eq!(bound["dns"], serde_json::json!(["10.77.0.1"]));
}
