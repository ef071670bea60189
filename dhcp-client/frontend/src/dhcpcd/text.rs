//! How dhcpcd reads what stands behind a word: octet strings with escapes, numbers, addresses, lists.

use std::net::Ipv4Addr;

use sdk_rpc::Subnet;

/// Octets that a value stands for.
///
/// In quotes it is text, whatever it looks like; without, two or more pairs of hexadecimal digits are
/// octets (`01:02`, `01-02` and `0102` alike); all else is text. In text `\b`, `\n`, `\r` and `\t` are what
/// they are in C, `\x41` is an octet in hexadecimal, `\0101` in octal with three digits after the zero, and a
/// backslash before anything else takes its meaning away.
pub(super) fn octets(value: &str) -> Vec<u8> {
    match value.strip_prefix('"') {
        Some(inner) => unescaped(inner.strip_suffix('"').unwrap_or(value)),
        None => hexadecimal(value).unwrap_or_else(|| unescaped(value)),
    }
}

/// As [`octets`], for an identifier: text is marked as such by a hardware type of zero.
///
/// RFC 2132 section 9.14: "A hardware type of 0 (zero) should be used when the value field contains an
/// identifier other than a hardware address".
pub(super) fn identifier(value: &str) -> Vec<u8> {
    if !value.starts_with('"')
        && let Some(octets) = hexadecimal(value)
    {
        return octets;
    }
    let text = octets(value);
    if text.is_empty() {
        return text;
    }
    let mut identifier = vec![0];
    identifier.extend(text);
    identifier
}

/// Text that a value stands for: as [`octets`], but never read as hexadecimal.
pub(super) fn string(value: &str) -> Option<String> {
    let inner = value
        .strip_prefix('"')
        .and_then(|inner| inner.strip_suffix('"'))
        .unwrap_or(value);
    String::from_utf8(unescaped(inner)).ok()
}

/// Two or more pairs of hexadecimal digits; colons, hyphens and line ends before a pair mean nothing.
pub(super) fn hexadecimal(value: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        if matches!(character, ':' | '-' | '\n') {
            continue;
        }
        let high = character.to_digit(16)?.checked_mul(16)?;
        let low = characters.next()?.to_digit(16)?;
        octets.push(u8::try_from(high.checked_add(low)?).ok()?);
    }
    (octets.len() > 1).then_some(octets)
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    loop {
        rest = match rest {
            [] => return octets,
            [b'\\'] => return octets,
            [b'\\', b'x', rest @ ..] => number(rest, 2, 16, &mut octets),
            [b'\\', b'0', rest @ ..] => number(rest, 3, 8, &mut octets),
            [b'\\', escaped, rest @ ..] => {
                octets.push(match escaped {
                    b'b' => 0x08,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    other => *other,
                });
                rest
            }
            [octet, rest @ ..] => {
                octets.push(*octet);
                rest
            }
        };
    }
}

/// Takes up to `digits` digits; fewer stand for nothing, and more than an octet holds for its largest value.
fn number<'a>(text: &'a [u8], digits: usize, radix: u32, octets: &mut Vec<u8>) -> &'a [u8] {
    let length = text
        .iter()
        .take(digits)
        .take_while(|octet| char::from(**octet).is_digit(radix))
        .count();
    let (found, rest) = text.split_at_checked(length).unwrap_or((text, &[]));
    if length == digits {
        let value = found.iter().fold(0_u32, |value, octet| {
            let digit = char::from(*octet).to_digit(radix).unwrap_or_default();
            value.saturating_mul(radix).saturating_add(digit)
        });
        octets.push(u8::try_from(value).unwrap_or(u8::MAX));
    }
    rest
}

/// A number as strtoul(3) reads it with base 0: decimal, `0x` hexadecimal, or octal after a zero.
pub(super) fn unsigned(value: &str) -> Option<u32> {
    let (digits, radix) = match value.as_bytes() {
        [b'0', b'x' | b'X', ..] => (value.get(2..)?, 16),
        [b'0', _, ..] => (value.get(1..)?, 8),
        _ => (value, 10),
    };
    if !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    u32::from_str_radix(digits, radix).ok()
}

/// Seconds, or what they are not.
pub(super) fn seconds(value: &str) -> Result<u32, String> {
    unsigned(value).ok_or_else(|| "takes a whole number of seconds".to_owned())
}

/// An address in dotted decimal.
pub(super) fn address(value: &str) -> Result<Ipv4Addr, String> {
    value
        .parse()
        .map_err(|_| format!("{value:?} is not an IPv4 address"))
}

/// An address and, after a slash, the length of its prefix.
pub(super) fn network(value: &str) -> Result<(Ipv4Addr, Option<u8>), String> {
    let Some((host, length)) = value.split_once('/') else {
        return Ok((address(value)?, None));
    };
    let length = length
        .parse()
        .ok()
        .filter(|length| *length <= 32 && !value.contains('+'))
        .ok_or_else(|| format!("{length:?} is not a prefix length from 0 to 32"))?;
    Ok((address(host)?, Some(length)))
}

