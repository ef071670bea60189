//! A listening socket with a name in the file system: made in place of a stale one, never of another, with
//! its permissions from the first moment, and removed with its owner.

use core::fmt;
use std::{
    fs::{self, File},
    io,
    os::{
        fd::OwnedFd,
        unix::{
            fs::{FileTypeExt as _, MetadataExt as _},
            net::{UnixListener, UnixStream},
        },
    },
};

use rustix::{
    fs::{AtFlags, Gid, Mode, OFlags, Uid, chownat, fchmod, open},
    io::Errno,
    net::{
        AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, connect, listen, socket_with,
    },
    process::geteuid,
};

use crate::protocol::Owner;

/// Connections that wait to be accepted; the next is told to come again.
const BACKLOG: i32 = 64;

/// Why there can be no socket at a path.
#[derive(Debug)]
pub(crate) enum Fault {
    /// Something that is no socket is there.
    Occupied,
    /// A socket that somebody holds is there.
    Served,
    /// Somebody put something else there meanwhile.
    Replaced,
    /// The socket cannot be given to its owner.
    Owner(io::Error),
    /// It cannot be made.
    Make(io::Error),
    /// The lock beside it cannot be made.
    Lock { path: String, error: io::Error },
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Occupied => {
                formatter.write_str("is there and is no socket; remove it, or choose another path")
            }
            Self::Served => formatter
                .write_str("a running program serves it; stop that one, or choose another path"),
            Self::Replaced => formatter.write_str(
                "somebody else writes in this folder; choose one that only its owner may write",
            ),
            Self::Owner(error) => write!(
                formatter,
                "cannot be given to its owner ({error}); the daemon needs CAP_CHOWN for that"
            ),
            Self::Make(error) => write!(
                formatter,
                "cannot make a socket ({error}); is the folder there, and may the daemon write it?"
            ),
            Self::Lock { path, error } => {
                write!(formatter, "cannot make its lock {path}: {error}")
            }
        }
    }
}

impl From<Errno> for Fault {
    fn from(error: Errno) -> Self {
        Self::Make(error.into())
    }
}

/// A listening socket and its name. The name goes when this does, if it is still this socket's.
#[derive(Debug)]
pub(crate) struct SocketFile {
    listener: UnixListener,
    path: String,
    /// Open, so that its inode number is nobody else's.
    file: File,
}

impl SocketFile {
    /// Makes it. `mode` is exact only while the process has no umask.
    ///
    /// # Errors
    /// Without a change at the path, except for a stale socket that is gone then.
    pub(crate) fn make(path: &str, mode: u32, owner: Owner) -> Result<Self, Fault> {
        let address = SocketAddrUnix::new(path)?;
        let socket = unix_socket(SocketType::STREAM)?;
        // Linux gives the name the permissions of the socket that is bound to it.
        fchmod(&socket, Mode::from_raw_mode(mode))?;
        match bind(&socket, &address) {
            Err(Errno::ADDRINUSE) => {
                make_room(path, &address)?;
                bind(&socket, &address)?;
            }
            bound => bound?,
        }
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(open(path, flags, Mode::empty())?);
        // A link to somebody's file, planted here since, is not given away.
        let metadata = file.metadata().map_err(Fault::Make)?;
        let ours = metadata.file_type().is_socket()
            && metadata.nlink() == 1
            && metadata.uid() == geteuid().as_raw();
        if !ours {
            return Err(Fault::Replaced);
        }
        let made = Self {
            listener: UnixListener::from(socket),
            path: path.to_owned(),
            file,
        };
        made.give_to(owner)?;
        // Only now can anybody connect.
        listen(&made.listener, BACKLOG)?;
        Ok(made)
    }

    fn give_to(&self, owner: Owner) -> Result<(), Fault> {
        let Owner { uid, gid } = owner;
        if uid.is_none() && gid.is_none() {
            return Ok(());
        }
        let (uid, gid) = (uid.map(Uid::from_raw), gid.map(Gid::from_raw));
        chownat(&self.file, c"", uid, gid, AtFlags::EMPTY_PATH)
            .map_err(|error| Fault::Owner(error.into()))
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn listener(&self) -> &UnixListener {
        &self.listener
    }

    /// The next client; `None` when none waits.
    pub(crate) fn accept(&self) -> io::Result<Option<UnixStream>> {
        match self.listener.accept() {
            Ok((client, _)) => Ok(Some(client)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the path still leads to this socket.
    pub(crate) fn is_in_place(&self) -> bool {
        match (self.file.metadata(), fs::symlink_metadata(&self.path)) {
            (Ok(own), Ok(there)) => own.dev() == there.dev() && own.ino() == there.ino(),
            (Err(_), _) | (_, Err(_)) => false,
        }
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if self.is_in_place() {
            // Nothing can be done where even its owner may not remove it: it is stale then.
            drop(fs::remove_file(&self.path));
        }
    }
}

/// Removes what is at the path if it is a socket that nobody holds.
fn make_room(path: &str, address: &SocketAddrUnix) -> Result<(), Fault> {
    let metadata = fs::symlink_metadata(path).map_err(Fault::Make)?;
    if !metadata.file_type().is_socket() {
        return Err(Fault::Occupied);
    }
    // Asked with a socket of another type, which the holder's is refused to be connected with, so that it
    // notices nothing: another daemon would take a connection for a client.
    match connect(unix_socket(SocketType::DGRAM)?, address) {
        Err(Errno::CONNREFUSED) => fs::remove_file(path).map_err(Fault::Make),
        Err(Errno::PROTOTYPE) | Ok(()) => Err(Fault::Served),
        Err(error) => Err(error.into()),
    }
}

fn unix_socket(kind: SocketType) -> Result<OwnedFd, Errno> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    socket_with(AddressFamily::UNIX, kind, flags, None)
}

/// Connects to a path without waiting.
///
/// # Errors
/// `WouldBlock` when too many wait already.
pub(crate) fn dial(path: &str) -> io::Result<UnixStream> {
    let address = SocketAddrUnix::new(path)?;
    let socket = unix_socket(SocketType::STREAM)?;
    connect(&socket, &address)?;
    Ok(UnixStream::from(socket))
}

/// Held by the one daemon of a socket, so that two that start at once do not both find it stale. The file
/// beside the socket stays: one that is removed could be locked while another takes its place.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// The kernel unlocks it when this process ends, however it ends.
    pub(crate) fn acquire(socket: &str) -> Result<Self, Fault> {
        let path = format!("{socket}.lock");
        let flags = OFlags::CREATE | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = open(&path, flags, Mode::RUSR | Mode::WUSR).map_err(io::Error::from);
        let locked = opened.map(File::from).and_then(|file| {
            file.try_lock()?;
            Ok(Self { _file: file })
        });
        locked.map_err(|error| {
            if error.kind() == io::ErrorKind::WouldBlock {
                Fault::Served
            } else {
                Fault::Lock { path, error }
            }
        })
    }
}
