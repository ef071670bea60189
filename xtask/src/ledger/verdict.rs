//! Brings an RFC's requirements, the quotes in the code and what is said by hand together, and says what is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::account::{Account, Entry, Excuse};
use super::citation::{Library, citations};
use super::source::{Owner, Source};
use super::specification::{Requirement, Specification};
use super::test_index::TestIndex;

/// The quotes of one RFC in the code.
#[derive(Default)]
pub(super) struct Quotes {
    /// In the product: which words of the RFC, and in which file.
    product: Vec<(Range<usize>, String)>,
    /// In tests: which words of the RFC, and in which test.
    tests: Vec<(Range<usize>, String)>,
}

/// What became of a requirement.
pub(super) struct Verdict<'a> {
    /// The requirement.
    pub(super) requirement: &'a Requirement,
    /// The files of the product that quote it.
    pub(super) files: BTreeSet<&'a str>,
    /// The tests that would fail without it.
    pub(super) tests: BTreeSet<&'a str>,
    /// Why no file quotes it.
    pub(super) excuse: Option<(Excuse, &'a Entry)>,
}

/// Collects the quotes in all sources, by RFC. What is claimed to be in an RFC and is not becomes a complaint.
pub(super) fn quotes(
    sources: &[Source],
    library: &Library,
    complaints: &mut Vec<String>,
) -> BTreeMap<u16, Quotes> {
    let mut all: BTreeMap<u16, Quotes> = BTreeMap::new();
    for source in sources {
        for comment in &source.comments {
            for citation in citations(&comment.text, library) {
                if citation.spans.is_empty() {
                    let places: Vec<String> =
                        citation.places.iter().map(ToString::to_string).collect();
                    complaints.push(format!(
                        "{}:{}: not in RFC {} {}: {:?}",
                        source.path,
                        comment.line,
                        citation.rfc,
                        places.join(", "),
                        citation.quote
                    ));
                }
                let quotes = all.entry(citation.rfc).or_default();
                for span in citation.spans {
                    match &comment.owner {
                        Owner::Product => quotes.product.push((span, source.path.clone())),
                        Owner::Test(name) => quotes.tests.push((span, name.clone())),
                        Owner::TestSupport => {}
                    }
                }
            }
        }
    }
    all
}

/// Judges each requirement of an RFC. What is missing, superfluous or contradictory becomes a complaint.
pub(super) fn judge<'a>(
    specification: &'a Specification,
    account: &'a Account,
    quotes: &'a Quotes,
    index: &TestIndex<'_>,
    complaints: &mut Vec<String>,
) -> Vec<Verdict<'a>> {
    let rfc = specification.number;
    let mut mistakes = Vec::new();
    let excused = account.excused.iter().map(|(_, entry)| entry);
    for entry in account.tested.iter().chain(excused) {
        mistakes.extend(mistakes_of(entry, specification, index));
    }
    let verdicts: Vec<Verdict<'a>> = (specification.requirements.iter())
        .map(|requirement| verdict(requirement, account, quotes, &mut mistakes))
        .collect();
    for (_, entry) in &account.excused {
        let excuses = |verdict: &Verdict<'_>| {
            verdict
                .excuse
                .is_some_and(|(_, used)| std::ptr::eq(used, entry))
        };
        if !verdicts.iter().any(excuses) {
            mistakes.push(format!("{entry} excuses nothing"));
        }
    }
    complaints.extend(
        mistakes
            .into_iter()
            .map(|mistake| format!("RFC {rfc} {mistake}")),
    );
    verdicts
}

fn verdict<'a>(
    requirement: &'a Requirement,
    account: &'a Account,
    quotes: &'a Quotes,
    mistakes: &mut Vec<String>,
) -> Verdict<'a> {
    let on = |(span, name): &'a (Range<usize>, String)| {
        let overlaps = span.start < requirement.span.end && requirement.span.start < span.end;
        overlaps.then_some(name.as_str())
    };
    let files: BTreeSet<&str> = quotes.product.iter().filter_map(on).collect();
    let tested = account
        .tested
        .iter()
        .filter(|entry| entry.is_of(requirement));
    let named = tested.flat_map(|entry| entry.tests.iter().map(String::as_str));
    let mut tests: BTreeSet<&str> = quotes.tests.iter().filter_map(on).chain(named).collect();
    let excuses = || {
        account
            .excused
            .iter()
            .filter(|(_, entry)| entry.is_of(requirement))
    };
    // Words that name this requirement go before those that name its place.
    let excuse = excuses()
        .find(|(_, entry)| entry.text.is_some())
        .or_else(|| excuses().next().filter(|_| files.is_empty()));
    let here = format!("{}: {}", requirement.place, requirement.text);
    match excuse {
        // A deviation may be quoted where it is made, and tested with the setting that ends it.
        Some((Excuse::Deviation, entry)) => tests.extend(entry.tests.iter().map(String::as_str)),
        Some((Excuse::NotOurs | Excuse::Elsewhere, _)) if !files.is_empty() => {
            mistakes.push(format!("is quoted in {files:?} and excused: {here}"));
        }
        Some((Excuse::NotOurs, _)) if !tests.is_empty() => {
            mistakes.push(format!("is not ours and tested by {tests:?}: {here}"));
        }
        Some((Excuse::NotOurs | Excuse::Elsewhere, entry)) => {
            tests.extend(entry.tests.iter().map(String::as_str));
        }
        None if files.is_empty() => mistakes.push(format!("is quoted nowhere: {here}")),
        None if tests.is_empty() => mistakes.push(format!("has no test: {here}")),
        None => {}
    }
    Verdict {
        requirement,
        files,
        tests,
        excuse: excuse.map(|(excuse, entry)| (*excuse, entry)),
    }
}

