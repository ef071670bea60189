//! Hears of IPv4 addresses and routes that are deleted, on all interfaces of a network namespace, so that
//! what somebody else removes of a lease can be put back.

use std::{collections::VecDeque, io, net::Ipv4Addr};

use crate::{
    netlink::{Heard, Monitor, Netlink},
    plan::KernelRoute,
    present,
};

/// RTMGRP_IPV4_IFADDR and RTMGRP_IPV4_ROUTE of linux/rtnetlink.h.
const GROUPS: u32 = 0x10 | 0x40;
/// RTM_DELADDR and RTM_DELROUTE of linux/rtnetlink.h.
const DELETED_ADDRESS: u16 = 21;
const DELETED_ROUTE: u16 = 25;

/// Something was deleted, by whomever: the kernel tells of this process's own doing, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// Index of the interface; none: it may have been any, and all have to look.
    pub index: Option<u32>,
    /// What it was.
    pub what: Gone,
}

/// What was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// An address.
    Address {
        /// The address itself.
        local: Ipv4Addr,
        /// 0 to 32.
        prefix_length: u8,
    },
    /// A route of the kind that DHCP clients make.
    Route(KernelRoute),
    /// The kernel had more to say than the socket could hold: anything.
    Unknown,
}

/// Deletions of IPv4 addresses and routes, as they happen.
#[derive(Debug)]
pub struct Changes {
    monitor: Monitor,
    heard: VecDeque<Deleted>,
}

impl Changes {
    /// Starts to listen, in the network namespace of the calling thread and of `netlink`.
    ///
    /// # Errors
    /// There is no netlink socket to be had.
    pub fn open(netlink: &Netlink) -> io::Result<Self> {
        Ok(Self {
            monitor: Monitor::open(netlink, GROUPS)?,
            heard: VecDeque::new(),
        })
    }

    /// The next deletion. Cancelling it loses nothing.
    ///
    /// # Errors
    /// The socket failed; it is of no use any more.
    pub async fn next(&mut self) -> io::Result<Deleted> {
        loop {
            if let Some(deleted) = self.heard.pop_front() {
                return Ok(deleted);
            }
            let Self { monitor, heard } = self;
            let mut keep =
                |message_type, payload: &[u8]| heard.extend(deleted(message_type, payload));
            if monitor.next(&mut keep).await? == Heard::Overrun {
                return Ok(Deleted {
                    index: None,
                    what: Gone::Unknown,
                });
            }
        }
    }
}

fn deleted(message_type: u16, payload: &[u8]) -> Option<Deleted> {
    let (index, what) = match message_type {
        DELETED_ADDRESS => {
            let (index, address) = present::address(payload)?;
            let (local, prefix_length) = (address.local, address.prefix_length);
            let gone = Gone::Address {
                local,
                prefix_length,
            };
            (index, gone)
        }
        DELETED_ROUTE => {
            let (index, route) = present::route(payload)?;
            (index, Gone::Route(route))
        }
        _ => return None,
    };
    Some(Deleted {
        index: Some(index),
        what,
    })
}
