//! What a lease would be: an offer is shown, and nothing is accepted or configured.

use std::{
    io::{self, Write as _},
    rc::Rc,
};

use dhcp_actuator::{Interface, policy};
use dhcp_frontend::{
    Client, dhcpcd,
    script::{Part, Reason, Script},
};
use sdk_rpc::{Applied, ConfigureCause, Lease};

use crate::{
    clock,
    herald::{Herald, News},
    interface::{Shared, Stage},
};

/// Shows the first offer for an interface.
#[derive(Debug)]
pub(crate) struct Tester {
    shared: Rc<Shared>,
    herald: Rc<Herald>,
    interface: Interface,
}

impl Tester {
    pub(crate) fn new(shared: &Rc<Shared>, herald: &Rc<Herald>, interface: &Interface) -> Self {
        Self {
            shared: Rc::clone(shared),
            herald: Rc::clone(herald),
            interface: interface.clone(),
        }
    }

    /// Shows `lease`, which has to pass the policy that leases in force have to pass: what is shown is read by
    /// shells. By the operator's script, or on standard output as dhcpcd's own hook for this shows it.
    pub(crate) async fn show(&self, lease: Lease, cause: ConfigureCause) -> Applied {
        let Self {
            shared,
            herald,
            interface,
        } = self;
        if cause != ConfigureCause::Offered || shared.stage() == Stage::Leased {
            return Applied::Refused("one offer is shown, and nothing accepted".to_owned());
        }
        let checked = policy::check(lease, interface.limits, clock::boottime_milliseconds());
        let lease = match checked {
            Ok((checked, _)) => checked.lease().clone(),
            Err(refusal) => return Applied::Refused(refusal.to_string()),
        };
        if shared.profile.script.is_some() {
            let news = News {
                new: Some(lease),
                ..News::plain(Reason::Test)
            };
            herald.perform(news).await;
        } else {
            let script = nobodys();
            let text = herald.variables(&lease, |occasion| dhcpcd::dump::test(&script, occasion));
            // Where nobody reads, nobody is told.
            drop(io::stdout().write_all(text.as_bytes()));
        }
        shared.offered();
        Applied::Done
    }
}

/// A script that is never run, only asked what it would be told.
fn nobodys() -> Script {
    Script {
        path: "/nonexistent".into(),
        dialect: Client::Dhcpcd,
        part: Part::Hook,
        environment: Vec::new(),
        patience: std::time::Duration::ZERO,
        skip_hooks: Vec::new(),
        names: Vec::new(),
    }
}
