//! What a receiver takes a descriptor for, and how it makes sure.

use std::{io, os::fd::AsFd};

use rustix::{
    fs::{FileType, OFlags, SealFlags, fcntl_get_seals, fcntl_getfl, fstat, readlink},
    net::{SocketType, sockopt},
};

/// Seals that memory must have (memfd_create(2)). It never shrinks: who maps it would be killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seals {
    /// It does not grow.
    pub grow: bool,
    /// Nobody writes to it.
    pub write: bool,
    /// There will be no further seals.
    pub seal: bool,
}

/// The one kind of descriptor that a receiver wants for a slot.
///
/// What is shared with the sender stays so: the offset, the status flags such as O_NONBLOCK, and the content of
/// what is not sealed may change at any time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// A stream socket that does not listen.
    StreamSocket,
    /// Memory of memfd_create(2).
    Memory {
        /// Seals it has, at least.
        seals: Seals,
        /// Octets it has, at most.
        longest: u64,
    },
    /// An eventfd(2).
    Event,
    /// A regular file that can be read, and through this descriptor not written.
    ReadOnlyFile,
}

impl Expected {
    /// Whether `descriptor` is what is expected.
    pub(super) fn admits(self, descriptor: impl AsFd) -> io::Result<bool> {
        let descriptor = descriptor.as_fd();
        let flags = fcntl_getfl(descriptor)?;
        if flags.contains(OFlags::PATH) {
            return Ok(false);
        }
        let access = flags & OFlags::RWMODE;
        let status = fstat(descriptor)?;
        let kind = FileType::from_raw_mode(status.st_mode);
        match self {
            Self::StreamSocket => Ok(kind == FileType::Socket
                && sockopt::socket_type(descriptor)? == SocketType::STREAM
                && !sockopt::socket_acceptconn(descriptor)?),
            Self::Memory { seals, longest } => {
                let long = u64::try_from(status.st_size).unwrap_or(u64::MAX);
                Ok(kind == FileType::RegularFile
                    && access != OFlags::WRONLY
                    && long <= longest
                    // A file of another kind has no seals and says EINVAL.
                    && fcntl_get_seals(descriptor)
                        .is_ok_and(|found| found.contains(seals.flags())))
            }
            Self::Event => Ok(link_of(descriptor)? == b"anon_inode:[eventfd]"),
            Self::ReadOnlyFile => Ok(kind == FileType::RegularFile && access == OFlags::RDONLY),
        }
    }
}

impl Seals {
    fn flags(self) -> SealFlags {
        let Self { grow, write, seal } = self;
        let mut flags = SealFlags::SHRINK;
        flags.set(SealFlags::GROW, grow);
        flags.set(SealFlags::WRITE, write);
        flags.set(SealFlags::SEAL, seal);
        flags
    }
}

/// What the kernel calls it (proc(5), /proc/pid/fd). A file's path begins with a slash, so that none can be named
/// like this.
fn link_of(descriptor: impl AsFd) -> io::Result<Vec<u8>> {
    use std::os::fd::AsRawFd as _;
    let path = format!("/proc/self/fd/{}", descriptor.as_fd().as_raw_fd());
    Ok(readlink(path, Vec::new())?.into_bytes())
}
