//! Handing resolvers over to the program that owns the resolver file: `resolvconf`, also as
//! systemd-resolved brings it.
//!
//! The program gets a fixed command line, an empty environment and, on its standard input, text that has
//! been through the policy. It runs as priv, because that is who may tell it.

use std::{
    collections::HashMap,
    ffi::OsStr,
    io::{self, Write as _},
    os::{
        fd::OwnedFd,
        unix::{fs::PermissionsExt as _, process::CommandExt as _},
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokio::net::unix::pipe::Receiver;

/// Where system programs are, whatever the environment says.
pub(crate) const PROGRAM_FOLDERS: [&str; 5] =
    ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin"];
/// How long the program may take before it is ended.
const PATIENCE: Duration = Duration::from_secs(5);
/// What of its complaints is told.
const LONGEST_COMPLAINT: usize = 300;

/// The program, and its runs that have not been waited for.
#[derive(Debug)]
pub(crate) struct Handover {
    program: PathBuf,
    running: HashMap<String, Child>,
}

/// A run whose end is to be awaited.
#[derive(Debug)]
pub(crate) struct Run {
    interface: String,
    complaints: OwnedFd,
}

impl Handover {
    /// Finds `resolvconf` in `folders`, or, where systemd-resolved owns the file, the program that takes
    /// its part when it is called by that name.
    pub(crate) fn find(folders: &[&Path], resolved: bool) -> Option<Self> {
        let names: &[&str] = if resolved {
            &["resolvconf", "resolvectl"]
        } else {
            &["resolvconf"]
        };
        let program = names
            .iter()
            .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
            .find(|path| is_executable(path))?;
        Some(Self {
            program,
            running: HashMap::new(),
        })
    }

    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// Adds or replaces what `interface` brought.
    pub(crate) fn add(&mut self, interface: &str, text: &str) -> io::Result<Run> {
        self.start("-a", interface, text)
    }

    /// Removes what `interface` brought.
    pub(crate) fn remove(&mut self, interface: &str) -> io::Result<Run> {
        self.start("-d", interface, "")
    }

    fn start(&mut self, verb: &str, interface: &str, text: &str) -> io::Result<Run> {
        // A run for the same interface that is still going would overwrite this one's news with older.
        if let Some(mut superseded) = self.running.remove(interface) {
            end(&mut superseded)?;
        }
        let mut child = Command::new(&self.program)
            .arg0(OsStr::new("resolvconf"))
            .arg(verb)
            .arg(format!("{interface}.dhcp"))
            .env_clear()
            .env("PATH", PROGRAM_FOLDERS.join(":"))
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        // A few hundred octets: they fit the pipe, so this never waits. A program that ends without
        // reading them says why by its exit status.
        let told = child
            .stdin
            .take()
            .map_or(Ok(()), |mut input| input.write_all(text.as_bytes()));
        let untold = told
            .err()
            .filter(|error| error.kind() != io::ErrorKind::BrokenPipe);
        let complaints = match (untold, child.stderr.take()) {
            (None, Some(pipe)) => OwnedFd::from(pipe),
            (untold, _) => {
                end(&mut child)?;
                return Err(untold.unwrap_or_else(|| io::Error::other("it has no standard error")));
            }
        };
        self.running.insert(interface.to_owned(), child);
        Ok(Run {
            interface: interface.to_owned(),
            complaints,
        })
    }

    /// Takes the run that `interface` has, to wait for it.
    fn take(&mut self, interface: &str) -> Option<Child> {
        self.running.remove(interface)
    }
}

impl Drop for Handover {
    fn drop(&mut self) {
        for child in self.running.values_mut() {
            // Priv is going away; there is nobody left to tell.
            drop(end(child));
        }
    }
}

impl Run {
    /// Waits until the program has closed its standard error, which is its end.
    ///
    /// `take` lends the program it belongs to, never across the wait.
    pub(crate) async fn finish(
        self,
        handover: impl FnOnce(&mut dyn FnMut(&mut Handover)),
    ) -> io::Result<()> {
        let read = tokio::time::timeout(PATIENCE, complaints(self.complaints)).await;
        let mut child = None;
        handover(&mut |handover| child = handover.take(&self.interface));
        let Some(mut child) = child else {
            return Ok(());
        };
        let Ok(complaints) = read else {
            end(&mut child)?;
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "it did not end in time",
            ));
        };
        let complaints = complaints?;
        let status = child.wait()?;
        if status.success() {
            return Ok(());
        }
        Err(io::Error::other(format!(
            "it failed ({status}): {complaints:?}"
        )))
    }
}

async fn complaints(pipe: OwnedFd) -> io::Result<String> {
    let pipe = Receiver::from_owned_fd(pipe)?;
    let mut kept: Vec<u8> = Vec::new();
    let mut buffer = [0; 512];
    loop {
        pipe.readable().await?;
        match pipe.try_read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => {
                let room = LONGEST_COMPLAINT.saturating_sub(kept.len());
                kept.extend(buffer.iter().take(length.min(room)));
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(String::from_utf8_lossy(&kept).trim().to_owned())
}

/// Ends a run that nobody waits for any more.
fn end(child: &mut Child) -> io::Result<()> {
    child.kill()?;
    child.wait().map(drop)
}

fn is_executable(path: &Path) -> bool {
    std::fs::metadata(path)
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}
