//! Random sequences of what can happen to a client, weighted so that most of them lead somewhere.

use std::net::Ipv4Addr;

use dhcp_proto::{
    Applied, Command, Config, ConflictDetection, Duration, Legacy, Link, MessageType, Origin, Pace,
    Start,
};
use proptest::prelude::*;

use crate::{
    support::server::SERVER,
    transcript::{ADDRESS, MAC, OTHER_SERVER, kept_lease},
    world::step::{About, Answer, ELSEWHERE, INFINITY, Neighbour, OTHER_MAC, OWN, Step, endless},
};

fn neighbours() -> impl Strategy<Value = Neighbour> {
    let about = prop_oneof![
        2 => Just(About::InForce),
        2 => Just(About::Candidate),
        1 => Just(About::Given),
    ];
    let flags = (prop::bool::weighted(0.3), prop::bool::weighted(0.2));
    (about, flags).prop_map(|(about, (is_probe, is_echo))| Neighbour {
        about,
        is_probe,
        is_echo,
    })
}

pub(crate) fn answers() -> impl Strategy<Value = Answer> {
    let kinds = prop_oneof![
        8 => Just(MessageType::Offer),
        12 => Just(MessageType::Ack),
        2 => Just(MessageType::Nak),
        1 => Just(MessageType::BootReply),
        1 => Just(MessageType::ForceRenew),
    ];
    let addresses = prop_oneof![
        8 => Just(ADDRESS),
        2 => Just(ELSEWHERE),
        1 => Just(Ipv4Addr::LOCALHOST),
    ];
    let servers = prop_oneof![6 => Just(SERVER), 1 => Just(OTHER_SERVER)];
    let lease_times = prop_oneof![
        4 => (0_u32..100_000).prop_map(Some),
        2 => (0_u32..20).prop_map(Some),
        1 => Just(Some(INFINITY)),
        1 => Just(None),
    ];
    let times = prop::option::weighted(0.2, (0_u32..10_000, 0_u32..20_000));
    let flags = (
        prop::bool::weighted(0.95),
        prop::bool::weighted(0.95),
        prop::bool::weighted(0.9),
        prop::bool::weighted(0.3),
        prop::bool::weighted(0.03),
    );
    (kinds, addresses, servers, lease_times, times, flags).prop_map(
        |(message_type, yiaddr, server, lease_time, times, flags)| Answer {
            message_type,
            right_xid: flags.0,
            right_chaddr: flags.1,
            yiaddr,
            server,
            server_identifier: flags.2,
            lease_time,
            times,
            rapid_commit: flags.3,
            ipv6_only: flags.4,
            further: Vec::new(),
        },
    )
}

pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let links = prop_oneof![
        3 => Just(Link::Down),
        6 => Just(Link::Up),
        1 => Just(Link::Mac(OTHER_MAC)),
        1 => Just(Link::Mac(MAC)),
    ];
    let commands = prop_oneof![
        6 => Just(Command::Renew),
        6 => Just(Command::Rebind),
        1 => Just(Command::Release),
        1 => Just(Command::Stop),
    ];
    let hosts = prop_oneof![
        6 => Just(Applied::Done),
        1 => Just(Applied::Refused),
        1 => Just(Applied::InUse),
    ];
    let step = prop_oneof![
        20 => answers().prop_map(Step::Answer),
        10 => Just(Step::Wake),
        4 => (0_u64..200_000).prop_map(Step::Pass),
        1 => (0_u64..10_000_000).prop_map(Step::Sleep),
        3 => neighbours().prop_map(Step::Arp),
        1 => prop::collection::vec(any::<u8>(), 0..400).prop_map(Step::Garbage),
        3 => links.prop_map(Step::Link),
        1 => commands.prop_map(Step::Command),
        2 => hosts.prop_map(Step::Host),
    ];
    prop::collection::vec(step, 1..80)
}

pub(crate) fn starts() -> impl Strategy<Value = Start> {
    let inform = Start::Inform {
        address: ADDRESS,
        prefix_length: 24,
    };
    prop_oneof![
        6 => Just(Start::Init),
        2 => Just(Start::Reboot { address: ADDRESS }),
        2 => Just(Start::Resume(kept_lease())),
        1 => Just(Start::Resume(endless(Origin::LinkLocal, OWN))),
        1 => Just(Start::Resume(endless(Origin::Inform, ADDRESS))),
        1 => Just(inform),
    ]
}

pub(crate) fn configs() -> impl Strategy<Value = Config> {
    let detection = prop_oneof![
        Just(ConflictDetection::Off),
        Just(ConflictDetection::Fast),
        Just(ConflictDetection::Full),
    ];
    let legacy = prop_oneof![
        4 => Just(Legacy::Refused),
        1 => Just(Legacy::Accepted),
        1 => Just(Legacy::Only),
    ];
    let attempt = prop::option::weighted(0.3, 20_u64..200);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (detection, legacy, attempt, flags).prop_map(|(detection, legacy, attempt, flags)| {
        let mut config = Config::new(MAC);
        config.conflict_detection = detection;
        config.legacy = legacy;
        config.pace = Pace {
            attempt: attempt.map(Duration::from_secs),
            pause: Duration::from_secs(7),
            ..Pace::default()
        };
        config.rapid_commit = flags.0;
        config.forced_renewal = flags.1;
        config.link_local_after = flags.2.then_some(Duration::from_secs(5));
        if flags.3 {
            config.parameter_request_list.push(108);
        }
        config
    })
}
