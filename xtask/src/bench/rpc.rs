//! `cargo xtask bench rpc`: what a call, a frame and a session cost, beside a raw socketpair and other RPC systems.
//!
//! Each peer is a program of `xtask/peers` that does a row's work between two processes, the caller on one core and
//! the called on another, and says how long it took and how long both ran. They take turns (A B C A B C ...), so that
//! a change of the machine's mood falls on all alike. What counts is the ratio to ours in the same run.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use lexopt::Arg::{Long, Short, Value};
use lexopt::ValueExt;

use super::statistics::median;
use super::{place, warn_if_busy};
use crate::failure::Failure;
use crate::workspace::{cargo, find_program, output, root, run, target_folder};

/// Runs of each peer in each row, unless the command line has others.
const RUNS: usize = 7;

/// The exit status by which a program says that it does no such row.
const CANNOT: i32 = 3;

/// A row: its name, what it is about, and how often its work is done.
struct Row {
    name: &'static str,
    unit: &'static str,
    count: usize,
    /// The row that a raw socketpair does in its place: it has no batches.
    raw: &'static str,
}

const ROWS: &[Row] = &[
    row("sequential", "calls", 20_000, "sequential"),
    row("pipelined", "calls", 128_000, "pipelined"),
    row("single-64", "frames", 100_000, "single-64"),
    row("single-1514", "frames", 100_000, "single-1514"),
    row("batch-64", "frames", 640_000, "single-64"),
    row("batch-1514", "frames", 320_000, "single-1514"),
    row("sessions", "sessions", 300, "sessions"),
];

const fn row(name: &'static str, unit: &'static str, count: usize, raw: &'static str) -> Row {
    Row {
        name,
        unit,
        count,
        raw,
    }
}

/// Who is measured: ours first.
const PEERS: &[&str] = &["ours", "raw", "plain", "cpp", "tonic", "zbus"];

/// What a goal says: in this row at least so many times this peer.
struct Goal {
    row: &'static str,
    peer: &'static str,
    ratio: f64,
}

const GOALS: &[Goal] = &[
    goal("sequential", "plain", 1.0),
    goal("sequential", "cpp", 1.0),
    goal("pipelined", "plain", 1.5),
    goal("pipelined", "cpp", 1.0),
    goal("batch-64", "raw", 1.0),
    goal("batch-1514", "raw", 1.0),
];

const fn goal(row: &'static str, peer: &'static str, ratio: f64) -> Goal {
    Goal { row, peer, ratio }
}

struct Options {
    runs: usize,
    rows: Vec<&'static Row>,
    peers: Vec<&'static str>,
}

impl Options {
    fn parse(words: Vec<OsString>) -> Result<Self, Failure> {
        let mut options = Self {
            runs: RUNS,
            rows: ROWS.iter().collect(),
            peers: PEERS.to_vec(),
        };
        let mut parser = lexopt::Parser::from_args(words);
        while let Some(argument) = parser.next()? {
            match argument {
                Long("runs") => options.runs = parser.value()?.parse()?,
                Long("rows") => {
                    options.rows = chosen(&parser.value()?.string()?, "row", |name| {
                        ROWS.iter().find(|row| row.name == name)
                    })?;
                }
                Long("peers") => {
                    options.peers = chosen(&parser.value()?.string()?, "peer", |name| {
                        PEERS.iter().copied().find(|peer| *peer == name)
                    })?;
                }
                Long(_) | Short(_) | Value(_) => return Err(argument.unexpected().into()),
            }
        }
        if options.runs == 0 {
            return Err(Failure::Usage("bench: --runs must be at least 1".into()));
        }
        if !options.peers.contains(&"ours") {
            options.peers.insert(0, "ours");
        }
        Ok(options)
    }
}

fn chosen<T>(list: &str, kind: &str, find: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, Failure> {
    list.split(',')
        .map(|name| {
            find(name).ok_or_else(|| {
                let rows: Vec<&str> = ROWS.iter().map(|row| row.name).collect();
                Failure::Usage(format!(
                    "bench: no {kind} {name:?}; rows: {}; peers: {}",
                    rows.join(", "),
                    PEERS.join(", ")
                ))
            })
        })
        .collect()
}

/// What a program said of one run.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Sample {
    /// Of the row's unit, in a second.
    rate: f64,
    /// Nanoseconds of processor time for each, both ends together; octets for a session.
    cost: f64,
    /// Nanoseconds, 0 where calls were not timed.
    p50: f64,
    p99: f64,
}

