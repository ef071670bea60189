//! udhcpc and Debian's /etc/udhcpc/default.script.

use nix::sys::signal::Signal;

use crate::run::{Client, Run, same, terms};

const UDHCPC: Client = Client {
    name: "udhcpc",
    original: "/machine/usr/sbin/udhcpc",
    options: "-f -i eth0 -s /opt/recorder",
    stock: "/machine/etc/udhcpc/default.script",
};

#[test]
fn the_script_is_told_the_same_as_by_udhcpc_and_makes_the_same_of_it() {
    let mut original = Run::original(UDHCPC, terms());
    let mut ours = Run::ours(UDHCPC, terms());
    let mut reasons = vec!["deconfig", "bound"];
    same(&original, &ours, &reasons, &[]);
    for (signal, reason) in [(Signal::SIGUSR1, "renew"), (Signal::SIGUSR2, "deconfig")] {
        original.signal(signal);
        ours.signal(signal);
        reasons.push(reason);
        same(&original, &ours, &reasons, &[]);
    }
    for run in [&mut original, &mut ours] {
        run.signal(Signal::SIGTERM);
        assert_eq!(run.ends(), Some(0));
    }
    same(&original, &ours, &reasons, &[]);
}
