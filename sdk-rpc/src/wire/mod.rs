//! Values on the wire and in Rust. Decoding checks: what it returns is a value of the type and within
//! its caps. Encoding refuses what the other side would not take, so that an honest caller learns of
//! it here and is not disconnected there.

pub(crate) mod conf;
pub(crate) mod control;
pub(crate) mod frames;
pub(crate) mod host;
pub(crate) mod lease;
pub(crate) mod log;
mod parameters;
mod settings;

use core::fmt;
use std::net::Ipv4Addr;

use capnp::{primitive_list, text, text_list};

use crate::{Error, MacAddress, calfkit_capnp::optional_ipv4, fault};

/// A received value that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// The message does not hold together.
    Message(String),
    /// A list is longer than its cap.
    TooMany { what: &'static str, count: u32 },
    /// A text or octet string is longer than its cap.
    TooLong { what: &'static str, octets: usize },
    /// A text is not UTF-8 or has control characters.
    Text(&'static str),
    /// A number is not one of the numbers it may be.
    Number { what: &'static str, value: u64 },
    /// A path is none, for this reason.
    Path(&'static str),
    /// An enumerant or union member is not known.
    Unknown(u16),
}

impl fmt::Display for Malformed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(why) => write!(formatter, "malformed message: {why}"),
            Self::TooMany { what, count } => write!(formatter, "{count} {what}"),
            Self::TooLong { what, octets } => write!(formatter, "{what} of {octets} octets"),
            Self::Text(what) => write!(formatter, "{what} is not printable text"),
            Self::Number { what, value } => write!(formatter, "{what} {value}"),
            Self::Path(wrong) => write!(formatter, "path {wrong}"),
            Self::Unknown(value) => write!(formatter, "unknown enumerant {value}"),
        }
    }
}

impl From<capnp::Error> for Malformed {
    fn from(error: capnp::Error) -> Self {
        Self::Message(fault::clean(&error.to_string()))
    }
}

impl From<capnp::NotInSchema> for Malformed {
    fn from(capnp::NotInSchema(value): capnp::NotInSchema) -> Self {
        Self::Unknown(value)
    }
}

/// Refuses a list longer than `cap` before anything is allocated for it.
pub(crate) const fn check_count(what: &'static str, count: u32, cap: u32) -> Result<(), Malformed> {
    if count > cap {
        return Err(Malformed::TooMany { what, count });
    }
    Ok(())
}

pub(crate) const fn check_length(
    what: &'static str,
    octets: usize,
    cap: usize,
) -> Result<(), Malformed> {
    if octets > cap {
        return Err(Malformed::TooLong { what, octets });
    }
    Ok(())
}

/// UTF-8, no control characters, at most `cap` octets.
pub(crate) fn check_text(what: &'static str, text: &str, cap: usize) -> Result<(), Malformed> {
    check_length(what, text.len(), cap)?;
    if text.chars().any(char::is_control) {
        return Err(Malformed::Text(what));
    }
    Ok(())
}

pub(crate) fn read_text(
    what: &'static str,
    text: text::Reader<'_>,
    cap: usize,
) -> Result<String, Malformed> {
    check_length(what, text.len(), cap)?;
    let text = text.to_str().map_err(|_not_utf8| Malformed::Text(what))?;
    check_text(what, text, cap)?;
    Ok(text.to_owned())
}

pub(crate) fn read_texts(
    what: &'static str,
    list: text_list::Reader<'_>,
    caps: (u32, usize),
) -> Result<Vec<String>, Malformed> {
    let (count, octets) = caps;
    check_count(what, list.len(), count)?;
    list.iter()
        .map(|text| read_text(what, text?, octets))
        .collect()
}

pub(crate) fn read_addresses(
    what: &'static str,
    list: primitive_list::Reader<'_, u32>,
    cap: u32,
) -> Result<Vec<Ipv4Addr>, Malformed> {
    check_count(what, list.len(), cap)?;
    Ok(list.iter().map(Ipv4Addr::from_bits).collect())
}

pub(crate) fn read_optional_address(
    reader: optional_ipv4::Reader<'_>,
) -> Result<Option<Ipv4Addr>, Malformed> {
    Ok(match reader.which()? {
        optional_ipv4::None(()) => None,
        optional_ipv4::Some(address) => Some(Ipv4Addr::from_bits(address)),
    })
}

pub(crate) fn write_optional_address(
    mut builder: optional_ipv4::Builder<'_>,
    address: Option<Ipv4Addr>,
) {
    match address {
        None => builder.set_none(()),
        Some(address) => builder.set_some(address.to_bits()),
    }
}

pub(crate) fn read_mac(value: u64) -> Result<MacAddress, Malformed> {
    match value.to_be_bytes() {
        [0, 0, a, b, c, d, e, f] => Ok(MacAddress([a, b, c, d, e, f])),
        _ => Err(Malformed::Number {
            what: "hardware address",
            value,
        }),
    }
}

pub(crate) fn mac_to_wire(MacAddress([a, b, c, d, e, f]): MacAddress) -> u64 {
    u64::from_be_bytes([0, 0, a, b, c, d, e, f])
}

pub(crate) fn read_prefix_length(value: u8) -> Result<u8, Malformed> {
    if value > 32 {
        return Err(Malformed::Number {
            what: "prefix length",
            value: value.into(),
        });
    }
    Ok(value)
}

/// The length of a list that is to be sent, if the other side takes that many.
pub(crate) fn list_length(what: &'static str, length: usize, cap: u32) -> Result<u32, Error> {
    let count = u32::try_from(length).unwrap_or(u32::MAX);
    refuse(check_count(what, count, cap))?;
    Ok(count)
}

/// The error of a caller of this side whose value the other side would not take.
pub(crate) fn refuse<T>(checked: Result<T, Malformed>) -> Result<T, Error> {
    checked.map_err(|malformed| Error::Refused(malformed.to_string()))
}
