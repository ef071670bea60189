//! The cargo subcommands that the chores use: name, pinned version, and installation when one is missing.

use std::process::Stdio;

use crate::failure::Failure;
use crate::workspace::{cargo, run};

/// A cargo subcommand from crates.io.
pub(crate) struct Tool {
    /// The word after `cargo`.
    subcommand: &'static str,
    /// The crate that brings it.
    package: &'static str,
    /// The version that is installed when none is there. Moved on purpose: newer ones may need a newer compiler.
    version: &'static str,
}

/// Runs the tests, one process each.
pub(crate) const NEXTEST: Tool = Tool {
    subcommand: "nextest",
    package: "cargo-nextest",
    version: "0.9.143",
};

/// Judges dependencies: licences, bans, sources.
pub(crate) const DENY: Tool = Tool {
    subcommand: "deny",
    package: "cargo-deny",
    version: "0.20.2",
};

/// Builds the fuzzers; with a nightly compiler, which it does not need itself.
pub(crate) const FUZZ: Tool = Tool {
    subcommand: "fuzz",
    package: "cargo-fuzz",
    version: "0.13.2",
};

/// Makes sure that a tool is there. A version other than the pinned one is used, and said.
pub(crate) fn provide(tool: &Tool) -> Result<(), Failure> {
    match installed_version(tool) {
        Some(version) if version == tool.version => Ok(()),
        Some(version) => {
            eprintln!(
                "{} is {version}; CI uses {} (cargo install --locked {} --version {})",
                tool.package, tool.version, tool.package, tool.version
            );
            Ok(())
        }
        // A tool of this size spends most of its build in optimisation that a few seconds of use never win back.
        None => run(cargo()
            .args([
                "install",
                "--locked",
                tool.package,
                "--version",
                tool.version,
            ])
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")),
    }
}

fn installed_version(tool: &Tool) -> Option<String> {
    let output = cargo()
        .args([tool.subcommand, "--version"])
        .stderr(Stdio::null())
        .output()
        .ok()?;
    if !output.status.success() {
        return None;
    }
    version_in(&String::from_utf8_lossy(&output.stdout))
}

/// The version in a line like `cargo-nextest 0.9.143 (60fa45f63 2026-08-04)`.
fn version_in(text: &str) -> Option<String> {
    text.split_whitespace().nth(1).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_second_word() {
        assert_eq!(
            version_in("cargo-nextest 0.9.143 (60fa45f63 2026-08-04)\nrelease: 0.9.143\n"),
            Some("0.9.143".to_owned())
        );
        assert_eq!(version_in("cargo-deny 0.20.2\n"), Some("0.20.2".to_owned()));
        assert_eq!(version_in(""), None);
    }
}
