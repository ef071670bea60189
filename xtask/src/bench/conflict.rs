//! An address that somebody else uses already: how soon ours, which in fast mode uses it at once, gives it up and
//! says so to the server.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::bed::Bed;
use super::client::Client;
use super::invocation;
use super::processes;
use super::row::Row;
use super::watch::AddressWatch;
use crate::failure::Failure;

/// Each gives one sample; the largest counts.
const RUNS: usize = 3;
/// Seconds after which the conflict was not noticed.
const PATIENCE: u32 = 30;
/// Between two looks into the server's log.
const PAUSE: Duration = Duration::from_millis(5);

/// What happened in one run, in milliseconds from the start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Conflict {
    /// The address was on the interface.
    pub(super) used: f64,
    /// It was gone again.
    pub(super) removed: f64,
    /// The server had a DHCPDECLINE.
    pub(super) declined: f64,
}

/// Plants conflicts for ours.
pub(super) fn measure(cores: &[usize], ours: &Path) -> Result<Vec<Conflict>, Failure> {
    let core = cores.first().copied().unwrap_or_default();
    let bed = Bed::bridged("conflict", Row::AcdFast, core, core)?;
    let rival = bed.rival("rival", core)?;
    let mut conflicts = Vec::new();
    for _ in 0..RUNS {
        let address = leased(&bed, ours)?;
        rival.call("ip", &["address", "add", &address, "dev", "eth0"])?;
        conflicts.push(one_run(&bed, ours)?);
    }
    processes::end_all(&rival)?;
    Ok(conflicts)
}

/// Gets a lease and gives its address and prefix length: what the same client will be offered again.
fn leased(bed: &Bed, ours: &Path) -> Result<String, Failure> {
    bed.fresh_start(Client::Calfkit)?;
    let mut command = invocation::once(Client::Calfkit, Row::AcdFast, ours)?;
    bed.log_to(&mut command)?;
    let (_, mut child) = bed.client.spawn(command)?;
    let status = child.wait().map_err(|error| Failure::Start {
        program: Client::Calfkit.name().to_owned(),
        error,
    })?;
    let address = bound_address(&bed.log());
    match address.filter(|_| status.success()) {
        Some(address) => Ok(address),
        None => Err(bed.failed(Client::Calfkit, "got no lease")),
    }
}

/// The address of the `bound` event in what the client wrote.
fn bound_address(log: &str) -> Option<String> {
    let events = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut bound = events.filter(|event| event.get("event").is_some_and(|name| name == "bound"));
    Some(bound.next()?.get("address")?.as_str()?.to_owned())
}

fn one_run(bed: &Bed, ours: &Path) -> Result<Conflict, Failure> {
    bed.fresh_start(Client::Calfkit)?;
    let declines = bed.served("DHCPDECLINE");
    let mut command = invocation::service(Client::Calfkit, Row::AcdFast, ours)?;
    bed.log_to(&mut command)?;
    let watch = AddressWatch::open(&bed.client)?;
    let (begun, _child) = bed.client.spawn(command)?;
    let missing = |what| bed.failed(Client::Calfkit, what);
    let used = watch
        .wait(1, PATIENCE)?
        .ok_or_else(|| missing("got no address"))?;
    let removed = watch
        .wait_removed(PATIENCE)?
        .ok_or_else(|| missing("kept an address that somebody else uses"))?;
    let deadline = Instant::now() + Duration::from_secs(PATIENCE.into());
    while bed.served("DHCPDECLINE") == declines {
        if Instant::now() > deadline {
            return Err(missing("declined nothing"));
        }
        std::thread::sleep(PAUSE);
    }
    let declined = Instant::now();
    processes::end_all(&bed.client)?;
    let after = |at: Instant| at.saturating_duration_since(begun).as_secs_f64() * 1000.0;
    Ok(Conflict {
        used: after(used),
        removed: after(removed),
        declined: after(declined),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_that_of_the_bound_event() {
        let log = "not json\n{\"event\":\"started\"}\n\
                   {\"event\":\"bound\",\"address\":\"10.77.1.2/16\"}\n";
        assert_eq!(bound_address(log).as_deref(), Some("10.77.1.2/16"));
        assert_eq!(bound_address("{\"event\":\"failed\"}\n"), None);
    }
}
