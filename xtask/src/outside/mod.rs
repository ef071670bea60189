//! `cargo xtask dist --check`: whether the layers are of use outside this repository. They are packaged as a registry
//! would get them, unpacked in an empty folder, and the example is built on them and tested there.

mod manifest;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::failure::Failure;
use crate::workspace::{cargo, find_program, output, root, run, target_folder};

/// What is packaged.
const CRATES: [&str; 3] = ["sdk-rpc", "sdk-rpc-build", "calf-sandbox"];
/// What is built on it, and where it is.
const EXAMPLE: &str = "hello-calf";
const EXAMPLE_FOLDER: &str = "examples/hello-calf";
/// What `cargo package --list` names and cargo makes itself.
const MADE_BY_CARGO: [&str; 4] = [
    ".cargo_vcs_info.json",
    "Cargo.lock",
    "Cargo.toml",
    "Cargo.toml.orig",
];

/// A folder that goes with the check.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("calfkit-outside-{}", std::process::id()));
        if path.starts_with(root()) {
            return Err(Failure::Missing(format!(
                "{} is inside the repository: set TMPDIR to a folder outside",
                path.display()
            )));
        }
        // It must be empty: one that is there is another's.
        std::fs::create_dir(&path).map_err(Failure::file(&path))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone: Result<(), _> = std::fs::remove_dir_all(&self.0);
    }
}

/// Packages, unpacks, builds and tests.
///
/// # Errors
/// When something that is needed was not packaged, or was taken from the repository after all.
pub(crate) fn check() -> Result<(), Failure> {
    let folder = Folder::new()?;
    let mut unpacked = Vec::new();
    for name in CRATES {
        unpacked.push((name.to_owned(), unpack(name, &folder.0)?));
    }
    let example = folder.0.join(EXAMPLE);
    copy_example(&example, &unpacked)?;
    // First as where there is no schema compiler: with the compiled schemas that were packaged.
    run(outside(&example)
        .args(["build", "--bins"])
        .env("CAPNP", "/nonexistent/capnp"))?;
    if find_program("capnp").is_none() {
        eprintln!("dist: SKIPPED: compiling the example's schema outside, since capnp is not here");
    }
    run(outside(&example).args(["test", "--test", "tutorial"]))?;
    nothing_from_elsewhere(&folder.0, &example)?;
    println!(
        "{EXAMPLE} builds and runs on {} outside the repository",
        CRATES.join(", ")
    );
    Ok(())
}

/// Packages one crate, and unpacks it into `folder`; gives its place as seen from the example's.
fn unpack(name: &str, folder: &Path) -> Result<String, Failure> {
    // It is built here soon, not in a folder inside of the target folder; and what is checked is what is in the
    // working tree.
    let mut package = cargo();
    package.args([
        "package",
        "--offline",
        "--no-verify",
        "--allow-dirty",
        "--package",
        name,
    ]);
    run(&mut package)?;
    let version = env!("CARGO_PKG_VERSION");
    let archive = target_folder()?.join(format!("package/{name}-{version}.crate"));
    run(Command::new("tar")
        .arg("-xzf")
        .arg(&archive)
        .arg("-C")
        .arg(folder))?;
    Ok(format!("../{name}-{version}"))
}

/// Copies the example's files, with a manifest that needs no workspace, and the versions of this one.
fn copy_example(example: &Path, unpacked: &[(String, String)]) -> Result<(), Failure> {
    let from = root().join(EXAMPLE_FOLDER);
    let mut list = cargo();
    list.args([
        "package",
        "--list",
        "--offline",
        "--allow-dirty",
        "--package",
        EXAMPLE,
    ]);
    let list = output(&mut list)?;
    for file in String::from_utf8_lossy(&list).lines() {
        if !MADE_BY_CARGO.contains(&file) {
            copy(&from.join(file), &example.join(file))?;
        }
    }
    copy(&root().join("Cargo.lock"), &example.join("Cargo.lock"))?;
    let member = manifest::read(&from.join("Cargo.toml"))?;
    let workspace = manifest::read(&root().join("Cargo.toml"))?;
    let text = manifest::alone(&member, &workspace, unpacked).to_string();
    let path = example.join("Cargo.toml");
    std::fs::write(&path, text).map_err(Failure::file(&path))
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    if let Some(parent) = to.parent() {
        std::fs::create_dir_all(parent).map_err(Failure::file(parent))?;
    }
    std::fs::copy(from, to).map_err(Failure::file(from))?;
    Ok(())
}

