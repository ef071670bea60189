//! What a run said of itself, for people and for programs.

use std::fmt::Write as _;

use dhcp_frontend::{
    Control as Asked, Verb, dhcpcd,
    script::{InterfaceFacts, Occasion, Reason},
};
use sdk_rpc::{InterfaceStatus, Lease, Origin, Overall, Value};
use serde_json::{Map, json};

use crate::{clock, herald::flags};

/// Columns of the table.
const COLUMNS: [&str; 8] = [
    "INTERFACE",
    "STATE",
    "ADDRESS",
    "SERVER",
    "LEFT",
    "RENEWAL",
    "ROUTER",
    "RESOLVERS",
];

/// Layers that no sandbox of this version has: no news of one of them.
const NEVER_SET: [&str; 2] = ["cgroup-limits", "securebits"];

/// A table, as wide as it needs to be, and below it what is not as it should be.
pub(super) fn status_as_table(runs: &[Overall]) -> String {
    let mut rows: Vec<[String; 8]> = vec![COLUMNS.map(str::to_owned)];
    let mut remarks = Vec::new();
    for run in runs {
        for status in &run.interfaces {
            rows.push(row(status, run.now));
            remarks.extend(remark(status));
        }
    }
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..COLUMNS.len()).map(width).collect();
    let mut table = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            // Writing into a String does not fail.
            let _ = write!(line, "{cell:<width$}  ");
        }
        table.push_str(line.trim_end());
        table.push('\n');
    }
    for remark in remarks {
        table.push_str(&remark);
        table.push('\n');
    }
    table
}

fn row(status: &InterfaceStatus, now: u64) -> [String; 8] {
    let none = || "-".to_owned();
    let InterfaceStatus {
        interface,
        state,
        lease,
        ..
    } = status;
    let state = if state.is_empty() {
        none()
    } else {
        state.clone()
    };
    let Some(lease) = lease else {
        return [
            interface.clone(),
            state,
            none(),
            none(),
            none(),
            none(),
            none(),
            none(),
        ];
    };
    let texts = |addresses: &[std::net::Ipv4Addr]| match addresses {
        [] => none(),
        addresses => {
            let texts: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            texts.join(",")
        }
    };
    let default = lease.routes.iter().find(|route| route.prefix_length == 0);
    [
        interface.clone(),
        state,
        format!("{}/{}", lease.address, lease.prefix_length),
        giver(lease),
        lease
            .expires_at
            .map_or_else(|| "for ever".to_owned(), |at| left(at, now)),
        lease.renew_at.map_or_else(none, |at| left(at, now)),
        default.map_or_else(
            || texts(lease.routers.get(..1).unwrap_or_default()),
            |route| route.gateway.to_string(),
        ),
        texts(&lease.dns),
    ]
}

/// Who gave a lease.
fn giver(lease: &Lease) -> String {
    match lease.origin {
        Origin::Server | Origin::Inform => lease.server.to_string(),
        Origin::LinkLocal => "link-local".to_owned(),
        Origin::Operator => "static".to_owned(),
    }
}

/// `1d 2h`, `59m 12s`, `7s`: the two largest units, which is as much as anybody wants to know.
fn left(at: u64, now: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3600, "h"), (60, "m"), (1, "s")];
    let mut seconds = at.saturating_sub(now) / 1000;
    let mut parts = Vec::new();
    for (size, unit) in UNITS {
        let count = seconds / size;
        seconds %= size;
        if count > 0 || (!parts.is_empty() && parts.len() < 2) {
            parts.push(format!("{count}{unit}"));
        }
        if parts.len() == 2 {
            break;
        }
    }
    match parts.is_empty() {
        true => "0s".to_owned(),
        false => parts.join(" "),
    }
}

fn remark(status: &InterfaceStatus) -> Option<String> {
    let InterfaceStatus {
        interface,
        link,
        calf,
        restarts,
        absent,
        ..
    } = status;
    let mut remarks = Vec::new();
    if !link.up {
        remarks.push("the interface is down".to_owned());
    } else if !link.carrier {
        remarks.push("no carrier".to_owned());
    }
    if calf.is_none() {
        remarks.push("no sandboxed process".to_owned());
    }
    if *restarts > 0 {
        remarks.push(format!("sandboxed process restarted {restarts} times"));
    }
    let absent: Vec<&str> = absent
        .iter()
        .map(String::as_str)
        .filter(|layer| !NEVER_SET.contains(layer))
        .collect();
    if !absent.is_empty() {
        remarks.push(format!("sandbox without {}", absent.join(", ")));
    }
    (!remarks.is_empty()).then(|| format!("{interface}: {}", remarks.join("; ")))
}

/// The same and more, for programs: one object.
pub(super) fn status_as_json(runs: &[Overall]) -> String {
    let runs: Vec<_> = runs.iter().map(run_as_json).collect();
    format!("{}\n", json!({ "runs": runs }))
}

