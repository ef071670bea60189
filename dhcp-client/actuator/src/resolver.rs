//! The resolver file: who owns it, and how it is written.
//!
//! It is rewritten in place, so that its inode stays: containers bind-mount the file itself, and a file
//! renamed over it would leave them with the old one for ever. One `pwrite` of the whole text, then
//! `ftruncate`: a reader in between sees the new text with an old tail, never an empty file.
//!
//! One [`Resolver`] serves all interfaces of the process, because they share the file.

use core::fmt;
use std::{
    cell::RefCell,
    fs::{File, OpenOptions, Permissions},
    io::{self, Read as _},
    os::unix::fs::{FileExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use nix::{
    libc,
    unistd::{AccessFlags, access},
};

use crate::{
    handover::{Handover, PROGRAM_FOLDERS, Run},
    policy::Checked,
    resolver_text::{Entry, SIGNATURE, text},
};

/// Where the C library reads it.
const RESOLVER_FILE: &str = "/etc/resolv.conf";
/// A link into here makes systemd-resolved the owner (systemd-resolved.service(8)).
const RESOLVED_FOLDER: &str = "/run/systemd/resolve";
/// Readable by everybody, or programs that are not root find no names.
const MODE: u32 = 0o644;
/// A larger file is none that a resolver reads, and is not kept to be put back.
const LONGEST_FORMER: u64 = 64 * 1024;

/// Why the resolver file cannot be written.
#[derive(Debug)]
pub struct ResolverError {
    path: PathBuf,
    why: io::Error,
}

impl fmt::Display for ResolverError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "cannot write the resolver file {}: {}; name another with --resolv-conf, or make it writable",
            self.path.display(),
            self.why
        )
    }
}

impl std::error::Error for ResolverError {}

/// Writes what leases say about names to where the host's programs look for it.
#[derive(Debug)]
pub struct Resolver {
    state: RefCell<State>,
}

#[derive(Debug)]
struct State {
    entries: Vec<Entry>,
    target: Target,
}

#[derive(Debug)]
enum Target {
    File(ResolverFile),
    Handover(Handover),
    /// Nobody can be told; said once, at the start.
    Nothing(String),
}

/// What is still to be waited for after a change.
#[derive(Debug)]
#[must_use]
pub(crate) struct Pending<'a> {
    resolver: &'a Resolver,
    run: Option<Run>,
}

impl Resolver {
    /// Finds out who owns the resolver file. With `explicit` that file is written, whoever else might.
    ///
    /// # Errors
    /// The explicit file is not writable.
    pub fn prepare(explicit: Option<&Path>) -> Result<Self, ResolverError> {
        let folders = PROGRAM_FOLDERS.map(Path::new);
        let target = match explicit {
            Some(path) => Target::File(ResolverFile::prepare(path)?),
            None => choose(Path::new(RESOLVER_FILE), &folders),
        };
        Ok(Self {
            state: RefCell::new(State {
                entries: Vec::new(),
                target,
            }),
        })
    }

    /// The one line to tell the operator at the start where nobody can be told about names.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        match &self.state.borrow().target {
            Target::Nothing(warning) => Some(warning.clone()),
            Target::File(_) | Target::Handover(_) => None,
        }
    }

    /// Puts what the lease of `interface` says in force; where it says nothing, the interface's part goes.
    pub(crate) fn publish(
        &self,
        interface: &str,
        metric: u32,
        checked: &Checked,
    ) -> Result<Pending<'_>, ResolverError> {
        self.replace(interface, Entry::of(interface, metric, checked))
    }

    /// Takes the part of `interface` out of force.
    pub(crate) fn withdraw(&self, interface: &str) -> Result<Pending<'_>, ResolverError> {
        self.replace(interface, None)
    }

    fn replace(&self, interface: &str, entry: Option<Entry>) -> Result<Pending<'_>, ResolverError> {
        let mut state = self.state.borrow_mut();
        let State { entries, target } = &mut *state;
        let before = entries.len();
        entries.retain(|entry| entry.interface != interface);
        let had_one = entries.len() != before;
        let has_one = entry.is_some();
        if let Some(entry) = entry {
            // In order of preference: the metric's, and among equals the first comer's.
            let place = entries.partition_point(|other| other.metric <= entry.metric);
            entries.insert(place, entry);
        }
        if !has_one && !had_one {
            return Ok(Pending {
                resolver: self,
                run: None,
            });
        }
        let run = match target {
            Target::File(file) => {
                file.rewrite(entries).map_err(|why| file.error(why))?;
                None
            }
            Target::Handover(handover) => {
                let own = entries.iter().filter(|entry| entry.interface == interface);
                let run = if has_one {
                    handover.add(interface, &text(own))
                } else {
                    handover.remove(interface)
                };
                Some(run.map_err(|why| ResolverError {
                    path: handover.program().to_owned(),
                    why,
                })?)
            }
            Target::Nothing(_) => None,
        };
        Ok(Pending {
            resolver: self,
            run,
        })
    }
}

