//! A fuzzer's octets as the choices of a structured input: each takes the next octets, and where there are
//! none any more, it is the plainest.

use std::net::Ipv4Addr;

/// Octets that decide.
#[derive(Clone, Debug)]
pub(crate) struct Source<'a> {
    rest: &'a [u8],
}

impl<'a> Source<'a> {
    pub(crate) const fn new(octets: &'a [u8]) -> Self {
        Self { rest: octets }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// All that is left.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// As many of the next octets as there are, up to `length`.
    pub(crate) fn slice(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.rest = rest;
        taken
    }

    /// The next octets, and zeros after them.
    pub(crate) fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut array = [0; N];
        let taken = self.slice(N);
        array[..taken.len()].copy_from_slice(taken);
        array
    }

    pub(crate) fn octet(&mut self) -> u8 {
        let [octet] = self.array();
        octet
    }

    pub(crate) fn number16(&mut self) -> u16 {
        u16::from_be_bytes(self.array())
    }

    pub(crate) fn number32(&mut self) -> u32 {
        u32::from_be_bytes(self.array())
    }

    pub(crate) fn address(&mut self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.number32())
    }

    /// True in `of_256` of 256 cases; false where nothing is left.
    pub(crate) fn chance(&mut self, of_256: u16) -> bool {
        !self.is_empty() && u16::from(self.octet()) >= 256 - of_256
    }

    /// One of these, the first where nothing is left.
    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::from(self.octet()) % choices.len()]
    }

    /// A run of octets with its length, at most `most`, before it.
    pub(crate) fn octets(&mut self, most: u8) -> Vec<u8> {
        let length = u16::from(self.octet()) % (u16::from(most) + 1);
        self.slice(length.into()).to_vec()
    }

    /// As many as the next octet says, at most `most`, of what `one` makes.
    pub(crate) fn list<T>(&mut self, most: u8, mut one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let length = u16::from(self.octet()) % (u16::from(most) + 1);
        (0..length).map(|_| one(self)).collect()
    }

    /// What `one` makes, in half of the cases.
    pub(crate) fn option<T>(&mut self, one: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.chance(128).then(|| one(self))
    }
}
