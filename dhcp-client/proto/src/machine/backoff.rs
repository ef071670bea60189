//! When a message without an answer is sent again.

use super::random::Random;
use crate::time::{Duration, Instant};

/// RFC 2131 section 4.1: "randomized by the value of a uniform number chosen from the range -1 to
/// +1".
const JITTER: Duration = Duration::from_secs(1);

/// RFC 2131 section 4.4.5: "down to a minimum of 60 seconds".
const MINIMUM_RENEWAL_WAIT: Duration = Duration::from_secs(60);

/// Retransmission of DHCPDISCOVER, and of DHCPREQUEST while there is no lease.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Backoff {
    sendings: u32,
}

impl Backoff {
    /// Counts a sending at `now`, and says when to send again.
    pub(super) fn sent(&mut self, now: Instant, random: &mut Random) -> Instant {
        self.sendings = self.sendings.saturating_add(1);
        // RFC 2131 section 4.1: "the delay before the first retransmission SHOULD be 4 seconds
        // randomized [...] The retransmission delay SHOULD be doubled with subsequent
        // retransmissions up to a maximum of 64 seconds." 63 s and at most one more never exceed it.
        let base = match self.sendings {
            0 | 1 => 4,
            2 => 8,
            3 => 16,
            4 => 32,
            5.. => 63,
        };
        let shortest = Duration::from_secs(base).saturating_sub(JITTER);
        now.saturating_add(shortest)
            .saturating_add(random.up_to(JITTER.saturating_mul(2)))
    }

    /// How often the message was sent.
    pub(super) fn sendings(self) -> u32 {
        self.sendings
    }
}

/// When to ask again for more time: RFC 2131 section 4.4.5: "the client SHOULD wait one-half of the
/// remaining time until T2 (in RENEWING state) and one-half of the remaining lease time (in
/// REBINDING state), down to a minimum of 60 seconds".
///
/// `None` when that is not before `until`: then the next attempt is what happens at `until`. So a
/// lease of ten seconds is asked for once at T1 and once at T2, and never in a storm. Without an
/// `until`, in an infinite lease that the operator wants extended, the answer gets the minimum.
pub(super) fn next_attempt(now: Instant, until: Option<Instant>) -> Option<Instant> {
    let Some(until) = until else {
        return Some(now.saturating_add(MINIMUM_RENEWAL_WAIT));
    };
    let half = until.saturating_since(now).checked_div(2)?;
    let at = now.saturating_add(half.max(MINIMUM_RENEWAL_WAIT));
    (at < until).then_some(at)
}

/// How long a DHCPNAK delays the next DHCPDISCOVER: nothing the first time, then 1, 2, 4... 60 s,
/// until a server gives a lease. A server that refuses what it offers is not asked in a loop.
pub(super) fn nak_delay(naks: u32) -> Duration {
    const LONGEST: Duration = Duration::from_secs(60);
    match naks.checked_sub(2) {
        None => Duration::ZERO,
        Some(doublings) => {
            Duration::from_secs(1_u64.checked_shl(doublings).unwrap_or(u64::MAX)).min(LONGEST)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::from_millis(0).saturating_add(Duration::from_secs(seconds))
    }

    #[test]
    fn half_of_the_remaining_time_is_never_under_60_s_nor_past_its_end() {
        assert_eq!(next_attempt(at(0), Some(at(1000))), Some(at(500)));
        assert_eq!(next_attempt(at(0), Some(at(100))), Some(at(60)));
        assert_eq!(next_attempt(at(0), Some(at(60))), None);
        assert_eq!(next_attempt(at(50), Some(at(0))), None);
        assert_eq!(next_attempt(at(0), None), Some(at(60)));
    }

    #[test]
    fn nak_delay_doubles_to_a_minute() {
        let delays: [u64; 11] =
            core::array::from_fn(|naks| nak_delay(u32::try_from(naks).unwrap()).as_secs());
        assert_eq!(delays, [0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(nak_delay(u32::MAX).as_secs(), 60);
    }
}
