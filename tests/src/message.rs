//! The testbed's own reading and writing of DHCP messages: an implementation that shares no line
//! with the client's, so that both cannot have the same mistake.

use std::net::Ipv4Addr;

/// RFC 2131 section 3: "The first four octets of the 'options' field of the DHCP message contain
/// the (decimal) values 99, 130, 83 and 99".
const COOKIE: [u8; 4] = [99, 130, 83, 99];

/// Octets before the cookie (RFC 2131 figure 1).
const HEADER: usize = 236;

/// Where 'sname' and 'file' begin (RFC 2131 figure 1); each reaches to what comes next.
const SNAME: usize = 44;
const FILE: usize = 108;

/// Smallest message that old relays pass (RFC 951 section 3: 300 octets).
const SMALLEST: usize = 300;

/// Names of DHCP message types (RFC 2132 section 9.6, RFC 3203), from 1.
const NAMES: [&str; 9] = [
    "DISCOVER",
    "OFFER",
    "REQUEST",
    "DECLINE",
    "ACK",
    "NAK",
    "RELEASE",
    "INFORM",
    "FORCERENEW",
];

/// DHCP message type (RFC 2132 section 9.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind(pub u8);

impl Kind {
    /// DHCPDISCOVER.
    pub const DISCOVER: Self = Self(1);
    /// DHCPOFFER.
    pub const OFFER: Self = Self(2);
    /// DHCPREQUEST.
    pub const REQUEST: Self = Self(3);
    /// DHCPDECLINE.
    pub const DECLINE: Self = Self(4);
    /// DHCPACK.
    pub const ACK: Self = Self(5);
    /// DHCPNAK.
    pub const NAK: Self = Self(6);
    /// DHCPRELEASE.
    pub const RELEASE: Self = Self(7);
    /// DHCPINFORM.
    pub const INFORM: Self = Self(8);
    /// DHCPFORCERENEW (RFC 3203).
    pub const FORCE_RENEW: Self = Self(9);

    /// `DISCOVER` and so on; `?` for a type that RFC 2132 does not have.
    #[must_use]
    pub fn name(self) -> &'static str {
        let index = usize::from(self.0).checked_sub(1);
        index
            .and_then(|index| NAMES.get(index))
            .copied()
            .unwrap_or("?")
    }
}

/// Codes of the options that the testbed uses (RFC 2132, 3397, 3442, and those named).
pub mod code {
    /// Pad.
    pub const PAD: u8 = 0;
    /// Subnet mask.
    pub const SUBNET_MASK: u8 = 1;
    /// Router.
    pub const ROUTER: u8 = 3;
    /// Domain name server.
    pub const DNS: u8 = 6;
    /// Host name.
    pub const HOST_NAME: u8 = 12;
    /// Domain name.
    pub const DOMAIN: u8 = 15;
    /// Root path.
    pub const ROOT_PATH: u8 = 17;
    /// Interface MTU.
    pub const MTU: u8 = 26;
    /// Broadcast address.
    pub const BROADCAST: u8 = 28;
    /// Static route.
    pub const STATIC_ROUTES: u8 = 33;
    /// Network time protocol servers.
    pub const TIME_SERVERS: u8 = 42;
    /// Vendor specific information.
    pub const VENDOR: u8 = 43;
    /// Requested IP address.
    pub const REQUESTED_ADDRESS: u8 = 50;
    /// IP address lease time.
    pub const LEASE_TIME: u8 = 51;
    /// Option overload.
    pub const OVERLOAD: u8 = 52;
    /// DHCP message type.
    pub const MESSAGE_TYPE: u8 = 53;
    /// Server identifier.
    pub const SERVER_IDENTIFIER: u8 = 54;
    /// Parameter request list.
    pub const REQUEST_LIST: u8 = 55;
    /// Message.
    pub const MESSAGE: u8 = 56;
    /// Maximum DHCP message size.
    pub const LARGEST_MESSAGE: u8 = 57;
    /// Renewal (T1) time.
    pub const RENEWAL_TIME: u8 = 58;
    /// Rebinding (T2) time.
    pub const REBINDING_TIME: u8 = 59;
    /// Client identifier.
    pub const CLIENT_IDENTIFIER: u8 = 61;
    /// TFTP server name.
    pub const TFTP_SERVER: u8 = 66;
    /// Bootfile name.
    pub const BOOT_FILE: u8 = 67;
    /// Rapid commit (RFC 4039).
    pub const RAPID_COMMIT: u8 = 80;
    /// Client FQDN (RFC 4702).
    pub const FULL_NAME: u8 = 81;
    /// Authentication (RFC 3118).
    pub const AUTHENTICATION: u8 = 90;
    /// Time zone in the words of POSIX, and by name (RFC 4833).
    pub const POSIX_TIME_ZONE: u8 = 100;
    /// The other of them.
    pub const TIME_ZONE: u8 = 101;
    /// IPv6-only preferred (RFC 8925).
    pub const IPV6_ONLY: u8 = 108;
    /// Captive portal (RFC 8910).
    pub const CAPTIVE_PORTAL: u8 = 114;
    /// Domain search.
    pub const SEARCH: u8 = 119;
    /// Classless static routes.
    pub const CLASSLESS_ROUTES: u8 = 121;
    /// Forcerenew nonce capable (RFC 6704).
    pub const NONCE_CAPABLE: u8 = 145;
    /// 6rd (RFC 5969).
    pub const SIX_RD: u8 = 212;
    /// Classless routes before they had a code of their own.
    pub const MICROSOFT_ROUTES: u8 = 249;
    /// Web proxy auto-discovery.
    pub const PROXY: u8 = 252;
    /// End.
    pub const END: u8 = 255;
}

