//! What a run would be, before it is one: `--explain`.

use std::fmt::Write as _;

use crate::{
    Host,
    script::Part,
    setup::{Fate, Note, Profile, Setup, TakesHostName},
};

/// Exit status where something that was asked for is not had.
const LACKING: u8 = 1;

/// The fate of each word, then who does what and which files are written; and the exit status: 1 where
/// something that was asked for is missing.
#[must_use]
pub fn explain(setup: &Setup, host: &dyn Host) -> (String, u8) {
    let mut text = String::new();
    for note in &setup.notes {
        let _ = writeln!(text, "{}", line(note));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    doers(&mut text, "", &setup.profile, host);
    for (name, profile) in &setup.profiles {
        doers(&mut text, &format!("{name}: "), profile, host);
    }
    files(&mut text, setup);
    let lacks = |note: &Note| matches!(note.fate, Fate::Missing(_));
    let status = if setup.notes.iter().any(lacks) {
        LACKING
    } else {
        0
    };
    (text, status)
}

fn line(note: &Note) -> String {
    let Note { place, what, fate } = note;
    let fate = match fate {
        Fate::Honoured => "honoured".to_owned(),
        Fate::Different(how) => format!("different: {how}"),
        Fate::Ignored(why) => format!("ignored: {why}"),
        Fate::Missing(what) => format!("missing: {what}"),
    };
    format!("{place}: {what}: {fate}")
}

/// Who configures what of interfaces with this profile.
fn doers(text: &mut String, whose: &str, profile: &Profile, host: &dyn Host) {
    if profile.off {
        let _ = writeln!(text, "{whose}the interface is left alone");
        return;
    }
    script(text, whose, profile, host);
    let takes = &profile.takes;
    let part = profile.script.as_ref().map(|script| script.part);
    let who = |does: bool| match part {
        Some(Part::Configures) => "the script",
        _ if does => "the program",
        // A script that the program does not know may do what the program leaves.
        Some(Part::Hook) => "the script, if anybody",
        None => "nobody",
    };
    let name = match (takes.host_name, part) {
        (TakesHostName::Never, _) | (_, Some(Part::Configures)) => who(false),
        (TakesHostName::WhenUnset, Some(Part::Hook) | None) => {
            "the program, where the host has no name of its own"
        }
        (TakesHostName::Always, Some(Part::Hook) | None) => "the program",
    };
    for (what, who) in [
        ("address", who(true)),
        ("routes", who(takes.routes)),
        ("default route", who(takes.routes && takes.default_route)),
        ("resolver file", who(takes.resolvers)),
        ("MTU of the link", who(takes.mtu)),
        ("host name", name),
    ] {
        let _ = writeln!(text, "{whose}{what}: {who}");
    }
    let file = match (&profile.lease_file, &profile.lease_folder) {
        (Some(file), _) => file.display().to_string(),
        (None, Some(folder)) => folder.join("INTERFACE.lease").display().to_string(),
        (None, None) => "none".to_owned(),
    };
    let _ = writeln!(text, "{whose}lease file: {file}");
}

fn script(text: &mut String, whose: &str, profile: &Profile, host: &dyn Host) {
    let Some(script) = &profile.script else {
        let _ = writeln!(text, "{whose}script: none");
        return;
    };
    let path = script.path.display();
    let fate = if host.is_executable(&script.path) {
        "run at each change"
    } else {
        "to be run at each change, but not there"
    };
    let _ = writeln!(text, "{whose}script: {path}, {fate}");
    if !script.skip_hooks.is_empty() {
        let skipped = script.skip_hooks.join(", ");
        let _ = writeln!(text, "{whose}hooks that do not run: {skipped}");
    }
}

fn files(text: &mut String, setup: &Setup) {
    let pid_file = match &setup.files.pid_file {
        Some(file) => file.display().to_string(),
        None => "none".to_owned(),
    };
    let state = setup.files.state_directory.display();
    let _ = writeln!(text, "pid file: {pid_file}");
    let _ = writeln!(
        text,
        "leases are remembered in {state}, and lease files of other clients are not read"
    );
}
