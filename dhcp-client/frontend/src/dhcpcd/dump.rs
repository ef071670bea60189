//! Leases as dhcpcd prints them: `--dumplease` and `--test`.

use std::fmt::Write as _;

use sdk_rpc::{Lease, Origin};

use super::{environment, variables};
use crate::{
    script::{Occasion, Script},
    shell,
};

/// What `dhcpcd --dumplease` prints of one interface: how the link is, then the lease, a variable a line.
///
/// `names` are those of options that the operator defined. As with scripts, what could do harm in a shell is
/// left out: such output is read by scripts too.
#[must_use]
pub fn lease(occasion: &Occasion, names: &[(u8, String)]) -> String {
    let facts = &occasion.interface;
    let reason = if facts.carrier {
        "CARRIER"
    } else {
        "NOCARRIER"
    };
    let mut text = lines([
        ("reason", reason.to_owned()),
        ("interface", facts.name.clone()),
        ("protocol", "link".to_owned()),
        ("if_configured", "true".to_owned()),
        (
            "ifcarrier",
            if facts.carrier { "up" } else { "down" }.to_owned(),
        ),
        ("ifmetric", facts.metric.to_string()),
        ("ifwireless", "0".to_owned()),
        ("ifflags", facts.flags.to_string()),
        ("ifmtu", facts.mtu.to_string()),
    ]);
    if let Some(lease) = occasion.new {
        text.push('\n');
        let (reason, protocol) = cause(lease);
        text.push_str(&lines([
            ("reason", reason.to_owned()),
            ("interface", facts.name.clone()),
            ("protocol", protocol.to_owned()),
        ]));
        text.push_str(&lines(variables::of_lease(lease, names, &facts.name)));
    }
    text
}

/// How a lease came to be, as far as it shows.
const fn cause(lease: &Lease) -> (&'static str, &'static str) {
    match lease.origin {
        Origin::Server => ("BOUND", "dhcp"),
        Origin::LinkLocal => ("IPV4LL", "ipv4ll"),
        Origin::Inform => ("INFORM", "dhcp"),
        Origin::Operator => ("STATIC", "dhcp"),
    }
}

fn lines<N: AsRef<str>>(variables: impl IntoIterator<Item = (N, String)>) -> String {
    let mut text = String::new();
    for (name, value) in variables {
        if shell::is_safe(&value) {
            let _ = writeln!(text, "{}={value}", name.as_ref());
        }
    }
    text
}

/// Variables that the hook of `--test` prints first, and those of the interface that follow.
const FIRST: [&str; 6] = [
    "interface",
    "pid",
    "profile",
    "protocol",
    "reason",
    "skip_hooks",
];
const OF_INTERFACES: [&str; 6] = [
    "ifcarrier",
    "ifflags",
    "ifmetric",
    "ifmtu",
    "ifssid",
    "ifwireless",
];

/// What `dhcpcd --test` prints by its stock hook: the variables of a script as a shell would list them.
#[must_use]
pub fn test(script: &Script, occasion: &Occasion) -> String {
    let Some(call) = environment::call(script, occasion) else {
        return String::new();
    };
    let mut variables = call.environment;
    variables.sort();
    let mut text = String::new();
    let mut add = |belongs: &dyn Fn(&str) -> bool| {
        for (name, value) in &variables {
            if belongs(name) {
                // What a quote would end has been left out already, but for the operator's own words.
                let value = value.replace('\'', r#"'"'"'"#);
                let _ = writeln!(text, "{name}='{value}'");
            }
        }
    };
    add(&|name| FIRST.contains(&name));
    add(&|name| OF_INTERFACES.contains(&name));
    add(&|name| name.starts_with("old_"));
    add(&|name| name.starts_with("new_"));
    text
}
