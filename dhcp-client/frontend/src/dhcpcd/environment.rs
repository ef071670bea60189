//! The environment of dhcpcd's hooks (dhcpcd-run-hooks(8)).
//!
//! There are two deliberate gaps. What could do harm in a shell is left out, and so is option 90, which
//! carries the key of FORCERENEW.

use sdk_rpc::{Lease, Origin};

use super::variables;
use crate::{
    script::{Call, Occasion, Part, Reason, Script},
    shell,
};

/// The link, a lease, or a link-local address: what an occasion is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Link,
    Dhcp,
    LinkLocal,
}

impl Protocol {
    const fn name(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Dhcp => "dhcp",
            Self::LinkLocal => "ipv4ll",
        }
    }
}

/// Whether an occasion leaves the interface configured (`if_up`) or takes that away (`if_down`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Up,
    Down,
    Neither,
}

/// What hooks are told of a reason: its name there, what it is about, and how the interface is then.
/// `None` where dhcpcd runs none.
fn told(occasion: &Occasion) -> Option<(&'static str, Protocol, Turn)> {
    let by_lease = if occasion.new.is_some() {
        Turn::Up
    } else {
        Turn::Down
    };
    let lost = |name| occasion.old.map(|_| (name, Protocol::Dhcp, Turn::Down));
    Some(match occasion.reason {
        Reason::Preinit => ("PREINIT", Protocol::Link, Turn::Neither),
        Reason::Carrier => ("CARRIER", Protocol::Link, Turn::Neither),
        Reason::NoCarrier => ("NOCARRIER", Protocol::Link, Turn::Down),
        Reason::Bound => ("BOUND", Protocol::Dhcp, by_lease),
        Reason::Renew => ("RENEW", Protocol::Dhcp, by_lease),
        Reason::Rebind => ("REBIND", Protocol::Dhcp, by_lease),
        Reason::Reboot => ("REBOOT", Protocol::Dhcp, by_lease),
        Reason::Inform => ("INFORM", Protocol::Dhcp, by_lease),
        Reason::LinkLocal => ("IPV4LL", Protocol::LinkLocal, by_lease),
        Reason::Static => ("STATIC", Protocol::Dhcp, by_lease),
        Reason::Expire => ("EXPIRE", Protocol::Dhcp, Turn::Down),
        Reason::Nak => ("NAK", Protocol::Dhcp, Turn::Down),
        // An address that was only offered or probed for has never been told of.
        Reason::Conflict | Reason::Ipv6Only => return lost("EXPIRE"),
        Reason::Release => ("RELEASE", Protocol::Dhcp, Turn::Down),
        Reason::Stop => ("STOP", Protocol::Dhcp, Turn::Down),
        Reason::Stopped => ("STOPPED", Protocol::Link, Turn::Neither),
        Reason::Departed => ("DEPARTED", Protocol::Link, Turn::Down),
        Reason::Test => ("TEST", Protocol::Dhcp, Turn::Neither),
        // dhcpcd keeps on asking, and its command line prints a lease without a script.
        Reason::Fail | Reason::Dump => return None,
    })
}

/// The runs of a script of this dialect that tell it of an occasion, one after the other.
///
/// Before its first message dhcpcd tells of the carrier, too, as it finds it.
#[must_use]
pub fn calls(script: &Script, occasion: &Occasion) -> Vec<Call> {
    let mut calls = Vec::from_iter(call(script, occasion));
    if occasion.reason == Reason::Preinit {
        let reason = if occasion.interface.carrier {
            Reason::Carrier
        } else {
            Reason::NoCarrier
        };
        let found = Occasion {
            reason,
            ..occasion.clone()
        };
        calls.extend(call(script, &found));
    }
    calls
}

/// What a script of this dialect is run with; `None` where dhcpcd runs none.
#[must_use]
pub fn call(script: &Script, occasion: &Occasion) -> Option<Call> {
    let (reason, protocol, turn) = told(occasion)?;
    let mut call = Call::default();
    call.computed("pid", occasion.pid.to_string());
    call.computed("reason", reason.to_owned());
    interface(&mut call, script, occasion, protocol);
    call.computed("if_up", (turn == Turn::Up).to_string());
    call.computed("if_down", (turn == Turn::Down).to_string());
    if protocol != Protocol::Link {
        if let Some(old) = occasion.old.filter(|old| is_of(old, protocol)) {
            lease(&mut call, script, "old", old, occasion);
        }
        if turn != Turn::Down
            && let Some(new) = occasion.new
        {
            lease(&mut call, script, "new", new, occasion);
        }
    }
    if !script.skip_hooks.is_empty() {
        call.computed("skip_hooks", script.skip_hooks.join(" "));
    }
    for (name, value) in &script.environment {
        call.operators(name, value);
    }
    Some(call)
}

/// A link-local address is not told of as a lease, nor a lease as one.
fn is_of(lease: &Lease, protocol: Protocol) -> bool {
    match protocol {
        Protocol::Link => false,
        Protocol::Dhcp => lease.origin != Origin::LinkLocal,
        Protocol::LinkLocal => lease.origin == Origin::LinkLocal,
    }
}

fn interface(call: &mut Call, script: &Script, occasion: &Occasion, protocol: Protocol) {
    let facts = &occasion.interface;
    call.computed("interface", facts.name.clone());
    // Later hooks name their files by this one, which differs where a name has characters that no file
    // name should have; such interfaces are not served here.
    call.computed("ifxname", facts.name.clone());
    call.computed("protocol", protocol.name().to_owned());
    let configured = match script.part {
        Part::Hook => true,
        Part::Configures => false,
    };
    call.computed("if_configured", configured.to_string());
    let carrier = if facts.carrier { "up" } else { "down" };
    call.computed("ifcarrier", carrier.to_owned());
    call.computed("ifmetric", facts.metric.to_string());
    // Wireless networks are not told apart.
    call.computed("ifwireless", "0".to_owned());
    call.computed("ifflags", facts.flags.to_string());
    call.computed("ifmtu", facts.mtu.to_string());
    call.computed("interface_order", occasion.interface_order.join(" "));
}

fn lease(call: &mut Call, script: &Script, prefix: &str, lease: &Lease, occasion: &Occasion) {
    for (name, value) in variables::of_lease(lease, &script.names, &occasion.interface.name) {
        call.computed(&format!("{prefix}_{name}"), value);
    }
}

impl Call {
    /// Adds a variable whose value comes from elsewhere than the operator.
    fn computed(&mut self, name: &str, value: String) {
        if shell::is_safe(&value) {
            self.set(name, value);
        } else {
            self.left_out.push(name.to_owned());
        }
    }

    /// Adds a variable of the operator's, who may write what he likes; but no environment takes a NUL.
    fn operators(&mut self, name: &str, value: &str) {
        if name.is_empty() || name.contains(['\0', '=']) || value.contains('\0') {
            self.left_out.push(name.to_owned());
        } else {
            self.set(name, value.to_owned());
        }
    }

    fn set(&mut self, name: &str, value: String) {
        match self.environment.iter_mut().find(|(other, _)| other == name) {
            Some((_, old)) => *old = value,
            None => self.environment.push((name.to_owned(), value)),
        }
    }
}
