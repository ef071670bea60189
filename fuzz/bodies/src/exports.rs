//! Any lease, told to scripts and lease files: no value is anything but a value to those who read them.

mod lease_entry;
mod shell_reader;

use std::{collections::BTreeSet, net::Ipv4Addr, time::Duration};

use dhcp_actuator::policy::{self, Limits};
use dhcp_frontend::{
    Client,
    dhclient::Vocabulary,
    dhcpcd, lease_file,
    script::{self, InterfaceFacts, Occasion, Part, Reason, Script},
};
use sdk_rpc::{Lease, MacAddress};

use crate::{
    any_lease::{self, NOW},
    source::Source,
};

/// Octets of one variable, and of all, with which a process can be started: MAX_ARG_STRLEN of execve(2), and what
/// is far below its quarter of the stack.
const LONGEST_VARIABLE: usize = 128 * 1024;
const MOST_OCTETS: usize = 512 * 1024;

const REASONS: [Reason; 16] = [
    Reason::Bound,
    Reason::Renew,
    Reason::Rebind,
    Reason::Reboot,
    Reason::Inform,
    Reason::LinkLocal,
    Reason::Static,
    Reason::Expire,
    Reason::Nak,
    Reason::Conflict,
    Reason::Release,
    Reason::Fail,
    Reason::Ipv6Only,
    Reason::Stop,
    Reason::Test,
    Reason::Dump,
];

/// The first octet is the occasion; then the lease, and where anything is left the lease before it.
pub fn exports(octets: &[u8]) {
    let mut source = Source::new(octets);
    let reason = source.pick(&REASONS);
    let new = any_lease::lease(&mut source);
    let old = (!source.is_empty()).then(|| any_lease::lease(&mut source));
    // As a calf has it, which the front ends bear too; and as priv lets it through.
    told(reason, &new, old.as_ref(), false);
    if let Some(new) = passed(new) {
        told(reason, &new, old.and_then(passed).as_ref(), true);
    }
}

fn passed(lease: Lease) -> Option<Lease> {
    let limits = Limits { highest_mtu: 9000 };
    let (checked, _) = policy::check(lease, limits, NOW).ok()?;
    Some(checked.lease().clone())
}

fn told(reason: Reason, new: &Lease, old: Option<&Lease>, is_checked: bool) {
    let vocabulary = Vocabulary::default();
    let occasion = occasion(reason, new, old);
    for dialect in [
        Client::Native,
        Client::Dhcpcd,
        Client::Udhcpc,
        Client::Dhclient,
    ] {
        for call in script::calls(&script(dialect), &vocabulary, &occasion) {
            check_call(&call, is_checked);
        }
    }
    for line in dhcpcd::dump::lease(&occasion, &[]).lines() {
        if let Some(value) = value_of(line) {
            shell_reader::check(value);
        }
    }
    for line in dhcpcd::dump::test(&script(Client::Dhcpcd), &occasion).lines() {
        let quoted = value_of(line).and_then(|value| value.strip_prefix('\'')?.strip_suffix('\''));
        shell_reader::check(quoted.expect("a value in single quotes"));
    }
    if let Some(lease_file::Change::Entry { text, left_out: _ }) =
        lease_file::change(Client::Dhclient, &vocabulary, &occasion)
    {
        lease_entry::check(&text);
    }
    if let Some(lease_file::Change::Whole(message)) =
        lease_file::change(Client::Dhcpcd, &vocabulary, &occasion)
    {
        check_message(&message, new);
    }
}

fn check_call(call: &script::Call, is_checked: bool) {
    let mut names = BTreeSet::new();
    let mut octets = 0;
    for (name, value) in &call.environment {
        assert!(names.insert(name), "{name} twice");
        let is_of_name = |one: char| one.is_ascii_alphanumeric() || one == '_';
        assert!(!name.is_empty() && name.chars().all(is_of_name), "{name:?}");
        shell_reader::check(value);
        assert!(
            !is_checked || value.len() < LONGEST_VARIABLE,
            "{name} is too long"
        );
        octets += name.len() + value.len() + 2;
    }
    assert!(
        !is_checked || octets < MOST_OCTETS,
        "{octets} octets of environment"
    );
    call.arguments.iter().for_each(|it| shell_reader::check(it));
}

/// The value of `name=value`; none of the empty line between the parts.
fn value_of(line: &str) -> Option<&str> {
    let Some((name, value)) = line.split_once('=') else {
        assert!(line.is_empty(), "{line:?}");
        return None;
    };
    let is_name = !name.is_empty() && !name.contains(char::is_whitespace);
    assert!(is_name, "{line:?}");
    Some(value)
}

/// A DHCPACK that gives this address, whose options end.
fn check_message(message: &[u8], lease: &Lease) {
    assert!(message.len() >= 300);
    assert_eq!(message[16..20], lease.address.octets());
    let mut rest = &message[240..];
    while rest[0] != 255 {
        rest = match rest[0] {
            0 => &rest[1..],
            _ => &rest[2 + usize::from(rest[1])..],
        };
    }
    assert!(rest[1..].iter().all(|octet| *octet == 0));
}

fn script(dialect: Client) -> Script {
    Script {
        path: "/hook".into(),
        dialect,
        part: Part::Configures,
        environment: Vec::new(),
        patience: Duration::from_secs(60),
        skip_hooks: Vec::new(),
        names: Vec::new(),
    }
}

fn occasion<'a>(reason: Reason, new: &'a Lease, old: Option<&'a Lease>) -> Occasion<'a> {
    Occasion {
        reason,
        interface: InterfaceFacts {
            name: "eth0".into(),
            index: 2,
            mac: MacAddress([2, 0, 0, 0, 0, 0x10]),
            mtu: 1500,
            flags: 0x1003,
            up: true,
            carrier: true,
            metric: 1002,
        },
        new: Some(new),
        old,
        requested: Some(Ipv4Addr::new(10, 0, 0, 9)),
        requested_options: &[1, 3, 6, 15],
        wall_now: 1_795_559_859,
        now: NOW,
        pid: 4711,
        interface_order: vec!["eth0".into()],
    }
}
