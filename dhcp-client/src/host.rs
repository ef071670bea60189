//! The machine, as far as a front end may look at it.

use std::{
    fs::File,
    io::{self, Read as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use dhcp_frontend::Host;
use nix::unistd::{AccessFlags, access};

use crate::identity;

/// No configuration file is longer.
const LONGEST: u64 = 1 << 20;

/// This machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Machine;

impl Host for Machine {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        // A FIFO in its place must not hang the start.
        let file = File::options()
            .read(true)
            .custom_flags(nix::libc::O_NONBLOCK | nix::libc::O_NOCTTY)
            .open(path)?;
        let mut content = Vec::new();
        file.take(LONGEST.saturating_add(1))
            .read_to_end(&mut content)?;
        if content.len() as u64 > LONGEST {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "it is longer than a megabyte",
            ));
        }
        Ok(content)
    }

    fn is_executable(&self, path: &Path) -> bool {
        path.is_file() && access(path, AccessFlags::X_OK).is_ok()
    }

    fn system(&self) -> (String, String) {
        let Ok(names) = nix::sys::utsname::uname() else {
            return Default::default();
        };
        let text = |name: &std::ffi::OsStr| name.to_string_lossy().into_owned();
        (text(names.release()), text(names.machine()))
    }

    fn environment(&self) -> Vec<(String, String)> {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    fn host_name(&self) -> Option<String> {
        identity::system_name()
    }
}
