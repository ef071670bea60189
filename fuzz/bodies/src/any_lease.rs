//! Any lease that a calf can express, whether or not anybody would mean it.

use std::net::Ipv4Addr;

use sdk_rpc::{Lease, Origin, Parameter, Route, Value};

use crate::source::Source;

/// CLOCK_BOOTTIME of everything that a lease is looked at by, milliseconds; arbitrary.
pub(crate) const NOW: u64 = 86_400_000;

/// What texts are made of besides what the fuzzer finds itself: what shells, lease files and resolver files act on.
const PIECES: [&str; 24] = [
    "box1",
    "example.com",
    ".",
    "-",
    "a",
    "_",
    " ",
    "$(id)",
    "`id`",
    "${IFS}",
    "'",
    "\"",
    "\\",
    ";",
    "\n",
    "\r",
    "\0",
    "{",
    "}",
    "|x",
    "<",
    "&",
    "#",
    "\u{85}",
];

pub(crate) fn lease(source: &mut Source<'_>) -> Lease {
    let flags = source.octet();
    let ends = flags & 1 == 0;
    let lease_seconds = source.number32();
    let begin = NOW - u64::from(source.number32()) % NOW;
    let at = |source: &mut Source<'_>| begin.saturating_add(u64::from(source.number32()));
    Lease {
        address: address(source),
        prefix_length: source.octet() % 36,
        broadcast: source.option(address),
        origin: match flags >> 5 {
            0 => Origin::LinkLocal,
            1 => Origin::Inform,
            2 => Origin::Operator,
            _ => Origin::Server,
        },
        server: address(source),
        routers: source.list(10, address),
        routes: source.list(70, route),
        dns: source.list(10, address),
        ntp: source.list(10, address),
        domain: source.option(text),
        search: source.list(20, text),
        host_name: source.option(text),
        mtu: source.option(Source::number16),
        lease_seconds: (ends || flags & 2 != 0).then_some(lease_seconds),
        acquired_at: begin,
        renew_at: source.option(at),
        rebind_at: source.option(at),
        expires_at: match flags & 4 {
            0 => ends.then(|| begin.saturating_add(u64::from(lease_seconds) * 1000)),
            _ => source.option(at),
        },
        next_server: address(source),
        server_name: source.option(text),
        boot_file: source.option(text),
        parameters: source.list(40, |source| Parameter {
            code: source.octet(),
            value: value(source),
        }),
    }
}

/// Any address, and those of a small network and of special meaning more often.
fn address(source: &mut Source<'_>) -> Ipv4Addr {
    match source.octet() {
        0..=127 => Ipv4Addr::new(10, 0, 0, source.octet()),
        128..=159 => Ipv4Addr::new(169, 254, source.octet(), 9),
        160..=175 => Ipv4Addr::UNSPECIFIED,
        176 => Ipv4Addr::LOCALHOST,
        177 => Ipv4Addr::BROADCAST,
        _ => source.address(),
    }
}

fn route(source: &mut Source<'_>) -> Route {
    Route {
        destination: address(source),
        prefix_length: source.octet() % 36,
        gateway: address(source),
    }
}

fn text(source: &mut Source<'_>) -> String {
    let mut text = String::new();
    for _ in 0..=source.octet() % 8 {
        if source.chance(64) {
            text.push_str(&String::from_utf8_lossy(&source.octets(80)));
        } else {
            text.push_str(source.pick(&PIECES));
        }
    }
    text
}

fn value(source: &mut Source<'_>) -> Value {
    match source.octet() % 8 {
        0 => Value::Octets(source.octets(255)),
        1 => Value::Addresses(source.list(16, address)),
        2 => Value::Numbers(source.list(16, |source| i64::from_be_bytes(source.array()))),
        3 | 4 => Value::Text(text(source)),
        5 => Value::Names(source.list(6, text)),
        6 => Value::Routes(source.list(16, route)),
        // As large as the connection takes.
        _ => Value::Numbers(vec![i64::MIN; 2048]),
    }
}
