//! What each directive does to a draft, and how far that is what it does in dhcpcd.

mod address;
mod message;
mod options;
mod run;
mod statics;
mod without_effect;

pub(super) use message::{duid_file, kept_duid};
pub(super) use without_effect::IPV6;

use super::{
    draft::Draft,
    vocabulary::{self, Takes},
};
use crate::setup::Fate;

/// Applies a word with its value.
///
/// # Errors
/// What is wrong with the value. In a file that is a warning, on the command line the end.
pub(super) fn apply(draft: &mut Draft, word: &str, value: Option<&str>) -> Result<Fate, String> {
    let Some(known) = vocabulary::directive(word) else {
        return Ok(Fate::Missing("dhcpcd has no such directive".to_owned()));
    };
    let value = match (known.value, value) {
        (Takes::Value, None) => return Err("takes a value".to_owned()),
        (Takes::Nothing, _) => None,
        (Takes::Maybe | Takes::Value, value) => value,
    };
    let text = value.unwrap_or_default();
    None.or_else(|| run::apply(draft, word, text))
        .or_else(|| message::apply(draft, word, value))
        .or_else(|| options::apply(draft, word, text))
        .or_else(|| address::apply(draft, word, text))
        .unwrap_or_else(|| without_effect::fate(word))
}

/// What has its effect.
const DONE: Result<Fate, String> = Ok(Fate::Honoured);

/// What has another effect.
fn different(how: &str) -> Result<Fate, String> {
    Ok(Fate::Different(how.to_owned()))
}

/// What the run can do without.
fn ignored(why: &str) -> Result<Fate, String> {
    Ok(Fate::Ignored(why.to_owned()))
}

/// What the run lacks.
fn missing(what: &str) -> Result<Fate, String> {
    Ok(Fate::Missing(what.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dhcpcd::vocabulary::WORDS;

    #[test]
    fn each_word_of_dhcpcd_is_understood() {
        for word in WORDS {
            let fate = apply(&mut Draft::new(Vec::new()), word.name, Some("192.0.2.1"));
            let unknown =
                matches!(&fate, Ok(Fate::Missing(what)) if what == "it is not understood");
            assert!(!unknown, "{}", word.name);
        }
    }

    #[test]
    fn a_word_of_nobodys_is_missing() {
        let fate = apply(&mut Draft::new(Vec::new()), "frobnicate", None);
        assert!(matches!(fate, Ok(Fate::Missing(_))));
    }
}
