//! What udhcpc's scripts are told: a verb as the only argument, and the lease as variables.

use std::{fmt::Write as _, net::Ipv4Addr};

use sdk_rpc::{Lease, Parameter, Route, Value};

use super::options::{self, Form};
use crate::{
    script::{Call, Occasion, Reason, Script},
    variables::Variables,
};

/// The option that proves who a server is (RFC 3118, RFC 6704): the secret in it is nobody's business.
const AUTHENTICATION: u8 = 90;

/// Says nothing of the lease.
const DECONFIG: &str = "deconfig";
/// Says that there is a lease.
const BOUND: &str = "bound";
/// Says that the lease goes on.
const RENEW: &str = "renew";
/// Says that a server refused.
const NAK: &str = "nak";
/// Says that no server answered.
const LEASEFAIL: &str = "leasefail";

/// The verbs of an occasion, in their order.
///
/// | occasion                        | without a lease in force | with one                |
/// |---------------------------------|--------------------------|-------------------------|
/// | the interface is to be served   | `deconfig`               | `deconfig`              |
/// | a lease                         | `bound`                  | `deconfig` if the address goes, `bound` |
/// | a remembered lease is confirmed | `bound`                  | `renew`                 |
/// | the lease is extended           | `renew`                  | `renew`                 |
/// | DHCPNAK                         | `nak`                    | `nak`, `deconfig`       |
/// | its time is over                | `deconfig`               | `deconfig`              |
/// | it is given back                | `deconfig`               | `deconfig`              |
/// | another host has the address    |                          | `deconfig`              |
/// | the run stops serving           |                          | `deconfig`              |
/// | no server answers               | `leasefail`              | `leasefail`             |
/// | IPv6 only                       | `leasefail`              | `deconfig`              |
///
/// udhcpc tells of nothing else: not of the carrier, and not of an interface that is gone.
fn verbs(occasion: &Occasion<'_>) -> &'static [&'static str] {
    let held = occasion.old.is_some();
    match occasion.reason {
        Reason::Preinit | Reason::Expire | Reason::Release => &[DECONFIG],
        Reason::Bound | Reason::Static if moved(occasion) => &[DECONFIG, BOUND],
        Reason::Bound | Reason::Static => &[BOUND],
        Reason::Reboot if held => &[RENEW],
        Reason::Reboot => &[BOUND],
        Reason::Renew | Reason::Rebind => &[RENEW],
        Reason::Nak if held => &[NAK, DECONFIG],
        Reason::Nak => &[NAK],
        Reason::Conflict | Reason::Stop | Reason::Ipv6Only if held => &[DECONFIG],
        Reason::Fail | Reason::Ipv6Only => &[LEASEFAIL],
        Reason::Carrier
        | Reason::NoCarrier
        | Reason::Inform
        | Reason::LinkLocal
        | Reason::Conflict
        | Reason::Stop
        | Reason::Stopped
        | Reason::Departed
        | Reason::Test
        | Reason::Dump => &[],
    }
}

/// Whether the lease's address takes the place of another.
fn moved(occasion: &Occasion<'_>) -> bool {
    match (occasion.old, occasion.new) {
        (Some(old), Some(new)) => old.address != new.address,
        (None, _) | (_, None) => false,
    }
}

/// The runs of the script that tell it of an occasion, one after the other.
#[must_use]
pub fn calls(script: &Script, occasion: &Occasion<'_>) -> Vec<Call> {
    verbs(occasion)
        .iter()
        .map(|verb| call(script, occasion, verb))
        .collect()
}

fn call(script: &Script, occasion: &Occasion<'_>, verb: &str) -> Call {
    let mut variables = Variables::default();
    variables.put("interface", Some(occasion.interface.name.clone()));
    if let (BOUND | RENEW, Some(told)) = (verb, occasion.new) {
        lease(&mut variables, told);
    }
    variables.into_call(vec![verb.to_owned()], &script.environment)
}

fn lease(variables: &mut Variables, lease: &Lease) {
    variables.put("ip", Some(lease.address.to_string()));
    // Checked, unlike the option, and there also where a server gave none.
    variables.put("subnet", Some(mask(lease.prefix_length).to_string()));
    variables.put("mask", Some(lease.prefix_length.to_string()));
    if !lease.next_server.is_unspecified() {
        variables.put("siaddr", Some(lease.next_server.to_string()));
    }
    if let Some(file) = &lease.boot_file {
        variables.put("boot_file", Some(file.clone()));
    }
    if let Some(name) = &lease.server_name {
        variables.put("sname", Some(name.clone()));
    }
    for Parameter { code, value } in &lease.parameters {
        parameter(variables, *code, value);
    }
}

fn parameter(variables: &mut Variables, code: u8, value: &Value) {
    let is_empty = matches!(value, Value::Octets(octets) if octets.is_empty());
    if code == AUTHENTICATION || is_empty {
        return;
    }
    match options::by_code(code) {
        Some(known) if known.name == "subnet" => {}
        Some(known) => variables.put(known.name, written(known.form, value)),
        None => variables.put(format!("opt{code}"), hexadecimal(value)),
    }
}

/// The value as its form writes it; `None` where it is of another kind than the form.
fn written(form: Form, value: &Value) -> Option<String> {
    match (form, value) {
        (Form::Addresses, Value::Addresses(list)) => Some(spaced(list)),
        (Form::Pairs, Value::Addresses(list)) => {
            let (pairs, _) = list.as_chunks::<2>();
            let pairs = pairs
                .iter()
                .map(|[first, second]| format!("{first}/{second}"));
            Some(spaced(pairs))
        }
        (Form::Host, Value::Text(name)) => is_name(name).then(|| name.clone()),
        (Form::Text | Form::Message, Value::Text(text)) => Some(text.clone()),
        (Form::Names, Value::Names(names)) => Some(spaced(names)),
        (
            Form::Number8 | Form::Number16 | Form::Number32 | Form::Signed32,
            Value::Numbers(numbers),
        ) => Some(spaced(numbers)),
        (Form::Routes, Value::Routes(routes)) => Some(spaced(routes.iter().map(classless))),
        (Form::SipServers, Value::Octets(octets)) => sip_servers(octets),
        (Form::SixRd, Value::Octets(octets)) => six_rd(octets),
        (
            Form::Addresses
            | Form::Pairs
            | Form::Host
            | Form::Text
            | Form::Message
            | Form::Names
            | Form::Number8
            | Form::Number16
            | Form::Number32
            | Form::Signed32
            | Form::Routes
            | Form::SipServers
            | Form::SixRd,
            _,
        ) => None,
    }
}

/// An option without a name; what is not octets was read for somebody else.
fn hexadecimal(value: &Value) -> Option<String> {
    let octets = match value {
        Value::Octets(octets) => octets.clone(),
        Value::Text(text) => text.clone().into_bytes(),
        Value::Addresses(list) => list.iter().flat_map(Ipv4Addr::octets).collect(),
        Value::Numbers(_) | Value::Names(_) | Value::Routes(_) => return None,
    };
    let mut digits = String::new();
    for octet in octets {
        write!(digits, "{octet:02x}").ok()?;
    }
    Some(digits)
}

fn spaced(words: impl IntoIterator<Item = impl ToString>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| word.to_string()).collect();
    words.join(" ")
}

