//! Octets over inherited descriptors, with read(2) and write(2) alone.
//!
//! Not `UnixStream`: that reads and writes with recvfrom(2) and sendto(2), which a calf is not
//! allowed. Here any stream descriptor will do, a socket as well as a pair of pipes.

use std::{
    fs::File,
    io::{self, Read, Write},
    os::fd::OwnedFd,
    task::{Context, Poll, ready},
};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use tokio::io::unix::AsyncFd;

/// The descriptors of one connection.
#[derive(Debug)]
pub struct Transport {
    reading: OwnedFd,
    writing: Option<OwnedFd>,
}

impl Transport {
    /// Two one-way descriptors, for a pair of pipes or FIFOs.
    #[must_use]
    pub const fn pipes(reading: OwnedFd, writing: OwnedFd) -> Self {
        Self {
            reading,
            writing: Some(writing),
        }
    }
}

/// One descriptor for both ways: a stream socket.
impl From<OwnedFd> for Transport {
    fn from(socket: OwnedFd) -> Self {
        Self {
            reading: socket,
            writing: None,
        }
    }
}

/// A transport that the runtime watches.
pub(crate) struct Channel {
    reading: AsyncFd<File>,
    /// `None`: the same as `reading`, since epoll takes a descriptor once.
    writing: Option<AsyncFd<File>>,
}

impl Channel {
    /// Makes the descriptors non-blocking and registers them (fcntl(2), epoll_ctl(2)).
    pub(crate) fn open(transport: Transport) -> io::Result<Self> {
        let Transport { reading, writing } = transport;
        Ok(Self {
            reading: watched(reading)?,
            writing: writing.map(watched).transpose()?,
        })
    }

    /// Reads what is there; 0 is the end of the stream.
    pub(crate) fn poll_read(
        &self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            let mut guard = ready!(self.reading.poll_read_ready(context))?;
            match guard.try_io(|watched| watched.get_ref().read(buffer)) {
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(Ok(octets)) if octets > 0 && octets < buffer.len() => {
                    // epoll(7), question 9: a read of a stream that gives less than was asked for has
                    // emptied it, and what arrives from now on is a new event. Saves the read(2) that
                    // would say so.
                    guard.clear_ready();
                    return Poll::Ready(Ok(octets));
                }
                Ok(result) => return Poll::Ready(result),
                Err(_would_block) => {}
            }
        }
    }

    /// Writes as much as fits.
    pub(crate) fn poll_write(
        &self,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        let writing = self.writing.as_ref().unwrap_or(&self.reading);
        loop {
            let mut guard = ready!(writing.poll_write_ready(context))?;
            match guard.try_io(|watched| watched.get_ref().write(octets)) {
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(result) => return Poll::Ready(result),
                Err(_would_block) => {}
            }
        }
    }
}

/// Makes a descriptor non-blocking and registers it.
pub(crate) fn watched(descriptor: OwnedFd) -> io::Result<AsyncFd<File>> {
    let flags = OFlag::from_bits_retain(fcntl(&descriptor, FcntlArg::F_GETFL)?);
    if !flags.contains(OFlag::O_NONBLOCK) {
        fcntl(&descriptor, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    }
    #[expect(
        deprecated,
        reason = "its replacement is unsafe, for types whose descriptor may change or close while \
                  registered; a File owns one descriptor from here to its drop"
    )]
    AsyncFd::new(File::from(descriptor))
}
