//! The watch over an address that the host has: probing in the background, announcing and defending
//! (RFC 5227 sections 2.3 and 2.4; RFC 3927 section 2.5 says the same of link-local addresses).

use core::net::Ipv4Addr;

use super::{context::Context, draft::Draft, probes::Probes};
use crate::{
    time::{Duration, Instant},
    wire::Arp,
};

/// RFC 5227 section 1.1: "ANNOUNCE_NUM         2          (number of Announcement packets)"
const ANNOUNCE_NUM: u32 = 2;
/// RFC 5227 section 1.1: "ANNOUNCE_INTERVAL    2 seconds  (time between Announcement packets)"
const ANNOUNCE_INTERVAL: Duration = Duration::from_secs(2);
/// RFC 5227 section 1.1: "DEFEND_INTERVAL     10 seconds  (minimum interval between defensive ARPs)"
const DEFEND_INTERVAL: Duration = Duration::from_secs(10);

/// Over one address, as long as it is in force.
#[derive(Debug)]
pub(super) struct Guard {
    address: Ipv4Addr,
    stage: Stage,
    /// Whether the host has said that it has the address. Until then nothing can be sent from it.
    in_use: bool,
    /// The last conflict that was answered.
    contested_at: Option<Instant>,
}

#[derive(Debug)]
enum Stage {
    Probing(Probes),
    /// Nobody else has it; it is announced as soon as the host has it.
    Proven,
    Announcing {
        left: u32,
        next_at: Instant,
    },
    Watching,
}

/// What an ARP packet means for the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contest {
    /// It is about another.
    None,
    /// Somebody else uses it, and is told that it is ours.
    Defended(Draft),
    /// Somebody else uses it, and has it from now on.
    Lost,
}

impl Guard {
    /// Over an address that the host has had for a while.
    pub(super) fn watching(address: Ipv4Addr) -> Self {
        Self {
            address,
            stage: Stage::Watching,
            in_use: true,
            contested_at: None,
        }
    }

    /// Over one that was probed for, and that the host gets now.
    pub(super) fn proven(address: Ipv4Addr) -> Self {
        Self {
            stage: Stage::Proven,
            in_use: false,
            ..Self::watching(address)
        }
    }

    /// Over one that the host gets now, and that is probed for meanwhile.
    pub(super) fn probing(address: Ipv4Addr, context: &mut Context) -> Self {
        Self {
            stage: Stage::Probing(Probes::begin(address, Duration::ZERO, context)),
            in_use: false,
            ..Self::watching(address)
        }
    }

    /// Probes, after `wait`, for an address that the host has all the while: the link was away, and may be
    /// another.
    pub(super) fn probe_again(&mut self, wait: Duration, context: &mut Context) {
        self.stage = Stage::Probing(Probes::begin(self.address, wait, context));
        self.contested_at = None;
    }

    /// The link is gone, and there is nobody to talk to.
    pub(super) fn suspend(&mut self) {
        self.stage = Stage::Watching;
    }

    /// When there is something to send.
    pub(super) fn next_at(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Probing(probes) => Some(probes.next_at()),
            Stage::Announcing { left: _, next_at } => Some(*next_at),
            Stage::Proven | Stage::Watching => None,
        }
    }

    /// What is to be sent now.
    pub(super) fn fire(&mut self, context: &mut Context) -> Option<Draft> {
        match &mut self.stage {
            Stage::Probing(probes) => match probes.fire(context) {
                Some(probe) => Some(probe),
                None => {
                    self.stage = Stage::Proven;
                    self.announce_if_in_use(context.now);
                    None
                }
            },
            // RFC 5227 section 2.3: "Having probed to determine that a desired address may be used
            // safely, a host implementing this specification MUST then announce that it is commencing
            // to use this address by broadcasting ANNOUNCE_NUM ARP Announcements, spaced
            // ANNOUNCE_INTERVAL seconds apart." RFC 2131 section 4.4.1: "The client SHOULD broadcast an
            // ARP reply to announce the client's new IP address and clear any outdated ARP cache
            // entries in hosts on the client's subnet."; since RFC 5227 it is a request.
            Stage::Announcing { left, next_at } => {
                *left = left.saturating_sub(1);
                *next_at = context.after(ANNOUNCE_INTERVAL);
                if *left == 0 {
                    self.stage = Stage::Watching;
                }
                Some(self.announcement())
            }
            Stage::Proven | Stage::Watching => None,
        }
    }

    /// The host has the address.
    pub(super) fn put_in_use(&mut self, now: Instant) {
        self.in_use = true;
        self.announce_if_in_use(now);
    }

    fn announce_if_in_use(&mut self, now: Instant) {
        if self.in_use && matches!(self.stage, Stage::Proven) {
            self.stage = Stage::Announcing {
                left: ANNOUNCE_NUM,
                next_at: now,
            };
        }
    }

    /// That `arp` is not this interface's own is the caller's to know.
    pub(super) fn hears(&mut self, arp: Arp, now: Instant) -> Contest {
        if let Stage::Probing(probes) = &self.stage
            && probes.are_contested_by(arp)
        {
            return Contest::Lost;
        }
        // RFC 5227 section 2.4: "At any time, if a host receives an ARP packet (Request *or* Reply)
        // where the 'sender IP address' is (one of) the host's own IP address(es) configured on that
        // interface, but the 'sender hardware address' does not match any of the host's own interface
        // addresses, then this is a conflicting ARP packet, indicating some other host also thinks it
        // is validly using this address."
        if arp.sender_address != self.address {
            return Contest::None;
        }
        // RFC 5227 section 2.4 (b): "However, if this is not the first conflicting ARP packet the host
        // has seen, and the time recorded for the previous conflicting ARP packet is recent, within
        // DEFEND_INTERVAL seconds, then the host MUST immediately cease using this address and signal
        // an error to the configuring agent as described above." What is not in use cannot be defended.
        let is_recent = |at: Instant| now.saturating_since(at) <= DEFEND_INTERVAL;
        if !self.in_use || self.contested_at.is_some_and(is_recent) {
            return Contest::Lost;
        }
        // RFC 5227 section 2.4: "To resolve the address conflict, a host MUST respond to a conflicting
        // ARP packet as described in either (a), (b), or (c) below". RFC 5227 section 2.4: "A host
        // wishing to provide reliable network operation MUST respond to conflicting ARP packets as
        // described in (a), (b), or (c) above."; this is (b): "it MAY elect to attempt to defend its
        // address by recording the time that the conflicting ARP packet was received, and then
        // broadcasting one single ARP Announcement".
        self.contested_at = Some(now);
        Contest::Defended(self.announcement())
    }

    fn announcement(&self) -> Draft {
        Draft::Announce {
            address: self.address,
        }
    }
}
