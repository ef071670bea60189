//! The daemon: one thread, one poll loop, nothing in it that waits for a client.
//!
//! What clients can make it hold is bounded: a client of a share is answered and let go in one step and
//! never read; one that asks at the daemon's own socket has a place of few, for a short time.

use std::{
    io::{self, BufRead as _, BufReader, PipeReader, Read as _, Write as _},
    mem,
    os::{
        fd::AsFd as _,
        unix::{net::UnixStream, process::CommandExt as _},
    },
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use nix::sys::{
    signal::{SigSet, Signal},
    signalfd::{SfdFlags, SignalFd},
};
use rustix::{
    event::{PollFd, PollFlags, poll},
    fs::Mode,
    io::Errno,
    process::{geteuid, umask},
};

use crate::{
    exec::FIRST_NUMBER,
    failure::Failure,
    pair::Pair,
    protocol::{self, LONGEST_QUESTION, NOBODY_ELSE, Owner, Question, VERSION},
    share::{self, Refusal, Share},
    socket_file::{Lock, SocketFile},
};

/// Shares of one daemon.
const MOST_SHARES: usize = 64;
/// Clients that are asking at once.
const MOST_ASKING: usize = 16;
/// How long one may take to ask.
const ASKING: Duration = Duration::from_secs(5);
/// How long nobody is accepted after the system had no descriptor for a client.
const PAUSE: Duration = Duration::from_millis(100);
/// Owner only: who may ask can make sockets anywhere the daemon can.
const SOCKET_MODE: u32 = 0o600;

/// What a daemon that listens says, before the path of its socket.
const READY: &str = "fdd: ready on ";

/// Serves on `socket` until it is told to end; in the background, returns when that serves.
pub(crate) fn init(socket: &str, background: bool) -> Result<(), Failure> {
    if background {
        start_in_background(socket)
    } else {
        let daemon = Daemon::start(socket)?;
        // Where nobody reads it, nobody waits for it.
        drop(io::stdout().write_all(format!("{READY}{socket}\n").as_bytes()));
        daemon.run()
    }
}

/// Starts this program again, apart from the caller's terminal, and waits until it serves.
fn start_in_background(socket: &str) -> Result<(), Failure> {
    let cannot = Failure::system("cannot start the daemon in the background");
    // It outlives its caller, who may wait for the end of what is written to these.
    close_fds::set_fds_cloexec(FIRST_NUMBER, &[]);
    let started = || -> io::Result<(PipeReader, std::process::Child)> {
        let (reader, writer) = io::pipe()?;
        let child = Command::new("/proc/self/exe")
            .arg0("fdd")
            .args(["init", "--socket", socket])
            .stdin(Stdio::null())
            .stdout(writer.try_clone()?)
            .stderr(writer)
            .current_dir("/")
            .process_group(0)
            .spawn()?;
        Ok((reader, child))
    };
    let (reader, mut child) = started().map_err(cannot)?;
    let mut said = String::new();
    let mut words = BufReader::new(reader);
    // Unreadable words are no line that says that it is ready.
    drop(words.read_line(&mut said));
    if said.starts_with(READY) {
        return Ok(());
    }
    drop(words.read_to_string(&mut said));
    drop(child.wait());
    let said = said.trim_end();
    Err(Failure::Background {
        said: said.strip_prefix("fdd: ").unwrap_or(said).to_owned(),
    })
}

/// Fields are dropped in order: the lock goes last.
struct Daemon {
    signals: SignalFd,
    shares: Vec<Share>,
    asking: Vec<Asking>,
    paused_until: Option<Instant>,
    socket: SocketFile,
    _lock: Lock,
}

/// A client at the daemon's own socket that has not said anything yet.
struct Asking {
    client: UnixStream,
    deadline: Instant,
}

impl Daemon {
    fn start(path: &str) -> Result<Self, Failure> {
        Pair::probe().map_err(Failure::system(
            "cannot tell when an end is closed; is /proc mounted, and this user's own?",
        ))?;
        // Sockets have the permissions that they are given; there are no other files.
        umask(Mode::empty());
        let at = |fault| Failure::Socket {
            path: path.to_owned(),
            fault,
        };
        let mut ends = SigSet::empty();
        ends.extend([Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP]);
        let signals = ends
            .thread_block()
            .and_then(|()| SignalFd::with_flags(&ends, SfdFlags::SFD_CLOEXEC));
        let signals = signals.map_err(Failure::system("cannot listen for signals"))?;
        // From here on no signal ends it without its sockets.
        let lock = Lock::acquire(path).map_err(at)?;
        let socket = SocketFile::make(path, SOCKET_MODE, NOBODY_ELSE).map_err(at)?;
        Ok(Self {
            signals,
            shares: Vec::new(),
            asking: Vec::new(),
            paused_until: None,
            socket,
            _lock: lock,
        })
    }

    /// Until a signal says to end. Pairs that were given live on.
    fn run(mut self) -> Result<(), Failure> {
        loop {
            let mut ready = self.wait()?.into_iter();
            if ready.next() == Some(true) {
                return Ok(());
            }
            let somebody_asks = ready.next() == Some(true);
            let mut refused = false;
            for (share, is_ready) in self.shares.iter_mut().zip(ready.by_ref()) {
                refused |= is_ready && share.serve().is_err();
            }
            for (asking, is_ready) in mem::take(&mut self.asking).into_iter().zip(ready) {
                if is_ready {
                    self.answer(&asking.client);
                } else if asking.deadline > Instant::now() {
                    self.asking.push(asking);
                }
            }
            if somebody_asks {
                refused |= self.admit().is_err();
            }
            if refused {
                self.paused_until = Some(Instant::now() + PAUSE);
            }
        }
    }

    /// Which are ready, in this order: the signals, the own socket, the shares, those that ask.
    fn wait(&mut self) -> Result<Vec<bool>, Failure> {
        let now = Instant::now();
        self.paused_until = self.paused_until.filter(|until| *until > now);
        let accept = match self.paused_until {
            Some(_) => PollFlags::empty(),
            None => PollFlags::IN,
        };
        let ask = match self.asking.len() {
            MOST_ASKING.. => PollFlags::empty(),
            _ => accept,
        };
        let deadlines = self.asking.iter().map(|asking| asking.deadline);
        let next = deadlines.chain(self.paused_until).min();
        let left = next.map(|next| protocol::timespec(next.saturating_duration_since(now)));

        let mut watched = vec![
            PollFd::new(&self.signals, PollFlags::IN),
            PollFd::new(self.socket.listener(), ask),
        ];
        watched.extend(
            self.shares
                .iter()
                .map(|share| PollFd::new(share.socket.listener(), accept)),
        );
        watched.extend(
            self.asking
                .iter()
                .map(|asking| PollFd::new(&asking.client, PollFlags::IN)),
        );
        match poll(&mut watched, left.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(Failure::system("cannot wait for clients")(error)),
        }
        Ok(watched
            .iter()
            .map(|one| !one.revents().is_empty())
            .collect())
    }

    /// Lets the next client ask.
    fn admit(&mut self) -> io::Result<()> {
        let Some(client) = self.socket.accept()? else {
            return Ok(());
        };
        client.set_nonblocking(true)?;
        let peer = share::credentials(&client)?;
        if peer.uid() != geteuid().as_raw() && peer.uid() != 0 {
            drop(protocol::say(&client, &share::stranger(&peer).line(), &[]));
            return Ok(());
        }
        self.asking.push(Asking {
            client,
            deadline: Instant::now() + ASKING,
        });
        Ok(())
    }

    /// Answers what it says; an answer that it does not wait for is lost.
    fn answer(&mut self, mut client: &UnixStream) {
        let mut octets = [0; LONGEST_QUESTION];
        let count = client.read(&mut octets).unwrap_or_default();
        let said = octets
            .get(..count)
            .and_then(|said| said.strip_suffix(b"\n"));
        let said = said.and_then(|line| str::from_utf8(line).ok());
        let done = format!("{VERSION} ok\n");
        let answered = match said.and_then(Question::parse) {
            None => Err(Refusal::Malformed),
            Some(Question::Share { mode, owner, path }) => {
                self.share(&path, mode, owner).map(|()| done)
            }
            Some(Question::Unshare { path }) => self.position(&path).map(|position| {
                self.shares.remove(position);
                done
            }),
            Some(Question::List) => self.list().map(|list| done + &list),
            Some(Question::Test { path }) => match self.test(&path) {
                Ok((a, b)) => {
                    drop(protocol::say(client, &done, &[a.as_fd(), b.as_fd()]));
                    return;
                }
                Err(refusal) => Err(refusal),
            },
        };
        let text = answered.unwrap_or_else(|refusal| refusal.line());
        drop(protocol::say(client, &text, &[]));
    }

    fn share(&mut self, path: &str, mode: u32, owner: Owner) -> Result<(), Refusal> {
        if self.position(path).is_ok() {
            return Err(Refusal::Shared);
        }
        if self.shares.len() >= MOST_SHARES {
            return Err(Refusal::TooMany { most: MOST_SHARES });
        }
        self.shares.push(Share::make(path, mode, owner)?);
        Ok(())
    }

    fn position(&self, path: &str) -> Result<usize, Refusal> {
        let is_it = |share: &Share| share.socket.path() == path;
        self.shares.iter().position(is_it).ok_or(Refusal::Unknown)
    }

    fn test(&self, path: &str) -> Result<(UnixStream, UnixStream), Refusal> {
        let is_it = |share: &&Share| share.socket.path() == path;
        self.shares
            .iter()
            .find(is_it)
            .ok_or(Refusal::Unknown)?
            .test()
    }

    fn list(&self) -> Result<String, Refusal> {
        let mut list = share::row("STATE", "A", "B", "PAIRS", "REFUSED", "PATH");
        for share in &self.shares {
            list.push_str(&share.row()?);
        }
        Ok(list)
    }
}
