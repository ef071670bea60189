//! The results of the bench as a table for people and as JSON for programs.

use std::fmt::Write;
use std::path::Path;

use serde_json::{Value, json};

use super::client::Client;
use super::conflict::Conflict;
use super::goal::{self, Goal, addresses, exits};
use super::memory::Usage;
use super::statistics::{median, quartiles, range};
use super::syscalls::Calls;
use super::timing::{Samples, Timing};
use crate::failure::Failure;

/// Everything that was measured.
pub(super) struct Results {
    runs: usize,
    sizes: Vec<(Client, u64)>,
    pub(super) timings: Vec<Timing>,
    pub(super) conflicts: Vec<Conflict>,
    pub(super) syscalls: Vec<Calls>,
    pub(super) memory: Vec<Usage>,
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
            conflicts: Vec::new(),
            syscalls: Vec::new(),
            memory: Vec::new(),
        })
    }

    fn goals(&self) -> Vec<Goal> {
        goal::goals(self.runs, &self.timings, &self.conflicts, &self.memory)
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
        if !self.conflicts.is_empty() {
            self.conflict_table(&mut text);
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
                    "{:<64} {:>5} {:>6}  {}",
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
                "\n{}, {}: milliseconds from start, median (smallest-largest) of {} runs; ratio with quartiles",
                timing.row.name(),
                timing.arrangement.name(),
                self.runs
            ),
        );
        line(
            text,
            format_args!(
                "{:<15} {:>24} {:>24} {:>18} {:>18}",
                "client", "to address", "to exit", "calfkit/address", "calfkit/exit"
            ),
        );
        for row in &timing.samples {
            line(
                text,
                format_args!(
                    "{:<15} {:>24} {:>24} {:>18} {:>18}",
                    row.client.name(),
                    spread(&row.address),
                    spread(&row.exit),
                    compared(timing, row, addresses),
                    compared(timing, row, exits)
                ),
            );
        }
        for row in &timing.samples {
            if let Some(print) = &row.footprint {
                line(
                    text,
                    format_args!(
                        "{:<15} holds its leases with {} KiB PSS, {} KiB private, {} descriptors in {} processes",
                        row.client.name(),
                        print.pss,
                        print.private,
                        print.descriptors,
                        print.processes.len()
                    ),
                );
            }
        }
        for client in Client::ALL {
            if let Some(why) = timing.row.absence(client) {
                line(text, format_args!("{:<15} {why}", client.name()));
            }
        }
    }

    fn conflict_table(&self, text: &mut String) {
        line(
            text,
            format_args!(
                "\nacd-fast, the address is somebody's already: milliseconds from start, calfkit"
            ),
        );
        for conflict in &self.conflicts {
            let Conflict {
                used,
                removed,
                declined,
            } = conflict;
            line(
                text,
                format_args!("used {used:.1}, removed {removed:.1}, declined {declined:.1}"),
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
        let conflicts: Vec<Value> = self
            .conflicts
            .iter()
            .map(|conflict| {
                json!({
                    "used_ms": conflict.used,
                    "removed_ms": conflict.removed,
                    "declined_ms": conflict.declined,
                })
            })
            .collect();
        json!({
            "runs": self.runs,
            "kernel": std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim(),
            "timings": timings,
            "conflicts": conflicts,
            "system_calls": syscalls,
            "memory": memory,
            "program_files": sizes,
            "goals": goals,
        })
    }
}

fn timing_json(timing: &Timing) -> Value {
    let rows: Vec<Value> = timing
        .samples
        .iter()
        .map(|row| {
            json!({
                "client": row.client.name(),
                "address_ms": { "median": median(&row.address), "samples": row.address },
                "exit_ms": { "median": median(&row.exit), "samples": row.exit },
                "calfkit_to_this": {
                    "address": ratio(ours(timing, addresses), median(&row.address)),
                    "exit": ratio(ours(timing, exits), median(&row.exit)),
                },
                "memory": row.footprint.as_ref().map(|print| json!({
                    "pss_kib": print.pss,
                    "private_kib": print.private,
                    "peak_kib": print.peak,
                    "descriptors": print.descriptors,
                    "processes": print.processes.len(),
                })),
            })
        })
        .collect();
    json!({
        "row": timing.row.name(),
        "interfaces": timing.row.interfaces(),
        "arrangement": timing.arrangement.name(),
        "clients": rows,
    })
}

fn our_samples(timing: &Timing) -> Option<&Samples> {
    timing
        .samples
        .iter()
        .find(|samples| samples.client == Client::Calfkit)
}

fn ours(timing: &Timing, of: fn(&Samples) -> &[f64]) -> Option<f64> {
    median(of(our_samples(timing)?))
}

/// The ratio of the medians, and between what bounds half of the turns have theirs.
fn compared(timing: &Timing, row: &Samples, of: fn(&Samples) -> &[f64]) -> String {
    let ours = our_samples(timing).map_or(&[][..], of);
    let turns: Vec<f64> = ours
        .iter()
        .zip(of(row))
        .filter_map(|(ours, theirs)| ratio(Some(*ours), Some(*theirs)))
        .collect();
    let whole = shown(ratio(median(ours), median(of(row))));
    match quartiles(&turns) {
        Some((lower, upper)) => format!("{whole} ({lower:.2}-{upper:.2})"),
        None => whole,
    }
}

pub(super) fn ratio(ours: Option<f64>, theirs: Option<f64>) -> Option<f64> {
    let theirs = theirs.filter(|theirs| *theirs > 0.0)?;
    Some(ours? / theirs)
}

/// KiB fit into 32 bits up to 4 TiB; beyond that the exact number no longer matters.
pub(super) fn number(kibibytes: u64) -> f64 {
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
    use super::super::memory::Footprint;
    use super::super::row::Row;
    use super::super::timing::Arrangement;
    use super::*;

    fn samples(client: Client, exit: Vec<f64>) -> Samples {
        Samples {
            client,
            address: Vec::new(),
            exit,
            footprint: Some(Footprint {
                pss: 104,
                private: 100,
                peak: 200,
                descriptors: 33,
                processes: vec!["one".into()],
            }),
        }
    }

    #[test]
    fn table_and_json_show_medians_ratios_memory_and_who_is_absent() {
        let results = Results {
            runs: 4,
            sizes: vec![(Client::Calfkit, 1)],
            timings: vec![Timing {
                row: Row::AcdFull,
                arrangement: Arrangement::OneCore(0),
                samples: vec![
                    samples(Client::Calfkit, vec![10.0, 20.0, 30.0, 40.0]),
                    samples(Client::Dhcpcd, vec![100.0; 4]),
                ],
            }],
            conflicts: vec![Conflict {
                used: 5.0,
                removed: 1234.0,
                declined: 1235.0,
            }],
            syscalls: Vec::new(),
            memory: Vec::new(),
        };
        let table = results.table();
        assert!(table.contains("25.0 (10.0-40.0)"), "{table}");
        assert!(table.contains("0.25 (0.15-0.35)"), "{table}");
        assert!(
            table.contains("104 KiB PSS, 100 KiB private, 33 descriptors in 1"),
            "{table}"
        );
        assert!(table.contains("dhclient        does not probe"), "{table}");
        assert!(table.contains("1234.0"), "{table}");
        let json = results.json();
        assert_eq!(json["conflicts"][0]["declined_ms"], 1235.0);
        let dhcpcd = &json["timings"][0]["clients"][1];
        assert_eq!(dhcpcd["calfkit_to_this"]["exit"], 0.25);
        assert_eq!(dhcpcd["memory"]["pss_kib"], 104);
        assert_eq!(json["goals"][0]["verdict"], "not measured");
    }
}
