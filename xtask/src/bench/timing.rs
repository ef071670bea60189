//! Times: from the start of a client to the address on the interface, and to the end of the program.

use std::path::Path;
use std::process::ExitStatus;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::bed::{Bed, FILES};
use super::client::Client;
use super::watch::AddressWatch;
use crate::failure::Failure;

/// A client that has not ended after this long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// Which cores the two ends of the link run on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Arrangement {
    /// Client and server share a core.
    OneCore(usize),
    /// The client's core, then the server's.
    TwoCores(usize, usize),
}

impl Arrangement {
    /// The name in tables and JSON.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::OneCore(_) => "one core",
            Self::TwoCores(..) => "two cores",
        }
    }
}

/// The arrangements that this machine's cores allow.
pub(super) fn arrangements(cores: &[usize]) -> Vec<Arrangement> {
    match cores {
        [] => Vec::new(),
        [only] => vec![Arrangement::OneCore(*only)],
        [first, second, ..] => vec![
            Arrangement::OneCore(*first),
            Arrangement::TwoCores(*first, *second),
        ],
    }
}

/// The samples of one client, in milliseconds.
pub(super) struct Samples {
    pub(super) client: Client,
    /// Empty for a client that configures nothing.
    pub(super) address: Vec<f64>,
    pub(super) exit: Vec<f64>,
}

/// The samples of all clients under one arrangement.
pub(super) struct Timing {
    pub(super) arrangement: Arrangement,
    pub(super) samples: Vec<Samples>,
}

/// Measures every client `runs` times, in turns.
pub(super) fn measure(
    arrangement: Arrangement,
    clients: &[Client],
    runs: usize,
    ours: &Path,
) -> Result<Timing, Failure> {
    let bed = match arrangement {
        Arrangement::OneCore(core) => Bed::new("one", core, core)?,
        Arrangement::TwoCores(client, server) => Bed::new("two", client, server)?,
    };
    let mut samples: Vec<Samples> = clients
        .iter()
        .map(|client| Samples {
            client: *client,
            address: Vec::with_capacity(runs),
            exit: Vec::with_capacity(runs),
        })
        .collect();
    // One turn that is not counted: files come into the page cache, the link's neighbours settle.
    for turn in 0..=runs {
        for sample in &mut samples {
            let (address, exit) = one_run(&bed, sample.client, ours)?;
            if turn > 0 {
                sample.address.extend(address);
                sample.exit.push(exit);
            }
        }
    }
    Ok(Timing {
        arrangement,
        samples,
    })
}

/// One run; gives the times to the address (for a client that sets one) and to the end.
fn one_run(bed: &Bed, client: Client, ours: &Path) -> Result<(Option<f64>, f64), Failure> {
    bed.fresh_start(client)?;
    let log = bed.client.run_folder().join("bench/log");
    let log = std::fs::File::create(&log).map_err(Failure::file(&log))?;
    let copy = log.try_clone().map_err(Failure::file(Path::new(FILES)))?;
    let mut command = client.once(ours)?;
    command.stdout(log).stderr(copy);

    let watch = AddressWatch::open(&bed.client)?;
    let (sender, announced) = mpsc::channel();
    let watcher = client.configures().then(|| {
        std::thread::spawn(move || {
            // Nobody waits for the answer when the run has failed.
            let _ = sender.send(watch.wait(30));
        })
    });
    let (begun, child) = bed.client.spawn(command)?;
    let (status, ended) = wait(bed, client, child)?;
    let failed = |what: String| Failure::Unexpected {
        program: client.name().to_owned(),
        reason: format!("{what}: {}", bed.last_words()),
    };
    if !status.success() {
        return Err(failed(format!("ended with {status}")));
    }
    let mut address = None;
    if watcher.is_some() {
        // The announcement was in the socket before the program ended, or it never came.
        let seen = announced.recv_timeout(Duration::from_secs(1));
        match seen.map_err(|_| failed("ended without an address".into()))?? {
            Some(at) => address = Some(milliseconds(begun, at)),
            None => return Err(failed("ended without an address".into())),
        }
    }
    Ok((address, milliseconds(begun, ended)))
}

/// Waits for the end of a client's program, on the core of the onlookers.
fn wait(
    bed: &Bed,
    client: Client,
    mut child: std::process::Child,
) -> Result<(ExitStatus, Instant), Failure> {
    let pid = child.id();
    let (sender, ended) = mpsc::channel();
    let waiter = std::thread::spawn(move || {
        let status = child.wait();
        // Nobody listens any more when the patience below was too short, which is an error already.
        let _ = sender.send((status, Instant::now()));
    });
    let outcome = ended.recv_timeout(PATIENCE);
    if outcome.is_err()
        && let Ok(pid) = i32::try_from(pid)
    {
        // The waiter has not reaped it, so the id is still the client's.
        let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
    }
    let joined = waiter.join();
    match (outcome, joined) {
        (Ok((Ok(status), at)), Ok(())) => Ok((status, at)),
        (Ok((Err(error), _)), _) => Err(Failure::Start {
            program: client.name().to_owned(),
            error,
        }),
        (Ok(_) | Err(_), _) => Err(Failure::Unexpected {
            program: client.name().to_owned(),
            reason: format!("did not end in {PATIENCE:?}: {}", bed.last_words()),
        }),
    }
}

fn milliseconds(from: Instant, to: Instant) -> f64 {
    to.saturating_duration_since(from).as_secs_f64() * 1000.0
}