/// A DHCP message. Fields have the names of RFC 2131 figure 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// 1 from a client, 2 from a server.
    pub op: u8,
    /// Transaction.
    pub xid: u32,
    /// Seconds since the client began.
    pub secs: u16,
    /// The BROADCAST bit is the first.
    pub flags: u16,
    /// The client's address, if it has one.
    pub ciaddr: Ipv4Addr,
    /// "Your" address.
    pub yiaddr: Ipv4Addr,
    /// Next server.
    pub siaddr: Ipv4Addr,
    /// Relay agent.
    pub giaddr: Ipv4Addr,
    /// The client's hardware address.
    pub chaddr: [u8; 6],
    /// Options in their order, without pad and end.
    pub options: Vec<(u8, Vec<u8>)>,
}

impl Message {
    /// Reads a UDP payload; `None` if it is no DHCP message over Ethernet.
    #[must_use]
    pub fn decode(payload: &[u8]) -> Option<Self> {
        let header = payload.get(..HEADER)?;
        let rest = payload.get(HEADER..)?.strip_prefix(&COOKIE)?;
        let address = |at: usize| -> Option<Ipv4Addr> {
            let octets: [u8; 4] = header.get(at..at + 4)?.try_into().ok()?;
            Some(octets.into())
        };
        Some(Self {
            op: *header.first()?,
            xid: u32::from_be_bytes(header.get(4..8)?.try_into().ok()?),
            secs: u16::from_be_bytes(header.get(8..10)?.try_into().ok()?),
            flags: u16::from_be_bytes(header.get(10..12)?.try_into().ok()?),
            ciaddr: address(12)?,
            yiaddr: address(16)?,
            siaddr: address(20)?,
            giaddr: address(24)?,
            chaddr: header.get(28..34)?.try_into().ok()?,
            options: decode_options(rest),
        })
    }

