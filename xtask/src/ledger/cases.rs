//! `docs/cases.md`: the numbered cases of behaviour, their tests and what came out.
//!
//! Texts are written by hand in `docs/cases.toml`; which tests a case has, the tests' names say (`case_042_...`), so that
//! the table cannot name a test that is gone or forget one that is there. A case passes if it has tests: they are run where
//! this table is checked.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use toml::{Table, Value};

use super::markdown::{cell, test_names};
use super::test_index::TestIndex;

const INTRODUCTION: &str = "\
# Numbered cases

<!-- Made by `cargo xtask ledger` from docs/cases.toml and the names of the tests; `cargo xtask check` compares. -->

How a DHCPv4 client has to behave, point by point, with the tests that hold this one to it. D, O, R, A and N are DHCPDISCOVER,
DHCPOFFER, DHCPREQUEST, DHCPACK and DHCPNAK; a section without an RFC is one of RFC 2131; LK is LinuxKit's dhcpcd package.
";

/// A case as it is written by hand.
struct Case {
    number: u16,
    text: String,
    /// Tests with names of their own.
    tests: Vec<String>,
    /// What was chosen where there is a choice, or what is special.
    note: Option<String>,
    /// What no test shows yet; counts as long as no test is named after the case.
    open: Option<String>,
}

/// The whole table. What does not fit together becomes a complaint.
pub(super) fn table(text: &str, index: &TestIndex<'_>, complaints: &mut Vec<String>) -> String {
    let mut page = String::from(INTRODUCTION);
    let groups = match groups(text) {
        Ok(groups) => groups,
        Err(mistake) => {
            complaints.push(format!("docs/cases.toml: {mistake}"));
            return page;
        }
    };
    let mut by_name = index.cases();
    let mut next = 1;
    for (title, cases) in groups {
        // Writing to a String cannot fail.
        let _ = write!(
            page,
            "\n## {title}\n\n| case | what | tests | verdict |\n|---|---|---|---|\n"
        );
        for case in &cases {
            if case.number != next {
                complaints.push(format!("case {} is where {next} should be", case.number));
            }
            next = case.number.saturating_add(1);
            page.push_str(&row(case, &mut by_name, index, complaints));
        }
    }
    for (number, names) in by_name {
        complaints.push(format!(
            "case {number} is not in docs/cases.toml: {names:?}"
        ));
    }
    page
}

fn row(
    case: &Case,
    by_name: &mut BTreeMap<u16, BTreeSet<&str>>,
    index: &TestIndex<'_>,
    complaints: &mut Vec<String>,
) -> String {
    let number = case.number;
    for name in case.tests.iter().filter(|name| !index.has(name)) {
        complaints.push(format!(
            "case {number} names a test that is not there: {name}"
        ));
    }
    let named_after = by_name.remove(&number).unwrap_or_default();
    let is_open = named_after.is_empty();
    let tests: BTreeSet<&str> = (named_after.into_iter())
        .chain(case.tests.iter().map(String::as_str))
        .collect();
    let verdict = match (&case.open, &case.note) {
        (Some(reason), _) if is_open => format!("open: {reason}"),
        (Some(_) | None, Some(note)) => format!("passes; {note}"),
        (Some(_) | None, None) => String::from("passes"),
    };
    if tests.is_empty() && !(is_open && case.open.is_some()) {
        complaints.push(format!("case {number} has no test"));
    }
    format!(
        "| {number} | {} | {} | {} |\n",
        cell(&case.text),
        test_names(&tests, index),
        cell(&verdict)
    )
}

/// The groups in their order: title and cases.
fn groups(text: &str) -> Result<Vec<(String, Vec<Case>)>, String> {
    let file = text.parse::<Table>().map_err(|error| error.to_string())?;
    let groups = file
        .get("group")
        .and_then(Value::as_array)
        .ok_or("no [[group]]")?;
    (groups.iter())
        .map(|group| {
            let title = group
                .get("title")
                .and_then(Value::as_str)
                .ok_or("a group without title")?;
            let cases = group
                .get("case")
                .and_then(Value::as_array)
                .ok_or("a group without cases")?;
            let cases = cases.iter().map(read_case).collect::<Result<_, _>>()?;
            Ok((title.to_owned(), cases))
        })
        .collect()
}

