//! `cargo xtask schema`: keeps the compiled schemas (`*.cgr`) in step with their sources (`*.capnp`).
//!
//! The compiled form is checked in so that nobody needs the C++ `capnp` tool to build; the price is that the two can
//! drift apart, and `--check` is what notices. The compiler's output depends on its version, so exactly one version
//! decides; with another one, or none, nothing is compared and that is said.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use lexopt::Arg::{Long, Value};

use crate::failure::Failure;
use crate::step::Outcome;
use crate::workspace::{find_program, output, root};

/// The compiler that decides: Debian 12's.
const VERSION: &str = "0.9.2";

/// Where the schemas are, from the repository's root.
const FOLDER: &str = "sdk-rpc/schema";

pub(crate) fn main(words: Vec<OsString>) -> Result<(), Failure> {
    let mut only_check = false;
    let mut parser = lexopt::Parser::from_args(words);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("check") => only_check = true,
            Long(_) | lexopt::Arg::Short(_) | Value(_) => return Err(argument.unexpected().into()),
        }
    }
    if only_check {
        if let Outcome::Skipped(why) = check()? {
            eprintln!("schema: SKIPPED: {why}");
        }
        return Ok(());
    }
    let Some(capnp) = compiler()? else {
        return Err(Failure::Missing(format!(
            "capnp {VERSION} is needed (Debian 12: apt-get install capnproto)"
        )));
    };
    for source in sources()? {
        let compiled = source.with_extension("cgr");
        let request = compile(&capnp, &source)?;
        std::fs::write(&compiled, request).map_err(Failure::file(&compiled))?;
        println!("{}", compiled.display());
    }
    Ok(())
}

/// Compares each compiled schema with what the compiler makes of its source now.
pub(crate) fn check() -> Result<Outcome, Failure> {
    let Some(capnp) = compiler()? else {
        return Ok(Outcome::Skipped(format!(
            "capnp {VERSION} is not here, so nobody knows whether the compiled schemas are up to date"
        )));
    };
    for source in sources()? {
        let compiled = source.with_extension("cgr");
        let checked_in = std::fs::read(&compiled).map_err(Failure::file(&compiled))?;
        if compile(&capnp, &source)? != checked_in {
            return Err(Failure::Unexpected {
                program: compiled.display().to_string(),
                reason: "is not what its source compiles to; run `cargo xtask schema`".into(),
            });
        }
    }
    Ok(Outcome::Done)
}

/// The compiler, when it is there in the version that decides.
fn compiler() -> Result<Option<PathBuf>, Failure> {
    let Some(capnp) = find_program("capnp") else {
        return Ok(None);
    };
    let text = output(Command::new(&capnp).arg("--version"))?;
    let text = String::from_utf8_lossy(&text);
    let version = text.split_whitespace().last();
    if version != Some(VERSION) {
        eprintln!("schema: found {}, which is not {VERSION}", text.trim());
        return Ok(None);
    }
    Ok(Some(capnp))
}

fn sources() -> Result<Vec<PathBuf>, Failure> {
    let folder = root().join(FOLDER);
    let entries = std::fs::read_dir(&folder).map_err(Failure::file(&folder))?;
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "capnp")
        })
        .collect();
    found.sort();
    if found.is_empty() {
        return Err(Failure::Unexpected {
            program: folder.display().to_string(),
            reason: "holds no schema".into(),
        });
    }
    Ok(found)
}

/// Compiles one schema. The folder is the working directory and the prefix is fixed, so that no path of this machine
/// gets into the result; the import path is the repository's own.
fn compile(capnp: &Path, source: &Path) -> Result<Vec<u8>, Failure> {
    let mut command = Command::new(capnp);
    command
        .current_dir(root().join(FOLDER))
        // It would be compared with the working directory, and differ.
        .env_remove("PWD")
        .args([
            "compile",
            "--no-standard-import",
            "-I",
            "include",
            "--src-prefix=.",
            "-o-",
        ])
        .args(source.file_name());
    output(&mut command)
}
