//! The end that takes descriptors: a few at a time, for a short time, and only what it expects.

use core::fmt;
use std::{
    cell::RefCell,
    collections::HashMap,
    fs::File,
    io::{self, IoSliceMut},
    mem::MaybeUninit,
    os::fd::OwnedFd,
    pin::pin,
    rc::Rc,
    time::Duration,
};

use futures::future::select;
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use rustix::{
    io::Errno,
    net::{
        RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, Shutdown, recvmsg,
        shutdown,
    },
};
use tokio::{
    io::unix::AsyncFd,
    task::JoinHandle,
    time::{Instant, sleep_until},
};

use super::{
    PASSED_AT_ONCE, check_side_socket,
    expected::Expected,
    slot::{self, Slot},
};
use crate::vat::watched;

/// What a side socket may cost its receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DescriptorLimits {
    /// Descriptors that wait to be redeemed.
    pub pending: usize,
    /// Descriptors of one message; 253 is the most.
    pub per_message: usize,
    /// How long one waits; then it is closed.
    pub redeem_time: Duration,
}

impl Default for DescriptorLimits {
    fn default() -> Self {
        Self {
            pending: 32,
            per_message: 8,
            redeem_time: Duration::from_secs(5),
        }
    }
}

/// Whose socket the other end must be (unix(7), SO_PEERCRED: who connected, listened or made the pair). It keeps
/// strangers of the machine out; it does not tell a sandboxed service whose pair this process made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerUser {
    /// This process' effective user.
    Own,
    /// This one.
    Is(u32),
}

/// Why a side socket ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DescriptorFault {
    /// The sender closed it.
    Closed,
    /// Control data did not fit: more descriptors than may come at once, or than this process may have.
    Truncated,
    /// A message is not as many tokens, each new, as it has descriptors.
    Malformed,
    /// More than [`DescriptorLimits::pending`] wait.
    Pending,
    /// The socket failed.
    Io(io::ErrorKind),
}

/// Why there is no descriptor for a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotGiven {
    /// There is none: there never was, it was redeemed, or it is too late. Which of them is not said.
    NoSuchSlot,
    /// It is not of the kind that is expected. It is closed.
    Unexpected,
}

impl fmt::Display for NotGiven {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NoSuchSlot => "there is no descriptor for this slot",
            Self::Unexpected => "the descriptor is not of the kind that is expected",
        })
    }
}

impl std::error::Error for NotGiven {}

/// The taking end of a side socket. What was not redeemed is closed with it. For unsandboxed peers alone; see the
/// module.
#[derive(Debug)]
pub struct DescriptorReceiver {
    side: Rc<Side>,
    reading: JoinHandle<()>,
}

impl DescriptorReceiver {
    /// Takes one end of a connected unix socket of the kind SOCK_SEQPACKET whose other end is `peer`'s, and reads it
    /// in a task on the current tokio `LocalSet` or `LocalRuntime` with I/O and time enabled.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` when it is another user's; when it is another socket, or cannot be watched.
    pub fn new(socket: OwnedFd, peer: PeerUser, limits: DescriptorLimits) -> io::Result<Self> {
        check_side_socket(&socket)?;
        let allowed = match peer {
            PeerUser::Own => nix::unistd::geteuid().as_raw(),
            PeerUser::Is(user) => user,
        };
        if getsockopt(&socket, PeerCredentials)?.uid() != allowed {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        shutdown(&socket, Shutdown::Write)?;
        let side = Rc::new(Side {
            socket: watched(socket)?,
            limits,
            held: RefCell::new(Held::default()),
        });
        let reading = tokio::task::spawn_local(read(Rc::clone(&side)));
        Ok(Self { side, reading })
    }

    /// Takes the descriptor of `slot` if it is what is expected. It is this side's alone then, and closes on exec.
    /// A sender sends it before it tells the slot, so that nothing need be waited for.
    ///
    /// # Errors
    ///
    /// [`NotGiven`]; a slot is used up either way.
    pub fn redeem(&self, slot: Slot, expected: Expected) -> Result<OwnedFd, NotGiven> {
        self.side.drain();
        let now = Instant::now();
        let mut held = self.side.held.borrow_mut();
        held.expire(now);
        let pending = held.pending.remove(&slot);
        drop(held);
        let Pending {
            descriptor,
            until: _,
        } = pending.ok_or(NotGiven::NoSuchSlot)?;
        match expected.admits(&descriptor) {
            Ok(true) => Ok(descriptor),
            Ok(false) | Err(_) => Err(NotGiven::Unexpected),
        }
    }

    /// Descriptors that wait to be redeemed.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.side.held.borrow().pending.len()
    }

    /// Why no descriptor will come any more; `None` while some may. After a fault nothing waits any more; after
    /// [`DescriptorFault::Closed`] what had come before waits its time.
    #[must_use]
    pub fn ended(&self) -> Option<DescriptorFault> {
        self.side.held.borrow().ended
    }

    /// Waits until no descriptor will come any more and none waits.
    ///
    /// Says why, as [`DescriptorReceiver::ended`] does.
    pub async fn closed(&mut self) -> DescriptorFault {
        if !self.reading.is_finished() {
            let _finished = (&mut self.reading).await;
        }
        self.ended().unwrap_or(DescriptorFault::Closed)
    }
}

