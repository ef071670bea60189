//! Files of Debian packages that are not installed: `cargo xtask test` unpacks them and says where.

use std::{env, path::PathBuf};

/// The folder of a package's files.
///
/// # Panics
/// If nobody unpacked it.
#[must_use]
pub fn folder(package: &str) -> PathBuf {
    let name = package.to_ascii_uppercase().replace('-', "_");
    let variable = format!("CALFKIT_PACKAGE_{name}");
    let folder = env::var_os(&variable);
    let folder = folder.unwrap_or_else(|| panic!("{variable} is not set: run `cargo xtask test`"));
    PathBuf::from(folder)
}
