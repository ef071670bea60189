//! Random sequences of what can happen to a client, weighted so that most of them lead somewhere.

use std::net::Ipv4Addr;

use dhcp_proto::{
    Applied, Command, Config, ConflictDetection, Duration, Lease, Legacy, Link, MessageType,
    Origin, Pace, Start,
};
use proptest::prelude::*;

use crate::{
    support::{
        sent::Sent,
        server::{Reply, SERVER},
    },
    transcript::{ADDRESS, MAC, OTHER_SERVER, kept_lease},
};

const OTHER_MAC: [u8; 6] = [0x02, 0, 0, 0, 0, 0x22];
/// Another address that servers give.
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 78);
/// An address that the host gave itself.
const OWN: Ipv4Addr = Ipv4Addr::new(169, 254, 9, 9);
/// Option 51 of a lease without end.
pub(crate) const INFINITY: u32 = 0xffff_ffff;

/// One thing that happens.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// The machine is woken when it wants to be.
    Wake,
    /// Time passes, with every timer on time.
    Pass(u64),
    /// Time passes, and nobody wakes the machine before the end.
    Sleep(u64),
    /// A server answers the last message.
    Answer(Answer),
    /// A host says something by ARP.
    Arp(Neighbour),
    Garbage(Vec<u8>),
    Link(Link),
    Command(Command),
    /// What the host will say from now on.
    Host(Applied),
}

#[derive(Clone, Debug)]
pub(crate) struct Answer {
    message_type: MessageType,
    right_xid: bool,
    right_chaddr: bool,
    yiaddr: Ipv4Addr,
    server: Ipv4Addr,
    server_identifier: bool,
    lease_time: Option<u32>,
    times: Option<(u32, u32)>,
    rapid_commit: bool,
    ipv6_only: bool,
}

impl Answer {
    /// The answer to this message.
    pub(crate) fn reply(&self, request: &Sent) -> Reply {
        let mut reply = Reply {
            message_type: self.message_type,
            lease_time: self.lease_time,
            ..Reply::ack(request, self.yiaddr).from_server(self.server)
        };
        if !self.right_xid {
            reply.xid ^= 0x8000_0000;
        }
        if !self.right_chaddr {
            reply.chaddr[5] ^= 0x80;
        }
        if !self.server_identifier {
            reply.server_identifier = None;
        }
        if let Some((t1, t2)) = self.times {
            reply = reply
                .with(58, &t1.to_be_bytes())
                .with(59, &t2.to_be_bytes());
        }
        if self.rapid_commit {
            reply = reply.with(80, &[]);
        }
        if self.ipv6_only {
            reply = reply.with(108, &[0, 0, 2, 0]);
        }
        reply
    }
}

/// What a neighbour's ARP packet is about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum About {
    /// The address in force.
    InForce,
    /// The address that was probed for last.
    Candidate,
    /// An address that servers give.
    Given,
}

/// A neighbour's ARP packet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Neighbour {
    pub(crate) about: About,
    /// It would like to have the address; else it has it.
    pub(crate) is_probe: bool,
    /// It is the client's own packet, come back.
    pub(crate) is_echo: bool,
}

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

/// A lease without end, from elsewhere than a server.
fn endless(origin: Origin, address: Ipv4Addr) -> Lease {
    Lease {
        address,
        origin,
        lease_seconds: None,
        renew_at: None,
        rebind_at: None,
        expires_at: None,
        ..kept_lease()
    }
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
