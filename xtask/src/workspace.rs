//! Where the repository is, and how its cargo is called.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::failure::Failure;

/// The only target the project supports as a static binary; another architecture needs its own seccomp lists first.
pub(crate) const STATIC_TARGET: &str = "x86_64-unknown-linux-gnu";

/// The repository's root folder.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// The cargo that runs this program (or the one on the path), in the repository's root.
pub(crate) fn cargo() -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// Cargo with flags that link [`STATIC_TARGET`] programs statically.
///
/// The flags go by target, not by `RUSTFLAGS`: build scripts and procedural macros stay as in every other build and
/// are shared with it, in the same target folder.
pub(crate) fn cargo_static() -> Command {
    let mut command = cargo();
    command.env(
        "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS",
        "-C target-feature=+crt-static",
    );
    command
}

/// Prints a command as it could be typed, runs it, and fails when it fails.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let program = shown(command);
    eprintln!("+ {program}");
    let status = command.status().map_err(|error| Failure::Start {
        program: program.clone(),
        error,
    })?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::Exit { program, status })
    }
}

/// Runs a command silently and gives what it wrote to its standard output; its errors stay visible.
pub(crate) fn output(command: &mut Command) -> Result<Vec<u8>, Failure> {
    let program = shown(command);
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| Failure::Start {
            program: program.clone(),
            error,
        })?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(Failure::Exit {
            program,
            status: output.status,
        })
    }
}

/// A command as a person would type it: the program's bare name and its arguments.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut text = program
        .file_name()
        .unwrap_or(program.as_os_str())
        .to_string_lossy()
        .into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}

/// Cargo's target folder for this workspace, wherever the developer put it.
pub(crate) fn target_folder() -> Result<PathBuf, Failure> {
    let text = output(cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: Value = serde_json::from_slice(&text).map_err(|error| Failure::Unexpected {
        program: "cargo metadata".into(),
        reason: error.to_string(),
    })?;
    match metadata.get("target_directory").and_then(Value::as_str) {
        Some(folder) => Ok(PathBuf::from(folder)),
        None => Err(Failure::Unexpected {
            program: "cargo metadata".into(),
            reason: "no target_directory in its output".into(),
        }),
    }
}

/// Whether a program is on the path or in one of the system folders that a user's path often lacks.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin", "/usr/bin", "/bin"].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
}
