//! dhcpcd and the hooks of Debian's dhcpcd-base.

use nix::sys::signal::Signal;

use crate::run::{Client, Exception, Run, same, terms};

const DHCPCD: Client = Client {
    name: "dhcpcd",
    original: "/packages/dhcpcd-base/usr/sbin/dhcpcd",
    options: "-B -c /opt/recorder eth0",
    stock: "/usr/lib/dhcpcd/dhcpcd-run-hooks",
};

const EXCEPTIONS: &[Exception] = &[(
    "ifxname",
    "dhcpcd 10 tells it, and Debian's is a 9: hooks of either find what they know",
)];

#[test]
fn the_hooks_are_told_the_same_as_by_dhcpcd_and_make_the_same_of_it() {
    let mut original = Run::original(DHCPCD, terms());
    let mut ours = Run::ours(DHCPCD, terms());
    let mut reasons = vec!["PREINIT", "CARRIER", "BOUND"];
    same(&original, &ours, &reasons, EXCEPTIONS);
    for (signal, told) in [
        (Signal::SIGUSR1, ["RENEW"].as_slice()),
        (Signal::SIGTERM, &["STOP", "STOPPED"]),
    ] {
        original.signal(signal);
        ours.signal(signal);
        reasons.extend(told);
        same(&original, &ours, &reasons, EXCEPTIONS);
    }
    for run in [&mut original, &mut ours] {
        assert_eq!(run.ends(), Some(0));
    }
}
