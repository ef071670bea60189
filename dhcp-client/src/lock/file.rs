//! The lock that is a file in the run directory: for when anybody else has the name of the other one.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use nix::{
    errno::Errno,
    fcntl::{Flock, FlockArg},
    unistd::Uid,
};

/// How often a file is opened that others, who end at the same time, remove.
const ATTEMPTS: usize = 16;

/// A locked file; removed when it goes. Of a process that is killed it stays, and locks nothing.
#[derive(Debug)]
pub(super) struct LockFile {
    path: PathBuf,
    _file: Flock<File>,
}

/// Why there is none.
#[derive(Debug)]
pub(super) enum FileError {
    /// Another process has locked it.
    Held(PathBuf),
    /// It cannot be made, or is somebody's who might lock it for nothing.
    Unusable,
}

impl From<io::Error> for FileError {
    fn from(_: io::Error) -> Self {
        Self::Unusable
    }
}

impl LockFile {
    /// Locks the file of `interface` in `folder`, which is made if it is missing. The file is of one network
    /// namespace, as the interface is: a folder may be in several.
    ///
    /// # Errors
    /// It is locked, or not to be had.
    pub(super) fn take(folder: &Path, interface: &str) -> Result<Self, FileError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(folder)?;
        let network = fs::metadata("/proc/self/ns/net")?.ino();
        let path = folder.join(format!("{interface}.{network}.lock"));
        for _ in 0..ATTEMPTS {
            let file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600)
                .custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK)
                .open(&path)?;
            let opened = file.metadata()?;
            let ours = opened.uid() == Uid::effective().as_raw() || opened.uid() == 0;
            if !ours || !opened.is_file() {
                return Err(FileError::Unusable);
            }
            let locked = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
                Ok(locked) => locked,
                Err((_, Errno::EWOULDBLOCK)) => return Err(FileError::Held(path)),
                Err(_) => return Err(FileError::Unusable),
            };
            // Whoever had it may have removed it after it was opened here: what is locked is to be what is found.
            let is_found =
                |found: fs::Metadata| (found.dev(), found.ino()) == (opened.dev(), opened.ino());
            if fs::symlink_metadata(&path).is_ok_and(is_found) {
                return Ok(Self {
                    path,
                    _file: locked,
                });
            }
        }
        Err(FileError::Unusable)
    }
}

impl Drop for LockFile {
    fn drop(&mut self) {
        // While it is locked, so that it is nobody else's.
        drop(fs::remove_file(&self.path));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("lock-{}-{name}", std::process::id()));
        drop(fs::remove_dir_all(&folder));
        folder
    }

    #[test]
    fn a_file_is_locked_once_and_gone_when_the_lock_is() {
        let folder = folder("once");
        let first = LockFile::take(&folder, "eth0").unwrap();
        let path = first.path.clone();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let second = LockFile::take(&folder, "eth0").unwrap_err();
        assert!(matches!(second, FileError::Held(held) if held == path));
        drop(LockFile::take(&folder, "eth1").unwrap());
        drop(first);
        assert!(!path.exists());
        drop(LockFile::take(&folder, "eth0").unwrap());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_that_a_killed_process_left_is_taken() {
        let folder = folder("left");
        let path = LockFile::take(&folder, "eth0").unwrap().path.clone();
        fs::write(&path, "").unwrap();
        drop(LockFile::take(&folder, "eth0").unwrap());
        assert!(!path.exists());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_link_in_its_place_is_not_followed() {
        let folder = folder("link");
        let path = LockFile::take(&folder, "eth0").unwrap().path.clone();
        let target = folder.join("target");
        fs::write(&target, "").unwrap();
        std::os::unix::fs::symlink(&target, &path).unwrap();
        let refused = LockFile::take(&folder, "eth0").unwrap_err();
        assert!(matches!(refused, FileError::Unusable));
        assert!(target.exists());
        fs::remove_dir_all(folder).unwrap();
    }
}
