//! The contract with LinuxKit: the container of its DHCP client, run as its init runs it, to the letter.

mod container;
mod defects;
mod lease;
mod message;

use std::{net::Ipv4Addr, time::Duration};

use calfkit_tests::{Room, Testbed};

/// More than any of it may take, on a machine that is busy with other things.
const SOON: Duration = Duration::from_secs(60);

/// What the scripted server leases by default.
const LEASED: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 100);

/// Waits for the end of a container's program, and gives its exit status and its log.
#[track_caller]
fn ended(container: &mut Room) -> (Option<i32>, Vec<String>) {
    let status = container.first_mut().wait(SOON);
    let log = container.first().stderr().entries();
    let status = status.unwrap_or_else(|| panic!("it goes on: {log:#?}"));
    assert_eq!(
        container.first().stdout().entries(),
        Vec::<String>::new(),
        "standard output"
    );
    (status.code(), log)
}

/// Waits for the end, which must be that of a run that had its lease.
#[track_caller]
fn leases(container: &mut Room) -> Vec<String> {
    let (status, log) = ended(container);
    assert_eq!(status, Some(0), "{log:#?}");
    assert!(
        log.iter()
            .any(|line| line == "eth0: leased 10.77.0.100 for 3600 seconds"),
        "{log:#?}"
    );
    assert_eq!(
        log.last().map(String::as_str),
        Some("exiting due to oneshot"),
        "{log:#?}"
    );
    log
}

/// Waits until a service has its lease.
#[track_caller]
fn is_leased(container: &Room) {
    let found = container
        .first()
        .stderr()
        .wait_for(SOON, |line| line.contains(": leased "));
    assert!(found.is_some(), "{}", container.first().stderr_text());
}

/// The addresses on the client's link.
fn addresses(bed: &Testbed) -> Vec<Ipv4Addr> {
    bed.addresses().iter().map(|entry| entry.address).collect()
}
