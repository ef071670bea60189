//! The three roles as three processes in namespaces of their own, each with its capabilities only: a lease, a
//! renewal, the death of each, and their start anew.

use std::net::Ipv4Addr;

use calfkit_tests::{
    Client, SOON, Server, Terms, Testbed,
    inspect::{self, Snapshot},
    message::Kind,
    monitor::AddressMonitor,
    namespace::RESOLVER_FILE,
    process::wait_gone,
    said::Said,
    split::Split,
    until,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

const LEASE: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 100);

// linux/capability.h
const CAP_NET_BIND_SERVICE: u64 = 1 << 10;
const CAP_NET_ADMIN: u64 = 1 << 12;
const CAP_NET_RAW: u64 = 1 << 13;
const CAP_SYS_ADMIN: u64 = 1 << 21;

struct Leased {
    bed: Testbed,
    server: Server,
    split: Split,
    monitor: AddressMonitor,
}

fn leased() -> Leased {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let mut split = Split::start(&bed);
    let bound = |event: &serde_json::Value| event["event"] == "bound";
    let found = split.actuator.next_event(SOON, bound);
    assert!(found.is_some(), "no lease; {}", split.said());
    // The engine hears a moment later that the lease is in force, and renews none before.
    let known = || (bed.client.served()[0]["state"] == "BOUND").then_some(());
    assert!(until(SOON, known).is_some(), "{}", split.said());
    let monitor = bed.address_monitor();
    Leased {
        bed,
        server,
        split,
        monitor,
    }
}

impl Leased {
    /// The sandboxed process of the engine.
    fn calf(&self) -> i32 {
        let children = inspect::children(self.split.engine.pid()).expect("/proc can be read");
        assert_eq!(children.len(), 1, "{}", self.split.said());
        children[0]
    }

    /// Asserts that the host is as the lease has it, and was so all the time.
    fn assert_configured(&self) {
        assert_eq!(self.bed.addresses()[0].address, LEASE);
        assert_eq!(self.bed.routes().len(), 2, "{:?}", self.bed.routes());
        let resolver = self.bed.client.read(RESOLVER_FILE).expect("it stays");
        assert!(resolver.contains("nameserver 10.77.0.1"), "{resolver}");
        let removed = self.monitor.removed();
        assert!(removed.is_empty(), "{removed:?}; {}", self.split.said());
    }

    /// Waits until all three have ended; gives the exit statuses of network, engine and actuator.
    fn ended(&mut self) -> [Option<i32>; 3] {
        let network = self.split.network.wait(SOON);
        let engine = self.split.engine.wait(SOON);
        let actuator = self.split.actuator.wait_exit(SOON);
        let said = self.split.said();
        let network = network.unwrap_or_else(|| panic!("network still runs; {said}"));
        let engine = engine.unwrap_or_else(|| panic!("engine still runs; {said}"));
        [network, engine, actuator].map(|status| status.code())
    }

    /// Starts the three anew; they ask for the lease that is in force.
    fn assert_resumes(self) {
        let Self {
            bed,
            server,
            split,
            monitor,
        } = self;
        let from = server.log().position();
        let mut split = split.restart(&bed);
        split.actuator.wait_for_event("started", SOON);
        let asked_to_renew = || {
            // Once the roles know of the lease; before, there is nothing to renew.
            split.actuator.signal(Signal::SIGUSR1);
            server.log().entries()[from..]
                .iter()
                .any(|it| it.sent)
                .then_some(())
        };
        let renewed = until(SOON, asked_to_renew);
        assert!(renewed.is_some(), "{}", split.said());
        let messages = server.log().entries();
        let kinds: Vec<_> = messages[from..]
            .iter()
            .map(|it| it.message.kind())
            .collect();
        assert!(!kinds.contains(&Kind::DISCOVER), "{kinds:?}");
        assert_eq!(bed.addresses()[0].address, LEASE);
        assert!(monitor.removed().is_empty(), "{:?}", monitor.removed());
    }
}

#[test]
fn three_processes_that_hold_only_what_their_roles_need_get_a_lease() {
    let leased = leased();
    leased.assert_configured();

    let look = |pid| Snapshot::read(pid).expect("it runs");
    let split = &leased.split;
    let network = look(split.network.pid());
    let actuator = look(split.actuator.process().pid());
    let engine = look(split.engine.pid());
    let calf = look(leased.calf());
    let may = |process: &Snapshot| {
        (
            process.capabilities["CapEff"],
            process.capabilities["CapBnd"],
        )
    };
    let wire = CAP_NET_RAW | CAP_NET_BIND_SERVICE;
    assert_eq!(may(&network), (wire, wire));
    assert_eq!(may(&actuator), (CAP_NET_ADMIN, CAP_NET_ADMIN));
    assert_eq!(may(&engine), (CAP_SYS_ADMIN, CAP_SYS_ADMIN));
    assert_eq!(calf.capabilities["CapEff"], 0);

    assert!(network.namespaces_apart_from(&actuator).contains(&"mnt"));
    assert!(!network.namespaces_apart_from(&actuator).contains(&"net"));
    assert!(engine.namespaces_apart_from(&network).contains(&"net"));
    for kind in ["ipc", "mnt", "net", "pid", "uts"] {
        let apart = calf.namespaces_apart_from(&engine);
        assert!(apart.contains(&kind), "{kind} is shared: {apart:?}");
    }
    assert_eq!(calf.seccomp, 2, "filtered (proc(5))");
    assert_eq!(calf.root, Some(Vec::new()));
    let sockets = |process: &Snapshot| {
        let targets = process.descriptors.values();
        targets.filter(|it| it.starts_with("socket:")).count()
    };
    assert_eq!(sockets(&calf), 2, "{:?}", calf.descriptors);
}

