//! The shared memory as words: the one place of this crate with `unsafe`.
//!
//! The peer may write any octet at any moment. That is no data race of this process as long as every access here
//! is atomic, which is why nothing but `&[AtomicU64]` leaves this file: there is never a `&[u8]` or a `&mut` of
//! shared memory. A relaxed load of an aligned word is a plain load on the machines that this runs on. That the
//! memory stays there is what the seals say: who could shrink the file could have any access end in SIGBUS.

#![allow(
    unsafe_code,
    reason = "mapping shared memory is unsafe; nothing else of the crate is"
)]

use std::{
    io,
    num::NonZeroUsize,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    ptr::NonNull,
    sync::atomic::AtomicU64,
};

use nix::{
    fcntl::{FcntlArg, SealFlag, fcntl},
    sys::{
        mman::{MapFlags, ProtFlags, mmap, munmap},
        stat::fstat,
    },
};

use super::{RingFault, layout};

/// A mapping of the whole memory, and the file it is of.
pub(super) struct Mapping {
    start: NonNull<AtomicU64>,
    octets: NonZeroUsize,
    _file: OwnedFd,
}

// SAFETY: the mapping belongs to the process, not to a thread, and is given up once, by the one owner. What it
// gives out are shared references to atomics, which any thread may use.
unsafe impl Send for Mapping {}

// SAFETY: as above; `&Mapping` gives nothing but `&[AtomicU64]`.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps `memory` after checking that nobody can change its size any more (mmap(2), memfd_create(2)).
    ///
    /// # Errors
    /// The fault of the memory, or what the kernel said.
    pub(super) fn new(memory: OwnedFd) -> Result<Self, RingFault> {
        let octets = sealed_octets(memory.as_fd())?;
        // SAFETY: the kernel chooses the address, so that no other mapping is replaced. The file cannot shrink
        // (`sealed_octets` saw the seals, which cannot be taken back), so that the pages stay there.
        let mapped = unsafe {
            mmap(
                None,
                octets,
                ProtFlags::PROT_READ | ProtFlags::PROT_WRITE,
                MapFlags::MAP_SHARED,
                &memory,
                0,
            )
        };
        Ok(Self {
            start: mapped.map_err(io::Error::from)?.cast(),
            octets,
            _file: memory,
        })
    }

    /// All of the memory.
    pub(super) fn words(&self) -> &[AtomicU64] {
        let words = self.octets.get() / size_of::<AtomicU64>();
        // SAFETY: the mapping starts at a page, hence aligned; it is `octets` long, at least `words` words, and
        // lives as long as `self`. Any octets are an `AtomicU64`, and concurrent writes are what it is for.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), words) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: exactly what `new` mapped, once; every reference to it borrowed `self`.
        let unmapped = unsafe { munmap(self.start.cast(), self.octets.get()) };
        debug_assert!(unmapped.is_ok(), "{unmapped:?}");
    }
}

/// The size of `memory`, which is one that rings can have and that nobody can change.
fn sealed_octets(memory: BorrowedFd<'_>) -> Result<NonZeroUsize, RingFault> {
    let seals = fcntl(memory, FcntlArg::F_GET_SEALS).map_err(io::Error::from)?;
    let needed = SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SEAL;
    if !SealFlag::from_bits_retain(seals).contains(needed) {
        return Err(RingFault::Unsealed);
    }
    // After the seals: from here on it is the size for ever.
    let size = fstat(memory).map_err(io::Error::from)?.st_size;
    let octets = u64::try_from(size)
        .ok()
        .filter(|octets| layout::capacity(*octets).is_some());
    octets
        .and_then(|octets| usize::try_from(octets).ok())
        .and_then(NonZeroUsize::new)
        .ok_or(RingFault::Size(size))
}
