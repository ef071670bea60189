//! What must hold of probes, announcements and conflicts (RFC 5227), as the wire shows it.

use std::{collections::BTreeMap, net::Ipv4Addr};

use dhcp_proto::{ConflictDetection, Lease, MessageType, Origin};

use crate::support::{arp::Said, sent::Sent};

/// What was seen of it.
pub(super) struct Watch {
    detection: ConflictDetection,
    /// How much happened, since several things happen in one millisecond.
    events: u64,
    /// When each address was probed for, by time and by events.
    probed: BTreeMap<Ipv4Addr, Vec<(u64, u64)>>,
    last_probed: Option<Ipv4Addr>,
    /// When a neighbour last claimed it, by events.
    contested: BTreeMap<Ipv4Addr, u64>,
    /// Every ARP packet of the client's.
    arps: Vec<u64>,
    /// A lease that went because of a conflict, and has not been declined yet.
    owed: Option<Lease>,
    /// When the client last said that there was a conflict.
    setback_at: Option<u64>,
    /// Whether the host has found one.
    by_host: bool,
}

impl Watch {
    pub(super) fn new(detection: ConflictDetection) -> Self {
        Self {
            detection,
            events: 0,
            probed: BTreeMap::new(),
            last_probed: None,
            contested: BTreeMap::new(),
            arps: Vec::new(),
            owed: None,
            setback_at: None,
            by_host: false,
        }
    }

    pub(super) fn last_probed(&self) -> Option<Ipv4Addr> {
        self.last_probed
    }

    /// A neighbour claims the address.
    pub(super) fn contested(&mut self, address: Ipv4Addr) {
        self.events += 1;
        self.contested.insert(address, self.events);
    }

    /// The host finds that somebody has an address.
    pub(super) fn found_by_host(&mut self) {
        self.by_host = true;
    }

    /// The client sent ARP.
    pub(super) fn said(&mut self, said: Said, in_force: Option<Ipv4Addr>, now: u64) {
        match said {
            Said::Probe(address) => {
                self.events += 1;
                let times = self.probed.entry(address).or_default();
                times.push((now, self.events));
                self.last_probed = Some(address);
            }
            // priv would let nothing else out.
            Said::Announcement(address) => assert_eq!(Some(address), in_force),
        }
        self.arps.push(now);
        let in_a_second = self.arps.iter().rev().take_while(|at| now - **at < 1000);
        assert!(in_a_second.count() <= 10, "an ARP storm");
    }

    /// The host is to use an address that it did not have.
    pub(super) fn used(&mut self, lease: &Lease, now: u64) {
        let before_use = match lease.origin {
            Origin::Server => self.detection == ConflictDetection::Full,
            Origin::LinkLocal => true,
            Origin::Inform => false,
        };
        if !before_use {
            return;
        }
        let times = self.probed.get(&lease.address).expect("probes");
        let [(first, event), (second, _), (third, _)] = times[times.len() - 3..] else {
            panic!("fewer than three probes");
        };
        assert!(second - first >= 1_000 && third - second >= 1_000);
        assert!(
            now - third >= 2_000,
            "used {} ms after the last probe",
            now - third
        );
        let contested = self.contested.get(&lease.address);
        let is_past = contested.is_none_or(|contested| *contested < event);
        assert!(is_past, "used in spite of a conflict");
    }

    /// A lease was taken down because of a conflict.
    pub(super) fn gave_up(&mut self, lease: &Lease, is_leased: bool) {
        let heard = self.contested.contains_key(&lease.address);
        assert!(
            heard || self.by_host || self.is_probed_elsewhere(),
            "no conflict"
        );
        let has_lessor =
            lease.origin == Origin::Server && !lease.server_identifier.is_unspecified();
        self.owed = (is_leased && has_lessor).then(|| lease.clone());
    }

    /// Whether the address that was to take its place was somebody's.
    fn is_probed_elsewhere(&self) -> bool {
        self.last_probed
            .is_some_and(|address| self.contested.contains_key(&address))
    }

    pub(super) fn had_setback(&mut self, now: u64) {
        self.setback_at = Some(now);
    }

    /// The client sent a message.
    pub(super) fn sent(&mut self, sent: &Sent, has_lease: bool, now: u64) {
        match sent.message_type {
            MessageType::Decline => {
                self.owed = None;
                let address = sent.requested_address().expect("option 50");
                assert!(sent.server_identifier().is_some() && sent.ciaddr.is_unspecified());
                assert!(self.contested.contains_key(&address) || self.by_host);
            }
            MessageType::Discover | MessageType::Request | MessageType::BootRequest => {
                // Deconfigure, DHCPDECLINE, and ten seconds.
                assert_eq!(self.owed, None, "not declined");
                let waited = self.setback_at.is_none_or(|at| now - at >= 10_000);
                assert!(waited || has_lease, "a message after a conflict");
            }
            // An operator may ask about his address as often as he likes.
            MessageType::Inform
            | MessageType::Offer
            | MessageType::Ack
            | MessageType::Nak
            | MessageType::Release
            | MessageType::ForceRenew
            | MessageType::BootReply => {}
        }
    }
}
