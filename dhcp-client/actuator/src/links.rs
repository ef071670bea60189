//! Watches all links of a network namespace, for interfaces that come, change and go.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    time::Duration,
};

use crate::{
    interface::Interface,
    link_message::{LinkFacts, deleted_link},
    messages,
    netlink::{Heard, Monitor, Netlink},
};

/// RTMGRP_LINK of linux/rtnetlink.h.
const GROUP_LINK: u32 = 1;
/// RTM_NEWLINK and RTM_DELLINK of linux/rtnetlink.h.
const NEW_LINK: u16 = 16;
const DELETED_LINK: u16 = 17;
/// Lists made in a row, in the hope of one during which nothing changes.
const TRIES: usize = 8;
/// Until the next attempt where not one list was of one moment.
const PAUSE: Duration = Duration::from_millis(100);

/// One link of the namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkEntry {
    /// Name, index, state and limits.
    pub interface: Interface,
    /// Its frames are Ethernet.
    pub ethernet: bool,
    /// It is the loopback interface.
    pub loopback: bool,
    /// What kind of virtual link it is, by the name of its driver (`veth`, `bridge`); none: a real one.
    pub kind: Option<String>,
    /// Index of the bridge or bond that it is a port of.
    pub port_of: Option<u32>,
}

impl LinkEntry {
    fn parse(payload: &[u8]) -> Option<Self> {
        let facts = LinkFacts::parse(payload)?;
        let name = facts.name.clone()?;
        Some(Self {
            interface: Interface::of(name, &facts),
            ethernet: facts.ethernet,
            loopback: facts.loopback,
            kind: facts.kind,
            port_of: facts.port_of,
        })
    }
}

/// What happened to a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkEvent {
    /// It is new here.
    Appeared(LinkEntry),
    /// It is like this now; with another name it was renamed.
    Changed(LinkEntry),
    /// It is gone, or in another network namespace.
    Removed {
        /// What the kernel knew it by.
        index: u32,
        /// Name, as last told.
        name: String,
    },
}

/// All links of a network namespace, and their changes, each once.
#[derive(Debug)]
pub struct Links {
    monitor: Monitor,
    netlink: Netlink,
    /// As told.
    known: BTreeMap<u32, LinkEntry>,
    /// Heard and not yet told.
    heard: VecDeque<News>,
    /// Something was lost, or the list made in its place is not of one moment.
    stale: bool,
}

#[derive(Debug)]
enum News {
    Link(LinkEntry),
    Deleted(u32),
}

impl Links {
    /// Starts to watch, in the network namespace of the calling thread and of `netlink`.
    ///
    /// # Errors
    /// There is no netlink socket to be had.
    pub fn open(netlink: &Netlink) -> io::Result<Self> {
        let mut links = Self {
            monitor: Monitor::open(netlink, GROUP_LINK)?,
            netlink: netlink.clone(),
            known: BTreeMap::new(),
            heard: VecDeque::new(),
            stale: true,
        };
        links.look()?;
        // These are in `all` and no news to anybody.
        for first in core::mem::take(&mut links.heard) {
            links.tell(first);
        }
        Ok(links)
    }

    /// The links as they are by all that was told so far: at first those there were when the watch began.
    #[must_use]
    pub fn all(&self) -> Vec<LinkEntry> {
        self.known.values().cloned().collect()
    }

    /// The next change. Cancelling it loses nothing.
    ///
    /// # Errors
    /// The socket failed; the watch is of no use any more.
    pub async fn next(&mut self) -> io::Result<LinkEvent> {
        loop {
            while let Some(news) = self.heard.pop_front() {
                if let Some(event) = self.tell(news) {
                    return Ok(event);
                }
            }
            if self.stale {
                self.look()?;
                if self.stale {
                    tokio::time::sleep(PAUSE).await;
                }
                continue;
            }
            let Self { monitor, heard, .. } = self;
            let mut keep = |message_type, payload: &[u8]| heard.extend(news(message_type, payload));
            self.stale = monitor.next(&mut keep).await? == Heard::Overrun;
        }
    }

    /// Looks how all links are now, in place of all that was heard before.
    fn look(&mut self) -> io::Result<()> {
        for _ in 0..TRIES {
            let (links, whole) = self.list()?;
            // What was told up to here is older than the list or in it. If there was none since the last
            // time, the list is of this very moment, and every change from now on will be heard.
            let quiet = !self.monitor.discard()?;
            if whole && quiet {
                self.stale = false;
                self.replace(links, whole);
                return Ok(());
            }
        }
        // Somebody changes links faster than they can be listed. What is heard from here on may then tell of
        // a change once more, but it ends with the links as they are.
        let (links, whole) = self.list()?;
        self.stale = !whole;
        self.replace(links, whole);
        Ok(())
    }

    fn list(&self) -> io::Result<(Vec<LinkEntry>, bool)> {
        let mut links = Vec::new();
        let whole = self.netlink.with(|kernel| {
            kernel.list(messages::all_links(), &mut |payload| {
                links.extend(LinkEntry::parse(payload));
            })
        })?;
        Ok((links, whole))
    }

    /// What is missing in a list that is not `whole` may be there all the same.
    fn replace(&mut self, links: Vec<LinkEntry>, whole: bool) {
        self.heard.clear();
        if whole {
            let there = |index: &&u32| links.iter().any(|entry| entry.interface.index == **index);
            let gone = self.known.keys().filter(|index| !there(index));
            self.heard.extend(gone.copied().map(News::Deleted));
        }
        self.heard.extend(links.into_iter().map(News::Link));
    }

    /// What is to be told of it, if it is a change since the last that was.
    fn tell(&mut self, news: News) -> Option<LinkEvent> {
        match news {
            News::Link(entry) => match self.known.insert(entry.interface.index, entry.clone()) {
                None => Some(LinkEvent::Appeared(entry)),
                Some(before) if before == entry => None,
                Some(_) => Some(LinkEvent::Changed(entry)),
            },
            News::Deleted(index) => self.known.remove(&index).map(|entry| LinkEvent::Removed {
                index,
                name: entry.interface.name,
            }),
        }
    }
}

fn news(message_type: u16, payload: &[u8]) -> Option<News> {
    match message_type {
        NEW_LINK => LinkEntry::parse(payload).map(News::Link),
        DELETED_LINK => deleted_link(payload).map(News::Deleted),
        _ => None,
    }
}
