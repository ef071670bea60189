//! Values that several front ends read alike.

use std::time::Duration;

/// Longest interface name: IFNAMSIZ without its NUL (netdevice(7)).
const LONGEST_INTERFACE: usize = 15;

/// Longest host name (RFC 1035 section 2.3.4, in characters), and longest label of one.
const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;

/// A name that the kernel could have given an interface; it becomes part of file names.
pub(crate) fn interface_name(name: &str) -> Result<String, String> {
    let refused = name.is_empty()
        || name.len() > LONGEST_INTERFACE
        || name == "."
        || name == ".."
        || name
            .chars()
            .any(|c| c == '/' || c == ':' || c.is_whitespace() || c.is_control());
    if refused {
        return Err(format!("{name:?} is not an interface name"));
    }
    Ok(name.to_owned())
}

/// Whole seconds, at least 1.
pub(crate) fn seconds(text: &str) -> Result<Duration, &'static str> {
    match text.parse::<u32>() {
        Ok(0) | Err(_) => Err("takes a whole number of seconds, at least 1"),
        Ok(seconds) => Ok(Duration::from_secs(seconds.into())),
    }
}

/// Option codes from 1 to 254, separated by commas.
pub(crate) fn codes(text: &str) -> Result<Vec<u8>, String> {
    text.split(',')
        .map(|word| match word.trim().parse() {
            Ok(0 | 255) | Err(_) => Err(format!("{word:?} is not an option code from 1 to 254")),
            Ok(code) => Ok(code),
        })
        .collect()
}

/// Adds to `list` what of `more` it does not have, in order.
pub(crate) fn append_missing(list: &mut Vec<u8>, more: &[u8]) {
    for code in more {
        if !list.contains(code) {
            list.push(*code);
        }
    }
}

/// Octets in hexadecimal, separated by colons: `01:2:ff`.
pub(crate) fn colon_octets(text: &str) -> Option<Vec<u8>> {
    text.split(':')
        .map(|octet| {
            let short =
                matches!(octet.len(), 1 | 2) && octet.chars().all(|c| c.is_ascii_hexdigit());
            short.then(|| u8::from_str_radix(octet, 16).ok()).flatten()
        })
        .collect()
}

/// Letters, digits, hyphens and underscores, in labels of at most 63.
pub(crate) fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        let characters = label
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        (1..=LONGEST_LABEL).contains(&label.len())
            && characters
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= LONGEST_NAME && name.split('.').all(is_label)
}
