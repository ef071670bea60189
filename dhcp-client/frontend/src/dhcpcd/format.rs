//! Octets of an option as dhcpcd writes them into variables (dhcpcd.conf(5), "Types to define").

use std::net::{Ipv4Addr, Ipv6Addr};

use super::domains::domains;
use crate::value;

/// How octets are written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Format {
    /// One element; what follows it means nothing.
    One(Element),
    /// Elements, with a blank between; half an element at the end means nothing.
    Many(Element),
    /// Text.
    Text,
    /// Text in ASCII.
    Ascii,
    /// Text that nobody checks.
    Raw,
    /// A host or domain name in text.
    Name,
    /// Names in text, with blanks between.
    NameWords,
    /// Domain names (RFC 1035 section 3.1), of which there should be one.
    Domains,
    /// Any number of domain names.
    ManyDomains,
    /// Hexadecimal digits.
    Hexadecimal,
    /// Nothing but being there.
    Present,
    /// Classless routes (RFC 3442).
    Routes,
    /// SIP servers (RFC 3361).
    Sip,
    /// Parts in a fixed order, then options of their own.
    Parts(&'static [Part], &'static [Sub]),
}

/// What all elements of a list are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Element {
    /// IPv4 address.
    Address,
    /// IPv6 address.
    Address6,
    /// 8 bits.
    Byte,
    /// 16 bits.
    Short,
    /// 32 bits.
    Long,
    /// 8 bits, most significant first: the letters of those that are set; `0` stands for none.
    Flags(&'static str),
}

/// Part of an option.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// What follows the option's name; the same name again adds nothing.
    pub(super) name: &'static str,
    /// Its octets; none: all that are left.
    pub(super) length: Option<usize>,
    pub(super) format: Format,
}

/// An option inside an option: its code, and what it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sub(pub(super) u8, pub(super) Part);

/// Variables without their `new_` or `old_`, with their values.
pub(super) type Variables = Vec<(String, String)>;

/// Writes the octets of an option `name` that came on `interface`. What is malformed is left out.
pub(super) fn write(
    variables: &mut Variables,
    name: &str,
    format: Format,
    octets: &[u8],
    interface: &str,
) {
    match format {
        Format::Parts(parts, subs) => parted(variables, name, (parts, subs), octets, interface),
        Format::One(_)
        | Format::Many(_)
        | Format::Text
        | Format::Ascii
        | Format::Raw
        | Format::Name
        | Format::NameWords
        | Format::Domains
        | Format::ManyDomains
        | Format::Hexadecimal
        | Format::Present
        | Format::Routes
        | Format::Sip => {
            if let Some(value) = single(format, octets, interface) {
                variables.push((name.to_owned(), value));
            }
        }
    }
}

fn parted(
    variables: &mut Variables,
    name: &str,
    (parts, subs): (&[Part], &[Sub]),
    octets: &[u8],
    interface: &str,
) {
    let full = |part: &Part| {
        if part.name == name {
            name.to_owned()
        } else {
            format!("{name}_{}", part.name)
        }
    };
    let mut rest = octets;
    for part in parts {
        // A part that is missing ends the option: nobody can say where the next one would begin.
        let Some((octets, after)) = length(part, rest)
            .filter(|length| *length > 0)
            .and_then(|length| rest.split_at_checked(length))
        else {
            return;
        };
        write(variables, &full(part), part.format, octets, interface);
        rest = after;
    }
    while let [code, length, after @ ..] = rest {
        let Some((octets, after)) = after.split_at_checked(usize::from(*length)) else {
            return;
        };
        if let Some(Sub(_, part)) = subs.iter().find(|Sub(sub, _)| sub == code) {
            write(variables, &full(part), part.format, octets, interface);
        }
        rest = after;
    }
}

