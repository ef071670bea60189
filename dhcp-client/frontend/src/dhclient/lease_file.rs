//! dhclient.leases(5): what others read of a lease, and the program never does.
//!
//! The file is a row of entries; of several for one interface the last one counts. dhclient appends an
//! entry at each change and writes the whole file anew now and then. The program has no need of a log:
//! whoever writes the file keeps the last entry of each interface that shares it, and replaces the whole
//! by a file that is written elsewhere and renamed, before the process id is written. So readers never
//! see half an entry.
//!
//! What a server says gets into the file only if it cannot be taken for anything but a value. FreeBSD's
//! client had a boot file name with a quotation mark in it end the string, and what followed was read as
//! a statement and run by root (CVE-2026-42511).

use std::fmt::Write as _;

use sdk_rpc::{Lease, Parameter, Value};

use super::{
    date,
    environment::{AUTHENTICATION, wall},
    vocabulary::Vocabulary,
    written::{self, Rows, Word},
};
use crate::{
    script::{Occasion, Reason},
    shell,
};

/// An entry for the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Whole lines.
    pub text: String,
    /// Statements that were left out, because their values could be taken for more than values.
    pub left_out: Vec<String>,
}

/// The entry that an occasion makes; `None`: the file stays as it is.
///
/// A lease that was given back is written with times that are over, as dhclient does, so that nobody
/// takes it for one in force.
#[must_use]
pub fn entry(vocabulary: &Vocabulary, occasion: &Occasion<'_>) -> Option<Entry> {
    match occasion.reason {
        Reason::Bound | Reason::Renew | Reason::Rebind | Reason::Reboot => {
            let lease = occasion.new?;
            let time = |moment| match wall(moment, occasion) {
                Some(seconds) => at(seconds, vocabulary),
                None => "never;".to_owned(),
            };
            let times = [lease.renew_at, lease.rebind_at, lease.expires_at].map(time);
            Some(write(lease, times, vocabulary, occasion))
        }
        Reason::Release => {
            let now = || at(occasion.wall_now, vocabulary);
            let times = [now(), now(), now()];
            Some(write(occasion.old?, times, vocabulary, occasion))
        }
        Reason::Preinit
        | Reason::Carrier
        | Reason::NoCarrier
        | Reason::Inform
        | Reason::LinkLocal
        | Reason::Static
        | Reason::Expire
        | Reason::Nak
        | Reason::Conflict
        | Reason::Fail
        | Reason::Ipv6Only
        | Reason::Stop
        | Reason::Stopped
        | Reason::Departed
        | Reason::Test
        | Reason::Dump => None,
    }
}

fn write(
    lease: &Lease,
    times: [String; 3],
    vocabulary: &Vocabulary,
    occasion: &Occasion<'_>,
) -> Entry {
    let mut entry = Entry {
        text: "lease {\n".to_owned(),
        left_out: Vec::new(),
    };
    let is_bootp = !lease.parameters.iter().any(|it| it.code == MESSAGE_TYPE);
    if is_bootp {
        entry.text.push_str("  bootp;\n");
    }
    entry.statement("interface", Some(&text(&occasion.interface.name)));
    let _ = writeln!(entry.text, "  fixed-address {};", lease.address);
    if let Some(file) = &lease.boot_file {
        entry.statement("filename", Some(&text(file)));
    }
    if let Some(name) = &lease.server_name {
        entry.statement("server-name", Some(&text(name)));
    }
    for Parameter { code, value } in &lease.parameters {
        let is_empty = matches!(value, Value::Octets(octets) if octets.is_empty());
        if *code == AUTHENTICATION || is_empty {
            continue;
        }
        let (name, format) = vocabulary.by_code(*code);
        let rows = written::rows(format, value);
        entry.statement(&format!("option {name}"), rows.as_ref());
    }
    for (name, time) in ["renew", "rebind", "expire"].iter().zip(times) {
        let _ = writeln!(entry.text, "  {name} {time}");
    }
    entry.text.push_str("}\n");
    entry
}

/// Option 53 (RFC 2132 section 9.6), which no BOOTP server sends.
const MESSAGE_TYPE: u8 = 53;

impl Entry {
    fn statement(&mut self, name: &str, rows: Option<&Rows>) {
        match rows.and_then(data) {
            Some(data) => {
                let _ = writeln!(self.text, "  {name} {data};");
            }
            None => self.left_out.push(name.to_owned()),
        }
    }
}

fn text(text: &str) -> Rows {
    vec![vec![Word {
        text: text.to_owned(),
        quoted: true,
    }]]
}

/// The data of a statement; `None` if some of it could be taken for more than a value.
fn data(rows: &Rows) -> Option<String> {
    let rows: Option<Vec<String>> = rows.iter().map(|row| words(row)).collect();
    let rows = rows?;
    let quoted = rows.first().is_some_and(|row| row.starts_with('"'));
    Some(rows.join(if quoted { ", " } else { "," }))
}

fn words(row: &[Word]) -> Option<String> {
    let words: Option<Vec<String>> = row.iter().map(word).collect();
    Some(words?.join(" "))
}

fn word(word: &Word) -> Option<String> {
    let Word { text, quoted } = word;
    // What no shell acts on ends no string and no statement either. Braces do not, but are taken for an
    // entry's end by those who read the file without a parser.
    if !shell::is_safe(text) || text.contains(['{', '}']) {
        return None;
    }
    Some(if *quoted {
        format!("\"{text}\"")
    } else {
        text.clone()
    })
}

fn at(seconds: u64, vocabulary: &Vocabulary) -> String {
    if vocabulary.epoch_times {
        return format!("epoch {seconds}; # {}", date::for_people(seconds));
    }
    format!("{};", date::written(seconds))
}
