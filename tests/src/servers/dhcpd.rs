//! ISC dhcpd (Debian package isc-dhcp-server).

use std::process::Command;

use super::{DOMAIN, FOLDER, MASK, ServerOptions};
use crate::testbed::{SERVER_LINK, Testbed};

pub(super) fn command(bed: &Testbed, options: &ServerOptions) -> Command {
    let ServerOptions {
        address,
        lease_seconds,
        renewal_seconds,
        rebinding_seconds,
    } = options;
    let (server, network) = (options.server(), options.network());
    let configuration = format!(
        "authoritative;
ping-check false;
ddns-update-style none;
min-lease-time 1;
default-lease-time {lease_seconds};
max-lease-time {lease_seconds};
option dhcp-renewal-time {renewal_seconds};
option dhcp-rebinding-time {rebinding_seconds};
option routers {server};
option domain-name-servers {server};
option domain-name \"{DOMAIN}\";
subnet {network} netmask {MASK} {{ range {address} {address}; }}
"
    );
    bed.server
        .write(format!("{FOLDER}/dhcpd.conf"), configuration);
    bed.server.write(format!("{FOLDER}/leases"), "");
    let mut command = super::command(bed, "dhcpd", "isc-dhcp-server");
    command
        .args(["-4", "-d", "-f", "--no-pid"])
        .args([
            "-cf",
            &format!("{FOLDER}/dhcpd.conf"),
            "-lf",
            &format!("{FOLDER}/leases"),
        ])
        .arg(SERVER_LINK);
    command
}
