//! Where a sentence of an RFC ends, and whether it requires something.
//!
//! A requirement is a sentence with a key word of RFC 2119 that obliges: MUST, SHALL, REQUIRED, SHOULD, RECOMMENDED,
//! and their negations. MAY and OPTIONAL oblige nobody.

/// The key words; each is also found in its negation.
const KEY_WORDS: [&str; 5] = ["MUST", "SHOULD", "SHALL", "REQUIRED", "RECOMMENDED"];

/// Words whose full stop ends no sentence.
const ABBREVIATIONS: [&str; 6] = ["e.g.", "i.e.", "et.", "al.", "cf.", "vs."];

/// The sentences of a paragraph whose lines were joined; what follows the last full stop is one too.
pub(super) fn sentences(paragraph: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = paragraph.trim();
    while let Some(end) = first_end(rest) {
        let (sentence, after) = rest.split_at(end);
        found.push(sentence.trim());
        rest = after.trim_start();
    }
    if !rest.is_empty() {
        found.push(rest);
    }
    found
}

/// Where the first sentence ends, if another one follows it.
fn first_end(text: &str) -> Option<usize> {
    text.match_indices(['.', '?', '!']).find_map(|(at, stop)| {
        let after = text.get(at + stop.len()..)?;
        let closed = after.trim_start_matches(['"', ')', '\'']);
        let end = text.len() - closed.len();
        let next = closed.strip_prefix(' ')?.trim_start().chars().next()?;
        let begins = next.is_uppercase() || matches!(next, '"' | '\'' | '(' | '[');
        let word = text.get(..at + stop.len())?.rsplit([' ', '(']).next()?;
        (begins && !ABBREVIATIONS.contains(&word)).then_some(end)
    })
}

/// Whether a text obliges somebody. A key word in quotation marks is only spoken of.
pub(super) fn requires(text: &str) -> bool {
    KEY_WORDS.iter().any(|word| {
        text.match_indices(word).any(|(at, _)| {
            let before = text.get(..at).unwrap_or_default();
            let after = text.get(at + word.len()..).unwrap_or_default();
            let is_word = !before.ends_with(char::is_alphanumeric)
                && !after.starts_with(char::is_alphanumeric);
            let is_spoken_of = before.trim_end_matches("NOT ").ends_with('"');
            is_word && !is_spoken_of
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_ends_at_a_full_stop_that_another_one_follows() {
        assert_eq!(
            sentences("The client MUST wait. (It may be long.) \"Then\" it asks. End"),
            [
                "The client MUST wait.",
                "(It may be long.)",
                "\"Then\" it asks.",
                "End"
            ]
        );
    }

    #[test]
    fn abbreviations_numbers_and_references_end_no_sentence() {
        for text in [
            "A value (e.g. Ethernet) in Section 3.1 is 1.5.",
            "See i.e. RFC 2131, et. al. Nobody does.",
            "A name, e.g. \"host\", is sent.",
        ] {
            assert_eq!(sentences(text), [text]);
        }
    }

    #[test]
    fn key_words_that_oblige_are_requirements() {
        for text in [
            "It MUST.",
            "It SHOULD NOT do so.",
            "(SHALL)",
            "is REQUIRED",
            "NOT RECOMMENDED",
        ] {
            assert!(requires(text), "{text}");
        }
    }

    #[test]
    fn permissions_lower_case_and_words_spoken_of_are_none() {
        for text in [
            "It MAY.",
            "It must not.",
            "The key words \"MUST\", \"MUST NOT\" and \"NOT RECOMMENDED\" are used.",
            "MUSTARD",
        ] {
            assert!(!requires(text), "{text}");
        }
    }
}