fn read_case(value: &Value) -> Result<Case, String> {
    let number = value.get("number").and_then(Value::as_integer);
    let number = number
        .and_then(|number| u16::try_from(number).ok())
        .ok_or("a case without number")?;
    let words = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let tests = match value.get("tests") {
        None => Vec::new(),
        Some(names) => (names.as_array().into_iter().flatten())
            .map(|name| name.as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .ok_or(format!("case {number}: tests are names"))?,
    };
    Ok(Case {
        number,
        text: words("text").ok_or(format!("case {number} without text"))?,
        tests,
        note: words("note"),
        open: words("open"),
    })
}

#[cfg(test)]
mod tests {
    use super::super::source::Source;
    use super::*;

    const SOURCE: &str = "#[test]\nfn case_001_it_asks() {}\n#[test]\nfn another() {}\n";

    /// The page's rows, and the complaints, of cases with these numbers and lines.
    fn made(cases: &[(u16, &str)]) -> (Vec<String>, Vec<String>) {
        let mut text = String::from("[[group]]\ntitle = \"A. Asking\"\n");
        for (number, more) in cases {
            text.push_str(&format!(
                "[[group.case]]\nnumber = {number}\ntext = \"It asks.\"\n{more}\n"
            ));
        }
        let sources = [Source::read("a/tests/b.rs", SOURCE)];
        let mut complaints = Vec::new();
        let page = table(&text, &TestIndex::of(&sources), &mut complaints);
        let rows = page.lines().filter(|line| line.starts_with("| ")).skip(1);
        (rows.map(str::to_owned).collect(), complaints)
    }

    #[test]
    fn a_case_has_the_tests_that_are_named_after_it() {
        let (rows, complaints) = made(&[(1, "note = \"by choice\"")]);
        assert_eq!(
            rows,
            [
                "| 1 | It asks. | [tests/b.rs](../a/tests/b.rs): `case_001_it_asks` | passes; by choice |"
            ]
        );
        assert_eq!(complaints, Vec::<String>::new());
    }

    #[test]
    fn a_case_may_name_tests_that_have_other_names_if_they_exist() {
        let (rows, complaints) = made(&[(1, "tests = [\"another\"]")]);
        assert!(rows[0].contains("`another`, `case_001_it_asks` | passes |"));
        assert_eq!(complaints, Vec::<String>::new());
        let (_, complaints) = made(&[(1, "tests = [\"gone\"]")]);
        assert_eq!(complaints, ["case 1 names a test that is not there: gone"]);
    }

    #[test]
    fn a_case_without_tests_is_open_or_a_mistake() {
        let (rows, complaints) = made(&[(1, ""), (2, "open = \"why\"")]);
        assert_eq!(rows[1], "| 2 | It asks. |  | open: why |");
        assert_eq!(complaints, Vec::<String>::new());
        assert_eq!(made(&[(1, ""), (2, "")]).1, ["case 2 has no test"]);
    }

    #[test]
    fn an_open_case_is_open_until_a_test_is_named_after_it() {
        let (rows, _) = made(&[(1, ""), (2, "tests = [\"another\"]\nopen = \"why\"")]);
        assert!(rows[1].ends_with("`another` | open: why |"), "{rows:?}");
        let (rows, complaints) = made(&[(1, "open = \"why\"")]);
        assert!(rows[0].ends_with("| passes |"), "{rows:?}");
        assert_eq!(complaints, Vec::<String>::new());
    }

    #[test]
    fn a_gap_in_the_numbers_and_a_test_of_no_case_are_mistakes() {
        let open = "open = \"why\"";
        assert_eq!(made(&[(1, ""), (3, open)]).1.len(), 1);
        // Case 1 is missing from the table, and its test is there.
        assert_eq!(made(&[(2, open)]).1.len(), 2);
    }
}
