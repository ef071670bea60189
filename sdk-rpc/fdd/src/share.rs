//! One share: who may have an end, who has one, and when there is a fresh pair to be had.
//!
//! The first client gets one end, the second the other, whatever the order they come in. A pair is retired
//! when no end that was given is open any more, and the next two clients get a fresh one: containers that
//! are both restarted meet again. As long as one end is open there is no second pair, because its holder
//! would still wait for the peer on the old one; who comes then is told to come again.

use core::fmt;
use std::{io, os::fd::AsFd as _, os::unix::net::UnixStream};

use nix::sys::socket::{UnixCredentials, getsockopt, sockopt::PeerCredentials};
use rustix::process::geteuid;

use crate::{
    pair::{Given, Pair, Side},
    protocol::{self, Owner, VERSION},
    socket_file::{Fault, SocketFile},
};

/// Clients served before the daemon looks after others.
const CLIENTS_A_ROUND: usize = 16;

/// Why a client does not get what it wants.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The peer is not who may ask; who it is.
    Stranger { uid: u32, gid: u32 },
    /// Both ends are given and open.
    Taken(Vec<Given>),
    /// An end is still open after the other was closed.
    HalfGone(Vec<Given>),
    /// Somebody has an end, so that it cannot be tested.
    InUse(Vec<Given>),
    /// Another file is at the path of the share.
    Misplaced,
    /// There is no such share.
    Unknown,
    /// There is one already.
    Shared,
    /// There are as many as there may be.
    TooMany { most: usize },
    /// There can be no socket.
    Fault(Fault),
    /// What the client said is no question of this version.
    Malformed,
    /// The system refused the daemon what it needs for this.
    System(io::Error),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

impl Refusal {
    /// Whether it passes by itself, so that the client had better come again.
    fn passes(&self) -> bool {
        matches!(self, Self::HalfGone(_) | Self::System(_))
    }

    /// What the client is told.
    pub(crate) fn line(&self) -> String {
        let word = if self.passes() { "wait" } else { "no" };
        format!("{VERSION} {word} {self}\n")
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stranger { uid, gid } => write!(
                formatter,
                "refused to user {uid}, group {gid}; `fdd share --owner` says who may have an end"
            ),
            Self::Taken(given) => write!(
                formatter,
                "both ends are taken ({}); a share is for two",
                holders(given)
            ),
            Self::HalfGone(given) => write!(
                formatter,
                "one end of the last pair is closed, the other not yet ({}); end its holder, or let it close it",
                holders(given)
            ),
            Self::InUse(given) => {
                write!(formatter, "in use ({}), so not tested", holders(given))
            }
            Self::Misplaced => formatter.write_str(
                "is shared, but another file is at that path; remove it, unshare and share again",
            ),
            Self::Unknown => formatter.write_str("not shared; `fdd list` shows what is"),
            Self::Shared => formatter.write_str("shared already; unshare it first to change it"),
            Self::TooMany { most } => {
                write!(formatter, "{most} shares are the most; unshare one")
            }
            Self::Fault(fault) => fault.fmt(formatter),
            Self::Malformed => write!(
                formatter,
                "no question of {VERSION}; use a client of the daemon's version"
            ),
            Self::System(error) => write!(formatter, "the daemon has no means for it: {error}"),
        }
    }
}

/// `a: process 12, b: process 13`
fn holders(given: &[Given]) -> String {
    let holder = |given: &Given| match given.pid {
        0 => format!("{}: a process of another namespace", given.side.name()),
        pid => format!("{}: process {pid}", given.side.name()),
    };
    given.iter().map(holder).collect::<Vec<_>>().join(", ")
}

/// A path at which the two ends of a pair are to be had.
#[derive(Debug)]
pub(crate) struct Share {
    pub(crate) socket: SocketFile,
    owner: Owner,
    pair: Option<Pair>,
    /// Pairs of which both ends were given.
    pairs: u64,
    refused: u64,
}

impl Share {
    pub(crate) fn make(path: &str, mode: u32, owner: Owner) -> Result<Self, Refusal> {
        Ok(Self {
            socket: SocketFile::make(path, mode, owner).map_err(Refusal::Fault)?,
            owner,
            pair: None,
            pairs: 0,
            refused: 0,
        })
    }

