//! Which tests there are, and in which files.

use std::collections::{BTreeMap, BTreeSet};

use super::source::Source;

/// The tests of the workspace.
pub(super) struct TestIndex<'a> {
    /// The files of each name: the same name may be in several.
    files: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> TestIndex<'a> {
    /// The tests in these files.
    pub(super) fn of(sources: &'a [Source]) -> Self {
        let mut files: BTreeMap<&'a str, BTreeSet<&'a str>> = BTreeMap::new();
        for source in sources {
            for name in &source.tests {
                files.entry(name).or_default().insert(&source.path);
            }
        }
        Self { files }
    }

    /// Whether there is a test of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    /// The names of tests that are named after numbered cases: `case_042_...` by 42, `case_070_and_072_...` by both.
    pub(super) fn cases(&self) -> BTreeMap<u16, BTreeSet<&'a str>> {
        let mut cases: BTreeMap<u16, BTreeSet<&'a str>> = BTreeMap::new();
        for name in self.files.keys() {
            for number in case_numbers(name) {
                cases.entry(number).or_default().insert(name);
            }
        }
        cases
    }

    /// Tests by the files they are in.
    pub(super) fn by_file<'b>(&self, names: &BTreeSet<&'b str>) -> BTreeMap<&'a str, Vec<&'b str>> {
        let mut files: BTreeMap<&'a str, Vec<&'b str>> = BTreeMap::new();
        for name in names {
            for path in self.files.get(name).into_iter().flatten() {
                files.entry(path).or_default().push(name);
            }
        }
        files
    }
}

fn case_numbers(name: &str) -> Vec<u16> {
    let mut numbers = Vec::new();
    let mut rest = name.strip_prefix("case_");
    while let Some((number, after)) = rest.and_then(|rest| rest.split_once('_')) {
        match number.parse() {
            Ok(number) => numbers.push(number),
            Err(_) => break,
        }
        rest = after.strip_prefix("and_");
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_is_of_the_cases_that_its_name_begins_with() {
        assert_eq!(case_numbers("case_042_it_defends"), [42]);
        assert_eq!(case_numbers("case_070_and_072_parts_are_one"), [70, 72]);
        assert_eq!(case_numbers("case_070_and_then_it_ends"), [70]);
        assert_eq!(case_numbers("case_by_case_it_is_judged"), [0_u16; 0]);
        assert_eq!(case_numbers("it_is_the_case_042_that_fails"), [0_u16; 0]);
    }
}
