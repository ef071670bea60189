//! Every timer of the machine.

use crate::time::Instant;

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    /// The lease in force is over. Set by the DHCPACK, cancelled by the next one or the end of the lease.
    Expiry,
    /// No server gave a lease in an attempt's time. Set where an acquisition begins and, an attempt and a
    /// pause later, each time it fires; cancelled by a lease. Runs without a link too.
    Attempt,
    /// The address in force is to be probed for, announced, or known to be nobody else's. Set when it
    /// is put in force or the link came back, bounded by three probes and two announcements; not
    /// running while the link is down.
    Guard,
    /// A link-local address is to be sought, probed for, or taken. Set where an acquisition begins
    /// without a lease and wherever one is lost in it, and by each probe; not running while the link is
    /// down or anything is held, and not begun after an offer. Bounded by three probes for each
    /// address, and by one address a minute after ten conflicts.
    Claim,
    /// The state has something to do.
    Step(Step),
}

/// What a state does when its time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// T2: RENEWING turned to nobody; ask every server. Set by the DHCPACK, cancelled likewise.
    Rebinding,
    /// The remembered address was not confirmed in time. Set on entering REBOOTING, once.
    GiveUp,
    /// T1: ask for more time. Set by the DHCPACK, cancelled by leaving BOUND.
    Renewal,
    /// The next probe, or the end of the time in which somebody may object. Set on entering Probing and by
    /// each probe, cancelled by an objection; bounded by three probes.
    Probe,
    /// No answer yet: send again. Set by each sending, cancelled by leaving the state.
    Retransmission,
    /// The wait before the first message is over. Set on entering a state that waits, and in INIT and
    /// INIT-REBOOT not running while the link is down.
    Start,
}

/// The table of a state's running timers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Timers {
    pub(super) expiry: Option<Instant>,
    pub(super) attempt: Option<Instant>,
    pub(super) guard: Option<Instant>,
    pub(super) claim: Option<Instant>,
    pub(super) rebinding: Option<Instant>,
    pub(super) give_up: Option<Instant>,
    pub(super) renewal: Option<Instant>,
    pub(super) probe: Option<Instant>,
    pub(super) retransmission: Option<Instant>,
    pub(super) start: Option<Instant>,
}

impl Timers {
    /// When several are due (the host slept), the first is the one that fires: what ends a lease goes
    /// before what would use it.
    fn table(self) -> [(Timer, Option<Instant>); 10] {
        let Self {
            expiry,
            attempt,
            guard,
            claim,
            rebinding,
            give_up,
            renewal,
            probe,
            retransmission,
            start,
        } = self;
        [
            (Timer::Expiry, expiry),
            (Timer::Step(Step::Rebinding), rebinding),
            (Timer::Step(Step::GiveUp), give_up),
            (Timer::Step(Step::Renewal), renewal),
            (Timer::Attempt, attempt),
            (Timer::Guard, guard),
            (Timer::Claim, claim),
            (Timer::Step(Step::Probe), probe),
            (Timer::Step(Step::Retransmission), retransmission),
            (Timer::Step(Step::Start), start),
        ]
    }

    /// The timer to fire at `now`, if one is due.
    pub(super) fn due(self, now: Instant) -> Option<Timer> {
        self.table()
            .into_iter()
            .find(|(_, at)| at.is_some_and(|at| at <= now))
            .map(|(timer, _)| timer)
    }

    /// When the next one is due.
    pub(super) fn next(self) -> Option<Instant> {
        self.table().into_iter().filter_map(|(_, at)| at).min()
    }
}
