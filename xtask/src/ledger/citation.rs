//! The quotes in a comment: `RFC 2131 section 4.4.1: "..."`, the project's own way to say what a line obeys.
//!
//! A text in quotation marks right after a colon is a quote and has to be in the RFC, in the section that is named, word
//! for word; its end is the last quotation mark up to which that is so, since RFCs have quotation marks too. Other texts
//! in quotation marks are quotes if they are long and in the RFC, and otherwise only words.

use std::collections::BTreeMap;
use std::ops::Range;

use super::place::Place;
use super::specification::{Specification, dense};

/// The RFCs by their numbers.
pub(super) type Library = BTreeMap<u16, Specification>;

/// How many letters make a text in quotation marks a quote that no colon precedes.
const LONG: usize = 25;

/// One quote.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Citation {
    /// The RFC's number.
    pub(super) rfc: u16,
    /// The places that were named.
    pub(super) places: Vec<Place>,
    /// The words.
    pub(super) quote: String,
    /// Where they are in the RFC; empty when they are not.
    pub(super) spans: Vec<Range<usize>>,
}

/// The quotes in the text of a comment.
pub(super) fn citations(text: &str, library: &Library) -> Vec<Citation> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(mention) = mention(rest) {
        rest = quotes_of(&mention, library, &mut found);
    }
    found
}

/// `RFC 2131` in a text.
struct Mention<'a> {
    rfc: u16,
    /// The text from it on.
    from: &'a str,
    /// The text after it.
    after: &'a str,
}

fn mention(text: &str) -> Option<Mention<'_>> {
    text.match_indices("RFC ").find_map(|(at, word)| {
        let number = text.get(at + word.len()..)?;
        let after = number.trim_start_matches(|c: char| c.is_ascii_digit());
        let number = number.get(..number.len() - after.len())?;
        Some(Mention {
            rfc: number.parse().ok()?,
            from: text.get(at..)?,
            after,
        })
    })
}

/// Collects the quotes up to the next mention of an RFC, and gives what is left from there.
fn quotes_of<'a>(mentioned: &Mention<'a>, library: &Library, found: &mut Vec<Citation>) -> &'a str {
    let specification = library.get(&mentioned.rfc);
    let (mut places, mut rest) = titled(mentioned.after, specification);
    loop {
        let (before, opened) = rest.split_once('"').unwrap_or((rest, ""));
        if let Some(next) = mention(before) {
            return rest
                .get(before.len() - next.from.len()..)
                .unwrap_or_default();
        }
        if opened.is_empty() {
            return "";
        }
        let named = places_in(before);
        if !named.is_empty() {
            places = named;
        }
        let is_claimed = before.trim_end().ends_with(':');
        let (citation, after) = quote(mentioned.rfc, &places, opened, specification);
        rest = after;
        let is_long = !citation.spans.is_empty() && dense(&citation.quote).len() >= LONG;
        if is_claimed || is_long {
            found.push(citation);
        }
    }
}

/// A section that is named by its title, as in `RFC 3442, "DHCP Client Behavior": `.
fn titled<'a>(text: &'a str, specification: Option<&Specification>) -> (Vec<Place>, &'a str) {
    let title = (text.strip_prefix(", \"")).and_then(|text| text.split_once('"'));
    if let Some((title, rest)) = title {
        let place = Place::Titled(title.to_owned());
        if specification.is_some_and(|specification| specification.has(&place)) {
            return (vec![place], rest);
        }
    }
    (Vec::new(), text)
}

/// The longest text up to a quotation mark that is in the RFC, or, if none is, the text up to the first.
fn quote<'a>(
    rfc: u16,
    places: &[Place],
    opened: &'a str,
    specification: Option<&Specification>,
) -> (Citation, &'a str) {
    let mut best: Option<(&str, &str, Vec<Range<usize>>)> = None;
    for (at, _) in opened.match_indices('"') {
        let (Some(words), Some(after)) = (opened.get(..at), opened.get(at + 1..)) else {
            continue;
        };
        let spans = specification.map_or_else(Vec::new, |rfc| rfc.find(places, words));
        if best.is_none() || !spans.is_empty() {
            best = Some((words, after, spans));
        }
    }
    let (words, after, spans) = best.unwrap_or((opened, "", Vec::new()));
    let citation = Citation {
        rfc,
        places: places.to_vec(),
        quote: words.to_owned(),
        spans,
    };
    (citation, after)
}

