//! What options are called: ISC's names, those that the operator defines, and `unknown-NNN` for the rest.

use sdk_rpc::Kind;

use super::{
    format::{Element, Format, Repeat},
    standard::STANDARD,
};

/// Definitions that are kept: there are no more codes.
const MOST_DEFINITIONS: usize = 254;

/// Routes with widths (RFC 3442), and Microsoft's number for the same.
const CLASSLESS: [u8; 2] = [121, 249];

/// Octets: how an option is shown that nobody knows better.
static OCTETS: Format = Format::new(&[Element::Octets], Repeat::Never);

/// The operator's names for options, and how lease files show times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vocabulary {
    definitions: Vec<Definition>,
    /// Times of lease files are seconds since 1970 (`db-time-format local`).
    pub(super) epoch_times: bool,
}

/// `option NAME code CODE = FORMAT;`
#[derive(Clone, Debug, PartialEq, Eq)]
struct Definition {
    name: String,
    code: u8,
    format: Format,
}

impl Vocabulary {
    /// Gives an option a name and a format; false if there are too many.
    pub(super) fn define(&mut self, name: &str, code: u8, format: Format) -> bool {
        self.definitions
            .retain(|it| it.code != code && !it.name.eq_ignore_ascii_case(name));
        if self.definitions.len() >= MOST_DEFINITIONS {
            return false;
        }
        self.definitions.push(Definition {
            name: name.to_owned(),
            code,
            format,
        });
        true
    }

    /// The option of this name.
    pub(super) fn by_name(&self, name: &str) -> Option<(u8, &Format)> {
        let own = self.definitions.iter();
        let mut own = own.map(|it| (it.code, it.name.as_str(), &it.format));
        let same = |it: &(u8, &str, &Format)| it.1.eq_ignore_ascii_case(name);
        let standard = STANDARD
            .iter()
            .map(|(code, name, format)| (*code, *name, format));
        own.find(same)
            .or_else(|| standard.into_iter().find(same))
            .map(|(code, _, format)| (code, format))
            .or_else(|| unknown(name).map(|code| (code, self.by_code(code).1)))
    }

    /// Name and format of an option.
    pub(super) fn by_code(&self, code: u8) -> (String, &Format) {
        if let Some(own) = self.definitions.iter().find(|it| it.code == code) {
            return (own.name.clone(), &own.format);
        }
        match STANDARD.iter().find(|it| it.0 == code) {
            Some((_, name, format)) => ((*name).to_owned(), format),
            None => (format!("unknown-{code}"), &OCTETS),
        }
    }

    /// How every option is to be read so that it can be shown.
    ///
    /// Classless routes are read as routes, whatever they are shown as: their widths must be checked.
    pub(super) fn kinds(&self) -> Vec<(u8, Kind)> {
        (1..=254)
            .filter_map(|code| {
                let kind = self.kind(code)?;
                Some((code, kind))
            })
            .collect()
    }

    /// How one option is read; `None`: as the protocol has it.
    pub(super) fn kind(&self, code: u8) -> Option<Kind> {
        if CLASSLESS.contains(&code) {
            return Some(Kind::Routes);
        }
        self.by_code(code).1.kind()
    }
}

/// The code of `unknown-NNN`.
fn unknown(name: &str) -> Option<u8> {
    let digits = name.to_ascii_lowercase();
    let digits = digits.strip_prefix("unknown-")?;
    let plain = digits.chars().all(|c| c.is_ascii_digit());
    digits
        .parse()
        .ok()
        .filter(|code| plain && (1..=254).contains(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_names_are_unique_and_sorted_by_code() {
        assert!(STANDARD.is_sorted_by(|a, b| a.0 < b.0));
        let vocabulary = Vocabulary::default();
        for (code, name, _) in &STANDARD {
            let found = vocabulary.by_name(name).map(|it| it.0);
            assert_eq!(found, Some(*code), "{name}");
        }
    }

    #[test]
    fn names_are_found_whatever_their_case_and_unknown_ones_by_number() {
        let vocabulary = Vocabulary::default();
        assert_eq!(vocabulary.by_name("Host-Name").map(|it| it.0), Some(12));
        assert_eq!(vocabulary.by_name("unknown-245").map(|it| it.0), Some(245));
        for name in [
            "unknown-0",
            "unknown-255",
            "unknown-+1",
            "unknown-",
            "colour",
        ] {
            assert_eq!(vocabulary.by_name(name), None, "{name}");
        }
        assert_eq!(vocabulary.by_code(245).0, "unknown-245");
    }

    #[test]
    fn a_definition_names_its_code_and_the_last_one_stands() {
        let mut vocabulary = Vocabulary::default();
        let bytes = Format::new(&[Element::Unsigned8], Repeat::All);
        assert!(vocabulary.define("my-routes", 121, bytes.clone()));
        assert!(vocabulary.define("my-dns", 6, bytes.clone()));
        assert!(vocabulary.define("my-dns", 7, bytes.clone()));
        assert_eq!(vocabulary.by_code(121).0, "my-routes");
        assert_eq!(vocabulary.by_name("MY-ROUTES").map(|it| it.0), Some(121));
        assert_eq!(vocabulary.by_code(6).0, "domain-name-servers");
        assert_eq!(vocabulary.by_code(7), ("my-dns".to_owned(), &bytes));
    }

    #[test]
    fn routes_are_read_as_routes_however_they_are_shown() {
        let mut vocabulary = Vocabulary::default();
        vocabulary.define("r", 121, Format::new(&[Element::Unsigned8], Repeat::All));
        let kinds = vocabulary.kinds();
        let kind = |code: u8| kinds.iter().find(|it| it.0 == code).map(|it| it.1);
        assert_eq!(kind(121), Some(Kind::Routes));
        assert_eq!(kind(249), Some(Kind::Routes));
        assert_eq!(kind(12), None);
        assert_eq!(kind(19), Some(Kind::Numbers8));
        assert_eq!(kind(200), Some(Kind::Octets));
        assert!(kinds.len() <= 254);
    }
}
