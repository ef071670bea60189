//! Checked views of what arrives and encodings of what leaves.
//!
//! Everything here is a pure function of bytes that a hostile peer may have chosen. Each layer has one
//! file, and each hands on only what it has checked: [`link`] the datagram, [`arp`] a claim to an address,
//! [`fixed`] the fixed part of the message, [`fields`] the joined option values, [`options`] their meaning.

mod arp;
mod authentication;
mod code;
mod cursor;
mod encode;
mod fields;
mod fixed;
mod full_name;
mod link;
mod names;
mod options;
mod outgoing_options;
mod parameters;
mod routes;
#[cfg(test)]
mod tests;
mod values;

use alloc::{
    boxed::Box,
    collections::{BTreeMap, BTreeSet},
};

pub(crate) use arp::{Arp, arp_request};
pub(crate) use authentication::{Nonce, Signature};
pub(crate) use code::{AUTHENTICATION, IPV6_ONLY_PREFERRED};
pub(crate) use link::frame;

use crate::{
    discard::Discard,
    message::{MessageType, Received},
    parameter::Kind,
};

/// The options of a used message that were skipped, to be counted with its type.
pub(crate) type MalformedOptions = BTreeSet<Discard>;

/// A frame that is ignored: why, and what it was as far as that could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rejected {
    pub(crate) message_type: Option<MessageType>,
    pub(crate) reason: Discard,
}

impl From<Discard> for Rejected {
    fn from(reason: Discard) -> Self {
        Self {
            message_type: None,
            reason,
        }
    }
}

/// Whose messages are read, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading<'a> {
    /// The client's MAC address.
    pub(crate) own_mac: [u8; 6],
    /// Option 61 as this client sends it; empty where it sends none.
    pub(crate) client_identifier: &'a [u8],
    /// Codes of options that count as not there.
    pub(crate) ignored: &'a [u8],
    /// Whether a reply without a message type is BOOTP, and not a mistake.
    pub(crate) bootp: bool,
    /// How options are exported where that is not as their RFCs say.
    pub(crate) kinds: &'a BTreeMap<u8, Kind>,
}

/// What a frame is to this client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Somebody claims or asks for an address.
    Arp(Arp),
    /// A server's message, and what of it was skipped.
    Message(Box<Received>, MalformedOptions),
}

/// Takes one Ethernet frame and gives what it is to this client. An ARP packet is never read as a
/// message, nor a message as one.
///
/// `checksum_ready` is false where the kernel says that the UDP checksum is still to be filled in, as
/// for frames from the same machine over veth; then it proves nothing and is not looked at.
pub(crate) fn receive(
    frame: &[u8],
    checksum_ready: bool,
    reading: Reading<'_>,
) -> Result<Heard, Rejected> {
    match link::carried(frame, reading.own_mac)? {
        link::Carried::Arp(packet) => Ok(Heard::Arp(Arp::parse(packet)?)),
        link::Carried::Ipv4(packet) => {
            let datagram = link::datagram(packet, checksum_ready)?;
            let (mut received, malformed) = message(datagram, reading)?;
            received.unicast_to =
                Some(datagram.destination).filter(|_| link::is_to(frame, reading.own_mac));
            Ok(Heard::Message(Box::new(received), malformed))
        }
    }
}

fn message(
    datagram: link::Datagram<'_>,
    reading: Reading<'_>,
) -> Result<(Received, MalformedOptions), Rejected> {
    let Reading {
        own_mac,
        client_identifier,
        ignored,
        bootp,
        kinds,
    } = reading;
    let fixed = fixed::Fixed::parse(datagram.payload, bootp)?;
    let mut malformed = MalformedOptions::new();
    let mut fields = fields::Fields::join(&fixed, &mut malformed)?;
    fields.ignore(ignored);
    // The type comes before the checks of whom the message is for, so that the operator reads
    // "2 OFFER discarded (wrong chaddr)" and not only the reason.
    let message_type = options::message_type(&fields, bootp)?;
    let rejected = |reason| Rejected {
        message_type: Some(message_type),
        reason,
    };
    if !sent_by_servers(message_type) {
        return Err(rejected(Discard::ClientMessage));
    }
    // A reply for another client on this link: RFC 2131 table 3 has the server take 'chaddr' from the
    // client's message.
    if fixed.chaddr != own_mac {
        return Err(rejected(Discard::WrongChaddr));
    }
    // RFC 6842 section 3: "If the two client identifiers do not match, the client MUST silently discard
    // the message." The one is "the one it is configured to send"; where none is sent, there is nothing to
    // compare with, and a server that makes one up from chaddr has told nothing untrue.
    if fields
        .get(code::CLIENT_IDENTIFIER)
        .is_some_and(|echoed| !client_identifier.is_empty() && echoed != client_identifier)
    {
        return Err(rejected(Discard::WrongClientIdentifier));
    }
    let field = |which, octets, malformed: &mut MalformedOptions| {
        if fields.holds_options(which) {
            return None;
        }
        parameters::field_text(octets, malformed)
    };
    let received = Received {
        message_type,
        xid: fixed.xid,
        yiaddr: fixed.yiaddr,
        siaddr: fixed.siaddr,
        source: datagram.source,
        unicast_to: None,
        signature: (fields.get(AUTHENTICATION))
            .filter(|_| message_type == MessageType::ForceRenew)
            .and_then(|option| Signature::read(datagram.payload, fixed.options, option)),
        options: options::decode(&fields, &mut malformed),
        server_name: field(fields::SNAME, fixed.sname, &mut malformed),
        boot_file: field(fields::FILE, fixed.file, &mut malformed),
        parameters: parameters::decode(&fields, kinds, &mut malformed),
        present: fields.iter().map(|(code, _)| code).collect(),
    };
    Ok((received, malformed))
}

const fn sent_by_servers(message_type: MessageType) -> bool {
    match message_type {
        MessageType::Offer
        | MessageType::Ack
        | MessageType::Nak
        | MessageType::ForceRenew
        | MessageType::BootReply => true,
        MessageType::BootRequest
        | MessageType::Discover
        | MessageType::Request
        | MessageType::Decline
        | MessageType::Release
        | MessageType::Inform => false,
    }
}
