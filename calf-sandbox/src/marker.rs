//! How a calf learns that it is one, and what its descriptors are: one environment variable, the only one
//! it finds. It is no secret and no proof: whoever sets it by hand only takes powers from his own process.

use std::os::fd::RawFd;

use crate::policy::{Backend, FIRST_GRANT, Grant, Rights};

/// The variable.
pub(crate) const VARIABLE: &str = "CALF_INHERITED";

/// What the variable says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Marker {
    pub(crate) backend: Backend,
    /// The loader's root is still to be left.
    pub(crate) loader: bool,
    /// The kernel has Landlock.
    pub(crate) landlock: bool,
    /// The final filter is to be installed.
    pub(crate) filtered: bool,
    /// Names and rights of the descriptors from 3 up.
    pub(crate) grants: Vec<(String, Rights)>,
}

impl Marker {
    pub(crate) fn names(grants: &[Grant]) -> Vec<(String, Rights)> {
        grants
            .iter()
            .map(|grant| (grant.name.clone(), grant.rights))
            .collect()
    }

    /// Descriptor number after the last grant: the status pipe.
    pub(crate) fn status(&self) -> RawFd {
        RawFd::try_from(self.grants.len())
            .unwrap_or(RawFd::MAX)
            .saturating_add(FIRST_GRANT)
    }

    pub(crate) fn to_text(&self) -> String {
        let mut words = vec![match self.backend {
            Backend::None => "none",
            Backend::Process => "process",
        }];
        words.extend(self.loader.then_some("loader"));
        words.extend(self.landlock.then_some("landlock"));
        words.extend(self.filtered.then_some("filtered"));
        let grants: Vec<String> = self
            .grants
            .iter()
            .map(|(name, rights)| format!("{name}={}", spell(*rights)))
            .collect();
        format!("{};{}", words.join("+"), grants.join(","))
    }

    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let (words, grants) = text.split_once(';')?;
        let mut words = words.split('+');
        let backend = match words.next()? {
            "none" => Backend::None,
            "process" => Backend::Process,
            _ => return None,
        };
        let mut marker = Self {
            backend,
            loader: false,
            landlock: false,
            filtered: false,
            grants: Vec::new(),
        };
        for word in words {
            match word {
                "filtered" => marker.filtered = true,
                "landlock" => marker.landlock = true,
                "loader" => marker.loader = true,
                _ => return None,
            }
        }
        for grant in grants.split(',').filter(|grant| !grant.is_empty()) {
            let (name, rights) = grant.split_once('=')?;
            let rights = match rights {
                "r" => Rights::Read,
                "w" => Rights::Write,
                "rw" => Rights::ReadWrite,
                _ => return None,
            };
            marker.grants.push((name.to_owned(), rights));
        }
        Some(marker)
    }
}

const fn spell(rights: Rights) -> &'static str {
    match rights {
        Rights::Read => "r",
        Rights::Write => "w",
        Rights::ReadWrite => "rw",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_survives_its_text() {
        let marker = Marker {
            backend: Backend::Process,
            loader: true,
            landlock: true,
            filtered: true,
            grants: vec![
                ("net".into(), Rights::ReadWrite),
                ("log".into(), Rights::Write),
            ],
        };
        assert_eq!(
            marker.to_text(),
            "process+loader+landlock+filtered;net=rw,log=w"
        );
        assert_eq!(Marker::from_text(&marker.to_text()), Some(marker));
    }

    #[test]
    fn a_marker_with_an_unknown_word_is_none() {
        for text in [
            "",
            "process",
            "vm;",
            "process+x;",
            "process;a",
            "process;a=x",
        ] {
            assert_eq!(Marker::from_text(text), None, "{text}");
        }
    }
}
