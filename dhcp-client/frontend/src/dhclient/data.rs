//! Values of options in dhclient.conf(5), as octets: `10.0.0.1, 10.0.0.2`, `"text"`, `1:0:a0`, `3600`.

use sdk_rpc::{Kind, Route, Value};
use std::net::Ipv4Addr;

use super::{
    expression::{self, Term},
    format::{Element, Format, Repeat},
    statement::{Fault, address, address6, number, text, word},
    tokens::{Token, Tokens},
};

/// Longest value: more would not fit into a message.
const LONGEST: usize = 1024;

/// What follows an option's name: `= EXPRESSION`, or data in the option's format.
pub(super) fn read(
    tokens: &mut Tokens<'_>,
    format: &Format,
    host_name: Option<&str>,
) -> Result<Term, Fault> {
    if tokens.takes(b'=') {
        return expression::read(tokens, host_name);
    }
    let mut octets = Vec::new();
    let mut elements = format.elements.as_ref();
    loop {
        for element in elements {
            read_element(tokens, *element, &mut octets)?;
        }
        if octets.len() > LONGEST {
            return Err("the value is too long".into());
        }
        match format.repeat {
            Repeat::Never => break,
            Repeat::Last | Repeat::All if !tokens.takes(b',') => break,
            Repeat::Last => elements = elements.last().map_or(&[], std::slice::from_ref),
            Repeat::All => {}
        }
    }
    Ok(Term::Octets(octets))
}

fn read_element(
    tokens: &mut Tokens<'_>,
    element: Element,
    octets: &mut Vec<u8>,
) -> Result<(), Fault> {
    if let Some((width, signed)) = element.number() {
        return read_number(tokens, width, signed, octets);
    }
    match element {
        Element::Address => octets.extend(address(tokens)?.octets()),
        Element::Address6 => octets.extend(address6(tokens)?.octets()),
        Element::Flag => octets.push(flag(tokens)?.into()),
        Element::Text | Element::Host => octets.extend(text(tokens)?),
        Element::Octets => octets.extend(text_or_octets(tokens)?),
        Element::Names => octets.extend(names(tokens)?),
        Element::Unsigned8
        | Element::Unsigned16
        | Element::Unsigned32
        | Element::Signed8
        | Element::Signed16
        | Element::Signed32 => {}
    }
    Ok(())
}

fn read_number(
    tokens: &mut Tokens<'_>,
    width: usize,
    signed: bool,
    octets: &mut Vec<u8>,
) -> Result<(), Fault> {
    if width == 4 && matches!(tokens.peek(), Token::Word("infinite")) {
        tokens.next();
        octets.extend([255; 4]);
        return Ok(());
    }
    let number = number(tokens)?;
    let bits = u32::try_from(width.saturating_mul(8)).unwrap_or(32);
    let half = 1_i64.wrapping_shl(bits.saturating_sub(1));
    // A signed option also takes the unsigned form of its octets, as ISC's parser does.
    let lowest = if signed { half.saturating_neg() } else { 0 };
    let highest = 1_i64.wrapping_shl(bits).saturating_sub(1);
    if !(lowest..=highest).contains(&number) {
        return Err(Fault(format!("{number} does not fit into {bits} bits")));
    }
    let all = number.to_be_bytes();
    octets.extend(all.iter().skip(all.len().saturating_sub(width)));
    Ok(())
}

/// `true`, `on`, `false` or `off`.
pub(super) fn flag(tokens: &mut Tokens<'_>) -> Result<bool, Fault> {
    let word = word(tokens, "true or false")?;
    match word.to_ascii_lowercase().as_str() {
        "true" | "on" => Ok(true),
        "false" | "off" => Ok(false),
        _ => Err(Fault(format!("{word}: true or false is expected"))),
    }
}

/// A string, or octets in hexadecimal with colons between them.
pub(super) fn text_or_octets(tokens: &mut Tokens<'_>) -> Result<Vec<u8>, Fault> {
    if let Token::Text(text) = tokens.peek() {
        tokens.next();
        return Ok(text);
    }
    let mut octets = Vec::new();
    loop {
        let word = word(tokens, "a string, or octets in hexadecimal")?;
        let octet = (word.len() <= 2).then(|| u8::from_str_radix(word, 16).ok());
        let octet = octet
            .flatten()
            .ok_or_else(|| Fault(format!("{word} is not an octet in hexadecimal")))?;
        octets.push(octet);
        if octets.len() > LONGEST {
            return Err("the value is too long".into());
        }
        if !tokens.takes(b':') {
            return Ok(octets);
        }
    }
}

/// Domain names, as labels: strings with commas between them, each with one name or several, or one name
/// without quotes.
fn names(tokens: &mut Tokens<'_>) -> Result<Vec<u8>, Fault> {
    let mut octets = Vec::new();
    if let Token::Word(_) = tokens.peek() {
        let mut name = String::new();
        loop {
            name.push_str(word(tokens, "a domain name")?);
            if !tokens.takes(b'.') || !matches!(tokens.peek(), Token::Word(_)) {
                break;
            }
            name.push('.');
        }
        labels(&name, &mut octets)?;
        return Ok(octets);
    }
    loop {
        let list = String::from_utf8(text(tokens)?).map_err(|_| "a domain name is expected")?;
        for name in list.split_whitespace() {
            labels(name, &mut octets)?;
        }
        if octets.len() > LONGEST {
            return Err("the value is too long".into());
        }
        if !tokens.takes(b',') {
            return Ok(octets);
        }
    }
}

