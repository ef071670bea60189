//! dhcpcd's lease file: a DHCPACK as it stood on the wire, its age told by the file's own time.
//!
//! It is an export for others who read such files. The message is written anew from the lease's values,
//! so that it has nothing in it that was not understood; it is never read back.

use std::path::{Path, PathBuf};

use sdk_rpc::{Lease, MacAddress};

use super::octets;

/// Where dhcpcd keeps its files.
pub const FOLDER: &str = "/var/lib/dhcpcd";

/// The lease file of an interface in a folder.
#[must_use]
pub fn path(folder: &Path, interface: &str) -> PathBuf {
    folder.join(format!("{interface}.lease"))
}

/// 'op' of a server's message, and 'htype' of Ethernet (RFC 2131 section 2, RFC 1700).
const BOOTREPLY: u8 = 2;
const ETHERNET: u8 = 1;

/// RFC 2131 section 3: the first four octets of the options.
const MAGIC_COOKIE: [u8; 4] = [99, 130, 83, 99];

/// Lengths of the fields 'chaddr', 'sname' and 'file', and of the whole message at least (RFC 951).
const CHADDR: usize = 16;
const SNAME: usize = 64;
const FILE: usize = 128;
const SHORTEST: usize = 300;

/// 'pad' and 'end', options without a length.
const PAD: u8 = 0;
const END: u8 = 255;
/// What is not carried over: where options were, and keys.
const OVERLOAD: u8 = 52;
const AUTHENTICATION: u8 = 90;
const MESSAGE_TYPE: u8 = 53;
const ACK: u8 = 5;
const SUBNET_MASK: u8 = 1;
const SERVER_IDENTIFIER: u8 = 54;

/// The message that gives this lease to the interface with this address.
#[must_use]
pub fn encode(lease: &Lease, mac: MacAddress) -> Vec<u8> {
    let MacAddress(mac) = mac;
    let hlen = u8::try_from(mac.len()).unwrap_or_default();
    // 'op', 'htype', 'hlen', 'hops'; then 'xid', 'secs', 'flags' and 'ciaddr', which are zero.
    let mut message = vec![BOOTREPLY, ETHERNET, hlen, 0];
    message.extend([0; 12]);
    message.extend(lease.address.octets());
    message.extend(lease.next_server.octets());
    // 'giaddr'.
    message.extend([0; 4]);
    field(&mut message, &mac, CHADDR);
    text(&mut message, lease.server_name.as_deref(), SNAME);
    text(&mut message, lease.boot_file.as_deref(), FILE);
    message.extend(MAGIC_COOKIE);
    options(&mut message, lease);
    message.push(END);
    if message.len() < SHORTEST {
        message.resize(SHORTEST, PAD);
    }
    message
}

/// A field, filled up with zeros; what does not fit is left out whole.
fn field(message: &mut Vec<u8>, octets: &[u8], length: usize) {
    let octets = if octets.len() <= length { octets } else { &[] };
    message.extend_from_slice(octets);
    message.extend(std::iter::repeat_n(0, length.saturating_sub(octets.len())));
}

/// Text in a field ends with a NUL (RFC 2131 section 2).
fn text(message: &mut Vec<u8>, text: Option<&str>, length: usize) {
    let octets = text.unwrap_or_default().as_bytes();
    let octets = if octets.len() < length { octets } else { &[] };
    field(message, octets, length);
}

fn options(message: &mut Vec<u8>, lease: &Lease) {
    let came = |code: u8| lease.parameters.iter().any(|known| known.code == code);
    option(message, MESSAGE_TYPE, &[ACK]);
    if !came(SUBNET_MASK) {
        let mask = u32::MAX
            .checked_shl(32_u32.saturating_sub(lease.prefix_length.into()))
            .unwrap_or_default();
        option(message, SUBNET_MASK, &mask.to_be_bytes());
    }
    if !came(SERVER_IDENTIFIER) && !lease.server.is_unspecified() {
        option(message, SERVER_IDENTIFIER, &lease.server.octets());
    }
    for parameter in &lease.parameters {
        let code = parameter.code;
        if [PAD, END, OVERLOAD, AUTHENTICATION, MESSAGE_TYPE].contains(&code) {
            continue;
        }
        if let Some(octets) = octets::of_value(code, &parameter.value) {
            option(message, code, &octets);
        }
    }
}

/// RFC 3396 section 5: an option that is longer than 255 octets is split.
fn option(message: &mut Vec<u8>, code: u8, octets: &[u8]) {
    if octets.is_empty() {
        message.extend([code, 0]);
    }
    for part in octets.chunks(usize::from(u8::MAX)) {
        let Ok(length) = u8::try_from(part.len()) else {
            return;
        };
        message.extend([code, length]);
        message.extend_from_slice(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_after_the_interface() {
        let file = path(Path::new(FOLDER), "eth0");
        assert_eq!(file, Path::new("/var/lib/dhcpcd/eth0.lease"));
    }

    #[test]
    fn what_does_not_fit_into_a_field_is_left_out_whole() {
        let mut message = Vec::new();
        text(&mut message, Some(&"x".repeat(64)), SNAME);
        assert_eq!(message, [0; SNAME]);
        message.clear();
        text(&mut message, Some(&"x".repeat(63)), SNAME);
        assert_eq!(message.iter().filter(|octet| **octet == b'x').count(), 63);
        assert_eq!(message.last(), Some(&0));
    }
}
