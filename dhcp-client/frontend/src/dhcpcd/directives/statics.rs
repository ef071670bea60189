//! Values of the operator's: `static NAME=VALUE`.

use std::net::{Ipv4Addr, Ipv6Addr};

use sdk_rpc::{Parameter, Route, Value};

use super::{DONE, different, ignored, missing, without_effect::IPV6};
use crate::{
    dhcpcd::{
        definitions,
        draft::{Addressing, Source},
        format::{Element, Format},
        text,
    },
    setup::Fate,
    value,
};

/// The least MTU of dhcpcd, and the most that a host may be given.
const MTU: std::ops::RangeInclusive<u32> = 576..=65535;

/// Characters of one value, with what later lines added.
const LONGEST: usize = 4096;

/// Applies `NAME=VALUE`; an empty value takes back what was said before.
pub(super) fn apply(addressing: &mut Addressing, assignment: &str) -> Result<Fate, String> {
    let (name, value) = assignment.split_once('=').ok_or("takes NAME=VALUE")?;
    let value = value.trim_matches([' ', '\t']);
    match name {
        "ip_address" => address(addressing, value),
        "subnet_mask" => mask(addressing, value),
        "broadcast_address" => {
            addressing.broadcast = optional(value, text::address)?;
            DONE
        }
        "routers" => {
            if value.is_empty() {
                addressing.clear_routes();
                return DONE;
            }
            let routers: Result<Vec<Ipv4Addr>, String> =
                text::list(value).map(text::address).collect();
            addressing.routers.extend(routers?);
            DONE
        }
        "routes" | "static_routes" | "classless_static_routes" | "ms_classless_static_routes" => {
            if value.is_empty() {
                addressing.clear_routes();
                return DONE;
            }
            addressing.routes.extend(routes(value)?);
            DONE
        }
        "interface_mtu" | "mtu" => {
            addressing.mtu = optional(value, mtu)?;
            DONE
        }
        "ip6_address" => ignored(IPV6),
        name => other(addressing, name, value),
    }
}

fn optional<T>(value: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    (!value.is_empty()).then(|| read(value)).transpose()
}

fn mtu(value: &str) -> Result<u16, String> {
    text::unsigned(value)
        .filter(|mtu| MTU.contains(mtu))
        .and_then(|mtu| u16::try_from(mtu).ok())
        .ok_or_else(|| format!("{value:?} is not an MTU from 576 to 65535"))
}

fn address(addressing: &mut Addressing, value: &str) -> Result<Fate, String> {
    if value.is_empty() {
        if addressing.source == Source::Static {
            addressing.source = Source::Server;
        }
        addressing.address = Ipv4Addr::UNSPECIFIED;
        return DONE;
    }
    let (address, length) = text::network(value)?;
    addressing.prefix_length = text::prefix_length(address, length)?;
    addressing.address = address;
    addressing.source = Source::Static;
    DONE
}

fn mask(addressing: &mut Addressing, value: &str) -> Result<Fate, String> {
    addressing.mask_length = optional(value, |value| {
        text::mask_length(text::address(value)?)
            .filter(|length| *length > 0)
            .ok_or_else(|| format!("{value:?} is not a mask"))
    })?;
    DONE
}

/// Destinations and gateways in turn.
fn routes(value: &str) -> Result<Vec<Route>, String> {
    let words: Vec<&str> = text::list(value).collect();
    let (pairs, rest) = words.as_chunks::<2>();
    if !rest.is_empty() {
        return Err("takes a gateway for each destination".to_owned());
    }
    pairs
        .iter()
        .map(|[destination, gateway]| {
            let (destination, length) = text::network(destination)?;
            Ok(Route {
                destination,
                prefix_length: length.unwrap_or(text::class_length(destination)),
                gateway: text::address(gateway)?,
            })
        })
        .collect()
}

impl Addressing {
    fn clear_routes(&mut self) {
        self.routers.clear();
        self.routes.clear();
    }
}

