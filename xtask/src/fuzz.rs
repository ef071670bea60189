//! `cargo xtask fuzz`: builds the fuzzers of `fuzz/` and runs each for a while, from its seeds and from what it
//! found before.
//!
//! They need a nightly compiler, for the coverage that leads libFuzzer and for the address sanitizer. What a fuzzer
//! keeps between runs is in `target/fuzz/corpus`, and an input that broke something is in `target/fuzz/artifacts`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lexopt::Arg::{Long, Value};
use lexopt::ValueExt;

use crate::failure::Failure;
use crate::tools;
use crate::workspace::{STATIC_TARGET, cargo, root, run, target_folder};

/// The toolchain that builds them. Any of its days will do: nothing of it is in what is shipped.
const TOOLCHAIN: &str = "nightly";

/// Seconds for each target, unless the command line has others: enough to see that the target works, and that
/// nothing broke which its seeds are near to.
const SECONDS: u32 = 10;

/// Seconds after which one input counts as one that hangs.
const PATIENCE: u32 = 10;

/// Megabytes that a fuzzer may use, those of the sanitizer included: a leak or a bomb ends it.
const MEMORY: u32 = 2048;

struct Options {
    targets: Vec<String>,
    seconds: u32,
    seeds: bool,
}

impl Options {
    fn parse(words: Vec<OsString>) -> Result<Self, Failure> {
        let mut options = Self {
            targets: Vec::new(),
            seconds: SECONDS,
            seeds: false,
        };
        let mut parser = lexopt::Parser::from_args(words);
        while let Some(argument) = parser.next()? {
            match argument {
                Long("seconds") => options.seconds = parser.value()?.parse()?,
                Long("seeds") => options.seeds = true,
                Value(name) => options.targets.push(name.string()?),
                Long(_) | lexopt::Arg::Short(_) => return Err(argument.unexpected().into()),
            }
        }
        Ok(options)
    }
}

pub(crate) fn main(words: Vec<OsString>) -> Result<(), Failure> {
    let options = Options::parse(words)?;
    if options.seeds {
        return run(cargo().args(["run", "--package", "fuzz-bodies", "--example", "seeds"]));
    }
    let all = targets()?;
    if let Some(unknown) = options.targets.iter().find(|name| !all.contains(name)) {
        return Err(Failure::Usage(format!(
            "no fuzz target {unknown:?}; there are {}",
            all.join(", ")
        )));
    }
    let chosen = if options.targets.is_empty() {
        all
    } else {
        options.targets
    };
    fuzz(&chosen, options.seconds)
}

/// Every target for [`SECONDS`], as CI does it.
pub(crate) fn smoke() -> Result<(), Failure> {
    fuzz(&targets()?, SECONDS)
}

fn fuzz(targets: &[String], seconds: u32) -> Result<(), Failure> {
    provide_toolchain()?;
    tools::provide(&tools::FUZZ)?;
    let folder = target_folder()?.join("fuzz");
    run(&mut build(targets, &folder))?;
    for target in targets {
        run_one(target, seconds, &folder)?;
    }
    Ok(())
}

/// The names of the targets, which are those of their files.
fn targets() -> Result<Vec<String>, Failure> {
    let folder = root().join("fuzz/fuzz_targets");
    let entries = std::fs::read_dir(&folder).map_err(Failure::file(&folder))?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| Some(entry.path().file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    Ok(names)
}

fn provide_toolchain() -> Result<(), Failure> {
    let found = Command::new("rustup")
        .args(["run", TOOLCHAIN, "rustc", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if found {
        return Ok(());
    }
    run(Command::new("rustup").args([
        "toolchain",
        "install",
        TOOLCHAIN,
        "--profile",
        "minimal",
        "--no-self-update",
    ]))
}

/// The build of all targets, or of the only one that is wanted.
fn build(targets: &[String], folder: &Path) -> Command {
    let mut command = Command::new("rustup");
    command
        .args(["run", TOOLCHAIN, "cargo", "fuzz", "build"])
        // With the assertions of a debug build and the speed of a release. Units of code in parallel: the build
        // takes half as long, and the runs are as fast.
        .args(["--release", "--debug-assertions", "--codegen-units", "16"])
        .arg("--fuzz-dir")
        .arg(root().join("fuzz"))
        .arg("--target-dir")
        .arg(folder)
        .current_dir(root())
        // This program's own cargo, which is another one.
        .env_remove("CARGO");
    if let [target] = targets {
        command.arg(target);
    }
    command
}

fn run_one(target: &str, seconds: u32, folder: &Path) -> Result<(), Failure> {
    let make = |path: PathBuf| {
        std::fs::create_dir_all(&path).map_err(Failure::file(&path))?;
        Ok::<_, Failure>(path)
    };
    let corpus = make(folder.join("corpus").join(target))?;
    let artifacts = make(folder.join("artifacts").join(target))?;
    let mut command = Command::new(folder.join(STATIC_TARGET).join("release").join(target));
    command
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-timeout={PATIENCE}"))
        .arg(format!("-rss_limit_mb={MEMORY}"))
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .args(["-verbosity=0", "-print_final_stats=1"])
        .arg(corpus)
        .current_dir(root())
        // As cargo-fuzz runs them: crates that are built more than once define a symbol more than once.
        .env("ASAN_OPTIONS", "detect_odr_violation=0");
    let dictionary = root().join("fuzz/dictionaries").join(target);
    if dictionary.is_file() {
        command.arg(format!("-dict={}", dictionary.display()));
    }
    for kind in ["seeds", "regressions"] {
        let inputs = root().join("fuzz").join(kind).join(target);
        if inputs.is_dir() {
            command.arg(inputs);
        }
    }
    run(&mut command).inspect_err(|_failed| {
        eprintln!(
            "{target}: the input is in {}; once its cause is mended it belongs to fuzz/regressions/{target}",
            artifacts.display()
        );
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Options, Failure> {
        Options::parse(words.iter().map(OsString::from).collect())
    }

    #[test]
    fn targets_and_seconds_are_what_was_said_or_all_for_ten() {
        let options = parse(&[]).unwrap();
        assert!(options.targets.is_empty() && options.seconds == 10 && !options.seeds);
        let options = parse(&["frame", "--seconds", "1200"]).unwrap();
        assert_eq!(
            (options.targets, options.seconds),
            (vec!["frame".to_owned()], 1200)
        );
    }

    #[test]
    fn a_target_that_is_none_is_a_usage_failure_and_builds_nothing() {
        let failure = main(vec!["fram".into()]).err().unwrap();
        assert_eq!(failure.exit_code(), crate::failure::EXIT_USAGE);
    }

    #[test]
    fn every_target_file_is_a_target() {
        let targets = targets().unwrap();
        assert!(targets.contains(&"frame".to_owned()), "{targets:?}");
    }
}