impl Sample {
    fn read(line: &str) -> Option<Self> {
        let mut numbers = line
            .split_whitespace()
            .map(|word| word.parse::<f64>().ok().filter(|number| number.is_finite()));
        let mut next = || numbers.next().flatten();
        let (count, time, processor) = (next()?, next()?, next()?);
        let sample = Self {
            rate: count / time * 1e9,
            cost: processor / count,
            p50: next()?,
            p99: next()?,
        };
        (count > 0.0 && time > 0.0).then_some(sample)
    }
}

pub(super) fn main(words: Vec<OsString>) -> Result<(), Failure> {
    let options = Options::parse(words)?;
    let programs = programs(&options.peers)?;
    let cores = place::available_cores()?;
    let [first, .., last] = cores[..] else {
        return Err(Failure::Missing(
            "the bench needs two cores: a caller on one, the called on another".into(),
        ));
    };
    warn_if_busy();
    let cores = format!("{first},{last}");
    for row in &options.rows {
        let mut samples: Vec<Vec<Sample>> = vec![Vec::new(); programs.len()];
        for _ in 0..options.runs {
            for ((peer, program), samples) in programs.iter().zip(&mut samples) {
                let name = if *peer == "raw" { row.raw } else { row.name };
                samples.extend(sample(program, name, row.count, &cores)?);
            }
        }
        print_row(row, &programs, &samples);
    }
    Ok(())
}

