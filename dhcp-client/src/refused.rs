//! Why something is not served.

use dhcp_frontend::setup::LogLevel;

use crate::{events::Events, supervisor::NoCalf};

/// Exit status when no sandbox is possible.
const NO_SANDBOX: u8 = 3;

/// Why something is not served, with the exit status that says so.
#[derive(Debug)]
pub(crate) struct Refused {
    /// `None`: it is not about one interface.
    pub(crate) interface: Option<String>,
    pub(crate) why: String,
    pub(crate) status: u8,
}

impl Refused {
    pub(crate) fn program(why: String) -> Self {
        Self {
            interface: None,
            why,
            status: 1,
        }
    }

    pub(crate) fn interface(name: &str, why: impl ToString) -> Self {
        Self {
            interface: Some(name.to_owned()),
            why: why.to_string(),
            status: 1,
        }
    }

    pub(crate) fn no_calf(name: &str, error: &NoCalf) -> Self {
        let status = match error {
            NoCalf::Sandbox(_) => NO_SANDBOX,
            NoCalf::Io(..) => 1,
        };
        Self {
            status,
            ..Self::interface(name, error)
        }
    }

    /// Tells the operator.
    pub(crate) fn tell(&self, events: &Events) {
        match &self.interface {
            Some(interface) => events.failed(interface, &self.why, serde_json::Map::new()),
            None => events.about_run(LogLevel::Error, &format!("dhcp-client: {}", self.why)),
        }
    }
}
