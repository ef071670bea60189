//! Expressions of dhcp-eval(5), as far as they can be worked out when a configuration is read.
//!
//! dhclient works them out for each message; what depends on a message or on the interface (but for the
//! whole hardware address, which is a client identifier of its own) is therefore refused by name.

use super::{
    data::text_or_octets,
    statement::{Fault, integer, mark, word},
    tokens::{Token, Tokens},
};

/// Calls within calls.
const DEEPEST: usize = 16;

/// Longest value, and so what nested calls may make.
const LONGEST: usize = 1024;

/// What an expression comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Term {
    /// These octets.
    Octets(Vec<u8>),
    /// The host's name, and nothing else.
    HostName,
    /// Type and hardware address of the interface, and nothing else.
    Hardware,
}

/// Reads the expression after `=`.
pub(super) fn read(tokens: &mut Tokens<'_>, host_name: Option<&str>) -> Result<Term, Fault> {
    let mut ahead = tokens.clone();
    if let Token::Word(name) = ahead.next() {
        if name.eq_ignore_ascii_case("hardware") && ends(&ahead) {
            *tokens = ahead;
            return Ok(Term::Hardware);
        }
        let is_call = name.eq_ignore_ascii_case("gethostname");
        if is_call && ahead.takes(b'(') && ahead.takes(b')') && ends(&ahead) {
            *tokens = ahead;
            return Ok(Term::HostName);
        }
    }
    match octets(tokens, host_name, DEEPEST)? {
        Some(octets) => Ok(Term::Octets(octets)),
        None => Err("the host has no name".into()),
    }
}

fn ends(tokens: &Tokens<'_>) -> bool {
    tokens.peek() == Token::Mark(b';')
}

/// The value of an expression; `None` if it has none, which another may stand in for.
fn octets(
    tokens: &mut Tokens<'_>,
    host_name: Option<&str>,
    depth: usize,
) -> Result<Option<Vec<u8>>, Fault> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err("calls are nested too deeply".into());
    };
    let mut ahead = tokens.clone();
    let name = match ahead.next() {
        Token::Word(name) if ahead.takes(b'(') => name.to_ascii_lowercase(),
        Token::Word(name) if !is_octet(name) => {
            let why = format!("{name} is not known when the configuration is read");
            return Err(Fault(why));
        }
        Token::Word(_) | Token::Text(_) | Token::Mark(_) | Token::End => {
            return text_or_octets(tokens).map(Some);
        }
    };
    *tokens = ahead;
    let argument = |tokens: &mut Tokens<'_>| octets(tokens, host_name, depth);
    let value = match name.as_str() {
        "gethostname" => host_name.map(|name| name.as_bytes().to_vec()),
        "concat" => concat(tokens, argument)?,
        "pick-first-value" => first(tokens, argument)?,
        "lcase" => argument(tokens)?.map(|octets| octets.to_ascii_lowercase()),
        "ucase" => argument(tokens)?.map(|octets| octets.to_ascii_uppercase()),
        "substring" => {
            let all = argument(tokens)?;
            let offset = next_length(tokens)?;
            let length = next_length(tokens)?;
            all.map(|all| all.into_iter().skip(offset).take(length).collect())
        }
        "suffix" => {
            let all = argument(tokens)?;
            let length = next_length(tokens)?;
            all.map(|all| {
                let start = all.len().saturating_sub(length);
                all.into_iter().skip(start).collect()
            })
        }
        name => {
            let why = format!("{name}() is not known when the configuration is read");
            return Err(Fault(why));
        }
    };
    mark(tokens, b')')?;
    Ok(value)
}

/// All arguments, one after the other.
fn concat<'a>(
    tokens: &mut Tokens<'a>,
    argument: impl Fn(&mut Tokens<'a>) -> Result<Option<Vec<u8>>, Fault>,
) -> Result<Option<Vec<u8>>, Fault> {
    let mut all = Some(Vec::new());
    loop {
        let next = argument(tokens)?;
        all = all.zip(next).map(|(all, next)| [all, next].concat());
        if all.as_ref().is_some_and(|all| all.len() > LONGEST) {
            return Err("the value is too long".into());
        }
        if !tokens.takes(b',') {
            return Ok(all);
        }
    }
}

