//! Counts the system calls of one lease, children included, up to the end of the program a caller waits for.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::bed::{Bed, FILES};
use super::client::Client;
use super::invocation;
use super::row::Row;
use super::statistics::median;
use crate::failure::Failure;

/// Odd, so that the median is a count that was seen.
const RUNS: usize = 3;
/// A traced client is several times slower; one that takes longer than this has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// The calls of one client.
pub(super) struct Calls {
    pub(super) client: Client,
    /// System calls that entered the kernel.
    pub(super) calls: f64,
    /// Programs started, the client included.
    pub(super) programs: f64,
}

/// Counts for every client.
pub(super) fn measure(
    cores: &[usize],
    clients: &[Client],
    ours: &Path,
) -> Result<Vec<Calls>, Failure> {
    let core = cores.first().copied().unwrap_or_default();
    let bed = Bed::new("calls", Row::Plain, core, core)?;
    clients
        .iter()
        .filter(|client| Row::Plain.absence(**client).is_none())
        .map(|client| {
            let mut calls = Vec::new();
            let mut programs = Vec::new();
            for _ in 0..RUNS {
                let tally = one_run(&bed, *client, ours)?;
                calls.push(f64::from(tally.calls));
                programs.push(f64::from(tally.programs));
            }
            Ok(Calls {
                client: *client,
                calls: median(&calls).unwrap_or_default(),
                programs: median(&programs).unwrap_or_default(),
            })
        })
        .collect()
}

fn one_run(bed: &Bed, client: Client, ours: &Path) -> Result<Tally, Failure> {
    bed.fresh_start(client)?;
    let run = bed.client.run_folder();
    let log = run.join("bench/log");
    let log = std::fs::File::create(&log).map_err(Failure::file(&log))?;
    let traced = invocation::once(client, Row::Plain, ours)?;
    let mut command = Command::new("strace");
    command
        .args(["-f", "-q", "-s", "0", "-e", "signal=none", "-o"])
        .arg(format!("{FILES}/calls"))
        .arg("--")
        .arg(traced.get_program())
        .args(traced.get_args())
        .stdin(Stdio::null())
        .stdout(log.try_clone().map_err(Failure::file(Path::new(FILES)))?)
        .stderr(log);
    let (begun, mut child) = bed.client.spawn(command)?;

    // strace ends with the last process it follows; a client that went into the background has ended for its caller
    // when its first process has. The record is looked at now and then, since only the count matters here.
    let record = run.join("bench/calls");
    loop {
        let over = child
            .try_wait()
            .map_err(|error| Failure::Start {
                program: "strace".into(),
                error,
            })?
            .is_some();
        let text = std::fs::read(&record).unwrap_or_default();
        let tally = tally(&String::from_utf8_lossy(&text));
        if over || tally.exit.is_some() {
            bed_end(bed, &mut child)?;
            return match tally.exit {
                Some(0) => Ok(tally),
                Some(_) | None => Err(Failure::Unexpected {
                    program: format!("{} under strace", client.name()),
                    reason: format!("got no lease: {}", bed.last_words()),
                }),
            };
        }
        if begun.elapsed() > PATIENCE {
            bed_end(bed, &mut child)?;
            return Err(Failure::Unexpected {
                program: format!("{} under strace", client.name()),
                reason: format!("did not end in {PATIENCE:?}: {}", bed.last_words()),
            });
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Ends strace, and with it (it runs in the client's place) all that it follows.
fn bed_end(bed: &Bed, child: &mut std::process::Child) -> Result<(), Failure> {
    // One that has ended already needs no signal; reaping it here keeps its id from being used again.
    let _ = child.kill();
    let _ = child.wait();
    super::processes::end_all(&bed.client)
}

/// What a record of `strace -f` says up to the end of its first process.
#[derive(Default, PartialEq, Eq, Debug)]
struct Tally {
    calls: u32,
    programs: u32,
    /// The exit code of the first process, when it has ended by itself.
    exit: Option<i32>,
}

/// Counts a record whose lines are `PID CALL(...) = RESULT`, `PID <... CALL resumed>...`, `PID +++ exited with N +++`.
fn tally(record: &str) -> Tally {
    let mut tally = Tally::default();
    let mut first = None;
    for line in record.lines() {
        let Some((pid, event)) = line.split_once(' ') else {
            continue;
        };
        let event = event.trim_start();
        let first = *first.get_or_insert(pid);
        if let Some(end) = event.strip_prefix("+++ exited with ") {
            if pid == first {
                tally.exit = end
                    .split_whitespace()
                    .next()
                    .and_then(|code| code.parse().ok());
                return tally;
            }
        } else if !event.starts_with("<...")
            && !event.starts_with("+++")
            && !event.starts_with("---")
        {
            tally.calls = tally.calls.saturating_add(1);
            // A failed execve is one entry of a search along the path.
            if event.starts_with("execve(") && !event.contains("= -1 ") {
                tally.programs = tally.programs.saturating_add(1);
            }
        }
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = "\
10    execve(\"/sbin/dhclient\", ...) = 0
10    clone(child_stack=NULL) = 11
11    execve(\"/usr/local/bin/ip\", ...) = -1 ENOENT (No such file or directory)
10    wait4(-1,  <unfinished ...>
11    execve(\"/sbin/ip\", ...) = 0
11    exit_group(0) = ?
11    +++ exited with 0 +++
10    <... wait4 resumed>, 0, NULL) = 11
10    exit_group(0) = ?
10    +++ exited with 0 +++
12    read(3, ...) = 1
";

    #[test]
    fn calls_count_once_and_only_until_the_first_process_ends() {
        assert_eq!(
            tally(RECORD),
            Tally {
                calls: 7,
                programs: 2,
                exit: Some(0)
            }
        );
    }

    #[test]
    fn a_record_without_the_end_has_no_exit() {
        let cut = RECORD.split("10    exit_group").next().unwrap();
        assert_eq!(tally(cut).exit, None);
        assert_eq!(tally("").calls, 0);
    }
}
