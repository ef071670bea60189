//! One RFC as the ledger reads it: its text without spaces, where its sections are in it, and what it requires.
//!
//! Quotes are looked for in the text without any white space, so that neither the RFC's line breaks nor the code's
//! matter, nor a word that either of them divided at a hyphen.

use std::ops::Range;

use super::furniture::{is_item, without_pages};
use super::place::Place;
use super::sentence::{requires, sentences};
use super::table;

/// An RFC that is in `specs/`.
pub(super) struct Specification {
    /// Its number.
    pub(super) number: u16,
    /// All of the text but its white space.
    dense: String,
    sections: Vec<Section>,
    /// Every sentence and every row of a table that obliges somebody, in the order of the text.
    pub(super) requirements: Vec<Requirement>,
}

struct Section {
    place: Place,
    span: Range<usize>,
}

/// A sentence, or a row of a table, with a key word that obliges.
pub(super) struct Requirement {
    /// The section it is in, or the table.
    pub(super) place: Place,
    /// The sentence, one space between words.
    pub(super) text: String,
    /// Where it is in the text without spaces.
    pub(super) span: Range<usize>,
}

impl Specification {
    /// Reads an RFC's text as the RFC editor publishes it.
    pub(super) fn read(number: u16, text: &str) -> Self {
        let mut reader = Reader::new();
        let lines = without_pages(text);
        let mut index = 0;
        while let Some(line) = lines.get(index) {
            let block: Vec<&str> = (lines.iter().skip(index))
                .take_while(|line| !line.trim().is_empty())
                .copied()
                .collect();
            if block.is_empty() {
                index += 1;
            } else if let Some(place) = Place::of_heading(line, block.len()) {
                reader.heading(place, line);
                index += 1;
            } else {
                reader.block(&block);
                index += block.len();
            }
        }
        reader.end(number)
    }

    /// Where a quote stands within the places that were named, or anywhere when none was. Empty: it does not.
    ///
    /// What the quote leaves out, it leaves out with `[...]`; its parts stand in the order of the text.
    pub(super) fn find(&self, places: &[Place], quote: &str) -> Vec<Range<usize>> {
        let parts: Vec<String> = quote.split("[...]").map(dense).collect();
        let (first, rest) = match parts.split_first() {
            Some(split) if parts.iter().all(|part| !part.is_empty()) => split,
            Some(_) | None => return Vec::new(),
        };
        (self.dense.match_indices(first.as_str()))
            .filter_map(|(at, found)| self.chain(places, at..at + found.len(), rest))
            .flatten()
            .collect()
    }

    /// A part of a quote and the parts after it, if all of them are within the places.
    fn chain(
        &self,
        places: &[Place],
        first: Range<usize>,
        rest: &[String],
    ) -> Option<Vec<Range<usize>>> {
        let mut end = first.end;
        let mut spans = vec![first];
        for part in rest {
            let at = end + self.dense.get(end..)?.find(part.as_str())?;
            end = at + part.len();
            spans.push(at..end);
        }
        let is_there = |span| places.is_empty() || self.is_within(places, span);
        spans.iter().all(is_there).then_some(spans)
    }

    /// Whether there is such a place.
    pub(super) fn has(&self, place: &Place) -> bool {
        self.sections
            .iter()
            .any(|section| place.holds(&section.place))
    }

    fn is_within(&self, places: &[Place], span: &Range<usize>) -> bool {
        self.sections.iter().any(|section| {
            section.span.start <= span.start
                && span.end <= section.span.end
                && places.iter().any(|place| place.holds(&section.place))
        })
    }
}

