//! What a run says at its start of the words that it cannot honour: not everybody asks `--explain` before.

use std::collections::BTreeSet;

use crate::setup::{Client, Fate, LogLevel, Note, Setup};

/// How every reason begins that is only that IPv6 is not spoken yet.
pub(crate) const NO_IPV6: &str = "IPv6 is not spoken yet";

/// The most lines: a file of nothing but mistakes is no reason for a log of the same length.
const MOST: usize = 20;

/// The lines, most important first.
///
/// What is missing is a warning each. What of IPv6 is ignored is said once. Anything else the run can do
/// without, and is told by `--explain` only.
#[must_use]
pub fn lines(setup: &Setup) -> Vec<(LogLevel, String)> {
    let name = setup.client.name();
    let mut said = BTreeSet::new();
    let mut lines: Vec<(LogLevel, String)> = setup
        .notes
        .iter()
        .filter_map(missing)
        .filter(|line| said.insert(line.clone()))
        .map(|line| (LogLevel::Warning, format!("{name}: {line}")))
        .collect();
    if lines.len() > MOST {
        let more = lines.len().saturating_sub(MOST);
        lines.truncate(MOST);
        let line = format!("{name}: and {more} more; --explain lists them");
        lines.push((LogLevel::Warning, line));
    }
    let ignored = setup.notes.iter().find_map(|note| match &note.fate {
        Fate::Ignored(why) if why.starts_with(NO_IPV6) => Some(why),
        Fate::Ignored(_) | Fate::Honoured | Fate::Different(_) | Fate::Missing(_) => None,
    });
    if let (Some(why), true) = (ignored, speaks_ipv6(setup.client)) {
        lines.push((LogLevel::Info, format!("{name}: {why}")));
    }
    lines
}

fn missing(note: &Note) -> Option<String> {
    let Note { place, what, fate } = note;
    match fate {
        Fate::Missing(why) => Some(format!("{place}: {what}: {why}")),
        Fate::Honoured | Fate::Different(_) | Fate::Ignored(_) => None,
    }
}

/// Whether the original would see to IPv6 without being asked.
const fn speaks_ipv6(client: Client) -> bool {
    match client {
        Client::Dhcpcd => true,
        Client::Native | Client::Udhcpc | Client::Dhclient => false,
    }
}

#[cfg(test)]
mod tests {
    use std::{io, path::Path};

    use super::*;
    use crate::{Host, Request};

    /// A machine without files.
    struct Empty;

    impl Host for Empty {
        fn read(&self, _: &Path) -> io::Result<Vec<u8>> {
            Err(io::ErrorKind::NotFound.into())
        }

        fn is_executable(&self, _: &Path) -> bool {
            false
        }

        fn system(&self) -> (String, String) {
            Default::default()
        }
    }

    /// The run of `client` without a word, with these notes.
    fn setup(client: Client, notes: Vec<Note>) -> Setup {
        match crate::parse(client, [], &Empty) {
            Ok(Request::Run(setup)) => Setup { notes, ..*setup },
            other => panic!("{other:?}"),
        }
    }

    fn note(what: &str, fate: Fate) -> Note {
        Note {
            place: "command line".to_owned(),
            what: what.to_owned(),
            fate,
        }
    }

    #[test]
    fn what_is_missing_is_a_warning_each_and_what_can_be_done_without_is_none() {
        let missing = || Fate::Missing("it cannot be had".to_owned());
        let notes = vec![
            note("-a", Fate::Honoured),
            note("-b", Fate::Different("otherwise".to_owned())),
            note("-c", Fate::Ignored("no use".to_owned())),
            note("-d", missing()),
            note("-d", missing()),
            note("-e", missing()),
        ];
        let setup = setup(Client::Udhcpc, notes);
        let warning = |what: &str| {
            let line = format!("udhcpc: command line: {what}: it cannot be had");
            (LogLevel::Warning, line)
        };
        assert_eq!(lines(&setup), [warning("-d"), warning("-e")]);
    }

    #[test]
    fn that_ipv6_is_not_spoken_is_said_once_where_the_original_speaks_it() {
        let ignored = || Fate::Ignored(format!("{NO_IPV6}; wait"));
        let setup = |client| {
            setup(
                client,
                vec![note("slaac", ignored()), note("dhcp6", ignored())],
            )
        };
        let line = "dhcpcd: IPv6 is not spoken yet; wait".to_owned();
        assert_eq!(lines(&setup(Client::Dhcpcd)), [(LogLevel::Info, line)]);
        assert_eq!(lines(&setup(Client::Dhclient)), []);
    }

    #[test]
    fn of_a_hundred_only_the_first_are_said() {
        let missing = |number: u32| note(&number.to_string(), Fate::Missing("no".to_owned()));
        let setup = setup(Client::Dhclient, (0..100).map(missing).collect());
        let lines = lines(&setup);
        assert_eq!(lines.len(), MOST + 1);
        let (_, last) = lines.last().unwrap();
        assert_eq!(last, "dhclient: and 80 more; --explain lists them");
    }
}
