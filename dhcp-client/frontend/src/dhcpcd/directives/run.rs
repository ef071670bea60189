//! When the run ends or goes into the background, where it writes, what it runs, and which interfaces it is
//! about.

use super::{DONE, different, missing};
use crate::{
    dhcpcd::{
        draft::{Draft, Hooks, Run, Script},
        text,
    },
    setup::{Fate, LogLevel},
};

/// How `-1` ends where dhcpcd does not.
const ONCE: &str = "the lease ends the run with status 0, and the timeout ends it with status 1, also with \
                    --nobackground and where an interface is still missing; a link-local address does neither";

/// Applies a word of this kind; `None` if it is of another.
pub(super) fn apply(draft: &mut Draft, word: &str, value: &str) -> Option<Result<Fate, String>> {
    let Draft { hooks, run, .. } = draft;
    Some(match word {
        "background" => {
            run.background = true;
            DONE
        }
        "nobackground" => {
            run.foreground = true;
            DONE
        }
        "oneshot" => {
            run.once = true;
            different(ONCE)
        }
        "test" => {
            run.test = true;
            DONE
        }
        "timeout" => text::seconds(value).map(|seconds| {
            run.timeout = seconds;
            Fate::Honoured
        }),
        "waitip" => wait(run, value),
        "persistent" => {
            run.persistent = true;
            DONE
        }
        // As a directive; on the command line it asks a run that goes on.
        "release" => {
            run.releases = true;
            DONE
        }
        "debug" => {
            run.level = LogLevel::Debug;
            hooks.set("syslog_debug", "true");
            DONE
        }
        "quiet" => {
            run.quiet = run.quiet.saturating_add(1);
            DONE
        }
        "nosyslog" => {
            run.no_syslog = true;
            DONE
        }
        "logfile" => {
            // The first counts, and the command line's is there before any.
            run.log_file.get_or_insert_with(|| value.into());
            DONE
        }
        "controlgroup" => {
            run.control_group = Some(value.to_owned());
            DONE
        }
        "allowinterfaces" => {
            run.allow.extend(text::list(value).map(str::to_owned));
            DONE
        }
        "denyinterfaces" => {
            run.deny.extend(text::list(value).map(str::to_owned));
            DONE
        }
        "manager" | "master" => DONE,
        "inactive" => {
            missing("each interface is served from the start, not when a command names it")
        }
        "script" => script(hooks, value),
        "env" => environment(hooks, value),
        "nohook" => {
            hooks.skipped.extend(text::list(value).map(str::to_owned));
            DONE
        }
        "configure" => {
            hooks.configures = false;
            DONE
        }
        "noconfigure" => {
            hooks.configures = true;
            DONE
        }
        _ => return None,
    })
}

fn wait(run: &mut Run, value: &str) -> Result<Fate, String> {
    let six = value.contains('6');
    let four = value.contains('4');
    if six && !four {
        return missing("IPv6 is not spoken yet, and the run waits for nothing of it");
    }
    run.waits = true;
    if six {
        return different("the run waits for the IPv4 address only: IPv6 is not spoken yet");
    }
    different("it holds with --nobackground too, and a link-local address does not end the wait")
}

fn script(hooks: &mut Hooks, value: &str) -> Result<Fate, String> {
    let path = text::string(value).ok_or("is not text in UTF-8")?;
    hooks.script = match path.as_str() {
        "" | "/dev/null" => Script::None,
        path => Script::Given(path.into()),
    };
    DONE
}

fn environment(hooks: &mut Hooks, value: &str) -> Result<Fate, String> {
    let (name, text) = value.split_once('=').ok_or("takes NAME=VALUE")?;
    if name.is_empty() {
        return Err("takes NAME=VALUE".to_owned());
    }
    hooks.set(name, text);
    match name {
        "hostname_fqdn" => different("the host takes the name as the server gave it"),
        _ => DONE,
    }
}

impl Hooks {
    /// The last value of a name counts.
    fn set(&mut self, name: &str, value: &str) {
        self.environment.retain(|(other, _)| other != name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }
}