fn classless(route: &Route) -> String {
    let Route {
        destination,
        prefix_length,
        gateway,
    } = route;
    format!("{destination}/{prefix_length} {gateway}")
}

/// What can be a name of a host, and no option of a command.
fn is_name(name: &str) -> bool {
    !name.starts_with('-')
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

fn mask(prefix_length: u8) -> Ipv4Addr {
    let bits = u32::MAX.checked_shl(32_u32.saturating_sub(prefix_length.into()));
    Ipv4Addr::from_bits(bits.unwrap_or(0))
}

/// Servers given by address; by name they would be a message to parse, which is not for this side.
///
/// RFC 3361 section 3: "If the encoding byte has the value 1, it is followed by one or more IPv4
/// addresses (Section 3.2)."
fn sip_servers(octets: &[u8]) -> Option<String> {
    let [1, servers @ ..] = octets else {
        return None;
    };
    let (servers, rest) = servers.as_chunks::<4>();
    let complete = rest.is_empty() && !servers.is_empty();
    complete.then(|| spaced(servers.iter().map(|octets| Ipv4Addr::from(*octets))))
}

/// IPv4MaskLen, 6rdPrefixLen, 6rdPrefix and relays, side by side as in RFC 5969 section 7.1.1.
fn six_rd(octets: &[u8]) -> Option<String> {
    let ([mask_length, prefix_length], rest) = octets.split_first_chunk::<2>()?;
    let (prefix, relays) = rest.split_first_chunk::<16>()?;
    let (relays, rest) = relays.as_chunks::<4>();
    // RFC 5969 section 7.1.1: "For the purpose of bounds checking by DHCP option processing, the sum of
    // (32 - IPv4MaskLen) + 6rdPrefixLen MUST be less than or equal to 128."
    let host_bits = 32_u8.checked_sub(*mask_length)?;
    let fits = prefix_length
        .checked_add(host_bits)
        .is_some_and(|bits| bits <= 128);
    if !rest.is_empty() || relays.is_empty() || !fits {
        return None;
    }
    let (groups, _) = prefix.as_chunks::<2>();
    let groups = groups
        .iter()
        .map(|octets| format!("{:04x}", u16::from_be_bytes(*octets)));
    let groups: Vec<String> = groups.collect();
    let relays = spaced(relays.iter().map(|octets| Ipv4Addr::from(*octets)));
    let prefix = groups.join(":");
    Some(format!("{mask_length} {prefix_length} {prefix} {relays}"))
}
