//! What the programs of the RPC bench share: what is asked of them, the child that is their other end, and the
//! one line in which they say how it went.
//!
//! Each is called as `PROGRAM ROW COUNT CORES` and starts itself again as `PROGRAM serve CORE` with one end of a
//! socketpair as standard input. It prints `calls nanoseconds processor-nanoseconds p50 p99`: of both ends
//! together, percentiles in nanoseconds and 0 where single calls were not timed. For the row `sessions` it
//! prints the octets that all of them took in place of the processor time.

use std::{
    env, fs,
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::UnixStream,
    },
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sched::{CpuSet, sched_setaffinity},
    sys::{prctl::set_pdeathsig, signal::Signal},
    unistd::Pid,
};

/// Calls that are on their way at once in the pipelined row.
pub const IN_FLIGHT: usize = 64;
/// Frames of a batch.
pub const BATCH: usize = 64;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// One empty call after the other.
    Sequential,
    /// Empty calls, [`IN_FLIGHT`] of them on their way.
    Pipelined,
    /// Frames of so many octets, one a call, as fast as the peer lets them through.
    Single(usize),
    /// Frames of so many octets, [`BATCH`] a call.
    Batch(usize),
    /// Frames of so many octets through shared memory.
    Ring(usize),
    /// Sessions, each used once and kept.
    Sessions,
}

impl Row {
    fn named(name: &str) -> Option<Self> {
        let octets = || {
            name.split_once('-')
                .and_then(|(_, octets)| octets.parse().ok())
        };
        match name.split('-').next()? {
            "sequential" => Some(Self::Sequential),
            "pipelined" => Some(Self::Pipelined),
            "single" => octets().map(Self::Single),
            "batch" => octets().map(Self::Batch),
            "ring" => octets().map(Self::Ring),
            "sessions" => Some(Self::Sessions),
            _ => None,
        }
    }
}

/// Which end this process is.
pub enum Role {
    /// The end that calls.
    Client(Load),
    /// The end that is called, over this descriptor.
    Server(OwnedFd),
}

/// What the calling end is asked for.
pub struct Load {
    /// What to do.
    pub row: Row,
    /// How often.
    pub count: usize,
    cores: (usize, usize),
}

/// The exit status that says that this program has nothing to do such a row with.
pub const CANNOT: i32 = 3;

/// Reads the command line.
pub fn role() -> Role {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["serve", core] => {
            pin(core.parse().expect("a core"));
            // Some libraries serve on after their only connection.
            set_pdeathsig(Signal::SIGKILL).expect("prctl(2)");
            let end = std::io::stdin().as_fd().try_clone_to_owned();
            Role::Server(end.expect("the end of a socketpair as standard input"))
        }
        [row, count, cores] => {
            let (here, there) = cores.split_once(',').expect("two cores");
            let load = Load {
                row: Row::named(row).expect("a row"),
                count: count.parse().expect("a count"),
                cores: (
                    here.parse().expect("a core"),
                    there.parse().expect("a core"),
                ),
            };
            pin(load.cores.0);
            Role::Client(load)
        }
        _ => panic!("PROGRAM ROW COUNT CORE,CORE"),
    }
}

fn pin(core: usize) {
    let mut set = CpuSet::new();
    set.set(core).expect("a core");
    sched_setaffinity(Pid::from_raw(0), &set).expect("this core is this process's to use");
}

/// The other end. Ends when its descriptor does.
pub struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.0.wait();
    }
}

impl Load {
    /// Says that this program does no such row.
    pub fn cannot(&self) -> ! {
        std::process::exit(CANNOT)
    }

    /// Starts the other end; the first is this one's descriptor. Drop it before the server.
    pub fn server(&self) -> (Server, OwnedFd) {
        let (here, there) = UnixStream::pair().expect("a socketpair");
        let itself = env::current_exe().expect("this program");
        let child = Command::new(itself)
            .args(["serve", &self.cores.1.to_string()])
            .stdin(Stdio::from(OwnedFd::from(there)))
            .spawn()
            .expect("this program starts");
        (Server(child), here.into())
    }
}

/// A clock that runs over the work.
pub struct Clock {
    begun: Instant,
    processor: u64,
    server: Option<u32>,
    calls: Vec<u64>,
}

impl Clock {
    /// Starts it: the other end is up and has been called.
    pub fn start(server: Option<&Server>) -> Self {
        let server = server.map(|server| server.0.id());
        Self {
            calls: Vec::new(),
            server,
            processor: processor(server),
            begun: Instant::now(),
        }
    }

    /// Notes how long a call took.
    pub fn call(&mut self, time: Duration) {
        self.calls
            .push(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Stops it and says how it went.
    pub fn stop(mut self, count: usize) {
        let time = self.begun.elapsed().as_nanos();
        let processor = processor(self.server) - self.processor;
        self.calls.sort_unstable();
        let at = |share: usize| {
            let index = self.calls.len().saturating_sub(1) * share / 100;
            self.calls.get(index).copied().unwrap_or(0)
        };
        println!("{count} {time} {processor} {} {}", at(50), at(99));
    }
}

/// Says what sessions took, with what was resident before them.
pub fn sessions(count: usize, begun: Instant, before: usize) {
    let taken = resident().saturating_sub(before);
    println!("{count} {} {taken} 0 0", begun.elapsed().as_nanos());
}

/// Octets of this process that are in memory.
pub fn resident() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").expect("/proc");
    let pages: usize = statm
        .split(' ')
        .nth(1)
        .expect("a field")
        .parse()
        .expect("a number");
    pages * 4096
}

/// Nanoseconds that all threads of both ends ran.
fn processor(server: Option<u32>) -> u64 {
    let server = server.map(|pid| pid.to_string());
    ["self"]
        .into_iter()
        .chain(server.as_deref())
        .map(|process| {
            fs::read_dir(format!("/proc/{process}/task"))
                .expect("/proc")
                .flatten()
                .filter_map(|task| fs::read_to_string(task.path().join("schedstat")).ok())
                .filter_map(|text| text.split(' ').next()?.parse::<u64>().ok())
                .sum::<u64>()
        })
        .sum()
}
