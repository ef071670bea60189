//! A lease as dhcpcd's variables, without their `new_` or `old_`; and the list of all of them.

use std::{fmt::Write as _, net::Ipv4Addr};

use sdk_rpc::{Lease, Origin, Parameter, Route, Value};

use super::{
    definitions::{self, Asked, DEFINITIONS, Definition},
    format::{self, Element, Format, Variables},
    octets, text,
};
use crate::value;

/// The option that carries keys (RFC 3118, RFC 6704): nobody is told of it.
const AUTHENTICATION: u8 = 90;

/// The variables of a lease on an interface, each name once. `names` are the operator's, by code.
pub(super) fn of_lease(lease: &Lease, names: &[(u8, String)], interface: &str) -> Variables {
    let mut variables = address(lease);
    match lease.origin {
        Origin::LinkLocal => return variables,
        Origin::Server | Origin::Inform => {}
        Origin::Operator => operators(&mut variables, lease),
    }
    if let Some(file) = &lease.boot_file {
        variables.push(("filename".to_owned(), file.clone()));
    }
    if let Some(name) = &lease.server_name
        && value::is_host_name(name)
    {
        variables.push(("server_name".to_owned(), name.clone()));
    }
    let parameter = |code: u8| lease.parameters.iter().find(|known| known.code == code);
    for definition in DEFINITIONS {
        let renamed = names.iter().any(|(code, _)| *code == definition.code);
        if definition.code == AUTHENTICATION || renamed {
            continue;
        }
        if let Some(parameter) = parameter(definition.code) {
            known(&mut variables, definition, parameter, interface);
        }
    }
    for (code, name) in names {
        if *code == AUTHENTICATION {
            continue;
        }
        if let Some(parameter) = parameter(*code) {
            variables.push((name.clone(), plain(&parameter.value)));
        }
    }
    each_once(variables)
}

