//! What can happen to a client, as the world in [`World`](super::World) plays it. What happens is made by
//! chance in a test and by a fuzzer elsewhere, so neither is here.

use std::net::Ipv4Addr;

use dhcp_proto::{Applied, Command, Lease, Link, MessageType, Origin};

use crate::{
    support::{sent::Sent, server::Reply},
    transcript::kept_lease,
};

/// The interface's MAC address after a change.
pub(crate) const OTHER_MAC: [u8; 6] = [0x02, 0, 0, 0, 0, 0x22];
/// Another address that servers give.
pub(crate) const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 78);
/// An address that the host gave itself.
pub(crate) const OWN: Ipv4Addr = Ipv4Addr::new(169, 254, 9, 9);
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
    /// Octets that somebody calls a frame.
    Garbage(Vec<u8>),
    /// The link changes.
    Link(Link),
    /// The operator asks for something.
    Command(Command),
    /// What the host will say from now on.
    Host(Applied),
}

/// A server's answer: to what, and how far it is as it should be.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) message_type: MessageType,
    pub(crate) right_xid: bool,
    pub(crate) right_chaddr: bool,
    pub(crate) yiaddr: Ipv4Addr,
    pub(crate) server: Ipv4Addr,
    pub(crate) server_identifier: bool,
    pub(crate) lease_time: Option<u32>,
    pub(crate) times: Option<(u32, u32)>,
    pub(crate) rapid_commit: bool,
    pub(crate) ipv6_only: bool,
    /// Further options by code, none of those above.
    pub(crate) further: Vec<(u8, Vec<u8>)>,
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
        for (code, value) in &self.further {
            reply = reply.with(*code, value);
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

/// A lease without end, from elsewhere than a server.
pub(crate) fn endless(origin: Origin, address: Ipv4Addr) -> Lease {
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
