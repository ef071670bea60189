//! One host of the testbed: a network and a mount namespace that have no name and are held by two
//! descriptors only, so that the kernel removes all of it when this process ends, however it ends.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io,
    os::{
        fd::{AsFd as _, AsRawFd as _},
        unix::process::CommandExt as _,
    },
    path::Path,
    process::{Command, Stdio},
    thread,
};

use nix::{
    fcntl::{OFlag, openat},
    mount::{MsFlags, mount},
    sched::{CloneFlags, setns, unshare},
    sys::{prctl, signal::Signal, stat::Mode},
    unistd::{Pid, getpid, getppid},
};

/// Where a host keeps its scratch files; a fresh tmpfs in each.
pub const SCRATCH: &str = "/run/testbed";

/// Folders of the machine that a host must not see or write: each gets an empty tmpfs.
const HIDDEN: [&str; 2] = ["/run", "/var/lib"];

/// Folders that DHCP programs expect to exist below the hidden ones.
const EXPECTED: [&str; 6] = [
    SCRATCH,
    "/run/kea",
    "/run/lock/kea",
    "/var/lib/dhcp",
    "/var/lib/dhcpcd",
    "/var/lib/kea",
];

/// The resolver file of a host, also visible as /etc/resolv.conf where the machine has that file.
pub const RESOLVER_FILE: &str = "/run/testbed/resolv.conf";

/// One host of the testbed.
#[derive(Debug)]
pub struct Namespace {
    network: File,
    mounts: File,
}

impl Namespace {
    /// Makes a host with only a loopback link, which is up.
    ///
    /// # Errors
    /// Where namespaces or mounts are not permitted.
    pub(crate) fn new() -> io::Result<Self> {
        let build = || -> io::Result<Self> {
            // The machine's mounts stay visible for reading programs, not shared for changing.
            unshare(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWNET)?;
            prepare_mounts()?;
            Self::of_this_thread()
        };
        let made = thread::scope(|scope| scope.spawn(build).join());
        let namespace = made.map_err(|_| io::Error::other("the building thread panicked"))??;
        namespace.ip("link set lo up");
        Ok(namespace)
    }