/// A name as the DNS has it on the wire (RFC 1035 section 3.1).
pub(super) fn labels(name: &str, octets: &mut Vec<u8>) -> Result<(), Fault> {
    for label in name.strip_suffix('.').unwrap_or(name).split('.') {
        let length = u8::try_from(label.len()).ok();
        let length = length.filter(|length| (1..=63).contains(length));
        octets.push(length.ok_or_else(|| Fault(format!("{name} is not a domain name")))?);
        octets.extend(label.as_bytes());
    }
    octets.push(0);
    Ok(())
}

/// An operator's octets as the kind of value that a server's would be; `None` if they are none.
pub(super) fn value(kind: Option<Kind>, octets: &[u8]) -> Option<Value> {
    let text = |octets: &[u8]| {
        let text = str::from_utf8(octets).ok()?;
        (!text.chars().any(char::is_control)).then(|| Value::Text(text.to_owned()))
    };
    match kind {
        None | Some(Kind::Text) => text(octets),
        Some(Kind::Octets) => Some(Value::Octets(octets.to_vec())),
        Some(Kind::Addresses | Kind::ClassRoutes) => {
            whole(octets, |octets: [u8; 4]| Ipv4Addr::from(octets)).map(Value::Addresses)
        }
        Some(Kind::Numbers8) => numbers(octets, |[octet]: [u8; 1]| octet.into()),
        Some(Kind::Numbers16) => numbers(octets, |octets| u16::from_be_bytes(octets).into()),
        Some(Kind::Numbers32) => numbers(octets, |octets| u32::from_be_bytes(octets).into()),
        Some(Kind::Signed32) => numbers(octets, |octets| i32::from_be_bytes(octets).into()),
        Some(Kind::Names) => names_of(octets).map(Value::Names),
        Some(Kind::Routes) => routes_of(octets).map(Value::Routes),
    }
}

fn numbers<const N: usize>(octets: &[u8], number: impl Fn([u8; N]) -> i64) -> Option<Value> {
    whole(octets, number).map(Value::Numbers)
}

/// Elements of `N` octets each; `None` if there is none, or a piece of one.
fn whole<const N: usize, T>(octets: &[u8], element: impl Fn([u8; N]) -> T) -> Option<Vec<T>> {
    let (chunks, rest) = octets.as_chunks::<N>();
    if chunks.is_empty() || !rest.is_empty() {
        return None;
    }
    Some(chunks.iter().map(|chunk| element(*chunk)).collect())
}

/// Names that [`labels`] wrote: without compression.
fn names_of(mut octets: &[u8]) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut labels: Vec<&str> = Vec::new();
    while let [length, rest @ ..] = octets {
        let (label, rest) = rest.split_at_checked((*length).into())?;
        octets = rest;
        if label.is_empty() {
            names.push(labels.join("."));
            labels.clear();
        } else {
            labels.push(str::from_utf8(label).ok()?);
        }
    }
    (labels.is_empty() && !names.is_empty()).then_some(names)
}

