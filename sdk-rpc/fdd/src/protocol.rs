//! What is said over the sockets of a daemon, version 1. Short enough that any language can take part.
//!
//! All of it is lines of text; the daemon says its part at once, and closes.
//!
//! **At the path of a share** the client connects and says nothing. The daemon says one of
//!
//! | line | meaning |
//! |---|---|
//! | `fdd/1 a`, `fdd/1 b` | the descriptor sent along (SCM_RIGHTS, with the first octet) is this end |
//! | `fdd/1 wait WHY` | not now: one end of the last pair is open yet, or the daemon lacks something |
//! | `fdd/1 no WHY` | no: both ends are taken, or the client is not the owner |
//!
//! **At the socket of the daemon** the client says, in one write, one of
//!
//! | line | meaning |
//! |---|---|
//! | `fdd/1 share MODE UID:GID PATH` | offer a pair there; MODE is octal, UID, or GID, or both may be `-` |
//! | `fdd/1 unshare PATH` | do not any more |
//! | `fdd/1 list` | what is shared? |
//! | `fdd/1 test PATH` | give me both ends of a pair made for this test, if nobody holds one of that share |
//!
//! and the daemon says `no` or `wait` as above, or `fdd/1 ok`, then the lines of the list, or along with it
//! two descriptors.

use core::fmt;
use std::{
    io::{self, IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::{
        fd::{BorrowedFd, OwnedFd},
        unix::net::UnixStream,
    },
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    net::{
        RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
        SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
    },
};

/// The first word of each first line.
pub(crate) const VERSION: &str = "fdd/1";
/// Octets of the longest question; the daemon reads as many, once.
pub(crate) const LONGEST_QUESTION: usize = 256;
/// Octets of the longest answer: a list of as many shares as there can be.
const LONGEST_ANSWER: usize = 64 * 1024;
/// Descriptors of one answer.
const MOST_ENDS: usize = 2;

/// Who may have an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    /// This user; `None` is the daemon's own.
    pub(crate) uid: Option<u32>,
    /// And everybody of this group, if there is one.
    pub(crate) gid: Option<u32>,
}

/// The daemon's own user, and no group.
pub(crate) const NOBODY_ELSE: Owner = Owner {
    uid: None,
    gid: None,
};

/// What the daemon is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    Share {
        mode: u32,
        owner: Owner,
        path: String,
    },
    Unshare {
        path: String,
    },
    List,
    Test {
        path: String,
    },
}

/// What the daemon says.
#[derive(Debug)]
pub(crate) enum Answer {
    /// It is done; what there is to show for it.
    Done { text: String, ends: Vec<OwnedFd> },
    /// This end of the pair.
    End(OwnedFd),
    /// Not now; why.
    Wait(String),
    /// No; why.
    No(String),
}

impl fmt::Display for Question {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Share { mode, owner, path } => {
                writeln!(formatter, "{VERSION} share {mode:o} {owner} {path}")
            }
            Self::Unshare { path } => writeln!(formatter, "{VERSION} unshare {path}"),
            Self::List => writeln!(formatter, "{VERSION} list"),
            Self::Test { path } => writeln!(formatter, "{VERSION} test {path}"),
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |id: Option<u32>| id.map_or_else(|| "-".to_owned(), |id| id.to_string());
        write!(formatter, "{}:{}", number(self.uid), number(self.gid))
    }
}

impl Question {
    /// `None` if the line, here without its end, is no question of this version.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let rest = line.strip_prefix(VERSION)?.strip_prefix(' ')?;
        let (verb, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let path = |text: &str| is_path(text).then(|| text.to_owned());
        match verb {
            "share" => {
                let mut words = rest.splitn(3, ' ');
                Some(Self::Share {
                    mode: mode(words.next()?)?,
                    owner: Owner::parse(words.next()?)?,
                    path: path(words.next()?)?,
                })
            }
            "unshare" => Some(Self::Unshare { path: path(rest)? }),
            "list" if rest.is_empty() => Some(Self::List),
            "test" => Some(Self::Test { path: path(rest)? }),
            _ => None,
        }
    }
}

/// Whether a path can be said in a line, and means the same to every process that shares these folders.
pub(crate) fn is_path(text: &str) -> bool {
    text.starts_with('/') && !text.chars().any(char::is_control)
}

/// Permissions in octal.
pub(crate) fn mode(text: &str) -> Option<u32> {
    let mode = u32::from_str_radix(text, 8).ok()?;
    (mode <= 0o777).then_some(mode)
}

impl Owner {
    /// `UID` or `UID:GID`, in numbers, or `-` for none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        // 2^32 - 1 is "leave as it is" to chown(2), and nobody's.
        let id = |text: &str| match text.parse() {
            Ok(u32::MAX) => Err(()),
            Ok(id) => Ok(Some(id)),
            Err(_) if text == "-" => Ok(None),
            Err(_) => Err(()),
        };
        let (uid, gid) = text.split_once(':').unwrap_or((text, "-"));
        Some(Self {
            uid: id(uid).ok()?,
            gid: id(gid).ok()?,
        })
    }
}

