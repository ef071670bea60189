//! The end that gives descriptors.

use std::{
    fs::File,
    io::{self, IoSlice},
    mem::MaybeUninit,
    os::fd::{BorrowedFd, OwnedFd},
};

use rustix::net::{
    SendAncillaryBuffer, SendAncillaryMessage, SendFlags, Shutdown, sendmsg, shutdown,
};
use tokio::io::unix::AsyncFd;

use super::{PASSED_AT_ONCE, check_side_socket, slot::Slot};
use crate::vat::watched;

/// The giving end of a side socket. Nothing can be sent to it.
#[derive(Debug)]
pub struct DescriptorSender {
    socket: AsyncFd<File>,
}

impl DescriptorSender {
    /// Takes one end of a connected unix socket of the kind SOCK_SEQPACKET.
    ///
    /// # Errors
    ///
    /// When it is another socket, or cannot be watched.
    pub fn new(socket: OwnedFd) -> io::Result<Self> {
        check_side_socket(&socket)?;
        shutdown(&socket, Shutdown::Read)?;
        Ok(Self {
            socket: watched(socket)?,
        })
    }

    /// Gives copies of `descriptors`, in one message. The slots, in their order, may be told to the
    /// receiver as soon as this returns. Waits while the receiver does not read.
    ///
    /// # Errors
    ///
    /// When there are none or more than 253 (unix(7)), when the receiver is gone or has ended the socket, or
    /// when too many are on their way (ETOOMANYREFS).
    pub async fn send(&self, descriptors: &[BorrowedFd<'_>]) -> io::Result<Vec<Slot>> {
        if descriptors.is_empty() || descriptors.len() > PASSED_AT_ONCE {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let slots = descriptors
            .iter()
            .map(|_descriptor| Slot::random())
            .collect::<io::Result<Vec<_>>>()?;
        let octets: Vec<u8> = slots.iter().flat_map(|slot| slot.to_octets()).collect();
        loop {
            let mut ready = self.socket.writable().await?;
            match ready.try_io(|socket| send(socket.get_ref(), &octets, descriptors)) {
                Ok(sent) => return sent.map(|()| slots),
                Err(_would_block) => {}
            }
        }
    }
}

fn send(socket: &File, octets: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(PASSED_AT_ONCE))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    // A message of this kind is sent whole or not at all.
    sendmsg(socket, &[IoSlice::new(octets)], &mut control, flags)?;
    Ok(())
}
