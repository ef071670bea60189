//! `cargo xtask bench lease`: what one lease costs, beside the DHCP clients that people use today. `bench rpc` is in `rpc`.
//!
//! Every client gets its lease from the same server over the same link, one after the other in turns (A B C A B C
//! ...), so that a change of the machine's mood falls on all alike. Times are taken from outside the client: from just
//! before it is started until the kernel reports the address, and until the program a caller waits for has ended.
//! Clients are compared in rows: a plain lease, a lease in two messages, one that is remembered, with probes, with
//! hooks, on many interfaces; who cannot do a row is left out of it, with the reason.
//! System calls are counted in runs of their own, because counting slows a client down.
//!
//! The whole bench lives in its own process, mount and network namespaces and works on copies of the system folders
//! that clients write to. When it ends, for whatever reason, the kernel removes all of it.

mod bed;
mod client;
mod conflict;
mod goal;
mod invocation;
mod memory;
mod place;
mod processes;
mod report;
mod row;
mod rpc;
mod statistics;
mod syscalls;
mod timing;
mod watch;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use lexopt::Arg::{Long, Short, Value};
use lexopt::ValueExt;

use crate::debian::{self, Consent};
use crate::dist;
use crate::failure::Failure;
use crate::workspace::find_program;
use client::Client;
use row::Row;

/// Fewer runs than this give no verdict on a goal.
const RUNS_FOR_A_VERDICT: usize = 20;

/// What the command line asks for.
struct Options {
    runs: usize,
    json: Option<PathBuf>,
    clients: Vec<Client>,
    rows: Vec<Row>,
    binary: Option<PathBuf>,
    yes: bool,
    /// Set by this program when it starts itself again inside the namespaces.
    inside: bool,
}

impl Options {
    fn parse(words: Vec<OsString>) -> Result<Self, Failure> {
        let mut options = Self {
            runs: RUNS_FOR_A_VERDICT,
            json: None,
            clients: Client::ALL.to_vec(),
            rows: Row::ALL.to_vec(),
            binary: None,
            yes: false,
            inside: false,
        };
        let mut what = None;
        let mut parser = lexopt::Parser::from_args(words);
        while let Some(argument) = parser.next()? {
            match argument {
                Long("runs") => options.runs = parser.value()?.parse()?,
                Long("json") => options.json = Some(absolute(parser.value()?)?),
                Long("clients") => options.clients = clients(&parser.value()?.string()?)?,
                Long("rows") => options.rows = rows(&parser.value()?.string()?)?,
                Long("binary") => options.binary = Some(absolute(parser.value()?)?),
                Long("yes") => options.yes = true,
                Long("inside") => options.inside = true,
                Value(word) if what.is_none() => what = Some(word),
                Long(_) | Short(_) | Value(_) => return Err(argument.unexpected().into()),
            }
        }
        match what {
            Some(word) if word == "lease" => {}
            Some(word) => {
                return Err(Failure::Usage(format!(
                    "bench: no bench {word:?}; there are `lease` and `rpc`"
                )));
            }
            None => {
                return Err(Failure::Usage(
                    "bench: which one? there are `lease` and `rpc`".into(),
                ));
            }
        }
        if options.runs == 0 {
            return Err(Failure::Usage("bench: --runs must be at least 1".into()));
        }
        Ok(options)
    }
}

fn absolute(path: OsString) -> Result<PathBuf, Failure> {
    let path = PathBuf::from(path);
    std::path::absolute(&path).map_err(Failure::file(&path))
}

fn clients(list: &str) -> Result<Vec<Client>, Failure> {
    list.split(',')
        .map(|name| {
            Client::named(name).ok_or_else(|| {
                Failure::Usage(format!(
                    "bench: no client {name:?}; there are {}",
                    Client::ALL.map(Client::name).join(", ")
                ))
            })
        })
        .collect()
}

fn rows(list: &str) -> Result<Vec<Row>, Failure> {
    list.split(',')
        .map(|name| {
            Row::named(name).ok_or_else(|| {
                Failure::Usage(format!(
                    "bench: no row {name:?}; there are {}",
                    Row::ALL.map(Row::name).join(", ")
                ))
            })
        })
        .collect()
}

pub(crate) fn main(words: Vec<OsString>) -> Result<(), Failure> {
    if let Some((_, rest)) = words.split_first().filter(|(what, _)| *what == "rpc") {
        return rpc::main(rest.to_vec());
    }
    let options = Options::parse(words)?;
    if options.inside {
        return inside(&options);
    }
    debian::provide(debian::FOR_BENCH, Consent::new(options.yes))?;
    if !nix::unistd::geteuid().is_root() {
        return Err(Failure::Missing(
            "the bench needs root, for network namespaces and other people's clients: \
             `cargo xtask dist`, then `sudo -E cargo xtask bench lease --binary target/dist/dhcp-client`"
                .into(),
        ));
    }
    let binary = match &options.binary {
        Some(binary) => Some(binary.clone()),
        None if options.clients.contains(&Client::Calfkit) => Some(dist::build(dist::CLIENT)?),
        None => None,
    };
    start_inside(&options, binary.as_deref())
}

