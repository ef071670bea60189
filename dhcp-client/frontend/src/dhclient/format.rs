//! How dhclient writes and reads the value of an option: a row of elements, once or again and again.

use std::borrow::Cow;

use sdk_rpc::Kind;

/// One element of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    /// An IPv4 address.
    Address,
    /// An IPv6 address.
    Address6,
    /// An unsigned number of 8 bits.
    Unsigned8,
    /// An unsigned number of 16 bits.
    Unsigned16,
    /// An unsigned number of 32 bits.
    Unsigned32,
    /// A signed number of 8 bits.
    Signed8,
    /// A signed number of 16 bits.
    Signed16,
    /// A signed number of 32 bits.
    Signed32,
    /// `true` or `false`, in one octet.
    Flag,
    /// Text, up to the end of the value.
    Text,
    /// A host or domain name as text; what servers give is checked.
    Host,
    /// Octets, up to the end of the value: text, if all of them are printable.
    Octets,
    /// Domain names (RFC 1035 section 4.1.4), up to the end of the value.
    Names,
}

/// Which elements come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    /// None.
    Never,
    /// The last one.
    Last,
    /// All of them.
    All,
}

/// The format of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Format {
    pub(super) elements: Cow<'static, [Element]>,
    pub(super) repeat: Repeat,
}

impl Format {
    pub(super) const fn new(elements: &'static [Element], repeat: Repeat) -> Self {
        Self {
            elements: Cow::Borrowed(elements),
            repeat,
        }
    }

    /// How the octets are to be read; `None`: as the protocol has it, which for names means checked ones.
    ///
    /// Rows of different elements are read as octets: they are shown, and nobody acts on them.
    pub(super) fn kind(&self) -> Option<Kind> {
        let mut kinds = self.elements.iter().map(|element| element.kind());
        let first = kinds.next().unwrap_or(Some(Kind::Octets));
        if kinds.any(|kind| kind != first) {
            return Some(Kind::Octets);
        }
        first
    }
}

impl Element {
    const fn kind(self) -> Option<Kind> {
        match self {
            Self::Address => Some(Kind::Addresses),
            Self::Unsigned8 | Self::Signed8 | Self::Flag => Some(Kind::Numbers8),
            Self::Unsigned16 | Self::Signed16 => Some(Kind::Numbers16),
            Self::Unsigned32 => Some(Kind::Numbers32),
            Self::Signed32 => Some(Kind::Signed32),
            Self::Text => Some(Kind::Text),
            Self::Host => None,
            Self::Address6 | Self::Octets => Some(Kind::Octets),
            Self::Names => Some(Kind::Names),
        }
    }

    /// Octets of a number, and whether it has a sign.
    pub(super) const fn number(self) -> Option<(usize, bool)> {
        match self {
            Self::Unsigned8 => Some((1, false)),
            Self::Unsigned16 => Some((2, false)),
            Self::Unsigned32 => Some((4, false)),
            Self::Signed8 => Some((1, true)),
            Self::Signed16 => Some((2, true)),
            Self::Signed32 => Some((4, true)),
            Self::Address
            | Self::Address6
            | Self::Flag
            | Self::Text
            | Self::Host
            | Self::Octets
            | Self::Names => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_equal_elements_is_read_as_a_list_and_another_as_octets() {
        let kind = |elements: &'static [Element]| Format::new(elements, Repeat::All).kind();
        assert_eq!(
            kind(&[Element::Address, Element::Address]),
            Some(Kind::Addresses)
        );
        assert_eq!(kind(&[Element::Unsigned8; 3]), Some(Kind::Numbers8));
        assert_eq!(kind(&[Element::Flag, Element::Address]), Some(Kind::Octets));
        assert_eq!(kind(&[Element::Host]), None);
        assert_eq!(kind(&[]), Some(Kind::Octets));
    }
}
