//! Values of a lease as the octets they were: dhcpcd writes variables and its lease file from those.

use std::net::Ipv4Addr;

use sdk_rpc::{Route, Value};

/// Octets of a value of option `code`; `None` for a number of an option whose width is not known here, and
/// for what no server can have sent.
pub(super) fn of_value(code: u8, value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::Octets(octets) => Some(octets.clone()),
        Value::Addresses(addresses) => Some(addresses.iter().flat_map(Ipv4Addr::octets).collect()),
        Value::Numbers(numbers) => {
            let width = width(code)?;
            numbers
                .iter()
                .map(|number| of_number(*number, width))
                .collect::<Option<Vec<_>>>()
                .map(|numbers| numbers.concat())
        }
        Value::Text(text) => Some(text.clone().into_bytes()),
        Value::Names(names) => names
            .iter()
            .map(|name| of_name(name))
            .collect::<Option<Vec<_>>>()
            .map(|names| names.concat()),
        Value::Routes(routes) if code == CLASS_ROUTES => {
            let pair = |route: &Route| [route.destination.octets(), route.gateway.octets()];
            Some(routes.iter().flat_map(pair).flatten().collect())
        }
        Value::Routes(routes) => Some(routes.iter().flat_map(of_route).collect()),
    }
}

/// Option 33, which has no widths.
const CLASS_ROUTES: u8 = 33;

/// Octets of each number of an option (RFC 2132 and those named in it).
const fn width(code: u8) -> Option<usize> {
    match code {
        2 | 24 | 35 | 38 | 51 | 58 | 59 | 91 | 92 | 108 | 211 => Some(4),
        13 | 22 | 25 | 26 | 57 | 93 | 117 => Some(2),
        19 | 20 | 23 | 27 | 29..=31 | 34 | 36 | 37 | 39 | 46 | 52 | 53 | 55 | 116 | 145 => Some(1),
        _ => None,
    }
}

fn of_number(number: i64, width: usize) -> Option<Vec<u8>> {
    let octets = number.to_be_bytes();
    let (above, octets) = octets.split_at_checked(octets.len().checked_sub(width)?)?;
    let fits = above.iter().all(|octet| *octet == 0)
        || (above.iter().all(|octet| *octet == 0xff) && octets.first()? & 0x80 != 0);
    fits.then(|| octets.to_vec())
}

/// RFC 1035 section 3.1, without compression.
fn of_name(name: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    for label in name.split('.') {
        let length = u8::try_from(label.len())
            .ok()
            .filter(|length| (1..=63).contains(length))?;
        octets.push(length);
        octets.extend_from_slice(label.as_bytes());
    }
    octets.push(0);
    Some(octets)
}

/// RFC 3442, "Classless Route Option Format": as many octets of the destination as its width needs.
fn of_route(route: &Route) -> Vec<u8> {
    let significant = usize::from(route.prefix_length.min(32).div_ceil(8));
    let mut octets = vec![route.prefix_length.min(32)];
    octets.extend(route.destination.octets().into_iter().take(significant));
    octets.extend(route.gateway.octets());
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_the_octets_they_were() {
        let route = Route {
            destination: Ipv4Addr::new(10, 1, 0, 0),
            prefix_length: 9,
            gateway: Ipv4Addr::new(192, 0, 2, 1),
        };
        for (code, value, octets) in [
            (51, Value::Numbers(vec![3600]), &[0, 0, 14, 16][..]),
            (2, Value::Numbers(vec![-3600]), &[0xff, 0xff, 0xf1, 0xf0]),
            (25, Value::Numbers(vec![68, 296]), &[0, 68, 1, 40]),
            (53, Value::Numbers(vec![5]), &[5]),
            (
                119,
                Value::Names(vec!["a.b".into(), "c".into()]),
                b"\x01a\x01b\0\x01c\0",
            ),
            (121, Value::Routes(vec![route]), &[9, 10, 1, 192, 0, 2, 1]),
            (33, Value::Routes(vec![route]), &[10, 1, 0, 0, 192, 0, 2, 1]),
            (12, Value::Text("box".into()), b"box"),
        ] {
            assert_eq!(of_value(code, &value).as_deref(), Some(octets), "{code}");
        }
    }

    #[test]
    fn what_no_server_can_have_sent_is_none() {
        assert_eq!(of_value(53, &Value::Numbers(vec![256])), None);
        assert_eq!(of_value(53, &Value::Numbers(vec![-129])), None);
        assert_eq!(of_value(224, &Value::Numbers(vec![1])), None);
        assert_eq!(of_value(119, &Value::Names(vec!["a..b".into()])), None);
        assert_eq!(of_value(119, &Value::Names(vec!["a".repeat(64)])), None);
    }
}