/// How many octets a part takes of those that are left.
fn length(part: &Part, rest: &[u8]) -> Option<usize> {
    let wanted = match part.format {
        Format::One(element) => element.size(),
        Format::Many(element) => {
            let odd = rest.len().checked_rem(element.size())?;
            rest.len().saturating_sub(odd).max(element.size())
        }
        Format::Present => 0,
        Format::Text
        | Format::Ascii
        | Format::Raw
        | Format::Name
        | Format::NameWords
        | Format::Domains
        | Format::ManyDomains
        | Format::Hexadecimal
        | Format::Routes
        | Format::Sip
        | Format::Parts(_, _) => part.length.unwrap_or(rest.len()),
    };
    (wanted <= rest.len()).then_some(wanted)
}

fn single(format: Format, octets: &[u8], interface: &str) -> Option<String> {
    match format {
        Format::One(element) => element.write(octets.get(..element.size())?, interface),
        Format::Many(element) => {
            let elements: Option<Vec<String>> = octets
                .chunks_exact(element.size())
                .map(|octets| element.write(octets, interface))
                .collect();
            elements
                .filter(|elements| !elements.is_empty())
                .map(|e| e.join(" "))
        }
        Format::Text | Format::Raw => text(octets),
        Format::Ascii => text(octets).filter(|text| text.is_ascii()),
        Format::Name => text(octets).filter(|name| value::is_host_name(name)),
        Format::NameWords => names(&text(octets)?),
        Format::Domains | Format::ManyDomains => domains(octets),
        Format::Hexadecimal => Some(hexadecimal(octets)),
        Format::Present => Some("1".to_owned()),
        Format::Routes => routes(octets),
        Format::Sip => match octets {
            [0, names @ ..] => domains(names),
            [1, addresses @ ..] => single(Format::Many(Element::Address), addresses, interface),
            _ => None,
        },
        Format::Parts(_, _) => None,
    }
}

impl Element {
    const fn size(self) -> usize {
        match self {
            Self::Byte | Self::Flags(_) => 1,
            Self::Short => 2,
            Self::Address | Self::Long => 4,
            Self::Address6 => 16,
        }
    }

    fn write(self, octets: &[u8], interface: &str) -> Option<String> {
        match self {
            Self::Address => {
                let octets: [u8; 4] = octets.try_into().ok()?;
                Some(Ipv4Addr::from(octets).to_string())
            }
            Self::Address6 => {
                let octets: [u8; 16] = octets.try_into().ok()?;
                let address = Ipv6Addr::from(octets);
                // An address that every link has says nothing without its link.
                Some(if address.is_unicast_link_local() {
                    format!("{address}%{interface}")
                } else {
                    address.to_string()
                })
            }
            Self::Byte | Self::Short | Self::Long => {
                let number = octets
                    .iter()
                    .fold(0_u64, |number, octet| (number << 8_u32) | u64::from(*octet));
                Some(number.to_string())
            }
            Self::Flags(letters) => {
                let octet = *octets.first()?;
                let set = letters.chars().enumerate().filter(|(index, letter)| {
                    let bit = u32::try_from(*index)
                        .ok()
                        .and_then(|i| 0x80_u8.checked_shr(i));
                    *letter != '0' && bit.is_some_and(|bit| octet & bit != 0)
                });
                Some(set.map(|(_, letter)| letter).collect())
            }
        }
    }
}

/// Text without what ends it: a NUL, as RFC 2132 section 2 allows.
fn text(octets: &[u8]) -> Option<String> {
    let text = octets.split(|octet| *octet == 0).next()?;
    let text = str::from_utf8(text).ok()?;
    (!text.is_empty()).then(|| text.to_owned())
}

/// The names at the beginning of a text; what is none ends them.
fn names(text: &str) -> Option<String> {
    let names: Vec<&str> = text
        .split(' ')
        .filter(|word| !word.is_empty())
        .take_while(|name| value::is_host_name(name))
        .collect();
    (!names.is_empty()).then(|| names.join(" "))
}

