//! What the kernel tells everybody, as it happens.

use core::{
    fmt,
    future::poll_fn,
    task::{Context, Poll, ready},
};
use std::io;

use netlink_sys::{AsyncSocket as _, SocketAddr, TokioSocket, protocols::NETLINK_ROUTE};
use nix::libc;

use super::{Netlink, each_message};

/// Datagrams that are read away at once; more than a socket's buffer holds.
const MOST_DISCARDED: usize = 16 * 1024;

/// A socket in one or more of rtnetlink's groups.
pub(crate) struct Monitor {
    socket: TokioSocket,
    /// Lends the receive buffer, so that there is one in the process.
    netlink: Netlink,
}

impl fmt::Debug for Monitor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Monitor").finish_non_exhaustive()
    }
}

/// What came of listening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Messages were handed over.
    Messages,
    /// The kernel had more to say than the socket could hold: some of it is lost.
    Overrun,
}

impl Monitor {
    /// Listens to `groups` (RTMGRP_* of linux/rtnetlink.h), in the network namespace of the calling thread.
    pub(crate) fn open(netlink: &Netlink, groups: u32) -> io::Result<Self> {
        let mut socket = TokioSocket::new(NETLINK_ROUTE)?;
        socket.socket_mut().bind(&SocketAddr::new(0, groups))?;
        Ok(Self {
            socket,
            netlink: netlink.clone(),
        })
    }

    /// Waits for the kernel to say something and hands over its messages, by type and payload. Cancelling it
    /// loses nothing: what is received is handed over before anything else is waited for.
    pub(crate) async fn next(&self, each: &mut dyn FnMut(u16, &[u8])) -> io::Result<Heard> {
        poll_fn(|context| self.poll_next(context, each)).await
    }

    fn poll_next(
        &self,
        context: &mut Context<'_>,
        each: &mut dyn FnMut(u16, &[u8]),
    ) -> Poll<io::Result<Heard>> {
        loop {
            let heard = self.netlink.with(|kernel| {
                let buffer = kernel.buffer();
                let sender = match ready!(self.socket.poll_recv_from(context, buffer)) {
                    Ok(sender) => sender,
                    Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => {
                        return Poll::Ready(Ok(Some(Heard::Overrun)));
                    }
                    Err(error) => return Poll::Ready(Err(error)),
                };
                // Only the kernel has port 0; another process may send here, and is not listened to.
                if sender.port_number() != 0 {
                    return Poll::Ready(Ok(None));
                }
                each_message(buffer, &mut |header, payload| {
                    each(header.message_type, payload);
                });
                Poll::Ready(Ok(Some(Heard::Messages)))
            });
            if let Some(heard) = ready!(heard)? {
                return Poll::Ready(Ok(heard));
            }
        }
    }

    /// Reads away what was told and not yet heard; whether there was anything.
    pub(crate) fn discard(&self) -> io::Result<bool> {
        // Of each datagram as much as fits: nobody looks at it.
        let mut buffer = Vec::with_capacity(1);
        let mut any = false;
        for _ in 0..MOST_DISCARDED {
            buffer.clear();
            let socket = self.socket.socket_ref();
            match socket.recv_from(&mut buffer, libc::MSG_DONTWAIT) {
                Ok(_) => any = true,
                Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => any = true,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(any)
    }
}
