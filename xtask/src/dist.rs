//! `cargo xtask dist`: the release binaries as an image ships them, one static file each. With `--check`, what others
//! build on instead: see [`outside`].

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use lexopt::Arg::{Long, Value};

use crate::binaries::executables;
use crate::failure::Failure;
use crate::outside;
use crate::workspace::{STATIC_TARGET, cargo_static, target_folder};

/// The programs that are shipped.
const PROGRAMS: [&str; 2] = [CLIENT, "fdd"];

/// The one that is measured, too.
pub(crate) const CLIENT: &str = "dhcp-client";

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
        return outside::check();
    }
    for program in PROGRAMS {
        let path = build(program)?;
        let size = std::fs::metadata(&path)
            .map_err(Failure::file(&path))?
            .len();
        println!("{}: {size} bytes, static", path.display());
    }
    Ok(())
}

/// Builds a program and copies it to `target/dist/`.
pub(crate) fn build(program: &str) -> Result<PathBuf, Failure> {
    let mut command = cargo_static();
    command.args(["build", "--release", "--locked", "--target", STATIC_TARGET]);
    command.args(["--package", program, "--bin", program]);
    let built = executables(&mut command)?;
    let Some((_, built)) = built.into_iter().find(|(name, _)| name == program) else {
        return Err(Failure::Unexpected {
            program: "cargo build".into(),
            reason: format!("did not build {program}"),
        });
    };
    let image = std::fs::read(&built).map_err(Failure::file(&built))?;
    if asks_for_a_loader(&image) != Some(false) {
        return Err(Failure::Unexpected {
            program: "cargo build".into(),
            reason: format!("{} is not a static program", built.display()),
        });
    }
    let folder = target_folder()?.join("dist");
    std::fs::create_dir_all(&folder).map_err(Failure::file(&folder))?;
    let path = folder.join(program);
    replace(&path, &built)?;
    Ok(path)
}

/// Puts a new program in the place of one that may be running, which therefore is not written to.
fn replace(path: &Path, from: &Path) -> Result<(), Failure> {
    let next = path.with_extension("next");
    std::fs::copy(from, &next).map_err(Failure::file(&next))?;
    std::fs::rename(&next, path).map_err(Failure::file(path))
}

/// Whether a 64-bit little-endian ELF program has a PT_INTERP header, which names the dynamic loader; `None` if it is
/// not such a program.
fn asks_for_a_loader(image: &[u8]) -> Option<bool> {
    const PT_INTERP: u32 = 3;
    if image.get(..6)? != b"\x7fELF\x02\x01" {
        return None;
    }
    let table = usize::try_from(u64::from_le_bytes(image.get(32..40)?.try_into().ok()?)).ok()?;
    let entry_size = usize::from(u16::from_le_bytes(image.get(54..56)?.try_into().ok()?));
    let entries = usize::from(u16::from_le_bytes(image.get(56..58)?.try_into().ok()?));
    for index in 0..entries {
        let start = table.checked_add(index.checked_mul(entry_size)?)?;
        let kind = image.get(start..start.checked_add(4)?)?;
        if u32::from_le_bytes(kind.try_into().ok()?) == PT_INTERP {
            return Some(true);
        }
    }
    Some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_dynamic_test_program_asks_for_a_loader() {
        let image = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert_eq!(asks_for_a_loader(&image), Some(true));
    }

    #[test]
    fn a_program_without_the_header_does_not_and_a_script_is_no_program() {
        let mut image = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        // No program headers at all.
        image[56] = 0;
        image[57] = 0;
        assert_eq!(asks_for_a_loader(&image), Some(false));
        assert_eq!(asks_for_a_loader(b"#!/bin/sh\n"), None);
        assert_eq!(asks_for_a_loader(b"\x7fELF\x02\x01"), None);
    }
}
