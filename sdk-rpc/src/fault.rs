//! Errors on their way over the wire and back. A peer's text is cut and cleaned before it is shown.

use crate::{Error, limits::REASON_OCTETS};

/// `text` without control characters, cut to the length of a reason.
pub(crate) fn clean(text: &str) -> String {
    clean_to(text, REASON_OCTETS)
}

/// `text` without control characters, cut to at most `octets` at a character.
pub(crate) fn clean_to(text: &str, octets: usize) -> String {
    let kept = text.get(..text.floor_char_boundary(octets)).unwrap_or(text);
    kept.chars()
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect()
}

/// What the peer is told of an error of this side.
pub(crate) fn to_wire(error: Error) -> capnp::Error {
    match error {
        Error::Disconnected => capnp::Error::disconnected("the peer is gone".to_owned()),
        Error::Peer(what) => capnp::Error::failed(clean(&format!("peer at fault: {what}"))),
        Error::Refused(why) => capnp::Error::failed(clean(&why)),
    }
}

/// What an error of the peer means here.
pub(crate) fn from_wire(error: &capnp::Error) -> Error {
    if error.kind == capnp::ErrorKind::Disconnected {
        return Error::Disconnected;
    }
    let text = error.extra.as_str();
    let text = text.strip_prefix("remote exception: ").unwrap_or(text);
    if error.kind == capnp::ErrorKind::Unimplemented {
        return Error::Refused(clean(&format!(
            "the peer does not know this call, its schema may be another: {text}"
        )));
    }
    if text.is_empty() {
        Error::Refused(clean(&error.to_string()))
    } else {
        Error::Refused(clean(text))
    }
}
