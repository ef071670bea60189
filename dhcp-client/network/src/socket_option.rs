//! The socket options that nix does not have: the one place where this crate passes memory to the
//! kernel by pointer for them.

use std::os::fd::{AsRawFd, BorrowedFd};

use libc::{c_int, c_ushort, sock_filter, socklen_t};
use nix::errno::Errno;

// From linux/if_packet.h and asm-generic/socket.h; libc leaves them out for this target.
pub(crate) const PACKET_STATISTICS: c_int = 6;
pub(crate) const PACKET_AUXDATA: c_int = 8;
pub(crate) const PACKET_IGNORE_OUTGOING: c_int = 23;

/// Length of `T` for the kernel.
fn length_of<T>() -> Result<socklen_t, Errno> {
    socklen_t::try_from(size_of::<T>()).map_err(|_| Errno::EINVAL)
}

/// Sets an option whose value is an int.
pub(crate) fn set_int(
    socket: BorrowedFd<'_>,
    level: c_int,
    option: c_int,
    value: c_int,
) -> Result<(), Errno> {
    let length = length_of::<c_int>()?;
    // SAFETY: the descriptor is borrowed, so open; the pointer is to `value`, which lives through the
    // call and is `length` bytes long; the kernel only reads it.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            option,
            (&raw const value).cast(),
            length,
        )
    };
    Errno::result(result).map(drop)
}

/// Attaches `program`, and locks it: from then on the kernel refuses to change or remove it
/// (socket(7), SO_LOCK_FILTER), whoever holds the descriptor.
pub(crate) fn attach_locked_filter(
    socket: BorrowedFd<'_>,
    program: &[sock_filter],
) -> Result<(), Errno> {
    let description = libc::sock_fprog {
        len: c_ushort::try_from(program.len()).map_err(|_| Errno::EINVAL)?,
        filter: program.as_ptr().cast_mut(),
    };
    let length = length_of::<libc::sock_fprog>()?;
    // SAFETY: the descriptor is borrowed, so open; `description` lives through the call, is `length`
    // bytes long, and names `program`, which lives too and has `len` instructions. The kernel copies
    // both and writes neither, so the cast to *mut lends nothing.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ATTACH_FILTER,
            (&raw const description).cast(),
            length,
        )
    };
    Errno::result(result)?;
    set_int(socket, libc::SOL_SOCKET, libc::SO_LOCK_FILTER, 1)
}

/// `struct tpacket_stats` of packet(7).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PacketStatistics {
    /// Frames that passed the filter, those dropped included.
    pub(crate) packets: u32,
    /// Frames that passed the filter and found the queue full.
    pub(crate) drops: u32,
}

/// Counts since the last call: reading resets them (packet(7), PACKET_STATISTICS).
pub(crate) fn take_packet_statistics(socket: BorrowedFd<'_>) -> Result<PacketStatistics, Errno> {
    let mut statistics = PacketStatistics::default();
    let mut length = length_of::<PacketStatistics>()?;
    // SAFETY: the descriptor is borrowed, so open; the kernel writes at most `length` bytes to
    // `statistics`, which is that long, is not referenced otherwise, and is valid for any bytes.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_PACKET,
            PACKET_STATISTICS,
            (&raw mut statistics).cast(),
            &raw mut length,
        )
    };
    Errno::result(result)?;
    Ok(statistics)
}
