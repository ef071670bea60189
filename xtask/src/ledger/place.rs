//! Where in an RFC something stands: a numbered section, one that has only a title, or a table.

use std::fmt;

/// A place of an RFC.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// What comes before the first section: abstract and table of contents.
    Front,
    /// A numbered section or an appendix: `4.4.1`, `A`.
    Section(String),
    /// A table: its number.
    Table(String),
    /// A section without a number: its title.
    Titled(String),
}

impl Place {
    /// The place that a heading opens, when a line is one: RFCs begin nothing else in the first column.
    pub(super) fn of_heading(line: &str, lines_of_block: usize) -> Option<Self> {
        if line.starts_with(char::is_whitespace) || line.contains("  -") {
            return None;
        }
        let (number, title) = line.split_once(' ')?;
        let number = number.strip_suffix('.').unwrap_or(number);
        if is_number(number) && !title.trim().is_empty() {
            return Some(Self::Section(number.to_owned()));
        }
        if let Some(rest) = line.strip_prefix("Appendix ") {
            let letter = rest.split(['.', ' ', ':']).next()?;
            return Some(Self::Section(letter.to_owned()));
        }
        let is_title = lines_of_block == 1 && !line.trim_end().contains("  ");
        is_title.then(|| Self::Titled(line.trim().to_owned()))
    }

    /// The table that a caption names: `Table 5:  Fields and options used by DHCP clients`.
    pub(super) fn of_caption(text: &str) -> Option<Self> {
        let (number, _) = text.trim().strip_prefix("Table ")?.split_once(':')?;
        number.parse::<u8>().ok()?;
        Some(Self::Table(number.to_owned()))
    }

    /// A place as code and the ledger's files name it: `4.4.1`, `table 5`, or a title.
    pub(super) fn named(name: &str) -> Self {
        match name.strip_prefix("table ") {
            Some(number) => Self::Table(number.to_owned()),
            None if is_number(name) => Self::Section(name.to_owned()),
            None => Self::Titled(name.to_owned()),
        }
    }

    /// Whether another place is this one or a part of it.
    pub(super) fn holds(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Section(whole), Self::Section(part)) => (part.strip_prefix(whole.as_str()))
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.')),
            (Self::Front | Self::Section(_) | Self::Table(_) | Self::Titled(_), _) => self == other,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Front => f.write_str("front"),
            Self::Section(number) => f.write_str(number),
            Self::Table(number) => write!(f, "table {number}"),
            Self::Titled(title) => f.write_str(title),
        }
    }
}

/// `4`, `4.4.1`, `A`, `B.2`.
fn is_number(text: &str) -> bool {
    let mut parts = text.split('.');
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit());
    let is_letter = |part: &str| part.len() == 1 && part.bytes().all(|c| c.is_ascii_uppercase());
    parts
        .next()
        .is_some_and(|part| is_digits(part) || is_letter(part))
        && parts.all(is_digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_what_begins_in_the_first_column() {
        let section = |number: &str| Some(Place::Section(number.into()));
        assert_eq!(
            Place::of_heading("4.4.1 Initialization", 1),
            section("4.4.1")
        );
        assert_eq!(Place::of_heading("3.1.  Probing", 1), section("3.1"));
        assert_eq!(Place::of_heading("A. Parameters", 1), section("A"));
        assert_eq!(Place::of_heading("Appendix B.  More", 1), section("B"));
        assert_eq!(
            Place::of_heading("DHCP Client Behavior", 1),
            Some(Place::Titled("DHCP Client Behavior".into()))
        );
        assert_eq!(Place::of_heading("   3.1 Table of contents", 1), None);
        assert_eq!(Place::of_heading("Option      DHCPDISCOVER", 9), None);
    }

    #[test]
    fn a_section_holds_its_parts_and_no_neighbour() {
        let section = |number: &str| Place::named(number);
        assert!(section("4.4").holds(&section("4.4")));
        assert!(section("4.4").holds(&section("4.4.1")));
        assert!(!section("4.4").holds(&section("4.41")));
        assert!(!section("4.4.1").holds(&section("4.4")));
        assert!(!section("4").holds(&section("table 4")));
    }

    #[test]
    fn a_name_gives_the_place_that_prints_as_it() {
        for name in ["4.4.1", "table 5", "DHCP Client Behavior", "A"] {
            assert_eq!(Place::named(name).to_string(), name);
        }
    }
}
