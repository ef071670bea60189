//! Sees an address appear: the kernel's own announcement, so no client can be early or late in it.

use std::collections::BTreeSet;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Instant;

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, setsockopt,
    socket, sockopt,
};
use nix::sys::time::{TimeVal, TimeValLike};

use super::place::Place;
use crate::failure::Failure;

/// `RTMGRP_IPV4_IFADDR` of linux/rtnetlink.h.
const IPV4_ADDRESSES: u32 = 0x10;

/// Of linux/rtnetlink.h.
const RTM_NEWADDR: u16 = 20;
const RTM_DELADDR: u16 = 21;

/// Listens for IPv4 addresses in one network namespace, from its opening on.
pub(super) struct AddressWatch(OwnedFd);

impl AddressWatch {
    /// Opens a watch on the interfaces of a place.
    pub(super) fn open(place: &Place) -> Result<Self, Failure> {
        place.run(|| {
            let socket = socket(
                AddressFamily::Netlink,
                SockType::Raw,
                SockFlag::SOCK_CLOEXEC,
                SockProtocol::NetlinkRoute,
            )
            .map_err(Failure::system("open a netlink socket"))?;
            bind(socket.as_raw_fd(), &NetlinkAddr::new(0, IPV4_ADDRESSES))
                .map_err(Failure::system("bind a netlink socket"))?;
            Ok(Self(socket))
        })
    }

    /// Waits until `interfaces` of them have got a global IPv4 address and gives the time the last one was announced;
    /// `None` after `seconds`.
    pub(super) fn wait(&self, interfaces: usize, seconds: u32) -> Result<Option<Instant>, Failure> {
        self.wait_for(RTM_NEWADDR, interfaces, seconds)
    }

    /// Waits until an interface has lost a global IPv4 address; `None` after `seconds`.
    pub(super) fn wait_removed(&self, seconds: u32) -> Result<Option<Instant>, Failure> {
        self.wait_for(RTM_DELADDR, 1, seconds)
    }

    fn wait_for(
        &self,
        kind: u16,
        interfaces: usize,
        seconds: u32,
    ) -> Result<Option<Instant>, Failure> {
        let mut seen = BTreeSet::new();
        let deadline = Instant::now() + std::time::Duration::from_secs(seconds.into());
        let mut buffer = [0_u8; 8192];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(left @ 1..) = i64::try_from(left.as_millis()) else {
                return Ok(None);
            };
            setsockopt(
                &self.0,
                sockopt::ReceiveTimeout,
                &TimeVal::milliseconds(left),
            )
            .map_err(Failure::system("set a receive timeout"))?;
            match recv(self.0.as_raw_fd(), &mut buffer, MsgFlags::empty()) {
                Ok(length) => {
                    let now = Instant::now();
                    seen.extend(announced(kind, buffer.get(..length).unwrap_or_default()));
                    if seen.len() >= interfaces {
                        return Ok(Some(now));
                    }
                }
                Err(Errno::EAGAIN | Errno::EINTR) => {}
                Err(error) => {
                    return Err(Failure::System {
                        what: "receive from netlink",
                        error,
                    });
                }
            }
        }
    }
}

/// The numbers of the interfaces for which `bytes` hold a message of this kind with an IPv4 address of global scope.
fn announced(wanted: u16, mut bytes: &[u8]) -> Vec<u32> {
    const AF_INET: u8 = 2;
    const RT_SCOPE_UNIVERSE: u8 = 0;
    let mut found = Vec::new();
    // struct nlmsghdr: u32 length, u16 type, u16 flags, u32 sequence, u32 port.
    // struct ifaddrmsg: u8 family, u8 prefix length, u8 flags, u8 scope, u32 index.
    while let Some((header, rest)) = bytes.split_first_chunk::<16>() {
        let [a, b, c, d, e, f, ..] = *header;
        let Ok(length) = usize::try_from(u32::from_ne_bytes([a, b, c, d])) else {
            return found;
        };
        let kind = u16::from_ne_bytes([e, f]);
        if let Some([family, _, _, scope, number @ ..]) = rest.first_chunk::<8>()
            && kind == wanted
            && *family == AF_INET
            && *scope == RT_SCOPE_UNIVERSE
        {
            found.push(u32::from_ne_bytes(*number));
        }
        // Messages are aligned to four bytes; a length below the header's would never end this loop.
        let Some(next) = bytes.get(length.next_multiple_of(4).max(16)..) else {
            return found;
        };
        bytes = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u16, family: u8, scope: u8, number: u32) -> Vec<u8> {
        let mut bytes = 24_u32.to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend([0; 10]);
        bytes.extend([family, 24, 0, scope]);
        bytes.extend(number.to_ne_bytes());
        bytes
    }

    #[test]
    fn a_new_global_ipv4_address_is_seen_also_behind_other_messages() {
        assert_eq!(announced(RTM_NEWADDR, &message(20, 2, 0, 2)), [2]);
        let mut all = message(21, 2, 0, 2);
        all.extend(message(20, 2, 0, 7));
        all.extend(message(20, 2, 0, 300));
        assert_eq!(announced(RTM_NEWADDR, &all), [7, 300]);
        assert_eq!(announced(RTM_DELADDR, &all), [2]);
    }

    #[test]
    fn removed_link_local_and_ipv6_addresses_are_not() {
        assert!(announced(RTM_NEWADDR, &message(21, 2, 0, 2)).is_empty());
        assert!(announced(RTM_NEWADDR, &message(20, 2, 253, 2)).is_empty());
        assert!(announced(RTM_NEWADDR, &message(20, 10, 0, 2)).is_empty());
    }

    #[test]
    fn broken_messages_end_the_search() {
        assert!(announced(RTM_NEWADDR, &[]).is_empty());
        assert!(announced(RTM_NEWADDR, &[0; 20]).is_empty());
        assert!(announced(RTM_NEWADDR, &[0xff; 40]).is_empty());
    }
}
