//! Several interfaces of one process: what they share and what they must not.

#![allow(
    clippy::unwrap_used,
    reason = "a failed unwrap is a failed test, with its line"
)]

mod bed;

use bed::{Bed, ip, isolated, netlink};

/// Netlink sockets of this thread's network namespace.
fn netlink_sockets() -> usize {
    let table = std::fs::read_to_string("/proc/thread-self/net/netlink").unwrap();
    // Those with a process; the kernel has its own.
    let owned = |line: &&str| line.split_whitespace().nth(2) != Some("0");
    table.lines().skip(1).filter(owned).count()
}

#[test]
fn a_hundred_actuators_hold_one_socket() {
    isolated("a_hundred_actuators_hold_one_socket", || {
        let names: Vec<String> = (0..100).map(|number| format!("eth{number}")).collect();
        for pair in names.chunks(2) {
            ip(&format!(
                "link add {} type veth peer name {}",
                pair[0], pair[1]
            ));
        }
        let netlink = netlink();
        let before = netlink_sockets();
        let beds: Vec<Bed> = names
            .iter()
            .map(|name| Bed::of(&netlink, name, |_| {}))
            .collect();
        assert_eq!((before, netlink_sockets(), beds.len()), (1, 1, 100));
    });
}
