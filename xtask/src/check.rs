//! `cargo xtask check`: what a change must pass before it is committed. Stops at the first step that fails.

use std::ffi::OsString;

use lexopt::Arg::{Long, Value};

use crate::binaries::Binaries;
use crate::debian::{self, Consent};
use crate::failure::Failure;
use crate::fuzz;
use crate::ledger;
use crate::outside;
use crate::schema;
use crate::step::{Outcome, Steps};
use crate::tools;
use crate::verdict::{self, Extent, Verdict};
use crate::workspace::{cargo, run};

pub(crate) fn main(words: Vec<OsString>) -> Result<(), Failure> {
    let mut yes = false;
    let mut parser = lexopt::Parser::from_args(words);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("yes") => yes = true,
            Long(_) | lexopt::Arg::Short(_) | Value(_) => return Err(argument.unexpected().into()),
        }
    }
    everything(Consent::new(yes), Extent::Fast)
}

/// Every step of `check`; with the slow tests and the fuzzers, or without.
///
/// `ci` is this with [`Extent::All`], so that CI never builds or runs a test twice.
pub(crate) fn everything(consent: Consent, extent: Extent) -> Result<(), Failure> {
    let mut steps = Steps::new();
    let mut verdict = Verdict::default();
    let outcome = all_steps(&mut steps, consent, extent, &mut verdict);
    if outcome.is_ok() {
        steps.print_summary();
    }
    verdict::say_what_is_left_out(extent);
    println!("{verdict}");
    outcome
}

fn all_steps(
    steps: &mut Steps,
    consent: Consent,
    extent: Extent,
    verdict: &mut Verdict,
) -> Result<(), Failure> {
    steps.run("format", || {
        done(run(cargo().args(["fmt", "--all", "--check"])))
    })?;
    steps.run("packages", || {
        done(debian::provide(debian::FOR_TESTS, consent))
    })?;
    steps.run("tools", || {
        tools::provide(&tools::NEXTEST)?;
        done(tools::provide(&tools::DENY))
    })?;
    steps.run("clippy", || {
        done(run(cargo().args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ])))
    })?;
    steps.run("clippy of optional parts", || {
        done(run(cargo().args([
            "clippy",
            "--package",
            "sdk-rpc",
            "--all-features",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ])))
    })?;
    steps.run("dependencies", || {
        eprintln!(
            "not checked: security advisories, whose database has to be fetched; `cargo deny check advisories` with network"
        );
        done(run(cargo().args([
            "deny", "check", "bans", "licenses", "sources",
        ])))
    })?;
    steps.run("schema", schema::check)?;
    steps.run("ledger", ledger::check)?;
    steps.run("docs", || {
        done(run(cargo()
            .args([
                "doc",
                "--workspace",
                "--no-deps",
                "--document-private-items",
            ])
            .env("RUSTDOCFLAGS", "-D warnings")))
    })?;
    let mut binaries = None;
    steps.run("programs", || {
        binaries = Some(Binaries::build()?);
        Ok(Outcome::Done)
    })?;
    if let Some(binaries) = &binaries {
        steps.run("tests", || {
            done(verdict::run_nextest(binaries, extent, &[], verdict))
        })?;
    }
    steps.run("tests of optional parts", || {
        done(verdict::run_optional_parts(verdict))
    })?;
    steps.run("doc tests", || done(verdict::run_doc_tests(verdict)))?;
    match extent {
        Extent::All => {
            steps.run("outside", || done(outside::check()))?;
            steps.run("fuzz", || done(fuzz::smoke()))
        }
        Extent::Fast => Ok(()),
    }
}

fn done(result: Result<(), Failure>) -> Result<Outcome, Failure> {
    result.map(|()| Outcome::Done)
}
