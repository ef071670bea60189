//! One socketpair: given away end by end, and known to be over when nobody holds a given end any more.
//!
//! To keep a copy of an end would tell, but then its peer would never see the end of the stream. An epoll
//! instance keeps none and still tells: the kernel drops a registration when the last descriptor of the
//! open file is closed, whoever held it and wherever it was passed on (epoll(7), questions and answers),
//! and lists the registrations that are left in /proc/self/fdinfo (proc(5)).

use std::{
    fs, io,
    os::fd::{AsFd as _, AsRawFd as _, OwnedFd},
    os::unix::net::UnixStream,
};

use rustix::event::epoll;

use crate::protocol;

/// The first end given, and the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    A,
    B,
}

/// An end that somebody has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) side: Side,
    /// Process that it was given to; 0 if that is in a process namespace that cannot be seen from here.
    pub(crate) pid: i32,
}

/// A socketpair, as the daemon that gives it away knows it.
#[derive(Debug)]
pub(crate) struct Pair {
    watch: OwnedFd,
    /// Not given yet: both, then the second, then none.
    kept: Vec<(Side, OwnedFd)>,
    given: Vec<Given>,
}

impl Side {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }

    fn number(self) -> u64 {
        match self {
            Self::A => 0,
            Self::B => 1,
        }
    }
}

impl Pair {
    /// A fresh pair, of which no end is given.
    pub(crate) fn make() -> io::Result<Self> {
        let (a, b) = UnixStream::pair()?;
        Ok(Self {
            watch: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            // Given from the back.
            kept: vec![(Side::B, b.into()), (Side::A, a.into())],
            given: Vec::new(),
        })
    }

    /// Whether both ends are given.
    pub(crate) fn is_complete(&self) -> bool {
        self.kept.is_empty()
    }

    /// Gives the next end to `client`, which is process `pid`.
    ///
    /// # Errors
    /// The client is gone, or the kernel passes no more descriptors: the end is kept. None is left.
    pub(crate) fn give(&mut self, client: &UnixStream, pid: i32) -> io::Result<()> {
        let Some((side, end)) = self.kept.last() else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let side = *side;
        let number = epoll::EventData::new_u64(side.number());
        // No event is wanted, and none is ever waited for.
        epoll::add(&self.watch, end, number, epoll::EventFlags::empty())?;
        let line = format!("{} {}\n", protocol::VERSION, side.name());
        if let Err(error) = protocol::say(client, &line, &[end.as_fd()]) {
            epoll::delete(&self.watch, end)?;
            return Err(error);
        }
        self.kept.pop();
        self.given.push(Given { side, pid });
        Ok(())
    }

    /// The ends that were given and are still open somewhere; an end in flight, not yet received, is.
    pub(crate) fn open(&self) -> io::Result<Vec<Given>> {
        // So that a daemon that lacks descriptors can still retire a pair and have its own back.
        if self.given.is_empty() {
            return Ok(Vec::new());
        }
        let path = format!("/proc/self/fdinfo/{}", self.watch.as_raw_fd());
        let registered = registered(&fs::read_to_string(path)?);
        let is_open = |given: &&Given| registered.contains(&given.side.number());
        Ok(self.given.iter().filter(is_open).copied().collect())
    }

    /// Makes sure that this kernel and this /proc tell what [`Self::open`] relies on.
    pub(crate) fn probe() -> io::Result<()> {
        let (client, daemon) = UnixStream::pair()?;
        let mut pair = Self::make()?;
        pair.give(&daemon, 0)?;
        let in_flight = pair.open()?.len();
        drop(client);
        drop(daemon);
        if in_flight == 1 && pair.open()?.is_empty() {
            Ok(())
        } else {
            Err(io::ErrorKind::Unsupported.into())
        }
    }
}

/// The numbers under which files are registered, in the text that /proc has on an epoll descriptor.
fn registered(text: &str) -> Vec<u64> {
    let number = |line: &str| {
        let words = line.strip_prefix("tfd:")?.split_whitespace();
        let number = words.skip_while(|word| *word != "data:").nth(1)?;
        u64::from_str_radix(number, 16).ok()
    };
    text.lines().filter_map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open_sides(pair: &Pair) -> Vec<Side> {
        let open = pair.open().expect("/proc is there");
        open.iter().map(|given| given.side).collect()
    }

    #[test]
    fn an_end_is_open_from_when_it_is_sent_until_its_last_holder_closes_it() {
        let mut pair = Pair::make().unwrap();
        assert_eq!(open_sides(&pair), []);
        let (first, daemon) = UnixStream::pair().unwrap();
        pair.give(&daemon, 1).unwrap();
        let (second, daemon) = UnixStream::pair().unwrap();
        pair.give(&daemon, 2).unwrap();
        assert!(pair.is_complete());
        assert_eq!(open_sides(&pair), [Side::A, Side::B]);

        // Never received.
        drop(first);
        assert_eq!(open_sides(&pair), [Side::B]);
        drop(second);
        assert_eq!(open_sides(&pair), []);
    }

    #[test]
    fn an_end_that_cannot_be_sent_is_given_to_the_next() {
        let mut pair = Pair::make().unwrap();
        let (gone, daemon) = UnixStream::pair().unwrap();
        drop(gone);
        pair.give(&daemon, 1).unwrap_err();
        assert_eq!(open_sides(&pair), []);
        let (_client, daemon) = UnixStream::pair().unwrap();
        pair.give(&daemon, 2).unwrap();
        assert_eq!(open_sides(&pair), [Side::A]);
    }

    #[test]
    fn this_system_tells_what_is_needed() {
        Pair::probe().unwrap();
    }
}