impl Drop for DescriptorReceiver {
    fn drop(&mut self) {
        self.reading.abort();
        self.side.held.borrow_mut().pending.clear();
    }
}

#[derive(Debug)]
struct Side {
    socket: AsyncFd<File>,
    limits: DescriptorLimits,
    held: RefCell<Held>,
}

#[derive(Debug, Default)]
struct Held {
    pending: HashMap<Slot, Pending>,
    ended: Option<DescriptorFault>,
}

#[derive(Debug)]
struct Pending {
    descriptor: OwnedFd,
    until: Instant,
}

impl Held {
    fn expire(&mut self, now: Instant) {
        self.pending.retain(|_slot, pending| pending.until > now);
    }

    /// When something is to be closed next, and whether nothing will come any more.
    fn expire_and_look(&mut self, now: Instant) -> (Option<Instant>, bool) {
        self.expire(now);
        let next = self.pending.values().map(|pending| pending.until).min();
        (next, self.ended.is_some())
    }

    fn end(&mut self, fault: DescriptorFault) {
        self.ended.get_or_insert(fault);
        if fault != DescriptorFault::Closed {
            self.pending.clear();
        }
    }
}

impl Side {
    /// Takes what has come. Each message adds something to what waits or ends the socket, so that there is an end.
    fn drain(&self) {
        while self.held.borrow().ended.is_none() {
            match self.take_message() {
                Ok(()) => {}
                Err(Errno::AGAIN) => return,
                Err(error) => {
                    let kind = io::Error::from(error).kind();
                    self.held.borrow_mut().end(DescriptorFault::Io(kind));
                }
            }
        }
    }

    fn take_message(&self) -> Result<(), Errno> {
        let mut octets = [0; PASSED_AT_ONCE * slot::OCTETS];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(PASSED_AT_ONCE))];
        let most = self.limits.per_message.min(PASSED_AT_ONCE);
        let room = rustix::cmsg_space!(ScmRights(most)).min(space.len());
        let (room, _rest) = space.split_at_mut(room);
        // Whatever descriptors are left in it are closed when it is dropped.
        let mut control = RecvAncillaryBuffer::new(room);
        let flags = RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT;
        let mut buffers = [IoSliceMut::new(&mut octets)];
        let received = loop {
            match recvmsg(self.socket.get_ref(), &mut buffers, &mut control, flags) {
                Err(Errno::INTR) => {}
                received => break received?,
            }
        };
        let mut descriptors = Vec::new();
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(more) = message {
                descriptors.extend(more);
            }
        }
        let mut held = self.held.borrow_mut();
        if received.flags.contains(ReturnFlags::CTRUNC) {
            held.end(DescriptorFault::Truncated);
        } else if received.bytes == 0 && descriptors.is_empty() {
            held.end(DescriptorFault::Closed);
        } else if received.flags.contains(ReturnFlags::TRUNC) || descriptors.len() > most {
            held.end(DescriptorFault::Malformed);
        } else {
            let octets = octets.get(..received.bytes).unwrap_or_default();
            self.keep(&mut held, octets, descriptors);
        }
        Ok(())
    }

    /// Keeps each descriptor under its token.
    fn keep(&self, held: &mut Held, octets: &[u8], descriptors: Vec<OwnedFd>) {
        let (tokens, rest) = octets.as_chunks::<{ slot::OCTETS }>();
        if !rest.is_empty() || tokens.len() != descriptors.len() {
            return held.end(DescriptorFault::Malformed);
        }
        let now = Instant::now();
        held.expire(now);
        if held.pending.len().saturating_add(tokens.len()) > self.limits.pending {
            return held.end(DescriptorFault::Pending);
        }
        // A time beyond the clock's end is none to wait for.
        let until = now.checked_add(self.limits.redeem_time).unwrap_or(now);
        for (token, descriptor) in tokens.iter().zip(descriptors) {
            let pending = Pending { descriptor, until };
            let former = held.pending.insert(Slot::from_octets(*token), pending);
            if former.is_some() {
                return held.end(DescriptorFault::Malformed);
            }
        }
    }
}

/// Reads what comes and closes what is not redeemed, until nothing will come and nothing waits.
async fn read(side: Rc<Side>) {
    loop {
        side.drain();
        let (next, ended) = side.held.borrow_mut().expire_and_look(Instant::now());
        match (next, ended) {
            (None, true) => return,
            (Some(until), true) => sleep_until(until).await,
            (None, false) => readable(&side).await,
            (Some(until), false) => {
                select(pin!(readable(&side)), pin!(sleep_until(until))).await;
            }
        }
    }
}

/// Waits until there is something to read, or a reason not to read.
async fn readable(side: &Side) {
    match side.socket.readable().await {
        // What was there is read before this is waited for again: only what comes from now on counts.
        Ok(mut ready) => ready.clear_ready(),
        Err(error) => side
            .held
            .borrow_mut()
            .end(DescriptorFault::Io(error.kind())),
    }
}
