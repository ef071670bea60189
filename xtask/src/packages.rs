//! Debian packages whose files tests use without having them installed: scripts that call DHCP clients, and
//! a client to compare with.
//!
//! Installed, some of them would change the developer's machine: ifupdown enables a service that configures
//! links at boot, and dhcpcd-base adds a user and a client that ifupdown might choose. Their files alone do
//! not: they are unpacked below the target folder, and `CALFKIT_PACKAGE_<NAME>` says where.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::workspace::{find_program, run, target_folder};

/// The packages.
const UNPACKED: &[&str] = &[
    // Its hooks, and the client that LinuxKit ships.
    "dhcpcd-base",
    // What an initramfs made by dracut configures its network with.
    "dracut-core",
    "dracut-network",
    // Who starts whichever client there is on most Debian systems.
    "ifupdown",
];

/// Unpacks what is not unpacked yet, and gives the folders by the variables that carry them.
///
/// # Errors
///
/// When a package cannot be fetched; the text says how to get it.
pub(crate) fn unpack() -> Result<Vec<(String, PathBuf)>, Failure> {
    let folder = target_folder()?.join("packages");
    let mut found = Vec::new();
    for name in UNPACKED {
        let place = folder.join(name);
        if !place.is_dir() {
            fetch(name, &place)?;
        }
        found.push((variable(name), place));
    }
    Ok(found)
}

/// Fetches a package and unpacks it at `place`, which is there only when all of it is.
fn fetch(name: &str, place: &Path) -> Result<(), Failure> {
    if find_program("apt-get").is_none() {
        return Err(Failure::Missing(format!(
            "this is not a Debian system: unpack the files of the Debian package {name} at {}",
            place.display()
        )));
    }
    let fresh = place.with_extension("new");
    if fresh.exists() {
        std::fs::remove_dir_all(&fresh).map_err(Failure::file(&fresh))?;
    }
    let files = fresh.join("files");
    std::fs::create_dir_all(&files).map_err(Failure::file(&files))?;
    run(Command::new("apt-get")
        .args(["-q", "download", name])
        .current_dir(&fresh))
    .map_err(|failure| {
        eprintln!("{failure}");
        Failure::Missing(format!(
            "the Debian package {name} cannot be fetched; `apt-get update` may help"
        ))
    })?;
    let package = the_package_in(&fresh)?;
    run(Command::new("dpkg-deb").arg("-x").arg(package).arg(&files))?;
    std::fs::rename(&files, place).map_err(Failure::file(place))?;
    std::fs::remove_dir_all(&fresh).map_err(Failure::file(&fresh))
}

fn the_package_in(folder: &Path) -> Result<PathBuf, Failure> {
    let entries = std::fs::read_dir(folder).map_err(Failure::file(folder))?;
    let mut files = entries.flatten().map(|entry| entry.path());
    files
        .find(|path| path.extension().is_some_and(|it| it == "deb"))
        .ok_or_else(|| Failure::Unexpected {
            program: "apt-get download".into(),
            reason: "brought no package".into(),
        })
}

fn variable(package: &str) -> String {
    let name = package.to_ascii_uppercase().replace('-', "_");
    format!("CALFKIT_PACKAGE_{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_upper_case_with_underscores() {
        assert_eq!(variable("dhcpcd-base"), "CALFKIT_PACKAGE_DHCPCD_BASE");
    }
}
