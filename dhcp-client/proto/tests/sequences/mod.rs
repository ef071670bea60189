//! Random sequences of what can happen to a client, weighted so that most of them lead somewhere.

use std::net::Ipv4Addr;

use dhcp_proto::{Applied, Command, Link, MessageType, Start};
use proptest::prelude::*;

use crate::{
    support::{
        sent::Sent,
        server::{Reply, SERVER},
    },
    transcript::{ADDRESS, MAC, OTHER_SERVER, kept_lease},
};

const OTHER_MAC: [u8; 6] = [0x02, 0, 0, 0, 0, 0x22];
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
        match self.times {
            Some((t1, t2)) => reply
                .with(58, &t1.to_be_bytes())
                .with(59, &t2.to_be_bytes()),
            None => reply,
        }
    }
}

pub(crate) fn answers() -> impl Strategy<Value = Answer> {
    let kinds = prop_oneof![
        4 => Just(MessageType::Offer),
        6 => Just(MessageType::Ack),
        1 => Just(MessageType::Nak),
    ];
    let addresses = prop_oneof![
        8 => Just(ADDRESS),
        2 => Just(Ipv4Addr::new(192, 0, 2, 78)),
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
    let step = prop_oneof![
        20 => answers().prop_map(Step::Answer),
        8 => Just(Step::Wake),
        4 => (0_u64..200_000).prop_map(Step::Pass),
        1 => (0_u64..10_000_000).prop_map(Step::Sleep),
        1 => prop::collection::vec(any::<u8>(), 0..400).prop_map(Step::Garbage),
        3 => links.prop_map(Step::Link),
        1 => commands.prop_map(Step::Command),
        2 => prop_oneof![4 => Just(Applied::Done), 1 => Just(Applied::Refused)]
            .prop_map(Step::Host),
    ];
    prop::collection::vec(step, 1..80)
}

pub(crate) fn starts() -> impl Strategy<Value = Start> {
    prop_oneof![
        3 => Just(Start::Init),
        1 => Just(Start::Reboot { address: ADDRESS }),
        1 => Just(Start::Resume(kept_lease())),
    ]
}
