//! `-x OPT:VALUE`: an option to send, as text.
//!
//! `hostname:box` and `lease:3600` are read by the option's form, `0x3d:0100beef` and `61:01:00:be` as
//! octets, and `14:"/dump"` as text. A value that no option can have is not sent, as udhcpc does.

use std::net::Ipv4Addr;

use super::options::{self, Form};

/// Longest value of an option without fragments, as udhcpc sends them (RFC 2132 section 2).
const LONGEST: usize = 255;

/// What a word comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Extra {
    /// An option with its octets; `more` of them may follow in another word.
    Option {
        /// Its code.
        code: u8,
        /// Its value.
        octets: Vec<u8>,
        /// Whether it is a list.
        list: bool,
    },
    /// Nothing that could be sent, and why.
    Nothing(&'static str),
}

/// Reads a word.
///
/// # Errors
/// An option that has no such name, and octets that are no hexadecimal digits; udhcpc ends then.
pub(super) fn read(word: &str) -> Result<Extra, String> {
    let mut rest = word;
    let Some(name) = token(&mut rest, &[' ', '\t', '=', ':']) else {
        return Ok(Extra::Nothing("it names no option"));
    };
    match options::number(name).map(u8::try_from) {
        Some(Ok(code @ 0..=254)) => raw(code, rest.trim()),
        Some(Ok(255) | Err(_)) | None => {
            let known = options::by_name(name).ok_or_else(|| {
                format!(
                    "unknown option '{name}', known options: {}",
                    options::names()
                )
            })?;
            Ok(match values(known.form, known.list, &mut rest) {
                Some(octets) if !octets.is_empty() => Extra::Option {
                    code: known.code,
                    octets,
                    list: known.list,
                },
                Some(_) | None => Extra::Nothing("the option cannot have that value"),
            })
        }
    }
}

/// The value of an option given by its number: quoted text, or octets.
fn raw(code: u8, value: &str) -> Result<Extra, String> {
    let quoted = |mark| value.strip_prefix(mark)?.strip_suffix(mark);
    let octets = match quoted('"').or_else(|| quoted('\'')) {
        Some(text) => text.as_bytes().to_vec(),
        None => octets(value).ok_or_else(|| format!("malformed hex string '{value}'"))?,
    };
    if octets.is_empty() || octets.len() > LONGEST {
        return Ok(Extra::Nothing("an option has from 1 to 255 octets"));
    }
    Ok(Extra::Option {
        code,
        octets,
        list: false,
    })
}

/// The next part of a text, without the delimiters around it.
fn token<'a>(rest: &mut &'a str, delimiters: &[char]) -> Option<&'a str> {
    let text = rest.trim_start_matches(delimiters);
    let (token, after) = text.split_once(delimiters).unwrap_or((text, ""));
    *rest = after;
    (!token.is_empty()).then_some(token)
}

/// All values of a list, or one; those before the first that is wrong.
fn values(form: Form, list: bool, rest: &mut &str) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    while let Some(word) = token(rest, &[',', ' ', '\t']) {
        let Some(more) = value(form, word, rest) else {
            break;
        };
        octets.extend(more);
        if !list {
            break;
        }
    }
    (octets.len() <= LONGEST).then_some(octets)
}

fn value(form: Form, word: &str, rest: &mut &str) -> Option<Vec<u8>> {
    match form {
        Form::Addresses => address(word),
        Form::Pairs => {
            let (first, second) = match word.split_once(['/', '-']) {
                Some((first, second)) => (first, second),
                None => (word, token(rest, &[',', ' ', '\t', '/', '-'])?),
            };
            Some([address(first)?, address(second)?].concat())
        }
        Form::Host | Form::Text | Form::Message => Some(word.as_bytes().to_vec()),
        Form::Names => name(word),
        Form::Number8 => Some(vec![u8::try_from(options::number(word)?).ok()?]),
        Form::Number16 => {
            let number = u16::try_from(options::number(word)?).ok()?;
            Some(number.to_be_bytes().to_vec())
        }
        Form::Number32 => Some(options::number(word)?.to_be_bytes().to_vec()),
        Form::Signed32 => signed(word).map(|number| number.to_be_bytes().to_vec()),
        Form::Routes => route(word, token(rest, &[',', ' ', '\t', '/', '-'])?),
        // udhcpc reads neither.
        Form::SipServers | Form::SixRd => None,
    }
}

fn address(word: &str) -> Option<Vec<u8>> {
    let address: Ipv4Addr = word.parse().ok()?;
    Some(address.octets().to_vec())
}

fn signed(word: &str) -> Option<i32> {
    match word.strip_prefix('-') {
        Some(digits) => i32::try_from(options::number(digits)?).ok()?.checked_neg(),
        None => i32::try_from(options::number(word)?).ok(),
    }
}

