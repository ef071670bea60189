//! Parts that many statements of dhclient.conf(5) are made of: numbers, addresses, strings, names of
//! options.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{
    format::Format,
    tokens::{Token, Tokens},
    vocabulary::Vocabulary,
};

/// Why a statement is not honoured; its place is known to whoever reads statements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault(pub(super) String);

impl From<&str> for Fault {
    fn from(why: &str) -> Self {
        Self(why.to_owned())
    }
}

/// An option's space and name, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// Lower case; `None`: the DHCPv4 options.
    pub(super) space: Option<String>,
    pub(super) name: String,
}

impl Name {
    /// The DHCPv4 option that this is.
    pub(super) fn option<'a>(&self, vocabulary: &'a Vocabulary) -> Result<(u8, &'a Format), Fault> {
        match self.space.as_deref() {
            None | Some("dhcp") => {}
            Some("dhcp6") => return Err("DHCPv6 is not spoken yet".into()),
            Some(space) => return Err(Fault(format!("option space {space} is not known"))),
        }
        let name = &self.name;
        let unknown = || Fault(format!("there is no option {name}"));
        vocabulary.by_name(name).ok_or_else(unknown)
    }
}

/// A word.
pub(super) fn word<'a>(tokens: &mut Tokens<'a>, what: &str) -> Result<&'a str, Fault> {
    match tokens.peek() {
        Token::Word(word) => {
            tokens.next();
            Ok(word)
        }
        Token::Text(_) | Token::Mark(_) | Token::End => Err(Fault(format!("{what} is expected"))),
    }
}

/// A quoted string.
pub(super) fn text(tokens: &mut Tokens<'_>) -> Result<Vec<u8>, Fault> {
    match tokens.peek() {
        Token::Text(text) => {
            tokens.next();
            Ok(text)
        }
        Token::Word(_) | Token::Mark(_) | Token::End => {
            Err("a string in quotes is expected".into())
        }
    }
}

/// A quoted string that is text, such as a path or an interface's name.
pub(super) fn readable(tokens: &mut Tokens<'_>) -> Result<String, Fault> {
    let text = text(tokens)?;
    let readable = String::from_utf8(text).ok();
    let readable = readable.filter(|text| !text.chars().any(char::is_control));
    readable.ok_or_else(|| "the string is not text".into())
}

/// The mark that must come next.
pub(super) fn mark(tokens: &mut Tokens<'_>, mark: u8) -> Result<(), Fault> {
    if tokens.takes(mark) {
        return Ok(());
    }
    Err(Fault(format!("{:?} is expected", char::from(mark))))
}

/// A number as C reads it, with or without a sign.
pub(super) fn number(tokens: &mut Tokens<'_>) -> Result<i64, Fault> {
    let word = word(tokens, "a number")?;
    integer(word).ok_or_else(|| Fault(format!("{word} is not a number")))
}

/// Seconds.
pub(super) fn seconds(tokens: &mut Tokens<'_>) -> Result<u32, Fault> {
    let number = number(tokens)?;
    let fits = u32::try_from(number).ok().filter(|it| *it <= 0x7fff_ffff);
    fits.ok_or_else(|| Fault(format!("{number} seconds are not possible")))
}

/// Decimal, `0x` hexadecimal or `0` octal.
pub(super) fn integer(word: &str) -> Option<i64> {
    let (digits, negative) = match word.strip_prefix('-') {
        Some(digits) => (digits, true),
        None => (word, false),
    };
    let (digits, radix) = match digits
        .strip_prefix("0x")
        .or_else(|| digits.strip_prefix("0X"))
    {
        Some(digits) => (digits, 16),
        None if digits.len() > 1 && digits.starts_with('0') => (digits, 8),
        None => (digits, 10),
    };
    // from_str_radix would take a second sign.
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let number = i64::from_str_radix(digits, radix).ok()?;
    if negative {
        number.checked_neg()
    } else {
        Some(number)
    }
}

/// `10.0.0.1`.
pub(super) fn address(tokens: &mut Tokens<'_>) -> Result<Ipv4Addr, Fault> {
    let mut octets = [0_u8; 4];
    for (index, octet) in octets.iter_mut().enumerate() {
        if index > 0 {
            mark(tokens, b'.')?;
        }
        let word = word(tokens, "an address")?;
        let decimal = word.chars().all(|c| c.is_ascii_digit());
        *octet = word.parse().ok().filter(|_| decimal).ok_or_else(|| {
            Fault(format!(
                "{word}: an address in numbers is expected; names are not resolved"
            ))
        })?;
    }
    Ok(Ipv4Addr::from(octets))
}

/// `2001:db8::1`.
pub(super) fn address6(tokens: &mut Tokens<'_>) -> Result<Ipv6Addr, Fault> {
    let mut text = String::new();
    while text.is_empty() || tokens.touches() {
        match tokens.peek() {
            Token::Word(word) => text.push_str(word),
            Token::Mark(mark @ (b':' | b'.')) => text.push(char::from(mark)),
            Token::Text(_) | Token::Mark(_) | Token::End => break,
        }
        tokens.next();
        if text.len() > 64 {
            break;
        }
    }
    text.parse()
        .map_err(|_| Fault(format!("{text} is not an IPv6 address")))
}

/// `host-name`, or `fqdn.fqdn`.
pub(super) fn option_name(tokens: &mut Tokens<'_>) -> Result<Name, Fault> {
    let first = word(tokens, "the name of an option")?;
    if !tokens.takes(b'.') {
        return Ok(Name {
            space: None,
            name: first.to_owned(),
        });
    }
    Ok(Name {
        space: Some(first.to_ascii_lowercase()),
        name: word(tokens, "the name of an option")?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_as_c_reads_them() {
        for (word, expected) in [
            ("60", Some(60)),
            ("0x10", Some(16)),
            ("010", Some(8)),
            ("0", Some(0)),
            ("-3600", Some(-3600)),
            ("--1", None),
            ("1a", None),
            ("", None),
            ("-", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(integer(word), expected, "{word}");
        }
    }

    #[test]
    fn addresses_are_four_decimal_octets() {
        let read = |text: &str| address(&mut Tokens::new(text.as_bytes())).ok();
        assert_eq!(read("10.0.0.1"), Some(Ipv4Addr::new(10, 0, 0, 1)));
        for text in [
            "10.0.0",
            "10.0.0.256",
            "ns.example.org",
            "10,0,0,1",
            "10.0.0.-1",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn addresses_of_ipv6_are_read_whole() {
        let read = |text: &str| address6(&mut Tokens::new(text.as_bytes())).ok();
        assert_eq!(read("2001:db8::1;"), "2001:db8::1".parse().ok());
        assert_eq!(
            read("::ffff:10.0.0.1 10.0.0.1"),
            "::ffff:10.0.0.1".parse().ok()
        );
        assert_eq!(read("ns.test"), None);
        assert_eq!(read(&"1:".repeat(100)), None);
    }
}
