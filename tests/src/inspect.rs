//! What /proc says about a process: the facts that the sandbox promises.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// Kinds of namespaces that the kernel knows and a sandbox uses.
pub const NAMESPACES: [&str; 7] = ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"];

/// A process at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Process id as seen from here.
    pub pid: i32,
    /// Command name.
    pub name: String,
    /// Real, effective, saved and file system user, as seen from here.
    pub users: Vec<u32>,
    /// Effective, permitted, inheritable, ambient and bounding capability sets by their /proc name.
    pub capabilities: BTreeMap<String, u64>,
    /// Whether `no_new_privs` is set.
    pub no_new_privs: bool,
    /// 0 none, 1 strict, 2 filter.
    pub seccomp: u32,
    /// How many filters.
    pub seccomp_filters: u32,
    /// Threads.
    pub threads: u32,
    /// Kind to identity (`net:[4026531840]`).
    pub namespaces: BTreeMap<String, String>,
    /// Descriptor to what it is open on.
    pub descriptors: BTreeMap<i32, String>,
    /// Names in its root folder; `None` if that may not be read.
    pub root: Option<Vec<String>>,
}

impl Snapshot {
    /// Reads it.
    ///
    /// # Errors
    /// If the process is gone or may not be looked at.
    pub fn read(pid: i32) -> io::Result<Self> {
        let folder = PathBuf::from(format!("/proc/{pid}"));
        let status = status(&folder)?;
        let number = |key: &str| status.get(key).and_then(|v| v.parse().ok()).unwrap_or(0);
        let capabilities = ["CapEff", "CapPrm", "CapInh", "CapAmb", "CapBnd"].map(|set| {
            let mask = status
                .get(set)
                .and_then(|v| u64::from_str_radix(v, 16).ok());
            // A missing line must never look like an empty set.
            (set.to_owned(), mask.unwrap_or(u64::MAX))
        });
        let users = status.get("Uid").map(String::as_str).unwrap_or_default();
        Ok(Self {
            pid,
            name: status.get("Name").cloned().unwrap_or_default(),
            users: users
                .split_whitespace()
                .filter_map(|id| id.parse().ok())
                .collect(),
            capabilities: capabilities.into(),
            no_new_privs: number("NoNewPrivs") == 1,
            seccomp: number("Seccomp"),
            seccomp_filters: number("Seccomp_filters"),
            threads: number("Threads"),
            namespaces: namespaces(&folder)?,
            descriptors: descriptors(&folder)?,
            root: names(&folder.join("root")).ok(),
        })
    }

    /// Kinds of namespaces in which this process is not in the same one as `other`.
    #[must_use]
    pub fn namespaces_apart_from(&self, other: &Self) -> Vec<&str> {
        let apart =
            |(kind, identity): &(&String, &String)| other.namespaces.get(*kind) != Some(*identity);
        self.namespaces
            .iter()
            .filter(apart)
            .map(|(kind, _)| kind.as_str())
            .collect()
    }
}

/// Living children of a process.
///
/// # Errors
/// If /proc cannot be read.
pub fn children(parent: i32) -> io::Result<Vec<i32>> {
    let mut found = Vec::new();
    for name in names(Path::new("/proc"))? {
        let Ok(pid) = name.parse::<i32>() else {
            continue;
        };
        let Ok(status) = status(&PathBuf::from(format!("/proc/{pid}"))) else {
            continue;
        };
        let of_parent = status.get("PPid").is_some_and(|p| *p == parent.to_string());
        let alive = status
            .get("State")
            .is_some_and(|state| !state.starts_with('Z'));
        if of_parent && alive {
            found.push(pid);
        }
    }
    found.sort_unstable();
    Ok(found)
}

fn status(folder: &Path) -> io::Result<BTreeMap<String, String>> {
    let text = fs::read_to_string(folder.join("status"))?;
    let entry = |line: &str| {
        let (key, value) = line.split_once(':')?;
        Some((key.to_owned(), value.trim().to_owned()))
    };
    Ok(text.lines().filter_map(entry).collect())
}

fn namespaces(folder: &Path) -> io::Result<BTreeMap<String, String>> {
    let identity = |kind: &str| {
        let link = fs::read_link(folder.join("ns").join(kind))?;
        Ok((kind.to_owned(), link.to_string_lossy().into_owned()))
    };
    NAMESPACES.into_iter().map(identity).collect()
}

fn descriptors(folder: &Path) -> io::Result<BTreeMap<i32, String>> {
    let folder = folder.join("fd");
    let mut found = BTreeMap::new();
    for name in names(&folder)? {
        let number = name.parse().map_err(io::Error::other)?;
        match fs::read_link(folder.join(&name)) {
            Ok(target) => drop(found.insert(number, target.to_string_lossy().into_owned())),
            // Closed since it was listed, as this very listing is when a process looks at itself.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let name =
        |entry: io::Result<fs::DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
    fs::read_dir(folder)?.map(name).collect()
}