/// Starts this program again in namespaces of its own.
///
/// `setpriv` has the kernel kill `unshare` when this process dies, `--kill-child` passes that on to the first process
/// of the new process namespace, and with that one all others die. So Ctrl-C and SIGKILL leave nothing behind either.
fn start_inside(options: &Options, binary: Option<&Path>) -> Result<(), Failure> {
    let itself = std::env::current_exe().map_err(Failure::file(Path::new("/proc/self/exe")))?;
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]);
    command.args([
        "unshare",
        "--mount",
        "--propagation",
        "private",
        "--uts",
        "--ipc",
    ]);
    command.args(["--pid", "--fork", "--kill-child", "--mount-proc", "--"]);
    command.arg(itself);
    command.args([
        "bench",
        "lease",
        "--inside",
        "--runs",
        &options.runs.to_string(),
    ]);
    let names: Vec<&str> = options.clients.iter().map(|client| client.name()).collect();
    command.args(["--clients", &names.join(",")]);
    let names: Vec<&str> = options.rows.iter().map(|row| row.name()).collect();
    command.args(["--rows", &names.join(",")]);
    if let Some(binary) = binary {
        command.arg("--binary").arg(binary);
    }
    if let Some(json) = &options.json {
        command.arg("--json").arg(json);
    }
    let status = command.status().map_err(|error| Failure::Start {
        program: "setpriv".into(),
        error,
    })?;
    if status.success() {
        Ok(())
    } else {
        // It has said itself what went wrong.
        Err(Failure::Step("bench lease".into()))
    }
}

/// The bench itself, as first process of its process namespace.
fn inside(options: &Options) -> Result<(), Failure> {
    if std::process::id() != 1 {
        return Err(Failure::Usage(
            "bench: --inside is for this program's own use".into(),
        ));
    }
    let binary = options.binary.clone().unwrap_or_default();
    let cores = place::available_cores()?;
    place::prepare(&cores)?;
    let (present, absent): (Vec<Client>, Vec<Client>) = options
        .clients
        .iter()
        .partition(|client| client.program(&binary).is_some());
    for client in &absent {
        eprintln!(
            "bench: SKIPPED {}: its program is not installed",
            client.name()
        );
    }
    if present.is_empty() {
        return Err(Failure::Missing(
            "bench: no client is left to measure".into(),
        ));
    }

    warn_if_busy();
    let mut results = report::Results::new(&present, options.runs, &binary)?;
    let arrangements = timing::arrangements(&cores);
    if cores.len() < 2 {
        eprintln!("bench: SKIPPED two cores: this machine has one");
    }
    for row in &options.rows {
        // How the server's work falls on the cores is measured once; the other rows get all the cores there are.
        let skipped = if *row == Row::Plain {
            0
        } else {
            arrangements.len().saturating_sub(1)
        };
        for arrangement in arrangements.iter().skip(skipped) {
            eprintln!("bench: {}, {}", row.name(), arrangement.name());
            results.timings.push(timing::measure(
                *row,
                *arrangement,
                &present,
                options.runs,
                &binary,
            )?);
        }
    }
    if options.rows.contains(&Row::AcdFast) && present.contains(&Client::Calfkit) {
        eprintln!("bench: a planted conflict");
        results.conflicts = conflict::measure(&cores, &binary)?;
    }
    if options.rows.contains(&Row::Plain) {
        if find_program("strace").is_some() {
            eprintln!("bench: system calls");
            results.syscalls = syscalls::measure(&cores, &present, &binary)?;
        } else {
            eprintln!("bench: SKIPPED system calls: strace is not installed");
        }
        eprintln!("bench: memory");
        results.memory = memory::measure(&cores, &present, &binary)?;
    }

    print!("{}", results.table());
    if let Some(file) = &options.json {
        let mut text = format!("{:#}", results.json());
        text.push('\n');
        std::fs::write(file, text).map_err(Failure::file(file))?;
    }
    Ok(())
}

/// Says when other work on this machine will be measured along.
fn warn_if_busy() {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Option<f64> = text
        .split_whitespace()
        .next()
        .and_then(|word| word.parse().ok());
    if let Some(load) = load.filter(|load| *load > 0.5) {
        eprintln!("bench: this machine is busy (load {load}): times will be long and uneven");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Options, Failure> {
        Options::parse(words.iter().map(OsString::from).collect())
    }

    #[test]
    fn a_bench_without_options_measures_every_client_often_enough_for_a_verdict() {
        let options = parse(&["lease"]).unwrap();
        assert_eq!(options.runs, RUNS_FOR_A_VERDICT);
        assert_eq!(options.clients, Client::ALL);
        assert_eq!(options.rows, Row::ALL);
    }

    #[test]
    fn wrong_words_are_usage_failures() {
        for words in [
            &[][..],
            &["renewal"],
            &["lease", "--runs", "0"],
            &["lease", "--runs", "many"],
            &["lease", "--clients", "calfkit,pump"],
            &["lease", "--rows", "plain,slow"],
            &["lease", "--quick"],
        ] {
            let failure = parse(words).err().unwrap();
            assert_eq!(failure.exit_code(), crate::failure::EXIT_USAGE, "{words:?}");
        }
    }
}
