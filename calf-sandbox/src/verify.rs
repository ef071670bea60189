//! The look from outside: whatever the calf says, priv reads from /proc whether every layer is in force,
//! the final filter included.

use std::{
    fmt, fs,
    io::{self, Read as _},
    os::fd::AsFd as _,
    path::{Path, PathBuf},
    time::Duration,
};

use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
};

use crate::{
    calf::{Calf, Exit},
    identity::{filters, status_field},
    layers::{Layer, Layers},
    policy::OwnDescriptors,
    step::Failure,
};

/// What must be seen, noted when the calf was started.
#[derive(Debug)]
pub(crate) struct Expectation {
    /// Whether there is a sandbox at all.
    pub(crate) confined: bool,
    /// Whether there is a user namespace.
    pub(crate) mapped: bool,
    pub(crate) landlock: bool,
    /// What descriptors 0, 1, ... lead to.
    pub(crate) links: Vec<PathBuf>,
    pub(crate) own: OwnDescriptors,
    /// How many filters there are, those of this process included.
    pub(crate) filters: u32,
    pub(crate) filtered: bool,
    pub(crate) required: Vec<Layer>,
}

/// Why a calf is not to be trusted with anything.
#[derive(Debug)]
pub enum VerifyError {
    /// It ended.
    Ended(Exit),
    /// It did not confine itself in time.
    Late,
    /// These layers are not in force.
    Missing(Vec<Layer>),
    /// It could not be looked at.
    Read(io::Error),
    /// A step of setting up failed.
    SetUp(Failure),
}

impl fmt::Display for VerifyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended(exit) => write!(
                formatter,
                "the sandboxed process {exit} before it was confined"
            ),
            Self::Late => write!(
                formatter,
                "the sandboxed process was not confined within {} s",
                LONGEST_START.as_secs()
            ),
            Self::Missing(layers) => {
                let names: Vec<&str> = layers.iter().map(|layer| layer.name()).collect();
                write!(formatter, "the sandbox lacks {}", names.join(", "))
            }
            Self::Read(error) => {
                write!(formatter, "cannot look at the sandboxed process ({error})")
            }
            Self::SetUp(failure) => write!(formatter, "{failure}"),
        }
    }
}

impl std::error::Error for VerifyError {}

/// How long a calf may take to confine itself, on the slowest machine.
const LONGEST_START: Duration = Duration::from_secs(10);

/// Milliseconds that the kernel may take to end a process.
const LONGEST_END: u8 = 200;

impl Calf {
    /// Waits until the calf says that it is confined, then looks from outside whether it is. Call it
    /// once [`Calf::status`] is readable and it does not wait; exchange nothing with the calf before.
    ///
    /// # Errors
    /// When the calf must not be trusted; drop it.
    pub fn verify(&self) -> Result<Layers, VerifyError> {
        self.await_confinement()?;
        if !self.expectation.confined {
            return Ok(Layers::none());
        }
        let layers = match look(self.pid(), &self.expectation) {
            Ok(layers) => layers,
            Err(error) => {
                return Err(self.ended_or(VerifyError::Read(error)));
            }
        };
        let missing: Vec<Layer> = Layer::ALL
            .into_iter()
            .filter(|layer| layer.is_mandatory() || self.expectation.required.contains(layer))
            .filter(|layer| !layers.in_force(*layer))
            .filter(|layer| *layer != Layer::Seccomp || self.expectation.filtered)
            .collect();
        if !missing.is_empty() {
            return Err(self.ended_or(VerifyError::Missing(missing)));
        }
        self.peek()
            .map_or(Ok(layers), |exit| Err(VerifyError::Ended(exit)))
    }

    /// A calf that is about to end has lost its descriptors, and its layers, a moment before it has ended:
    /// that moment is waited for, so that the reason is the real one.
    fn ended_or(&self, error: VerifyError) -> VerifyError {
        let mut ended = [PollFd::new(self.pidfd(), PollFlags::POLLIN)];
        match poll(&mut ended, LONGEST_END) {
            Ok(_) | Err(_) => self.peek().map_or(error, VerifyError::Ended),
        }
    }