impl Answer {
    fn parse(text: &str, mut ends: Vec<OwnedFd>) -> Option<Self> {
        let (line, more) = text.split_once('\n')?;
        let rest = line.strip_prefix(VERSION)?.strip_prefix(' ')?;
        let (word, why) = rest.split_once(' ').unwrap_or((rest, ""));
        match word {
            "ok" => Some(Self::Done {
                text: more.to_owned(),
                ends,
            }),
            "a" | "b" => Some(Self::End(ends.pop()?)),
            "wait" => Some(Self::Wait(why.to_owned())),
            "no" => Some(Self::No(why.to_owned())),
            _ => None,
        }
    }
}

/// Says `text`, and sends `ends` along with its first octet. Never waits.
///
/// # Errors
/// When the peer is gone, or has not read what it was sent before.
pub(crate) fn say(socket: &UnixStream, text: &str, ends: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_ENDS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !ends.is_empty() && !control.push(SendAncillaryMessage::ScmRights(ends)) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    let sent = sendmsg(
        socket,
        &[IoSlice::new(text.as_bytes())],
        &mut control,
        flags,
    )?;
    if sent == text.len() {
        Ok(())
    } else {
        Err(io::ErrorKind::WriteZero.into())
    }
}

/// Waits for the daemon's answer.
///
/// # Errors
/// `TimedOut`, `UnexpectedEof` when the daemon closed without a word, `InvalidData` when it is none.
pub(crate) fn hear(socket: &UnixStream, deadline: Instant) -> io::Result<Answer> {
    let mut text = Vec::new();
    let mut ends = Vec::new();
    loop {
        wait_readable(socket, deadline)?;
        let mut octets = [0; 4096];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_ENDS))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut buffers = [IoSliceMut::new(&mut octets)];
        let received = match recvmsg(socket, &mut buffers, &mut control, RecvFlags::CMSG_CLOEXEC) {
            Ok(received) => received,
            // How a stream ends whose other side closed without having read all.
            Err(Errno::CONNRESET) if !text.is_empty() => break,
            Err(error) => return Err(error.into()),
        };
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(descriptors) = message {
                ends.extend(descriptors);
            }
        }
        if received.bytes == 0 {
            break;
        }
        text.extend(octets.iter().take(received.bytes));
        if text.len() > LONGEST_ANSWER || ends.len() > MOST_ENDS {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    if text.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let text = String::from_utf8(text).map_err(|_| io::ErrorKind::InvalidData)?;
    Answer::parse(&text, ends).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// Waits until there is something to read, or the end of the stream.
///
/// # Errors
/// `TimedOut`.
pub(crate) fn wait_readable(socket: &UnixStream, deadline: Instant) -> io::Result<()> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match poll(
            &mut [PollFd::new(socket, PollFlags::IN)],
            Some(&timespec(left)),
        ) {
            Ok(0) if left.is_zero() => return Err(io::ErrorKind::TimedOut.into()),
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

/// For poll(2); a time beyond what it takes is one hour.
pub(crate) fn timespec(duration: Duration) -> Timespec {
    Timespec::try_from(duration).unwrap_or(Timespec {
        tv_sec: 3600,
        tv_nsec: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_read_as_it_was_said() {
        let path = "/run/a share:3".to_owned();
        let owner = Owner {
            uid: Some(1000),
            gid: None,
        };
        let questions = [
            Question::Share {
                mode: 0o660,
                owner,
                path: path.clone(),
            },
            Question::Unshare { path: path.clone() },
            Question::List,
            Question::Test { path },
        ];
        for question in questions {
            let line = question.to_string();
            assert_eq!(Question::parse(line.trim_end_matches('\n')), Some(question));
        }
    }

    #[test]
    fn what_is_no_question_of_this_version_is_none() {
        for line in [
            "",
            "fdd/1",
            "fdd/1 ",
            "fdd/1 list all",
            "fdd/2 list",
            "fdd/12 list",
            "fdd/1 test",
            "fdd/1 test relative",
            "fdd/1 test /a\tb",
            "fdd/1 share 600 0:0",
            "fdd/1 share 600 0: /a",
            "fdd/1 share 600 0:0:0 /a",
            "fdd/1 share 1777 -:- /a",
            "fdd/1 share 8 -:- /a",
            "fdd/1 share 600 4294967295:- /a",
            "fdd/1 share 600 -:x /a",
        ] {
            assert_eq!(Question::parse(line), None, "{line:?}");
        }
    }

    #[test]
    fn an_end_that_comes_without_a_descriptor_is_no_answer() {
        assert!(Answer::parse("fdd/1 a\n", Vec::new()).is_none());
    }
}
