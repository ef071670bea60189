//! What an operator wrote, wherever he wrote it: one word with its value, and where it stands.

use crate::setup::{Fate, Note};

/// The place of what stands on the command line.
pub(super) const COMMAND_LINE: &str = "command line";

/// Characters of a word and its value that a note repeats.
const LONGEST_EXCERPT: usize = 100;

/// A word with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// `FILE:LINE`, or [`COMMAND_LINE`].
    pub(super) place: String,
    /// What it counts for.
    pub(super) block: Block,
    /// The word, as a directive.
    pub(super) word: String,
    /// What stands behind it; nothing is none.
    pub(super) value: Option<String>,
    /// How it was written.
    pub(super) written: String,
}

/// What a line counts for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Block {
    /// All interfaces.
    Global,
    /// Interfaces of this name, or that fit this glob.
    Interface(String),
    /// Whoever chose this profile.
    Profile(String),
    /// A wireless network.
    Ssid,
}

impl Line {
    pub(super) fn note(&self, fate: Fate) -> Note {
        Note {
            place: self.place.clone(),
            what: excerpt(&self.written),
            fate,
        }
    }
}

/// The beginning of a text, fit for a log: what could move a cursor is written as an escape.
pub(super) fn excerpt(text: &str) -> String {
    let mut excerpt = String::new();
    for (index, character) in text.chars().enumerate() {
        if index == LONGEST_EXCERPT {
            excerpt.push_str("...");
            break;
        }
        if character.is_control() {
            excerpt.extend(character.escape_default());
        } else {
            excerpt.push(character);
        }
    }
    excerpt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_short_and_has_no_control_characters() {
        assert_eq!(excerpt("noarp"), "noarp");
        assert_eq!(excerpt("a\x1b[2Jb\n"), "a\\u{1b}[2Jb\\n");
        let long = excerpt(&"\0".repeat(100_000));
        assert!(long.len() < 700 && long.ends_with("..."));
    }
}
