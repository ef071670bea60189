//! From the seconds in a DHCPACK to points in time: T1, T2 and the end of a lease.

use super::random::Random;
use crate::{
    message::Options,
    time::{Duration, Instant},
};

/// RFC 2131 section 3.3: "The time value of 0xffffffff is reserved to represent "infinity"."
pub(super) const INFINITY: u32 = 0xffff_ffff;

/// Shorter leases, zero too, are kept for this long: the shortest lease in which an exchange at T1
/// and one at T2 still have a second each.
const SHORTEST_LEASE: u32 = 10;

/// Where neither the DHCPACK nor what came before it says how long: an hour, as other clients do.
const DEFAULT_LEASE: u32 = 3600;

/// A T1 below this would have the client ask in a storm, and is not followed.
const SHORTEST_RENEWAL: Duration = Duration::from_secs(5);

/// RFC 2131 section 4.4.5: "Times T1 and T2 SHOULD be chosen with some random "fuzz" around a fixed
/// value, to avoid synchronization of client reacquisition.": up to a fiftieth earlier, never later
/// than the server said.
const FUZZ: u32 = 50;

/// The times of a lease; all `None` when it is infinite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lifetimes {
    pub(super) seconds: Option<u32>,
    pub(super) renew_at: Option<Instant>,
    pub(super) rebind_at: Option<Instant>,
    pub(super) expires_at: Option<Instant>,
}

impl Lifetimes {
    /// Without end.
    pub(super) const INFINITE: Self = Self {
        seconds: None,
        renew_at: None,
        rebind_at: None,
        expires_at: None,
    };

    /// The times that `options` give to a lease asked for at `from`; `fallback` stands in for a
    /// missing option 51, as RFC 2131 says nothing about a DHCPACK without it.
    pub(super) fn new(
        options: &Options,
        fallback: Option<u32>,
        from: Instant,
        random: &mut Random,
    ) -> Self {
        let seconds = options
            .lease_time
            .or(fallback)
            .unwrap_or(DEFAULT_LEASE)
            .max(SHORTEST_LEASE);
        if seconds == INFINITY {
            return Self::INFINITE;
        }
        let whole = Duration::from_secs(u64::from(seconds));
        let (t1, t2) = renewal_times(options, whole);
        let gap = t2.saturating_sub(t1);
        let t1 = earlier(t1, fraction(t1, FUZZ), random);
        // Half of the gap at most, so that T2 stays after T1.
        let t2 = earlier(t2, fraction(t2, FUZZ).min(fraction(gap, 2)), random);
        Self {
            seconds: Some(seconds),
            renew_at: Some(from.saturating_add(t1)),
            rebind_at: Some(from.saturating_add(t2)),
            expires_at: Some(from.saturating_add(whole)),
        }
    }
}

/// RFC 2131 section 4.4.5: "T1 MUST be earlier than T2, which, in turn, MUST be earlier than the
/// time at which the client's lease will expire. [...] T1 defaults to (0.5 * duration_of_lease). T2
/// defaults to (0.875 * duration_of_lease)." What breaks the rule is replaced, both together.
fn renewal_times(options: &Options, whole: Duration) -> (Duration, Duration) {
    let defaults = (fraction(whole, 2), whole.saturating_sub(fraction(whole, 8)));
    let given = |seconds: Option<u32>, default| {
        seconds.map_or(default, |seconds| Duration::from_secs(u64::from(seconds)))
    };
    let t1 = given(options.renewal_time, defaults.0);
    let t2 = given(options.rebinding_time, defaults.1);
    if SHORTEST_RENEWAL <= t1 && t1 < t2 && t2 < whole {
        (t1, t2)
    } else {
        defaults
    }
}

fn fraction(whole: Duration, parts: u32) -> Duration {
    whole.checked_div(parts).unwrap_or(whole)
}

fn earlier(at: Duration, by_at_most: Duration, random: &mut Random) -> Duration {
    at.saturating_sub(random.up_to(by_at_most))
}