/// A text without its white space.
pub(super) fn dense(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// Reads an RFC from top to bottom.
struct Reader {
    dense: String,
    sections: Vec<Section>,
    requirements: Vec<Requirement>,
    here: Place,
    since: usize,
    /// The rows of tables whose caption has not come yet, and where the first of them began.
    rows: Vec<Requirement>,
    rows_since: Option<usize>,
}

impl Reader {
    const fn new() -> Self {
        Self {
            dense: String::new(),
            sections: Vec::new(),
            requirements: Vec::new(),
            here: Place::Front,
            since: 0,
            rows: Vec::new(),
            rows_since: None,
        }
    }

    fn heading(&mut self, place: Place, line: &str) {
        self.close();
        self.here = place;
        self.push(line);
    }

    fn block(&mut self, lines: &[&str]) {
        if let Some(rows) = table::rows(lines) {
            self.rows_since.get_or_insert(self.dense.len());
            for row in rows {
                let span = self.push(&row.lines.join(" "));
                if requires(&row.text) {
                    self.rows.push(Requirement {
                        place: self.here.clone(),
                        text: row.text,
                        span,
                    });
                }
            }
            return;
        }
        let mut item: Vec<&str> = Vec::new();
        for line in lines {
            if is_item(line) {
                self.paragraph(&item);
                item.clear();
            }
            item.push(line.trim());
        }
        self.paragraph(&item);
    }

    fn paragraph(&mut self, lines: &[&str]) {
        let text = lines.join(" ");
        if let Some(table) = Place::of_caption(&text) {
            self.caption(table);
        }
        for sentence in sentences(&text) {
            let span = self.push(sentence);
            if requires(sentence) {
                self.requirements.push(Requirement {
                    place: self.here.clone(),
                    text: sentence.split_whitespace().collect::<Vec<_>>().join(" "),
                    span,
                });
            }
        }
    }

    /// The rows before a caption are those of the table that it names.
    fn caption(&mut self, table: Place) {
        let Some(since) = self.rows_since.take() else {
            return;
        };
        for row in self.rows.drain(..) {
            self.requirements.push(Requirement {
                place: table.clone(),
                ..row
            });
        }
        self.sections.push(Section {
            place: table,
            span: since..self.dense.len(),
        });
    }

    fn push(&mut self, text: &str) -> Range<usize> {
        let start = self.dense.len();
        self.dense
            .extend(text.chars().filter(|c| !c.is_whitespace()));
        start..self.dense.len()
    }

    fn close(&mut self) {
        // Rows that no caption named belong to the section.
        self.requirements.append(&mut self.rows);
        self.rows_since = None;
        let end = self.dense.len();
        let since = std::mem::replace(&mut self.since, end);
        self.sections.push(Section {
            place: self.here.clone(),
            span: since..end,
        });
    }

    fn end(mut self, number: u16) -> Specification {
        self.close();
        self.requirements
            .sort_by_key(|requirement| requirement.span.start);
        Specification {
            number,
            dense: self.dense,
            sections: self.sections,
            requirements: self.requirements,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Some Working Group\n\n   1. Wait ........ 3\n\n1. Wait\n\n   It MUST wait. It may go.\n\n   o This SHOULD be seen\n     twice\n   o It MUST NOT be\n     heard.\n\n1.1 Table\n\nOption    ASK      GO\n------    ---      --\nName      MAY      MUST\n                   (late)\nPlace     MAY      MAY\n\n          Table 3:  Who says what\n\n   It MUST end.\n";

    #[test]
    fn what_an_rfc_requires_is_found_with_its_place() {
        let read = Specification::read(7, TEXT);
        let found: Vec<(String, &str)> = (read.requirements.iter())
            .map(|requirement| (requirement.place.to_string(), requirement.text.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                ("1".into(), "It MUST wait."),
                ("1".into(), "o This SHOULD be seen twice"),
                ("1".into(), "o It MUST NOT be heard."),
                ("table 3".into(), "Name | MAY | MUST (late)"),
                ("1.1".into(), "It MUST end."),
            ]
        );
    }

    #[test]
    fn a_quote_covers_the_requirement_that_it_overlaps() {
        let read = Specification::read(7, TEXT);
        let requirement = &read.requirements[1];
        let spans = read.find(&[Place::named("1")], "be seen twice");
        assert_eq!(spans.len(), 1);
        assert!(requirement.span.start < spans[0].start && spans[0].end <= requirement.span.end);
    }

    #[test]
    fn a_quote_may_leave_out_what_it_says_it_leaves_out() {
        let read = Specification::read(7, TEXT);
        let here = [Place::named("1")];
        assert_eq!(read.find(&here, "It MUST wait. [...] heard.").len(), 2);
        assert!(
            read.find(&here, "It MUST NOT be [...] seen twice")
                .is_empty()
        );
        assert!(read.find(&here, "It MUST wait. [...] felt.").is_empty());
        assert!(read.find(&here, "[...]").is_empty());
    }

    #[test]
    fn a_row_of_a_table_is_quoted_by_its_name() {
        let read = Specification::read(7, TEXT);
        let spans = read.find(&[Place::named("table 3")], "Name");
        assert_eq!(spans.len(), 1);
        assert_eq!(spans[0].start, read.requirements[3].span.start);
        assert!(read.find(&[Place::named("table 4")], "Name").is_empty());
    }
}
