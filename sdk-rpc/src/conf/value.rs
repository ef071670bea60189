//! What an entry holds.

/// A typed value. Texts are without control characters. Of no kind may one be longer than
/// `limits::VALUE_OCTETS`; to write one that is, is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfValue {
    /// A text.
    Text(String),
    /// Octets.
    Octets(Vec<u8>),
    /// A number that is not negative.
    Unsigned(u64),
    /// A number.
    Signed(i64),
    /// Yes or no.
    Flag(bool),
    /// Texts, at most `limits::TEXTS`.
    Texts(Vec<String>),
}

/// What a text in a list weighs besides its octets: about what it costs on the wire.
pub(crate) const TEXT_WEIGHT: usize = 8;

impl ConfValue {
    /// The octets that this counts for. A text in a list counts for eight more than it has.
    #[must_use]
    pub fn octets(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Octets(octets) => octets.len(),
            Self::Unsigned(_) | Self::Signed(_) => 8,
            Self::Flag(_) => 1,
            Self::Texts(texts) => texts.iter().map(|text| text.len() + TEXT_WEIGHT).sum(),
        }
    }
}
