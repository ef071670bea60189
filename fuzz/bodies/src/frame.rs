//! Any octets as a frame, while a client waits for one: nothing panics, little is made of it, and a lease that
//! comes of it is as leases are.

use std::net::Ipv4Addr;

use dhcp_proto::{Action, Config, ConflictDetection, Legacy, Machine, Start, Transmit};
use smoltcp::wire::EthernetAddress;

use crate::{
    lease_of_machine,
    source::Source,
    support::{
        arp::{self, is_arp},
        sent::{Sent, parse, parse_message},
        server::{self, Reply, SERVER},
    },
    transcript::{ADDRESS, Client, MAC},
};

/// Octets of the longest frame that priv hands on.
const LONGEST_FRAME: usize = 2048;

/// The first octet says what the client waits for, the second how its rules are, the third what is around the
/// octets that follow: nothing, or the headers of a server's packet, its message, or one of ARP.
pub fn frame(octets: &[u8]) {
    let mut source = Source::new(octets);
    let stage = source.octet();
    let mut client = Client::with(config(source.octet()), Start::Init);
    let mut last = client.message().sent;
    let exchanged = stage & 3;
    if exchanged > 0 {
        client.hear(&Reply::offer(&last, ADDRESS));
        if let Some(message) = client.messages().pop() {
            last = message.sent;
        }
    }
    if exchanged > 1 {
        client.hear(&Reply::ack(&last, ADDRESS));
    }
    if exchanged > 2 {
        client.elapse(2_000_000);
        if let Some(message) = client.messages().pop() {
            last = message.sent;
        }
    }
    client.actions();
    let frame = dressed(&mut source, &last);
    let checksum_ready = stage & 0x80 != 0;
    hear(&mut client, &frame, checksum_ready);
}

fn config(octet: u8) -> Config {
    let mut config = Config::new(MAC);
    config.conflict_detection = match octet % 3 {
        0 => ConflictDetection::Off,
        1 => ConflictDetection::Fast,
        _ => ConflictDetection::Full,
    };
    config.legacy = match octet & 0x80 {
        0 => Legacy::Refused,
        _ => Legacy::Accepted,
    };
    config.rapid_commit = octet & 0x40 != 0;
    config.forced_renewal = octet & 0x20 != 0;
    if octet & 0x10 != 0 {
        config.parameter_request_list.push(108);
    }
    config
}

fn dressed(source: &mut Source<'_>, last: &Sent) -> Vec<u8> {
    let around = source.octet();
    let mut frame = match around % 4 {
        0 => source.rest().to_vec(),
        1 => packet(source.rest()),
        2 => packet(&message(source, last)),
        _ => {
            let mut frame = vec![0xff; 6];
            frame.extend_from_slice(&[2, 0, 0, 0, 0, 0x33, 0x08, 0x06]);
            frame.extend_from_slice(source.rest());
            frame
        }
    };
    frame.truncate(LONGEST_FRAME);
    frame
}

fn packet(message: &[u8]) -> Vec<u8> {
    let message = &message[..message.len().min(LONGEST_FRAME)];
    server::frame(message, EthernetAddress(MAC), SERVER, Ipv4Addr::BROADCAST)
}

/// A message with the right fixed part, so that its options are read at all.
fn message(source: &mut Source<'_>, last: &Sent) -> Vec<u8> {
    let mut message = vec![2, 1, 6, 0];
    message.extend_from_slice(&last.xid.to_be_bytes());
    message.extend_from_slice(&[0; 8]);
    message.extend_from_slice(&ADDRESS.octets());
    message.extend_from_slice(&[0; 8]);
    message.extend_from_slice(&MAC);
    message.extend_from_slice(&[0; 10]);
    let has_fields = source.chance(64);
    let (sname, file) = match has_fields {
        true => (source.array::<64>(), source.array::<128>()),
        false => ([0; 64], [0; 128]),
    };
    message.extend_from_slice(&sname);
    message.extend_from_slice(&file);
    message.extend_from_slice(&[0x63, 0x82, 0x53, 0x63]);
    message.extend_from_slice(source.rest());
    message
}

/// One input makes at most one message, two ARP packets and three actions, and what leaves is well-formed.
fn hear(client: &mut Client, frame: &[u8], checksum_ready: bool) {
    let now = client.instant();
    let machine: &mut Machine = &mut client.machine;
    let before = machine.counters().frames();
    machine.handle_frame(now, frame, checksum_ready);
    assert_eq!(machine.counters().frames(), before + 1);
    let (mut messages, mut arps, mut actions) = (0, 0, 0);
    loop {
        while let Some(transmit) = machine.poll_transmit(now) {
            match transmit {
                Transmit::Frame(frame) if is_arp(&frame) => {
                    arp::parse(&frame, MAC);
                    arps += 1;
                }
                Transmit::Frame(frame) => {
                    parse(&frame);
                    messages += 1;
                }
                Transmit::Datagram { payload, .. } => {
                    parse_message(&payload);
                    messages += 1;
                }
            }
        }
        let Some(action) = machine.poll_action() else {
            break;
        };
        actions += 1;
        match action {
            Action::Configure { lease, cause: _ } | Action::Update { lease, cause: _ } => {
                lease_of_machine::check(&lease);
                // The host's answer is an input of its own, and this is about the first.
                break;
            }
            Action::Deconfigure { cause: _ } | Action::Setback(_) => {}
        }
    }
    assert!(messages <= 1 && arps <= 2 && actions <= 3);
    assert!(machine.poll_timeout().is_none_or(|at| at > now));
}
