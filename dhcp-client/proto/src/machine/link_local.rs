//! An address that the host gives itself while no server gives one (RFC 3927): sought beside the
//! acquisition, which takes no notice of it. RFC 3927 section 1.9: "A host MUST NOT alter its behavior
//! and use of other protocols such as DHCP because the host has assigned an IPv4 Link-Local address to
//! an interface."

use alloc::{boxed::Box, vec::Vec};
use core::net::Ipv4Addr;

use super::{
    context::Context,
    draft::Draft,
    probes::{PROBE_WAIT, Probes},
    random::siphash,
};
use crate::{
    lease::{Lease, Origin},
    time::{Duration, Instant},
    wire::Arp,
};

/// 169.254.0.0.
const NETWORK: u32 = 0xa9fe_0000;
const PREFIX_LENGTH: u8 = 16;
/// RFC 3927 section 2.1: "The first 256 and last 256 addresses in the 169.254/16 prefix are reserved for
/// future use and MUST NOT be selected by a host using this dynamic configuration mechanism."
const FIRST_HOST: u32 = 0x0100;
const HOSTS: u64 = 0xff00 - 0x0100;

/// Whether an address is one that hosts give themselves.
pub(super) fn is_link_local(address: Ipv4Addr) -> bool {
    address.to_bits() & 0xffff_0000 == NETWORK
}

/// Whether a host may take it.
fn is_candidate(address: Ipv4Addr) -> bool {
    let [_, _, third, _] = address.octets();
    is_link_local(address) && (1..=254).contains(&third)
}

/// Which addresses an interface tries, in turn.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    remembered: Option<Ipv4Addr>,
    turn: u32,
}

impl Candidates {
    /// RFC 3927 section 2.1: "On booting, hosts with a previously recorded address SHOULD use that
    /// address as their first candidate when probing."
    pub(super) fn remember(&mut self, address: Ipv4Addr) {
        self.remembered = Some(address).filter(|address| is_candidate(*address));
    }

    /// The address that the interface with this MAC address tries now.
    fn current(&self, mac: [u8; 6]) -> Ipv4Addr {
        self.remembered.unwrap_or_else(|| candidate(mac, self.turn))
    }

    /// It is another host's.
    fn next(&mut self) {
        if self.remembered.take().is_none() {
            self.turn = self.turn.wrapping_add(1);
        }
    }
}

/// The `turn`-th address of the interface with this MAC address. RFC 3927 section 2.1: "The
/// pseudo-random number generation algorithm MUST be chosen so that different hosts do not generate the
/// same sequence of numbers.", and "If the host has access to persistent information that is different
/// for each host, such as its IEEE 802 MAC address, then the pseudo-random number generator SHOULD be
/// seeded using a value derived from this information." So it is the same address after each restart.
fn candidate(mac: [u8; 6], turn: u32) -> Ipv4Addr {
    let [a, b, c, d, e, f] = mac;
    let key = [u64::from_be_bytes([0, 0, a, b, c, d, e, f]), NETWORK.into()];
    let host = siphash(key, turn.into()).checked_rem(HOSTS).unwrap_or(0);
    let host = u32::try_from(host).unwrap_or(0).saturating_add(FIRST_HOST);
    Ipv4Addr::from_bits(NETWORK | host)
}

/// The search for an address of the host's own.
#[derive(Debug)]
pub(super) struct LinkLocal {
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// For a server to offer something; without an end where no such address is wanted.
    Waiting {
        until: Option<Instant>,
    },
    Probing {
        address: Ipv4Addr,
        probes: Probes,
    },
}

/// What comes of the time that passes.
#[derive(Debug)]
pub(super) enum Progress {
    None,
    Probe(Draft),
    /// Nobody else has it.
    Claimed(Box<Lease>),
}

impl LinkLocal {
    /// Waits as long as the operator wants servers to have.
    pub(super) fn new(context: &Context) -> Self {
        Self::after(context.config.link_local_after, context)
    }

