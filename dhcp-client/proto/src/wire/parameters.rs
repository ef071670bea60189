//! Every option as a value, whether or not the machine acts on it.
//!
//! The table is that of RFC 2132 and of the RFCs named beside later codes. An option that is not in it
//! is octets, and nobody guesses at them.

use alloc::{collections::BTreeMap, string::String, vec::Vec};
use core::net::Ipv4Addr;

use super::{
    MalformedOptions, code,
    fields::Fields,
    names, routes,
    values::{Limited, MAXIMUM_ADDRESSES},
};
use crate::{
    discard::Discard,
    lease::Route,
    parameter::{Kind, Parameter, Value},
};

/// Numbers kept of one list.
const MAXIMUM_NUMBERS: usize = 512;

/// How a value of the table is read.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// Exactly one element of a kind.
    One(Kind),
    /// One or more.
    Many(Kind),
    /// Addresses in pairs.
    Pairs,
    /// A host or domain name in text.
    Name,
    /// Text for a person, of which what is not printable is replaced.
    Message,
}

/// Octets of two addresses.
const PAIR_LENGTH: usize = 8;

/// RFC 2132 section 8.13: "Its minimum length is 0 (indicating no home agents are available) and the
/// length MUST be a multiple of 4."
const HOME_AGENTS: u8 = 68;

/// RFC 2132 sections 3.6, 3.7, 3.8, 3.9, 3.10, 3.11, 3.12, 3.13, 8.14, 8.15, 8.16, 8.17, 8.18, 8.19, 8.20
/// and 8.21: "The minimum length for this option is 4 octets, and the length MUST always be a multiple of
/// 4." RFC 2132 sections 8.2, 8.3 and 8.12: "Its minimum length is 4, and the length MUST be a multiple of
/// 4." RFC 2132 section 8.9: "The minimum length of this option is 4 octets, and the length MUST be a
/// multiple of 4." RFC 2132 section 8.10: "The minimum length of this option is 4, and the length MUST be a
/// multiple of 4." RFC 2132 section 4.7: "Its minimum length is 2, and the length MUST be a multiple of 2."
const fn form(code: u8) -> Form {
    match code {
        // Subnet mask, swap server, broadcast address, router solicitation address, requested address,
        // server identifier; subnet selection (RFC 3011).
        1 | 16 | 28 | 32 | 50 | 54 | 118 => Form::One(Kind::Addresses),
        // Time offset.
        2 => Form::One(Kind::Signed32),
        // RFC 2132 section 4.3: "The minimum length of this option is 8, and the length MUST be a multiple
        // of 8."
        21 => Form::Pairs,
        // Routers, time, name, domain name, log, cookie, LPR, Impress and resource location servers;
        // NIS and NTP servers; NetBIOS name servers; X fonts and display managers; NIS+
        // servers; mobile IP home agents to StreetTalk directory assistance; Novell directory
        // (RFC 2241); BCMCS (RFC 4280), associated addresses (RFC 4388), PANA (RFC 5192), CAPWAP (RFC 5417),
        // TFTP (RFC 5859).
        3..=11 | 41 | 42 | 44 | 45 | 48 | 49 | 65 | 68..=76 | 85 | 89 | 92 | 136 | 138 | 150 => {
            Form::Many(Kind::Addresses)
        }
        code::HOST_NAME | code::DOMAIN_NAME | 40 | 64 => Form::Name,
        // Boot file size, largest reassembly, interface MTU, maximum message size.
        13 | 22 | 26 | 57 => Form::One(Kind::Numbers16),
        // Path MTU plateaus; client architectures (RFC 4578), service search order (RFC 2937).
        25 | 93 | 117 => Form::Many(Kind::Numbers16),
        // Path MTU ageing, ARP cache, TCP keepalive; lease, renewal and rebinding time; last transaction
        // (RFC 4388), IPv6-only preferred (RFC 8925), PXE reboot time (RFC 5071).
        24 | 35 | 38 | 51 | 58 | 59 | 91 | 108 | 211 => Form::One(Kind::Numbers32),
        // Switches and small numbers of RFC 2132; auto-configuration (RFC 2563).
        19 | 20 | 23 | 27 | 29..=31 | 34 | 36 | 37 | 39 | 46 | 53 | 116 => {
            Form::One(Kind::Numbers8)
        }
        55 | 145 => Form::Many(Kind::Numbers8),
        // Merit dump file, root path, extensions path, NetBIOS scope, TFTP server and boot file name,
        // NetWare domain; Novell tree and context (RFC 2241), user authentication (RFC 2485), time zones
        // (RFC 4833), NetInfo tag, captive portal (RFC 8910), PXELINUX (RFC 5071), proxy configuration.
        14 | 17 | 18 | 47 | 62 | 66 | 67 | 86 | 87 | 98 | 100 | 101 | 113 | 114 | 209 | 210
        | 252 => Form::One(Kind::Text),
        code::MESSAGE => Form::Message,
        code::STATIC_ROUTE => Form::Many(Kind::ClassRoutes),
        // BCMCS names (RFC 4280), domain search, SIP user agent domains (RFC 6011).
        88 | code::DOMAIN_SEARCH | 141 => Form::Many(Kind::Names),
        code::CLASSLESS_ROUTE | code::MICROSOFT_ROUTE => Form::Many(Kind::Routes),
        _ => Form::One(Kind::Octets),
    }
}

