//! What a state may look at when it decides, besides itself.

use super::{config::Config, conflicts::Conflicts, link_local::Candidates, random::Random};
use crate::time::{Duration, Instant};

/// The machine's surroundings at the moment of an input.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) config: Config,
    pub(super) random: Random,
    pub(super) conflicts: Conflicts,
    /// Which link-local addresses are tried.
    pub(super) candidates: Candidates,
    /// The time of the input; never goes back.
    pub(super) now: Instant,
    /// Whether there is any point in sending.
    pub(super) link_up: bool,
}

impl Context {
    /// The secs field: RFC 2131 section 2: "seconds elapsed since client began address acquisition
    /// or renewal process".
    pub(super) fn secs_since(&self, began_at: Instant) -> u16 {
        u16::try_from(self.now.saturating_since(began_at).as_secs()).unwrap_or(u16::MAX)
    }

    /// `delay` from now.
    pub(super) fn after(&self, delay: Duration) -> Instant {
        self.now.saturating_add(delay)
    }
}
