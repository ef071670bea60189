//! What a running client says of itself over its control socket, by `dhcp-client ctl`.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::{Client, Testbed, testbed::CLIENT_LINK};

/// What is said of the testbed's link.
#[derive(Clone, Debug)]
pub struct Status(Value);

impl Status {
    /// Asks for it; `None` while no client runs, or serves the link.
    ///
    /// # Panics
    /// If the answer is none.
    #[must_use]
    pub fn ask(bed: &Testbed) -> Option<Self> {
        let said = ctl(bed, &["status", "--json"])?;
        let interfaces = said["runs"][0]["interfaces"].as_array()?;
        let own = interfaces
            .iter()
            .find(|status| status["interface"] == CLIENT_LINK);
        own.cloned().map(Self)
    }

    /// Asks until the answer is one that `wanted` accepts: a calf tells its counters a moment after they
    /// changed.
    ///
    /// # Panics
    /// After `timeout`, with the last answer.
    #[must_use]
    pub fn wait_for(bed: &Testbed, timeout: Duration, wanted: impl Fn(&Self) -> bool) -> Self {
        let deadline = Instant::now() + timeout;
        loop {
            let status = Self::ask(bed);
            match status {
                Some(status) if wanted(&status) => return status,
                status => assert!(Instant::now() < deadline, "in the end: {status:#?}"),
            }
        }
    }

    /// A counter by its dotted name; 0 if it was never counted.
    #[must_use]
    pub fn counter(&self, name: &str) -> u64 {
        self.0["counters"][name].as_u64().unwrap_or(0)
    }

    /// The state of the protocol.
    #[must_use]
    pub fn state(&self) -> &str {
        self.0["state"].as_str().unwrap_or_default()
    }

    /// The lease in force, or null.
    #[must_use]
    pub fn lease(&self) -> &Value {
        &self.0["lease"]
    }
}

/// The lease in force on the testbed's link as `ctl dump --json` tells it, or null.
///
/// # Panics
/// If no client runs.
#[must_use]
pub fn dump(bed: &Testbed) -> Value {
    let mut said = ctl(bed, &["dump", "--json"]).expect("a client runs");
    said[CLIENT_LINK].take()
}

/// The answer to `dhcp-client ctl`; `None` if nothing runs that could answer.
fn ctl(bed: &Testbed, words: &[&str]) -> Option<Value> {
    let mut command = bed.client.command(Client::program());
    let output = command.arg("ctl").args(words).output();
    let output = output.expect("the binary can be started");
    if !output.status.success() {
        return None;
    }
    Some(serde_json::from_slice(&output.stdout).expect("--json writes JSON"))
}
