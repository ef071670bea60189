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