    /// The status pipe ends when the calf is confined or gone; a failed step is written to it first.
    fn await_confinement(&self) -> Result<(), VerifyError> {
        let read = |errno: Errno| VerifyError::Read(errno.into());
        let timeout = PollTimeout::try_from(LONGEST_START).unwrap_or(PollTimeout::MAX);
        let mut wanted = [PollFd::new(self.status.as_fd(), PollFlags::POLLIN)];
        loop {
            match poll(&mut wanted, timeout) {
                Ok(0) => return Err(VerifyError::Late),
                Ok(_) => break,
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(read(errno)),
            }
        }
        let mut record = [0; 16];
        let length = nix::unistd::read(&self.status, &mut record).map_err(read)?;
        if let Some(failure) = record.get(..length).and_then(Failure::from_record) {
            return Err(VerifyError::SetUp(failure));
        }
        self.peek()
            .map_or(Ok(()), |exit| Err(VerifyError::Ended(exit)))
    }
}

fn look(pid: i32, expectation: &Expectation) -> io::Result<Layers> {
    let process = PathBuf::from(format!("/proc/{pid}"));
    let mut layers = Layers::none();
    let status = read_text(&process.join("status"))?;
    note_status(&mut layers, &status, expectation);
    for (name, layer) in [
        ("cgroup", Layer::CgroupNamespace),
        ("ipc", Layer::IpcNamespace),
        ("mnt", Layer::MountNamespace),
        ("net", Layer::NetNamespace),
        ("user", Layer::UserNamespace),
        ("uts", Layer::UtsNamespace),
    ] {
        layers.note(layer, has_own_namespace(&process, name)?);
    }
    let single = status_field(&status, "Threads") == Some("1");
    layers.note(
        Layer::PidNamespace,
        has_own_namespace(&process, "pid")? && single,
    );
    layers.note(Layer::EmptyRoot, has_empty_root(&process)?);
    let limits = read_text(&process.join("limits"))?;
    layers.note(Layer::ResourceLimits, forbids_new_descriptors(&limits));
    layers.note(Layer::Descriptors, has_exactly(&process, expectation)?);
    // Not visible from outside; `confine` fails where the kernel has it and it cannot be entered.
    layers.note(Layer::Landlock, expectation.landlock);
    if expectation.mapped && !layers.in_force(Layer::UserNamespace) {
        return Err(io::Error::other("its user namespace is gone"));
    }
    Ok(layers)
}

/// A file of /proc, which has no length to ask for: one read is enough for all but the largest.
fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::with_capacity(8192);
    fs::File::open(path)?.read_to_string(&mut text)?;
    Ok(text)
}

fn note_status(layers: &mut Layers, status: &str, expectation: &Expectation) {
    let is_empty =
        |name| status_field(status, name).is_some_and(|set| u64::from_str_radix(set, 16) == Ok(0));
    layers.note(
        Layer::Capabilities,
        ["CapInh", "CapPrm", "CapEff", "CapAmb"]
            .into_iter()
            .all(is_empty),
    );
    layers.note(Layer::EmptyBoundingSet, is_empty("CapBnd"));
    layers.note(
        Layer::NoNewPrivileges,
        status_field(status, "NoNewPrivs") == Some("1"),
    );
    // proc(5): 2 is SECCOMP_MODE_FILTER. One filter more than this process has is the start filter, two is
    // the final one too.
    let filtering = status_field(status, "Seccomp") == Some("2");
    let all_there = filters(status) == Some(expectation.filters);
    layers.note(
        Layer::Seccomp,
        expectation.filtered && filtering && all_there,
    );
}

fn has_own_namespace(process: &Path, name: &str) -> io::Result<bool> {
    let ours = match fs::read_link(format!("/proc/self/ns/{name}")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        ours => ours?,
    };
    Ok(fs::read_link(process.join("ns").join(name))? != ours)
}

