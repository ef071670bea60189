//! Places: network namespaces with their own copies of the folders that DHCP clients write to.
//!
//! A place is a thread that has moved into new namespaces; whatever it starts is born there, and on the core the
//! thread is pinned to. Nothing has a name in the file system, so nothing has to be removed.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Instant;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, CpuSet, sched_getaffinity, sched_setaffinity, unshare};
use nix::unistd::Pid;

use crate::failure::Failure;
use crate::workspace::shown;

type Job = Box<dyn FnOnce() + Send>;

/// A network namespace, its files, and the thread that lives there.
pub(super) struct Place {
    jobs: mpsc::Sender<Job>,
    /// The network namespace as a path that works as long as this process lives.
    namespace: PathBuf,
    /// Its inode: what tells the processes of this place.
    inode: u64,
    /// Where main sees the place's files.
    folder: PathBuf,
}

/// The cores this process may use.
pub(super) fn available_cores() -> Result<Vec<usize>, Failure> {
    let set = sched_getaffinity(Pid::from_raw(0)).map_err(Failure::system("sched_getaffinity"))?;
    Ok((0..CpuSet::count())
        .filter(|core| set.is_set(*core).unwrap_or(false))
        .collect())
}

fn pin(core: usize) -> Result<(), Failure> {
    let mut set = CpuSet::new();
    set.set(core).map_err(Failure::system("choose a core"))?;
    sched_setaffinity(Pid::from_raw(0), &set).map_err(Failure::system("sched_setaffinity"))
}

/// Prepares this process, which has namespaces of its own by now: scratch space under `/run`, and the last core for
/// the threads that only look on.
pub(super) fn prepare(cores: &[usize]) -> Result<(), Failure> {
    mount(
        Some("tmpfs"),
        "/run",
        Some("tmpfs"),
        MsFlags::empty(),
        Some("mode=755"),
    )
    .map_err(Failure::system("mount a tmpfs on /run"))?;
    cores.last().map_or(Ok(()), |core| pin(*core))
}

impl Place {
    /// Makes a place whose programs run on `core`.
    pub(super) fn new(name: &str, core: usize) -> Result<Self, Failure> {
        let folder = Path::new("/run/places").join(name);
        copy_system_folders(&folder)?;
        let (jobs, orders) = mpsc::channel::<Job>();
        let (ready, entered) = mpsc::channel();
        let home = folder.clone();
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                let arrived = enter(&home, core);
                let live_on = arrived.is_ok();
                if ready.send(arrived).is_ok() && live_on {
                    orders.into_iter().for_each(|job| job());
                }
            })
            .map_err(|error| Failure::Start {
                program: format!("the thread of {name}"),
                error,
            })?;
        let (namespace, inode) = entered.recv().map_err(|_| gone(name))??;
        Ok(Self {
            jobs,
            namespace,
            inode,
            folder,
        })
    }

    /// Does `work` in the place and waits for it.
    pub(super) fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let (answer, result) = mpsc::channel();
        let name = || self.folder.display().to_string();
        self.jobs
            .send(Box::new(move || {
                // Nobody waits any more only if the bench is ending.
                let _ = answer.send(work());
            }))
            .map_err(|_| gone(&name()))?;
        result.recv().map_err(|_| gone(&name()))?
    }

    /// Starts a program in the place; also gives the time right before.
    pub(super) fn spawn(&self, mut command: Command) -> Result<(Instant, Child), Failure> {
        self.run(move || {
            let begun = Instant::now();
            let child = command.spawn().map_err(|error| Failure::Start {
                program: shown(&command),
                error,
            })?;
            Ok((begun, child))
        })
    }

    /// Runs a program in the place to its end, quietly unless it fails.
    pub(super) fn call(&self, program: &str, words: &[&str]) -> Result<(), Failure> {
        let mut command = Command::new(program);
        command.args(words).stdin(Stdio::null());
        let shown = shown(&command);
        let output = self.run(move || {
            command.output().map_err(|error| Failure::Start {
                program: crate::workspace::shown(&command),
                error,
            })
        })?;
        if output.status.success() {
            return Ok(());
        }
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        Err(Failure::Exit {
            program: shown,
            status: output.status,
        })
    }

    /// The network namespace, for `ip link ... netns`.
    pub(super) fn namespace(&self) -> &Path {
        &self.namespace
    }

    /// The inode of the network namespace.
    pub(super) fn inode(&self) -> u64 {
        self.inode
    }

    /// The place's `/etc`, as seen from here.
    pub(super) fn etc(&self) -> PathBuf {
        self.folder.join("etc")
    }

    /// The place's `/run`, as seen from here.
    pub(super) fn run_folder(&self) -> PathBuf {
        self.folder.join("run")
    }

    /// The place's `/var/lib`, as seen from here.
    pub(super) fn lib(&self) -> PathBuf {
        self.folder.join("lib")
    }
}

fn gone(name: &str) -> Failure {
    Failure::Unexpected {
        program: name.to_owned(),
        reason: "its thread is gone".into(),
    }
}

fn copy_system_folders(folder: &Path) -> Result<(), Failure> {
    for name in ["run", "lib"] {
        let path = folder.join(name);
        std::fs::create_dir_all(&path).map_err(Failure::file(&path))?;
    }
    let etc = folder.join("etc");
    crate::workspace::output(Command::new("cp").args(["-a", "/etc"]).arg(&etc)).map(drop)
}

/// Moves the calling thread into new namespaces and lays the place's folders over the system's.
fn enter(folder: &Path, core: usize) -> Result<(PathBuf, u64), Failure> {
    unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWUTS)
        .map_err(Failure::system("unshare"))?;
    for (from, to) in [("etc", "/etc"), ("lib", "/var/lib"), ("run", "/run")] {
        mount(
            Some(&folder.join(from)),
            to,
            None::<&str>,
            MsFlags::MS_BIND,
            None::<&str>,
        )
        .map_err(Failure::system("bind a folder"))?;
    }
    // A sysfs shows the interfaces of the namespace it was mounted in.
    mount(
        Some("sysfs"),
        "/sys",
        Some("sysfs"),
        MsFlags::empty(),
        None::<&str>,
    )
    .map_err(Failure::system("mount sysfs"))?;
    pin(core)?;
    let namespace = PathBuf::from(format!(
        "/proc/{}/task/{}/ns/net",
        std::process::id(),
        nix::unistd::gettid()
    ));
    let inode = std::fs::metadata(&namespace)
        .map_err(Failure::file(&namespace))?
        .ino();
    Ok((namespace, inode))
}
