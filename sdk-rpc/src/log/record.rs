//! A record: what a service says, in parts that stay apart whatever is in them.
//!
//! It is made clean: names of few characters, text without what could end a line or steer a terminal, and
//! no more of either than the other side takes. So a record that there is can be sent, and can be printed.

use core::fmt::{self, Write as _};

use super::Level;
use crate::{
    fault::clean_to,
    limits::{FIELD_NAME_OCTETS, FIELD_OCTETS, FIELDS, LINE_OCTETS},
};

/// Names in the text of a record that are its own.
const OWN_NAMES: [&str; 5] = ["left_out", "level", "message", "target", "time"];
/// Octets that the number of what was left out takes at most, with its name.
const LEFT_OUT_OCTETS: usize = " left_out=4294967295".len();

/// What a field says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldValue {
    /// Words, or a name, or an address as text.
    Text(String),
    /// A count or size.
    Unsigned(u64),
    /// A number that may be less than none.
    Signed(i64),
    /// Whether it is so.
    Flag(bool),
    /// What is not text.
    Octets(Vec<u8>),
}

/// One thing that a record says by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    name: String,
    value: FieldValue,
}

/// Something that happened, for a reader or a program. As text it is one line of `name=value`, in which all
/// text is quoted, of at most [`LINE_OCTETS`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    level: Level,
    target: String,
    message: String,
    fields: Vec<Field>,
    left_out: u32,
}

impl Field {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it says.
    #[must_use]
    pub const fn value(&self) -> &FieldValue {
        &self.value
    }
}

impl Record {
    /// A record of the part `target` of a service, a dotted name such as `dns.resolver`. What is no
    /// character of a name becomes `_`; what is none of a line becomes a space; what is too long is cut.
    #[must_use]
    pub fn new(level: Level, target: &str, message: &str) -> Self {
        Self {
            level,
            target: name_of(target),
            message: text_of(message, LINE_OCTETS),
            fields: Vec::new(),
            left_out: 0,
        }
    }

    /// The record with one field more, cleaned as `new` cleans; a name that is the record's own gets a `_`
    /// behind it. After [`FIELDS`] fields it is left out, and counted.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<FieldValue>) -> Self {
        if u32::try_from(self.fields.len()).is_ok_and(|count| count < FIELDS) {
            let mut name = name_of(name);
            if OWN_NAMES.contains(&name.as_str()) {
                name.push('_');
            }
            let value = cleaned(value.into());
            self.fields.push(Field { name, value });
            self
        } else {
            self.with_left_out(1)
        }
    }

    /// The record with so many fields more that are not in it.
    pub(crate) const fn with_left_out(mut self, count: u32) -> Self {
        self.left_out = self.left_out.saturating_add(count);
        self
    }

    /// How much it matters.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }

    /// The part that speaks.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// What it says, in words.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What it says by name. A name may be there more than once.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// How many fields are not in it, because there were too many.
    #[must_use]
    pub const fn left_out(&self) -> u32 {
        self.left_out
    }
}

/// Whether this is a name: not empty, and of the characters that need no quotes.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_of_name)
}

/// Whether this is a name that a field may have.
pub(crate) fn is_field_name(text: &str) -> bool {
    is_name(text) && !OWN_NAMES.contains(&text)
}

const fn is_of_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-')
}

fn name_of(text: &str) -> String {
    if text.is_empty() {
        return "_".to_owned();
    }
    text.chars()
        .map(|character| {
            if is_of_name(character) {
                character
            } else {
                '_'
            }
        })
        .take(FIELD_NAME_OCTETS)
        .collect()
}

fn cleaned(value: FieldValue) -> FieldValue {
    match value {
        FieldValue::Text(text) => FieldValue::Text(text_of(&text, FIELD_OCTETS)),
        FieldValue::Octets(mut octets) => {
            octets.truncate(FIELD_OCTETS);
            FieldValue::Octets(octets)
        }
        FieldValue::Unsigned(_) | FieldValue::Signed(_) | FieldValue::Flag(_) => value,
    }
}

fn text_of(text: &str, octets: usize) -> String {
    clean_to(text, octets).replace(ends_or_turns_a_line, " ")
}

/// Characters that are not control characters and yet end a line (U+2028, U+2029) or write it from right to
/// left (Unicode Standard Annex 9 section 2), so that it reads as another.
const fn ends_or_turns_a_line(character: char) -> bool {
    matches!(
        character,
        '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

impl fmt::Display for Record {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            level: _,
            target,
            message,
            fields,
            left_out,
        } = self;
        let mut left_out = *left_out;
        let mut line = format!("target={target} message=");
        let room = LINE_OCTETS - LEFT_OUT_OCTETS;
        quote(&mut line, message, room);
        for Field { name, value } in fields {
            let field = format!(" {name}={value}");
            if line.len() + field.len() <= room {
                line.push_str(&field);
            } else {
                left_out = left_out.saturating_add(1);
            }
        }
        if left_out > 0 {
            write!(line, " left_out={left_out}")?;
        }
        formatter.write_str(&line)
    }
}

impl fmt::Display for FieldValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => {
                let mut quoted = String::new();
                quote(&mut quoted, text, usize::MAX);
                formatter.write_str(&quoted)
            }
            Self::Unsigned(number) => write!(formatter, "{number}"),
            Self::Signed(number) => write!(formatter, "{number}"),
            Self::Flag(flag) => write!(formatter, "{flag}"),
            Self::Octets(octets) => {
                formatter.write_str("0x")?;
                octets
                    .iter()
                    .try_for_each(|octet| write!(formatter, "{octet:02x}"))
            }
        }
    }
}

/// Adds `text` in quotes, as much of it as leaves the line within `room` octets.
fn quote(line: &mut String, text: &str, room: usize) {
    line.push('"');
    for character in text.chars() {
        let escape = matches!(character, '"' | '\\');
        let octets = character.len_utf8() + usize::from(escape);
        if line.len() + octets + 1 > room {
            break;
        }
        if escape {
            line.push('\\');
        }
        line.push(character);
    }
    line.push('"');
}

impl From<&str> for FieldValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<u64> for FieldValue {
    fn from(number: u64) -> Self {
        Self::Unsigned(number)
    }
}

impl From<i64> for FieldValue {
    fn from(number: i64) -> Self {
        Self::Signed(number)
    }
}

impl From<bool> for FieldValue {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<&[u8]> for FieldValue {
    fn from(octets: &[u8]) -> Self {
        Self::Octets(octets.to_vec())
    }
}
