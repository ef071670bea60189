//! A root file system, processes and a name of their own on the link of a testbed's host: a Debian, an
//! initramfs or a container of a test's own making, in which programs run as their real callers run them.
//!
//! A room ends with its first process, and with it every daemon that was left in it.

use std::{
    env,
    ffi::{OsStr, OsString},
    fmt,
    fs::{self, File},
    io,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread::{self, JoinHandle},
    time::Duration,
};

use nix::{
    mount::{MsFlags, mount},
    sched::{CloneFlags, setns, unshare},
    sys::{prctl, signal::Signal},
    unistd::{chdir, gethostname, sethostname},
};

use crate::{
    furniture::{Furniture, HELPER},
    namespace::{Namespace, open_at},
    process::Process,
};

/// Where the root of a room is made, and that of a container in a room: in mounts of their own, so that they
/// hide nothing of others.
const PLACE: &str = "/run";
const PLACE_IN_A_ROOM: &str = "/mnt";

/// Where programs of a room are.
pub const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// How long a command in a room may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Work for the thread from which a room's processes are started.
type Work = Box<dyn FnOnce() + Send>;

/// A room.
pub struct Room {
    host: Namespace,
    names: File,
    work: Option<mpsc::Sender<Work>>,
    thread: Option<JoinHandle<()>>,
    first: Process,
}

impl fmt::Debug for Room {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Room");
        shown.field("first", &self.first).finish_non_exhaustive()
    }
}

/// A program as the first process of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// The program and its arguments.
    pub words: Vec<OsString>,
    /// A mask of those it keeps.
    pub capabilities: u64,
    /// Whether its root may be written to.
    pub read_only: bool,
}

/// How a command in a room ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Its exit status.
    pub status: ExitStatus,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

impl Ended {
    /// Its exit status, if it ended by itself.
    #[must_use]
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }
}

impl Room {
    /// Makes a room with the network of `host` and a name of its own.
    ///
    /// # Panics
    /// Where namespaces are not permitted, and where `furnish` does.
    #[must_use]
    pub fn new(
        host: &Namespace,
        name: &str,
        furnish: impl FnOnce(&Furniture) + Send + 'static,
    ) -> Self {
        let name = name.to_owned();
        let mut first = Command::new(helper());
        first.arg(PLACE);
        let host = host.duplicate();
        let mut made = Self::make(first, move || {
            host.enter()?;
            apart(CloneFlags::CLONE_NEWUTS)?;
            sethostname(&name)?;
            furnish(&Furniture::new(Path::new(PLACE), &helper()));
            Ok(())
        });
        let first = &made.first;
        let ready = first.stdout().wait_for(PATIENCE, |line| line == "ready");
        assert!(ready.is_some(), "no room: {}", first.stderr_text());
        // The mounts are others since the first process has changed its root.
        made.host = Namespace::of_process(first.pid()).expect("a room's first process is there");
        // The thread that starts processes was in the old root.
        made.work(|| {
            chdir("/").expect("a room has a root");
        });
        made
    }

    /// Starts a container with the network and the name of this room, made of the room's files.
    ///
    /// # Panics
    /// As [`Self::new`].
    #[must_use]
    pub fn container(
        &self,
        container: &Container,
        furnish: impl FnOnce(&Furniture) + Send + 'static,
    ) -> Self {
        let Container {
            words,
            capabilities,
            read_only,
        } = container;
        let mut first = Command::new(HELPER);
        first.arg(PLACE_IN_A_ROOM);
        if *read_only {
            first.arg("--read-only");
        }
        first
            .args(["--capabilities", &format!("{capabilities:x}"), "--"])
            .args(words);
        let host = self.host.duplicate();
        let names = self
            .names
            .try_clone()
            .expect("a descriptor can be duplicated");
        Self::make(first, move || {
            host.enter()?;
            setns(names, CloneFlags::CLONE_NEWUTS)?;
            apart(CloneFlags::empty())?;
            furnish(&Furniture::new(Path::new(PLACE_IN_A_ROOM), HELPER.as_ref()));
            Ok(())
        })
    }

    /// Starts the first process in namespaces that `furnish` makes, with its root in them.
    fn make(mut first: Command, furnish: impl FnOnce() -> io::Result<()> + Send + 'static) -> Self {
        let (work, orders) = mpsc::channel::<Work>();
        let (born, birth) = mpsc::channel::<io::Result<(Child, Namespace, File)>>();
        first.env_clear().env("PATH", PATH);
        first
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        die_with_thread(&mut first);
        let thread = thread::spawn(move || {
            // setns(2) refuses a mount namespace to a thread that shares its working directory.
            let alone = unshare(CloneFlags::CLONE_FS).map_err(io::Error::from);
            // In a room, /proc does not know this thread.
            let made = alone.and_then(|()| {
                let own = File::open("/proc/thread-self")?;
                furnish()?;
                let host = Namespace::of_thread(&own)?;
                let names = open_at(&own, "ns/uts")?;
                Ok((first.spawn()?, host, names))
            });
            // Nobody is there to hear of it only if the test has failed already.
            drop(born.send(made));
            for work in orders {
                work();
            }
        });
        let made = birth.recv().expect("the room could be furnished");
        let (child, host, names) = made.expect("whoever may make namespaces may make a room");
        Self {
            host,
            names,
            work: Some(work),
            thread: Some(thread),
            first: Process::of(child),
        }
    }

