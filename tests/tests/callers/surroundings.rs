//! Where the callers run: a Debian of the test's own, and what it is asked of afterwards.

use std::{net::Ipv4Addr, time::Duration};

use calfkit_tests::{
    Room, Testbed,
    furniture::Furniture,
    inspect,
    process::{Process, wait_gone},
    room::Ended,
    testbed::{Route, SERVER_ADDRESS},
    until,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// More than any of it may take, on a machine that is busy with other things.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// What the scripted server leases by default.
pub(crate) const LEASED: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 100);

/// Clients that a Debian may have.
const CLIENTS: [&str; 3] = ["dhclient", "dhcpcd", "udhcpc"];

/// ISC's script and what Debian brings with it, but for hooks that speak to services of the machine.
const DHCLIENT_FILES: [&str; 3] = [
    "dhclient.conf",
    "dhclient-enter-hooks.d",
    "dhclient-exit-hooks.d/rfc3442-classless-routes",
];

/// Furnishes a Debian in which the program is the DHCP client of these names, and there is no other.
pub(crate) fn debian(furniture: &Furniture, names: &[&str]) {
    furniture.debian();
    for name in CLIENTS {
        furniture.without(&format!("/usr/sbin/{name}"));
    }
    let paths: Vec<String> = names
        .iter()
        .map(|name| format!("/usr/sbin/{name}"))
        .collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    furniture.client(&paths);
    for file in DHCLIENT_FILES {
        let path = format!("/etc/dhcp/{file}");
        furniture.link(&path, format!("/machine{path}"));
    }
    let script = "/etc/udhcpc/default.script";
    furniture.link(script, format!("/machine{script}"));
}

/// What is asserted of a command that has to end well.
#[track_caller]
pub(crate) fn succeeds(ended: &Ended) {
    let Ended {
        status,
        stdout,
        stderr,
    } = ended;
    assert!(status.success(), "{status}\n{stdout}\n{stderr}");
}

/// The addresses on the client's link.
pub(crate) fn addresses(bed: &Testbed) -> Vec<Ipv4Addr> {
    bed.addresses().iter().map(|entry| entry.address).collect()
}

/// Asserts that the client's link has no address.
#[track_caller]
pub(crate) fn assert_no_address(bed: &Testbed) {
    assert_eq!(addresses(bed), Vec::<Ipv4Addr>::new());
}

/// The default route of the client's host.
#[track_caller]
pub(crate) fn default_route(bed: &Testbed) -> Route {
    let routes = bed.routes();
    let mut defaults = routes.iter().filter(|route| route.destination == "default");
    let found = defaults
        .next()
        .unwrap_or_else(|| panic!("no default route: {routes:?}"));
    assert_eq!(defaults.next(), None, "more than one default route");
    assert_eq!(found.gateway, Some(SERVER_ADDRESS));
    found.clone()
}

/// The resolver file of a room.
pub(crate) fn resolver_file(room: &Room) -> String {
    let text = room.host().read("/etc/resolv.conf");
    text.expect("there is a resolver file")
}

/// The text of a file in a room, if there is one.
pub(crate) fn text(room: &Room, path: &str) -> Option<String> {
    room.host().read(path).ok()
}

/// A process that went into the background.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Daemon {
    /// Its number in the room.
    pub(crate) inside: i32,
    outside: i32,
}

impl Daemon {
    /// The one that a pid file of the room names; it must run, and be nobody's child.
    #[track_caller]
    pub(crate) fn of(room: &Room, pid_file: &str) -> Self {
        let number = text(room, pid_file).unwrap_or_else(|| panic!("no {pid_file}"));
        let inside = number.trim().parse().expect("a pid file has a number");
        let outside = room.outside(inside);
        let outside = outside.unwrap_or_else(|| panic!("{pid_file}: no process {inside}"));
        let status = text(room, &format!("/proc/{inside}/status")).expect("it runs");
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:\t"));
        assert_eq!(parent, Some("1"), "the daemon is a child of its caller's");
        Self { inside, outside }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.outside), signal).expect("it runs");
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn ends(&self) {
        assert!(wait_gone(self.outside, SOON), "it goes on");
    }
}

/// Waits until a process has said this on standard error.
#[track_caller]
pub(crate) fn says(process: &Process, words: &str) {
    let said = process.stderr().wait_for(SOON, |line| line.contains(words));
    assert!(said.is_some(), "{words:?}: {}", process.stderr_text());
}

/// Waits until a process has no child: no calf asks for a lease, and no script runs.
#[track_caller]
pub(crate) fn rests(process: &Process) {
    let children = || inspect::children(process.pid()).expect("it runs");
    let none = until(SOON, || children().is_empty().then_some(()));
    assert!(
        none.is_some(),
        "{:?}: {}",
        children(),
        process.stderr_text()
    );
}

/// Waits until a file of the room contains `words`, and gives its text.
#[track_caller]
pub(crate) fn wait_for_text(room: &Room, path: &str, words: &str) -> String {
    let there = || text(room, path).filter(|text| text.contains(words));
    let found = until(SOON, there);
    found.unwrap_or_else(|| panic!("no {words:?} in {path}: {:?}", text(room, path)))
}
