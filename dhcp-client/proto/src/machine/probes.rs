//! Probing: whether another host uses an address already (RFC 5227 section 2.1).

use core::net::Ipv4Addr;

use super::{context::Context, draft::Draft};
use crate::{
    time::{Duration, Instant},
    wire::Arp,
};

/// RFC 5227 section 1.1: "PROBE_WAIT           1 second   (initial random delay)"
pub(super) const PROBE_WAIT: Duration = Duration::from_secs(1);
/// RFC 5227 section 1.1: "PROBE_NUM            3          (number of probe packets)"
const PROBE_NUM: u32 = 3;
/// RFC 5227 section 1.1: "PROBE_MIN            1 second   (minimum delay until repeated probe)"
const PROBE_MIN: Duration = Duration::from_secs(1);
/// RFC 5227 section 1.1: "PROBE_MAX            2 seconds  (maximum delay until repeated probe)"
const PROBE_MAX: Duration = Duration::from_secs(2);
/// RFC 5227 section 1.1: "ANNOUNCE_WAIT        2 seconds  (delay before announcing)"
const ANNOUNCE_WAIT: Duration = Duration::from_secs(2);

/// The probes for one address, and the wait after the last.
#[derive(Debug)]
pub(super) struct Probes {
    address: Ipv4Addr,
    sent: u32,
    next_at: Instant,
}

impl Probes {
    /// The first is sent after `wait`, unless there were too many conflicts of late.
    pub(super) fn begin(address: Ipv4Addr, wait: Duration, context: &mut Context) -> Self {
        let ready = context.after(wait);
        Self {
            address,
            sent: 0,
            next_at: context.conflicts.attempt(ready),
        }
    }

    /// When there is something to do.
    pub(super) fn next_at(&self) -> Instant {
        self.next_at
    }

    /// The next probe, or `None`: RFC 5227 section 2.1.1: "If, by ANNOUNCE_WAIT seconds after the
    /// transmission of the last ARP Probe no conflicting ARP Reply or ARP Probe has been received, then the
    /// host has successfully determined that the desired address may be used safely."
    pub(super) fn fire(&mut self, context: &mut Context) -> Option<Draft> {
        if self.sent >= PROBE_NUM {
            return None;
        }
        self.sent = self.sent.saturating_add(1);
        // RFC 5227 section 2.1.1: "should then send PROBE_NUM probe packets, each of these probe packets
        // spaced randomly and uniformly, PROBE_MIN to PROBE_MAX seconds apart."
        let wait = if self.sent < PROBE_NUM {
            let chance = PROBE_MAX.saturating_sub(PROBE_MIN);
            PROBE_MIN.saturating_add(context.random.up_to(chance))
        } else {
            ANNOUNCE_WAIT
        };
        self.next_at = context.after(wait);
        Some(Draft::Probe {
            address: self.address,
        })
    }

    /// Whether another host has the address, or is about to. RFC 5227 section 2.1.1: "If during this
    /// period, from the beginning of the probing process until ANNOUNCE_WAIT seconds after the last
    /// probe packet is sent, the host receives any ARP packet (Request *or* Reply) on the interface
    /// where the probe is being performed, where the packet's 'sender IP address' is the address being
    /// probed for, then the host MUST treat this address as being in use by some other host", and of a
    /// probe of another host's: "the host SHOULD similarly treat this as an address conflict".
    ///
    /// That `arp` is not this interface's own is the caller's to know.
    pub(super) fn are_contested_by(&self, arp: Arp) -> bool {
        arp.sender_address == self.address || (arp.is_probe() && arp.target_address == self.address)
    }
}
