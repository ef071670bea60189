//! The results of the bench as a table for people and as JSON for programs, and the verdict on each goal.

use std::fmt::Write;
use std::path::Path;

use serde_json::{Value, json};

use super::RUNS_FOR_A_VERDICT;
use super::client::Client;
use super::memory::{Footprint, Usage};
use super::statistics::{median, range};
use super::syscalls::Calls;
use super::timing::Timing;
use crate::failure::Failure;

/// "Not above" leaves this much room: two medians this close are the same on a machine that does other things too.
const TOLERANCE: f64 = 1.05;

/// Everything that was measured.
pub(super) struct Results {
    runs: usize,
    sizes: Vec<(Client, u64)>,
    pub(super) timings: Vec<Timing>,
    pub(super) syscalls: Vec<Calls>,
    pub(super) memory: Vec<Usage>,
}

/// One goal: a ratio of ours to a peer's that must not be above a limit.
struct Goal {
    what: String,
    limit: f64,
    ratio: Option<f64>,
    /// Whether enough was measured to judge.
    judged: bool,
}

impl Goal {
    fn verdict(&self) -> &'static str {
        match self.ratio {
            None => "not measured",
            Some(_) if !self.judged => "not judged: too few runs",
            Some(ratio) if ratio <= self.limit => "met",
            Some(_) => "MISSED",
        }
    }
}

impl Results {
    /// Begins with the sizes of the programs, which need no run.
    pub(super) fn new(clients: &[Client], runs: usize, ours: &Path) -> Result<Self, Failure> {
        let mut sizes = Vec::new();
        for client in clients {
            if let Some(program) = client.program(ours) {
                // Follows links: udhcpc is one to busybox.
                let size = std::fs::metadata(&program)
                    .map_err(Failure::file(&program))?
                    .len();
                sizes.push((*client, size));
            }
        }
        Ok(Self {
            runs,
            sizes,
            timings: Vec::new(),
            syscalls: Vec::new(),
            memory: Vec::new(),
        })
    }

    fn goals(&self) -> Vec<Goal> {
        let mut goals = Vec::new();
        for timing in &self.timings {
            for (peer, limit) in [(Client::Dhcpcd, 0.5), (Client::DhclientTrue, TOLERANCE)] {
                goals.push(Goal {
                    what: format!(
                        "time to exit, {}, to {}'s",
                        timing.arrangement.name(),
                        peer.name()
                    ),
                    limit,
                    ratio: ratio(
                        exit_median(timing, Client::Calfkit),
                        exit_median(timing, peer),
                    ),
                    judged: self.runs >= RUNS_FOR_A_VERDICT,
                });
            }
        }
        let footprint = |client| self.usage(client).map(|usage| &usage.footprint);
        let (ours, theirs) = (footprint(Client::Calfkit), footprint(Client::Dhclient));
        let mut memory = |what: &str, of: fn(&Footprint) -> u64| {
            goals.push(Goal {
                what: format!("memory ({what}), to dhclient's"),
                limit: TOLERANCE,
                ratio: ratio(
                    ours.map(|print| number(of(print))),
                    theirs.map(|print| number(of(print))),
                ),
                judged: true,
            });
        };
        memory("PSS", |print| print.pss);
        memory("private pages", |print| print.private);
        goals
    }

    fn usage(&self, client: Client) -> Option<&Usage> {
        self.memory.iter().find(|usage| usage.client == client)
    }

    /// The table.
    pub(super) fn table(&self) -> String {
        let mut text = String::new();
        for timing in &self.timings {
            self.timing_table(&mut text, timing);
        }
        if !self.syscalls.is_empty() {
            self.syscall_table(&mut text);
        }
        if !self.memory.is_empty() {
            self.memory_table(&mut text);
        }
        line(&mut text, format_args!("\nprogram file in bytes"));
        for (client, size) in &self.sizes {
            line(&mut text, format_args!("{:<15} {size:>9}", client.name()));
        }
        line(
            &mut text,
            format_args!("\ngoals: ratio of calfkit to the peer, not above"),
        );
        for goal in self.goals() {
            line(
                &mut text,
                format_args!(
                    "{:<45} {:>5} {:>6}  {}",
                    goal.what,
                    goal.limit,
                    shown(goal.ratio),
                    goal.verdict()
                ),
            );
        }
        text
    }