    /// Writes a UDP payload.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut area: Vec<u8> = self
            .options
            .iter()
            .flat_map(|(code, value)| option(*code, value))
            .collect();
        area.push(code::END);
        let mut bytes = self.encode_with(&area, &[], &[]);
        bytes.resize(bytes.len().max(SMALLEST), 0);
        bytes
    }

    /// Writes a UDP payload whose options and fields 'sname' and 'file' are these octets, whatever they
    /// say: nothing is added, neither an end nor padding behind it.
    ///
    /// # Panics
    /// If a field is longer than RFC 2131 figure 1 has it.
    #[must_use]
    pub fn encode_with(&self, area: &[u8], sname: &[u8], file: &[u8]) -> Vec<u8> {
        // RFC 2131 figure 1: op, htype 1 (Ethernet), hlen 6, hops 0.
        let mut bytes = vec![self.op, 1, 6, 0];
        bytes.extend(self.xid.to_be_bytes());
        bytes.extend(self.secs.to_be_bytes());
        bytes.extend(self.flags.to_be_bytes());
        for address in [self.ciaddr, self.yiaddr, self.siaddr, self.giaddr] {
            bytes.extend(address.octets());
        }
        bytes.extend(self.chaddr);
        for (field, begin, end) in [(sname, SNAME, FILE), (file, FILE, HEADER)] {
            bytes.resize(begin, 0);
            bytes.extend(field);
            assert!(bytes.len() <= end, "a field of {} octets", field.len());
        }
        bytes.resize(HEADER, 0);
        bytes.extend(COOKIE);
        bytes.extend(area);
        bytes
    }

    /// The value of an option.
    #[must_use]
    pub fn option(&self, code: u8) -> Option<&[u8]> {
        self.options
            .iter()
            .find(|(c, _)| *c == code)
            .map(|(_, value)| value.as_slice())
    }

    /// The value of an option that is one address.
    #[must_use]
    pub fn address_option(&self, code: u8) -> Option<Ipv4Addr> {
        let octets: [u8; 4] = self.option(code)?.try_into().ok()?;
        Some(octets.into())
    }

    /// Sets an option, in its old place if it was there.
    pub fn set_option(&mut self, code: u8, value: impl Into<Vec<u8>>) {
        let value = value.into();
        match self.options.iter_mut().find(|(c, _)| *c == code) {
            Some(entry) => entry.1 = value,
            None => self.options.push((code, value)),
        }
    }

    /// Removes an option.
    pub fn remove_option(&mut self, code: u8) {
        self.options.retain(|(c, _)| *c != code);
    }

    /// The DHCP message type; 0 if it has none.
    #[must_use]
    pub fn kind(&self) -> Kind {
        Kind(
            self.option(code::MESSAGE_TYPE)
                .and_then(|v| v.first())
                .copied()
                .unwrap_or(0),
        )
    }
}

fn decode_options(mut rest: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut options: Vec<(u8, Vec<u8>)> = Vec::new();
    while let Some((&code, after)) = rest.split_first() {
        rest = after;
        match code {
            0 => continue,
            code::END => break,
            _ => {}
        }
        let Some((&length, after)) = rest.split_first() else {
            break;
        };
        let Some(value) = after.get(..usize::from(length)) else {
            break;
        };
        rest = after.get(usize::from(length)..).unwrap_or_default();
        // RFC 3396 section 7: parts of one option are joined.
        match options.iter_mut().find(|(c, _)| *c == code) {
            Some(entry) => entry.1.extend(value),
            None => options.push((code, value.to_vec())),
        }
    }
    options
}

/// An option with its code and length. RFC 3396 section 6: a value over 255 octets is split into several
/// options of one code.
///
/// # Panics
/// Never.
#[must_use]
pub fn option(code: u8, value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    if value.is_empty() {
        bytes.extend([code, 0]);
    }
    for part in value.chunks(255) {
        bytes.push(code);
        bytes.push(u8::try_from(part.len()).expect("a chunk has at most 255 octets"));
        bytes.extend(part);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_with_a_long_option_survives_writing_and_reading() {
        let message = Message {
            op: 2,
            xid: 0x0102_0304,
            secs: 7,
            flags: 0x8000,
            ciaddr: Ipv4Addr::new(1, 2, 3, 4),
            yiaddr: Ipv4Addr::new(5, 6, 7, 8),
            siaddr: Ipv4Addr::UNSPECIFIED,
            giaddr: Ipv4Addr::new(9, 9, 9, 9),
            chaddr: [1, 2, 3, 4, 5, 6],
            options: vec![
                (code::MESSAGE_TYPE, vec![5]),
                (code::SEARCH, vec![b'x'; 600]),
            ],
        };
        assert_eq!(Message::decode(&message.encode()), Some(message));
    }

    #[test]
    fn a_message_cut_inside_its_header_or_without_cookie_is_none() {
        assert_eq!(Message::decode(&[0; 235]), None);
        assert_eq!(Message::decode(&[0; 300]), None);
    }
}
