//! Frames through shared memory: two rings in one sealed memfd(2), one for each direction, each with one sender and
//! one receiver in two processes that do not trust each other.
//!
//! `layout` is what lies where, `mapping` the memory, `half` one direction with its checks, `bell` how a side
//! sleeps. Whatever the peer writes into the memory, at any moment, is a [`RingFault`] here or a wrong frame; it is
//! no panic, no access elsewhere, no loop and no allocation beyond a batch. A peer that is gone cannot be seen
//! here, since an eventfd has no end: wait for the session's end beside the ring.

mod bell;
mod fault;
mod half;
mod layout;
mod mapping;
mod receive;
mod send;

use std::{
    io,
    os::fd::OwnedFd,
    sync::{Arc, atomic::Ordering},
};

use nix::{
    fcntl::{FcntlArg, SealFlag, fcntl},
    sys::{
        eventfd::{EfdFlags, EventFd},
        memfd::{MFdFlags, memfd_create},
    },
    unistd::ftruncate,
};

pub use fault::RingFault;
pub use layout::{CAPACITY_LEAST, CAPACITY_MOST};
pub use receive::RingReceiver;
pub use send::RingSender;

use bell::{Ringing, Waiting};
use half::Half;
use mapping::Mapping;

/// Which side of the two an end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RingSide {
    /// Sends through ring 0.
    First,
    /// Sends through ring 1.
    Second,
}

/// The descriptors of a pair of rings. Both sides have the same ones.
#[derive(Debug)]
pub struct RingDescriptors {
    /// The memory, sealed.
    pub memory: OwnedFd,
    /// The eventfds that wake, in this order: the receiver and the sender of ring 0, those of ring 1.
    pub bells: [OwnedFd; 4],
}

impl RingDescriptors {
    /// Makes rings of `capacity` octets each: a power of two from [`CAPACITY_LEAST`] to [`CAPACITY_MOST`].
    ///
    /// # Errors
    /// `InvalidInput` for another capacity; what the kernel says (memfd_create(2), eventfd(2)).
    pub fn create(capacity: u64) -> io::Result<Self> {
        let octets = layout::memory_octets(capacity).ok_or(io::ErrorKind::InvalidInput)?;
        let octets = i64::try_from(octets).map_err(|_long| io::ErrorKind::InvalidInput)?;
        let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
        let memory = memfd_create("calf-ring", flags)?;
        ftruncate(&memory, octets)?;
        // Through write(2): before it is mapped nobody has it.
        nix::sys::uio::pwrite(&memory, &layout::MAGIC.to_le_bytes(), 0)?;
        let seals = SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SEAL;
        fcntl(&memory, FcntlArg::F_ADD_SEALS(seals))?;
        let bell = || -> io::Result<OwnedFd> {
            let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
            Ok(EventFd::from_value_and_flags(0, flags)?.into())
        };
        Ok(Self {
            memory,
            bells: [bell()?, bell()?, bell()?, bell()?],
        })
    }

    /// The same descriptors once more, for the other side.
    ///
    /// # Errors
    /// When there may be no more descriptors (dup(2)).
    pub fn try_clone(&self) -> io::Result<Self> {
        let [a, b, c, d] = &self.bells;
        Ok(Self {
            memory: self.memory.try_clone()?,
            bells: [
                a.try_clone()?,
                b.try_clone()?,
                c.try_clone()?,
                d.try_clone()?,
            ],
        })
    }
}

/// One side of a pair of rings.
#[derive(Debug)]
pub struct RingEnd {
    /// To the peer.
    pub sender: RingSender,
    /// From the peer.
    pub receiver: RingReceiver,
}

impl RingEnd {
    /// Opens `side` of the rings that `descriptors` are of, which may come from the peer. Needs a tokio runtime with
    /// I/O; everything that a confined process may not do any more (mmap(2) of a file, fcntl(2), epoll_ctl(2)) is
    /// done when this returns.
    ///
    /// # Errors
    /// Memory that is not sealed, of a wrong size or version; what the kernel says.
    pub fn open(descriptors: RingDescriptors, side: RingSide) -> Result<Self, RingFault> {
        let RingDescriptors { memory, bells } = descriptors;
        let memory = Arc::new(Mapping::new(memory)?);
        let magic = memory
            .words()
            .first()
            .map_or(0, |word| word.load(Ordering::Relaxed));
        if u64::from_le(magic) != layout::MAGIC {
            return Err(RingFault::Magic(u64::from_le(magic)));
        }
        let octets = u64::try_from(memory.words().len()).unwrap_or(0) * layout::WORD;
        let wrong = || RingFault::Size(i64::try_from(octets).unwrap_or(i64::MAX));
        let capacity = layout::capacity(octets).ok_or_else(wrong)?;
        let half = |number| Half::new(Arc::clone(&memory), number, capacity).ok_or_else(wrong);
        let (outgoing, incoming) = match side {
            RingSide::First => (half(0)?, half(1)?),
            RingSide::Second => (half(1)?, half(0)?),
        };
        let [receiver_0, sender_0, receiver_1, sender_1] = bells;
        let (theirs, my_room, my_frames, their_room) = match side {
            RingSide::First => (receiver_0, sender_0, receiver_1, sender_1),
            RingSide::Second => (receiver_1, sender_1, receiver_0, sender_0),
        };
        Ok(Self {
            sender: RingSender::new(outgoing, Waiting::new(my_room)?, Ringing::new(theirs)),
            receiver: RingReceiver::new(
                incoming,
                Waiting::new(my_frames)?,
                Ringing::new(their_room),
            ),
        })
    }
}
