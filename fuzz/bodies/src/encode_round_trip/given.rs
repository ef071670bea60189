//! What a server can give, as octets and as what they mean, by the RFCs and not by dhcp-proto's reading.

use std::net::Ipv4Addr;

use dhcp_proto::{Route, Value};

use crate::source::Source;

/// An option of a server's.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) code: u8,
    pub(super) octets: Vec<u8>,
    pub(super) value: Value,
}

/// An option with a value that is right.
pub(super) fn given(source: &mut Source<'_>) -> Given {
    match source.octet() % 8 {
        0 => addresses(source),
        1 => one_address(source),
        2 => text(source),
        3 => name(source),
        4 => names(source),
        5 => routes(source),
        6 => numbers(source),
        _ => octets(source),
    }
}

fn of_addresses(code: u8, addresses: Vec<Ipv4Addr>) -> Given {
    Given {
        code,
        octets: addresses.iter().flat_map(Ipv4Addr::octets).collect(),
        value: Value::Addresses(addresses),
    }
}

fn addresses(source: &mut Source<'_>) -> Given {
    let code = source.pick(&[3, 6, 42, 44, 4, 65, 150]);
    let mut addresses = vec![source.address()];
    addresses.extend(source.list(20, Source::address));
    of_addresses(code, addresses)
}

fn one_address(source: &mut Source<'_>) -> Given {
    if source.chance(128) {
        return of_addresses(28, vec![source.address()]);
    }
    let length = 1 + u32::from(source.octet()) % 32;
    let mask = u32::MAX << (32 - length);
    of_addresses(1, vec![Ipv4Addr::from_bits(mask)])
}

fn text(source: &mut Source<'_>) -> Given {
    let code = source.pick(&[17, 66, 67, 252, 114]);
    let text = String::from_utf8_lossy(&source.octets(255)).into_owned();
    let mut text: String = text.chars().filter(|one| !one.is_control()).collect();
    if text.is_empty() {
        text.push('x');
    }
    Given {
        code,
        octets: text.clone().into_bytes(),
        value: Value::Text(text),
    }
}

/// One to four labels of letters, digits and, inside, hyphens.
fn dotted(source: &mut Source<'_>) -> String {
    let label = |source: &mut Source<'_>| {
        let mut label = String::from("a");
        for _ in 0..source.octet() % 61 {
            label.push(char::from(
                source.pick(b"abcdefghijklmnopqrstuvwxyz0123456789-_"),
            ));
        }
        label.push('z');
        label
    };
    let mut labels = vec![label(source)];
    labels.extend(source.list(3, label));
    labels.join(".")
}

fn name(source: &mut Source<'_>) -> Given {
    let code = source.pick(&[12, 15, 40]);
    let name = dotted(source);
    let dot = if source.chance(64) { "." } else { "" };
    Given {
        code,
        octets: format!("{name}{dot}").into_bytes(),
        value: Value::Text(name),
    }
}

/// RFC 1035 section 4.1.4, with the pointers of RFC 3397 where a name is the one before.
fn names(source: &mut Source<'_>) -> Given {
    let mut names = vec![dotted(source)];
    let mut octets = wire_name(&names[0]);
    for _ in 0..source.octet() % 4 {
        if source.chance(64) {
            // The first name again.
            octets.extend_from_slice(&[0xc0, 0]);
            names.push(names[0].clone());
        } else {
            let name = dotted(source);
            octets.extend(wire_name(&name));
            names.push(name);
        }
    }
    Given {
        code: 119,
        octets,
        value: Value::Names(names),
    }
}

fn wire_name(name: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    for label in name.split('.') {
        octets.push(u8::try_from(label.len()).unwrap());
        octets.extend_from_slice(label.as_bytes());
    }
    octets.push(0);
    octets
}

fn routes(source: &mut Source<'_>) -> Given {
    let route = |source: &mut Source<'_>| {
        let prefix_length = source.octet() % 33;
        let host_bits = u32::MAX.checked_shr(prefix_length.into()).unwrap_or(0);
        Route {
            destination: Ipv4Addr::from_bits(source.number32() & !host_bits),
            prefix_length,
            gateway: source.address(),
        }
    };
    let mut routes = vec![route(source)];
    routes.extend(source.list(8, route));
    let mut octets = Vec::new();
    for route in &routes {
        octets.push(route.prefix_length);
        let significant = usize::from(route.prefix_length).div_ceil(8);
        octets.extend_from_slice(&route.destination.octets()[..significant]);
        octets.extend_from_slice(&route.gateway.octets());
    }
    Given {
        code: 121,
        octets,
        value: Value::Routes(routes),
    }
}

fn numbers(source: &mut Source<'_>) -> Given {
    match source.octet() % 3 {
        0 => {
            let mtu = source.number16().max(68);
            Given {
                code: 26,
                octets: mtu.to_be_bytes().to_vec(),
                value: Value::Numbers(vec![mtu.into()]),
            }
        }
        1 => {
            let offset = source.number32().cast_signed();
            Given {
                code: 2,
                octets: offset.to_be_bytes().to_vec(),
                value: Value::Numbers(vec![offset.into()]),
            }
        }
        _ => {
            let ttl = source.octet();
            Given {
                code: 23,
                octets: vec![ttl],
                value: Value::Numbers(vec![ttl.into()]),
            }
        }
    }
}

/// Options that mean nothing to anybody here; several pieces of RFC 3396 where they are long.
fn octets(source: &mut Source<'_>) -> Given {
    let code = source.pick(&[43, 128, 175, 224, 254]);
    let mut octets = source.octets(255);
    if source.chance(64) {
        octets.extend(source.octets(255));
    }
    if octets.is_empty() {
        octets.push(0);
    }
    Given {
        code,
        value: Value::Octets(octets.clone()),
        octets,
    }
}
