//! Runs the tests (nextest, then the doc tests, which nextest cannot run) and counts what passed.
//!
//! The counts come from the runners' own closing lines, which are passed on unchanged; a run whose closing line is
//! missing counts as failed, so that a runner that died quietly is not a success.

use std::ffi::OsString;
use std::fmt;
use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::process::{Command, Stdio};

use crate::binaries::Binaries;
use crate::failure::Failure;
use crate::workspace::{cargo, shown};

/// Which tests to run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Extent {
    /// All but the slow ones.
    Fast,
    /// All.
    All,
}

/// How many tests passed, failed and were left out.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Verdict {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

impl Verdict {
    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// Runs nextest over the workspace and adds its counts to `verdict`.
pub(crate) fn run_nextest(
    binaries: &Binaries,
    extent: Extent,
    words: &[OsString],
    verdict: &mut Verdict,
) -> Result<(), Failure> {
    let mut command = cargo();
    command.args(["nextest", "run", "--workspace"]);
    if std::env::var_os("CI").is_some() {
        command.args(["--profile", "ci"]);
    }
    // The slow tests mostly wait, so more of them run at once than there are cores; `.config/nextest.toml` lets every
    // other test take four of these places.
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    command.arg(format!("--test-threads={}", cores.saturating_mul(4)));
    if std::io::stderr().is_terminal() {
        command.args(["--color", "always"]);
    }
    // The default filter of `.config/nextest.toml` leaves out the slow tests, also among those chosen in `words`.
    if extent == Extent::All {
        command.arg("--ignore-default-filter");
    }
    command.args(words);
    binaries.hand_to(&mut command);
    watch(&mut command, Stream::Stderr, nextest_counts, verdict)
}

/// Runs the tests of the SDK with all of its optional parts, which no other build of the workspace turns on, and adds
/// their counts to `verdict`.
pub(crate) fn run_optional_parts(verdict: &mut Verdict) -> Result<(), Failure> {
    let mut command = cargo();
    command.args(["nextest", "run", "--package", "sdk-rpc", "--all-features"]);
    if std::env::var_os("CI").is_some() {
        command.args(["--profile", "ci"]);
    }
    watch(&mut command, Stream::Stderr, nextest_counts, verdict)
}

/// Runs the doc tests of the workspace and adds their counts to `verdict`.
pub(crate) fn run_doc_tests(verdict: &mut Verdict) -> Result<(), Failure> {
    let mut command = cargo();
    command.args(["test", "--doc", "--workspace", "--no-fail-fast"]);
    watch(&mut command, Stream::Stdout, doc_test_counts, verdict)
}

/// Says which tests a run leaves out and how to run them.
pub(crate) fn say_what_is_left_out(extent: Extent) {
    if extent == Extent::Fast {
        eprintln!(
            "left out: the tests that take seconds of real time (binaries slow_*); `cargo xtask test --slow` runs them"
        );
        eprintln!(
            "left out: the fuzzers, of which only the seeds and regressions were run; `cargo xtask fuzz`"
        );
    }
}

enum Stream {
    Stdout,
    Stderr,
}

/// Runs a test runner, passing everything on, and adds up the closing lines that `counts` finds in one stream.
fn watch(
    command: &mut Command,
    stream: Stream,
    counts: fn(&str) -> Option<Verdict>,
    verdict: &mut Verdict,
) -> Result<(), Failure> {
    let program = shown(command);
    eprintln!("+ {program}");
    match stream {
        Stream::Stdout => command.stdout(Stdio::piped()),
        Stream::Stderr => command.stderr(Stdio::piped()),
    };
    let mut child = command.spawn().map_err(|error| Failure::Start {
        program: program.clone(),
        error,
    })?;
    let lines: Box<dyn Read> = match (child.stdout.take(), child.stderr.take()) {
        (Some(stdout), _) => Box::new(stdout),
        (None, Some(stderr)) => Box::new(stderr),
        (None, None) => Box::new(std::io::empty()),
    };
    let mut closing = None;
    let mut seen = Verdict::default();
    for line in BufReader::new(lines).split(b'\n') {
        let Ok(line) = line else { break };
        if let Some(found) = counts(&without_colour(&String::from_utf8_lossy(&line))) {
            seen.add(found);
            closing = Some(seen);
        }
        pass_on(&stream, &line);
    }
    let status = child.wait().map_err(|error| Failure::Start {
        program: program.clone(),
        error,
    })?;
    verdict.add(seen);
    if !status.success() {
        return Err(Failure::Exit { program, status });
    }
    match closing {
        Some(_) => Ok(()),
        None => Err(Failure::Unexpected {
            program,
            reason: "ended without its closing line".into(),
        }),
    }
}

fn pass_on(stream: &Stream, line: &[u8]) {
    // Output that nobody can read any more (a closed pipe) is no reason to leave the tests half run.
    let _ = match stream {
        Stream::Stdout => {
            let mut out = std::io::stdout().lock();
            out.write_all(line).and_then(|()| out.write_all(b"\n"))
        }
        Stream::Stderr => {
            let mut err = std::io::stderr().lock();
            err.write_all(line).and_then(|()| err.write_all(b"\n"))
        }
    };
}

/// Counts in nextest's closing line: `Summary [ 0.5s] 9 tests run: 7 passed (1 slow), 1 failed, 1 timed out, 2 skipped`.
fn nextest_counts(line: &str) -> Option<Verdict> {
    let text = line.trim_start().strip_prefix("Summary [")?;
    let (_, text) = text.split_once("] ")?;
    let (_, counts) = text.split_once(" run: ")?;
    let mut verdict = Verdict::default();
    for part in counts.split(", ") {
        let mut words = part.split_whitespace();
        let number: u64 = words.next()?.parse().ok()?;
        match words.next()? {
            "passed" => verdict.passed += number,
            "skipped" => verdict.skipped += number,
            // "failed", "timed out", "exec failed": whatever else nextest names is not a pass.
            _ => verdict.failed += number,
        }
    }
    Some(verdict)
}

/// Counts in libtest's closing line: `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; ...`.
fn doc_test_counts(line: &str) -> Option<Verdict> {
    let counts = line.strip_prefix("test result: ")?;
    let (_, counts) = counts.split_once(". ")?;
    let mut verdict = Verdict::default();
    for part in counts.split("; ") {
        let mut words = part.split_whitespace();
        let Some(Ok(number)) = words.next().map(str::parse::<u64>) else {
            continue;
        };
        match words.next() {
            Some("passed") => verdict.passed += number,
            Some("failed") => verdict.failed += number,
            Some("ignored") => verdict.skipped += number,
            _ => {}
        }
    }
    Some(verdict)
}

/// A line without terminal colours, so that its words can be compared.
fn without_colour(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line.chars();
    while let Some(character) = rest.next() {
        if character == '\u{1b}' {
            // An SGR sequence runs from ESC to its `m`.
            rest.by_ref().find(|end| *end == 'm');
        } else {
            text.push(character);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn verdict(passed: u64, failed: u64, skipped: u64) -> Verdict {
        Verdict {
            passed,
            failed,
            skipped,
        }
    }

    #[test]
    fn nextest_closing_lines_are_counted() {
        assert_eq!(
            nextest_counts("     Summary [   0.512s] 34 tests run: 34 passed, 0 skipped"),
            Some(verdict(34, 0, 0))
        );
        assert_eq!(
            nextest_counts(
                "     Summary [   3.1s] 9/12 tests run: 6 passed (2 slow), 1 failed, 2 timed out, 4 skipped"
            ),
            Some(verdict(6, 3, 4))
        );
        assert_eq!(
            nextest_counts("     Starting 34 tests across 5 binaries"),
            None
        );
    }

    #[test]
    fn colours_do_not_hide_a_closing_line() {
        let line = "\u{1b}[32;1m     Summary\u{1b}[0m [   0.512s] \u{1b}[1m2\u{1b}[0m tests run: \u{1b}[1m2\u{1b}[0m \u{1b}[32;1mpassed\u{1b}[0m, \u{1b}[1m1\u{1b}[0m \u{1b}[33;1mskipped\u{1b}[0m";
        assert_eq!(
            nextest_counts(&without_colour(line)),
            Some(verdict(2, 0, 1))
        );
    }

    #[test]
    fn doc_test_closing_lines_are_counted() {
        assert_eq!(
            doc_test_counts(
                "test result: FAILED. 3 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.10s"
            ),
            Some(verdict(3, 1, 2))
        );
        assert_eq!(doc_test_counts("running 3 tests"), None);
    }

    #[test]
    fn the_closing_line_of_a_run_names_skips_only_when_there_are_any() {
        assert_eq!(verdict(3, 0, 0).to_string(), "3 passed, 0 failed");
        assert_eq!(
            verdict(3, 1, 2).to_string(),
            "3 passed, 1 failed, 2 skipped"
        );
    }

    #[test]
    fn a_runner_that_says_nothing_is_a_failure() {
        let mut seen = Verdict::default();
        let silent = watch(
            &mut Command::new("true"),
            Stream::Stderr,
            nextest_counts,
            &mut seen,
        );
        assert!(matches!(silent, Err(Failure::Unexpected { .. })));
        assert_eq!(seen, Verdict::default());
    }
}
