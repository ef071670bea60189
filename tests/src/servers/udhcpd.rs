//! busybox udhcpd (Debian package udhcpd).

use std::process::Command;

use super::{DOMAIN, FOLDER, MASK, ServerOptions};
use crate::testbed::{SERVER_LINK, Testbed};

/// Codes of T1 and T2, which this server knows by number only.
const RENEWAL_TIME: &str = "0x3a";
const REBINDING_TIME: &str = "0x3b";

pub(super) fn command(bed: &Testbed, options: &ServerOptions) -> Command {
    let ServerOptions {
        address,
        lease_seconds,
        renewal_seconds,
        rebinding_seconds,
    } = options;
    let server = options.server();
    let configuration = format!(
        "interface {SERVER_LINK}
start {address}
end {address}
min_lease 1
conflict_time 1
decline_time 1
lease_file {FOLDER}/leases
pidfile {FOLDER}/pid
opt subnet {MASK}
opt router {server}
opt dns {server}
opt domain {DOMAIN}
opt lease {lease_seconds}
opt {RENEWAL_TIME} {renewal_seconds:08x}
opt {REBINDING_TIME} {rebinding_seconds:08x}
"
    );
    bed.server
        .write(format!("{FOLDER}/udhcpd.conf"), configuration);
    bed.server.write(format!("{FOLDER}/leases"), "");
    let mut command = super::command(bed, "udhcpd", "udhcpd");
    // "-a 0": no ARP question, which takes two seconds, before an offer.
    command.args(["-f", "-a", "0", &format!("{FOLDER}/udhcpd.conf")]);
    command
}
