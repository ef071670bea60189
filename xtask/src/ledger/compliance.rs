//! `docs/compliance.md`: what the RFCs require, where it is obeyed, what tests it, and what is not obeyed and why.

use std::fmt::Write;

use super::account::Excuse;
use super::markdown::{cell, file_link, test_names};
use super::test_index::TestIndex;
use super::verdict::Verdict;

/// One RFC's part of the report.
pub(super) struct Chapter<'a> {
    /// The RFC's number.
    pub(super) rfc: u16,
    /// Its requirements, in their order.
    pub(super) verdicts: Vec<Verdict<'a>>,
}

const INTRODUCTION: &str = "\
# Compliance

<!-- Made by `cargo xtask ledger`; `cargo xtask check` compares. What is said by hand is in specs/rfc*.toml. -->

Every sentence and every row of a table with MUST, SHALL, REQUIRED, SHOULD or RECOMMENDED in the RFCs below, and what became
of it: *obeyed* by code that quotes it, with a test that fails without it; obeyed *elsewhere*, by the kernel or by what the
code does not do; a *deviation*, at all or by default, with its reason; or *not ours*, such as a server's. The RFCs' texts are in `specs/`. Every
other RFC that is quoted in the code is there too, and each quote is checked to be in it, word for word.

";

/// The whole report.
pub(super) fn report(chapters: &[Chapter<'_>], files: &TestIndex<'_>) -> String {
    let mut text = String::from(INTRODUCTION);
    text.push_str("| RFC | requirements | obeyed | elsewhere | deviations | not ours |\n|---|---|---|---|---|---|\n");
    for chapter in chapters {
        let count = |kind: Option<Excuse>| {
            (chapter.verdicts.iter())
                .filter(|verdict| excuse(verdict) == kind)
                .count()
        };
        let row = format!(
            "| [{rfc}](#rfc-{rfc}) | {} | {} | {} | {} | {} |\n",
            chapter.verdicts.len(),
            count(None),
            count(Some(Excuse::Elsewhere)),
            count(Some(Excuse::Deviation)),
            count(Some(Excuse::NotOurs)),
            rfc = chapter.rfc,
        );
        text.push_str(&row);
    }
    for chapter in chapters {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n## RFC {}\n", chapter.rfc);
        text.push_str(&part(chapter, "Deviations", Some(Excuse::Deviation), files));
        text.push_str(&part(chapter, "Obeyed", None, files));
        text.push_str(&part(
            chapter,
            "Obeyed elsewhere",
            Some(Excuse::Elsewhere),
            files,
        ));
        text.push_str(&part(chapter, "Not ours", Some(Excuse::NotOurs), files));
    }
    text
}

/// One table; nothing when no requirement belongs into it.
fn part(chapter: &Chapter<'_>, title: &str, kind: Option<Excuse>, files: &TestIndex<'_>) -> String {
    let third = match kind {
        None => "where | tests",
        Some(Excuse::Elsewhere) => "how | tests",
        Some(Excuse::Deviation) => "why | where | tests",
        Some(Excuse::NotOurs) => "why",
    };
    let columns = "|---".repeat(2 + third.split('|').count());
    let rows: String = (chapter.verdicts.iter())
        .filter(|verdict| excuse(verdict) == kind)
        .map(|verdict| row(verdict, files))
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    format!("\n### {title}\n\n| section | requirement | {third} |\n{columns}|\n{rows}")
}

fn row(verdict: &Verdict<'_>, files: &TestIndex<'_>) -> String {
    let tests = test_names(&verdict.tests, files);
    let links: Vec<String> = verdict.files.iter().map(|path| file_link(path)).collect();
    let links = links.join("<br>");
    let rest = match &verdict.excuse {
        None => format!("{links} | {tests}"),
        Some((Excuse::Elsewhere, entry)) => format!("{} | {tests}", cell(&entry.reason)),
        Some((Excuse::Deviation, entry)) => {
            format!("{} | {links} | {tests}", cell(&entry.reason))
        }
        Some((Excuse::NotOurs, entry)) => cell(&entry.reason),
    };
    let requirement = verdict.requirement;
    format!(
        "| {} | {} | {rest} |\n",
        requirement.place,
        cell(&requirement.text)
    )
}

fn excuse(verdict: &Verdict<'_>) -> Option<Excuse> {
    verdict.excuse.map(|(excuse, _)| excuse)
}

#[cfg(test)]
mod tests {
    use super::super::account::Account;
    use super::super::specification::Specification;
    use super::*;

    #[test]
    fn each_requirement_is_in_the_table_of_what_became_of_it() {
        let rfc = Specification::read(
            9,
            "1. Ends\n\n   A client MUST wait. A server MUST | not.\n",
        );
        let account =
            Account::read("[[not_ours]]\nplace = \"1\"\nreason = \"The server's.\"\n").unwrap();
        let excuse = account
            .excused
            .first()
            .map(|(excuse, entry)| (*excuse, entry));
        let verdict = |index: usize, file: Option<&'static str>| Verdict {
            requirement: &rfc.requirements[index],
            files: file.into_iter().collect(),
            tests: file.map(|_| "it_waits").into_iter().collect(),
            excuse: excuse.filter(|_| file.is_none()),
        };
        let chapter = Chapter {
            rfc: 9,
            verdicts: vec![verdict(0, Some("a/src/b.rs")), verdict(1, None)],
        };
        let sources = [super::super::source::Source::read(
            "a/tests/c.rs",
            "#[test]\nfn it_waits() {}\n",
        )];
        let text = report(&[chapter], &TestIndex::of(&sources));
        assert!(
            text.contains("| [9](#rfc-9) | 2 | 1 | 0 | 0 | 1 |"),
            "{text}"
        );
        let obeyed = "### Obeyed\n\n| section | requirement | where | tests |\n|---|---|---|---|\n| 1 | A client MUST wait. | [src/b.rs](../a/src/b.rs) | [tests/c.rs](../a/tests/c.rs): `it_waits` |\n";
        assert!(text.contains(obeyed), "{text}");
        assert!(
            text.contains("| 1 | A server MUST \\| not. | The server's. |"),
            "{text}"
        );
        assert!(!text.contains("### Deviations"), "{text}");
    }
}
