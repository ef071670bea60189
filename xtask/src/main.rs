//! `cargo xtask`: the chores of this repository, one file per command.
//!
//! A plain program instead of shell scripts, so that the commands of the README are checked by the compiler and
//! the linter like the rest. It uses the tools a developer has anyway (cargo, apt-get, iproute2) and says what it
//! runs.

#![forbid(unsafe_code)]

mod bench;
mod binaries;
mod check;
mod ci;
mod debian;
mod dist;
mod failure;
mod fuzz;
mod ledger;
mod outside;
mod packages;
mod schema;
mod step;
mod test;
mod tools;
mod verdict;
mod workspace;

use std::ffi::OsString;
use std::process::ExitCode;

use failure::Failure;

/// A command's entry point: gets the words after its name.
type Entry = fn(Vec<OsString>) -> Result<(), Failure>;

/// One row of `cargo xtask help`.
struct Command {
    name: &'static str,
    usage: &'static str,
    about: &'static str,
    entry: Entry,
}

/// Every command there is, in the order a newcomer needs them.
const COMMANDS: &[Command] = &[
    Command {
        name: "test",
        usage: "test [--yes] [--slow] [-- NEXTEST-ARGUMENT...]",
        about: "install what the tests need, build, run every test",
        entry: test::main,
    },
    Command {
        name: "check",
        usage: "check [--yes]",
        about: "what a change must pass before it is committed: format, lints, dependencies, docs, schema, ledger, fast tests",
        entry: check::main,
    },
    Command {
        name: "ci",
        usage: "ci",
        about: "check, test, dist --check and fuzz in one pass, slow tests included, nothing asked; .ci/run calls it",
        entry: ci::main,
    },
    Command {
        name: "ledger",
        usage: "ledger [--check]",
        about: "write docs/compliance.md and docs/cases.md; --check only compares with what is checked in",
        entry: ledger::main,
    },
    Command {
        name: "schema",
        usage: "schema [--check]",
        about: "compile the Cap'n Proto schemas; --check only compares with what is checked in",
        entry: schema::main,
    },
    Command {
        name: "dist",
        usage: "dist [--check]",
        about: "build the static release binaries, target/dist/dhcp-client and fdd; --check builds the example on the packaged crates, in an empty folder",
        entry: dist::main,
    },
    Command {
        name: "fuzz",
        usage: "fuzz [TARGET...] [--seconds N] [--seeds]",
        about: "build the fuzzers and run each for 10 seconds or N; --seeds only writes what they start from",
        entry: fuzz::main,
    },
    Command {
        name: "bench",
        usage: "bench lease|rpc [--runs N] [--rows NAME,...] [lease: --json FILE --clients NAME,... --binary FILE --yes] [rpc: --peers NAME,...]",
        about: "lease: time, system calls and memory of one lease, beside dhclient, udhcpc and dhcpcd; rpc: calls, frames and memory of sdk-rpc beside its peers",
        entry: bench::main,
    },
    Command {
        name: "help",
        usage: "help",
        about: "this list",
        entry: help,
    },
];

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1);
    let Some(first) = words.next() else {
        print_commands();
        return ExitCode::from(failure::EXIT_USAGE);
    };
    let name = first.to_string_lossy();
    let name = match name.as_ref() {
        "-h" | "--help" => "help",
        other => other,
    };
    let outcome = match COMMANDS.iter().find(|command| command.name == name) {
        Some(command) => (command.entry)(words.collect()),
        None => Err(Failure::Usage(format!(
            "unknown command {name:?}; `cargo xtask help` lists them"
        ))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

fn help(words: Vec<OsString>) -> Result<(), Failure> {
    failure::no_more_words("help", words)?;
    print_commands();
    Ok(())
}

fn print_commands() {
    println!("cargo xtask COMMAND");
    println!();
    for command in COMMANDS {
        println!("  {}", command.usage);
        println!("      {}", command.about);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_its_own_name_and_a_usage_that_starts_with_it() {
        for (index, command) in COMMANDS.iter().enumerate() {
            assert!(command.usage.starts_with(command.name), "{}", command.name);
            assert!(
                COMMANDS[..index]
                    .iter()
                    .all(|earlier| earlier.name != command.name),
                "{} is listed twice",
                command.name
            );
        }
    }
}
