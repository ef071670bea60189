//! Any sequence of what can happen to a client, in the world that watches it: the same world as in
//! dhcp-proto's own tests, which are by chance where these are by coverage.

use std::net::Ipv4Addr;

use dhcp_proto::{
    Applied, Command, Config, ConflictDetection, Duration, Legacy, Link, MessageType, Origin, Pace,
    Start,
};

use crate::{
    source::Source,
    support::server::SERVER,
    transcript::{ADDRESS, MAC, OTHER_SERVER, kept_lease},
    world::{
        World,
        step::{About, Answer, ELSEWHERE, INFINITY, Neighbour, OTHER_MAC, OWN, Step, endless},
    },
};

/// Steps of one run; more say nothing new and only take time.
const MOST_STEPS: usize = 128;

/// The first octets are the configuration and the beginning, the rest are steps.
pub fn machine(octets: &[u8]) {
    let mut source = Source::new(octets);
    let config = config(&mut source);
    let start = start(&mut source);
    let seed = [source.octet(); 32];
    let mut world = World::new(config, start, seed);
    for _ in 0..MOST_STEPS {
        if source.is_empty() {
            break;
        }
        let step = step(&mut source);
        world.run(&step);
    }
}

fn config(source: &mut Source<'_>) -> Config {
    let mut config = Config::new(MAC);
    let (rules, flags) = (source.octet(), source.octet());
    config.conflict_detection = match rules % 3 {
        0 => ConflictDetection::Off,
        1 => ConflictDetection::Fast,
        _ => ConflictDetection::Full,
    };
    config.legacy = match rules >> 5 {
        0 => Legacy::Accepted,
        1 => Legacy::Only,
        _ => Legacy::Refused,
    };
    let attempt = (flags & 0x10 != 0).then(|| Duration::from_secs(20 + u64::from(flags >> 5) * 25));
    config.pace = Pace {
        attempt,
        pause: Duration::from_secs(7),
        ..Pace::default()
    };
    config.rapid_commit = flags & 1 != 0;
    config.forced_renewal = flags & 2 != 0;
    config.link_local_after = (flags & 4 != 0).then_some(Duration::from_secs(5));
    if flags & 8 != 0 {
        config.parameter_request_list.push(108);
    }
    config
}

fn start(source: &mut Source<'_>) -> Start {
    match source.octet() % 6 {
        1 => Start::Reboot { address: ADDRESS },
        2 => Start::Resume(kept_lease()),
        3 => Start::Resume(endless(Origin::LinkLocal, OWN)),
        4 => Start::Resume(endless(Origin::Inform, ADDRESS)),
        5 => Start::Inform {
            address: ADDRESS,
            prefix_length: 24,
        },
        _ => Start::Init,
    }
}

fn step(source: &mut Source<'_>) -> Step {
    match source.octet() % 32 {
        0..=4 => Step::Wake,
        5 | 6 => Step::Pass(u64::from(source.number32() % 200_000)),
        7 => Step::Sleep(u64::from(source.number32() % 10_000_000)),
        8..=10 => Step::Arp(neighbour(source)),
        11 => Step::Garbage(source.octets(255)),
        12..=14 => {
            Step::Link(source.pick(&[Link::Up, Link::Down, Link::Mac(OTHER_MAC), Link::Mac(MAC)]))
        }
        15 => Step::Command(source.pick(&[
            Command::Renew,
            Command::Rebind,
            Command::Release,
            Command::Stop,
        ])),
        16 | 17 => Step::Host(source.pick(&[Applied::Done, Applied::Refused, Applied::InUse])),
        // The answer that leads on, in one octet.
        18..=20 => Step::Answer(plain(MessageType::Offer)),
        21..=24 => Step::Answer(plain(MessageType::Ack)),
        _ => Step::Answer(answer(source)),
    }
}

fn neighbour(source: &mut Source<'_>) -> Neighbour {
    let octet = source.octet();
    Neighbour {
        about: match octet % 3 {
            0 => About::InForce,
            1 => About::Candidate,
            _ => About::Given,
        },
        is_probe: octet & 0x80 != 0,
        is_echo: octet & 0x40 != 0,
    }
}

fn plain(message_type: MessageType) -> Answer {
    Answer {
        message_type,
        right_xid: true,
        right_chaddr: true,
        yiaddr: ADDRESS,
        server: SERVER,
        server_identifier: true,
        lease_time: Some(3600),
        times: None,
        rapid_commit: false,
        ipv6_only: false,
        further: Vec::new(),
    }
}

fn answer(source: &mut Source<'_>) -> Answer {
    let (flags, more) = (source.octet(), source.octet());
    Answer {
        message_type: source.pick(&[
            MessageType::Offer,
            MessageType::Ack,
            MessageType::Nak,
            MessageType::BootReply,
            MessageType::ForceRenew,
        ]),
        right_xid: flags & 0x0f != 1,
        right_chaddr: flags & 0x0f != 2,
        yiaddr: match flags >> 5 {
            0 => ELSEWHERE,
            1 => Ipv4Addr::LOCALHOST,
            _ => ADDRESS,
        },
        server: if flags & 0x10 == 0 {
            SERVER
        } else {
            OTHER_SERVER
        },
        server_identifier: more & 0x0f != 1,
        lease_time: match more >> 6 {
            0 => Some(source.number32() % 100_000),
            1 => Some(u32::from(source.octet()) % 20),
            2 => Some(INFINITY),
            _ => None,
        },
        times: (more & 0x0f > 12).then(|| (source.number32() % 10_000, source.number32() % 20_000)),
        rapid_commit: more & 0x10 != 0,
        ipv6_only: more & 0x0f == 2,
        further: match more & 0x20 {
            0 => Vec::new(),
            _ => source.list(4, further),
        },
    }
}

/// An option that the model of the world does not look at.
fn further(source: &mut Source<'_>) -> (u8, Vec<u8>) {
    let code = match source.octet() {
        // Pad, end, and what decides of the lease or of who may give it.
        0 | 50..=55 | 57..=59 | 61 | 255 => 43,
        code => code,
    };
    (code, source.octets(64))
}