    /// Runs `work` on a thread inside the host, and gives its result; sockets made there stay there.
    ///
    /// Start no process in it: a child ends with the thread that started it. Use [`Self::command`].
    ///
    /// # Panics
    /// If `work` does.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let inside = || {
            // setns(2) refuses a mount namespace to a thread that shares its working directory.
            unshare(CloneFlags::CLONE_FS).expect("a thread may stop sharing its working directory");
            self.enter()
                .expect("whoever made the namespaces may enter them");
            work()
        };
        let joined = thread::scope(|scope| scope.spawn(inside).join());
        joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    /// A command inside the host, without input, that dies with the thread that starts it.
    #[must_use]
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let host = self.duplicate();
        let parent = getpid();
        let mut command = Command::new(program);
        command.stdin(Stdio::null());
        // SAFETY: the closure runs between fork and exec and makes system calls only: it neither
        // allocates nor takes a lock, so the other threads of the parent cannot block it.
        unsafe {
            command.pre_exec(move || {
                host.enter()?;
                die_with(parent)
            });
        }
        command
    }

    /// Runs `ip` with these words inside the host.
    ///
    /// # Panics
    /// With ip's own words, if it fails.
    pub fn ip(&self, words: &str) -> String {
        let output = self.command("ip").args(words.split_whitespace()).output();
        let output = output.expect("`ip` (Debian package iproute2) can be started");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "`ip {words}`: {said}");
        String::from_utf8(output.stdout).expect("ip writes UTF-8")
    }

    /// Writes a file as the host sees it, with the folders above it.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let (path, content) = (path.as_ref(), content.as_ref());
        self.run(|| {
            path.parent()
                .map_or(Ok(()), fs::create_dir_all)
                .expect("a scratch folder can be made");
            fs::write(path, content).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        });
    }

    /// Reads a file as the host sees it.
    ///
    /// # Errors
    /// Where there is none.
    pub fn read(&self, path: impl AsRef<Path>) -> io::Result<String> {
        let path = path.as_ref();
        self.run(|| fs::read_to_string(path))
    }

    /// The network and the mounts of the calling thread.
    fn of_this_thread() -> io::Result<Self> {
        Self::of_thread(&File::open("/proc/thread-self")?)
    }

    /// The network and the mounts of the thread whose folder of /proc this is.
    ///
    /// # Errors
    /// If it is gone.
    pub(crate) fn of_thread(folder: &File) -> io::Result<Self> {
        Ok(Self {
            network: open_at(folder, "ns/net")?,
            mounts: open_at(folder, "ns/mnt")?,
        })
    }

    /// The network and the mounts of a process that runs.
    ///
    /// # Errors
    /// If it is gone.
    pub(crate) fn of_process(pid: i32) -> io::Result<Self> {
        Self::of_thread(&File::open(format!("/proc/{pid}"))?)
    }

    /// The same host once more.
    ///
    /// # Panics
    /// Never: descriptors can be duplicated.
    pub(crate) fn duplicate(&self) -> Self {
        let duplicate = |file: &File| file.try_clone().expect("a descriptor can be duplicated");
        Self {
            network: duplicate(&self.network),
            mounts: duplicate(&self.mounts),
        }
    }

    /// A path to this host's network namespace that holds as long as this object.
    #[must_use]
    pub fn network_path(&self) -> String {
        format!("/proc/{}/fd/{}", getpid(), self.network.as_raw_fd())
    }

    /// Brings the calling thread, or process, into the host.
    pub(crate) fn enter(&self) -> io::Result<()> {
        setns(self.network.as_fd(), CloneFlags::CLONE_NEWNET)?;
        setns(self.mounts.as_fd(), CloneFlags::CLONE_NEWNS)?;
        Ok(())
    }
}

/// Opens a file below a folder for reading.
///
/// # Errors
/// Where there is none.
pub(crate) fn open_at(folder: &File, path: &str) -> io::Result<File> {
    let opened = openat(
        folder,
        path,
        OFlag::O_RDONLY | OFlag::O_CLOEXEC,
        Mode::empty(),
    );
    Ok(opened?.into())
}

/// Asks for SIGKILL when the parent ends, and ends now if that has happened already.
fn die_with(parent: Pid) -> io::Result<()> {
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    if getppid() == parent {
        Ok(())
    } else {
        Err(io::Error::from_raw_os_error(libc::ESRCH))
    }
}

fn prepare_mounts() -> io::Result<()> {
    let nothing = None::<&str>;
    mount(
        nothing,
        "/",
        nothing,
        MsFlags::MS_REC | MsFlags::MS_PRIVATE,
        nothing,
    )?;
    // Looked up first: where the file is a link into a hidden folder, hiding is protection enough.
    let resolver = fs::canonicalize("/etc/resolv.conf").ok();
    for folder in HIDDEN {
        let options = Some("mode=0755,size=64m");
        mount(
            Some("testbed"),
            folder,
            Some("tmpfs"),
            MsFlags::empty(),
            options,
        )?;
    }
    for folder in EXPECTED {
        fs::create_dir_all(folder)?;
    }
    fs::write(RESOLVER_FILE, "# nothing configured\n")?;
    if let Some(real) = resolver.filter(|real| !HIDDEN.iter().any(|h| real.starts_with(h))) {
        mount(
            Some(RESOLVER_FILE),
            &real,
            nothing,
            MsFlags::MS_BIND,
            nothing,
        )?;
    }
    show_own_links();
    Ok(())
}

/// Mounts a /sys that lists this host's links. Inside some containers the kernel refuses; then the
/// machine's own stays, which only matters to programs that look for links there.
fn show_own_links() {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    let _refused = mount(Some("testbed"), "/sys", Some("sysfs"), flags, None::<&str>);
}