/// What is wrong with an entry by itself.
fn mistakes_of(entry: &Entry, specification: &Specification, index: &TestIndex<'_>) -> Vec<String> {
    let mut mistakes: Vec<String> = (entry.tests.iter())
        .filter(|name| !index.has(name))
        .map(|name| format!("{entry} names a test that is not there: {name}"))
        .collect();
    let texts: BTreeSet<&str> = (specification.requirements.iter())
        .filter(|requirement| entry.is_of(requirement))
        .map(|requirement| requirement.text.as_str())
        .collect();
    if texts.is_empty() {
        mistakes.push(format!("{entry} is no requirement"));
    } else if texts.len() > 1 && entry.text.is_some() {
        mistakes.push(format!("{entry} is in several requirements: {texts:?}"));
    }
    mistakes
}

#[cfg(test)]
mod tests {
    use super::*;

    const RFC: &str =
        "1. Waiting\n\n   A client MUST wait. A server MUST NOT.\n\n   It SHOULD end.\n";
    const QUOTED: &str = "// RFC 9 section 1: \"A client MUST wait.\"\nfn wait() {}\n";
    const SERVER: &str =
        "[[not_ours]]\nplace = \"1\"\ntext = \"A server\"\nreason = \"The server's.\"\n";
    const END: &str =
        "[[deviation]]\nplace = \"1\"\ntext = \"SHOULD end\"\nreason = \"It goes on.\"\n";
    const TESTED: &str =
        "[[tested]]\nplace = \"1\"\ntext = \"client MUST\"\ntests = [\"it_waits\"]\n";
    const TEST: &str = "#[test]\nfn it_waits() {}\n";

    /// What there is to complain of with this code, tests and account.
    fn complaints(code: &str, tests: &str, account: &str) -> Vec<String> {
        let specification = Specification::read(9, RFC);
        let library = [(9, Specification::read(9, RFC))].into_iter().collect();
        let sources = [
            Source::read("a/src/b.rs", code),
            Source::read("a/tests/c.rs", tests),
        ];
        let mut complaints = Vec::new();
        let quotes = quotes(&sources, &library, &mut complaints);
        let quotes = quotes.into_values().next().unwrap_or_default();
        let account = Account::read(account).unwrap();
        let index = TestIndex::of(&sources);
        judge(&specification, &account, &quotes, &index, &mut complaints);
        complaints
    }

    #[test]
    fn what_is_quoted_and_tested_or_excused_is_no_complaint() {
        let account = [SERVER, END, TESTED].concat();
        assert_eq!(complaints(QUOTED, TEST, &account), Vec::<String>::new());
    }

    #[test]
    fn a_quote_in_a_test_is_what_it_tests() {
        let test = "#[test]\nfn it_waits() {\n    // RFC 9 section 1: \"MUST wait\"\n}\n";
        let account = [SERVER, END].concat();
        assert_eq!(complaints(QUOTED, test, &account), Vec::<String>::new());
    }

    #[test]
    fn what_is_quoted_nowhere_or_has_no_test_is_named() {
        let account = [SERVER, END].concat();
        assert_eq!(
            complaints(QUOTED, TEST, &account),
            ["RFC 9 has no test: 1: A client MUST wait."]
        );
        assert_eq!(
            complaints("", TEST, &account),
            ["RFC 9 is quoted nowhere: 1: A client MUST wait."]
        );
    }

    #[test]
    fn a_quote_that_is_not_in_the_rfc_is_named_with_its_line() {
        let code = format!("{QUOTED}\n// RFC 9 section 1: \"A client may wait.\"\nfn may() {{}}\n");
        let account = [SERVER, END, TESTED].concat();
        assert_eq!(
            complaints(&code, TEST, &account),
            ["a/src/b.rs:4: not in RFC 9 1: \"A client may wait.\""]
        );
    }

    #[test]
    fn a_deviation_may_be_quoted_where_it_is_made() {
        let here = "[[deviation]]\nplace = \"1\"\ntext = \"client MUST\"\nreason = \"In haste.\"\ntests = [\"it_waits\"]\n";
        let account = [SERVER, END, here].concat();
        assert_eq!(complaints(QUOTED, TEST, &account), Vec::<String>::new());
    }

    #[test]
    fn entries_that_say_nothing_of_what_there_is_are_mistakes() {
        let account = [SERVER, END, TESTED].concat();
        for more in [
            "[[not_ours]]\nplace = \"2\"\nreason = \"No such place.\"\n",
            "[[tested]]\nplace = \"1\"\ntext = \"MUST\"\ntests = [\"it_waits\"]\n",
            "[[elsewhere]]\nplace = \"1\"\ntext = \"client MUST\"\nreason = \"It is quoted.\"\n",
        ] {
            let account = format!("{account}{more}");
            assert_ne!(
                complaints(QUOTED, TEST, &account),
                Vec::<String>::new(),
                "{more}"
            );
        }
        assert_eq!(
            complaints(QUOTED, "", &account).len(),
            1,
            "the test is gone"
        );
    }
}
