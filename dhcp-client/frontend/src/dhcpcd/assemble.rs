//! The words of the command line and of the file as one description of a run.
//!
//! Each interface has a draft of its own: the file's global lines, then the blocks that fit its name, then the
//! command line. What is said of the run as a whole comes from the draft without an interface, or where a
//! single interface is served, from that one's.

use std::{path::Path, time::Duration};

use super::{
    command_line::{self, CommandLine},
    configuration::{self, Unread},
    course, directives,
    draft::{Draft, Run, Source},
    notes::{self, Notes},
    profile,
    words::{Block, Line},
};
use crate::{
    Host, UsageError, native,
    setup::{self, Backend, Client, Fate, Interfaces, OperatorsAddress, Profile, Purpose, Setup},
};

/// Words that hold for the whole run, and that dhcpcd does not look at in a block.
const ABOVE_BLOCKS: [&str; 13] = [
    "allowinterfaces",
    "background",
    "controlgroup",
    "debug",
    "denyinterfaces",
    "inactive",
    "logfile",
    "nobackground",
    "nosyslog",
    "oneshot",
    "quiet",
    "script",
    "timeout",
];

/// Words that dhcpcd takes for single interfaces, and this program for the run only.
const OF_RUN: [&str; 2] = ["persistent", "release"];

/// The most interfaces, or globs of them, that have blocks of their own.
const MOST_BLOCKS: usize = 256;

/// What was read, before it is told apart by interfaces.
struct Words<'a> {
    command_line: &'a CommandLine,
    /// What the file says of all interfaces. Once a block began, nothing of that kind follows.
    global: Draft,
    /// The file's blocks.
    blocks: Vec<Line>,
    host: &'a dyn Host,
}

/// The run that a command line and its file ask for.
///
/// # Errors
/// A value on the command line that is none.
pub(super) fn setup(command_line: &CommandLine, host: &dyn Host) -> Result<Setup, UsageError> {
    let mut notes = Notes::default();
    let words = Words::read(command_line, host, &mut notes);
    let whole = words.draft(None, None, &mut notes)?;
    let mut run = whole.run.clone();
    let mut profile = words.profile(None, whole.clone(), &run, &mut notes)?;
    let mut profiles = Vec::new();
    for name in words.names(&mut notes) {
        let draft = words.draft(Some(&name), None, &mut notes)?;
        let own = words.profile(Some(&name), draft.clone(), &run, &mut notes)?;
        if command_line.single() == Some(name.as_str()) {
            // Its block's lines count for the run too, but for what waits: that is said above blocks.
            run = Run {
                waits: run.waits,
                ..draft.run
            };
            profile = own.clone();
        }
        profiles.push((name, own));
    }
    notes::of_defaults(&mut notes, &whole, command_line, host);
    Ok(Setup {
        client: Client::Dhcpcd,
        interfaces: interfaces(&words, &run),
        ending: course::ending(&run, command_line.single().is_some()),
        on_stop: course::on_stop(&run, &profile),
        log: course::log(&run),
        files: course::files(&run, command_line.pid_file()),
        profile,
        profiles,
        backend: Backend::Process,
        json: false,
        takeover: false,
        purpose: if run.test {
            Purpose::Test
        } else {
            Purpose::Serve
        },
        notes: notes.into_list(),
    })
}

/// What the file calls the options that it defines.
///
/// # Errors
/// As [`setup()`].
pub(super) fn option_names(
    command_line: &CommandLine,
    host: &dyn Host,
) -> Result<Vec<(u8, String)>, UsageError> {
    let mut notes = Notes::default();
    let draft = Words::read(command_line, host, &mut notes).draft(None, None, &mut notes)?;
    Ok(draft.options.names)
}

