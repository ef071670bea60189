//! Memory of clients that hold a lease, all of them in the same second, each in places of its own.

use std::path::Path;
use std::time::Duration;

use super::bed::Bed;
use super::client::Client;
use super::invocation;
use super::processes;
use super::row::Row;
use super::watch::AddressWatch;
use crate::failure::Failure;

/// How long after the last client's address the memory is read: by then start-up work is over.
pub(super) const SETTLE: Duration = Duration::from_secs(5);

/// The memory of one client: sums over its processes, in KiB.
#[derive(Default)]
pub(super) struct Footprint {
    /// Pss: private pages, and a fair share of the shared ones.
    pub(super) pss: u64,
    /// Private_Clean + Private_Dirty.
    pub(super) private: u64,
    /// VmHWM, the peak of each process.
    pub(super) peak: u64,
    /// Open file descriptors.
    pub(super) descriptors: usize,
    /// The names of the processes.
    pub(super) processes: Vec<String>,
}

/// The memory of one client.
pub(super) struct Usage {
    pub(super) client: Client,
    pub(super) footprint: Footprint,
}

/// Measures every client that configures an interface, as the service it would be.
pub(super) fn measure(
    cores: &[usize],
    clients: &[Client],
    ours: &Path,
) -> Result<Vec<Usage>, Failure> {
    let core = cores.first().copied().unwrap_or_default();
    let mut running = Vec::new();
    let measured = clients
        .iter()
        .filter(|client| client.configures(Row::Plain) && Row::Plain.absence(**client).is_none());
    for client in measured {
        let bed = Bed::new(&format!("memory-{}", client.name()), Row::Plain, core, core)?;
        bed.fresh_start(*client)?;
        let watch = AddressWatch::open(&bed.client)?;
        running.push((*client, bed, watch));
    }
    let mut children = Vec::new();
    for (client, bed, _) in &running {
        let log = bed.client.run_folder().join("bench/log");
        let log = std::fs::File::create(&log).map_err(Failure::file(&log))?;
        let copy = log.try_clone().map_err(Failure::file(Path::new("log")))?;
        let mut command = invocation::service(*client, Row::Plain, ours)?;
        command.stdout(log).stderr(copy);
        let (_, child) = bed.client.spawn(command)?;
        children.push(child);
    }
    for (client, bed, watch) in &running {
        if watch.wait(1, 30)?.is_none() {
            return Err(Failure::Unexpected {
                program: client.name().to_owned(),
                reason: format!("got no address as a service: {}", bed.last_words()),
            });
        }
    }
    std::thread::sleep(SETTLE);
    let mut usages = Vec::new();
    for (client, bed, _) in &running {
        let footprint = footprint(&processes::members(&bed.client))?;
        if footprint.processes.is_empty() {
            return Err(Failure::Unexpected {
                program: client.name().to_owned(),
                reason: format!("ended instead of keeping its lease: {}", bed.last_words()),
            });
        }
        usages.push(Usage {
            client: *client,
            footprint,
        });
    }
    for child in &mut children {
        // The first process of a client that went into the background has ended already.
        let _ = child.kill();
        let _ = child.wait();
    }
    Ok(usages)
}

/// Reads the memory of these processes.
pub(super) fn footprint(pids: &[i32]) -> Result<Footprint, Failure> {
    let mut sum = Footprint::default();
    for pid in pids {
        let rollup = format!("/proc/{pid}/smaps_rollup");
        let rollup = std::fs::read_to_string(&rollup).map_err(Failure::file(Path::new(&rollup)))?;
        let status = format!("/proc/{pid}/status");
        let status = std::fs::read_to_string(&status).map_err(Failure::file(Path::new(&status)))?;
        sum.pss += kibibytes(&rollup, "Pss:");
        sum.private += kibibytes(&rollup, "Private_Clean:") + kibibytes(&rollup, "Private_Dirty:");
        sum.peak += kibibytes(&status, "VmHWM:");
        let open = format!("/proc/{pid}/fd");
        sum.descriptors += std::fs::read_dir(&open)
            .map_err(Failure::file(Path::new(&open)))?
            .count();
        sum.processes
            .push(field(&status, "Name:").unwrap_or("?").to_owned());
    }
    Ok(sum)
}

fn kibibytes(text: &str, key: &str) -> u64 {
    field(text, key)
        .and_then(|value| value.parse().ok())
        .unwrap_or(0)
}

/// The first word after `key` in lines like `Pss:      1234 kB`.
fn field<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines()
        .find_map(|line| line.strip_prefix(key))?
        .split_whitespace()
        .next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_a_footprint() {
        let pid = i32::try_from(std::process::id()).unwrap();
        let own = footprint(&[pid]).unwrap();
        assert!(own.pss > 0 && own.private > 0 && own.peak >= own.private);
        assert_eq!(own.processes.len(), 1);
        assert!(own.descriptors >= 3, "{}", own.descriptors);
        let twice = footprint(&[pid, pid]).unwrap();
        assert!(twice.pss >= own.pss * 3 / 2);
    }

    #[test]
    fn keys_are_matched_whole() {
        let text = "Pss_Dirty:  7 kB\nPss:        12 kB\n";
        assert_eq!(kibibytes(text, "Pss:"), 12);
        assert_eq!(kibibytes(text, "Rss:"), 0);
    }
}
