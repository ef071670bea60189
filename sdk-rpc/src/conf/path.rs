//! Where an entry is: a checked path, ordered so that a subtree is one range.

use core::{cmp::Ordering, fmt};
use std::sync::Arc;

use crate::{
    Error,
    limits::{PATH_OCTETS, PATH_SEGMENTS, SEGMENT_OCTETS},
};

/// A path: `/`, or segments that each follow a slash. Ordered segment by segment: what is below a path
/// follows it at once.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ConfPath(Arc<str>);

impl ConfPath {
    /// The path of all entries: `/`.
    #[must_use]
    pub fn root() -> Self {
        Self(Arc::from("/"))
    }

    /// The path that `text` is.
    ///
    /// # Errors
    /// [`Error::Refused`] says what is wrong with it: see `schema/conf.capnp`.
    pub fn new(text: &str) -> Result<Self, Error> {
        Self::checked(text).map_err(|wrong| Error::Refused(format!("path {wrong}")))
    }

    /// The path that `text` is, or what is wrong with it.
    pub(crate) fn checked(text: &str) -> Result<Self, &'static str> {
        if text.len() > PATH_OCTETS {
            return Err("is too long");
        }
        let Some(relative) = text.strip_prefix('/') else {
            return Err("does not begin with a slash");
        };
        if relative.is_empty() {
            return Ok(Self::root());
        }
        if relative.split('/').count() > PATH_SEGMENTS {
            return Err("is too deep");
        }
        for segment in relative.split('/') {
            check_segment(segment)?;
        }
        Ok(Self(Arc::from(text)))
    }

    /// The path as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the root, where there is never an entry.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.as_str() == "/"
    }

    /// Whether this is `prefix` or below it.
    #[must_use]
    pub fn is_within(&self, prefix: &Self) -> bool {
        self.below(prefix).is_some()
    }

    /// The path one segment longer than `parent` that this is, or is below.
    pub(crate) fn child_of(&self, parent: &Self) -> Option<Self> {
        let below = self.below(parent).filter(|below| !below.is_empty())?;
        let rest = below.strip_prefix('/').unwrap_or(below);
        let behind = rest.find('/').map_or(0, |slash| rest.len() - slash);
        let length = self.0.len() - behind;
        Some(Self(Arc::from(self.0.get(..length)?)))
    }

    /// What follows `prefix` in this path, with its slash, where it is `prefix` or below it.
    fn below<'a>(&'a self, prefix: &Self) -> Option<&'a str> {
        let path = if self.is_root() { "" } else { self.as_str() };
        let prefix = if prefix.is_root() {
            ""
        } else {
            prefix.as_str()
        };
        path.strip_prefix(prefix)
            .filter(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The octets, with the slash before all others.
    fn order(&self) -> impl Iterator<Item = u8> {
        self.0
            .bytes()
            .map(|octet| if octet == b'/' { 0 } else { octet })
    }
}

fn check_segment(segment: &str) -> Result<(), &'static str> {
    match segment {
        "" => return Err("has an empty segment"),
        "." | ".." => return Err("has a segment of dots"),
        _ => {}
    }
    if segment.len() > SEGMENT_OCTETS {
        return Err("has a segment that is too long");
    }
    let is_allowed = |octet: u8| octet.is_ascii_alphanumeric() || b"-_.:@+".contains(&octet);
    if !segment.bytes().all(is_allowed) {
        return Err("has a character that is not allowed");
    }
    Ok(())
}

impl Ord for ConfPath {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order().cmp(other.order())
    }
}

impl PartialOrd for ConfPath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for ConfPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Debug for ConfPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), formatter)
    }
}
