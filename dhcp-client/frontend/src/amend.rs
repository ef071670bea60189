//! What the operator makes of a lease: values that take the place of a server's, or stand in for them,
//! before them or after them.
//!
//! Whoever acts on a lease (a script, the actuator) or writes it down is given what [`amended`] makes of
//! it, so that all of them see the same values. The machine that keeps the lease goes on with the
//! server's own: its times and its server are not the operator's to change.

use std::net::Ipv4Addr;

use sdk_rpc::{Lease, Parameter, Route, Value};

/// Codes of the options that a lease also has a field for (RFC 2132; 119: RFC 3397; 121: RFC 3442).
const SUBNET_MASK: u8 = 1;
const ROUTERS: u8 = 3;
const DOMAIN_NAME_SERVERS: u8 = 6;
const HOST_NAME: u8 = 12;
const DOMAIN_NAME: u8 = 15;
const INTERFACE_MTU: u8 = 26;
const BROADCAST_ADDRESS: u8 = 28;
const NTP_SERVERS: u8 = 42;
const DOMAIN_SEARCH: u8 = 119;
const STATIC_ROUTES: u8 = 33;
const CLASSLESS_ROUTES: u8 = 121;
const MICROSOFT_ROUTES: u8 = 249;

/// All options that say where packets go.
const ROUTING: [u8; 4] = [ROUTERS, STATIC_ROUTES, CLASSLESS_ROUTES, MICROSOFT_ROUTES];

/// One value of the operator's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amendment {
    /// The option's code.
    pub code: u8,
    /// How it meets the server's.
    pub how: How,
    /// The value.
    pub value: Value,
}

/// How an operator's value meets the server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It is used instead.
    Supersede,
    /// It is used instead; and where it says where packets go, then in place of all that the server says of
    /// that, by whatever option.
    Override,
    /// It is used where the server gave none.
    Default,
    /// It comes first.
    Prepend,
    /// It comes last.
    Append,
}

/// The lease with the operator's values, taken in their order.
#[must_use]
pub fn amended(lease: &Lease, amendments: &[Amendment]) -> Lease {
    let mut lease = lease.clone();
    let reroutes = |it: &Amendment| it.how == How::Override && ROUTING.contains(&it.code);
    if amendments.iter().any(reroutes) {
        lease.routers.clear();
        lease.routes.clear();
        lease.parameters.retain(|it| !ROUTING.contains(&it.code));
    }
    for amendment in amendments {
        let Amendment { code, how, value } = amendment;
        let old = position(&lease, *code).and_then(|at| lease.parameters.get(at));
        if let Some(value) = met(*how, old.map(|parameter| &parameter.value), value) {
            put(&mut lease, *code, value);
            settle(&mut lease, *code);
        }
    }
    lease
}

/// What is in force of both values; `None` if it is what was.
fn met(how: How, old: Option<&Value>, new: &Value) -> Option<Value> {
    match (how, old) {
        (How::Supersede | How::Override, _) | (_, None) => Some(new.clone()),
        (How::Default, Some(_)) => None,
        (How::Prepend, Some(old)) => joined(new, old),
        (How::Append, Some(old)) => joined(old, new),
    }
}

/// One value after the other; `None` if they are of different kinds.
fn joined(first: &Value, second: &Value) -> Option<Value> {
    match (first, second) {
        (Value::Octets(first), Value::Octets(second)) => {
            Some(Value::Octets([first.as_slice(), second].concat()))
        }
        (Value::Addresses(first), Value::Addresses(second)) => {
            Some(Value::Addresses([first.as_slice(), second].concat()))
        }
        (Value::Numbers(first), Value::Numbers(second)) => {
            Some(Value::Numbers([first.as_slice(), second].concat()))
        }
        (Value::Text(first), Value::Text(second)) => Some(Value::Text(format!("{first}{second}"))),
        (Value::Names(first), Value::Names(second)) => {
            Some(Value::Names([first.as_slice(), second].concat()))
        }
        (Value::Routes(first), Value::Routes(second)) => {
            Some(Value::Routes([first.as_slice(), second].concat()))
        }
        (
            Value::Octets(_)
            | Value::Addresses(_)
            | Value::Numbers(_)
            | Value::Text(_)
            | Value::Names(_)
            | Value::Routes(_),
            _,
        ) => None,
    }
}

