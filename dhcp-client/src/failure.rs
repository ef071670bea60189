//! Why there is no lease: one line from what the calf counted, and the same as JSON fields.

use std::{collections::BTreeSet, net::Ipv4Addr};

use sdk_rpc::{Counter, LinkState};
use serde_json::{Map, Value, json};

/// Message types and ARP packets that a client sends, then those it receives, as the counters spell them.
pub(crate) const SENT: [&str; 8] = [
    "DISCOVER",
    "REQUEST",
    "DECLINE",
    "RELEASE",
    "INFORM",
    "BOOTREQUEST",
    "PROBE",
    "ANNOUNCEMENT",
];
pub(crate) const RECEIVED: [&str; 5] = ["OFFER", "ACK", "NAK", "FORCERENEW", "BOOTREPLY"];

/// Longest reason printed; the calf's words are not trusted to be short.
const LONGEST_REASON: usize = 60;

/// Most discard reasons in the line; the JSON has all.
const MOST_REASONS: usize = 4;

/// What the calf last said it counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    counters: Vec<Counter>,
    state: String,
}

impl Progress {
    /// Keeps the calf's counters and state; names that are no such names are left out, and of counters of one
    /// name all but the first.
    pub(crate) fn replace(&mut self, counters: Vec<Counter>, state: &str) {
        if printable(state) {
            state.clone_into(&mut self.state);
        }
        let mut names = BTreeSet::new();
        self.counters = counters
            .into_iter()
            .filter(|counter| printable(&counter.name) && names.insert(counter.name.clone()))
            .collect();
    }

    /// Every counter, by dotted name.
    pub(crate) fn counters(&self) -> &[Counter] {
        &self.counters
    }

    /// The state of the protocol; empty while the calf has said nothing.
    pub(crate) fn state(&self) -> &str {
        &self.state
    }

    fn value(&self, name: &str) -> u64 {
        self.counters
            .iter()
            .find(|counter| counter.name == name)
            .map_or(0, |c| c.value)
    }

    fn last_server(&self) -> Option<Ipv4Addr> {
        self.counters
            .iter()
            .find_map(|c| c.name.strip_prefix("heard.")?.parse().ok())
    }

    /// (what was discarded, if it had a type; why; how often).
    fn discards(&self) -> Vec<(Option<&str>, &str, u64)> {
        self.counters
            .iter()
            .filter_map(|counter| {
                let name = counter.name.strip_prefix("discarded.")?;
                let typed = name
                    .split_once('.')
                    .filter(|(message, _)| RECEIVED.contains(message) || SENT.contains(message));
                Some(match typed {
                    Some((message, reason)) => (Some(message), reason, counter.value),
                    None => (None, name, counter.value),
                })
            })
            .collect()
    }

    /// `3 DISCOVER sent, 2 OFFER discarded (wrong chaddr), no ACK`.
    pub(crate) fn line(&self, link: Option<LinkState>) -> String {
        let mut parts = Vec::new();
        parts.extend(link.and_then(link_trouble).map(str::to_owned));
        let mut sent = 0;
        for message in SENT {
            let count = self.value(&format!("sent.{message}"));
            sent = count.saturating_add(sent);
            if count > 0 {
                parts.push(format!("{count} {message} sent"));
            }
        }
        if sent == 0 {
            parts.push("nothing sent".to_owned());
        }
        if self.value("frames") == 0 && sent > 0 {
            parts.push("no frame seen".to_owned());
        }
        for message in RECEIVED {
            let count = self.value(&format!("received.{message}"));
            if count > 0 {
                parts.push(format!("{count} {message} received"));
            }
        }
        let discards = self.discards();
        for (message, reason, count) in discards.iter().take(MOST_REASONS) {
            let what = message.unwrap_or("frames");
            parts.push(format!("{count} {what} discarded ({reason})"));
        }
        if discards.len() > MOST_REASONS {
            parts.push(format!("{} further reasons", discards.len() - MOST_REASONS));
        }
        if self.value("received.ACK") == 0 && sent > 0 {
            parts.push("no ACK".to_owned());
        }
        if let Some(server) = self.last_server() {
            parts.push(format!("last server {server}"));
        }
        parts.join(", ")
    }

    /// The same for programs.
    pub(crate) fn fields(&self, link: Option<LinkState>) -> Map<String, Value> {
        let group = |prefix: &str| -> Map<String, Value> {
            self.counters
                .iter()
                .filter_map(|c| Some((c.name.strip_prefix(prefix)?.to_owned(), c.value.into())))
                .collect()
        };
        let fields = json!({
            "carrier": link.map(|link| link.carrier),
            "frames": self.value("frames"),
            "sent": group("sent."),
            "received": group("received."),
            "discarded": group("discarded."),
            "last_server": self.last_server().map(|server| server.to_string()),
        });
        if let Value::Object(map) = fields {
            map
        } else {
            Map::new()
        }
    }
}

fn printable(name: &str) -> bool {
    name.len() <= LONGEST_REASON && name.chars().all(|c| c == ' ' || c.is_ascii_graphic())
}

fn link_trouble(link: LinkState) -> Option<&'static str> {
    match (link.up, link.carrier) {
        (false, _) => Some("the interface is down"),
        (true, false) => Some("no carrier: is the cable plugged in, the other end up?"),
        (true, true) => None,
    }
}

#[cfg(test)]
mod tests {
    use sdk_rpc::MacAddress;

    use super::*;

    fn progress(counters: &[(&str, u64)]) -> Progress {
        let mut progress = Progress::default();
        progress.replace(
            counters
                .iter()
                .map(|(name, value)| Counter {
                    name: (*name).to_owned(),
                    value: *value,
                })
                .collect(),
            "SELECTING",
        );
        progress
    }

    fn link(carrier: bool) -> Option<LinkState> {
        Some(LinkState {
            up: true,
            carrier,
            mac: MacAddress([2; 6]),
            mtu: 1500,
        })
    }

    #[test]
    fn the_line_says_what_was_sent_discarded_and_missing() {
        let progress = progress(&[
            ("frames", 2),
            ("sent.DISCOVER", 3),
            ("discarded.OFFER.wrong chaddr", 2),
            ("heard.192.0.2.1", 1),
        ]);
        assert_eq!(
            progress.line(link(true)),
            "3 DISCOVER sent, 2 OFFER discarded (wrong chaddr), no ACK, last server 192.0.2.1"
        );
    }

    #[test]
    fn without_carrier_the_line_begins_with_it() {
        assert!(progress(&[]).line(link(false)).starts_with("no carrier"));
    }

    #[test]
    fn a_calf_cannot_put_control_characters_or_novels_into_the_line() {
        let long = format!("discarded.{}", "x".repeat(200));
        let progress = progress(&[("discarded.\u{1b}[2J", 1), (&long, 1), ("sent.DISCOVER", 1)]);
        assert_eq!(
            progress.line(link(true)),
            "1 DISCOVER sent, no frame seen, no ACK"
        );
    }

    #[test]
    fn of_counters_of_one_name_the_first_is_kept() {
        let progress = progress(&[("frames", 2), ("sent.DISCOVER", 3), ("frames", 9)]);
        let kept = progress.counters().iter();
        let kept: Vec<_> = kept.map(|c| (c.name.as_str(), c.value)).collect();
        assert_eq!(kept, [("frames", 2), ("sent.DISCOVER", 3)]);
    }
}