fn run_as_json(run: &Overall) -> serde_json::Value {
    let Overall {
        client,
        version,
        pid,
        now,
        interfaces,
    } = run;
    let interfaces: Vec<_> = interfaces
        .iter()
        .map(|status| {
            let counters: Map<String, serde_json::Value> = status
                .counters
                .iter()
                .map(|counter| (counter.name.clone(), counter.value.into()))
                .collect();
            json!({
                "interface": status.interface,
                "up": status.link.up,
                "carrier": status.link.carrier,
                "mac": status.link.mac.to_string(),
                "mtu": status.link.mtu,
                "state": status.state,
                "lease": status.lease.as_ref().map(|lease| lease_as_json(lease, *now)),
                "calf": status.calf,
                "restarts": status.restarts,
                "absent_layers": status.absent,
                "metric": status.metric,
                "counters": counters,
            })
        })
        .collect();
    json!({
        "client": client,
        "version": version,
        "pid": pid,
        "interfaces": interfaces,
    })
}

fn lease_as_json(lease: &Lease, now: u64) -> serde_json::Value {
    let seconds = |at: Option<u64>| at.map(|at| at.saturating_sub(now) / 1000);
    let origin = match lease.origin {
        Origin::Server => "server",
        Origin::LinkLocal => "link-local",
        Origin::Inform => "inform",
        Origin::Operator => "static",
    };
    let parameters: Map<String, serde_json::Value> = lease
        .parameters
        .iter()
        .map(|parameter| (parameter.code.to_string(), value_as_json(&parameter.value)))
        .collect();
    let known =
        |address: std::net::Ipv4Addr| (!address.is_unspecified()).then(|| address.to_string());
    json!({
        "origin": origin,
        "address": format!("{}/{}", lease.address, lease.prefix_length),
        "broadcast": lease.broadcast,
        "server": known(lease.server),
        "routers": lease.routers,
        "routes": lease.routes.iter().map(route_as_json).collect::<Vec<_>>(),
        "dns": lease.dns,
        "ntp": lease.ntp,
        "domain": lease.domain,
        "search": lease.search,
        "host_name": lease.host_name,
        "mtu": lease.mtu,
        "lease_seconds": lease.lease_seconds,
        "renewal_in": seconds(lease.renew_at),
        "rebinding_in": seconds(lease.rebind_at),
        "expires_in": seconds(lease.expires_at),
        "next_server": known(lease.next_server),
        "server_name": lease.server_name,
        "boot_file": lease.boot_file,
        "options": parameters,
    })
}

fn route_as_json(route: &sdk_rpc::Route) -> serde_json::Value {
    json!({
        "destination": format!("{}/{}", route.destination, route.prefix_length),
        "gateway": (!route.gateway.is_unspecified()).then(|| route.gateway.to_string()),
    })
}

fn value_as_json(value: &Value) -> serde_json::Value {
    match value {
        Value::Octets(octets) => {
            let octets: Vec<String> = octets.iter().map(|octet| format!("{octet:02x}")).collect();
            octets.concat().into()
        }
        Value::Addresses(addresses) => json!(addresses),
        Value::Numbers(numbers) => json!(numbers),
        Value::Text(text) => json!(text),
        Value::Names(names) => json!(names),
        Value::Routes(routes) => routes.iter().map(route_as_json).collect(),
    }
}

/// The leases alone, by interface.
pub(super) fn leases_as_json(runs: &[Overall]) -> String {
    let mut leases = Map::new();
    for run in runs {
        for status in &run.interfaces {
            let lease = status
                .lease
                .as_ref()
                .map(|lease| lease_as_json(lease, run.now));
            leases.insert(status.interface.clone(), lease.into());
        }
    }
    format!("{}\n", serde_json::Value::Object(leases))
}

/// The leases as variables, in the names of dhcpcd and of the operator's own options.
pub(super) fn leases_as_variables(runs: &[Overall], names: &[(u8, String)]) -> String {
    let dumps = runs.iter().flat_map(|run| {
        let dump = |status| dhcpcd::dump::lease(&occasion(run, status), names);
        run.interfaces.iter().map(dump)
    });
    dumps.collect::<Vec<_>>().join("\n")
}

/// An interface's lease as it was told.
fn occasion<'a>(run: &Overall, status: &'a InterfaceStatus) -> Occasion<'a> {
    let link = status.link;
    Occasion {
        reason: Reason::Dump,
        interface: InterfaceFacts {
            name: status.interface.clone(),
            // No hook's variable depends on it.
            index: 0,
            mac: link.mac,
            mtu: link.mtu,
            flags: flags(link.up, link.carrier),
            up: link.up,
            carrier: link.carrier,
            metric: status.metric,
        },
        new: status.lease.as_ref(),
        old: None,
        requested: None,
        requested_options: &[],
        wall_now: clock::wall_seconds(),
        now: run.now,
        pid: run.pid.unsigned_abs(),
        interface_order: Vec::new(),
    }
}

/// What was done, in one line.
pub(super) fn asked(asked: &Asked, told: &[String]) -> String {
    let what = match asked.verb {
        Verb::Renew => "renewing",
        Verb::Rebind => "rebinding",
        Verb::Release => "released",
        Verb::Stop => "stopped",
        Verb::Reapply => "put in force again",
        Verb::Status | Verb::Dump => "seen",
    };
    match told {
        [] => String::new(),
        told => format!("{what} {}\n", told.join(", ")),
    }
}

#[cfg(test)]
mod tests;
