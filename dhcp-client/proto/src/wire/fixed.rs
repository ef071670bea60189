//! The fixed part of a BOOTP reply, RFC 2131 section 2 figure 1, checked before any option is read.

use core::net::Ipv4Addr;

use super::cursor::Cursor;
use crate::{discard::Discard, message::Xid};

/// op of a server's message (RFC 2131 table 1).
const BOOTREPLY: u8 = 2;
/// htype of Ethernet.
pub(super) const ETHERNET: u8 = 1;
/// hlen of Ethernet.
pub(super) const MAC_LENGTH: u8 = 6;
/// Octets of 'sname'.
pub(super) const SNAME_LENGTH: usize = 64;
/// Octets of 'file'.
pub(super) const FILE_LENGTH: usize = 128;
/// Octets of every BOOTP message (RFC 1542 section 2.1).
const BOOTP_LENGTH: usize = 300;
/// An area that holds nothing but its end.
const NO_OPTIONS: &[u8] = &[super::code::END];
/// RFC 2131 section 3: "The first four octets of the 'options' field of the DHCP message contain the
/// (decimal) values 99, 130, 83 and 99".
pub(super) const COOKIE: [u8; 4] = [99, 130, 83, 99];

/// A BOOTREPLY over Ethernet; ciaddr, giaddr, hops, secs and flags mean nothing to a client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fixed<'a> {
    pub(super) xid: Xid,
    pub(super) yiaddr: Ipv4Addr,
    pub(super) siaddr: Ipv4Addr,
    pub(super) chaddr: [u8; 6],
    pub(super) sname: &'a [u8],
    pub(super) file: &'a [u8],
    /// What follows the magic cookie.
    pub(super) options: &'a [u8],
}

impl<'a> Fixed<'a> {
    /// Reads the payload of a UDP datagram. A message shorter than the 300 octets of BOOTP is
    /// accepted: servers send them, and the length of every part is checked by itself.
    ///
    /// `bootp` is true where BOOTP is understood: RFC 951 knows no cookie, and what stands in its place
    /// then is of no known kind.
    pub(super) fn parse(payload: &'a [u8], bootp: bool) -> Result<Self, Discard> {
        let (header, mut fixed) = Self::split(payload).ok_or(Discard::TruncatedMessage)?;
        if header.cookie != COOKIE {
            if !bootp {
                return Err(Discard::WrongCookie);
            }
            // RFC 1542 section 2.1: "BOOTP messages not meeting these consistency checks MUST be silently
            // discarded.", of those shorter than "the minimal BOOTP header of 300 octets".
            if payload.len() < BOOTP_LENGTH {
                return Err(Discard::TruncatedMessage);
            }
            fixed.options = NO_OPTIONS;
        }
        if header.op != BOOTREPLY {
            return Err(Discard::NotBootReply);
        }
        if header.htype != ETHERNET {
            return Err(Discard::WrongHtype);
        }
        if header.hlen != MAC_LENGTH {
            return Err(Discard::WrongHlen);
        }
        Ok(fixed)
    }

    fn split(payload: &'a [u8]) -> Option<(Header, Self)> {
        let mut cursor = Cursor::new(payload);
        let [op, htype, hlen, _hops] = cursor.array()?;
        let xid = Xid(u32::from_be_bytes(cursor.array()?));
        let _secs_and_flags = cursor.array::<4>()?;
        let _ciaddr = cursor.array::<4>()?;
        let yiaddr = Ipv4Addr::from(cursor.array::<4>()?);
        let siaddr = Ipv4Addr::from(cursor.array::<4>()?);
        let _giaddr = cursor.array::<4>()?;
        // Of the 16 octets of 'chaddr' hlen = 6 are the address; the others are not always zero.
        let chaddr = cursor.array()?;
        let _chaddr_padding = cursor.array::<10>()?;
        let sname = cursor.slice(SNAME_LENGTH)?;
        let file = cursor.slice(FILE_LENGTH)?;
        let cookie = cursor.array()?;
        let header = Header {
            op,
            htype,
            hlen,
            cookie,
        };
        let fixed = Self {
            xid,
            yiaddr,
            siaddr,
            chaddr,
            sname,
            file,
            options: cursor.rest(),
        };
        Some((header, fixed))
    }
}

/// The fields that have one right value.
struct Header {
    op: u8,
    htype: u8,
    hlen: u8,
    cookie: [u8; 4],
}
