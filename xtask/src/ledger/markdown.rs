//! Cells of the tables that the ledger writes.

use std::collections::BTreeSet;

use super::test_index::TestIndex;

/// A text that Markdown takes for what it is, in one line.
pub(super) fn cell(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !shown.is_empty() {
            shown.push(' ');
        }
        for c in word.chars() {
            if matches!(c, '|' | '*' | '<' | '[' | '\\') {
                shown.push('\\');
            }
            shown.push(c);
        }
    }
    shown
}

/// A link from `docs/` to a file of the repository, named by its last two parts.
pub(super) fn file_link(path: &str) -> String {
    let mut parts = path.rsplit('/');
    let file = parts.next().unwrap_or_default();
    let name = match parts.next() {
        Some(folder) => format!("{folder}/{file}"),
        None => file.to_owned(),
    };
    format!("[{name}](../{path})")
}

/// Tests by their names, those of a file together behind its link.
pub(super) fn test_names(tests: &BTreeSet<&str>, files: &TestIndex<'_>) -> String {
    let mut cells: Vec<String> = Vec::new();
    for (path, names) in files.by_file(tests) {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        cells.push(format!("{}: {}", file_link(path), names.join(", ")));
    }
    cells.join("<br>")
}