    /// Serves the clients that wait, up to a round of them.
    ///
    /// # Errors
    /// When there is no descriptor for a client; it waits.
    pub(crate) fn serve(&mut self) -> io::Result<()> {
        for _ in 0..CLIENTS_A_ROUND {
            let Some(client) = self.socket.accept()? else {
                break;
            };
            if let Err(refusal) = self.give(&client) {
                if !refusal.passes() {
                    self.refused = self.refused.saturating_add(1);
                }
                // A client that is gone needs no answer.
                drop(protocol::say(&client, &refusal.line(), &[]));
            }
        }
        Ok(())
    }

    fn give(&mut self, client: &UnixStream) -> Result<(), Refusal> {
        let peer = credentials(client)?;
        if !self.admits(&peer) {
            return Err(stranger(&peer));
        }
        self.retire()?;
        let pair = match &mut self.pair {
            Some(pair) => pair,
            none => none.insert(Pair::make()?),
        };
        if pair.is_complete() {
            let open = pair.open()?;
            return Err(match open.len() {
                2 => Refusal::Taken(open),
                _ => Refusal::HalfGone(open),
            });
        }
        pair.give(client, peer.pid())?;
        if pair.is_complete() {
            self.pairs = self.pairs.saturating_add(1);
        }
        Ok(())
    }

    /// Whatever the permissions of the path say: they are not looked at for whoever may pass over them.
    fn admits(&self, peer: &UnixCredentials) -> bool {
        let Owner { uid, gid } = self.owner;
        peer.uid() == uid.unwrap_or_else(|| geteuid().as_raw()) || gid == Some(peer.gid())
    }

    /// Forgets a pair of which nobody has an end any more.
    fn retire(&mut self) -> io::Result<()> {
        if let Some(pair) = &self.pair
            && pair.open()?.is_empty()
        {
            self.pair = None;
        }
        Ok(())
    }

    /// Both ends of a pair like the one clients would get now, if that would be a fresh one.
    pub(crate) fn test(&self) -> Result<(UnixStream, UnixStream), Refusal> {
        if !self.socket.is_in_place() {
            return Err(Refusal::Misplaced);
        }
        let open = self.pair.as_ref().map_or(Ok(Vec::new()), Pair::open)?;
        if open.is_empty() {
            Ok(UnixStream::pair()?)
        } else {
            Err(Refusal::InUse(open))
        }
    }

    /// Its line of the list.
    pub(crate) fn row(&self) -> Result<String, Refusal> {
        let open = self.pair.as_ref().map_or(Ok(Vec::new()), Pair::open)?;
        let complete = self.pair.as_ref().is_some_and(Pair::is_complete);
        let state = match (open.len(), complete) {
            (0, _) => "free",
            (_, false) => "waiting",
            (1, true) => "half-gone",
            (_, true) => "in-use",
        };
        let pid = |side: Side| {
            let given = open.iter().find(|given| given.side == side);
            given.map_or_else(|| "-".to_owned(), |given| given.pid.to_string())
        };
        let (a, b) = (pid(Side::A), pid(Side::B));
        let (pairs, refused, path) = (self.pairs, self.refused, self.socket.path());
        Ok(row(
            state,
            &a,
            &b,
            &pairs.to_string(),
            &refused.to_string(),
            path,
        ))
    }
}

/// One line of the list, or its head.
pub(crate) fn row(state: &str, a: &str, b: &str, pairs: &str, refused: &str, path: &str) -> String {
    format!("{state:<9} {a:>7} {b:>7} {pairs:>6} {refused:>7} {path}\n")
}

/// Who connected, as the kernel says (SO_PEERCRED, unix(7)).
pub(crate) fn credentials(client: &UnixStream) -> io::Result<UnixCredentials> {
    Ok(getsockopt(&client.as_fd(), PeerCredentials)?)
}

/// The refusal of a peer that may not ask.
pub(crate) fn stranger(peer: &UnixCredentials) -> Refusal {
    Refusal::Stranger {
        uid: peer.uid(),
        gid: peer.gid(),
    }
}
