//! What is in a room: files, folders of the machine, the client under the names it has there.

use std::{
    env,
    ffi::OsStr,
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
};

use nix::mount::{MsFlags, mount};

/// Where the machine's root is in a room that has its programs.
const MACHINE: &str = "/machine";

/// Where the client's program is in a room.
pub const CLIENT: &str = "/opt/calfkit/dhcp-client";

/// Where the program is in a room that makes containers in it.
pub(crate) const HELPER: &str = "/opt/calfkit/room";

/// Folders of the machine's programs and of what those read, which a room may add to.
const FOLDERS: [&str; 11] = [
    "/bin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/sbin",
    "/usr/bin",
    "/usr/lib",
    "/usr/lib64",
    "/usr/sbin",
    "/usr/share",
];

/// Files of /etc that every Debian has, and that programs of the machine stumble without.
const ETC: [(&str, &str); 6] = [
    ("fstab", ""),
    ("group", "root:x:0:\n"),
    ("hosts", "127.0.0.1 localhost\n"),
    (
        "nsswitch.conf",
        "passwd: files\ngroup: files\nhosts: files dns\n",
    ),
    ("passwd", "root:x:0:0:root:/root:/bin/sh\n"),
    ("resolv.conf", "# nothing configured\n"),
];

const NOTHING: Option<&str> = None;

/// The root of a room while it is being made. All paths are the room's; the folders above them are made.
#[derive(Debug)]
pub struct Furniture {
    root: PathBuf,
}

impl Furniture {
    /// Mounts an empty root at `root`; `helper` is the program that makes rooms.
    pub(crate) fn new(root: &Path, helper: &OsStr) -> Self {
        let options = Some("mode=0755,size=64m");
        mount(Some("room"), root, Some("tmpfs"), MsFlags::empty(), options)
            .unwrap_or_else(|error| panic!("a file system at {}: {error}", root.display()));
        let furniture = Self {
            root: root.to_owned(),
        };
        for folder in ["/proc", "/sys", "/dev", "/mnt", "/run", "/tmp"] {
            furniture.folder(folder);
        }
        for device in ["null", "zero", "full", "random", "urandom", "tty"] {
            let device = format!("/dev/{device}");
            furniture.bind(&device, &device);
        }
        furniture.bind(helper, HELPER);
        furniture
    }

    fn place(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        let inside = path
            .strip_prefix("/")
            .expect("paths of a room are absolute");
        let place = self.root.join(inside);
        if let Some(above) = place.parent() {
            fs::create_dir_all(above)
                .unwrap_or_else(|error| panic!("the folders above {}: {error}", path.display()));
        }
        place
    }

    /// A folder.
    ///
    /// # Panics
    /// If it cannot be made, as everything here.
    pub fn folder(&self, path: impl AsRef<Path>) -> &Self {
        let place = self.place(path);
        fs::create_dir_all(&place).unwrap_or_else(|error| panic!("{}: {error}", place.display()));
        self
    }

