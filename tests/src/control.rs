//! What an operator asks of the runs in a host: `dhcp-client ctl`.

use serde_json::Value;

use crate::{Client, namespace::Namespace, said::Said, users::User};

/// Where the control sockets of a host are.
pub const RUN_DIRECTORY: &str = "/run/dhcp-client";

impl Namespace {
    /// Asks as root.
    #[must_use]
    pub fn ctl(&self, words: &[&str]) -> Said {
        let mut command = self.command(Client::program());
        command.arg("ctl").args(words);
        Said::by(command)
    }

    /// Asks as another user.
    #[must_use]
    pub fn ctl_as(&self, user: User, words: &[&str]) -> Said {
        let mut command = self.command_as(user, Client::program());
        command.arg("ctl").args(words);
        Said::by(command)
    }

    /// All interfaces of all runs, as programs are told of them.
    ///
    /// # Panics
    /// If no run answers.
    #[must_use]
    pub fn served(&self) -> Vec<Value> {
        let text = self.ctl(&["status", "--json"]).success().concat();
        let status: Value = serde_json::from_str(&text).expect("the answer is JSON");
        let runs = status["runs"].as_array().expect("a list of runs");
        let interfaces = |run: &Value| run["interfaces"].as_array().cloned().unwrap_or_default();
        runs.iter().flat_map(interfaces).collect()
    }

    /// The names of all interfaces that are served.
    ///
    /// # Panics
    /// If no run answers.
    #[must_use]
    pub fn served_names(&self) -> Vec<String> {
        let name = |interface: &Value| interface["interface"].as_str().map(str::to_owned);
        self.served().iter().filter_map(name).collect()
    }
}
