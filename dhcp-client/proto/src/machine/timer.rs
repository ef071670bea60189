//! Every timer of the machine.

use crate::time::Instant;

/// What a timer is for. When several are due (the host slept), the first here is the one that fires:
/// what ends a lease goes before what would use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    /// The lease in force is over. Set by the DHCPACK, cancelled by the next one or the end of the lease.
    Expiry,
    /// T2: RENEWING turned to nobody; ask every server. Set by the DHCPACK, cancelled likewise.
    Rebinding,
    /// The remembered address was not confirmed in time. Set on entering REBOOTING, once.
    GiveUp,
    /// T1: ask for more time. Set by the DHCPACK, cancelled by leaving BOUND.
    Renewal,
    /// No answer yet: send again. Set by each sending, cancelled by leaving the state.
    Retransmission,
    /// The wait before the first message is over. Set on entering INIT or INIT-REBOOT, and not running
    /// while the link is down.
    Start,
}

/// The table of a state's running timers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Timers {
    pub(super) expiry: Option<Instant>,
    pub(super) rebinding: Option<Instant>,
    pub(super) give_up: Option<Instant>,
    pub(super) renewal: Option<Instant>,
    pub(super) retransmission: Option<Instant>,
    pub(super) start: Option<Instant>,
}

impl Timers {
    fn table(self) -> [(Timer, Option<Instant>); 6] {
        let Self {
            expiry,
            rebinding,
            give_up,
            renewal,
            retransmission,
            start,
        } = self;
        [
            (Timer::Expiry, expiry),
            (Timer::Rebinding, rebinding),
            (Timer::GiveUp, give_up),
            (Timer::Renewal, renewal),
            (Timer::Retransmission, retransmission),
            (Timer::Start, start),
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
