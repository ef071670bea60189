//! The option area as one: the fields that hold options are walked in the order of the RFC, and all
//! fragments of a code are joined into one value.
//!
//! The walk is our own because dhcproto joins only neighbours, does not follow option overload, and
//! drops everything after the first option it cannot decode.

use alloc::{collections::BTreeMap, vec::Vec};

use super::{MalformedOptions, code, cursor::Cursor, fixed::Fixed};
use crate::discard::Discard;

/// 'file', in option 52 (RFC 2132 section 9.3).
pub(super) const FILE: u8 = 1;
/// 'sname', in option 52.
pub(super) const SNAME: u8 = 2;

/// The joined values of all options.
///
/// Bounded: the values together are shorter than the datagram, at most 64 KiB, and there are no more
/// of them than codes.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    values: BTreeMap<u8, Vec<u8>>,
    /// Option 52: whether 'file' (1) and 'sname' (2) hold options and are no text.
    overload: u8,
}

impl Fields {
    /// Walks 'options', then 'file', then 'sname', the latter two as far as option 52 says.
    pub(super) fn join(
        fixed: &Fixed<'_>,
        malformed: &mut MalformedOptions,
    ) -> Result<Self, Discard> {
        let mut fields = Self::default();
        // RFC 2131 section 4.1: "The options in the 'options' field MUST be interpreted first, so that
        // any 'option overload' options may be interpreted."
        fields.walk(fixed.options, malformed)?;
        // Taken out, so that a 52 met later is known to come from 'file' or 'sname'.
        fields.overload = match fields.values.remove(&code::OVERLOAD).as_deref() {
            None => 0,
            Some(&[value @ 1..=3]) => value,
            Some(_) => return Err(Discard::MalformedOverload),
        };
        // RFC 2131 section 4.1: "The 'file' field MUST be interpreted next (if the 'option overload'
        // option indicates that the 'file' field contains DHCP options), followed by the 'sname' field."
        if fields.holds_options(FILE) {
            fields.walk(fixed.file, malformed)?;
        }
        if fields.holds_options(SNAME) {
            fields.walk(fixed.sname, malformed)?;
        }
        // RFC 2131 section 4.1: "the 'option overload' option MUST appear in the 'options' field".
        // Following one from anywhere else could lead in circles.
        if fields.values.remove(&code::OVERLOAD).is_some() {
            malformed.insert(Discard::NestedOverload);
        }
        Ok(fields)
    }

    /// Takes options out. The message type stays: without it this would be another message.
    pub(super) fn ignore(&mut self, codes: &[u8]) {
        for code in codes.iter().filter(|code| **code != code::MESSAGE_TYPE) {
            self.values.remove(code);
        }
    }

    /// Whether a field, [`FILE`] or [`SNAME`], is taken by options.
    pub(super) fn holds_options(&self, field: u8) -> bool {
        self.overload & field != 0
    }

    /// Every option, in the order of the codes.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u8, &[u8])> {
        self.values
            .iter()
            .map(|(code, value)| (*code, value.as_slice()))
    }

    /// The joined value of an option, which may be empty.
    pub(super) fn get(&self, code: u8) -> Option<&[u8]> {
        self.values.get(&code).map(Vec::as_slice)
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
        // RFC 3396 section 4: "In this case, the agent MUST concatenate these separate instances of the
        // same option in the way that we specify here. [...] an implementation which supports any
        // concatenation-requiring option MUST be capable of concatenating received options for both
        // concatenation-requiring and non-concatenation-requiring options." RFC 3442, "Requirements to
        // Avoid Sizing Constraints": "DHCP clients requesting this option, and DHCP servers sending this
        // option, MUST implement DHCP option concatenation". RFC 3396 section 7: "it MUST
        // consider them to be split portions of an option [...] it MUST treat the contents of that option
        // as a single option, and the contents MUST be reassembled in the order that was described above
        // under encoding agent behavior. [...] the decoding agent MUST reassemble the split option parts
        // into a single object, and MUST NOT treat each split portion of the option as a separate object."
        let whole = self.values.entry(code).or_default();
        whole.extend_from_slice(value);
        Ok(())
    }
}
