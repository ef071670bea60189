//! Builds the programs that integration tests start, and hands their paths over by environment.
//!
//! Cargo tells a test the paths of its own package's programs only, and a test that looks into `target/` runs missing
//! or stale ones. So the programs are built first, and each test gets `CALFKIT_BIN_<NAME>` with the path that this
//! very build reported. The names: upper case, `-` becomes `_`; the statically linked variant ends in `_STATIC`.
//! Beside them are the folders of the packages that tests use without having them installed.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::failure::Failure;
use crate::packages;
use crate::workspace::{STATIC_TARGET, cargo, cargo_static, output, shown};

/// The programs that tests also run linked statically, as an image ships them.
const ALSO_STATIC: &[&str] = &["dhcp-client", "fdd", "hostile", "room"];

/// What tests start, by the environment variable that carries each path.
pub(crate) struct Binaries(Vec<(String, PathBuf)>);

impl Binaries {
    /// Builds every program of the workspace, and the static variants; fetches the packages.
    pub(crate) fn build() -> Result<Self, Failure> {
        let packages = packages::unpack()?;
        let plain = executables(cargo().args(["build", "--workspace", "--bins"]))?;
        let mut command = cargo_static();
        command.args(["build", "--workspace", "--target", STATIC_TARGET]);
        for name in ALSO_STATIC {
            command.args(["--bin", name]);
        }
        let linked_statically = executables(&mut command)?;

        let mut binaries: Vec<_> = plain
            .into_iter()
            .map(|(name, path)| (variable(&name, ""), path))
            .collect();
        binaries.extend(
            linked_statically
                .into_iter()
                .map(|(name, path)| (variable(&name, "_STATIC"), path)),
        );
        binaries.extend(packages);
        Ok(Self(binaries))
    }

    /// Gives a command the paths.
    pub(crate) fn hand_to<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.envs(self.0.iter().map(|(name, path)| (name, path)))
    }
}

fn variable(name: &str, suffix: &str) -> String {
    let name = name.to_ascii_uppercase().replace('-', "_");
    format!("CALFKIT_BIN_{name}{suffix}")
}

/// Runs a `cargo build` and gives the executables that it reports, by target name.
pub(crate) fn executables(command: &mut Command) -> Result<Vec<(String, PathBuf)>, Failure> {
    eprintln!("+ {}", shown(command));
    let messages = output(command.arg("--message-format=json-render-diagnostics"))?;
    let mut found = Vec::new();
    for line in messages.split(|byte| *byte == b'\n') {
        if let Some(executable) = executable_in(line) {
            found.push(executable);
        }
    }
    if found.is_empty() {
        return Err(Failure::Unexpected {
            program: shown(command),
            reason: "reported no executable".into(),
        });
    }
    Ok(found)
}

/// The name and path in one of cargo's messages, when that message is about a program.
fn executable_in(line: &[u8]) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_slice(line).ok()?;
    let path = message.get("executable")?.as_str()?;
    let target = message.get("target")?;
    let is_program = target
        .get("kind")?
        .as_array()?
        .iter()
        .any(|kind| kind.as_str() == Some("bin"));
    let name = target.get("name")?.as_str()?;
    is_program.then(|| (name.to_owned(), PathBuf::from(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_upper_case_with_underscores() {
        assert_eq!(variable("dhcp-client", ""), "CALFKIT_BIN_DHCP_CLIENT");
        assert_eq!(variable("hostile", "_STATIC"), "CALFKIT_BIN_HOSTILE_STATIC");
    }

    #[test]
    fn only_messages_about_programs_give_an_executable() {
        let program = br#"{"reason":"compiler-artifact","target":{"kind":["bin"],"name":"demo"},"executable":"/t/demo"}"#;
        assert_eq!(
            executable_in(program),
            Some(("demo".to_owned(), PathBuf::from("/t/demo")))
        );
        let library = br#"{"reason":"compiler-artifact","target":{"kind":["lib"],"name":"x"},"executable":null}"#;
        assert_eq!(executable_in(library), None);
        let test = br#"{"reason":"compiler-artifact","target":{"kind":["test"],"name":"x"},"executable":"/t/x"}"#;
        assert_eq!(executable_in(test), None);
        assert_eq!(executable_in(b"not json"), None);
    }
}
