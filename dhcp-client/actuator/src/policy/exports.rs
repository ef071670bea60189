//! What a lease carries for others: scripts, lease files, a boot loader. Nothing of it is put in force here,
//! but all of it is written down and handed on by the privileged side, so its form and size are checked.

use std::net::Ipv4Addr;

use sdk_rpc::{Lease, Parameter, Value};

use super::{Dropped, MOST_PARAMETER_OCTETS, ParameterFault, is_unicast};

/// Octets of the longest server name or boot file: what one option holds (RFC 2132 section 2); the fields
/// of a message hold less.
const LONGEST_TEXT: usize = 255;
/// Pad and end (RFC 2132 sections 3.1 and 3.2): no options, whatever came with them.
const NO_OPTIONS: [u8; 2] = [0, 255];

/// Drops what cannot be handed on.
pub(super) fn check(lease: &mut Lease, dropped: &mut Vec<Dropped>) {
    host_or_none(&mut lease.server, Dropped::Server, dropped);
    host_or_none(&mut lease.next_server, Dropped::NextServer, dropped);
    text(&mut lease.server_name, Dropped::ServerName, dropped);
    text(&mut lease.boot_file, Dropped::BootFile, dropped);

    let mut kept: Vec<Parameter> = Vec::new();
    let mut octets = 0_usize;
    for parameter in core::mem::take(&mut lease.parameters) {
        let Parameter { code, value } = &parameter;
        let total = octets.saturating_add(size(value));
        let fault = if NO_OPTIONS.contains(code) {
            Some(ParameterFault::NoOption)
        } else if kept.iter().any(|other| other.code == *code) {
            Some(ParameterFault::Duplicate)
        } else if has_control_character(value) {
            Some(ParameterFault::ControlCharacter)
        } else if total > MOST_PARAMETER_OCTETS {
            Some(ParameterFault::NoRoom)
        } else {
            None
        };
        if let Some(fault) = fault {
            dropped.push(Dropped::Parameter(*code, fault));
        } else {
            octets = total;
            kept.push(parameter);
        }
    }
    lease.parameters = kept;
}

fn host_or_none(
    address: &mut Ipv4Addr,
    reason: fn(Ipv4Addr) -> Dropped,
    dropped: &mut Vec<Dropped>,
) {
    if !address.is_unspecified() && !is_unicast(*address) {
        dropped.push(reason(*address));
        *address = Ipv4Addr::UNSPECIFIED;
    }
}

fn text(text: &mut Option<String>, reason: fn(String) -> Dropped, dropped: &mut Vec<Dropped>) {
    let unfit = |text: &mut String| text.len() > LONGEST_TEXT || text.chars().any(char::is_control);
    if let Some(unfit) = text.take_if(unfit) {
        dropped.push(reason(unfit));
    }
}

fn has_control_character(value: &Value) -> bool {
    let in_text = |text: &String| text.chars().any(char::is_control);
    match value {
        Value::Text(text) => in_text(text),
        Value::Names(names) => names.iter().any(in_text),
        Value::Octets(_) | Value::Addresses(_) | Value::Numbers(_) | Value::Routes(_) => false,
    }
}

/// Octets that a value is held in, near enough, and never 0: a list of nothing costs, too.
fn size(value: &Value) -> usize {
    let each = |count: usize, octets: usize| count.saturating_mul(octets).saturating_add(1);
    match value {
        Value::Octets(octets) => each(octets.len(), 1),
        Value::Addresses(addresses) => each(addresses.len(), 4),
        Value::Numbers(numbers) => each(numbers.len(), 8),
        Value::Text(text) => each(text.len(), 1),
        Value::Names(names) => names
            .iter()
            .fold(1, |total, name| total.saturating_add(each(name.len(), 1))),
        Value::Routes(routes) => each(routes.len(), 9),
    }
}
