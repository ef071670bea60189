//! Tables of an RFC, in which a row can require as much as a sentence does.
//!
//! Two forms occur: columns under a ruler of dashes, whose cells run over several lines, and boxes with a bar at either
//! end of every line.

/// One row.
pub(super) struct Row<'a> {
    /// Its cells, a bar between them.
    pub(super) text: String,
    /// The lines as they stand in the RFC, which begin with the row's name.
    pub(super) lines: Vec<&'a str>,
}

/// The rows of a block of lines, or `None` when it is no table.
pub(super) fn rows<'a>(block: &[&'a str]) -> Option<Vec<Row<'a>>> {
    let is_box = |line: &&&str| line.trim().starts_with('|') && line.trim().ends_with('|');
    if let Some(columns) = block.iter().find_map(|line| ruler(line)) {
        return Some(ruled(block, &columns));
    }
    let boxed: Vec<&str> = block.iter().filter(is_box).copied().collect();
    (!boxed.is_empty()).then(|| boxed.into_iter().map(of_box).collect())
}

/// Where the columns begin, if a line is a ruler: two or more runs of dashes and nothing else.
fn ruler(line: &str) -> Option<Vec<usize>> {
    let is_ruler = line.contains("--") && line.chars().all(|c| c == '-' || c.is_whitespace());
    let columns: Vec<usize> = (line.match_indices('-').map(|(at, _)| at))
        .filter(|at| *at == 0 || line.get(at - 1..*at) == Some(" "))
        .collect();
    (is_ruler && columns.len() > 1).then_some(columns)
}

fn ruled<'a>(block: &[&'a str], columns: &[usize]) -> Vec<Row<'a>> {
    let first = columns.first().copied().unwrap_or_default();
    let mut rows: Vec<(Vec<String>, Vec<&'a str>)> = Vec::new();
    for line in block.iter().copied().filter(|line| ruler(line).is_none()) {
        let begins = line.get(first..).is_some_and(|line| !line.starts_with(' '));
        if begins || rows.is_empty() {
            rows.push((vec![String::new(); columns.len()], Vec::new()));
        }
        let Some((cells, lines)) = rows.last_mut() else {
            continue;
        };
        lines.push(line.trim());
        for (index, (cell, start)) in cells.iter_mut().zip(columns).enumerate() {
            let end = columns.get(index + 1).copied().unwrap_or(line.len());
            let part = line
                .get(*start..end.min(line.len()))
                .unwrap_or_default()
                .trim();
            if !cell.is_empty() && !part.is_empty() {
                cell.push(' ');
            }
            cell.push_str(part);
        }
    }
    (rows.into_iter())
        .map(|(cells, lines)| Row {
            text: cells.join(" | "),
            lines,
        })
        .collect()
}

fn of_box(line: &str) -> Row<'_> {
    let cells = line.trim().trim_matches('|').split('|').map(str::trim);
    Row {
        text: cells.collect::<Vec<_>>().join(" | "),
        lines: vec![line.trim()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(block: &[&str]) -> Vec<String> {
        let rows = rows(block).unwrap();
        rows.into_iter().map(|row| row.text).collect()
    }

    #[test]
    fn cells_under_a_ruler_are_read_down_their_columns() {
        let block = [
            "Option                DISCOVER      REQUEST",
            "------                --------      -------",
            "Requested IP address  MAY           MUST (in",
            "                      (DISCOVER)    SELECTING)",
            "Message               SHOULD NOT    MAY",
        ];
        assert_eq!(
            texts(&block),
            [
                "Option | DISCOVER | REQUEST",
                "Requested IP address | MAY (DISCOVER) | MUST (in SELECTING)",
                "Message | SHOULD NOT | MAY"
            ]
        );
    }

    #[test]
    fn each_line_of_a_box_is_a_row() {
        let block = [
            "  ---------------------------",
            "  |server-ip     |MUST NOT  |",
            "  ---------------------------",
        ];
        assert_eq!(texts(&block), ["server-ip | MUST NOT"]);
    }

    #[test]
    fn text_with_dashes_or_bars_is_no_table() {
        assert!(rows(&["   the client -- if it", "   can -- MUST"]).is_none());
        assert!(rows(&["   |  However, a few", "   |  steps MUST"]).is_none());
    }
}