/// A name as labels (RFC 1035 section 3.1).
fn name(word: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    for label in word.strip_suffix('.').unwrap_or(word).split('.') {
        let length = u8::try_from(label.len()).ok()?;
        if !(1..=63).contains(&length) {
            return None;
        }
        octets.push(length);
        octets.extend(label.as_bytes());
    }
    octets.push(0);
    Some(octets)
}

/// A route as RFC 3442 writes it: width, as many octets as it needs, gateway.
fn route(destination: &str, gateway: &str) -> Option<Vec<u8>> {
    let (network, width) = destination.split_once('/')?;
    let width: u8 = width.parse().ok().filter(|width| *width <= 32)?;
    let significant = usize::from(width.div_ceil(8));
    let mut octets = vec![width];
    octets.extend(address(network)?.into_iter().take(significant));
    octets.extend(address(gateway)?);
    Some(octets)
}

/// Hexadecimal digits, of which a colon may end an octet.
fn octets(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    for group in text.split(':') {
        let digits: Vec<char> = group.chars().collect();
        for pair in digits.chunks(2) {
            if !pair.iter().all(char::is_ascii_hexdigit) {
                return None;
            }
            let pair: String = pair.iter().collect();
            octets.push(u8::from_str_radix(&pair, 16).ok()?);
        }
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn octets_of(word: &str) -> (u8, Vec<u8>) {
        match read(word) {
            Ok(Extra::Option { code, octets, .. }) => (code, octets),
            other => panic!("{word}: {other:?}"),
        }
    }

    #[test]
    fn named_options_are_read_by_their_form() {
        assert_eq!(octets_of("hostname:bbox"), (12, b"bbox".to_vec()));
        assert_eq!(octets_of("hostname=bbox"), (12, b"bbox".to_vec()));
        assert_eq!(octets_of("lease:3600"), (51, vec![0, 0, 14, 16]));
        assert_eq!(octets_of("lease:0x10"), (51, vec![0, 0, 0, 16]));
        assert_eq!(octets_of("mtu:1400"), (26, vec![5, 120]));
        assert_eq!(octets_of("ipttl:64"), (23, vec![64]));
        assert_eq!(octets_of("timezone:-3600"), (2, vec![255, 255, 241, 240]));
        assert_eq!(octets_of("router:10.0.0.1"), (3, vec![10, 0, 0, 1]));
        assert_eq!(octets_of("dns:1.1.1.1,8.8.8.8").1.len(), 8);
        assert_eq!(octets_of("dns:1.1.1.1 8.8.8.8").1.len(), 8);
        assert_eq!(octets_of("search:a.test").1, b"\x01a\x04test\0");
        assert_eq!(
            octets_of("staticroutes:10.1.2.0/23 10.0.0.1"),
            (121, vec![23, 10, 1, 2, 10, 0, 0, 1])
        );
        assert_eq!(
            octets_of("routes:10.1.0.0/10.0.0.1"),
            (33, vec![10, 1, 0, 0, 10, 0, 0, 1])
        );
    }

    #[test]
    fn numbered_options_are_octets_or_quoted_text() {
        assert_eq!(
            octets_of("0x3d:0100BEEFC0FFEE"),
            (61, vec![1, 0, 0xbe, 0xef, 0xc0, 0xff, 0xee])
        );
        assert_eq!(octets_of("61:01:2:ff"), (61, vec![1, 2, 255]));
        assert_eq!(octets_of("14:\"dump file\""), (14, b"dump file".to_vec()));
        assert_eq!(octets_of("14:'x'"), (14, b"x".to_vec()));
    }

    #[test]
    fn text_of_a_named_option_ends_at_a_blank() {
        assert_eq!(octets_of("vendor:a b"), (60, b"a".to_vec()));
    }

    #[test]
    fn an_unknown_name_and_bad_digits_are_errors() {
        let unknown = read("colour:red").expect_err("no such option");
        assert!(
            unknown.contains("'colour'") && unknown.contains("hostname"),
            "{unknown}"
        );
        assert_eq!(
            read("61:01zz").expect_err("no digits"),
            "malformed hex string '01zz'"
        );
    }

    #[test]
    fn values_that_no_option_has_are_not_sent() {
        let long = format!("vendor:{}", "x".repeat(256));
        for word in [
            "",
            ":",
            "hostname:",
            "router:box",
            "mtu:70000",
            "lease:never",
            "ipttl:256",
            "61:",
            "staticroutes:10.0.0.0/33 10.0.0.1",
            "staticroutes:10.0.0.0/8",
            "routes:10.0.0.0",
            "search:a..b",
            "ip6rd:1",
            "sipsrv:1.2.3.4",
            &long,
        ] {
            assert!(matches!(read(word), Ok(Extra::Nothing(_))), "{word}");
        }
    }
}
