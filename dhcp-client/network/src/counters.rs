//! What happened at the interface, in numbers that only grow.

use std::collections::BTreeMap;

use sdk_rpc::Counter;

/// Counts since the packet socket was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Frames handed to a sink.
    pub frames_in: u64,
    /// Frames that the kernel took.
    pub frames_out: u64,
    /// Datagrams that the kernel took.
    pub datagrams_out: u64,
    /// Arriving frames discarded because they were longer than the receive buffer.
    pub truncated: u64,
    /// Arriving frames discarded because they had waited since before the sink was attached.
    pub stale: u64,
    /// Arriving frames that the kernel discarded because its queue was full.
    pub kernel_drops: u64,
    /// Errors while receiving (the link went down, for example).
    pub receive_errors: u64,
    /// Frames and datagrams that broke no rule and that the kernel did not take.
    pub send_errors: u64,
    /// Frames and datagrams that broke a rule, by the rule's name ([`crate::Refusal::name`]).
    pub refused: BTreeMap<&'static str, u64>,
}

impl Counters {
    /// Every count that is not 0, named for a log: `network.frames_in`, `network.refused.rate`.
    pub fn named(&self) -> Vec<Counter> {
        let Self {
            frames_in,
            frames_out,
            datagrams_out,
            truncated,
            stale,
            kernel_drops,
            receive_errors,
            send_errors,
            refused,
        } = self;
        let plain = [
            ("frames_in", frames_in),
            ("frames_out", frames_out),
            ("datagrams_out", datagrams_out),
            ("truncated", truncated),
            ("stale", stale),
            ("kernel_drops", kernel_drops),
            ("receive_errors", receive_errors),
            ("send_errors", send_errors),
        ]
        .map(|(name, value)| (format!("network.{name}"), *value));
        let refused = refused
            .iter()
            .map(|(name, value)| (format!("network.refused.{name}"), *value));
        plain
            .into_iter()
            .chain(refused)
            .filter(|(_, value)| *value != 0)
            .map(|(name, value)| Counter { name, value })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_counters_leave_out_zero() {
        let counters = Counters {
            frames_in: 3,
            refused: BTreeMap::from([("rate", 2)]),
            ..Counters::default()
        };
        let expected = [("network.frames_in", 3), ("network.refused.rate", 2)];
        let expected = expected.map(|(name, value)| Counter {
            name: name.to_owned(),
            value,
        });
        assert_eq!(counters.named(), expected);
    }
}
