//! The option area of a message while it is put together: what is to be sent, and what of it goes when
//! one frame cannot carry all.

use alloc::{collections::BTreeSet, vec::Vec};

/// How much a server needs an option; the first ones get the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Need {
    /// Without it the message is another one.
    Vital,
    /// It says what the client wants to hear.
    Asked,
    /// It says what the client is.
    Told,
    /// It is there because the operator wants it.
    Further,
}

/// Options in the order of the message, each code once.
#[derive(Debug, Default)]
pub(super) struct OutgoingOptions {
    options: Vec<OutgoingOption>,
}

#[derive(Debug)]
struct OutgoingOption {
    code: u8,
    need: Need,
    /// With code and length, in as many pieces as it takes.
    octets: Vec<u8>,
}

impl OutgoingOptions {
    pub(super) fn vital(&mut self, code: u8, value: &[u8]) {
        self.push_some(Need::Vital, code, value);
    }

    /// An option that says all by being there.
    pub(super) fn flag(&mut self, code: u8) {
        self.push(Need::Vital, code, &[]);
    }

    pub(super) fn asked(&mut self, code: u8, value: &[u8]) {
        self.push_some(Need::Asked, code, value);
    }

    pub(super) fn told(&mut self, code: u8, value: &[u8]) {
        self.push_some(Need::Told, code, value);
    }

    /// An option of the operator's: it may be empty, and is nothing if its code is there already, since
    /// two of one code are one to the server (RFC 3396).
    pub(super) fn further(&mut self, code: u8, value: &[u8]) {
        if self.options.iter().all(|option| option.code != code) {
            self.push(Need::Further, code, value);
        }
    }

    /// No option but the operator's own may be empty (RFC 2132: minimum lengths of 12, 55, 56, 60, 61).
    fn push_some(&mut self, need: Need, code: u8, value: &[u8]) {
        if !value.is_empty() {
            self.push(need, code, value);
        }
    }

    fn push(&mut self, need: Need, code: u8, value: &[u8]) {
        self.options.push(OutgoingOption {
            code,
            need,
            octets: encode(code, value),
        });
    }

    /// As many as fit into `room` octets, in their order. RFC 3396 section 4, of one that does not: "the
    /// encoding agent MUST either use this algorithm or not send the option at all."
    pub(super) fn within(self, mut room: usize) -> Vec<u8> {
        let mut by_need: Vec<&OutgoingOption> = self.options.iter().collect();
        by_need.sort_by_key(|option| option.need);
        let mut kept = BTreeSet::new();
        for OutgoingOption { code, octets, .. } in by_need {
            if let Some(left) = room.checked_sub(octets.len()) {
                room = left;
                kept.insert(*code);
            }
        }
        let kept = self
            .options
            .iter()
            .filter(|option| kept.contains(&option.code));
        kept.flat_map(|option| option.octets.iter().copied())
            .collect()
    }
}

fn encode(code: u8, value: &[u8]) -> Vec<u8> {
    let (first, rest) = value
        .split_at_checked(usize::from(u8::MAX))
        .unwrap_or((value, &[]));
    let mut octets = Vec::new();
    // RFC 3396 section 4: "A DHCP protocol agent SHOULD NOT split an option as described in this
    // document unless it has no choice, or it knows that its peer can properly handle split options."
    // Above 255 octets there is none: "In this case, the encoding agent MUST follow the algorithm
    // specified here." RFC 3396 section 6: "The split portions of the option MUST be stored in the
    // aggregate option buffer in sequential order [...] Each split portion of an option MUST be stored in
    // the aggregate option buffer as if it were a normal variable-length option [...] The length fields
    // of each split portion of the option MUST add up to the total length of the option data. For any
    // given option being split, the option code field in each split portion MUST be the same."
    for fragment in core::iter::once(first).chain(rest.chunks(usize::from(u8::MAX))) {
        // Chunks of at most 255 octets have a length of one octet.
        let length = u8::try_from(fragment.len()).unwrap_or(u8::MAX);
        octets.extend_from_slice(&[code, length]);
        octets.extend_from_slice(fragment);
    }
    octets
}
