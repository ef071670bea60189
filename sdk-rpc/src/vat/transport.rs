//! Octets over inherited descriptors, with read(2) and write(2) alone, or over any stream of tokio's.
//!
//! Not `UnixStream`: that reads and writes with recvfrom(2) and sendto(2), which a calf is not
//! allowed. Here any stream descriptor will do, a socket as well as a pair of pipes. A stream is for what
//! is more than descriptors, as TLS is; it costs an indirect call where descriptors cost a system call.

use core::fmt;
use std::{
    cell::RefCell,
    fs::File,
    io::{self, Read, Write},
    os::fd::OwnedFd,
    pin::Pin,
    task::{Context, Poll, ready},
};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, unix::AsyncFd};

use crate::membrane::{Membrane, Policy};

/// A stream that whoever runs the connection owns.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send {}

impl<S: AsyncRead + AsyncWrite + Send> Stream for S {}

/// What one connection runs over. It may go to another thread before the connection begins.
pub struct Transport {
    octets: Octets,
    restriction: Option<Restriction>,
}

/// Where the octets of a transport go.
enum Octets {
    /// `writing` is `None` where one descriptor is for both ways.
    Descriptors {
        reading: OwnedFd,
        writing: Option<OwnedFd>,
    },
    Stream(Pin<Box<dyn Stream>>),
}

impl fmt::Debug for Transport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            octets,
            restriction: _,
        } = self;
        let mut shown = formatter.debug_struct("Transport");
        match octets {
            Octets::Descriptors { reading, writing } => {
                shown.field("reading", reading).field("writing", writing)
            }
            Octets::Stream(_) => shown.field("stream", &()),
        };
        shown.finish()
    }
}

/// What the first capability of a connection is attenuated to.
struct Restriction(Box<dyn Policy + Send>);

impl fmt::Debug for Restriction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Restriction")
            .finish_non_exhaustive()
    }
}

impl Transport {
    /// Two one-way descriptors, for a pair of pipes or FIFOs.
    #[must_use]
    pub const fn pipes(reading: OwnedFd, writing: OwnedFd) -> Self {
        Self {
            octets: Octets::Descriptors {
                reading,
                writing: Some(writing),
            },
            restriction: None,
        }
    }

    /// A stream of tokio's, which the connection owns. What was written is flushed whenever nothing more
    /// waits, and the stream is shut down when this side closes the connection. A read that fails with
    /// `UnexpectedEof` is an end that the peer did not announce: `Disconnect::Truncated`.
    ///
    /// A socket is better given as a descriptor, which is faster.
    ///
    /// ```
    /// use sdk_rpc::{Limits, Transport, connect_net};
    ///
    /// # tokio::runtime::Builder::new_current_thread()
    /// #     .enable_all()
    /// #     .build_local(tokio::runtime::LocalOptions::default())
    /// #     .unwrap()
    /// #     .block_on(async {
    /// let (here, there) = tokio::io::duplex(64 * 1024);
    /// let (net, session) = connect_net(Transport::stream(here))?;
    /// # drop((net, session, there));
    /// # std::io::Result::Ok(())
    /// # })
    /// # .unwrap();
    /// ```
    pub fn stream(stream: impl AsyncRead + AsyncWrite + Send + 'static) -> Self {
        Self {
            octets: Octets::Stream(Box::pin(stream)),
            restriction: None,
        }
    }

    /// The same connection, on which what is offered, or what the peer offers, and all that is obtained
    /// through it, does only what `policy` allows. Of two policies the last one holds.
    #[must_use]
    pub fn attenuated(self, policy: impl Policy + Send) -> Self {
        Self {
            restriction: Some(Restriction(Box::new(policy))),
            ..self
        }
    }

    /// The membrane that the first capability belongs behind.
    pub(crate) fn membrane(&mut self) -> Option<Membrane> {
        self.restriction
            .take()
            .map(|Restriction(policy)| Membrane::of(policy))
    }
}

/// One descriptor for both ways: a stream socket.
impl From<OwnedFd> for Transport {
    fn from(socket: OwnedFd) -> Self {
        Self {
            octets: Octets::Descriptors {
                reading: socket,
                writing: None,
            },
            restriction: None,
        }
    }
}

/// A transport that the runtime watches.
pub(crate) enum Channel {
    /// `writing` is `None` where it is the same as `reading`, since epoll takes a descriptor once.
    Descriptors {
        reading: AsyncFd<File>,
        writing: Option<AsyncFd<File>>,
    },
    Stream(RefCell<Pin<Box<dyn Stream>>>),
}

impl Channel {
    /// Makes descriptors non-blocking and registers them (fcntl(2), epoll_ctl(2)).
    pub(crate) fn open(transport: Transport) -> io::Result<Self> {
        let Transport {
            octets,
            restriction: _,
        } = transport;
        Ok(match octets {
            Octets::Descriptors { reading, writing } => Self::Descriptors {
                reading: watched(reading)?,
                writing: writing.map(watched).transpose()?,
            },
            Octets::Stream(stream) => Self::Stream(RefCell::new(stream)),
        })
    }

    /// Reads what is there; 0 is the end of the stream.
    pub(crate) fn poll_read(
        &self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let reading = match self {
            Self::Descriptors {
                reading,
                writing: _,
            } => reading,
            Self::Stream(stream) => {
                let mut buffer = ReadBuf::new(buffer);
                let mut stream = stream.borrow_mut();
                ready!(stream.as_mut().poll_read(context, &mut buffer))?;
                return Poll::Ready(Ok(buffer.filled().len()));
            }
        };
        loop {
            let mut guard = ready!(reading.poll_read_ready(context))?;
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
        let writing = match self {
            Self::Descriptors { reading, writing } => writing.as_ref().unwrap_or(reading),
            Self::Stream(stream) => {
                let mut stream = stream.borrow_mut();
                let written = ready!(stream.as_mut().poll_write(context, octets))?;
                // A stream that takes nothing will never take more: `AsyncWrite` says so.
                return Poll::Ready(if written == 0 {
                    Err(io::ErrorKind::WriteZero.into())
                } else {
                    Ok(written)
                });
            }
        };
        loop {
            let mut guard = ready!(writing.poll_write_ready(context))?;
            match guard.try_io(|watched| watched.get_ref().write(octets)) {
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(result) => return Poll::Ready(result),
                Err(_would_block) => {}
            }
        }
    }

    /// Has what was written leave. Descriptors keep nothing back.
    pub(crate) fn poll_flush(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Descriptors {
                reading: _,
                writing: _,
            } => Poll::Ready(Ok(())),
            Self::Stream(stream) => stream.borrow_mut().as_mut().poll_flush(context),
        }
    }

    /// Says the end, where a stream has a word for it. That of descriptors is their close.
    pub(crate) fn poll_shutdown(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Descriptors {
                reading: _,
                writing: _,
            } => Poll::Ready(Ok(())),
            Self::Stream(stream) => stream.borrow_mut().as_mut().poll_shutdown(context),
        }
    }
}

/// Makes a descriptor non-blocking and registers it.
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
