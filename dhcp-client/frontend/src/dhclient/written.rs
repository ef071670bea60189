//! Values of a lease as dhclient writes them: words in a row for scripts, and data of a statement for
//! lease files.

use std::net::{Ipv4Addr, Ipv6Addr};

use sdk_rpc::{Route, Value};

use super::format::{Element, Format, Repeat};

/// One word of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    /// It stands in quotes in a file.
    pub(super) quoted: bool,
}

/// A value as rows of words; between the rows of a list stands a comma in a file.
pub(super) type Rows = Vec<Vec<Word>>;

/// The value in this format; `None` where it is of another kind, or broken.
pub(super) fn rows(format: &Format, value: &Value) -> Option<Rows> {
    match value {
        Value::Addresses(addresses) => {
            let all = format.elements.iter().all(|it| *it == Element::Address);
            let words = addresses.iter().map(|address| plain(address.to_string()));
            all.then(|| in_rows(format, words))
        }
        Value::Numbers(numbers) => {
            let elements = format.elements.iter().cycle();
            let words: Option<Vec<Word>> = numbers
                .iter()
                .zip(elements)
                .map(|(number, element)| numeral(*element, *number))
                .collect();
            Some(in_rows(format, words?.into_iter()))
        }
        Value::Text(text) => {
            let is_text = matches!(format.elements.as_ref(), [Element::Text | Element::Host]);
            is_text.then(|| vec![vec![quoted(text.clone())]])
        }
        Value::Names(names) => {
            let all = format.elements.iter().all(|it| *it == Element::Names);
            // With the dot of a whole name, as dhclient writes them.
            let words = names.iter().map(|name| vec![quoted(format!("{name}."))]);
            all.then(|| words.collect())
        }
        Value::Routes(routes) => rows_of_octets(format, &octets_of(routes)),
        Value::Octets(octets) => rows_of_octets(format, octets),
    }
}

/// All words with blanks between them, as scripts are told.
pub(super) fn spaced(rows: &Rows) -> String {
    let words: Vec<&str> = rows
        .iter()
        .flatten()
        .map(|word| word.text.as_str())
        .collect();
    words.join(" ")
}

fn plain(text: String) -> Word {
    Word {
        text,
        quoted: false,
    }
}

fn quoted(text: String) -> Word {
    Word { text, quoted: true }
}

fn in_rows(format: &Format, words: impl Iterator<Item = Word>) -> Rows {
    let length = match format.repeat {
        Repeat::Never => return vec![words.collect()],
        Repeat::Last | Repeat::All => format.elements.len().max(1),
    };
    let words: Vec<Word> = words.collect();
    words.chunks(length).map(<[Word]>::to_vec).collect()
}

/// A number as an element has it; `None` if the element is none.
fn numeral(element: Element, number: i64) -> Option<Word> {
    if element == Element::Flag {
        return Some(plain((number != 0).to_string()));
    }
    let (width, signed) = element.number()?;
    let bits = u32::try_from(width.saturating_mul(8)).ok()?;
    let range = 1_i64.checked_shl(bits)?;
    let half = 1_i64.checked_shl(bits.saturating_sub(1))?;
    // What was read without its sign.
    let is_negative = signed && number >= half && number < range;
    let number = if is_negative {
        number.saturating_sub(range)
    } else {
        number
    };
    Some(plain(number.to_string()))
}

/// Octets in a format that they were not read by: rows of different elements, and what nobody knows.
fn rows_of_octets(format: &Format, octets: &[u8]) -> Option<Rows> {
    if let [Element::Octets] = format.elements.as_ref() {
        return Some(vec![vec![text_or_octets(octets)]]);
    }
    let mut rows = Vec::new();
    let mut rest = octets;
    let mut elements = format.elements.as_ref();
    loop {
        let mut row = Vec::new();
        for element in elements {
            let (word, after) = element_of(*element, rest)?;
            row.push(word);
            rest = after;
        }
        rows.push(row);
        if rest.is_empty() {
            return Some(rows);
        }
        match format.repeat {
            Repeat::Never => return None,
            Repeat::Last => elements = elements.last().map_or(&[], std::slice::from_ref),
            Repeat::All => {}
        }
        // Elements without octets would be read for ever.
        if elements.is_empty() {
            return None;
        }
    }
}

/// One element at the beginning of some octets, and what is left of them.
fn element_of(element: Element, octets: &[u8]) -> Option<(Word, &[u8])> {
    match element {
        Element::Address => {
            let (address, rest) = octets.split_first_chunk::<4>()?;
            Some((plain(Ipv4Addr::from(*address).to_string()), rest))
        }
        Element::Address6 => {
            let (address, rest) = octets.split_first_chunk::<16>()?;
            Some((plain(Ipv6Addr::from(*address).to_string()), rest))
        }
        Element::Flag | Element::Unsigned8 | Element::Signed8 => {
            let ([octet], rest) = octets.split_first_chunk::<1>()?;
            Some((numeral(element, (*octet).into())?, rest))
        }
        Element::Unsigned16 | Element::Signed16 => {
            let (number, rest) = octets.split_first_chunk::<2>()?;
            Some((numeral(element, u16::from_be_bytes(*number).into())?, rest))
        }
        Element::Unsigned32 | Element::Signed32 => {
            let (number, rest) = octets.split_first_chunk::<4>()?;
            Some((numeral(element, u32::from_be_bytes(*number).into())?, rest))
        }
        Element::Text | Element::Host => {
            let text = str::from_utf8(octets).ok()?;
            Some((quoted(text.to_owned()), &[]))
        }
        Element::Octets => Some((text_or_octets(octets), &[])),
        // Compressed names are a message to parse, which is not for this side.
        Element::Names => None,
    }
}