    /// The first process: of a container its program.
    #[must_use]
    pub fn first(&self) -> &Process {
        &self.first
    }

    /// The same, to be waited for.
    pub fn first_mut(&mut self) -> &mut Process {
        &mut self.first
    }

    /// The room's network and file systems, to look at.
    #[must_use]
    pub fn host(&self) -> &Namespace {
        &self.host
    }

    /// The name that it has now.
    ///
    /// # Panics
    /// If the kernel does not tell it.
    #[must_use]
    pub fn name(&self) -> String {
        let name = self.work(gethostname);
        let name = name.expect("a host has a name").into_string();
        name.expect("a name is text")
    }

    /// A command that [`Self::start`] can start; its environment is empty but for PATH.
    #[must_use]
    pub fn command(program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", PATH).stdin(Stdio::null());
        command
    }

    /// The same, of words separated by spaces.
    ///
    /// # Panics
    /// Without a word.
    #[must_use]
    pub fn words(line: &str) -> Command {
        let mut words = line.split_whitespace();
        let mut command = Self::command(words.next().expect("a command has a name"));
        command.args(words);
        command
    }

    /// Starts a command in the room.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use]
    pub fn start(&self, mut command: Command) -> Process {
        let name = format!("{command:?}");
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        die_with_thread(&mut command);
        let child = self.work(move || command.spawn());
        Process::of(child.unwrap_or_else(|error| panic!("{name}: {error}")))
    }

    /// Runs a command to its end.
    ///
    /// # Panics
    /// If that takes a minute.
    #[must_use]
    pub fn run(&self, command: Command) -> Ended {
        let name = format!("{command:?}");
        let mut process = self.start(command);
        let status = process.wait(PATIENCE);
        let stdout = process.stdout().entries();
        let stderr = process.stderr_text();
        let status = status.unwrap_or_else(|| panic!("{name} goes on: {stdout:?} {stderr}"));
        Ended {
            status,
            stdout: stdout.iter().map(|line| format!("{line}\n")).collect(),
            stderr,
        }
    }

    /// Runs a line of a shell to its end.
    ///
    /// # Panics
    /// As [`Self::run`].
    #[must_use]
    pub fn shell(&self, line: &str) -> Ended {
        let mut command = Self::command("sh");
        command.args(["-c", line]);
        self.run(command)
    }

    /// The number, outside, of a process that has this one in the room.
    ///
    /// # Panics
    /// If /proc cannot be read.
    #[must_use]
    pub fn outside(&self, inside: i32) -> Option<i32> {
        let namespace = |pid: i32| fs::read_link(format!("/proc/{pid}/ns/pid")).ok();
        let own = namespace(self.first.pid());
        let numbers = fs::read_dir("/proc").expect("there is a /proc");
        numbers
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok())
            .filter(|pid| namespace(*pid) == own)
            .find(|pid| innermost(*pid) == Some(inside))
    }

    /// Does something on the thread that starts the room's processes, and gives its result.
    fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let (done, result) = mpsc::channel();
        let order: Work = Box::new(move || drop(done.send(work())));
        let sender = self.work.as_ref().expect("until the room ends");
        sender.send(order).expect("the thread is there");
        result.recv().expect("the thread did its work")
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // First the thread: whatever it started dies with it.
        drop(self.work.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// The program that is a room's first process.
fn helper() -> OsString {
    env::var_os("CALFKIT_BIN_ROOM_STATIC")
        .expect("CALFKIT_BIN_ROOM_STATIC is not set: run `cargo xtask test`")
}

/// Parts the calling thread's mounts, and what `further` says, from those of others; what it starts from now
/// on has processes of its own.
fn apart(further: CloneFlags) -> io::Result<()> {
    unshare(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWPID | further)?;
    let flags = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, flags, None::<&str>)?;
    Ok(())
}

/// A process's number in the innermost of the namespaces that it is in (proc(5), `NSpid`).
fn innermost(pid: i32) -> Option<i32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let numbers = status
        .lines()
        .find_map(|line| line.strip_prefix("NSpid:"))?;
    numbers.split_whitespace().last()?.parse().ok()
}

/// Has the kernel kill the process when the thread that starts it ends.
fn die_with_thread(command: &mut Command) {
    // SAFETY: the closure runs between fork and exec and makes one system call.
    unsafe {
        command.pre_exec(|| Ok(prctl::set_pdeathsig(Signal::SIGKILL)?));
    }
}