    fn timing_table(&self, text: &mut String, timing: &Timing) {
        line(
            text,
            format_args!(
                "\n{}: milliseconds from start, median (smallest-largest) of {} runs",
                timing.arrangement.name(),
                self.runs
            ),
        );
        line(
            text,
            format_args!(
                "{:<15} {:>24} {:>24} {:>21}",
                "client", "to address", "to exit", "calfkit/this (both)"
            ),
        );
        let ours = timing
            .samples
            .iter()
            .find(|samples| samples.client == Client::Calfkit);
        for row in &timing.samples {
            let address = ratio(
                ours.and_then(|ours| median(&ours.address)),
                median(&row.address),
            );
            let exit = ratio(ours.and_then(|ours| median(&ours.exit)), median(&row.exit));
            line(
                text,
                format_args!(
                    "{:<15} {:>24} {:>24} {:>10} {:>10}",
                    row.client.name(),
                    spread(&row.address),
                    spread(&row.exit),
                    shown(address),
                    shown(exit)
                ),
            );
        }
    }

    fn syscall_table(&self, text: &mut String) {
        line(
            text,
            format_args!("\nsystem calls until exit, children included"),
        );
        line(
            text,
            format_args!(
                "{:<15} {:>8} {:>9} {:>13}",
                "client", "calls", "programs", "calfkit/this"
            ),
        );
        let ours = self
            .syscalls
            .iter()
            .find(|calls| calls.client == Client::Calfkit);
        for row in &self.syscalls {
            let ratio = ratio(ours.map(|calls| calls.calls), Some(row.calls));
            line(
                text,
                format_args!(
                    "{:<15} {:>8} {:>9} {:>13}",
                    row.client.name(),
                    row.calls,
                    row.programs,
                    shown(ratio)
                ),
            );
        }
    }

    fn memory_table(&self, text: &mut String) {
        line(
            text,
            format_args!("\nmemory in KiB, holding a lease, all processes"),
        );
        line(
            text,
            format_args!(
                "{:<15} {:>7} {:>8} {:>7} {:>13}  processes",
                "client", "PSS", "private", "peak", "calfkit/this"
            ),
        );
        let ours = self
            .usage(Client::Calfkit)
            .map(|usage| number(usage.footprint.pss));
        for row in &self.memory {
            let print = &row.footprint;
            line(
                text,
                format_args!(
                    "{:<15} {:>7} {:>8} {:>7} {:>13}  {}",
                    row.client.name(),
                    print.pss,
                    print.private,
                    print.peak,
                    shown(ratio(ours, Some(number(print.pss)))),
                    print.processes.join(" ")
                ),
            );
        }
    }

    /// The same as JSON, with every sample.
    pub(super) fn json(&self) -> Value {
        let timings: Vec<Value> = self.timings.iter().map(timing_json).collect();
        let syscalls: Vec<Value> = self
            .syscalls
            .iter()
            .map(|row| json!({ "client": row.client.name(), "calls": row.calls, "programs": row.programs }))
            .collect();
        let memory: Vec<Value> = self
            .memory
            .iter()
            .map(|row| {
                json!({
                    "client": row.client.name(),
                    "pss_kib": row.footprint.pss,
                    "private_kib": row.footprint.private,
                    "peak_kib": row.footprint.peak,
                    "processes": row.footprint.processes,
                })
            })
            .collect();
        let sizes: Vec<Value> = self
            .sizes
            .iter()
            .map(|(client, size)| json!({ "client": client.name(), "bytes": size }))
            .collect();
        let goals: Vec<Value> = self
            .goals()
            .iter()
            .map(|goal| {
                json!({ "goal": goal.what, "limit": goal.limit, "ratio": goal.ratio, "verdict": goal.verdict() })
            })
            .collect();
        json!({
            "runs": self.runs,
            "kernel": std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim(),
            "timings": timings,
            "system_calls": syscalls,
            "memory": memory,
            "program_files": sizes,
            "goals": goals,
        })
    }
}