/// One mount, an empty tmpfs, read-only.
fn has_empty_root(process: &Path) -> io::Result<bool> {
    let mounts = read_text(&process.join("mountinfo"))?;
    let mut lines = mounts.lines();
    let (Some(root), None) = (lines.next(), lines.next()) else {
        return Ok(false);
    };
    // proc_pid_mountinfo(5): ID, parent, device, root, mount point, options, ... "-", type, source, options.
    let mut fields = root.split(' ').skip(4);
    let (Some("/"), Some(options)) = (fields.next(), fields.next()) else {
        return Ok(false);
    };
    let read_only = options.split(',').any(|option| option == "ro");
    let kind = fields.skip_while(|field| *field != "-").nth(1);
    let is_empty = fs::read_dir(process.join("root"))?.next().is_none();
    Ok(read_only && kind == Some("tmpfs") && is_empty)
}

fn forbids_new_descriptors(limits: &str) -> bool {
    limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))
        .is_some_and(|line| line.split_whitespace().take(2).eq(["0", "0"]))
}

/// The declared descriptors lead where they led at the start; others are of the kinds a calf may make.
fn has_exactly(process: &Path, expectation: &Expectation) -> io::Result<bool> {
    let mut declared = 0;
    let OwnDescriptors {
        mut pollers,
        mut pairs,
        mut timers,
        mut wakers,
    } = expectation.own;
    for entry in fs::read_dir(process.join("fd"))? {
        let entry = entry?;
        let link = fs::read_link(entry.path())?;
        let number: Option<usize> = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok());
        if let Some(expected) = number.and_then(|number| expectation.links.get(number)) {
            declared += usize::from(link == *expected);
            continue;
        }
        let left = match link.to_str() {
            Some("anon_inode:[eventfd]") => &mut wakers,
            Some("anon_inode:[eventpoll]") => &mut pollers,
            Some("anon_inode:[timerfd]") => &mut timers,
            Some(socket) if socket.starts_with("socket:") => &mut pairs,
            Some(_) | None => return Ok(false),
        };
        match left.checked_sub(1) {
            None => return Ok(false),
            Some(less) => *left = less,
        }
    }
    Ok(declared == expectation.links.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_limit_of_zero_forbids_new_descriptors() {
        assert!(forbids_new_descriptors(
            "Max open files            0                    0                    files"
        ));
        assert!(!forbids_new_descriptors(
            "Max open files            0                    64                   files"
        ));
        assert!(!forbids_new_descriptors(
            "Max processes             0                    0                    processes"
        ));
    }

    fn expectation() -> Expectation {
        Expectation {
            confined: true,
            mapped: true,
            landlock: false,
            links: Vec::new(),
            own: OwnDescriptors::default(),
            filters: 2,
            filtered: true,
            required: Vec::new(),
        }
    }

    const STATUS: &str = "CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n\
        CapBnd:\t0000000000000000\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t2\n";

    #[test]
    fn a_status_with_all_its_lines_has_all_its_layers() {
        let mut layers = Layers::none();
        note_status(&mut layers, STATUS, &expectation());
        for layer in [
            Layer::Capabilities,
            Layer::EmptyBoundingSet,
            Layer::NoNewPrivileges,
            Layer::Seccomp,
        ] {
            assert!(layers.in_force(layer), "{layer}");
        }
    }

    #[test]
    fn a_start_filter_alone_is_not_the_final_filter() {
        let mut layers = Layers::none();
        note_status(
            &mut layers,
            &STATUS.replace("filters:\t2", "filters:\t1"),
            &expectation(),
        );
        assert!(!layers.in_force(Layer::Seccomp));
    }

    #[test]
    fn one_capability_in_any_set_is_seen() {
        for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
            let mut layers = Layers::none();
            let status = STATUS.replace(&format!("{set}:\t0"), &format!("{set}:\t1"));
            note_status(&mut layers, &status, &expectation());
            assert!(!layers.in_force(Layer::Capabilities), "{set}");
        }
    }
}
