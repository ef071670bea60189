//! `specs/rfcNNNN.toml`: what is said by hand of an RFC's requirements.
//!
//! An RFC that has this file is held to it: each of its requirements is quoted in the code and named here with its tests
//! (unless a test quotes it), or stands here with the reason why it is not. Of an RFC without it only quotes are checked.

use std::fmt;

use toml::{Table, Value};

use super::place::Place;
use super::specification::{Requirement, dense};

/// What is said by hand of one RFC's requirements.
#[derive(Default)]
pub(super) struct Account {
    /// `[[tested]]`: the tests of requirements that the code quotes.
    pub(super) tested: Vec<Entry>,
    /// The requirements that the code does not quote, and why.
    pub(super) excused: Vec<(Excuse, Entry)>,
}

/// Why no line of the code quotes a requirement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Excuse {
    /// `[[elsewhere]]`: it is obeyed, but not by a line that could say so.
    Elsewhere,
    /// `[[deviation]]`: it is the client's, and not obeyed, or not by default.
    Deviation,
    /// `[[not_ours]]`: it is not the client's, or of something that this client does not do.
    NotOurs,
}

/// What is said of one requirement, or of all of a place.
pub(super) struct Entry {
    /// The section or table; its parts are included.
    pub(super) place: Place,
    /// Words that only the requirement has in that place. Without them all of the place are meant.
    pub(super) text: Option<String>,
    /// Names of tests.
    pub(super) tests: Vec<String>,
    /// Why the code does not quote it. Empty in `tested`.
    pub(super) reason: String,
}

impl Account {
    /// Reads the file. The error says what is wrong in it.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut account = Self::default();
        for (name, value) in text.parse::<Table>().map_err(|error| error.to_string())? {
            let entries = value.as_array().ok_or(format!("[[{name}]] is wanted"))?;
            for entry in entries {
                let entry = Entry::read(entry).map_err(|error| format!("[[{name}]]: {error}"))?;
                account.add(&name, entry)?;
            }
        }
        Ok(account)
    }

    fn add(&mut self, table: &str, entry: Entry) -> Result<(), String> {
        let excuse = match table {
            "tested" => None,
            "elsewhere" => Some(Excuse::Elsewhere),
            "deviation" => Some(Excuse::Deviation),
            "not_ours" => Some(Excuse::NotOurs),
            other => return Err(format!("unknown table {other:?}")),
        };
        let is_whole = match excuse {
            None => entry.text.is_some() && !entry.tests.is_empty() && entry.reason.is_empty(),
            Some(_) => !entry.reason.is_empty(),
        };
        if !is_whole {
            return Err(format!(
                "[[{table}]] {entry}: `tested` has place, text and tests; the others have a reason"
            ));
        }
        match excuse {
            None => self.tested.push(entry),
            Some(excuse) => self.excused.push((excuse, entry)),
        }
        Ok(())
    }
}

impl Entry {
    fn read(value: &Value) -> Result<Self, String> {
        let mut entry = Self {
            place: Place::Front,
            text: None,
            tests: Vec::new(),
            reason: String::new(),
        };
        for (key, value) in value.as_table().ok_or("not a table")? {
            match (key.as_str(), value) {
                ("place", Value::String(place)) => entry.place = Place::named(place),
                ("text", Value::String(text)) => entry.text = Some(text.clone()),
                ("reason", Value::String(reason)) => entry.reason.clone_from(reason),
                ("tests", Value::Array(names)) => entry.tests = strings(names)?,
                (_, _) => return Err(format!("{key} is unknown, or not what it should be")),
            }
        }
        if entry.place == Place::Front {
            return Err(format!("{entry} has no place"));
        }
        Ok(entry)
    }

    /// Whether it speaks of a requirement.
    pub(super) fn is_of(&self, requirement: &Requirement) -> bool {
        let has_words = |text| dense(&requirement.text).contains(&dense(text));
        self.place.holds(&requirement.place) && self.text.as_deref().is_none_or(has_words)
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.text.as_deref().unwrap_or("(all of it)");
        write!(f, "{} {text:?}", self.place)
    }
}

fn strings(values: &[Value]) -> Result<Vec<String>, String> {
    (values.iter())
        .map(|value| value.as_str().map(str::to_owned))
        .collect::<Option<_>>()
        .ok_or("a name that is no text".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_says_what_it_says() {
        let text = "[[tested]]\nplace = \"4.1\"\ntext = \"MUST wait\"\ntests = [\"it_waits\"]\n[[not_ours]]\nplace = \"4.3\"\nreason = \"The server's.\"\n[[deviation]]\nplace = \"4.4\"\ntext = \"SHOULD\"\nreason = \"Nobody does.\"\n";
        let account = Account::read(text).unwrap();
        assert_eq!(account.tested[0].tests, ["it_waits"]);
        let excuses: Vec<Excuse> = account.excused.iter().map(|(excuse, _)| *excuse).collect();
        assert!(excuses.contains(&Excuse::NotOurs) && excuses.contains(&Excuse::Deviation));
    }

    #[test]
    fn what_is_incomplete_or_unknown_is_refused() {
        for text in [
            "[[tested]]\nplace = \"4\"\ntext = \"a\"\n",
            "[[tested]]\nplace = \"4\"\ntests = [\"t\"]\n",
            "[[deviation]]\nplace = \"4\"\n",
            "[[elsewhere]]\nreason = \"r\"\n",
            "[[elsewhere]]\nplace = \"4\"\nreasons = \"r\"\n",
            "[[forgotten]]\nplace = \"4\"\nreason = \"r\"\n",
            "[tested]\nplace = \"4\"\n",
        ] {
            assert!(Account::read(text).is_err(), "{text}");
        }
    }
}
