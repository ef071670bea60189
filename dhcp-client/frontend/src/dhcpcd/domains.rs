//! Domain names inside options (RFC 1035 section 4.1.4), as dhcpcd writes them.

use crate::value;

/// Characters of a list of names: compression can make much of little.
const LONGEST_LIST: usize = 4096;

/// Domain names, compressed or not (RFC 1035 section 4.1.4), with blanks between.
pub(super) fn domains(octets: &[u8]) -> Option<String> {
    let mut list = String::new();
    let mut start = 0_usize;
    while start < octets.len() {
        let (name, end) = domain(octets, start)?;
        if !value::is_host_name(&name) || list.len().saturating_add(name.len()) > LONGEST_LIST {
            return None;
        }
        if !list.is_empty() {
            list.push(' ');
        }
        list.push_str(&name);
        start = end;
    }
    (!list.is_empty()).then_some(list)
}

/// The name at `start`, and where the next one starts.
fn domain(octets: &[u8], start: usize) -> Option<(String, usize)> {
    let mut labels: Vec<&str> = Vec::new();
    let mut at = start;
    // A pointer leads before the part that it ends, so that every chain of them has an end.
    let mut part = start;
    let mut end = None;
    loop {
        // A name that the option's end cuts off is taken as whole, as dhcpcd does.
        let Some((length, rest)) = octets.get(at..).and_then(|rest| rest.split_first()) else {
            return Some((labels.join("."), end.unwrap_or(octets.len())));
        };
        match *length {
            0 => return Some((labels.join("."), end.unwrap_or(at.saturating_add(1)))),
            length @ 1..=63 => {
                let label = rest.get(..usize::from(length))?;
                labels.push(str::from_utf8(label).ok()?);
                at = at.saturating_add(usize::from(length)).saturating_add(1);
            }
            high @ 192..=255 => {
                let low = usize::from(*rest.first()?);
                let target = (usize::from(high & 0x3f) << 8_u32) | low;
                if target >= part {
                    return None;
                }
                end.get_or_insert(at.saturating_add(2));
                part = target;
                at = target;
            }
            64..=191 => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_with_blanks_between() {
        let compressed = b"\x01b\x07example\0\x01a\xc0\x02";
        assert_eq!(domains(compressed).as_deref(), Some("b.example a.example"));
        assert_eq!(domains(b"\x01a").as_deref(), Some("a"), "without an end");
        assert_eq!(domains(b""), None);
    }

    #[test]
    fn a_pointer_leads_backwards_or_nowhere() {
        assert_eq!(domains(b"\x01a\xc0\x00"), None, "to itself");
        assert_eq!(domains(b"\xc0\x05\0"), None, "forwards");
        assert_eq!(domains(b"\xc0"), None, "half of one");
    }

    #[test]
    fn what_is_no_name_is_not_written() {
        assert_eq!(domains(b"\x05ab"), None, "a label cut off");
        assert_eq!(domains(b"\x01$\0"), None, "no character of names");
        assert_eq!(domains(b"\x40a\0"), None, "a reserved length");
        assert_eq!(domains(b"\0"), None, "the root");
    }

    #[test]
    fn compression_does_not_make_much_of_little() {
        let mut octets = b"\x3f".to_vec();
        octets.extend([b'a'; 63]);
        octets.push(0);
        octets.extend([0xc0, 0x00].repeat(100));
        assert_eq!(domains(&octets), None);
    }
}
