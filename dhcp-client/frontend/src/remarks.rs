//! Notes as they are collected: every flag and statement of a front end leaves one.

use std::fmt::Display;

use crate::setup::{Fate, Note};

/// Where a word comes from that stands in no file.
pub(crate) const COMMAND_LINE: &str = "command line";

/// Where something comes from that nobody asked for.
pub(crate) const DEFAULT: &str = "default";

/// Notes that are kept; a configuration of a megabyte could ask for a hundred thousand.
const MOST_NOTES: usize = 1000;

/// Characters of a flag or statement that a note shows.
const LONGEST_WORDS: usize = 120;

/// Notes, in the order of the words.
#[derive(Debug, Default)]
pub(crate) struct Remarks {
    notes: Vec<Note>,
    more: usize,
}

impl Remarks {
    /// As the original does.
    pub(crate) fn honoured(&mut self, place: impl Display, what: impl Display) {
        self.push(place, what, Fate::Honoured);
    }

    /// In another way.
    pub(crate) fn different(&mut self, place: impl Display, what: impl Display, how: &str) {
        self.push(place, what, Fate::Different(how.to_owned()));
    }

    /// Not at all, and nothing is lost.
    pub(crate) fn ignored(&mut self, place: impl Display, what: impl Display, why: &str) {
        self.push(place, what, Fate::Ignored(why.to_owned()));
    }

    /// Not at all, though it was asked for.
    pub(crate) fn missing(&mut self, place: impl Display, what: impl Display, why: &str) {
        self.push(place, what, Fate::Missing(why.to_owned()));
    }

    pub(crate) fn push(&mut self, place: impl Display, what: impl Display, fate: Fate) {
        if self.notes.len() >= MOST_NOTES {
            self.more = self.more.saturating_add(1);
            return;
        }
        self.notes.push(Note {
            place: shown(&place.to_string()),
            what: shown(&what.to_string()),
            fate,
        });
    }

    /// All of them; what was too much is one more, since something in it may be missing.
    pub(crate) fn into_notes(mut self) -> Vec<Note> {
        if self.more > 0 {
            self.notes.push(Note {
                place: DEFAULT.to_owned(),
                what: format!("{} more words", self.more),
                fate: Fate::Missing("so many are not listed one by one".to_owned()),
            });
        }
        self.notes
    }
}

/// The beginning of a word, fit for a terminal and a log: what could move a cursor is written as an escape.
fn shown(word: &str) -> String {
    let mut shown = String::new();
    for character in word.chars().take(LONGEST_WORDS) {
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_beyond_a_thousand_become_one() {
        let mut remarks = Remarks::default();
        for number in 0..1500 {
            remarks.honoured(COMMAND_LINE, number);
        }
        let notes = remarks.into_notes();
        assert_eq!(notes.len(), 1001);
        assert_eq!(notes[1000].what, "500 more words");
        assert!(matches!(notes[1000].fate, Fate::Missing(_)));
    }

    #[test]
    fn a_note_shows_the_beginning_of_long_words_only() {
        let mut remarks = Remarks::default();
        remarks.ignored(COMMAND_LINE, "x".repeat(5000), "too long");
        assert_eq!(remarks.into_notes()[0].what, "x".repeat(120));
    }

    #[test]
    fn a_note_has_no_control_character_of_the_words_it_shows() {
        let mut remarks = Remarks::default();
        remarks.missing("/a\nb:1", "send\t\u{1b}[2J\u{9b}x;\r\n", "so it is");
        let notes = remarks.into_notes();
        assert_eq!(notes[0].place, r"/a\nb:1");
        assert_eq!(notes[0].what, r"send\t\u{1b}[2J\u{9b}x;\r\n");
    }
}