    /// A file that anybody may read, mode 0644.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn file(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> &Self {
        self.written(path.as_ref(), content.as_ref(), 0o644)
    }

    /// A program in text, mode 0755.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn script(&self, path: impl AsRef<Path>, text: impl AsRef<[u8]>) -> &Self {
        self.written(path.as_ref(), text.as_ref(), 0o755)
    }

    fn written(&self, path: &Path, content: &[u8], mode: u32) -> &Self {
        let place = self.place(path);
        let made = fs::write(&place, content)
            .and_then(|()| fs::set_permissions(&place, fs::Permissions::from_mode(mode)));
        made.unwrap_or_else(|error| panic!("{}: {error}", place.display()));
        self
    }

    /// A link, in the place of whatever link there is.
    ///
    /// # Panics
    /// If it cannot be made.
    pub fn link(&self, path: impl AsRef<Path>, target: impl AsRef<Path>) -> &Self {
        let place = self.place(path);
        if place.is_symlink() {
            fs::remove_file(&place).expect("a link can be removed");
        }
        symlink(target, &place).unwrap_or_else(|error| panic!("{}: {error}", place.display()));
        self
    }

    /// Shows a file or folder of the place where the room is made.
    ///
    /// # Panics
    /// If it is not there.
    pub fn bind(&self, source: impl AsRef<Path>, path: impl AsRef<Path>) -> &Self {
        let (source, place) = (source.as_ref(), self.place(path));
        let ready = if source.is_dir() {
            fs::create_dir_all(&place)
        } else {
            fs::write(&place, "")
        };
        let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
        let bound = ready.and_then(|()| Ok(mount(Some(source), &place, NOTHING, flags, NOTHING)?));
        bound
            .unwrap_or_else(|error| panic!("{} on {}: {error}", source.display(), place.display()));
        self
    }

    /// An empty file system, for what has to be writable in a room that is not.
    ///
    /// # Panics
    /// If it cannot be mounted.
    pub fn scratch(&self, path: impl AsRef<Path>) -> &Self {
        let place = self.place(path);
        fs::create_dir_all(&place).unwrap_or_else(|error| panic!("{}: {error}", place.display()));
        let options = Some("mode=0755,size=16m");
        mount(
            Some("room"),
            &place,
            Some("tmpfs"),
            MsFlags::empty(),
            options,
        )
        .unwrap_or_else(|error| panic!("{}: {error}", place.display()));
        self
    }

    /// The client, started by each of these paths.
    ///
    /// # Panics
    /// Without `CALFKIT_BIN_DHCP_CLIENT_STATIC`: a test must never run a stale program.
    pub fn client(&self, paths: &[&str]) -> &Self {
        let program = env::var_os("CALFKIT_BIN_DHCP_CLIENT_STATIC")
            .expect("CALFKIT_BIN_DHCP_CLIENT_STATIC is not set: run `cargo xtask test`");
        self.bind(program, CLIENT);
        for path in paths {
            self.link(path, CLIENT);
        }
        self
    }

    /// The machine's programs, as in a Debian that was just installed: with nothing of the machine's own
    /// configuration, and none of its state.
    ///
    /// # Panics
    /// If its folders cannot be read.
    pub fn debian(&self) -> &Self {
        self.bind("/", MACHINE);
        // Inside some containers the kernel refuses; then nothing but the test's own care protects it.
        let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY;
        let _refused = mount(NOTHING, &self.place(MACHINE), NOTHING, flags, NOTHING);
        for folder in FOLDERS {
            self.links(Path::new(folder));
        }
        for (name, content) in ETC {
            self.file(Path::new("/etc").join(name), content);
        }
        // Half of the programs are found through it.
        self.link("/etc/alternatives", machine(Path::new("/etc/alternatives")));
        for folder in [
            "/var/lib/dhcp",
            "/var/lib/dhcpcd",
            "/var/tmp",
            "/run/network",
            "/root",
        ] {
            self.folder(folder);
        }
        self
    }

    /// A folder of the machine as one of links, so that a room may have others in the place of some.
    fn links(&self, folder: &Path) {
        if let Ok(target) = fs::read_link(folder) {
            self.link(folder, target);
            return;
        }
        let Ok(entries) = fs::read_dir(folder) else {
            return;
        };
        self.folder(folder);
        for entry in entries {
            let path = entry.expect("a folder's entries can be read").path();
            self.link(&path, machine(&path));
        }
    }

    /// Takes a program away.
    ///
    /// # Panics
    /// If it is there and cannot be removed.
    pub fn without(&self, path: &str) -> &Self {
        let place = self.place(path);
        if place.is_symlink() {
            fs::remove_file(&place).expect("a link can be removed");
        }
        self
    }
}

fn machine(path: &Path) -> PathBuf {
    let inside = path.strip_prefix("/").unwrap_or(path);
    Path::new(MACHINE).join(inside)
}
