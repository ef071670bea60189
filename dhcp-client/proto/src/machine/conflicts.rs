//! How often other hosts had the addresses that this interface was to have, and what follows for the next
//! one (RFC 5227 section 2.1.1).

use crate::time::{Duration, Instant};

/// RFC 5227 section 1.1: "MAX_CONFLICTS       10          (max conflicts before rate-limiting)"
const MAX_CONFLICTS: u32 = 10;
/// RFC 5227 section 1.1: "RATE_LIMIT_INTERVAL 60 seconds  (delay between successive attempts)"
const RATE_LIMIT_INTERVAL: Duration = Duration::from_secs(60);
/// RFC 2131 section 3.1 step 5: "The client SHOULD wait a minimum of ten seconds before restarting the
/// configuration process to avoid excessive network traffic in case of looping."
const DECLINE_DELAY: Duration = Duration::from_secs(10);

/// The conflicts of one interface. Nothing makes them forgotten but another MAC address: RFC 5227 has them
/// count for the interface, also those that come after an address was in use.
#[derive(Debug, Default)]
pub(super) struct Conflicts {
    count: u32,
    last_attempt: Option<Instant>,
}

impl Conflicts {
    pub(super) fn count(&mut self) {
        self.count = self.count.saturating_add(1);
    }

    /// When an address may be probed for that could be at `ready`. RFC 5227 section 2.1.1: "if the host
    /// experiences MAX_CONFLICTS or more address conflicts on a given interface, then the host MUST limit
    /// the rate at which it probes for new addresses on this interface to no more than one attempted new
    /// address per RATE_LIMIT_INTERVAL."
    pub(super) fn attempt(&mut self, ready: Instant) -> Instant {
        let at = match self.last_attempt {
            Some(last) if self.count >= MAX_CONFLICTS => {
                ready.max(last.saturating_add(RATE_LIMIT_INTERVAL))
            }
            Some(_) | None => ready,
        };
        self.last_attempt = Some(at);
        at
    }

    /// How long no server is asked for an address after one was declined.
    pub(super) fn decline_delay(&self) -> Duration {
        if self.count >= MAX_CONFLICTS {
            RATE_LIMIT_INTERVAL
        } else {
            DECLINE_DELAY
        }
    }
}
