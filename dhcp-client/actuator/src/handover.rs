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
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    time::Duration,
};

use nix::{
    fcntl::{FcntlArg, OFlag, fcntl},
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tokio::{
    net::unix::pipe::Receiver,
    time::{sleep, timeout},
};

/// Where system programs are, whatever the environment says.
pub(crate) const PROGRAM_FOLDERS: [&str; 5] =
    ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin"];
/// How long the program may take before it is ended.
const PATIENCE: Duration = Duration::from_secs(5);
/// What of its complaints is told.
const LONGEST_COMPLAINT: usize = 300;
/// How long after the end of its complaints the program is looked at for the first time, and how long at
/// most between two looks. Most have ended by the first.
const FIRST_LOOK: Duration = Duration::from_millis(1);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The program, and its runs that have not been waited for.
#[derive(Debug)]
pub(crate) struct Handover {
    program: PathBuf,
    patience: Duration,
    /// By interface.
    running: HashMap<String, Running>,
    /// Told to end and not yet seen to have: the kernel may take its time, and nobody waits for it.
    ended: Vec<Child>,
    runs: u64,
}

#[derive(Debug)]
struct Running {
    number: u64,
    child: Child,
}

/// A run whose end is to be awaited.
#[derive(Debug)]
pub(crate) struct Run {
    interface: String,
    /// Tells it from a later one for the same interface.
    number: u64,
    complaints: OwnedFd,
    patience: Duration,
}

/// How far a run is.
enum Progress {
    Running,
    Ended(ExitStatus),
    /// A later run for the same interface took its place.
    Superseded,
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
            patience: PATIENCE,
            running: HashMap::new(),
            ended: Vec::new(),
            runs: 0,
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

    /// Starts a run and never waits for it, whatever it does.
    fn start(&mut self, verb: &str, interface: &str, text: &str) -> io::Result<Run> {
        // A run for the same interface that is still going would overwrite this one's news with older.
        self.end(interface);
        self.bury();
        let mut child = Command::new(&self.program)
            .arg0(OsStr::new("resolvconf"))
            .arg(verb)
            .arg(format!("{interface}.dhcp"))
            .env_clear()
            .env("PATH", PROGRAM_FOLDERS.join(":"))
            .current_dir("/")
            // With a group of its own it can be ended with all that it started.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let told = child.stdin.take().map_or(Ok(()), |input| tell(input, text));
        let complaints = child.stderr.take();
        self.runs = self.runs.wrapping_add(1);
        let number = self.runs;
        let running = Running { number, child };
        self.running.insert(interface.to_owned(), running);
        match (told, complaints) {
            (Ok(()), Some(complaints)) => Ok(Run {
                interface: interface.to_owned(),
                number,
                complaints: complaints.into(),
                patience: self.patience,
            }),
            (told, _) => {
                self.end(interface);
                Err(told
                    .err()
                    .unwrap_or_else(|| io::Error::other("it has no standard error")))
            }
        }
    }

    /// How far the run `number` of `interface` is; one that has ended is not kept any longer.
    fn look(&mut self, interface: &str, number: u64) -> io::Result<Progress> {
        let Some(running) = self.running.get_mut(interface) else {
            return Ok(Progress::Superseded);
        };
        if running.number != number {
            return Ok(Progress::Superseded);
        }
        let Some(status) = running.child.try_wait()? else {
            return Ok(Progress::Running);
        };
        self.running.remove(interface);
        self.bury();
        Ok(Progress::Ended(status))
    }

    /// Ends the run of `interface`, if there is one, with all that it started.
    fn end(&mut self, interface: &str) {
        let Some(Running { number: _, child }) = self.running.remove(interface) else {
            return;
        };
        // It was not waited for, so its number is no other process's. An error means that it has ended.
        if let Ok(group) = i32::try_from(child.id()) {
            killpg(Pid::from_raw(group), Signal::SIGKILL).ok();
        }
        self.ended.push(child);
        self.bury();
    }

    /// Lets go of those that have ended.
    fn bury(&mut self) {
        self.ended
            .retain_mut(|child| matches!(child.try_wait(), Ok(None)));
    }
}

impl Drop for Handover {
    fn drop(&mut self) {
        // Priv is going away; there is nobody left to tell.
        let interfaces: Vec<String> = self.running.keys().cloned().collect();
        for interface in interfaces {
            self.end(&interface);
        }
    }
}

impl Run {
    /// Waits until the program has ended, for as long as it may take.
    ///
    /// `lend` lends the program it belongs to, never across a wait.
    pub(crate) async fn finish(
        self,
        lend: impl Fn(&mut dyn FnMut(&mut Handover)),
    ) -> io::Result<()> {
        let Self {
            interface,
            number,
            complaints: pipe,
            patience,
        } = self;
        let ended = async {
            let said = complaints(pipe).await;
            let status = exit(&interface, number, &lend).await?;
            io::Result::Ok((said, status))
        };
        match timeout(patience, ended).await {
            Ok(Ok((_, None))) => Ok(()),
            Ok(Ok((_, Some(status)))) if status.success() => Ok(()),
            Ok(Ok((said, Some(status)))) => Err(io::Error::other(format!(
                "it failed ({status}): {:?}",
                said?
            ))),
            Ok(Err(error)) => Err(error),
            Err(_) => {
                lend(&mut |handover| {
                    if matches!(handover.look(&interface, number), Ok(Progress::Running)) {
                        handover.end(&interface);
                    }
                });
                Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "it did not end in time",
                ))
            }
        }
    }
}

/// Waits for the exit status of a run; none where another took its place.
///
/// By looking from time to time: a program may close its standard error and go on for ever, and to wait for
/// it in the way that the system offers would stop everything else in the process.
async fn exit(
    interface: &str,
    number: u64,
    lend: &impl Fn(&mut dyn FnMut(&mut Handover)),
) -> io::Result<Option<ExitStatus>> {
    let mut pause = FIRST_LOOK;
    loop {
        let mut progress = Ok(Progress::Superseded);
        lend(&mut |handover| progress = handover.look(interface, number));
        match progress? {
            Progress::Ended(status) => return Ok(Some(status)),
            Progress::Superseded => return Ok(None),
            Progress::Running => sleep(pause).await,
        }
        pause = pause.saturating_mul(2).min(LOOK_EVERY);
    }
}

/// Writes what there is to say. It is far less than a pipe holds; where a pipe holds less than usual, a
/// program that does not read must not hold up priv.
fn tell(mut input: ChildStdin, text: &str) -> io::Result<()> {
    fcntl(&input, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    match input.write_all(text.as_bytes()) {
        // A program that ends without reading says why by its exit status.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            Err(io::Error::other("it does not read what it is told"))
        }
        told => told,
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

fn is_executable(path: &Path) -> bool {
    std::fs::metadata(path)
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests;