/// What follows from the address and its mask, whoever gave them.
fn address(lease: &Lease) -> Variables {
    let length = lease.prefix_length.min(32);
    let mask = Ipv4Addr::from(!u32::MAX.checked_shr(length.into()).unwrap_or_default());
    let network = lease.address & mask;
    let broadcast = lease.broadcast.unwrap_or(lease.address | !mask);
    [
        ("ip_address", lease.address.to_string()),
        ("subnet_mask", mask.to_string()),
        ("subnet_cidr", length.to_string()),
        ("broadcast_address", broadcast.to_string()),
        ("network_number", network.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// What the operator gave with an address has no options that could say it.
fn operators(variables: &mut Variables, lease: &Lease) {
    let addresses = |list: &[Ipv4Addr]| list.iter().map(Ipv4Addr::to_string).collect::<Vec<_>>();
    let mut add = |name: &str, values: Vec<String>| {
        if !values.is_empty() {
            variables.push((name.to_owned(), values.join(" ")));
        }
    };
    add(
        "classless_static_routes",
        lease.routes.iter().map(route).collect(),
    );
    add("routers", addresses(&lease.routers));
    add("domain_name_servers", addresses(&lease.dns));
    add("domain_name", lease.domain.iter().cloned().collect());
    add(
        "interface_mtu",
        lease.mtu.iter().map(u16::to_string).collect(),
    );
    add("ntp_servers", addresses(&lease.ntp));
    add("domain_search", lease.search.clone());
}

fn known(
    variables: &mut Variables,
    definition: &Definition,
    parameter: &Parameter,
    interface: &str,
) {
    if let Some(octets) = octets::of_value(parameter.code, &parameter.value) {
        let Definition { name, format, .. } = *definition;
        format::write(variables, name, format, &octets, interface);
    }
}

/// A value in the way of its own kind.
fn plain(value: &Value) -> String {
    match value {
        Value::Octets(octets) => format::hexadecimal(octets),
        Value::Addresses(addresses) => words(addresses),
        Value::Numbers(numbers) => words(numbers),
        Value::Text(text) => text.clone(),
        Value::Names(names) => names.join(" "),
        Value::Routes(routes) => words(&routes.iter().map(route).collect::<Vec<_>>()),
    }
}

fn words<T: ToString>(values: &[T]) -> String {
    let words: Vec<String> = values.iter().map(T::to_string).collect();
    words.join(" ")
}

fn route(route: &Route) -> String {
    let Route {
        destination,
        prefix_length,
        gateway,
    } = route;
    format!("{destination}/{prefix_length} {gateway}")
}

/// The last value of a name counts, as it does in the shell that gets them.
fn each_once(variables: Variables) -> Variables {
    let mut once = Variables::new();
    for (name, value) in variables {
        match once.iter_mut().find(|(other, _)| *other == name) {
            Some((_, old)) => *old = value,
            None => once.push((name, value)),
        }
    }
    once
}

/// Variables that say how an interface is, in the order in which dhcpcd lists them.
const OF_INTERFACES: [&str; 11] = [
    "interface",
    "protocol",
    "reason",
    "pid",
    "ifcarrier",
    "ifmetric",
    "ifwireless",
    "ifflags",
    "ssid",
    "profile",
    "interface_order",
];

/// Variables of a lease that no option carries.
const OF_LEASES: [&str; 5] = [
    "ip_address",
    "subnet_cidr",
    "network_number",
    "filename",
    "server_name",
];

/// Where the second column begins.
const COLUMN: usize = 40;

/// All variables, with codes and formats (`--variables`).
pub(super) fn list() -> String {
    let mut text = "Interface options:\n".to_owned();
    for name in OF_INTERFACES {
        let _ = writeln!(text, " -  {name}");
    }
    text.push_str("\nDHCPv4 options:\n");
    for name in OF_LEASES {
        let _ = writeln!(text, "    {name}");
    }
    for definition in DEFINITIONS {
        let Definition {
            code, name, asked, ..
        } = *definition;
        let encoding = encoding(definition);
        let asked = match asked {
            Asked::Always => " request",
            Asked::Wanted => "",
            Asked::Never => " norequest",
        };
        let first = format!("{code:03} {name}");
        let _ = writeln!(text, "{first:<COLUMN$}\t {encoding}{asked}");
    }
    text
}

const fn encoding(definition: &Definition) -> &'static str {
    match definition.format {
        Format::One(element) => one(element),
        Format::Many(element) => many(element),
        Format::Text => "string",
        Format::Ascii => "ascii",
        Format::Raw => "raw",
        Format::Name => "dname",
        Format::NameWords => "array dname",
        Format::Domains => "domain",
        Format::ManyDomains => "array domain",
        Format::Hexadecimal => "binhex",
        Format::Present => "flag",
        Format::Routes => "string rfc3442",
        Format::Sip => "string rfc3361",
        Format::Parts([], _) => "encap",
        Format::Parts(_, _) => "embed",
    }
}

const fn one(element: Element) -> &'static str {
    match element {
        Element::Address => "ipaddress",
        Element::Address6 => "ip6address",
        Element::Byte => "uint8",
        Element::Short => "uint16",
        Element::Long => "uint32",
        Element::Flags(_) => "bitflags",
    }
}

const fn many(element: Element) -> &'static str {
    match element {
        Element::Address => "array ipaddress",
        Element::Address6 => "array ip6address",
        Element::Byte => "array uint8",
        Element::Short => "array uint16",
        Element::Long => "array uint32",
        Element::Flags(_) => "array bitflags",
    }
}

/// The code of an option by its name or number; the operator's names count first.
pub(super) fn code(word: &str, names: &[(u8, String)]) -> Option<u8> {
    let number = text::unsigned(word).and_then(|number| u8::try_from(number).ok());
    let own = names
        .iter()
        .find(|(code, name)| name == word || Some(*code) == number)
        .map(|(code, _)| *code);
    own.or_else(|| {
        let named = definitions::of_name(word);
        let numbered = || number.and_then(definitions::of_code);
        named.or_else(numbered).map(|definition| definition.code)
    })
}
