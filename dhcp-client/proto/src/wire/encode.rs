//! What this client says: RFC 2131 section 2 figure 1 and section 4.1, octet by octet.

use alloc::{vec, vec::Vec};
use core::net::Ipv4Addr;

use super::{code, fixed};
use crate::message::{MessageType, Outgoing};

/// op of a client's message (RFC 2131 table 1).
const BOOTREQUEST: u8 = 1;
/// RFC 2131 figure 2: the leftmost of the flags.
const BROADCAST_FLAG: u16 = 0x8000;
/// RFC 1542 section 2.1, of what relays and servers may demand: "The IP Total Length and UDP Length
/// must be large enough to contain the minimal BOOTP header of 300 octets".
pub(super) const MINIMUM_LENGTH: usize = 300;
/// What one Ethernet frame carries after its IPv4 and UDP headers: no message needs a fragment.
pub(super) const MAXIMUM_LENGTH: usize = 1472;

impl Outgoing<'_> {
    /// The message as the payload of a UDP datagram: at least 300 octets, at most 1472.
    ///
    /// An option that would make it longer is left out whole. The order of the options is such that
    /// those without which a server cannot answer come first.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut message = self.encode_fixed();
        message.extend_from_slice(&fixed::COOKIE);
        self.encode_options(&mut message);
        // RFC 2131 section 4.1: "The last option must always be the 'end' option."
        message.push(code::END);
        if message.len() < MINIMUM_LENGTH {
            message.resize(MINIMUM_LENGTH, code::PAD);
        }
        message
    }

    fn encode_fixed(&self) -> Vec<u8> {
        let hops = 0;
        let mut message = vec![BOOTREQUEST, fixed::ETHERNET, fixed::MAC_LENGTH, hops];
        message.extend_from_slice(&self.xid.0.to_be_bytes());
        message.extend_from_slice(&self.secs.to_be_bytes());
        // RFC 2131 section 2: "The remaining bits of the flags field are reserved for future use.  They
        // MUST be set to zero by clients".
        let flags = if self.broadcast { BROADCAST_FLAG } else { 0 };
        message.extend_from_slice(&flags.to_be_bytes());
        message.extend_from_slice(&self.ciaddr.octets());
        // RFC 2131 table 5: 'yiaddr', 'siaddr' and 'giaddr' are 0 in every message of a client.
        for _ in ["yiaddr", "siaddr", "giaddr"] {
            message.extend_from_slice(&Ipv4Addr::UNSPECIFIED.octets());
        }
        message.extend_from_slice(&self.chaddr);
        let chaddr_padding = [0; 10];
        message.extend_from_slice(&chaddr_padding);
        message.extend_from_slice(&[0; fixed::SNAME_LENGTH]);
        message.extend_from_slice(&[0; fixed::FILE_LENGTH]);
        message
    }

    fn encode_options(&self, message: &mut Vec<u8>) {
        push(message, code::MESSAGE_TYPE, &[number(self.message_type)]);
        push_some(message, code::CLIENT_IDENTIFIER, self.client_identifier);
        if let Some(address) = self.requested_address {
            push(message, code::REQUESTED_ADDRESS, &address.octets());
        }
        if let Some(address) = self.server_identifier {
            push(message, code::SERVER_IDENTIFIER, &address.octets());
        }
        if let Some(octets) = self.maximum_message_size {
            push(message, code::MAXIMUM_MESSAGE_SIZE, &octets.to_be_bytes());
        }
        let text = |text: Option<&str>| text.unwrap_or_default().as_bytes().to_vec();
        push_some(message, code::VENDOR_CLASS, self.vendor_class);
        push_some(message, code::HOST_NAME, &text(self.host_name));
        push_some(
            message,
            code::PARAMETER_REQUEST_LIST,
            self.parameter_request_list,
        );
        push_some(message, code::MESSAGE, &text(self.message));
    }
}

/// RFC 2132 section 9.6.
const fn number(message_type: MessageType) -> u8 {
    match message_type {
        MessageType::Discover => 1,
        MessageType::Offer => 2,
        MessageType::Request => 3,
        MessageType::Decline => 4,
        MessageType::Ack => 5,
        MessageType::Nak => 6,
        MessageType::Release => 7,
        MessageType::Inform => 8,
    }
}

/// No option that this client sends may be empty (RFC 2132: minimum lengths of 12, 55, 56, 60, 61).
fn push_some(message: &mut Vec<u8>, code: u8, value: &[u8]) {
    if !value.is_empty() {
        push(message, code, value);
    }
}

fn push(message: &mut Vec<u8>, code: u8, value: &[u8]) {
    let mut option = Vec::new();
    // RFC 3396 section 4, of a value "longer than 255 bytes.  In this case, the encoding agent MUST
    // follow the algorithm specified here": neighbouring options of one code.
    for fragment in value.chunks(usize::from(u8::MAX)) {
        // Chunks of at most 255 octets have a length of one octet.
        let length = u8::try_from(fragment.len()).unwrap_or(u8::MAX);
        option.extend_from_slice(&[code, length]);
        option.extend_from_slice(fragment);
    }
    let end = 1;
    let length = message.len().saturating_add(option.len());
    if length.saturating_add(end) <= MAXIMUM_LENGTH {
        message.extend_from_slice(&option);
    }
}
