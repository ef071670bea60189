//! Times: from the start of a client to the address on the interface, and to the end of the program.

use std::path::Path;
use std::process::ExitStatus;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::bed::Bed;
use super::client::Client;
use super::invocation;
use super::memory::{self, Footprint};
use super::processes;
use super::row::Row;
use super::watch::AddressWatch;
use crate::failure::Failure;

/// A client that has not ended after this long has failed.
const PATIENCE: Duration = Duration::from_secs(30);
/// Seconds until the last of many interfaces must have its address.
const SERVICE_PATIENCE: u32 = 120;

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

/// The samples of one client, in milliseconds; those of one turn have the same index in all clients.
pub(super) struct Samples {
    pub(super) client: Client,
    /// To the address of the last interface. Empty for a client that configures nothing.
    pub(super) address: Vec<f64>,
    /// To the end of the program. Empty where clients stay.
    pub(super) exit: Vec<f64>,
    /// The memory while it stays, of the last turn.
    pub(super) footprint: Option<Footprint>,
}

/// The samples of all clients in one row under one arrangement.
pub(super) struct Timing {
    pub(super) row: Row,
    pub(super) arrangement: Arrangement,
    pub(super) samples: Vec<Samples>,
}

/// Measures every client that has a place in the row `runs` times, in turns.
pub(super) fn measure(
    row: Row,
    arrangement: Arrangement,
    clients: &[Client],
    runs: usize,
    ours: &Path,
) -> Result<Timing, Failure> {
    let name = |cores| format!("{}-{cores}", row.name());
    let bed = match arrangement {
        Arrangement::OneCore(core) => Bed::new(&name("one"), row, core, core)?,
        Arrangement::TwoCores(client, server) => Bed::new(&name("two"), row, client, server)?,
    };
    let mut samples: Vec<Samples> = clients
        .iter()
        .filter(|client| row.absence(**client).is_none())
        .map(|client| Samples {
            client: *client,
            address: Vec::with_capacity(runs),
            exit: Vec::with_capacity(runs),
            footprint: None,
        })
        .collect();
    // One turn that is not counted: files come into the page cache, the link's neighbours settle.
    for turn in 0..=runs {
        for sample in &mut samples {
            if row.serves() {
                let address = one_service(&bed, row, sample.client, ours)?;
                if turn == runs {
                    std::thread::sleep(memory::SETTLE);
                    let members = processes::members(&bed.client);
                    sample.footprint = Some(memory::footprint(&members)?);
                }
                if turn > 0 {
                    sample.address.push(address);
                }
                processes::end_all(&bed.client)?;
            } else {
                let (address, exit) = one_run(&bed, row, sample.client, ours)?;
                if turn > 0 {
                    sample.address.extend(address);
                    sample.exit.push(exit);
                }
            }
        }
    }
    Ok(Timing {
        row,
        arrangement,
        samples,
    })
}

/// Starts a client as a service and gives the time until its last interface has an address; the client runs on.
fn one_service(bed: &Bed, row: Row, client: Client, ours: &Path) -> Result<f64, Failure> {
    bed.fresh_start(client)?;
    let mut command = invocation::service(client, row, ours)?;
    bed.log_to(&mut command)?;
    let watch = AddressWatch::open(&bed.client)?;
    let (begun, _child) = bed.client.spawn(command)?;
    match watch.wait(row.interfaces(), SERVICE_PATIENCE)? {
        Some(at) => Ok(milliseconds(begun, at)),
        None => Err(bed.failed(client, "did not get an address for each interface")),
    }
}

/// One run; gives the times to the address (for a client that sets one) and to the end.
fn one_run(
    bed: &Bed,
    row: Row,
    client: Client,
    ours: &Path,
) -> Result<(Option<f64>, f64), Failure> {
    bed.fresh_start(client)?;
    if row == Row::InitReboot {
        // The lease that is remembered.
        timed(bed, row, client, ours)?;
        bed.reboot()?;
    }
    let not_served = row
        .message_left_out()
        .map(|message| (message, bed.served(message)));
    let times = timed(bed, row, client, ours)?;
    match not_served {
        Some((message, before)) if bed.served(message) != before => {
            Err(bed.failed(client, &format!("took the long way, with a {message}")))
        }
        Some(_) | None => Ok(times),
    }
}

fn timed(bed: &Bed, row: Row, client: Client, ours: &Path) -> Result<(Option<f64>, f64), Failure> {
    let mut command = invocation::once(client, row, ours)?;
    bed.log_to(&mut command)?;
    let watch = AddressWatch::open(&bed.client)?;
    let (sender, announced) = mpsc::channel();
    let watcher = client.configures(row).then(|| {
        std::thread::spawn(move || {
            // Nobody waits for the answer when the run has failed.
            let _ = sender.send(watch.wait(1, 30));
        })
    });
    let (begun, child) = bed.client.spawn(command)?;
    let (status, ended) = wait(bed, client, child)?;
    if !status.success() {
        return Err(bed.failed(client, &format!("ended with {status}")));
    }
    let mut address = None;
    if watcher.is_some() {
        // The announcement was in the socket before the program ended, or it never came.
        let seen = announced.recv_timeout(Duration::from_secs(1));
        let without = || bed.failed(client, "ended without an address");
        match seen.map_err(|_| without())?? {
            Some(at) => address = Some(milliseconds(begun, at)),
            None => return Err(without()),
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
