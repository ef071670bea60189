//! Any configuration and any lease, there and back: what the client sends is read by another implementation and
//! says what the configuration says, and what a server says becomes the lease that says the same.

mod given;
mod said;

use std::net::Ipv4Addr;

use dhcp_proto::{
    Command, Config, ConflictDetection, FullName, MessageType, Parameter, Start, Value,
};

use crate::{
    lease_of_machine,
    source::Source,
    support::{
        arp::Heard,
        server::{LEASE_SECONDS, Reply, SERVER},
    },
    transcript::{ADDRESS, Client, MAC},
};

use self::{
    given::{Given, given},
    said::check_said,
};

/// Options that the operator may want to send: his own, those that are not his to send, and some that dhcproto,
/// which reads the message, takes in any length. It asserts the lengths of others.
const SENT: [u8; 24] = [
    224, 225, 230, 240, 250, 254, 43, 60, 77, 12, 124, 125, 0, 50, 52, 53, 54, 55, 57, 61, 80, 82,
    90, 255,
];

/// The octets are the configuration, then the lease, then how it ends.
pub fn encode_round_trip(octets: &[u8]) {
    let mut source = Source::new(octets);
    let config = config(&mut source);
    let given: Vec<Given> = source.list(24, given);
    let next_server = source.address();

    let mut client = Client::with(config.clone(), Start::Init);
    let discover = client.message().sent;
    assert_eq!(discover.message_type, MessageType::Discover);
    check_said(&config, &discover);
    client.hear(&Reply::offer(&discover, ADDRESS));
    let request = client.message().sent;
    assert_eq!(request.requested_address(), Some(ADDRESS));
    assert_eq!(request.server_identifier(), Some(SERVER));
    check_said(&config, &request);

    let mut ack = Reply::ack(&request, ADDRESS);
    ack.options.clear();
    ack.siaddr = next_server;
    for one in &given {
        if ack.options.iter().all(|(code, _)| *code != one.code) {
            ack = ack.with(one.code, &one.octets);
        }
    }
    client.hear(&ack);
    client.actions();
    check_lease(&client, &given, next_server);
    end(&mut source, &config, client);
}

fn config(source: &mut Source<'_>) -> Config {
    let mut config = Config::new(MAC);
    // What is written to the address afterwards is of no concern here, so it is used at once.
    config.conflict_detection = ConflictDetection::Fast;
    let flags = source.octet();
    config.broadcast = flags & 1 != 0;
    config.rapid_commit = flags & 2 != 0;
    config.forced_renewal = flags & 4 != 0;
    if flags & 8 != 0 {
        config.client_identifier = source.octets(255);
    }
    config.host_name = source.option(|source| text(source, 80));
    config.full_name = source.option(|source| FullName {
        flags: source.octet(),
        name: text(source, 80),
    });
    config.vendor_class = source.octets(255);
    config.sent = source.list(8, |source| (source.pick(&SENT), source.octets(255)));
    config.wanted_address = source.option(Source::address);
    config.wanted_seconds = source.option(Source::number32);
    config.maximum_message_size = source.number16();
    if flags & 0x10 != 0 {
        config.parameter_request_list = source.octets(255);
    }
    config
}

fn text(source: &mut Source<'_>, most: u8) -> String {
    String::from_utf8_lossy(&source.octets(most)).into_owned()
}

/// The lease says what was given, in the fields that are acted on as among all parameters.
fn check_lease(client: &Client, given: &[Given], next_server: Ipv4Addr) {
    let lease = client.lease();
    lease_of_machine::check(lease);
    assert_eq!((lease.address, lease.server_identifier), (ADDRESS, SERVER));
    assert_eq!(lease.lease_seconds, Some(LEASE_SECONDS));
    assert_eq!(lease.next_server, next_server);
    let value = |code| given.iter().find(|it| it.code == code).map(|it| &it.value);
    for one in given {
        let found = lease.parameters.iter().find(|it| it.code == one.code);
        let expected = value(one.code).expect("it was given");
        assert_eq!(
            found,
            Some(&Parameter {
                code: one.code,
                value: expected.clone()
            })
        );
    }
    let texts = |code| match value(code) {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let addresses = |code| match value(code) {
        Some(Value::Addresses(addresses)) => addresses.clone(),
        _ => Vec::new(),
    };
    assert_eq!((&lease.host_name, &lease.domain), (&texts(12), &texts(15)));
    assert_eq!(lease.dns, addresses(6));
    assert_eq!(lease.ntp, addresses(42));
    let mtu = match value(26) {
        Some(Value::Numbers(numbers)) => numbers.first().copied(),
        _ => None,
    };
    assert_eq!(lease.mtu.map(i64::from), mtu);
    let search = match value(119) {
        Some(Value::Names(names)) => names.clone(),
        _ => Vec::new(),
    };
    assert_eq!(lease.search, search);
    let mask = addresses(1).first().map(|mask| mask.to_bits().count_ones());
    if let Some(length) = mask {
        assert_eq!(u32::from(lease.prefix_length), length);
    }
    match value(121) {
        // RFC 3442: "the DHCP client MUST ignore the Router option".
        Some(Value::Routes(routes)) => {
            assert_eq!((&lease.routes, &lease.routers), (routes, &Vec::new()));
        }
        _ => assert_eq!(lease.routers, addresses(3)),
    }
}

/// The message that the lease leads to: it is extended, given back, or its address is another host's.
fn end(source: &mut Source<'_>, config: &Config, mut client: Client) {
    client.messages();
    let (expected, requested, server, ciaddr) = match source.octet() % 3 {
        0 => {
            client.elapse(u64::from(LEASE_SECONDS) * 1000 / 2);
            (MessageType::Request, None, None, ADDRESS)
        }
        1 => {
            client.command(Command::Release);
            (MessageType::Release, None, Some(SERVER), ADDRESS)
        }
        _ => {
            client.hear_arp(Heard::reply(ADDRESS));
            let nobody = Ipv4Addr::UNSPECIFIED;
            (MessageType::Decline, Some(ADDRESS), Some(SERVER), nobody)
        }
    };
    let messages = client.messages();
    let [message] = messages.as_slice() else {
        panic!("{messages:?}");
    };
    let sent = &message.sent;
    assert_eq!(sent.message_type, expected);
    assert_eq!(sent.requested_address(), requested);
    assert_eq!(sent.server_identifier(), server);
    assert_eq!(sent.ciaddr, ciaddr);
    check_said(config, sent);
}
