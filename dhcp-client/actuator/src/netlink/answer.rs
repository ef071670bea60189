//! What the kernel says to a request: done, or why not.

use core::fmt;
use std::io;

use netlink_packet_core::{DoneBuffer, ErrorBuffer, NLM_F_ACK_TLVS, NlasIterator};
use nix::libc;

/// NLMSGERR_ATTR_MSG of linux/netlink.h.
const ATTRIBUTE_TEXT: u16 = 1;

/// The kernel's answer to a request that it refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// errno(3).
    pub errno: i32,
    /// The kernel's own words, where it has any.
    pub text: Option<String>,
}

impl fmt::Display for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", io::Error::from_raw_os_error(self.errno))?;
        self.text
            .as_ref()
            .map_or(Ok(()), |text| write!(formatter, ", {text}"))
    }
}

/// What an NLMSG_ERROR says: 0 is success.
pub(super) fn answer(flags: u16, payload: &[u8]) -> Result<(), Answer> {
    let Ok(error) = ErrorBuffer::new_checked(payload) else {
        return Err(Answer {
            errno: libc::EPROTO,
            text: None,
        });
    };
    let Some(code) = error.code() else {
        return Ok(());
    };
    let text = if flags & NLM_F_ACK_TLVS == 0 {
        None
    } else {
        text(error.payload())
    };
    Err(Answer {
        errno: code.get().saturating_abs(),
        text,
    })
}

/// What an NLMSG_DONE says about the list that it ends.
pub(super) fn list_end(payload: &[u8]) -> Result<(), Answer> {
    let errno = match DoneBuffer::new_checked(payload) {
        Ok(end) => end.code().saturating_abs(),
        Err(_) => libc::EPROTO,
    };
    if errno == 0 {
        return Ok(());
    }
    Err(Answer { errno, text: None })
}

/// The kernel's words after the header of the refused request.
fn text(payload: &[u8]) -> Option<String> {
    const HEADER: usize = 16;
    let attributes = payload.get(HEADER..)?;
    let text = NlasIterator::new(attributes)
        .map_while(Result::ok)
        .find(|attribute| attribute.kind() == ATTRIBUTE_TEXT)?;
    let text = String::from_utf8_lossy(text.value());
    Some(text.trim_end_matches('\0').to_owned())
}