/// Routes as RFC 3442 has them.
fn routes_of(mut octets: &[u8]) -> Option<Vec<Route>> {
    let mut routes = Vec::new();
    while let [prefix_length @ 0..=32, rest @ ..] = octets {
        let significant = usize::from(prefix_length.div_ceil(8));
        let (destination, rest) = rest.split_at_checked(significant)?;
        let (gateway, rest) = rest.split_first_chunk::<4>()?;
        octets = rest;
        let mut network = [0_u8; 4];
        for (octet, given) in network.iter_mut().zip(destination) {
            *octet = *given;
        }
        routes.push(Route {
            destination: Ipv4Addr::from(network),
            prefix_length: *prefix_length,
            gateway: Ipv4Addr::from(*gateway),
        });
    }
    (octets.is_empty() && !routes.is_empty()).then_some(routes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dhclient::vocabulary::Vocabulary;

    fn octets_of(option: &str, data: &str) -> Result<Vec<u8>, String> {
        let vocabulary = Vocabulary::default();
        let (_, format) = vocabulary.by_name(option).expect("a name");
        match read(&mut Tokens::new(data.as_bytes()), format, Some("box")) {
            Ok(Term::Octets(octets)) => Ok(octets),
            Ok(term) => Err(format!("{term:?}")),
            Err(Fault(why)) => Err(why),
        }
    }

    #[test]
    fn every_element_is_read() {
        for (option, data, expected) in [
            (
                "routers",
                "10.0.0.1, 10.0.0.2",
                &[10, 0, 0, 1, 10, 0, 0, 2][..],
            ),
            (
                "static-routes",
                "10.1.0.0 10.0.0.1",
                &[10, 1, 0, 0, 10, 0, 0, 1],
            ),
            ("host-name", "\"box\"", b"box"),
            ("dhcp-lease-time", "3600", &[0, 0, 14, 16]),
            ("dhcp-lease-time", "infinite", &[255, 255, 255, 255]),
            ("time-offset", "-3600", &[255, 255, 241, 240]),
            ("interface-mtu", "1400", &[5, 120]),
            ("default-ip-ttl", "64", &[64]),
            ("ip-forwarding", "on", &[1]),
            ("ip-forwarding", "FALSE", &[0]),
            (
                "dhcp-client-identifier",
                "1:0:a0:24:ab:fb:9c",
                &[1, 0, 0xa0, 0x24, 0xab, 0xfb, 0x9c],
            ),
            ("dhcp-client-identifier", "\"my-client\"", b"my-client"),
            (
                "domain-search",
                "\"a.test\", \"b.test c.test\"",
                b"\x01a\x04test\0\x01b\x04test\0\x01c\x04test\0",
            ),
            ("v4-lost", "lost.test", b"\x04lost\x04test\0"),
            (
                "slp-directory-agent",
                "true 10.0.0.1, 10.0.0.2",
                &[1, 10, 0, 0, 1, 10, 0, 0, 2],
            ),
            ("slp-service-scope", "false \"x\"", &[0, b'x']),
            ("pxe-interface-id", "1 3 16", &[1, 3, 16]),
            ("path-mtu-plateau-table", "68, 296", &[0, 68, 1, 40]),
            ("unknown-245", "a:b", &[10, 11]),
            ("host-name", "= concat(\"a\", 62, \"c\")", b"abc"),
        ] {
            assert_eq!(
                octets_of(option, data).as_deref(),
                Ok(expected),
                "{option} {data}"
            );
        }
    }

    #[test]
    fn an_ipv6_address_is_sixteen_octets() {
        let octets = octets_of("option-6rd", "8 32 2001:db8:: 10.0.0.1").expect("octets");
        assert_eq!(octets.len(), 22);
        assert_eq!(octets[..4], [8, 32, 0x20, 1]);
    }

    #[test]
    fn wrong_data_is_refused() {
        for (option, data) in [
            ("routers", "ns.example.org"),
            ("routers", "10.0.0.1,"),
            ("host-name", "box"),
            ("interface-mtu", "70000"),
            ("default-ip-ttl", "-1"),
            ("time-offset", "-3000000000"),
            ("ip-forwarding", "maybe"),
            ("dhcp-client-identifier", "1:xx"),
            ("dhcp-client-identifier", "100"),
            ("domain-search", "\"a..b\""),
        ] {
            assert!(octets_of(option, data).is_err(), "{option} {data}");
        }
        let long = vec!["1"; 2000].join(":");
        assert!(octets_of("unknown-200", &long).is_err());
    }

    #[test]
    fn octets_become_the_kind_of_value_that_servers_give() {
        let kind = |kind| Some(kind);
        assert_eq!(
            value(kind(Kind::Addresses), &[10, 0, 0, 1]),
            Some(Value::Addresses(vec![Ipv4Addr::new(10, 0, 0, 1)]))
        );
        assert_eq!(
            value(kind(Kind::Numbers16), &[5, 120]),
            Some(Value::Numbers(vec![1400]))
        );
        assert_eq!(
            value(kind(Kind::Signed32), &[255; 4]),
            Some(Value::Numbers(vec![-1]))
        );
        assert_eq!(value(None, b"box"), Some(Value::Text("box".into())));
        assert_eq!(
            value(kind(Kind::Names), b"\x01a\x04test\0"),
            Some(Value::Names(vec!["a.test".into()]))
        );
        assert_eq!(
            value(
                kind(Kind::Routes),
                &[0, 10, 0, 0, 1, 24, 10, 7, 0, 0, 0, 0, 0]
            ),
            Some(Value::Routes(vec![
                Route {
                    destination: Ipv4Addr::UNSPECIFIED,
                    prefix_length: 0,
                    gateway: Ipv4Addr::new(10, 0, 0, 1),
                },
                Route {
                    destination: Ipv4Addr::new(10, 7, 0, 0),
                    prefix_length: 24,
                    gateway: Ipv4Addr::UNSPECIFIED,
                },
            ]))
        );
    }

    #[test]
    fn octets_that_are_no_such_value_are_none() {
        for (kind, octets) in [
            (Kind::Addresses, &[10, 0, 0][..]),
            (Kind::Numbers16, &[1]),
            (Kind::Text, &[255]),
            (Kind::Text, b"a\n"),
            (Kind::Names, b"\x01a"),
            (Kind::Names, b"\x05a"),
            (Kind::Routes, &[33, 10, 0, 0, 1]),
            (Kind::Routes, &[24, 10, 0]),
            (Kind::Routes, &[]),
        ] {
            assert_eq!(value(Some(kind), octets), None, "{kind:?} {octets:?}");
        }
    }
}