/// Builds the peers; who cannot be built is named and left out.
fn programs(peers: &[&'static str]) -> Result<Vec<(&'static str, PathBuf)>, Failure> {
    let folder = root().join("xtask/peers");
    let target = target_folder()?.join("peers");
    let rust: Vec<&str> = peers
        .iter()
        .copied()
        .filter(|peer| *peer != "cpp")
        .collect();
    let mut build = cargo();
    build.current_dir(&folder);
    build
        .args(["build", "--release", "--locked", "--target-dir"])
        .arg(&target);
    for peer in &rust {
        build.args(["--package", &format!("rpc-load-{peer}")]);
    }
    run(&mut build)?;
    let mut programs = Vec::new();
    for peer in peers {
        if *peer != "cpp" {
            programs.push((
                *peer,
                target.join("release").join(format!("rpc-load-{peer}")),
            ));
        } else if let Some(program) = cpp(&folder, &target)? {
            programs.push((*peer, program));
        }
    }
    Ok(programs)
}

/// Builds the C++ peer, where its library and compilers are installed.
fn cpp(folder: &Path, target: &Path) -> Result<Option<PathBuf>, Failure> {
    let header = Path::new("/usr/include/capnp/rpc-twoparty.h");
    if !header.exists() || find_program("g++").is_none() || find_program("capnp").is_none() {
        eprintln!(
            "bench: SKIPPED cpp: it needs g++, capnp and libcapnp-dev (Debian: apt-get install g++ capnproto libcapnp-dev)"
        );
        return Ok(None);
    }
    let made = target.join("cpp");
    std::fs::create_dir_all(&made).map_err(Failure::file(&made))?;
    let mut compile = Command::new("capnp");
    compile
        .current_dir(root().join("sdk-rpc/schema"))
        // It would be compared with the working directory, and differ.
        .env_remove("PWD")
        .args([
            "compile",
            "--no-standard-import",
            "-I",
            "include",
            "--src-prefix=.",
        ])
        .arg(format!("-oc++:{}", made.display()))
        .arg("calfkit.capnp");
    run(&mut compile)?;
    let program = made.join("rpc-load-cpp");
    let mut link = Command::new("g++");
    link.args(["-O3", "-std=c++17", "-I"])
        .arg(&made)
        .arg(folder.join("cpp/load.c++"))
        .arg(made.join("calfkit.capnp.c++"))
        .arg("-o")
        .arg(&program)
        .args(["-lcapnp-rpc", "-lcapnp", "-lkj-async", "-lkj"]);
    run(&mut link)?;
    Ok(Some(program))
}

/// One run of one program; `None` when it does no such row.
fn sample(program: &Path, row: &str, count: usize, cores: &str) -> Result<Option<Sample>, Failure> {
    let mut command = Command::new(program);
    command.args([row, &count.to_string(), cores]);
    let text = match output(&mut command) {
        Err(Failure::Exit { program: _, status }) if status.code() == Some(CANNOT) => {
            return Ok(None);
        }
        text => text?,
    };
    let text = String::from_utf8_lossy(&text);
    match Sample::read(&text) {
        Some(sample) => Ok(Some(sample)),
        None => Err(Failure::Unexpected {
            program: program.display().to_string(),
            reason: format!("said {text:?} of the row {row}"),
        }),
    }
}

fn middle(samples: &[Sample], of: impl Fn(&Sample) -> f64) -> Option<f64> {
    median(&samples.iter().map(of).collect::<Vec<_>>())
}

fn print_row(row: &Row, programs: &[(&'static str, PathBuf)], samples: &[Vec<Sample>]) {
    let memory = row.name == "sessions";
    let figure = |sample: &Sample| if memory { sample.cost } else { sample.rate };
    let ours = programs
        .iter()
        .zip(samples)
        .find(|((peer, _), _)| *peer == "ours")
        .and_then(|(_, samples)| middle(samples, figure));
    println!(
        "{} ({})",
        row.name,
        if memory { "octets each" } else { row.unit }
    );
    for ((peer, _), samples) in programs.iter().zip(samples) {
        let (Some(value), Some(ours)) = (middle(samples, figure), ours) else {
            println!("  {peer:6} does no such row");
            continue;
        };
        print!(
            "  {peer:6} {value:>12.0}{}",
            if memory { "  " } else { "/s" }
        );
        print!("   ours is {:.2} of it", ours / value);
        if !memory {
            print!(
                "   {:>6.0} ns of processor each",
                middle(samples, |s| s.cost).unwrap_or_default()
            );
        }
        let p50 = middle(samples, |sample| sample.p50).unwrap_or_default();
        if p50 > 0.0 {
            let p99 = middle(samples, |sample| sample.p99).unwrap_or_default();
            print!("   p50 {:.1} us, p99 {:.1} us", p50 / 1e3, p99 / 1e3);
        }
        let goal = GOALS
            .iter()
            .find(|goal| goal.row == row.name && goal.peer == *peer);
        if let Some(goal) = goal {
            let met = if ours / value >= goal.ratio {
                "met"
            } else {
                "MISSED"
            };
            print!("   goal {:.1}: {met}", goal.ratio);
        }
        println!();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Options, Failure> {
        Options::parse(words.iter().map(OsString::from).collect())
    }

    #[test]
    fn ours_is_measured_whoever_else_is_chosen() {
        let options = parse(&["--peers", "raw", "--rows", "pipelined"]).unwrap();
        assert_eq!(options.peers, ["ours", "raw"]);
        assert_eq!(options.rows.len(), 1);
    }

    #[test]
    fn wrong_words_are_usage_failures() {
        for words in [
            &["--rows", "renewal"][..],
            &["--peers", "thrift"],
            &["--runs", "0"],
            &["lease"],
        ] {
            let failure = parse(words).err().unwrap();
            assert_eq!(failure.exit_code(), crate::failure::EXIT_USAGE, "{words:?}");
        }
    }

    #[test]
    fn each_goal_is_of_a_row_and_a_peer_that_there_are() {
        for goal in GOALS {
            assert!(ROWS.iter().any(|row| row.name == goal.row), "{}", goal.row);
            assert!(PEERS.contains(&goal.peer), "{}", goal.peer);
        }
    }

    #[test]
    fn a_line_of_a_program_becomes_a_sample_and_anything_else_does_not() {
        let sample = Sample::read("1000 2000000000 5000000 400 900\n").unwrap();
        assert_eq!(sample.rate, 500.0);
        assert_eq!(sample.cost, 5000.0);
        assert_eq!((sample.p50, sample.p99), (400.0, 900.0));
        for line in ["", "1000", "0 1 1 0 0", "1000 many 1 0 0", "1 2 3 4"] {
            assert_eq!(Sample::read(line), None, "{line:?}");
        }
    }
}