#[test]
fn a_renewal_goes_from_the_leased_address_through_the_network_role() {
    let mut leased = leased();
    let from = leased.server.log().position();
    leased.split.actuator.signal(Signal::SIGUSR1);
    leased.split.actuator.wait_for_event("renewed", SOON);
    let asked = leased.server.wait_received(from, Kind::REQUEST, SOON);
    let (_, asked) = asked.expect("a DHCPREQUEST");
    assert_eq!(asked.peer, LEASE);
    assert_eq!(asked.message.ciaddr, LEASE);
    leased.assert_configured();
}

#[test]
fn an_actuator_that_is_told_to_stop_undoes_everything_and_the_others_end_well() {
    let mut leased = leased();
    leased.split.actuator.signal(Signal::SIGTERM);
    assert_eq!(
        leased.ended(),
        [Some(0), Some(0), Some(0)],
        "{}",
        leased.split.said()
    );
    assert_eq!(leased.bed.addresses(), []);
    assert_eq!(leased.bed.routes(), []);
}

#[test]
fn an_actuator_that_releases_the_lease_has_it_sent_by_the_others_first() {
    let mut leased = leased();
    leased.split.actuator.signal(Signal::SIGUSR2);
    let released = leased.server.wait_received(0, Kind::RELEASE, SOON);
    let (_, released) = released.unwrap_or_else(|| panic!("{}", leased.split.said()));
    assert_eq!(released.peer, LEASE);
    assert_eq!(
        leased.ended(),
        [Some(0), Some(0), Some(0)],
        "{}",
        leased.split.said()
    );
    assert_eq!(leased.bed.addresses(), []);
}

#[test]
fn a_killed_calf_ends_the_roles_and_leaves_the_host_as_it_is_for_those_that_come_next() {
    let mut leased = leased();
    kill(Pid::from_raw(leased.calf()), Signal::SIGKILL).expect("it runs");
    assert_eq!(
        leased.ended(),
        [Some(0), Some(1), Some(1)],
        "{}",
        leased.split.said()
    );
    let said = leased.split.actuator.said();
    assert!(said.contains("the engine role is gone"), "{said}");
    let said = leased.split.engine.stderr_text();
    assert!(said.contains("the sandboxed process"), "{said}");
    leased.assert_configured();
    leased.assert_resumes();
}

#[test]
fn a_killed_engine_takes_its_calf_along_and_leaves_the_host_as_it_is() {
    let mut leased = leased();
    let calf = leased.calf();
    leased.split.engine.signal(Signal::SIGKILL);
    assert!(wait_gone(calf, SOON), "the calf survived");
    assert_eq!(
        leased.ended(),
        [Some(0), None, Some(1)],
        "{}",
        leased.split.said()
    );
    leased.assert_configured();
    leased.assert_resumes();
}

#[test]
fn a_killed_network_ends_the_others_and_leaves_the_host_as_it_is() {
    let mut leased = leased();
    leased.split.network.signal(Signal::SIGKILL);
    let [network, engine, actuator] = leased.ended();
    assert_eq!(
        (network, actuator),
        (None, Some(1)),
        "{}",
        leased.split.said()
    );
    assert!(engine.is_some(), "{}", leased.split.said());
    leased.assert_configured();
    leased.assert_resumes();
}

#[test]
fn a_killed_actuator_ends_the_others_well_and_what_it_configured_is_taken_over() {
    let mut leased = leased();
    leased.split.actuator.signal(Signal::SIGKILL);
    assert_eq!(
        leased.ended(),
        [Some(0), Some(0), None],
        "{}",
        leased.split.said()
    );
    leased.assert_configured();
    leased.assert_resumes();
}

#[test]
fn wrong_words_and_descriptors_that_are_none_are_told_in_one_line() {
    let bed = Testbed::new();
    let role = |words: &[&str]| {
        let mut command = bed.client.command(Client::program());
        command.arg("role").args(words);
        Said::by(command)
    };
    for (words, line) in [
        (&[][..], "network, actuator, engine"),
        (&["gardener"], "network, actuator, engine"),
        (&["network", "--net", "3", "--owner", "4"], "--interface"),
        (&["network", "--interface", "eth0", "--net", "3"], "--owner"),
        (&["engine", "--net", "3"], "--host"),
        (&["engine", "--net", "3", "--host", "x"], "x"),
        (&["engine", "--net", "3", "--host", "4", "eth0"], "eth0"),
        (&["actuator", "--host", "3", "--owner", "4"], "name one"),
        (
            &["actuator", "--host", "3", "--owner", "4", "eth0", "eth1"],
            "name one",
        ),
    ] {
        let said = role(words).refusal(64);
        assert!(said.contains(line), "{words:?}: {said}");
    }
    for words in [
        &[
            "network",
            "--interface",
            "eth0",
            "--net",
            "3",
            "--owner",
            "4",
        ][..],
        &["engine", "--net", "1", "--host", "4"],
        &["engine", "--net", "3", "--host", "3"],
        &["actuator", "--host", "3", "--owner", "4", "eth0"],
    ] {
        let said = role(words);
        assert!(matches!(said.code, Some(1 | 64)), "{words:?}: {said:?}");
        assert_eq!(said.err.len(), 1, "{words:?}: {said:?}");
    }
    let still = || bed.addresses().is_empty().then_some(());
    assert!(until(SOON, still).is_some());
}