fn timing_json(timing: &Timing) -> Value {
    let ours = timing
        .samples
        .iter()
        .find(|samples| samples.client == Client::Calfkit);
    let rows: Vec<Value> = timing
        .samples
        .iter()
        .map(|row| {
            json!({
                "client": row.client.name(),
                "address_ms": { "median": median(&row.address), "samples": row.address },
                "exit_ms": { "median": median(&row.exit), "samples": row.exit },
                "calfkit_to_this": {
                    "address": ratio(ours.and_then(|ours| median(&ours.address)), median(&row.address)),
                    "exit": ratio(ours.and_then(|ours| median(&ours.exit)), median(&row.exit)),
                },
            })
        })
        .collect();
    json!({ "arrangement": timing.arrangement.name(), "clients": rows })
}

fn exit_median(timing: &Timing, client: Client) -> Option<f64> {
    let samples = timing
        .samples
        .iter()
        .find(|samples| samples.client == client)?;
    median(&samples.exit)
}

fn ratio(ours: Option<f64>, theirs: Option<f64>) -> Option<f64> {
    let theirs = theirs.filter(|theirs| *theirs > 0.0)?;
    Some(ours? / theirs)
}

/// KiB fit into 32 bits up to 4 TiB; beyond that the exact number no longer matters.
fn number(kibibytes: u64) -> f64 {
    f64::from(u32::try_from(kibibytes).unwrap_or(u32::MAX))
}

fn shown(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"))
}

fn spread(samples: &[f64]) -> String {
    match (median(samples), range(samples)) {
        (Some(middle), Some((smallest, largest))) => {
            format!("{middle:.1} ({smallest:.1}-{largest:.1})")
        }
        (None, _) | (_, None) => "-".to_owned(),
    }
}

fn line(text: &mut String, words: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{words}");
}

#[cfg(test)]
mod tests {
    use super::super::timing::{Arrangement, Samples};
    use super::*;

    fn results(runs: usize, ours: f64, dhcpcd: f64) -> Results {
        let samples = |client, exit: f64| Samples {
            client,
            address: vec![exit / 2.0; runs],
            exit: vec![exit; runs],
        };
        let usage = |client, pss| Usage {
            client,
            footprint: Footprint {
                pss,
                private: pss,
                peak: pss,
                processes: vec!["one".into()],
            },
        };
        Results {
            runs,
            sizes: vec![(Client::Calfkit, 1)],
            timings: vec![Timing {
                arrangement: Arrangement::OneCore(0),
                samples: vec![
                    samples(Client::Calfkit, ours),
                    samples(Client::Dhcpcd, dhcpcd),
                ],
            }],
            syscalls: Vec::new(),
            memory: vec![usage(Client::Calfkit, 104), usage(Client::Dhclient, 100)],
        }
    }

    fn verdicts(results: &Results) -> Vec<&'static str> {
        results.goals().iter().map(Goal::verdict).collect()
    }

    #[test]
    fn goals_are_met_at_the_limit_and_missed_above_it() {
        assert_eq!(
            verdicts(&results(20, 20.0, 40.0)),
            ["met", "not measured", "met", "met"]
        );
        assert_eq!(
            verdicts(&results(20, 20.1, 40.0)),
            ["MISSED", "not measured", "met", "met"]
        );
    }

    #[test]
    fn few_runs_give_no_verdict() {
        assert_eq!(
            verdicts(&results(3, 20.0, 40.0))[0],
            "not judged: too few runs"
        );
    }

    #[test]
    fn table_and_json_show_medians_and_ratios() {
        let results = results(20, 15.0, 60.0);
        let table = results.table();
        assert!(table.contains("15.0 (15.0-15.0)"), "{table}");
        assert!(table.contains("0.25"), "{table}");
        let json = results.json();
        assert_eq!(
            json["timings"][0]["clients"][1]["calfkit_to_this"]["exit"],
            0.25
        );
        assert_eq!(json["goals"][0]["verdict"], "met");
    }
}
