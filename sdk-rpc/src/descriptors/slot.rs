//! The token by which a message names a descriptor that came another way.

use core::fmt;
use std::io;

use rustix::rand::{GetRandomFlags, getrandom};

use crate::descriptors_capnp::descriptor_slot;

/// Octets of a token.
pub(super) const OCTETS: usize = 16;

/// Names one descriptor on its way; good once. It is not shown: who has it has the descriptor.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Slot(u128);

impl fmt::Debug for Slot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Slot(..)")
    }
}

impl Slot {
    /// 128 bits of the kernel's (getrandom(2)).
    pub(super) fn random() -> io::Result<Self> {
        let mut octets = [0; OCTETS];
        // So few octets come whole (getrandom(2), "Notes").
        let count = getrandom(&mut octets, GetRandomFlags::empty())?;
        if count != OCTETS {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Self(u128::from_be_bytes(octets)))
    }

    pub(super) const fn to_octets(self) -> [u8; OCTETS] {
        self.0.to_be_bytes()
    }

    pub(super) const fn from_octets(octets: [u8; OCTETS]) -> Self {
        Self(u128::from_be_bytes(octets))
    }

    /// The slot of a received message. Any 128 bits are a slot; whether there is a descriptor for it,
    /// redeeming says.
    #[must_use]
    pub fn read(reader: descriptor_slot::Reader<'_>) -> Self {
        Self(u128::from(reader.get_high()) << 64 | u128::from(reader.get_low()))
    }

    /// Puts the slot into a message.
    pub fn write(self, mut builder: descriptor_slot::Builder<'_>) {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = self.to_octets();
        builder.set_high(u64::from_be_bytes([a, b, c, d, e, f, g, h]));
        builder.set_low(u64::from_be_bytes([i, j, k, l, m, n, o, p]));
    }
}
