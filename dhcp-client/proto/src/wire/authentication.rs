//! Option 90 as the Forcerenew Nonce Authentication protocol has it (RFC 6704 section 3.1.2): the nonce
//! that a DHCPACK brings, and the signature that a DHCPFORCERENEW must have.

use alloc::vec::Vec;

use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::Md5;

use super::{code, cursor::Cursor};

/// RFC 6704 section 3.1.2: "Protocol: 3 (Reconfigure Key) per \[RFC3118\]"
const RECONFIGURE_KEY: u8 = 3;
/// RFC 6704 section 3.1.2: "Algorithm: 1 (HMAC-MD5) per \[RFC3118\] and \[RFC3315\]"
const HMAC_MD5: u8 = 1;
/// RFC 6704 section 3.1.2: "Replay Detection Method (RDM): 0"
const COUNTER: u8 = 0;
/// RFC 6704 section 3.1.2: "1 Forcerenew nonce Value (used in ACK message)"
const NONCE: u8 = 1;
/// RFC 6704 section 3.1.2: "2 HMAC-MD5 digest of the message (Forcerenew message)"
const DIGEST: u8 = 2;
/// Octets of a nonce, and of a digest.
const LENGTH: usize = 16;
/// Where the replay value stands in the option.
const REPLAY: core::ops::Range<usize> = 3..11;
/// Where nonce or digest stands in the option.
const VALUE: core::ops::Range<usize> = 12..12 + LENGTH;
/// What [`FORCERENEW_NONCE_CAPABLE`](code::FORCERENEW_NONCE_CAPABLE) says of this client.
pub(super) const ALGORITHMS: [u8; 1] = [HMAC_MD5];

/// The secret that a server shares with this client.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Nonce {
    value: [u8; LENGTH],
    /// The highest replay value that was seen with it.
    pub(crate) replay: u64,
}

impl core::fmt::Debug for Nonce {
    /// The secret stays one.
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("Nonce").finish_non_exhaustive()
    }
}

impl Nonce {
    /// Reads option 90 of a DHCPACK.
    pub(crate) fn read(option: &[u8]) -> Option<Self> {
        let Option90 {
            replay,
            kind,
            value,
        } = Option90::read(option)?;
        (kind == NONCE).then_some(Self { value, replay })
    }

    /// Notes the replay value of a signature that was right, in an option from which the nonce was read.
    pub(crate) fn write_replay(option: &mut [u8], replay: u64) {
        if let Some(octets) = option.get_mut(REPLAY) {
            octets.copy_from_slice(&replay.to_be_bytes());
        }
    }
}

/// What a DHCPFORCERENEW has to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) replay: u64,
    digest: [u8; LENGTH],
    /// The message as it was signed.
    message: Vec<u8>,
}

impl Signature {
    /// Reads it from a message whose option 90 has the value `option`. `None` where that is not all of one
    /// option in the 'options' field: in pieces, what was signed could not be told.
    pub(super) fn read(message: &[u8], options: &[u8], option: &[u8]) -> Option<Self> {
        let Option90 {
            replay,
            kind,
            value: digest,
        } = Option90::read(option)?;
        if kind != DIGEST {
            return None;
        }
        let at = find(options)?.checked_add(message.len().checked_sub(options.len())?)?;
        let mut message = message.to_vec();
        let signed = message.get_mut(at..)?.get_mut(..option.len())?;
        if signed != option {
            return None;
        }
        // RFC 3118 section 5.3: "The receiver MUST set the 'MAC' field of the authentication option to
        // all 0s for computation of the MAC, and because a DHCP relay agent may alter the values of the
        // 'giaddr' and 'hops' fields in the DHCP message, the contents of those two fields MUST also be
        // set to zero for the computation of the MAC."
        signed.get_mut(VALUE)?.fill(0);
        for field in [HOPS, GIADDR] {
            message.get_mut(field)?.fill(0);
        }
        Some(Self {
            replay,
            digest,
            message,
        })
    }

    /// Whether whoever has the nonce signed the message; in a time that does not depend on how wrong it is.
    pub(crate) fn is_made_with(&self, nonce: &Nonce) -> bool {
        Hmac::<Md5>::new_from_slice(&nonce.value).is_ok_and(|mut hmac| {
            hmac.update(&self.message);
            hmac.verify_slice(&self.digest).is_ok()
        })
    }
}

/// Where 'hops' and 'giaddr' stand in a message (RFC 2131 figure 1).
const HOPS: core::ops::Range<usize> = 3..4;
const GIADDR: core::ops::Range<usize> = 24..28;

/// The option, which is this long and no longer.
struct Option90 {
    replay: u64,
    kind: u8,
    value: [u8; LENGTH],
}

impl Option90 {
    fn read(option: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(option);
        let header = cursor.array()?;
        let replay = u64::from_be_bytes(cursor.array()?);
        let kind = cursor.octet()?;
        let value = cursor.array()?;
        let ours = header == [RECONFIGURE_KEY, HMAC_MD5, COUNTER] && cursor.is_empty();
        ours.then_some(Self {
            replay,
            kind,
            value,
        })
    }
}

/// Where the value of the only option 90 begins in an option area.
fn find(options: &[u8]) -> Option<usize> {
    let mut cursor = Cursor::new(options);
    let mut found = None;
    while let Some(code) = cursor.octet() {
        match code {
            code::PAD => {}
            code::END => break,
            code => {
                let length = cursor.octet()?;
                let at = options.len().checked_sub(cursor.rest().len())?;
                cursor.slice(length.into())?;
                if code == code::AUTHENTICATION && found.replace(at).is_some() {
                    return None;
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_rfc_2202() {
        let nonce = Nonce {
            value: [0x0b; LENGTH],
            replay: 0,
        };
        let mut signature = Signature {
            replay: 0,
            digest: [
                0x92, 0x94, 0x72, 0x7a, 0x36, 0x38, 0xbb, 0x1c, 0x13, 0xf4, 0x8e, 0xf8, 0x15, 0x8b,
                0xfc, 0x9d,
            ],
            message: b"Hi There".to_vec(),
        };
        assert!(signature.is_made_with(&nonce));
        signature.digest[15] ^= 1;
        assert!(!signature.is_made_with(&nonce));
    }
}
