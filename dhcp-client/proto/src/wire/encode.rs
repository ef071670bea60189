//! What this client says: RFC 2131 section 2 figure 1 and section 4.1, octet by octet.

use alloc::{vec, vec::Vec};
use core::net::Ipv4Addr;

use super::{
    authentication::ALGORITHMS, code, fixed, full_name, outgoing_options::OutgoingOptions,
};
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
    /// An option that would make it longer is left out whole, and of several those go first that a
    /// server needs least.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut message = self.encode_fixed();
        message.extend_from_slice(&fixed::COOKIE);
        let end = 1;
        let room = MAXIMUM_LENGTH
            .saturating_sub(message.len())
            .saturating_sub(end);
        message.extend(self.options().within(room));
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
        // MUST be set to zero by clients and ignored by servers and relay agents." This client needs no
        // broadcast: RFC 2131 section 4.1: "A client that can receive unicast IP datagrams before its
        // protocol software has been configured SHOULD clear the BROADCAST bit to 0."; so only the
        // operator sets it.
        let flags = if self.broadcast { BROADCAST_FLAG } else { 0 };
        message.extend_from_slice(&flags.to_be_bytes());
        message.extend_from_slice(&self.ciaddr.octets());
        // RFC 2131 table 5: 'yiaddr', 'siaddr' and 'giaddr' are 0 in every message of a client.
        for _ in ["yiaddr", "siaddr", "giaddr"] {
            message.extend_from_slice(&Ipv4Addr::UNSPECIFIED.octets());
        }
        // RFC 2131 section 4.4.1: "The client MUST include its hardware address in the 'chaddr' field, if
        // necessary for delivery of DHCP reply messages."
        message.extend_from_slice(&self.chaddr);
        let chaddr_padding = [0; 10];
        message.extend_from_slice(&chaddr_padding);
        message.extend_from_slice(&[0; fixed::SNAME_LENGTH]);
        message.extend_from_slice(&[0; fixed::FILE_LENGTH]);
        message
    }

    /// The options in the order of the message, each said to be as dispensable as it is.
    fn options(&self) -> OutgoingOptions {
        let mut options = OutgoingOptions::default();
        if let Some(number) = number(self.message_type) {
            options.vital(code::MESSAGE_TYPE, &[number]);
        }
        options.vital(code::CLIENT_IDENTIFIER, self.client_identifier);
        if let Some(address) = self.requested_address {
            options.vital(code::REQUESTED_ADDRESS, &address.octets());
        }
        if let Some(address) = self.server_identifier {
            options.vital(code::SERVER_IDENTIFIER, &address.octets());
        }
        if self.rapid_commit {
            options.flag(code::RAPID_COMMIT);
        }
        if let Some(seconds) = self.lease_time {
            options.asked(code::LEASE_TIME, &seconds.to_be_bytes());
        }
        if let Some(octets) = self.maximum_message_size {
            options.asked(code::MAXIMUM_MESSAGE_SIZE, &octets.to_be_bytes());
        }
        options.told(code::VENDOR_CLASS, self.vendor_class);
        // RFC 4702 section 3.1: "In general, a client does not need to send redundant data, and therefore
        // clients that send the Client FQDN option in their messages MUST NOT also send the Host Name
        // option."
        match self.full_name {
            Some(name) => {
                options.told(
                    code::FULL_NAME,
                    &full_name::encode(name).unwrap_or_default(),
                );
            }
            None => options.told(
                code::HOST_NAME,
                self.host_name.unwrap_or_default().as_bytes(),
            ),
        }
        // RFC 6704 section 3.1.4: "A client that supports this mechanism MUST indicate Forcerenew nonce
        // Capability by including the FORCERENEW_NONCE_CAPABLE (145) DHCP option defined in Section
        // 3.1.1 in all DHCP Discover and Request messages." RFC 6704 section 3.1.3: "The DHCP Discovery or
        // Request message from the client MUST contain the FORCERENEW_NONCE_CAPABLE (145) option if the
        // Forcerenew Nonce Protocol is to be used by the server."
        if self.nonce_capable {
            options.asked(code::FORCERENEW_NONCE_CAPABLE, &ALGORITHMS);
        }
        for (code, value) in self.sent {
            if self.may_send(*code) {
                options.further(*code, value);
            }
        }
        options.asked(code::PARAMETER_REQUEST_LIST, &self.request_list());
        options.told(code::MESSAGE, self.message.unwrap_or_default().as_bytes());
        options
    }

    /// Option 55 as it may be sent, each code where the operator has it but for these two.
    fn request_list(&self) -> Vec<u8> {
        // RFC 4039 section 3: "The Rapid Commit option MUST NOT appear in a Parameter Request List option
        // [RFC2132]."
        let is_option = |code: &&u8| **code != code::RAPID_COMMIT;
        let mut list: Vec<u8> = (self.parameter_request_list.iter())
            .filter(is_option)
            .copied()
            .collect();
        // RFC 3442, "DHCP Client Behavior": "The Classless Static Routes option code MUST appear in the
        // parameter request list prior to both the Router option code and the Static Routes option
        // code, if present."
        let place = |list: &[u8], codes: &[u8]| list.iter().position(|code| codes.contains(code));
        let routers = place(&list, &[code::ROUTER, code::STATIC_ROUTE]);
        let classless = place(&list, &[code::CLASSLESS_ROUTE]);
        if let (Some(routers), Some(classless)) = (routers, classless)
            && routers < classless
        {
            let code = list.remove(classless);
            list.insert(routers, code);
        }
        list
    }

    /// Whether an option is the operator's to send. What makes the message what it is and says whom it is
    /// from is not, nor is an option of relay agents or of an authentication that this client cannot do,
    /// nor one whose presence is a promise of this client's. RFC 6704 section 3.1.1: "A DHCP client MUST NOT
    /// send DHCP messages with authentication options where the protocol value is Forcerenew Nonce
    /// Authentication."
    fn may_send(&self, code: u8) -> bool {
        match code {
            code::PAD
            | code::REQUESTED_ADDRESS
            | code::OVERLOAD
            | code::MESSAGE_TYPE
            | code::SERVER_IDENTIFIER
            | code::PARAMETER_REQUEST_LIST
            | code::MAXIMUM_MESSAGE_SIZE
            | code::CLIENT_IDENTIFIER
            | code::RAPID_COMMIT
            | code::RELAY_AGENT_INFORMATION
            | code::AUTHENTICATION
            | code::FORCERENEW_NONCE_CAPABLE
            | code::END => false,
            code::HOST_NAME => self.full_name.is_none(),
            // RFC 2131 section 4.4.3: "The client SHOULD NOT request lease time parameters."
            code::LEASE_TIME => self.message_type != MessageType::Inform,
            _ => true,
        }
    }
}

/// RFC 2132 section 9.6.
const fn number(message_type: MessageType) -> Option<u8> {
    match message_type {
        MessageType::Discover => Some(1),
        MessageType::Offer => Some(2),
        MessageType::Request => Some(3),
        MessageType::Decline => Some(4),
        MessageType::Ack => Some(5),
        MessageType::Nak => Some(6),
        MessageType::Release => Some(7),
        MessageType::Inform => Some(8),
        MessageType::ForceRenew => Some(9),
        MessageType::BootRequest | MessageType::BootReply => None,
    }
}
