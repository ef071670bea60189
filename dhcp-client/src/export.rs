//! Lease files in other clients' forms: written for whoever reads them. Nothing in them is ever believed;
//! they are only read to keep the entries of other interfaces that share a file.

use std::{
    fs::{self, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use dhcp_frontend::lease_file::Change;

/// What is longer was not written here, and is begun anew.
const LONGEST: u64 = 256 * 1024;

/// Changes the file at `path` as `change` says for `interface`. By one rename, so that a reader sees a whole
/// file, and never through a link.
pub(crate) fn write(path: &Path, interface: &str, change: &Change) -> io::Result<()> {
    // Where an operator wants none.
    if path == Path::new("/dev/null") {
        return Ok(());
    }
    let content = match change {
        Change::Removed => return remove_if_there(path),
        Change::Whole(octets) => octets.clone(),
        Change::Entry { text, .. } => {
            let mut content = others(&former(path), interface);
            content.push_str(text);
            content.into_bytes()
        }
    };
    let mut fresh = path.as_os_str().to_owned();
    fresh.push(".new");
    remove_if_there(Path::new(&fresh))?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o644)
        .open(&fresh)?
        .write_all(&content)?;
    fs::rename(&fresh, path)
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// What is there already; nothing, where it is a link, a FIFO, too long or no text.
fn former(path: &Path) -> String {
    let read = || {
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK)
            .open(path)?;
        let mut content = String::new();
        if file.metadata()?.is_file() {
            file.take(LONGEST.saturating_add(1))
                .read_to_string(&mut content)?;
        }
        Ok::<_, io::Error>(content)
    };
    read()
        .ok()
        .filter(|content| content.len() as u64 <= LONGEST)
        .unwrap_or_default()
}

/// The entries of other interfaces, as they were written here: from a line `lease {` to a line `}`.
fn others(content: &str, interface: &str) -> String {
    let own = format!("  interface \"{interface}\";");
    let mut kept = String::new();
    let mut entry: Option<(String, bool)> = None;
    for line in content.lines() {
        if line == "lease {" {
            entry = Some((String::new(), false));
        }
        let Some((text, is_own)) = &mut entry else {
            continue;
        };
        text.push_str(line);
        text.push('\n');
        *is_own |= line == own;
        if line == "}"
            && let Some((text, false)) = entry.take()
        {
            kept.push_str(&text);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(interface: &str, address: &str) -> Change {
        Change::Entry {
            text: format!(
                "lease {{\n  interface \"{interface}\";\n  fixed-address {address};\n}}\n"
            ),
            left_out: Vec::new(),
        }
    }

    struct Folder(std::path::PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("export-{}-{name}", std::process::id()));
            drop(fs::remove_dir_all(&folder));
            fs::create_dir_all(&folder).unwrap();
            Self(folder)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            drop(fs::remove_dir_all(&self.0));
        }
    }

    #[test]
    fn a_shared_file_has_the_newest_entry_of_each_interface() {
        let folder = Folder::new("shared");
        let path = folder.0.join("deep/dhclient.leases");
        write(&path, "eth0", &entry("eth0", "10.0.0.1")).unwrap();
        write(&path, "eth1", &entry("eth1", "10.0.1.1")).unwrap();
        write(&path, "eth0", &entry("eth0", "10.0.0.2")).unwrap();
        let content = fs::read_to_string(&path).unwrap();
        let addresses: Vec<&str> = content
            .lines()
            .filter(|line| line.contains("fixed-address"))
            .collect();
        assert_eq!(
            addresses,
            ["  fixed-address 10.0.1.1;", "  fixed-address 10.0.0.2;"]
        );
    }

    #[test]
    fn whole_files_are_replaced_and_removed() {
        let folder = Folder::new("whole");
        let path = folder.0.join("eth0.lease");
        write(&path, "eth0", &Change::Whole(vec![1, 2])).unwrap();
        write(&path, "eth0", &Change::Whole(vec![3])).unwrap();
        assert_eq!(fs::read(&path).unwrap(), [3]);
        write(&path, "eth0", &Change::Removed).unwrap();
        write(&path, "eth0", &Change::Removed).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn what_others_left_in_its_place_is_replaced_and_neither_kept_nor_followed() {
        let folder = Folder::new("hostile");
        let path = folder.0.join("eth0.leases");
        let expected = |content: &str| {
            assert_eq!(
                content,
                "lease {\n  interface \"eth0\";\n  fixed-address 10.0.0.1;\n}\n"
            );
        };
        let secret = folder.0.join("secret");
        fs::write(&secret, "lease {\n}\n").unwrap();
        std::os::unix::fs::symlink(&secret, &path).unwrap();
        write(&path, "eth0", &entry("eth0", "10.0.0.1")).unwrap();
        expected(&fs::read_to_string(&path).unwrap());
        assert_eq!(fs::read_to_string(&secret).unwrap(), "lease {\n}\n");

        let long = "x".repeat(300 * 1024);
        for hostile in [
            "garbage\n}\nlease {\nunended\n",
            "\u{0}\u{1}",
            long.as_str(),
        ] {
            fs::write(&path, hostile).unwrap();
            write(&path, "eth0", &entry("eth0", "10.0.0.1")).unwrap();
            expected(&fs::read_to_string(&path).unwrap());
        }
        fs::write(&path, [0xff, 0xfe]).unwrap();
        write(&path, "eth0", &entry("eth0", "10.0.0.1")).unwrap();
        expected(&fs::read_to_string(&path).unwrap());
    }

    #[test]
    fn dev_null_is_left_alone() {
        write(Path::new("/dev/null"), "eth0", &entry("eth0", "10.0.0.1")).unwrap();
        write(Path::new("/dev/null"), "eth0", &Change::Removed).unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }
}