/// Servers: one address, or all of a network.
pub(super) fn servers(value: &str) -> Result<Subnet, String> {
    let (address, length) = network(value)?;
    Ok(Subnet {
        address,
        prefix_length: length.unwrap_or(32),
    })
}

/// The prefix length of an address's class, where nothing else is said (RFC 791 section 2.3).
pub(super) const fn class_length(address: Ipv4Addr) -> u8 {
    match address.octets() {
        [0..=127, ..] => 8,
        [128..=191, ..] => 16,
        [192..=223, ..] => 24,
        _ => 32,
    }
}

/// The prefix length of an interface's address: the one that was given, or that of its class.
pub(super) fn prefix_length(address: Ipv4Addr, given: Option<u8>) -> Result<u8, String> {
    match given {
        Some(0) => Err("an interface's prefix is at least 1 bit long".to_owned()),
        Some(length) => Ok(length),
        None => Ok(class_length(address)),
    }
}

/// The prefix length of a mask without holes.
pub(super) fn mask_length(mask: Ipv4Addr) -> Option<u8> {
    let mask = mask.to_bits();
    if mask.leading_ones() != mask.count_ones() {
        return None;
    }
    u8::try_from(mask.leading_ones()).ok()
}

/// Elements of a list that commas or blanks separate.
pub(super) fn list(value: &str) -> impl Iterator<Item = &str> {
    value
        .split([',', ' ', '\t'])
        .filter(|word| !word.is_empty())
}

/// The first word and what follows it, without the blanks around.
pub(super) fn first_word(value: &str) -> (&str, Option<&str>) {
    match value.split_once([' ', '\t']) {
        Some((first, rest)) => {
            let rest = rest.trim_matches([' ', '\t']);
            (first, (!rest.is_empty()).then_some(rest))
        }
        None => (value, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_of_hexadecimal_digits_are_octets_unless_they_are_quoted() {
        assert_eq!(octets("01:02:ff"), [1, 2, 255]);
        assert_eq!(octets("01-02"), [1, 2]);
        assert_eq!(octets("dead"), [0xde, 0xad]);
        assert_eq!(octets("\"dead\""), b"dead");
        assert_eq!(octets("de"), b"de", "one pair is text");
        assert_eq!(octets("dea"), b"dea", "half a pair is text");
        assert_eq!(octets("0:1:2"), b"0:1:2", "a separator inside a pair");
        assert_eq!(octets("hello"), b"hello");
        assert_eq!(octets(""), b"");
    }

    #[test]
    fn escapes_stand_for_octets() {
        assert_eq!(octets(r"a\tb\n\r\b"), b"a\tb\n\r\x08");
        assert_eq!(octets(r"\x41\x4"), b"A", "one digit is none");
        assert_eq!(octets(r"\0101\0777\012"), b"A\xff");
        assert_eq!(octets(r#"\"192.168.0.2\""#), b"\"192.168.0.2\"");
        assert_eq!(octets(r"end\"), b"end");
        assert_eq!(octets("\""), b"\"");
        assert_eq!(octets("\"open"), b"\"open");
    }

    #[test]
    fn an_identifier_that_is_text_has_the_hardware_type_zero() {
        assert_eq!(identifier("01:aa"), [1, 0xaa]);
        assert_eq!(identifier("box"), b"\0box");
        assert_eq!(identifier("\"01:aa\""), b"\x0001:aa");
        assert!(identifier("").is_empty());
    }

    #[test]
    fn numbers_may_be_hexadecimal_or_octal() {
        assert_eq!(unsigned("0"), Some(0));
        assert_eq!(unsigned("4294967295"), Some(u32::MAX));
        assert_eq!(unsigned("0x1F"), Some(31));
        assert_eq!(unsigned("017"), Some(15));
        for wrong in ["", "-1", "+1", "4294967296", "08", "0x", "1 ", "x"] {
            assert_eq!(unsigned(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn networks_have_a_length_or_none() {
        let address = Ipv4Addr::new(192, 0, 2, 1);
        assert_eq!(network("192.0.2.1"), Ok((address, None)));
        assert_eq!(network("192.0.2.1/24"), Ok((address, Some(24))));
        for wrong in [
            "192.0.2.1/33",
            "192.0.2.1/",
            "192.0.2/24",
            "192.0.2.1/+1",
            "x",
        ] {
            assert!(network(wrong).is_err(), "{wrong}");
        }
        assert_eq!(class_length(Ipv4Addr::new(10, 0, 0, 1)), 8);
        assert_eq!(class_length(Ipv4Addr::new(172, 16, 0, 1)), 16);
        assert_eq!(class_length(address), 24);
        assert_eq!(mask_length(Ipv4Addr::new(255, 255, 254, 0)), Some(23));
        assert_eq!(mask_length(Ipv4Addr::new(255, 0, 255, 0)), None);
    }
}