/// The file's lines; without it dhcpcd goes on.
fn file(command_line: &CommandLine, host: &dyn Host, notes: &mut Notes) -> Vec<Line> {
    let default = Path::new(configuration::DEFAULT_PATH);
    let path = command_line.config.as_deref().unwrap_or(default);
    let fate = match configuration::read(path, host) {
        Ok(lines) => return lines,
        Err(Unread::Absent) if command_line.config.is_none() => {
            Fate::Ignored("there is none".to_owned())
        }
        Err(Unread::Absent) => Fate::Missing("there is none".to_owned()),
        Err(Unread::Refused(why)) => Fate::Missing(why),
    };
    notes.add(&path.display().to_string(), "the file", fate);
    Vec::new()
}

impl<'a> Words<'a> {
    fn read(command_line: &'a CommandLine, host: &'a dyn Host, notes: &mut Notes) -> Self {
        let mut global = Draft::new(native::vendor_class(host));
        global.who.duid = host
            .read(directives::duid_file())
            .ok()
            .and_then(|content| directives::kept_duid(&content));
        // dhcpcd opens this one before it reads the file, and keeps it.
        global.run.log_file.clone_from(&command_line.log_file);
        let mut blocks = Vec::new();
        for line in file(command_line, host, notes) {
            if line.block != Block::Global || begins_block(&line) {
                note_block(&line, notes);
                blocks.push(line);
                continue;
            }
            let fate = if line.word == "iaid" && command_line.single().is_none() {
                Err("is one interface's: write it in that one's block".to_owned())
            } else {
                directives::apply(&mut global, &line.word, line.value.as_deref())
            };
            notes.line(&line, fate.unwrap_or_else(Fate::Missing));
        }
        Self {
            command_line,
            global,
            blocks,
            host,
        }
    }

    /// Interfaces, or globs of them, that have blocks of their own.
    fn names(&self, notes: &mut Notes) -> Vec<String> {
        let named = &self.command_line.interfaces;
        let mut names: Vec<String> = Vec::new();
        for line in &self.blocks {
            let Some(pattern) = interface_line(line) else {
                continue;
            };
            let mut fitting: Vec<&str> = named
                .iter()
                .map(String::as_str)
                .filter(|name| setup::fits(pattern, name))
                .collect();
            if named.is_empty() {
                fitting.push(pattern);
            }
            if fitting.is_empty() {
                notes.line(line, Fate::Ignored("this run does not serve it".to_owned()));
            } else if names.len() >= MOST_BLOCKS {
                let why = format!("only {MOST_BLOCKS} interfaces may have blocks");
                notes.line(line, Fate::Missing(why));
                continue;
            } else {
                notes.line(line, Fate::Honoured);
            }
            for name in fitting {
                if !names.iter().any(|known| known == name) {
                    names.push(name.to_owned());
                }
            }
        }
        names
    }

    /// The draft of an interface, or of the run as a whole, with a profile chosen or not.
    fn draft(
        &self,
        interface: Option<&str>,
        profile: Option<&str>,
        notes: &mut Notes,
    ) -> Result<Draft, UsageError> {
        let mut draft = self.global.clone();
        for line in self.blocks.iter().filter(|line| !begins_block(line)) {
            let fits = match &line.block {
                Block::Interface(pattern) => {
                    interface.is_some_and(|name| name == pattern || setup::fits(pattern, name))
                }
                Block::Profile(name) => profile == Some(name),
                Block::Global | Block::Ssid => false,
            };
            if fits {
                let fate = self.in_block(&mut draft, line);
                notes.line(line, fate.unwrap_or_else(Fate::Missing));
            }
        }
        let waits = draft.run.waits;
        for line in &self.command_line.lines {
            if line.word == "config" {
                // It was read before all others.
                notes.line(line, Fate::Honoured);
                continue;
            }
            match directives::apply(&mut draft, &line.word, line.value.as_deref()) {
                Ok(fate) => notes.line(line, fate),
                Err(message) => return Err(command_line::refused(line, &message)),
            }
        }
        if interface.is_some() {
            // The command line's words about waiting are the run's.
            draft.run.waits = waits;
        }
        Ok(draft)
    }

