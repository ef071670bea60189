//! dnsmasq (Debian package dnsmasq-base).

use std::process::Command;

use super::{DOMAIN, FOLDER, MASK, ServerOptions};
use crate::testbed::{SERVER_LINK, Testbed};

pub(super) fn command(bed: &Testbed, options: &ServerOptions) -> Command {
    let (address, server) = (options.address, options.server());
    bed.server.write(format!("{FOLDER}/leases"), "");
    let mut command = super::command(bed, "dnsmasq", "dnsmasq-base");
    command
        // No file of the machine, no DNS, no other user, and no three seconds of ping before an offer.
        .args([
            "--keep-in-foreground",
            "--conf-file=/dev/null",
            "--port=0",
            "--user=",
        ])
        .args([
            "--group=",
            "--no-ping",
            "--dhcp-authoritative",
            "--log-dhcp",
            "--log-facility=-",
        ])
        .args([
            "--no-hosts",
            "--no-resolv",
            "--leasefile-ro",
            "--bind-interfaces",
            "--pid-file=",
        ])
        .arg(format!("--interface={SERVER_LINK}"))
        .arg(format!(
            "--dhcp-range={address},{address},{MASK},{}",
            options.lease_seconds
        ))
        .arg(format!("--dhcp-option=option:router,{server}"))
        .arg(format!("--dhcp-option=option:dns-server,{server}"))
        .arg(format!("--dhcp-option=option:domain-name,{DOMAIN}"))
        .arg(format!(
            "--dhcp-option=option:T1,{}",
            options.renewal_seconds
        ))
        .arg(format!(
            "--dhcp-option=option:T2,{}",
            options.rebinding_seconds
        ));
    command
}
