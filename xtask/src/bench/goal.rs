//! The goals of the bench: ratios of ours to a peer's that must not be above a limit, and the verdict on each.

use super::RUNS_FOR_A_VERDICT;
use super::client::Client;
use super::conflict::Conflict;
use super::memory::Usage;
use super::report::{number, ratio};
use super::row::Row;
use super::statistics::median;
use super::timing::{Samples, Timing};

/// "Not above" leaves this much room: two medians this close are the same on a machine that does other things too.
const TOLERANCE: f64 = 1.05;

/// One goal.
pub(super) struct Goal {
    pub(super) what: String,
    pub(super) limit: f64,
    pub(super) ratio: Option<f64>,
    /// Whether enough was measured to judge.
    judged: bool,
}

impl Goal {
    pub(super) fn verdict(&self) -> &'static str {
        match self.ratio {
            None => "not measured",
            Some(_) if !self.judged => "not judged: too few runs",
            Some(ratio) if ratio <= self.limit => "met",
            Some(_) => "MISSED",
        }
    }
}

/// Seconds from the start until an address that somebody else uses must be gone, and declined.
const GIVEN_UP_AFTER: f64 = 7.0;

/// The goals of what was measured.
pub(super) fn goals(
    runs: usize,
    timings: &[Timing],
    conflicts: &[Conflict],
    memory: &[Usage],
) -> Vec<Goal> {
    let judged = runs >= RUNS_FOR_A_VERDICT;
    let mut goals = Vec::new();
    for timing in timings {
        for (what, limit, ratio) in of_row(timing) {
            goals.push(Goal {
                what: format!(
                    "{}, {}: {what}",
                    timing.row.name(),
                    timing.arrangement.name()
                ),
                limit,
                ratio,
                judged,
            });
        }
    }
    if !conflicts.is_empty() {
        let latest = |conflict: &Conflict| conflict.removed.max(conflict.declined) / 1000.0;
        goals.push(Goal {
            what: "acd-fast: a planted conflict, seconds to removal and DECLINE".to_owned(),
            limit: GIVEN_UP_AFTER,
            ratio: conflicts.iter().map(latest).max_by(f64::total_cmp),
            judged: true,
        });
    }
    if !memory.is_empty() {
        goals.extend(of_memory(memory));
    }
    goals
}

/// What is asked of a row: in words, the limit, and the ratio where both were measured.
fn of_row(timing: &Timing) -> Vec<(String, f64, Option<f64>)> {
    let exit = |client| median_of(timing, client, exits);
    let address = |client| median_of(timing, client, addresses);
    let ours = Client::Calfkit;
    let to_dhcpcd = |of: &dyn Fn(Client) -> Option<f64>, what: &str, limit| {
        let fastest = [Client::Dhcpcd, Client::DhcpcdPrivsep]
            .into_iter()
            .filter_map(of)
            .min_by(f64::total_cmp);
        (
            format!("{what}, to dhcpcd's"),
            limit,
            ratio(of(ours), fastest),
        )
    };
    match timing.row {
        Row::Plain => vec![
            (
                "exit, to dhcpcd's".to_owned(),
                0.5,
                ratio(exit(ours), exit(Client::Dhcpcd)),
            ),
            first(timing, "exit", exits),
        ],
        Row::InitReboot => vec![to_dhcpcd(&exit, "exit", 0.5), first(timing, "exit", exits)],
        Row::RapidCommit | Row::Hooks => vec![first(timing, "exit", exits)],
        // A probe that is shorter than RFC 5227's is no goal.
        Row::AcdFull => vec![
            to_dhcpcd(&address, "address", TOLERANCE),
            to_dhcpcd(&exit, "exit", TOLERANCE),
        ],
        Row::AcdFast => vec![(
            "address, to that without ACD".to_owned(),
            1.1,
            ratio(address(ours), address(Client::CalfkitNoAcd)),
        )],
        Row::TenInterfaces | Row::HundredInterfaces => {
            vec![first(timing, "last address", addresses)]
        }
    }
}

/// "First": not above the fastest peer, who is named.
fn first(timing: &Timing, what: &str, of: fn(&Samples) -> &[f64]) -> (String, f64, Option<f64>) {
    let fastest = timing
        .samples
        .iter()
        .filter(|samples| samples.client != Client::Calfkit)
        .filter_map(|samples| Some((samples.client, median(of(samples))?)))
        .min_by(|(_, one), (_, other)| one.total_cmp(other));
    let name = fastest.map_or("nobody", |(client, _)| client.name());
    (
        format!("{what}, to the fastest ({name})"),
        TOLERANCE,
        ratio(
            median_of(timing, Client::Calfkit, of),
            fastest.map(|(_, time)| time),
        ),
    )
}