/// All options of a message, each code once, in the order of their codes. `kinds` says how to read
/// those that the operator knows better. What is malformed is left out and named.
pub(super) fn decode(
    fields: &Fields,
    kinds: &BTreeMap<u8, Kind>,
    malformed: &mut MalformedOptions,
) -> Vec<Parameter> {
    let mut parameters = Vec::new();
    for (code, octets) in fields.iter() {
        // Option 90 is where the nonce is found again, so it is octets whatever the operator says.
        let form = kinds
            .get(&code)
            .filter(|_| code != code::AUTHENTICATION)
            .map_or(form(code), |kind| Form::Many(*kind));
        let Some((value, cut)) = value(form, octets) else {
            let says_none = code == HOME_AGENTS && octets.is_empty();
            if !code::READ.contains(&code) && !says_none {
                malformed.insert(Discard::MalformedParameter);
            }
            continue;
        };
        if cut {
            malformed.insert(Discard::ValueCut);
        }
        parameters.push(Parameter { code, value });
    }
    parameters
}

/// 'sname' or 'file', where it does not hold options.
pub(super) fn field_text(field: &[u8], malformed: &mut MalformedOptions) -> Option<String> {
    // Text ends at the first NUL; what follows is what was in the sender's memory.
    let octets = field.split(|octet| *octet == 0).next().unwrap_or_default();
    if octets.is_empty() {
        return None;
    }
    let text = text(octets);
    if text.is_none() {
        malformed.insert(Discard::MalformedParameter);
    }
    text
}

/// The value, and whether its end was cut off.
fn value(form: Form, octets: &[u8]) -> Option<(Value, bool)> {
    let whole = |value| (value, false);
    match form {
        Form::Name => names::name(octets).map(Value::Text).map(whole),
        Form::Message => names::text(octets).map(|(text, cut)| (Value::Text(text), cut)),
        Form::One(kind) => {
            let (value, cut) = list(kind, octets)?;
            (elements(&value) == 1).then_some((value, cut))
        }
        Form::Many(kind) => list(kind, octets),
        Form::Pairs => {
            let are_pairs = octets.len().is_multiple_of(PAIR_LENGTH);
            list(Kind::Addresses, octets).filter(|_| are_pairs)
        }
    }
}

fn list(kind: Kind, octets: &[u8]) -> Option<(Value, bool)> {
    match kind {
        Kind::Octets => Some((Value::Octets(octets.into()), false)),
        Kind::Text => Some((Value::Text(text(octets)?), false)),
        Kind::Addresses => {
            let (addresses, cut) = chunks(octets, MAXIMUM_ADDRESSES, Ipv4Addr::from)?;
            Some((Value::Addresses(addresses), cut))
        }
        Kind::Numbers8 => numbers(octets, |[octet]: [u8; 1]| octet.into()),
        Kind::Numbers16 => numbers(octets, |octets| u16::from_be_bytes(octets).into()),
        Kind::Numbers32 => numbers(octets, |octets| u32::from_be_bytes(octets).into()),
        Kind::Signed32 => numbers(octets, |octets| i32::from_be_bytes(octets).into()),
        Kind::Names => {
            let list = names::search_list(octets)?;
            // The whole list or none: whoever reads it cannot tell that its end is missing.
            (!list.incomplete).then_some((Value::Names(list.names.elements), list.names.cut))
        }
        Kind::Routes => routes::classless(octets).map(of_routes),
        Kind::ClassRoutes => routes::by_class(octets).map(of_routes),
    }
}

fn of_routes(routes: Limited<Route>) -> (Value, bool) {
    (Value::Routes(routes.elements), routes.cut)
}

/// How many elements there are of a kind of which there may be only one.
fn elements(value: &Value) -> usize {
    match value {
        Value::Addresses(addresses) => addresses.len(),
        Value::Numbers(numbers) => numbers.len(),
        Value::Names(names) => names.len(),
        Value::Routes(routes) => routes.len(),
        Value::Octets(_) | Value::Text(_) => 1,
    }
}

fn numbers<const N: usize>(
    octets: &[u8],
    number: impl Fn([u8; N]) -> i64,
) -> Option<(Value, bool)> {
    let (numbers, cut) = chunks(octets, MAXIMUM_NUMBERS, number)?;
    Some((Value::Numbers(numbers), cut))
}

/// Elements of `N` octets each, at most `maximum`; `None` if there is none, or a piece of one.
fn chunks<const N: usize, T>(
    octets: &[u8],
    maximum: usize,
    element: impl Fn([u8; N]) -> T,
) -> Option<(Vec<T>, bool)> {
    let (chunks, rest) = octets.as_chunks::<N>();
    if chunks.is_empty() || !rest.is_empty() {
        return None;
    }
    let elements = chunks.iter().take(maximum).map(|chunk| element(*chunk));
    Some((elements.collect(), chunks.len() > maximum))
}

/// Text without control characters. RFC 2132 section 2: "the receiver of such options MUST be prepared
/// to delete trailing nulls if they exist."
fn text(octets: &[u8]) -> Option<String> {
    let text = str::from_utf8(names::without_trailing_nuls(octets)).ok()?;
    (!text.is_empty() && !text.chars().any(char::is_control)).then(|| text.into())
}
