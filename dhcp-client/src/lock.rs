//! One client per interface: two would fight over its address.
//!
//! A name in the network namespace is the lock that always works, and anybody may take any name. So there is a
//! file beside it where there is a run directory, which only its owner can lock: a stranger's name is named in
//! a line, and keeps nobody from serving.

mod file;

use std::{
    fmt, io,
    os::{
        fd::{AsRawFd as _, OwnedFd},
        linux::net::SocketAddrExt as _,
        unix::net::{SocketAddr, UnixListener},
    },
    path::{Path, PathBuf},
};

use nix::{
    sys::socket::{
        AddressFamily, SockFlag, SockType, UnixAddr, connect, getsockopt, socket,
        sockopt::PeerCredentials,
    },
    unistd::Uid,
};

use self::file::{FileError, LockFile};

/// Held while this process serves the interface.
#[derive(Debug)]
pub(crate) struct InterfaceLock {
    /// An abstract socket belongs to the network namespace, as the interface does, and goes with the process,
    /// however it ends (unix(7)).
    _socket: Option<UnixListener>,
    /// Also where the name is ours: a run that could not have the name has the file.
    _file: Option<LockFile>,
}

/// Who has the name of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Holder {
    pid: i32,
    uid: u32,
}

impl Holder {
    /// Whoever listens on the abstract socket `name`; `None` if nobody does, who would be no client of ours.
    fn of(name: &str) -> Option<Self> {
        let socket = socket(
            AddressFamily::Unix,
            SockType::Stream,
            // A stranger may have filled the queue.
            SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK,
            None,
        );
        let socket: OwnedFd = socket.ok()?;
        let address = UnixAddr::new_abstract(name.as_bytes()).ok()?;
        connect(socket.as_raw_fd(), &address).ok()?;
        let credentials = getsockopt(&socket, PeerCredentials).ok()?;
        Some(Self {
            pid: credentials.pid(),
            uid: credentials.uid(),
        })
    }

    /// Whether it may be a client of ours: who else is root, or who we are, need no name to stop us.
    fn is_trusted(self) -> bool {
        self.uid == 0 || self.uid == Uid::effective().as_raw()
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pid, uid } = self;
        write!(formatter, "process {pid} of user {uid}")
    }
}

/// The interface is served already, or the lock cannot be made.
#[derive(Debug)]
pub(crate) struct LockError {
    interface: String,
    why: Why,
}

#[derive(Debug)]
enum Why {
    /// Another client has the name.
    Served(Holder),
    /// Another client has the file.
    ServedByFile(PathBuf),
    /// A stranger has the name, and there is no file to lock.
    Stranger(Option<Holder>),
    Socket(io::Error),
}

impl fmt::Display for LockError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { interface, why } = self;
        let name = name(interface);
        match why {
            Why::Served(holder) => write!(
                formatter,
                "{interface}: another dhcp-client serves it (abstract socket @{name}, {holder}); stop that one first"
            ),
            Why::ServedByFile(path) => write!(
                formatter,
                "{interface}: another dhcp-client serves it (lock {}); stop that one first",
                path.display()
            ),
            Why::Stranger(holder) => write!(
                formatter,
                "{interface}: the lock @{name} is held by {}, which is no dhcp-client; end that, or name a folder for another lock with --run-dir",
                stranger(*holder)
            ),
            Why::Socket(error) => {
                write!(
                    formatter,
                    "{interface}: cannot make the lock @{name}: {error}"
                )
            }
        }
    }
}

impl std::error::Error for LockError {}

impl InterfaceLock {
    /// Locks `interface`, with a file in `folder` if there is one. `warn` takes a line about a stranger who has
    /// the name of the interface.
    ///
    /// # Errors
    /// It is locked, or there is no lock to be had.
    pub(crate) fn acquire(
        interface: &str,
        folder: Option<&Path>,
        warn: impl FnOnce(&str),
    ) -> Result<Self, LockError> {
        let failed = |why| LockError {
            interface: interface.to_owned(),
            why,
        };
        let name = name(interface);
        let socket = SocketAddr::from_abstract_name(&name)
            .and_then(|address| UnixListener::bind_addr(&address));
        let (socket, holder) = match socket {
            Ok(socket) => (Some(socket), None),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => (None, Holder::of(&name)),
            Err(error) => return Err(failed(Why::Socket(error))),
        };
        if let Some(holder) = holder.filter(|holder| holder.is_trusted()) {
            return Err(failed(Why::Served(holder)));
        }
        let file = match folder.map(|folder| LockFile::take(folder, interface)) {
            Some(Ok(file)) => Some(file),
            Some(Err(FileError::Held(path))) => return Err(failed(Why::ServedByFile(path))),
            // The name is enough where it is ours; that the folder is of no use is said of the sockets.
            Some(Err(FileError::Unusable)) | None => None,
        };
        match (&socket, &file) {
            (Some(_), _) => {}
            (None, Some(_)) => warn(&format!(
                "the lock @{name} is held by {}, which is no dhcp-client; a file is locked instead",
                stranger(holder)
            )),
            (None, None) => return Err(failed(Why::Stranger(holder))),
        }
        Ok(Self {
            _socket: socket,
            _file: file,
        })
    }
}

fn stranger(holder: Option<Holder>) -> String {
    holder.map_or_else(
        || "a process that listens to nobody".to_owned(),
        |holder| holder.to_string(),
    )
}

fn name(interface: &str) -> String {
    format!("calfkit/dhcp-client/{interface}")
}

#[cfg(test)]
mod tests;