/// Octets as text if all of them can be printed, else in hexadecimal. A last NUL is not part of a text.
fn text_or_octets(octets: &[u8]) -> Word {
    let text = octets.strip_suffix(&[0]).unwrap_or(octets);
    if text.iter().all(|octet| matches!(octet, b' '..=b'~')) {
        return quoted(text.iter().map(|octet| char::from(*octet)).collect());
    }
    let digits: Vec<String> = octets.iter().map(|octet| format!("{octet:x}")).collect();
    plain(digits.join(":"))
}

/// Routes as RFC 3442 has them: width, as many octets as it needs, gateway.
fn octets_of(routes: &[Route]) -> Vec<u8> {
    let mut octets = Vec::new();
    for route in routes {
        let Route {
            destination,
            prefix_length,
            gateway,
        } = *route;
        octets.push(prefix_length);
        let significant = usize::from(prefix_length.div_ceil(8));
        octets.extend(destination.octets().into_iter().take(significant));
        octets.extend(gateway.octets());
    }
    octets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        dhclient::vocabulary::Vocabulary,
        sample::{addresses, names, numbers, route, text},
    };

    /// As scripts are told, for an option by its code.
    fn told(code: u8, value: &Value) -> Option<String> {
        let vocabulary = Vocabulary::default();
        rows(vocabulary.by_code(code).1, value).map(|rows| spaced(&rows))
    }

    #[test]
    fn values_are_written_as_dhclient_writes_them() {
        let six_rd = [
            [8, 32].as_slice(),
            &[0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            &[10, 9, 6, 212],
        ]
        .concat();
        let octets = |octets: &[u8]| Value::Octets(octets.to_vec());
        for (code, value, expected) in [
            (1, addresses(&[[255, 255, 255, 0]]), "255.255.255.0"),
            (2, numbers(&[-18_000]), "-18000"),
            (
                3,
                addresses(&[[10, 9, 0, 1], [10, 9, 0, 2]]),
                "10.9.0.1 10.9.0.2",
            ),
            (12, text("box1"), "box1"),
            (19, numbers(&[1]), "true"),
            (20, numbers(&[0]), "false"),
            (
                21,
                addresses(&[
                    [10, 1, 0, 0],
                    [255, 255, 0, 0],
                    [10, 2, 0, 0],
                    [255, 255, 0, 0],
                ]),
                "10.1.0.0 255.255.0.0 10.2.0.0 255.255.0.0",
            ),
            (25, numbers(&[576, 1000]), "576 1000"),
            (
                43,
                octets(&[1, 4, 0xde, 0xad, 0xbe, 0xef]),
                "1:4:de:ad:be:ef",
            ),
            (60, octets(b"vendorX"), "vendorX"),
            (61, octets(&[1, 2, 3, 4, 5, 6]), "1:2:3:4:5:6"),
            (78, octets(&[1, 10, 9, 5, 78]), "true 10.9.5.78"),
            (79, octets(b"\x01scopes"), "true scopes"),
            (94, numbers(&[1, 3, 16]), "1 3 16"),
            (97, octets(&[0, 17, 17]), "0 11:11"),
            (99, octets(&[0]), ""),
            (
                119,
                names(&["example.org", "eng.example.org"]),
                "example.org. eng.example.org.",
            ),
            (
                121,
                Value::Routes(vec![
                    route([10, 7, 0, 0], 24, [10, 9, 0, 1]),
                    route([0, 0, 0, 0], 0, [10, 9, 0, 1]),
                    route([10, 8, 0, 1], 32, [0, 0, 0, 0]),
                ]),
                "18:a:7:0:a:9:0:1:0:a:9:0:1:20:a:8:0:1:0:0:0:0",
            ),
            (159, octets(&[4, 6, 1, 2]), "4 6 258"),
            (176, octets(b"abc"), "abc"),
            (212, octets(&six_rd), "8 32 2001:db8:: 10.9.6.212"),
            (224, octets(&[0, 255, 16]), "0:ff:10"),
        ] {
            assert_eq!(told(code, &value).as_deref(), Some(expected), "{code}");
        }
    }

    #[test]
    fn routes_that_the_operator_calls_numbers_are_numbers() {
        let format = Format::new(&[Element::Unsigned8], Repeat::All);
        let value = Value::Routes(vec![route([10, 7, 0, 0], 24, [10, 9, 0, 1])]);
        let rows = rows(&format, &value).expect("rows");
        assert_eq!(spaced(&rows), "24 10 7 0 10 9 0 1");
        assert_eq!(rows.len(), 8);
    }

    #[test]
    fn signed_numbers_get_their_sign_back() {
        let format = |element: &'static [Element]| Format::new(element, Repeat::All);
        let signed8 = rows(&format(&[Element::Signed8]), &numbers(&[255, 127, -1]));
        assert_eq!(spaced(&signed8.expect("rows")), "-1 127 -1");
        let signed16 = rows(&format(&[Element::Signed16]), &numbers(&[65_535]));
        assert_eq!(spaced(&signed16.expect("rows")), "-1");
    }

    #[test]
    fn a_value_of_another_kind_or_a_piece_of_one_is_none() {
        let octets = |octets: &[u8]| Value::Octets(octets.to_vec());
        for (code, value) in [
            (3, text("10.9.0.1")),
            (12, names(&["box"])),
            (26, text("1500")),
            (119, octets(b"\x01a\0")),
            (146, numbers(&[1])),
            (159, octets(&[4, 6, 1])),
            (159, octets(&[4, 6, 1, 2, 3])),
            (212, octets(&[8, 32, 1])),
        ] {
            assert_eq!(told(code, &value), None, "{code} {value:?}");
        }
    }
}