/// The first argument that has a value.
fn first<'a>(
    tokens: &mut Tokens<'a>,
    argument: impl Fn(&mut Tokens<'a>) -> Result<Option<Vec<u8>>, Fault>,
) -> Result<Option<Vec<u8>>, Fault> {
    let mut first = None;
    loop {
        let next = argument(tokens)?;
        first = first.or(next.filter(|octets| !octets.is_empty()));
        if !tokens.takes(b',') {
            return Ok(first);
        }
    }
}

/// A comma and a length.
fn next_length(tokens: &mut Tokens<'_>) -> Result<usize, Fault> {
    mark(tokens, b',')?;
    let word = word(tokens, "a number")?;
    let length = integer(word).and_then(|number| usize::try_from(number).ok());
    length.ok_or_else(|| Fault(format!("{word} is not a length")))
}

fn is_octet(word: &str) -> bool {
    word.len() <= 2 && word.chars().all(|c| c.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(expression: &str, host_name: Option<&str>) -> Result<Term, String> {
        read(&mut Tokens::new(expression.as_bytes()), host_name).map_err(|Fault(why)| why)
    }

    fn octets_of(expression: &str) -> Result<Vec<u8>, String> {
        match term(expression, Some("Box1"))? {
            Term::Octets(octets) => Ok(octets),
            other @ (Term::HostName | Term::Hardware) => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn the_hosts_name_and_the_hardware_address_stand_for_themselves() {
        assert_eq!(term("gethostname();", None), Ok(Term::HostName));
        assert_eq!(term("hardware;", None), Ok(Term::Hardware));
    }

    #[test]
    fn calls_are_worked_out() {
        for (expression, expected) in [
            ("\"abc\";", &b"abc"[..]),
            ("1:2:ff;", &[1, 2, 255]),
            ("concat(\"a\", gethostname(), 0);", b"aBox1\0"),
            ("lcase(gethostname());", b"box1"),
            ("ucase(\"abc\");", b"ABC"),
            ("substring(\"abcdef\", 2, 3);", b"cde"),
            ("substring(\"abc\", 9, 3);", b""),
            ("suffix(\"abcdef\", 2);", b"ef"),
            ("pick-first-value(gethostname(), \"x\");", b"Box1"),
            ("concat(\"a\", concat(\"b\", \"c\"));", b"abc"),
        ] {
            assert_eq!(
                octets_of(expression).as_deref(),
                Ok(expected),
                "{expression}"
            );
        }
    }

    #[test]
    fn another_value_stands_in_for_a_name_that_is_not_there() {
        let expression = "pick-first-value(gethostname(), \"ISC-dhclient\");";
        let expected = Term::Octets(b"ISC-dhclient".to_vec());
        assert_eq!(term(expression, None), Ok(expected));
        let without = term("concat(\"a\", gethostname());", None);
        assert_eq!(without, Err("the host has no name".into()));
    }

    #[test]
    fn what_depends_on_a_message_or_the_interface_is_refused_by_name() {
        for (expression, name) in [
            ("concat(\"x\", hardware);", "hardware"),
            ("substring(hardware, 1, 6);", "hardware"),
            (
                "binary-to-ascii(16, 8, \":\", hardware);",
                "binary-to-ascii",
            ),
            ("option host-name;", "option"),
            ("config-option host-name;", "config-option"),
        ] {
            let why = octets_of(expression).expect_err(expression);
            assert!(why.contains(name), "{expression}: {why}");
        }
    }

    #[test]
    fn depth_and_length_are_bounded() {
        let deep = format!("{}\"x\"{};", "lcase(".repeat(10_000), ")".repeat(10_000));
        assert!(octets_of(&deep).is_err_and(|why| why.contains("deeply")));
        let long = format!("concat({}\"x\");", "\"0123456789\",".repeat(200));
        assert!(octets_of(&long).is_err_and(|why| why.contains("long")));
    }

    #[test]
    fn broken_calls_are_refused() {
        for expression in [
            "concat(\"a\";",
            "concat();",
            "substring(\"a\");",
            "lcase(",
            "",
            ";",
        ] {
            assert!(octets_of(expression).is_err(), "{expression}");
        }
    }
}
