//! The option area as one: the fields that hold options are walked in the order of the RFC, and all
//! fragments of a code are joined into one value.
//!
//! The walk is our own because dhcproto joins only neighbours, does not follow option overload, and
//! drops everything after the first option it cannot decode.

use alloc::{collections::BTreeMap, vec::Vec};

use super::{MalformedOptions, code, cursor::Cursor, fixed::Fixed};
use crate::discard::Discard;

/// The joined values of the options in [`code::READ`].
///
/// Bounded: the values together are shorter than the datagram, at most 64 KiB, and there are no more
/// of them than codes that we read.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(BTreeMap<u8, Vec<u8>>);

impl Fields {
    /// Walks 'options', then 'file', then 'sname', the latter two as far as option 52 says.
    pub(super) fn join(
        fixed: &Fixed<'_>,
        malformed: &mut MalformedOptions,
    ) -> Result<Self, Discard> {
        let mut fields = Self::default();
        fields.walk(fixed.options, malformed)?;
        // Taken out, so that a 52 met later is known to come from 'file' or 'sname'.
        let overload = match fields.0.remove(&code::OVERLOAD).as_deref() {
            None => 0,
            Some(&[value @ 1..=3]) => value,
            Some(_) => return Err(Discard::MalformedOverload),
        };
        // RFC 2131 section 4.1: "The 'file' field MUST be interpreted next (if the 'option overload'
        // option indicates that the 'file' field contains DHCP options), followed by the 'sname' field."
        if overload & 1 != 0 {
            fields.walk(fixed.file, malformed)?;
        }
        if overload & 2 != 0 {
            fields.walk(fixed.sname, malformed)?;
        }
        // RFC 2131 section 4.1: "the 'option overload' option MUST appear in the 'options' field".
        // Following one from anywhere else could lead in circles.
        if fields.0.remove(&code::OVERLOAD).is_some() {
            malformed.insert(Discard::NestedOverload);
        }
        Ok(fields)
    }

    /// The joined value of an option, which may be empty.
    pub(super) fn get(&self, code: u8) -> Option<&[u8]> {
        self.0.get(&code).map(Vec::as_slice)
    }

    fn walk(&mut self, field: &[u8], malformed: &mut MalformedOptions) -> Result<(), Discard> {
        let mut cursor = Cursor::new(field);
        while let Some(code) = cursor.octet() {
            match code {
                code::PAD => {}
                code::END => return Ok(()),
                code => self.append(code, &mut cursor)?,
            }
        }
        // Old servers leave 'end' out when the last option fills the message.
        malformed.insert(Discard::NoEndOption);
        Ok(())
    }

    fn append(&mut self, code: u8, cursor: &mut Cursor<'_>) -> Result<(), Discard> {
        let length = cursor.octet().ok_or(Discard::OptionOverrun)?;
        // RFC 2131 section 4.1: "Any individual option in the 'options', 'sname' and 'file' fields MUST
        // be entirely contained in that field."
        let value = cursor.slice(length.into()).ok_or(Discard::OptionOverrun)?;
        if code::READ.contains(&code) {
            // RFC 3396 section 7: "finds two or more options with the same option code, it MUST consider
            // them to be split portions of an option".
            self.0.entry(code).or_default().extend_from_slice(value);
        }
        Ok(())
    }
}
