//! The processes of a place: found by network namespace and by descent, and ended.
//!
//! By descent too, because the sandboxed half of a client has left the namespace its parent lives in.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::place::Place;
use crate::failure::Failure;

/// How long ended processes may take to be gone.
const PATIENCE: Duration = Duration::from_secs(5);

/// The processes of a place, children after their parents' ids.
pub(super) fn members(place: &Place) -> Vec<i32> {
    let mut parents = BTreeMap::new();
    let mut found = BTreeSet::new();
    for pid in all_processes() {
        let folder = format!("/proc/{pid}");
        // A process that ends while it is looked at is no member.
        let Ok(namespace) = std::fs::metadata(format!("{folder}/ns/net")) else {
            continue;
        };
        let stat = std::fs::read_to_string(format!("{folder}/stat")).unwrap_or_default();
        if let Some(parent) = parent_in(&stat) {
            parents.insert(pid, parent);
        }
        if namespace.ino() == place.inode() {
            found.insert(pid);
        }
    }
    loop {
        let before = found.len();
        for (pid, parent) in &parents {
            if found.contains(parent) {
                found.insert(*pid);
            }
        }
        if found.len() == before {
            return found.into_iter().collect();
        }
    }
}

fn all_processes() -> Vec<i32> {
    let Ok(entries) = std::fs::read_dir(Path::new("/proc")) else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        // The bench itself is process 1 of its namespace.
        .filter(|pid| *pid != 1)
        .collect()
}

/// The parent in a line of `/proc/PID/stat`: the second word after the last `)`, which ends the program's name.
fn parent_in(stat: &str) -> Option<i32> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(1)?.parse().ok()
}

/// Whether a process has closed all that it held; such a one may still wait to be reaped.
///
/// One that is ending leaves its namespaces, and so its place, some time before.
fn is_over(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .map_or(true, |stat| state_in(&stat) == Some("Z"))
}

/// The state in a line of `/proc/PID/stat`: the first word after the last `)`.
fn state_in(stat: &str) -> Option<&str> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().next()
}

/// Ends every process of a place and waits until none is left.
///
/// The bench is the first process of its namespace, so whatever loses its parent becomes its child and is reaped here.
/// Never called while another thread waits for a child of its own.
pub(super) fn end_all(place: &Place) -> Result<(), Failure> {
    let deadline = Instant::now() + PATIENCE;
    let mut ending = BTreeSet::new();
    loop {
        let members = members(place);
        ending.extend(members.iter().copied());
        ending.retain(|pid| !is_over(*pid));
        for pid in &members {
            // One that is gone already needs no signal.
            let _ = kill(Pid::from_raw(*pid), Signal::SIGKILL);
        }
        while let Ok(status) = waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            if status == WaitStatus::StillAlive {
                break;
            }
        }
        if members.is_empty() && ending.is_empty() {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(Failure::Unexpected {
                program: format!("processes {ending:?}"),
                reason: "do not end".into(),
            });
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_over_when_it_is_a_zombie_or_gone() {
        let own = i32::try_from(std::process::id()).unwrap();
        assert!(!is_over(own));
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let deadline = Instant::now() + PATIENCE;
        while !is_over(pid) && Instant::now() < deadline {
            std::thread::yield_now();
        }
        assert!(is_over(pid));
        child.wait().unwrap();
        assert!(is_over(pid));
    }

    #[test]
    fn the_parent_is_found_behind_any_program_name() {
        assert_eq!(parent_in("12 (dhcpcd) S 1 12 12 0 -1"), Some(1));
        assert_eq!(parent_in("13 (a) R 99 (b) S 7 12 12 0 -1"), Some(7));
        assert_eq!(parent_in(""), None);
    }
}