fn position(lease: &Lease, code: u8) -> Option<usize> {
    lease.parameters.iter().position(|it| it.code == code)
}

/// Puts a value where its code belongs.
fn put(lease: &mut Lease, code: u8, value: Value) {
    let after = |it: &Parameter| it.code > code;
    match lease.parameters.iter_mut().find(|it| it.code == code) {
        Some(parameter) => parameter.value = value,
        None => {
            let at = lease.parameters.iter().position(after);
            let at = at.unwrap_or(lease.parameters.len());
            lease.parameters.insert(at, Parameter { code, value });
        }
    }
}

/// Brings the lease's own field in line with the option that changed.
fn settle(lease: &mut Lease, code: u8) {
    let value = position(lease, code).and_then(|at| lease.parameters.get(at));
    let Some(value) = value.map(|parameter| parameter.value.clone()) else {
        return;
    };
    match (code, value) {
        (SUBNET_MASK, Value::Addresses(masks)) => {
            if let Some(length) = masks.first().and_then(|mask| prefix_length(*mask)) {
                lease.prefix_length = length;
            }
        }
        (ROUTERS, Value::Addresses(routers)) => {
            // RFC 3442, "DHCP Client Behavior": "If the DHCP server returns both a Classless Static Routes
            // option and a Router option, the DHCP client MUST ignore the Router option."
            if !has_classless_routes(lease) {
                lease.routers = routers;
            }
        }
        (DOMAIN_NAME_SERVERS, Value::Addresses(servers)) => lease.dns = servers,
        (HOST_NAME, Value::Text(name)) => lease.host_name = Some(name),
        (DOMAIN_NAME, Value::Text(names)) => domain(lease, &names),
        (INTERFACE_MTU, Value::Numbers(numbers)) => {
            lease.mtu = numbers.first().and_then(|mtu| u16::try_from(*mtu).ok());
        }
        (BROADCAST_ADDRESS, Value::Addresses(addresses)) => {
            lease.broadcast = addresses.first().copied();
        }
        (NTP_SERVERS, Value::Addresses(servers)) => lease.ntp = servers,
        (DOMAIN_SEARCH, Value::Names(names)) => lease.search = names,
        (STATIC_ROUTES, Value::Routes(routes)) => {
            // RFC 3442 wants the same of the Static Routes option.
            if !has_classless_routes(lease) {
                lease.routes = routes;
            }
        }
        (CLASSLESS_ROUTES, Value::Routes(routes)) => classless(lease, routes),
        (MICROSOFT_ROUTES, Value::Routes(routes)) => {
            if position(lease, CLASSLESS_ROUTES).is_none() {
                classless(lease, routes);
            }
        }
        // Other options have no field, and another kind of value is not one of these options.
        (
            _,
            Value::Octets(_)
            | Value::Addresses(_)
            | Value::Numbers(_)
            | Value::Text(_)
            | Value::Names(_)
            | Value::Routes(_),
        ) => {}
    }
}

/// A domain; operators also write several, to be searched, as they did before there was option 119.
fn domain(lease: &mut Lease, names: &str) {
    let mut words = names.split_whitespace();
    lease.domain = words.next().map(str::to_owned);
    if words.next().is_some() && lease.search.is_empty() {
        lease.search = names.split_whitespace().map(str::to_owned).collect();
    }
}

fn has_classless_routes(lease: &Lease) -> bool {
    position(lease, CLASSLESS_ROUTES).is_some() || position(lease, MICROSOFT_ROUTES).is_some()
}

fn classless(lease: &mut Lease, routes: Vec<Route>) {
    lease.routes = routes;
    lease.routers.clear();
}

/// A mask as a prefix length; one with holes is none.
fn prefix_length(mask: Ipv4Addr) -> Option<u8> {
    let mask = mask.to_bits();
    if mask.leading_ones() != mask.count_ones() {
        return None;
    }
    u8::try_from(mask.leading_ones()).ok()
}

#[cfg(test)]
mod tests;
