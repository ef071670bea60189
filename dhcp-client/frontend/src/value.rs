//! Values that several front ends read alike.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

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

/// A glob (fnmatch(3)) for interface names.
pub(crate) fn interface_glob(text: &str) -> Result<String, String> {
    match glob::Pattern::new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("matches no interface names: {}", error.msg)),
    }
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

/// A file to write; `None` for the one that people name who want none. It is a device, and whoever writes
/// files by renaming others over them would put a file in its place.
pub(crate) fn written_file(path: PathBuf) -> Option<PathBuf> {
    (path != Path::new("/dev/null")).then_some(path)
}

/// Adds to `list` what of `more` it does not have, in order.
pub(crate) fn append_missing(list: &mut Vec<u8>, more: &[u8]) {
    for code in more {
        if !list.contains(code) {
            list.push(*code);
        }
    }
}

/// Puts the classless routes before the options that they make void.
///
/// RFC 3442, "DHCP Client Behavior": "The Classless Static Routes option code MUST appear in the parameter
/// request list prior to both the Router option code and the Static Routes option code, if present."
pub(crate) fn classless_first(list: &mut Vec<u8>) {
    let void = |code: &u8| matches!(code, 3 | 33);
    let classless = list.iter().position(|code| *code == 121);
    let first = list.iter().position(void);
    if let (Some(classless), Some(first)) = (classless, first)
        && first < classless
    {
        let code = list.remove(classless);
        list.insert(first, code);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classless_routes_are_asked_for_before_routers() {
        let mut list = vec![1, 3, 6, 121];
        classless_first(&mut list);
        assert_eq!(list, [1, 121, 3, 6]);
        let mut list = vec![1, 121, 6, 33, 3];
        classless_first(&mut list);
        assert_eq!(list, [1, 121, 6, 33, 3]);
        let mut list = vec![121, 1];
        classless_first(&mut list);
        assert_eq!(list, [121, 1]);
    }
}