/// Cargo in the example's folder, with nothing of this build's but the registry's cache.
fn outside(example: &Path) -> Command {
    let mut command = cargo();
    command
        .current_dir(example)
        .env("CARGO_TARGET_DIR", example.join("target"));
    command.env("CARGO_NET_OFFLINE", "true");
    // As build scripts have it: what both use is built once.
    command.env("CARGO_PROFILE_DEV_DEBUG", "false");
    command
}

/// Fails if a package, or a file that the compiler read, is of this repository, or a package of another version.
fn nothing_from_elsewhere(folder: &Path, example: &Path) -> Result<(), Failure> {
    let mut metadata = outside(example);
    metadata.args(["metadata", "--format-version", "1"]);
    // The one target there is: crates of other systems need not have been downloaded.
    metadata.args(["--filter-platform", crate::workspace::STATIC_TARGET]);
    let metadata = output(&mut metadata)?;
    let metadata: Value =
        serde_json::from_slice(&metadata).map_err(|error| wrong(error.to_string()))?;
    for package in metadata["packages"].as_array().unwrap_or(&Vec::new()) {
        let place = package["manifest_path"].as_str().unwrap_or_default();
        if package["source"].is_null() && !Path::new(place).starts_with(folder) {
            return Err(wrong(format!(
                "{place} is used, which is outside of the empty folder"
            )));
        }
    }
    let other: Vec<String> = locked(&example.join("Cargo.lock"))?
        .difference(&locked(&root().join("Cargo.lock"))?)
        .cloned()
        .collect();
    if !other.is_empty() {
        return Err(wrong(format!(
            "other versions than here: {}",
            other.join(", ")
        )));
    }
    let mut read = Vec::new();
    notes(&example.join("target"), &mut read)?;
    if read.is_empty() {
        return Err(wrong(
            "the compiler left no notes of what it read".to_owned(),
        ));
    }
    for note in read {
        let text = std::fs::read(&note).map_err(Failure::file(&note))?;
        if let Some(line) = line_of(root(), &String::from_utf8_lossy(&text)) {
            return Err(wrong(format!(
                "{} names a file of the repository: {line}",
                note.display()
            )));
        }
    }
    Ok(())
}

fn wrong(reason: String) -> Failure {
    Failure::Unexpected {
        program: format!("{EXAMPLE} outside the repository"),
        reason,
    }
}

/// The packages of a lock file, as `name version`.
fn locked(path: &Path) -> Result<BTreeSet<String>, Failure> {
    let lock = manifest::read(path)?;
    let packages = lock.get("package").and_then(toml::Value::as_array);
    let text = |package: &toml::Value, key| package.get(key)?.as_str().map(str::to_owned);
    Ok(packages
        .into_iter()
        .flatten()
        .filter_map(|package| {
            Some(format!(
                "{} {}",
                text(package, "name")?,
                text(package, "version")?
            ))
        })
        .collect())
}

/// What says which files were read: the compiler's notes (`*.d`) and what build scripts told cargo (`output`).
fn notes(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    for entry in std::fs::read_dir(folder).map_err(Failure::file(folder))? {
        let path = entry.map_err(Failure::file(folder))?.path();
        if path.is_dir() {
            notes(&path, found)?;
        } else if path.extension() == Some(OsStr::new("d")) || path.ends_with("output") {
            found.push(path);
        }
    }
    Ok(())
}

/// The first line of `text` that names a file below `folder`.
fn line_of<'a>(folder: &Path, text: &'a str) -> Option<&'a str> {
    let below = format!("{}/", folder.display());
    text.lines().find(|line| line.contains(&below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_that_names_a_file_of_the_repository_is_found() {
        let text = "/tmp/x/hello.d: /tmp/x/src/lib.rs /home/me/kit/sdk-rpc/src/lib.rs\n/tmp/x/src/lib.rs:\n";
        assert_eq!(
            line_of(Path::new("/home/me/kit"), text),
            text.lines().next()
        );
        assert_eq!(line_of(Path::new("/home/me/ki"), text), None);
    }

    #[test]
    fn a_package_of_another_version_is_another_package() {
        let ours = locked(&root().join("Cargo.lock")).unwrap();
        assert!(ours.contains(&format!("sdk-rpc {}", env!("CARGO_PKG_VERSION"))));
        assert!(!ours.contains("sdk-rpc 99.0.0"));
    }
}
