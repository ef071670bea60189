//! When a message without an answer is sent again.

use super::{config::Pace, context::Context};
use crate::time::{Duration, Instant};

/// The shortest wait, whatever the operator says: priv lets ten messages a second out, and a rhythm
/// without waits would keep the machine busy for ever.
const SHORTEST_WAIT: Duration = Duration::from_millis(100);

/// The shortest attempt, for the same reason.
const SHORTEST_ATTEMPT: Duration = Duration::from_secs(1);

/// RFC 2131 section 4.4.5: "down to a minimum of 60 seconds".
const MINIMUM_RENEWAL_WAIT: Duration = Duration::from_secs(60);

/// Retransmission while there is no lease.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Backoff {
    sendings: u32,
}

impl Backoff {
    /// Counts a sending now, and says when to send again. RFC 2131 section 4.1: "The client MUST adopt a
    /// retransmission strategy that incorporates a randomized exponential backoff algorithm to determine
    /// the delay between retransmissions. The delay between retransmissions SHOULD be chosen to allow
    /// sufficient time for replies from the server to be delivered".
    pub(super) fn sent(&mut self, context: &mut Context) -> Instant {
        let pace = context.config.pace;
        let wait = wait(pace, self.sendings);
        self.sendings = self.sendings.saturating_add(1);
        let jitter = pace.jitter.min(wait);
        let chance = context.random.up_to(jitter.saturating_mul(2));
        let wait = wait.saturating_sub(jitter).saturating_add(chance);
        context.after(wait.max(SHORTEST_WAIT))
    }

    /// How often the message was sent.
    pub(super) fn sendings(self) -> u32 {
        self.sendings
    }
}

/// The wait after `doublings + 1` sendings, before chance is added. RFC 2131 section 4.1: "The delay
/// before the next retransmission SHOULD be 8 seconds randomized by the value of a uniform number
/// chosen from the range -1 to +1.  The retransmission delay SHOULD be doubled with subsequent
/// retransmissions up to a maximum of 64 seconds."; with chance, that maximum is kept.
fn wait(pace: Pace, doublings: u32) -> Duration {
    let ceiling = pace.longest.saturating_sub(pace.jitter);
    let ceiling = ceiling.max(pace.first.min(pace.longest));
    let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
    pace.first.saturating_mul(factor).min(ceiling)
}

/// When an attempt that begins at `at` is over.
pub(super) fn attempt_end(pace: Pace, at: Instant) -> Option<Instant> {
    let attempt = pace.attempt?;
    Some(at.saturating_add(attempt.max(SHORTEST_ATTEMPT)))
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
    fn waits_double_to_their_ceiling_which_chance_does_not_pass() {
        let seconds: [u64; 7] =
            core::array::from_fn(|n| wait(Pace::default(), u32::try_from(n).unwrap()).as_secs());
        assert_eq!(seconds, [4, 8, 16, 32, 63, 63, 63]);
        assert_eq!(wait(Pace::default(), u32::MAX).as_secs(), 63);
    }

    #[test]
    fn a_first_wait_above_the_longest_is_the_longest() {
        let pace = Pace {
            first: Duration::from_secs(30),
            longest: Duration::from_secs(3),
            jitter: Duration::ZERO,
            ..Pace::default()
        };
        assert_eq!(wait(pace, 0), Duration::from_secs(3));
        assert_eq!(wait(pace, 9), Duration::from_secs(3));
    }

    #[test]
    fn an_attempt_has_a_second_at_least() {
        let pace = |attempt| Pace {
            attempt,
            ..Pace::default()
        };
        assert_eq!(attempt_end(pace(None), at(7)), None);
        assert_eq!(attempt_end(pace(Some(Duration::ZERO)), at(7)), Some(at(8)));
        let nine = Some(Duration::from_secs(9));
        assert_eq!(attempt_end(pace(nine), at(7)), Some(at(16)));
    }

    #[test]
    fn nak_delay_doubles_to_a_minute() {
        let delays: [u64; 11] =
            core::array::from_fn(|naks| nak_delay(u32::try_from(naks).unwrap()).as_secs());
        assert_eq!(delays, [0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(nak_delay(u32::MAX).as_secs(), 60);
    }
}