    /// A line of an interface's block, or of a profile.
    fn in_block(&self, draft: &mut Draft, line: &Line) -> Result<Fate, String> {
        let single = self.command_line.single().is_some();
        let word = line.word.as_str();
        let runs = ABOVE_BLOCKS.contains(&word) && !(single && word == "timeout");
        if runs {
            return Ok(Fate::Ignored(
                "it counts above all blocks only, in dhcpcd too".to_owned(),
            ));
        }
        if OF_RUN.contains(&word) && !single {
            return Ok(Fate::Missing(
                "it is said of the whole run only: write it above all blocks".to_owned(),
            ));
        }
        directives::apply(draft, word, line.value.as_deref())
    }

    /// The profile of a draft, with its fallback and what it waits for.
    fn profile(
        &self,
        interface: Option<&str>,
        draft: Draft,
        run: &Run,
        notes: &mut Notes,
    ) -> Result<Profile, UsageError> {
        let awaited = interface.is_some() && self.waits_in_block(interface);
        let fallback = match &draft.addressing.fallback {
            Some(name) => self.fallback(interface, name, notes)?,
            None => None,
        };
        let seconds = draft
            .addressing
            .fallback_seconds
            .unwrap_or(draft.addressing.reboot);
        let after = Duration::from_secs(seconds.into());
        Ok(Profile {
            awaited,
            fallback_after: fallback.as_ref().map(|_| after),
            fallback,
            ..profile::of_draft(draft, run.test, self.host)
        })
    }

    /// Whether a block of this interface says that its lease is waited for.
    fn waits_in_block(&self, interface: Option<&str>) -> bool {
        self.blocks.iter().any(|line| match &line.block {
            Block::Interface(pattern) => {
                let fits = interface.is_some_and(|name| setup::fits(pattern, name));
                let value = line.value.as_deref().unwrap_or_default();
                fits && line.word == "waitip" && (value.is_empty() || value.contains('4'))
            }
            Block::Global | Block::Profile(_) | Block::Ssid => false,
        })
    }

    /// The address of a profile that is used where no server answers.
    fn fallback(
        &self,
        interface: Option<&str>,
        name: &str,
        notes: &mut Notes,
    ) -> Result<Option<OperatorsAddress>, UsageError> {
        let draft = self.draft(interface, Some(name), notes)?;
        if draft.addressing.source == Source::Static && !draft.addressing.address.is_unspecified() {
            return Ok(Some(profile::fixed(&draft.addressing)));
        }
        let what = format!("fallback {name}");
        let why = "there is no such profile, or it has no static address".to_owned();
        notes.add("fallback", &what, Fate::Missing(why));
        Ok(None)
    }
}

/// The name or glob of a line that begins an interface's block.
fn interface_line(line: &Line) -> Option<&str> {
    (line.word == "interface")
        .then_some(line.value.as_deref())
        .flatten()
}

fn begins_block(line: &Line) -> bool {
    ["interface", "profile", "ssid"].contains(&line.word.as_str())
}

/// Blocks of interfaces are noted where it is known which are served.
fn note_block(line: &Line, notes: &mut Notes) {
    match (line.word.as_str(), &line.value) {
        ("ssid", _) => {
            let why = "wireless networks are not told apart: its lines are not read";
            notes.line(line, Fate::Missing(why.to_owned()));
        }
        ("profile", _) => {
            let how = "of its lines those count that fallback uses";
            notes.line(line, Fate::Different(how.to_owned()));
        }
        ("interface", None) => {
            let why = "it names no interface: its lines are not read";
            notes.line(line, Fate::Ignored(why.to_owned()));
        }
        _ => {}
    }
}

fn interfaces(words: &Words, run: &Run) -> Interfaces {
    let named = words.command_line.interfaces.clone();
    let mut also: Vec<String> = Vec::new();
    if named.is_empty() {
        for name in words.blocks.iter().filter_map(interface_line) {
            if !also.iter().any(|known| known == name) {
                also.push(name.to_owned());
            }
        }
    }
    Interfaces {
        named,
        allow: run.allow.clone(),
        deny: run.deny.clone(),
        also,
        wait_for_named: true,
    }
}