    /// Waits so long before the next try, where there is to be one.
    pub(super) fn retry(delay: Duration, context: &Context) -> Self {
        Self::after(context.config.link_local_after.map(|_| delay), context)
    }

    fn after(delay: Option<Duration>, context: &Context) -> Self {
        Self {
            stage: Stage::Waiting {
                until: delay.map(|delay| context.after(delay)),
            },
        }
    }

    /// When there is something to do. A search that has not begun does not while a server has offered
    /// something.
    pub(super) fn next_at(&self, may_begin: bool) -> Option<Instant> {
        match &self.stage {
            Stage::Waiting { until } => until.filter(|_| may_begin),
            Stage::Probing { address: _, probes } => Some(probes.next_at()),
        }
    }

    /// Whether there is a candidate.
    pub(super) fn is_under_way(&self) -> bool {
        matches!(self.stage, Stage::Probing { .. })
    }

    /// RFC 3927 section 2.2: "After it has selected an IPv4 Link-Local address, a host MUST test to see
    /// if the IPv4 Link-Local address is already in use before beginning to use it."
    pub(super) fn fire(&mut self, context: &mut Context) -> Progress {
        match &mut self.stage {
            Stage::Waiting { .. } => {
                let address = context.candidates.current(context.config.mac);
                // RFC 3927 section 2.2.1: "When ready to begin probing, the host should then wait for a
                // random time interval selected uniformly in the range zero to PROBE_WAIT seconds".
                let wait = context.random.up_to(PROBE_WAIT);
                let probes = Probes::begin(address, wait, context);
                self.stage = Stage::Probing { address, probes };
                Progress::None
            }
            Stage::Probing { address, probes } => match probes.fire(context) {
                Some(probe) => Progress::Probe(probe),
                None => {
                    let lease = lease(*address, context.now);
                    self.stage = Stage::Waiting { until: None };
                    Progress::Claimed(lease)
                }
            },
        }
    }

    /// Whether another host objects to the candidate.
    pub(super) fn is_contested_by(&self, arp: Arp) -> bool {
        match &self.stage {
            Stage::Waiting { .. } => false,
            Stage::Probing { address: _, probes } => probes.are_contested_by(arp),
        }
    }

    /// Another host has the address that this one tried, or had. RFC 3927 section 2.2.1: "then the host
    /// MUST treat this address as being in use by some other host, and MUST select a new pseudo-random
    /// address and repeat the process."
    pub(super) fn next_candidate(context: &mut Context) -> Self {
        context.conflicts.count();
        context.candidates.next();
        Self::retry(Duration::ZERO, context)
    }
}

fn lease(address: Ipv4Addr, now: Instant) -> Box<Lease> {
    Box::new(Lease {
        address,
        prefix_length: PREFIX_LENGTH,
        broadcast: None,
        origin: Origin::LinkLocal,
        server_identifier: Ipv4Addr::UNSPECIFIED,
        routers: Vec::new(),
        routes: Vec::new(),
        dns: Vec::new(),
        ntp: Vec::new(),
        domain: None,
        search: Vec::new(),
        host_name: None,
        mtu: None,
        lease_seconds: None,
        acquired_at: now,
        renew_at: None,
        rebind_at: None,
        expires_at: None,
        next_server: Ipv4Addr::UNSPECIFIED,
        server_name: None,
        boot_file: None,
        parameters: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use super::*;

    #[test]
    fn candidates_are_spread_over_all_that_are_not_reserved() {
        let mut networks = BTreeSet::new();
        for turn in 0..20_000 {
            let [a, b, c, _] = candidate([2, 0, 0, 0, 0, 7], turn).octets();
            assert_eq!((a, b), (169, 254));
            networks.insert(c);
        }
        assert_eq!(networks, (1..=254).collect());
    }

    #[test]
    fn another_mac_address_has_other_candidates() {
        let of = |last| -> BTreeSet<Ipv4Addr> {
            (0..10)
                .map(|turn| candidate([2, 0, 0, 0, 0, last], turn))
                .collect()
        };
        assert_eq!(of(7), of(7));
        assert!(of(7).is_disjoint(&of(8)));
    }
}
