//! Host and domain names, the values that have ended in shells and files of other clients: only what
//! a name of the DNS consists of comes through here.

use alloc::{string::String, vec::Vec};

use super::{cursor::Cursor, values::Limited};

/// RFC 1035 section 2.3.4.
const MAXIMUM_LABEL: usize = 63;
/// RFC 1035 section 2.3.4 gives a name 255 octets on the wire, which are 253 characters.
const MAXIMUM_NAME: usize = 253;
/// Names kept of one search list; resolvers use fewer. The bound also limits what compression can
/// make of a short option.
pub(super) const MAXIMUM_SEARCH: usize = 32;
/// Characters kept of a text for a person.
pub(super) const MAXIMUM_TEXT: usize = 255;

/// Options 12 and 15: a name in letters, digits, '-', '_' and dots.
///
/// RFC 2132 section 2: "the receiver of such options MUST be prepared to delete trailing nulls if they
/// exist." One trailing dot, the DNS' own mark of a whole name, is taken off too.
pub(super) fn name(value: &[u8]) -> Option<String> {
    let name = str::from_utf8(without_trailing_nuls(value)).ok()?;
    let name = name.strip_suffix('.').unwrap_or(name);
    let correct =
        name.len() <= MAXIMUM_NAME && name.split('.').all(|label| is_label(label.as_bytes()));
    correct.then(|| name.into())
}

/// Option 56: NVT ASCII for a person (RFC 2132 section 9.9). What could move a cursor or end a line
/// becomes '?'.
pub(super) fn text(value: &[u8]) -> Option<(String, bool)> {
    let value = without_trailing_nuls(value);
    if value.is_empty() {
        return None;
    }
    let printable = |octet: &u8| match octet {
        b' '..=b'~' => char::from(*octet),
        _ => '?',
    };
    let text = value.iter().take(MAXIMUM_TEXT).map(printable).collect();
    Some((text, value.len() > MAXIMUM_TEXT))
}

/// Option 119, after its fragments were joined. `None` where any name is wrong; where the last one is
/// incomplete, [`SearchList::incomplete`].
pub(super) fn search_list(value: &[u8]) -> Option<SearchList> {
    let mut list = SearchList {
        names: Limited {
            elements: Vec::new(),
            cut: false,
        },
        incomplete: false,
    };
    let mut start = 0;
    while start < value.len() {
        if list.names.elements.len() == MAXIMUM_SEARCH {
            list.names.cut = true;
            break;
        }
        match compressed_name(value, start) {
            Ok((name, end)) => {
                list.names.elements.push(name);
                start = end;
            }
            // RFC 3397 section 3: "then the partially read name MUST be discarded as invalid."
            Err(Fault::Incomplete) => {
                list.incomplete = true;
                break;
            }
            Err(Fault::Malformed) => return None,
        }
    }
    (!list.names.elements.is_empty()).then_some(list)
}

/// What option 119 gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SearchList {
    pub(super) names: Limited<String>,
    /// The value ended inside a name, which is left out.
    pub(super) incomplete: bool,
}

/// Why a compressed name is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Incomplete,
    Malformed,
}

/// Reads the name at `start` (RFC 1035 section 4.1.4) and says where the next one starts.
fn compressed_name(value: &[u8], start: usize) -> Result<(String, usize), Fault> {
    let mut name = String::new();
    let mut cursor = Cursor::new(value.get(start..).ok_or(Fault::Incomplete)?);
    // Where the part that is being read began. A pointer must lead before it, as RFC 3397 section 2 says
    // ("a pointer to a prior occurrence of the same name"), and so every chain of pointers ends.
    let mut part = start;
    let mut end = None;
    loop {
        let position = value.len().saturating_sub(cursor.rest().len());
        let octet = cursor.octet().ok_or(Fault::Incomplete)?;
        match octet {
            0 => {
                let next = position.saturating_add(1);
                // The root alone is no domain to search.
                return match name.is_empty() {
                    true => Err(Fault::Malformed),
                    false => Ok((name, end.unwrap_or(next))),
                };
            }
            1..=63 => {
                let label = cursor.slice(octet.into()).ok_or(Fault::Incomplete)?;
                append_label(&mut name, label).ok_or(Fault::Malformed)?;
            }
            0xc0..=0xff => {
                let low = cursor.octet().ok_or(Fault::Incomplete)?;
                let target = usize::from(u16::from_be_bytes([octet & 0x3f, low]));
                if target >= part {
                    return Err(Fault::Malformed);
                }
                end.get_or_insert(position.saturating_add(2));
                part = target;
                cursor = Cursor::new(value.get(target..).ok_or(Fault::Malformed)?);
            }
            // RFC 1035 section 4.1.4 reserves the combinations 10 and 01.
            64..=0xbf => return Err(Fault::Malformed),
        }
    }
}

fn append_label(name: &mut String, label: &[u8]) -> Option<()> {
    let label = str::from_utf8(label).ok()?;
    if !is_label(label.as_bytes()) {
        return None;
    }
    if !name.is_empty() {
        name.push('.');
    }
    name.push_str(label);
    (name.len() <= MAXIMUM_NAME).then_some(())
}

/// Underscores are no part of RFC 1035's grammar but of many real names. A hyphen at either end is
/// outside the grammar, and at the front would be an option to a command.
fn is_label(label: &[u8]) -> bool {
    let characters = label
        .iter()
        .all(|octet| matches!(octet, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_'));
    let ends_in_hyphen = label.first() == Some(&b'-') || label.last() == Some(&b'-');
    (1..=MAXIMUM_LABEL).contains(&label.len()) && characters && !ends_in_hyphen
}

pub(super) fn without_trailing_nuls(mut value: &[u8]) -> &[u8] {
    while let [rest @ .., 0] = value {
        value = rest;
    }
    value
}