/// Any other option, by its name in scripts.
fn other(addressing: &mut Addressing, name: &str, value: &str) -> Result<Fate, String> {
    let Some(definition) = definitions::of_name(name) else {
        return missing("no DHCP option has this name; scripts are not told of it");
    };
    let before = addressing
        .values
        .iter()
        .find(|(_, parameter)| parameter.code == definition.code)
        .map(|(text, _)| text.clone());
    addressing
        .values
        .retain(|(_, parameter)| parameter.code != definition.code);
    if value.is_empty() {
        return DONE;
    }
    let text = before.map_or_else(|| value.to_owned(), |before| format!("{before} {value}"));
    if text.len() > LONGEST {
        return Err(format!("is longer than {LONGEST} characters"));
    }
    let (value, fate) = parse(definition.format, &text)?;
    if let Some(value) = value {
        let code = definition.code;
        addressing.values.push((text, Parameter { code, value }));
    }
    Ok(fate)
}

/// The value of an option from the text that a script would be told.
fn parse(format: Format, text: &str) -> Result<(Option<Value>, Fate), String> {
    let value = match format {
        Format::One(Element::Address) | Format::Many(Element::Address) => return addresses(text),
        Format::One(Element::Byte) | Format::Many(Element::Byte) => numbers(text, u8::MAX.into())?,
        Format::One(Element::Short) | Format::Many(Element::Short) => {
            numbers(text, u16::MAX.into())?
        }
        Format::One(Element::Long) | Format::Many(Element::Long) => numbers(text, u32::MAX)?,
        Format::Text | Format::Ascii | Format::Raw => Value::Text(text.to_owned()),
        Format::Name => Value::Text(name(text)?),
        Format::NameWords => {
            let names: Result<Vec<String>, String> = text::list(text).map(name).collect();
            let names = names?;
            let first = names.first().cloned().unwrap_or_default();
            let fate = match names.len() {
                0 | 1 => Fate::Honoured,
                _ => Fate::Different("the first name is the domain".to_owned()),
            };
            return Ok((Some(Value::Text(first)), fate));
        }
        Format::Domains | Format::ManyDomains => {
            Value::Names(text::list(text).map(name).collect::<Result<_, _>>()?)
        }
        Format::Hexadecimal => Value::Octets(text::octets(text)),
        Format::Routes => Value::Routes(routes(text)?),
        Format::One(Element::Address6 | Element::Flags(_))
        | Format::Many(Element::Address6 | Element::Flags(_))
        | Format::Present
        | Format::Sip
        | Format::Parts(_, _) => {
            let fate = Fate::Missing("this option cannot be given here".to_owned());
            return Ok((None, fate));
        }
    };
    Ok((Some(value), Fate::Honoured))
}

fn name(word: &str) -> Result<String, String> {
    if !value::is_host_name(word) {
        return Err(format!("{word:?} is not a host or domain name"));
    }
    Ok(word.to_owned())
}

fn numbers(text: &str, most: u32) -> Result<Value, String> {
    let numbers: Option<Vec<i64>> = text::list(text)
        .map(|word| {
            text::unsigned(word)
                .filter(|number| *number <= most)
                .map(i64::from)
        })
        .collect();
    numbers
        .map(Value::Numbers)
        .ok_or_else(|| format!("{text:?} is not a list of numbers up to {most}"))
}

/// dhcpcd's users mix IPv6 resolvers in.
fn addresses(text: &str) -> Result<(Option<Value>, Fate), String> {
    let mut addresses = Vec::new();
    let mut others = false;
    for word in text::list(text) {
        if word.parse::<Ipv6Addr>().is_ok() {
            others = true;
        } else {
            addresses.push(text::address(word)?);
        }
    }
    let fate = if others {
        different("IPv6 is not spoken yet: addresses of it are left out")?
    } else {
        Fate::Honoured
    };
    let value = (!addresses.is_empty()).then_some(Value::Addresses(addresses));
    Ok((value, fate))
}
