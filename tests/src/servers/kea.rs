//! ISC Kea (Debian package kea-dhcp4-server).

use std::process::Command;

use serde_json::json;

use super::{DOMAIN, FOLDER, ServerOptions};
use crate::testbed::{PREFIX_LENGTH, SERVER_LINK, Testbed};

/// What it logs once it answers.
pub(super) const READY: &str = "DHCP4_STARTED";

pub(super) fn command(bed: &Testbed, options: &ServerOptions) -> Command {
    let address = options.address;
    let option = |name: &str, value: &str| json!({ "name": name, "data": value });
    let router = options.server().to_string();
    let configuration = json!({ "Dhcp4": {
        "interfaces-config": { "interfaces": [SERVER_LINK], "dhcp-socket-type": "raw" },
        "lease-database": { "type": "memfile", "persist": false },
        "authoritative": true,
        "valid-lifetime": options.lease_seconds,
        "renew-timer": options.renewal_seconds,
        "rebind-timer": options.rebinding_seconds,
        "subnet4": [{
            "subnet": format!("{}/{PREFIX_LENGTH}", options.network()),
            "pools": [{ "pool": format!("{address} - {address}") }],
            "option-data": [
                option("routers", &router),
                option("domain-name-servers", &router),
                option("domain-name", DOMAIN),
            ],
        }],
        "loggers": [{
            "name": "kea-dhcp4",
            "severity": "INFO",
            "output_options": [{ "output": "stdout" }],
        }],
    }});
    let path = format!("{FOLDER}/kea.conf");
    bed.server.write(&path, configuration.to_string());
    let mut command = super::command(bed, "kea-dhcp4", "kea-dhcp4-server");
    command
        .args(["-c", &path])
        .env("KEA_LOCKFILE_DIR", FOLDER)
        .env("KEA_PIDFILE_DIR", FOLDER);
    command
}
