//! The file that says which process serves.

use std::{
    fmt, fs,
    fs::OpenOptions,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// A file with this process's id, removed when it goes.
#[derive(Debug)]
pub(crate) struct PidFile {
    path: PathBuf,
}

/// The file cannot be written.
#[derive(Debug)]
pub(crate) struct PidFileError {
    path: PathBuf,
    error: io::Error,
}

impl fmt::Display for PidFileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, error } = self;
        write!(
            formatter,
            "cannot write the pid file {}: {error}",
            path.display()
        )
    }
}

impl std::error::Error for PidFileError {}

impl PidFile {
    /// Writes the file, over one that a process before this one left. By one rename, so that nobody reads
    /// half a number, and never through a link.
    pub(crate) fn write(path: &Path) -> Result<Self, PidFileError> {
        let write = || {
            // Where an operator wants none.
            if path == Path::new("/dev/null") {
                return Ok(());
            }
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            let mut fresh = path.as_os_str().to_owned();
            fresh.push(".new");
            match fs::remove_file(&fresh) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
            OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o644)
                .open(&fresh)?
                .write_all(format!("{}\n", std::process::id()).as_bytes())?;
            fs::rename(&fresh, path)
        };
        write().map_err(|error| PidFileError {
            path: path.to_owned(),
            error,
        })?;
        Ok(Self {
            path: path.to_owned(),
        })
    }

    /// The process id in the file at `path`, if it holds one.
    pub(crate) fn read(path: &Path) -> Option<i32> {
        let text = fs::read_to_string(path).ok()?;
        text.trim().parse().ok().filter(|pid| *pid > 1)
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        // Another process may have taken the path since.
        let own = i32::try_from(std::process::id()).ok();
        if own.is_some() && Self::read(&self.path) == own {
            drop(fs::remove_file(&self.path));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_holds_the_process_id_until_it_goes() {
        let folder = std::env::temp_dir().join(format!("pid-file-{}", std::process::id()));
        let path = folder.join("deep/pid");
        let file = PidFile::write(&path).unwrap();
        let own = i32::try_from(std::process::id()).unwrap();
        assert_eq!(PidFile::read(&path), Some(own));
        drop(file);
        assert_eq!(PidFile::read(&path), None);

        let file = PidFile::write(&path).unwrap();
        fs::write(&path, "2\n").unwrap();
        drop(file);
        assert_eq!(PidFile::read(&path), Some(2), "somebody else's by now");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_link_in_its_place_is_replaced_and_never_followed() {
        let folder = std::env::temp_dir().join(format!("pid-file-link-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let target = folder.join("precious");
        fs::write(&target, "content").unwrap();
        std::os::unix::fs::symlink(&target, folder.join("pid")).unwrap();
        std::os::unix::fs::symlink(&target, folder.join("pid.new")).unwrap();
        let _file = PidFile::write(&folder.join("pid")).unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "content");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_is_no_process_id_is_none() {
        let path = std::env::temp_dir().join(format!("pid-file-bad-{}", std::process::id()));
        for text in ["", "x", "-1", "0", "1", "99999999999"] {
            fs::write(&path, text).unwrap();
            assert_eq!(PidFile::read(&path), None, "{text:?}");
        }
        fs::remove_file(path).unwrap();
    }
}