impl Pending<'_> {
    /// Waits for the program that was handed the change. Without the wait the change happens all the
    /// same.
    pub(crate) async fn finish(self) -> Result<(), ResolverError> {
        let Some(run) = self.run else { return Ok(()) };
        let resolver = self.resolver;
        let result = run
            .finish(|take| {
                if let Target::Handover(handover) = &mut resolver.state.borrow_mut().target {
                    take(handover);
                }
            })
            .await;
        result.map_err(|why| {
            let path = match &resolver.state.borrow().target {
                Target::Handover(handover) => handover.program().to_owned(),
                Target::File(file) => file.path.clone(),
                Target::Nothing(_) => PathBuf::from(RESOLVER_FILE),
            };
            ResolverError { path, why }
        })
    }
}

/// Whom to tell where the operator named no file.
fn choose(file: &Path, folders: &[&Path]) -> Target {
    let resolved = belongs_to_resolved(file);
    if let Some(handover) = Handover::find(folders, resolved) {
        return Target::Handover(handover);
    }
    if resolved {
        return Target::Nothing(format!(
            "{} belongs to systemd-resolved, and there is no resolvectl to tell it; the resolvers of the \
             lease are not used: name a file with --resolv-conf",
            file.display()
        ));
    }
    match ResolverFile::prepare(file) {
        Ok(file) => Target::File(file),
        Err(error) => Target::Nothing(format!("{error}; the resolvers of the lease are not used")),
    }
}

fn belongs_to_resolved(file: &Path) -> bool {
    // Not canonicalize: at boot the link is often there before its target.
    std::fs::read_link(file).is_ok_and(|target| {
        let from_root = file.parent().unwrap_or(Path::new("/")).join(target);
        normal(&from_root).starts_with(RESOLVED_FOLDER)
    })
}

/// `path` without `..`, by its words alone.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        if component == std::path::Component::ParentDir {
            normal.pop();
        } else {
            normal.push(component);
        }
    }
    normal
}

/// A resolver file that is written in place.
#[derive(Debug)]
struct ResolverFile {
    path: PathBuf,
    /// What it said before it was first written; none before that.
    former: Option<Vec<u8>>,
    /// What it says since it was last written.
    written: Vec<u8>,
}

impl ResolverFile {
    /// Makes sure that `path` can be written, without writing it.
    fn prepare(path: &Path) -> Result<Self, ResolverError> {
        let file = Self {
            path: path.to_owned(),
            former: None,
            written: Vec::new(),
        };
        match open(path, false) {
            Ok(_) => Ok(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // A link that leads nowhere is created where it leads.
                let target = std::fs::read_link(path).unwrap_or_default();
                let place = path.parent().unwrap_or(Path::new("/")).join(&target);
                let folder = if target.as_os_str().is_empty() {
                    path
                } else {
                    &place
                };
                let folder = folder
                    .parent()
                    .filter(|folder| !folder.as_os_str().is_empty());
                match access(
                    folder.unwrap_or(Path::new(".")),
                    AccessFlags::W_OK | AccessFlags::X_OK,
                ) {
                    Ok(()) => Ok(file),
                    Err(error) => Err(file.error(error.into())),
                }
            }
            Err(why) => Err(file.error(why)),
        }
    }

    fn error(&self, why: io::Error) -> ResolverError {
        ResolverError {
            path: self.path.clone(),
            why,
        }
    }

    /// Writes what `entries` say; without any, what the file said before.
    fn rewrite(&mut self, entries: &[Entry]) -> io::Result<()> {
        let mut file = open(&self.path, true)?;
        let present = read(&mut file)?;
        let wanted = if entries.is_empty() {
            let Some(former) = self.former.take() else {
                return Ok(());
            };
            if present != self.written {
                // Somebody else wrote it since: it is theirs now.
                return Ok(());
            }
            former
        } else {
            self.former.get_or_insert_with(|| former(&present));
            text(entries.iter()).into_bytes()
        };
        if file.metadata()?.permissions().mode() & 0o7777 != MODE {
            file.set_permissions(Permissions::from_mode(MODE))?;
        }
        if present != wanted {
            write(&file, &wanted)?;
        }
        self.written = wanted;
        Ok(())
    }
}

/// What is worth putting back: what this program left there at another time names servers of a lease
/// that is long over.
fn former(present: &[u8]) -> Vec<u8> {
    if present.starts_with(SIGNATURE.as_bytes()) {
        Vec::new()
    } else {
        present.to_owned()
    }
}

fn open(path: &Path, create: bool) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(create)
        .truncate(false)
        .mode(MODE)
        // A FIFO or terminal in its place must not hold up priv. Links are followed: the file often is one.
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is not a regular file",
        ));
    }
    Ok(file)
}

fn read(file: &mut File) -> io::Result<Vec<u8>> {
    let mut present = Vec::new();
    file.take(LONGEST_FORMER).read_to_end(&mut present)?;
    Ok(present)
}

/// Never truncates first, so that no reader finds the file empty.
fn write(file: &File, text: &[u8]) -> io::Result<()> {
    if file.write_at(text, 0)? != text.len() {
        return Err(io::Error::new(
            io::ErrorKind::StorageFull,
            "there is no room for it",
        ));
    }
    file.set_len(u64::try_from(text.len()).unwrap_or(u64::MAX))
}

#[cfg(test)]
pub(crate) mod tests;
