//! Option 81, the host's name in the domain name system (RFC 4702), as this client says it.

use alloc::{vec, vec::Vec};

use crate::message::FullName;

/// The client asks for no updates of the domain name system by the server.
const N: u8 = 0b1000;
/// The name is in the wire format of the domain name system.
const E: u8 = 0b0100;
/// The server is to update the address record.
const S: u8 = 0b0001;
/// RFC 1035 section 2.3.4.
const MAXIMUM_LABEL: usize = 63;
/// RFC 1035 section 2.3.4, with all lengths and the root.
const MAXIMUM_NAME: usize = 255;

/// The value of the option; `None` where the name is none.
pub(super) fn encode(full_name: &FullName) -> Option<Vec<u8>> {
    let FullName { name, flags } = full_name;
    // RFC 4702 section 2.1: "DHCP clients and servers that send the Client FQDN option MUST clear the MBZ
    // bits, and they MUST ignore these bits.", and of the "O" bit: "A client MUST set this bit to 0."
    let mut flags = flags & (N | E | S);
    // RFC 4702 section 2.1: "If the "N" bit is 1, the "S" bit MUST be 0."
    if flags & N != 0 {
        flags &= !S;
    }
    // RFC 4702 section 2.2: "A client SHOULD set these to 0 when sending the option and SHOULD ignore them
    // on receipt."
    let [rcode1, rcode2] = [0, 0];
    let mut value = vec![flags, rcode1, rcode2];
    value.extend(if flags & E != 0 {
        wire_name(name)?
    } else {
        ascii_name(name)?
    });
    Some(value)
}

/// RFC 4702 section 2.3: "To send a fully qualified domain name, the Domain Name field is set to the
/// DNS-encoded domain name including the terminating zero-length label." A name without a dot is a partial
/// one: "To send a partial name, the Domain Name field is set to the DNS encoded domain name without the
/// terminating zero-length label."
fn wire_name(name: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    if name.is_empty() {
        return Some(octets);
    }
    for label in name.strip_suffix('.').unwrap_or(name).split('.') {
        let length = (1..=MAXIMUM_LABEL).contains(&label.len());
        octets.push(u8::try_from(label.len()).ok().filter(|_| length)?);
        octets.extend_from_slice(label.as_bytes());
    }
    if name.contains('.') {
        octets.push(0);
    }
    (octets.len() <= MAXIMUM_NAME).then_some(octets)
}

/// RFC 4702 section 2.3.1 has this as deprecated; it is for servers that understand nothing else.
fn ascii_name(name: &str) -> Option<Vec<u8>> {
    let is_name = name.len() < MAXIMUM_NAME && name.bytes().all(|octet| octet.is_ascii_graphic());
    is_name.then(|| name.into())
}