fn of_memory(memory: &[Usage]) -> Vec<Goal> {
    let of = |client, read: fn(&Usage) -> u64| {
        let usage = memory.iter().find(|usage| usage.client == client)?;
        Some(number(read(usage)))
    };
    let goal = |what: &str, read: fn(&Usage) -> u64| Goal {
        what: format!("memory ({what}), to dhclient's"),
        limit: TOLERANCE,
        ratio: ratio(of(Client::Calfkit, read), of(Client::Dhclient, read)),
        judged: true,
    };
    vec![
        goal("PSS", |usage| usage.footprint.pss),
        goal("private pages", |usage| usage.footprint.private),
    ]
}

fn median_of(timing: &Timing, client: Client, of: fn(&Samples) -> &[f64]) -> Option<f64> {
    let samples = timing
        .samples
        .iter()
        .find(|samples| samples.client == client)?;
    median(of(samples))
}

pub(super) fn exits(samples: &Samples) -> &[f64] {
    &samples.exit
}

pub(super) fn addresses(samples: &Samples) -> &[f64] {
    &samples.address
}

#[cfg(test)]
mod tests {
    use super::super::timing::Arrangement;
    use super::*;

    fn timing(row: Row, runs: usize, medians: &[(Client, f64)]) -> Timing {
        let samples = medians.iter().map(|(client, exit)| Samples {
            client: *client,
            address: vec![exit / 2.0; runs],
            exit: vec![*exit; runs],
            footprint: None,
        });
        Timing {
            row,
            arrangement: Arrangement::OneCore(0),
            samples: samples.collect(),
        }
    }

    fn verdicts(runs: usize, row: Row, medians: &[(Client, f64)]) -> Vec<&'static str> {
        goals(runs, &[timing(row, runs, medians)], &[], &[])
            .iter()
            .map(Goal::verdict)
            .collect()
    }

    #[test]
    fn goals_are_met_at_the_limit_and_missed_above_it() {
        let plain = |ours| [(Client::Calfkit, ours), (Client::Dhcpcd, 40.0)];
        assert_eq!(verdicts(20, Row::Plain, &plain(20.0)), ["met", "met"]);
        assert_eq!(verdicts(20, Row::Plain, &plain(20.1)), ["MISSED", "met"]);
        assert_eq!(verdicts(20, Row::Plain, &plain(43.0)), ["MISSED", "MISSED"]);
    }

    #[test]
    fn few_runs_and_absent_peers_give_no_verdict() {
        let both = [(Client::Calfkit, 1.0), (Client::Dhcpcd, 9.0)];
        assert_eq!(verdicts(3, Row::Hooks, &both), ["not judged: too few runs"]);
        assert_eq!(verdicts(20, Row::Hooks, &both[..1]), ["not measured"]);
    }

    #[test]
    fn the_fastest_peer_counts_and_is_named_but_not_for_full_probes() {
        let peers = [
            (Client::Calfkit, 10.0),
            (Client::Udhcpc, 5.0),
            (Client::Dhcpcd, 10.0),
            (Client::DhcpcdPrivsep, 12.0),
        ];
        let hooks = goals(20, &[timing(Row::Hooks, 20, &peers)], &[], &[]);
        assert_eq!(hooks[0].ratio, Some(2.0));
        assert!(hooks[0].what.contains("udhcpc"), "{}", hooks[0].what);
        assert_eq!(verdicts(20, Row::AcdFull, &peers), ["met", "met"]);
    }

    #[test]
    fn fast_probes_may_cost_a_tenth() {
        let both = |ours| [(Client::Calfkit, ours), (Client::CalfkitNoAcd, 100.0)];
        assert_eq!(verdicts(20, Row::AcdFast, &both(110.0)), ["met"]);
        assert_eq!(verdicts(20, Row::AcdFast, &both(111.0)), ["MISSED"]);
    }

    #[test]
    fn the_slowest_conflict_counts_by_whatever_came_last() {
        let conflict = |removed, declined| Conflict {
            used: 5.0,
            removed,
            declined,
        };
        let judge = |conflicts: &[Conflict]| goals(1, &[], conflicts, &[])[0].verdict();
        assert_eq!(judge(&[conflict(7000.0, 6900.0)]), "met");
        assert_eq!(
            judge(&[conflict(9.0, 9.0), conflict(9.0, 7001.0)]),
            "MISSED"
        );
    }
}
