//! What the operator is told: one object a line with `--json`, else one plain line in the log.

use std::{
    io::{self, Write as _},
    time::Instant,
};

use dhcp_frontend::{Client, setup::LogLevel};
use sdk_rpc::{ConfigureCause, DeconfigureCause, Lease, Origin, UpdateCause};
use serde_json::{Map, Value, json};

use crate::log::Log;

/// Tells events, each with the time since the process began.
#[derive(Debug)]
pub(crate) struct Events {
    json: bool,
    started: Instant,
    log: Log,
    /// Another client was started, whose own words are said instead of these.
    replaced: bool,
}

impl Events {
    pub(crate) fn new(client: Client, json: bool, started: Instant, log: Log) -> Self {
        Self {
            json,
            started,
            log,
            replaced: client != Client::Native,
        }
    }

    /// The log that lines go to.
    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// A line about the run as a whole.
    pub(crate) fn about_run(&self, level: LogLevel, text: &str) {
        self.log.line(level, text);
    }

    pub(crate) fn started(&self, interface: &str) {
        self.tell("started", interface, Map::new(), None);
    }

    /// `layers`: name and state of each sandbox layer.
    pub(crate) fn sandboxed(&self, interface: &str, pid: i32, layers: Map<String, Value>) {
        let fields = fields(json!({ "pid": pid, "layers": layers }));
        self.tell("sandboxed", interface, fields, None);
    }

    pub(crate) fn configured(&self, interface: &str, lease: &Lease, cause: ConfigureCause) {
        let verb = match cause {
            ConfigureCause::Bound => "leased",
            ConfigureCause::Rebooted => "confirmed lease of",
            ConfigureCause::LinkLocal => "using link-local",
            ConfigureCause::Informed => "informed about",
            ConfigureCause::Offered => "offered",
        };
        self.tell(
            "bound",
            interface,
            lease_fields(lease),
            Some(lease_line(verb, lease)),
        );
    }

    pub(crate) fn updated(&self, interface: &str, lease: &Lease, cause: UpdateCause) {
        let (event, verb) = match cause {
            UpdateCause::Renewed => ("renewed", "renewed lease of"),
            UpdateCause::Rebound => ("rebound", "rebound lease of"),
            UpdateCause::Rebooted => ("bound", "confirmed lease of"),
            UpdateCause::Bound => ("bound", "leased"),
            UpdateCause::LinkLocal => ("bound", "using link-local"),
            UpdateCause::Informed => ("renewed", "informed about"),
        };
        self.tell(
            event,
            interface,
            lease_fields(lease),
            Some(lease_line(verb, lease)),
        );
    }

    pub(crate) fn deconfigured(
        &self,
        interface: &str,
        lease: Option<&Lease>,
        cause: DeconfigureCause,
    ) {
        let (event, words) = match cause {
            DeconfigureCause::Nak => ("nak", "DHCPNAK: the server refused the address"),
            DeconfigureCause::Expired => ("expired", "the lease expired"),
            DeconfigureCause::Released => ("released", "released the lease"),
            DeconfigureCause::Conflict => ("conflict", "another host uses the address"),
            DeconfigureCause::Ipv6Only => {
                ("ipv6-only", "the network asks hosts to do without IPv4")
            }
            DeconfigureCause::Stopped => ("lost", "the lease is not for this link any more"),
        };
        let mut fields = Map::new();
        let mut line = words.to_owned();
        if let Some(lease) = lease {
            fields.insert("address".into(), prefixed(lease).into());
            fields.insert("server".into(), lease.server.to_string().into());
            line = format!("{words} ({})", lease.address);
        }
        self.tell(event, interface, fields, Some(line));
    }

    pub(crate) fn failed(&self, interface: &str, reason: &str, details: Map<String, Value>) {
        let mut fields = details;
        fields.insert("reason".into(), reason.into());
        self.tell("failed", interface, fields, None);
        self.line(LogLevel::Error, interface, reason);
    }

    pub(crate) fn calf_restarted(&self, interface: &str, pid: i32, why: &str) {
        let line = format!("restarted the sandboxed process as {pid}: the last one {why}");
        self.tell(
            "calf-restarted",
            interface,
            fields(json!({ "pid": pid, "reason": why })),
            Some(line),
        );
    }

    pub(crate) fn stopped(&self, interface: &str) {
        self.tell("stopped", interface, Map::new(), Some("stopped".into()));
    }

    /// A line for the operator that is no event: something is not as it should be.
    pub(crate) fn warn(&self, interface: &str, text: &str) {
        self.line(LogLevel::Warning, interface, text);
    }

    /// A line about an interface.
    pub(crate) fn line(&self, level: LogLevel, interface: &str, text: &str) {
        // Errors of the roles name the interface themselves.
        let named = text
            .strip_prefix(interface)
            .is_some_and(|rest| rest.starts_with(':'));
        if named {
            self.log.line(level, text);
        } else {
            self.log.line(level, &format!("{interface}: {text}"));
        }
    }

    fn tell(&self, event: &str, interface: &str, more: Map<String, Value>, plain: Option<String>) {
        if !self.json {
            if let Some(plain) = plain {
                let level = if self.replaced {
                    LogLevel::Debug
                } else {
                    LogLevel::Info
                };
                self.line(level, interface, &plain);
            }
            return;
        }
        let elapsed = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut object = Map::new();
        object.insert("event".into(), event.into());
        object.insert("interface".into(), interface.into());
        object.extend(more);
        object.insert("elapsed_ms".into(), elapsed.into());
        let mut text = Value::Object(object).to_string();
        text.push('\n');
        // A reader that went away must not end the service; there is nobody left to tell.
        drop(io::stdout().lock().write_all(text.as_bytes()));
    }
}

fn fields(value: Value) -> Map<String, Value> {
    if let Value::Object(map) = value {
        map
    } else {
        Map::new()
    }
}

fn prefixed(lease: &Lease) -> String {
    format!("{}/{}", lease.address, lease.prefix_length)
}

fn lease_line(verb: &str, lease: &Lease) -> String {
    let duration = match lease.lease_seconds {
        Some(seconds) => format!("for {seconds} seconds"),
        None => "for ever".to_owned(),
    };
    let address = lease.address;
    match lease.origin {
        // "leased X for N seconds" is what users of the C client search their logs for.
        Origin::Server if lease.server.is_unspecified() => format!("{verb} {address} {duration}"),
        Origin::Server => format!("{verb} {address} {duration} from {}", lease.server),
        Origin::Inform => format!("{verb} {address} by {}", lease.server),
        Origin::LinkLocal => format!("{verb} {address}"),
        Origin::Operator => format!("using static {address}"),
    }
}

fn lease_fields(lease: &Lease) -> Map<String, Value> {
    let texts = |addresses: &[std::net::Ipv4Addr]| -> Vec<String> {
        addresses.iter().map(ToString::to_string).collect()
    };
    fields(json!({
        "address": prefixed(lease),
        "server": lease.server.to_string(),
        "routers": texts(&lease.routers),
        "dns": texts(&lease.dns),
        "domain": lease.domain,
        "search": lease.search,
        "mtu": lease.mtu,
        "lease_seconds": lease.lease_seconds,
    }))
}
