//! Values of one option, decoded by dhcproto where its single-option decoding is sound.
//!
//! dhcproto reads a fixed-size number from the front of a value and ignores what follows, so lengths
//! are checked here first. Three kinds of value are not given to it at all: text (it refuses what is
//! not UTF-8, and checks nothing else), option 119 (it stops at the first bad name and says nothing)
//! and options 121 and 249 (it stops at the first bad width, says nothing, keeps host bits, and does
//! not know 249). Those are decoded in `names` and `routes`.

use alloc::vec::Vec;
use core::net::Ipv4Addr;

use dhcproto::{
    Decodable, Decoder,
    v4::{DhcpOption, MessageType as Code},
};

use super::code;
use crate::message::MessageType;

/// Addresses kept of one list. More than a client can use, fewer than a message can hold; how many
/// are really applied is the policy of whoever applies them.
pub(super) const MAXIMUM_ADDRESSES: usize = 64;
const ADDRESS_LENGTH: usize = 4;
const PAIR_LENGTH: usize = 8;
/// The longest value of an option without fragments.
const FRAGMENT: usize = 255;

/// Elements of a list, and whether there were more than its limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Limited<T> {
    pub(super) elements: Vec<T>,
    pub(super) cut: bool,
}

/// One whole option as dhcproto decodes it. The caller bounds and checks the length of `value`.
fn decode(code: u8, value: &[u8]) -> Option<DhcpOption> {
    let mut bytes = Vec::with_capacity(value.len().saturating_add(8));
    // Neighbouring fragments of one code are joined by dhcproto; an empty value has one fragment.
    let (first, rest) = value.split_at_checked(FRAGMENT).unwrap_or((value, &[]));
    for fragment in core::iter::once(first).chain(rest.chunks(FRAGMENT)) {
        bytes.push(code);
        bytes.push(u8::try_from(fragment.len()).ok()?);
        bytes.extend_from_slice(fragment);
    }
    DhcpOption::decode(&mut Decoder::new(&bytes)).ok()
}

/// Option 53.
pub(super) fn message_type(value: &[u8]) -> Option<MessageType> {
    if value.len() != 1 {
        return None;
    }
    let DhcpOption::MessageType(message_type) = decode(code::MESSAGE_TYPE, value)? else {
        return None;
    };
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every type that is not of RFC 2131 or 3203, also a future one of dhcproto, is unknown"
    )]
    match message_type {
        Code::Discover => Some(MessageType::Discover),
        Code::Offer => Some(MessageType::Offer),
        Code::Request => Some(MessageType::Request),
        Code::Decline => Some(MessageType::Decline),
        Code::Ack => Some(MessageType::Ack),
        Code::Nak => Some(MessageType::Nak),
        Code::Release => Some(MessageType::Release),
        Code::Inform => Some(MessageType::Inform),
        Code::ForceRenew => Some(MessageType::ForceRenew),
        _ => None,
    }
}

/// Options 1, 28 and 54: exactly one address.
pub(super) fn address(code: u8, value: &[u8]) -> Option<Ipv4Addr> {
    if value.len() != ADDRESS_LENGTH {
        return None;
    }
    let (DhcpOption::SubnetMask(address)
    | DhcpOption::BroadcastAddr(address)
    | DhcpOption::ServerIdentifier(address)) = decode(code, value)?
    else {
        return None;
    };
    Some(address)
}

/// Options 3, 6 and 42. RFC 2132 section 3.5, and in other words 3.8 and 8.3: "The minimum length for the
/// router option is 4 octets, and the length MUST always be a multiple of 4."
pub(super) fn addresses(code: u8, value: &[u8]) -> Option<Limited<Ipv4Addr>> {
    let (value, cut) = limited(value, ADDRESS_LENGTH)?;
    let (DhcpOption::Router(elements)
    | DhcpOption::DomainNameServer(elements)
    | DhcpOption::NtpServers(elements)) = decode(code, value)?
    else {
        return None;
    };
    Some(Limited { elements, cut })
}

/// Option 33. RFC 2132 section 5.8: "The minimum length of this option is 8, and the length MUST be a
/// multiple of 8."
pub(super) fn address_pairs(code: u8, value: &[u8]) -> Option<Limited<(Ipv4Addr, Ipv4Addr)>> {
    let (value, cut) = limited(value, PAIR_LENGTH)?;
    let DhcpOption::StaticRoutingTable(elements) = decode(code, value)? else {
        return None;
    };
    Some(Limited { elements, cut })
}

/// Options 51, 58 and 59: seconds, exactly four octets.
pub(super) fn seconds(code: u8, value: &[u8]) -> Option<u32> {
    if value.len() != size_of::<u32>() {
        return None;
    }
    let (DhcpOption::AddressLeaseTime(seconds)
    | DhcpOption::Renewal(seconds)
    | DhcpOption::Rebinding(seconds)) = decode(code, value)?
    else {
        return None;
    };
    Some(seconds)
}

/// Option 80, which says all by being there.
pub(super) fn nothing(_: u8, value: &[u8]) -> Option<()> {
    value.is_empty().then_some(())
}

/// Option 108, which dhcproto takes for another.
pub(super) fn number(_: u8, value: &[u8]) -> Option<u32> {
    value.try_into().ok().map(u32::from_be_bytes)
}

/// Option 26. RFC 2132 section 5.1: "The minimum legal value for the MTU is 68."
pub(super) fn mtu(code: u8, value: &[u8]) -> Option<u16> {
    if value.len() != size_of::<u16>() {
        return None;
    }
    let DhcpOption::InterfaceMtu(mtu) = decode(code, value)? else {
        return None;
    };
    (mtu >= 68).then_some(mtu)
}

/// Option 1 as a prefix length.
///
/// A mask with holes is none (RFC 950 permits them, no kernel has them), and a mask without ones would
/// put every address of the world on this link.
pub(super) fn prefix_length(code: u8, value: &[u8]) -> Option<u8> {
    let mask = address(code, value)?.to_bits();
    if mask.leading_ones() != mask.count_ones() {
        return None;
    }
    u8::try_from(mask.leading_ones())
        .ok()
        .filter(|length| *length > 0)
}

/// The beginning of a list with at most [`MAXIMUM_ADDRESSES`] elements of `size` octets.
fn limited(value: &[u8], size: usize) -> Option<(&[u8], bool)> {
    if value.is_empty() || !value.len().is_multiple_of(size) {
        return None;
    }
    let limit = MAXIMUM_ADDRESSES.saturating_mul(size);
    Some(match value.split_at_checked(limit) {
        Some((beginning, rest)) => (beginning, !rest.is_empty()),
        None => (value, false),
    })
}
