//! dhclient and ISC's dhclient-script as Debian has it.

use crate::run::{DHCLIENT, Exception, Run, same, terms};

const RELEASE: &[Exception] = &[
    (
        "pid",
        "`dhclient -r` runs the script itself; here the client that has the lease does",
    ),
    (
        "old_expiry",
        "dhclient tells the moment of the release, here it is when the lease would have ended",
    ),
    (
        "old_next_server",
        "dhclient has read the lease from its file, where an empty one is not written",
    ),
];

#[test]
fn the_script_is_told_the_same_as_by_dhclient_and_makes_the_same_of_it() {
    let original = Run::original(DHCLIENT, terms());
    let ours = Run::ours(DHCLIENT, terms());
    same(&original, &ours, &["PREINIT", "BOUND"], &[]);
    original.command(
        "/machine/usr/sbin/dhclient -r -sf /opt/recorder -lf /run/leases -pf /run/pid eth0",
    );
    ours.command("dhclient -r -sf /opt/recorder -lf /run/leases -pf /run/pid eth0");
    same(&original, &ours, &["PREINIT", "BOUND", "RELEASE"], RELEASE);
}
