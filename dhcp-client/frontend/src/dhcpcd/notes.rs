//! Notes on what becomes of each word, once each, and not without end.

use super::{
    command_line::CommandLine,
    directives::IPV6,
    draft::{Draft, IdentifierKind},
    profile,
    words::{self, COMMAND_LINE, Line},
};
use crate::{
    Host, native,
    setup::{Fate, Note},
};

/// The most notes: a file of nothing but mistakes is no reason for a log of the same length.
const MOST: usize = 500;

/// The place of what nobody said.
const DEFAULTS: &str = "default";

/// Notes as they were made.
#[derive(Debug, Default)]
pub(super) struct Notes {
    list: Vec<Note>,
    left_out: u32,
}

impl Notes {
    /// Notes the fate of a line; the first fate counts, since a global line is read for each interface.
    pub(super) fn line(&mut self, line: &Line, fate: Fate) {
        self.insert(line.note(fate));
    }

    pub(super) fn add(&mut self, place: &str, what: &str, fate: Fate) {
        self.insert(Note {
            place: words::excerpt(place),
            what: words::excerpt(what),
            fate,
        });
    }

    fn insert(&mut self, note: Note) {
        let same = |known: &&Note| known.place == note.place && known.what == note.what;
        if self.list.iter().any(|known| same(&known)) {
            return;
        }
        if self.list.len() >= MOST {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        self.list.push(note);
    }

    pub(super) fn into_list(self) -> Vec<Note> {
        let Self { mut list, left_out } = self;
        if left_out > 0 {
            list.push(Note {
                place: DEFAULTS.to_owned(),
                what: "further words".to_owned(),
                fate: Fate::Missing(format!("after {MOST} notes no more are made")),
            });
        }
        list
    }
}

/// Notes on what dhcpcd does unasked, and this program otherwise.
pub(super) fn of_defaults(
    notes: &mut Notes,
    whole: &Draft,
    command_line: &CommandLine,
    host: &dyn Host,
) {
    for name in &command_line.interfaces {
        let how = "where it is not there yet it is waited for, up to the timeout";
        notes.add(COMMAND_LINE, name, Fate::Different(how.to_owned()));
    }
    let mut differs = |what: &str, how: String| notes.add(DEFAULTS, what, Fate::Different(how));
    let ours = native::vendor_class(host);
    if whole.settings.vendor_class == ours {
        let ours = String::from_utf8_lossy(&ours);
        differs("vendorclassid", format!("servers are told {ours}"));
    }
    if let (Some(script), true) = profile::script(&whole.hooks, host) {
        let how =
            "its hooks resolv.conf, hostname and mtu are skipped: the program does their work";
        differs(&script.display().to_string(), how.to_owned());
    }
    let who = &whole.who;
    if who.identifier == IdentifierKind::Duid && who.given.is_empty() && who.duid.is_none() {
        let how = "the program makes a DUID of its own and keeps it: there is none of dhcpcd's";
        differs("duid", how.to_owned());
    }
    if whole.addressing.arp && whole.addressing.link_local {
        let how = "servers are not asked whether they mind (option 116)";
        differs("IPv4LL", how.to_owned());
    }
    if whole.hooks.configures && profile::script(&whole.hooks, host).0.is_none() {
        let why = "there is no script that could configure anything: interfaces are left alone";
        notes.add(DEFAULTS, "noconfigure", Fate::Missing(why.to_owned()));
    }
    if whole.addressing.ipv6 {
        notes.add(DEFAULTS, "IPv6", Fate::Ignored(IPV6.to_owned()));
    }
}