/// The places that a text names: `section 4.4.1`, `sections 3.1 and 3.2`, `table 5`, `appendix A`.
fn places_in(text: &str) -> Vec<Place> {
    let mut places = Vec::new();
    let mut kind = "";
    for word in text
        .split([' ', ',', ';', '(', ')', ':'])
        .filter(|word| !word.is_empty())
    {
        let word = word.trim_end_matches(['.', '\'']);
        let is_number = word.starts_with(|c: char| c.is_ascii_digit());
        match (kind, word) {
            (_, "section" | "sections" | "appendix" | "table" | "tables") => kind = word,
            (_, "and" | "or") => {}
            ("section" | "sections", _) if is_number => places.push(Place::named(word)),
            ("table" | "tables", _) if is_number => places.push(Place::Table(word.to_owned())),
            ("appendix", _) if word.len() == 1 => places.push(Place::named(word)),
            (_, _) => kind = "",
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "1. Introduction\n\n   A client may say \"please\" and go. It MUST wait\n   for a local-\n   network answer.\n\n1.1 Details\n\n   The server MUST answer the client in good time.\n\nClient Behavior\n\n   The client MUST NOT answer the server.\n";

    fn library() -> Library {
        [(99, Specification::read(99, TEXT))].into_iter().collect()
    }

    /// Each quote, and in how many places it was found.
    fn found(comment: &str) -> Vec<(String, usize)> {
        (citations(comment, &library()).into_iter())
            .map(|citation| (citation.quote, citation.spans.len()))
            .collect()
    }

    #[test]
    fn a_quote_is_found_in_its_section_across_the_ends_of_lines() {
        assert_eq!(
            found("RFC 99 section 1: \"It MUST wait for a local-network answer.\" So it does."),
            [("It MUST wait for a local-network answer.".into(), 1)]
        );
    }

    #[test]
    fn a_section_holds_what_is_in_its_parts_and_nothing_else() {
        let quote = "The server MUST answer";
        assert_eq!(
            found(&format!("RFC 99 section 1: \"{quote}\"")),
            [(quote.into(), 1)]
        );
        assert_eq!(
            found(&format!("RFC 99 section 1.1: \"{quote}\"")),
            [(quote.into(), 1)]
        );
        assert_eq!(
            found(&format!("RFC 99 section 2: \"{quote}\"")),
            [(quote.into(), 0)]
        );
        assert_eq!(found(&format!("RFC 99: \"{quote}\"")), [(quote.into(), 1)]);
    }

    #[test]
    fn a_claimed_quote_that_is_not_in_the_rfc_is_found_nowhere() {
        assert_eq!(
            found("RFC 99: \"It may wait.\""),
            [("It may wait.".into(), 0)]
        );
        assert_eq!(
            found("RFC 98: \"It MUST wait\""),
            [("It MUST wait".into(), 0)]
        );
    }

    #[test]
    fn quotation_marks_of_the_rfc_do_not_end_a_quote() {
        assert_eq!(
            found("RFC 99 section 1: \"say \"please\" and go.\", and \"no\""),
            [("say \"please\" and go.".into(), 1)]
        );
    }

    #[test]
    fn several_quotes_of_an_rfc_each_have_the_section_named_last() {
        let comment = "RFC 99 section 1: \"A client may say\", and section 1.1: \"in good time\". RFC 99 section 1.1: \"answer the client\"";
        let places: Vec<(String, Vec<Place>)> = (citations(comment, &library()).into_iter())
            .filter(|citation| !citation.spans.is_empty())
            .map(|citation| (citation.quote, citation.places))
            .collect();
        assert_eq!(
            places,
            [
                ("A client may say".into(), vec![Place::named("1")]),
                ("in good time".into(), vec![Place::named("1.1")]),
                ("answer the client".into(), vec![Place::named("1.1")]),
            ]
        );
    }

    #[test]
    fn a_section_may_be_named_by_its_title() {
        let comment = "RFC 99, \"Client Behavior\": \"The client MUST NOT answer\"";
        assert_eq!(found(comment), [("The client MUST NOT answer".into(), 1)]);
        let comment = "RFC 99, \"Client Behavior\": \"The server MUST answer\"";
        assert_eq!(found(comment), [("The server MUST answer".into(), 0)]);
    }

    #[test]
    fn words_in_quotation_marks_are_quotes_only_when_long_or_claimed() {
        assert_eq!(found("RFC 99 calls it \"client\" and \"server\"."), []);
        assert_eq!(
            found("RFC 99 wants that it \"MUST wait for a local-network answer\"."),
            [("MUST wait for a local-network answer".into(), 1)]
        );
    }

    #[test]
    fn steps_and_letters_of_sentences_are_no_places() {
        let place = |name: &str| Place::named(name);
        assert_eq!(places_in(" section 3.1 step 5: "), [place("3.1")]);
        assert_eq!(
            places_in(" sections 3.1 and 4.4.1. A 7 "),
            [place("3.1"), place("4.4.1")]
        );
        assert_eq!(
            places_in(", table 4, and section 4.4.1, table 5: "),
            [place("table 4"), place("4.4.1"), place("table 5")]
        );
        assert_eq!(places_in(" appendix A"), [place("A")]);
        assert_eq!(places_in(" of 2131"), []);
    }
}