pub(super) fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn routes(octets: &[u8]) -> Option<String> {
    let mut routes = Vec::new();
    let mut rest = octets;
    while let [width, after @ ..] = rest {
        if *width > 32 {
            return None;
        }
        let significant = usize::from(width.div_ceil(8));
        let (destination, after) = after.split_at_checked(significant)?;
        let (gateway, after) = after.split_first_chunk::<4>()?;
        let mut address = [0; 4];
        for (to, from) in address.iter_mut().zip(destination) {
            *to = *from;
        }
        let (destination, gateway) = (Ipv4Addr::from(address), Ipv4Addr::from(*gateway));
        routes.push(format!("{destination}/{width} {gateway}"));
        rest = after;
    }
    (!routes.is_empty()).then(|| routes.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(format: Format, octets: &[u8]) -> Option<String> {
        let mut variables = Variables::new();
        write(&mut variables, "x", format, octets, "eth0");
        variables.pop().map(|(_, value)| value)
    }

    #[test]
    fn lists_are_written_with_blanks_and_without_half_an_element() {
        let many = Format::Many(Element::Short);
        assert_eq!(value(many, &[0, 1, 1, 0, 9]).as_deref(), Some("1 256"));
        assert_eq!(value(many, &[0]), None);
        let one = Format::One(Element::Long);
        assert_eq!(
            value(one, &[255, 255, 255, 255, 1]).as_deref(),
            Some("4294967295")
        );
        assert_eq!(value(one, &[1, 2, 3]), None);
        let addresses = Format::Many(Element::Address6);
        let both = [
            Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).octets(),
            Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 2).octets(),
        ];
        assert_eq!(
            value(addresses, both.as_flattened()).as_deref(),
            Some("2001:db8::1 fe80::2%eth0")
        );
        assert_eq!(
            value(Format::One(Element::Flags("0000NEOS")), &[0b1111_0101]).as_deref(),
            Some("ES")
        );
    }

    #[test]
    fn routes_that_cannot_be_read_are_left_out() {
        let routes = [8, 10, 192, 0, 2, 1, 0, 192, 0, 2, 2];
        assert_eq!(
            value(Format::Routes, &routes).as_deref(),
            Some("10.0.0.0/8 192.0.2.1 0.0.0.0/0 192.0.2.2")
        );
        assert_eq!(
            value(Format::Routes, &[33, 1, 2, 3, 4, 5, 1, 1, 1, 1]),
            None
        );
        assert_eq!(value(Format::Routes, &routes[..9]), None);
        assert_eq!(value(Format::Routes, &[]), None);
    }

    #[test]
    fn sip_servers_are_names_or_addresses() {
        assert_eq!(value(Format::Sip, b"\0\x03sip\0").as_deref(), Some("sip"));
        assert_eq!(
            value(Format::Sip, &[1, 10, 0, 0, 1, 10, 0, 0, 2]).as_deref(),
            Some("10.0.0.1 10.0.0.2")
        );
        assert_eq!(value(Format::Sip, &[2, 1]), None);
        assert_eq!(value(Format::Sip, &[]), None);
    }

    #[test]
    fn a_part_that_is_missing_ends_the_option() {
        let parts = Format::Parts(
            &[
                Part {
                    name: "first",
                    length: None,
                    format: Format::One(Element::Byte),
                },
                Part {
                    name: "x",
                    length: Some(2),
                    format: Format::Hexadecimal,
                },
                Part {
                    name: "last",
                    length: None,
                    format: Format::Text,
                },
            ],
            &[],
        );
        let names = |octets: &[u8]| {
            let mut variables = Variables::new();
            write(&mut variables, "x", parts, octets, "eth0");
            variables
                .into_iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            names(b"\x01\x02\x03end"),
            ["x_first=1", "x=0203", "x_last=end"]
        );
        assert_eq!(names(b"\x01\x02\x03"), ["x_first=1", "x=0203"]);
        assert_eq!(names(b"\x01\x02"), ["x_first=1"]);
        assert!(names(b"").is_empty());
    }

    #[test]
    fn names_that_are_none_are_left_out() {
        assert_eq!(value(Format::Name, b"box;reboot"), None);
        assert_eq!(value(Format::Name, b"box\0").as_deref(), Some("box"));
        assert_eq!(
            value(Format::NameWords, b"a.example b.example $x c").as_deref(),
            Some("a.example b.example")
        );
        assert_eq!(value(Format::NameWords, b"-a"), None);
        assert_eq!(value(Format::Text, b""), None);
        assert_eq!(value(Format::Ascii, "é".as_bytes()), None);
    }
}
