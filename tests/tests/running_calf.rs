//! A calf that holds a lease, seen from outside: what /proc says it can do is nothing.

use std::{collections::BTreeMap, time::Duration};

use calfkit_tests::{Client, Server, Terms, Testbed, inspect::Snapshot};

const SOON: Duration = Duration::from_secs(20);

struct Running {
    _bed: Testbed,
    _server: Server,
    _client: Client,
    calf: Snapshot,
    core: Snapshot,
}

fn running() -> Running {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let mut client = Client::start(&bed, &[]);
    client.wait_for_event("bound", SOON);
    let calf = Snapshot::read(client.calf_pid()).expect("the calf runs");
    let core = Snapshot::read(client.process().pid()).expect("the priv runs");
    Running {
        _bed: bed,
        _server: server,
        _client: client,
        calf,
        core,
    }
}

#[test]
fn it_has_no_capabilities_and_cannot_get_any() {
    let running = running();
    let none: BTreeMap<String, u64> = ["CapEff", "CapPrm", "CapInh", "CapAmb", "CapBnd"]
        .map(|set| (set.to_owned(), 0))
        .into();
    assert_eq!(running.calf.capabilities, none);
    assert!(running.calf.no_new_privs);
    assert_ne!(
        running.core.capabilities["CapEff"], 0,
        "control: the priv has some"
    );
}

#[test]
fn it_is_under_a_system_call_filter() {
    let running = running();
    // proc(5): 2 is SECCOMP_MODE_FILTER.
    assert_eq!(running.calf.seccomp, 2);
    assert!(running.calf.seccomp_filters >= 1);
}

#[test]
fn it_shares_no_mandatory_namespace_with_its_priv() {
    let running = running();
    let apart = running.calf.namespaces_apart_from(&running.core);
    for kind in ["ipc", "mnt", "net", "pid", "user", "uts"] {
        assert!(apart.contains(&kind), "{kind} is shared; apart: {apart:?}");
    }
}

#[test]
fn its_root_is_empty() {
    let running = running();
    assert_eq!(running.calf.root, Some(Vec::new()));
    assert_ne!(
        running.core.root,
        Some(Vec::new()),
        "control: the priv's is not"
    );
}

#[test]
fn it_holds_two_sockets_pipes_and_wakers_and_no_file() {
    let running = running();
    let targets: Vec<&String> = running.calf.descriptors.values().collect();
    let count = |prefix: &str| {
        targets
            .iter()
            .filter(|target| target.starts_with(prefix))
            .count()
    };
    let wakers = [
        "anon_inode:[eventfd]",
        "anon_inode:[eventpoll]",
        "anon_inode:[timerfd]",
    ];
    let known = count("socket:") + count("pipe:") + wakers.map(count).iter().sum::<usize>();
    assert_eq!(count("socket:"), 2, "net and host: {targets:?}");
    assert_eq!(
        count("pipe:"),
        3,
        "standard input, output and error: {targets:?}"
    );
    assert_eq!(known, targets.len(), "{targets:?}");
}

#[test]
fn it_has_one_thread() {
    assert_eq!(running().calf.threads, 1);
}
