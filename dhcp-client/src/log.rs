//! Where lines for the operator go: standard error, the system log, the journal, files.
//!
//! A line is one line whatever is in it: control characters are escaped here, for every target, so that
//! nothing a server or a calf said can forge another line or steer a terminal. And there are only so many
//! lines: what comes in a storm is counted and left out.

mod datagrams;

use std::{
    cell::{Cell, RefCell},
    env, fmt,
    fs::{File, OpenOptions},
    io::{self, Write as _},
    os::{fd::AsFd as _, unix::fs::OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use dhcp_frontend::setup::{self, LogLevel, LogTarget};

use self::datagrams::Datagrams;
use crate::pace::Pace;

/// Where syslogd listens (syslog(3)).
const SYSLOG: &str = "/dev/log";
/// Where the journal listens in its own protocol (systemd-journald.service(8)).
const JOURNAL: &str = "/run/systemd/journal/socket";
/// LOG_DAEMON of syslog.h, times eight.
const DAEMON: u32 = 3 << 3;

/// Lines that may come at once: a hundred interfaces that start together say a few each.
const BURST: u32 = 1000;
/// How long one line's place takes to come back.
const RECOVERY: Duration = Duration::from_millis(50);
/// Characters of a line; a longer one is cut.
const LONGEST: usize = 2048;

/// Lines for the operator.
#[derive(Debug)]
pub(crate) struct Log {
    /// Name of the program, as the system log has it.
    tag: &'static str,
    level: LogLevel,
    /// Standard error is told warnings and errors only.
    quiet: bool,
    targets: RefCell<Vec<Target>>,
    pace: Cell<Pace>,
    left_out: Cell<u64>,
}

#[derive(Debug)]
enum Target {
    /// Whether each line begins with a priority, as the journal wants it of a service's standard error
    /// (sd-daemon(3)).
    StandardError {
        priorities: bool,
    },
    Syslog(Datagrams),
    Journal(Datagrams),
    File {
        path: PathBuf,
        file: File,
    },
}

/// A target that cannot be had.
#[derive(Debug)]
pub(crate) struct LogError {
    target: String,
    error: io::Error,
}

impl fmt::Display for LogError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "cannot log to {}: {}; name another place with --log",
            self.target, self.error
        )
    }
}

impl std::error::Error for LogError {}

impl LogError {
    /// Whether it is the system log that is missing.
    pub(crate) fn is_of_syslog(&self) -> bool {
        self.target == SYSLOG
    }
}

impl Log {
    /// Opens the targets. Those that cannot be had are returned: a client without the system log is worth more
    /// than none. Files are left out then; logs that listen on a socket are looked for again.
    pub(crate) fn open(tag: &'static str, wanted: &setup::Log) -> (Self, Vec<LogError>) {
        let mut targets = Vec::new();
        let mut missing = Vec::new();
        for target in &wanted.targets {
            let (target, error) = Target::open(target);
            targets.extend(target);
            missing.extend(error);
        }
        let log = Self {
            tag,
            level: wanted.level,
            quiet: wanted.quiet,
            targets: RefCell::new(targets),
            pace: Cell::new(Pace::new(BURST, RECOVERY)),
            left_out: Cell::new(0),
        };
        (log, missing)
    }

    /// Writes one line to every target, unless it matters too little or there were too many.
    pub(crate) fn line(&self, level: LogLevel, text: &str) {
        if level < self.level {
            return;
        }
        let mut pace = self.pace.get();
        let may = pace.take(Instant::now());
        self.pace.set(pace);
        if !may {
            self.left_out.set(self.left_out.get().saturating_add(1));
            return;
        }
        let left_out = self.left_out.take();
        if left_out > 0 {
            let line = format!("{left_out} lines left out: there were too many at once");
            self.write(LogLevel::Warning, &line);
        }
        self.write(level, text);
    }

    fn write(&self, level: LogLevel, text: &str) {
        let text = clean(text);
        let spared = self.quiet && level < LogLevel::Warning;
        for target in &*self.targets.borrow() {
            if spared && matches!(target, Target::StandardError { .. }) {
                continue;
            }
            // Where nobody can be told, there is nobody to tell that.
            drop(target.write(self.tag, level, &text));
        }
    }

    /// Opens the files anew, after somebody moved them away. One that cannot be opened stays the one it was.
    pub(crate) fn reopen(&self) {
        for target in &mut *self.targets.borrow_mut() {
            if let Target::File { path, file } = target
                && let Ok(fresh) = open_file(path)
            {
                *file = fresh;
            }
        }
    }

    /// The run goes into the background: its standard error is another's from now on.
    pub(crate) fn leave_terminal(&self) {
        self.targets
            .borrow_mut()
            .retain(|target| !matches!(target, Target::StandardError { .. }));
    }
}

impl Target {
    fn open(wanted: &LogTarget) -> (Option<Self>, Option<LogError>) {
        let failed = |target: String, error| LogError { target, error };
        let datagrams = |path: &str, target: fn(Datagrams) -> Self| {
            let (datagrams, error) = Datagrams::new(path, Instant::now());
            let error = error.map(|error| failed(path.to_owned(), error));
            (Some(target(datagrams)), error)
        };
        match wanted {
            LogTarget::StandardError => {
                let priorities = is_journal_stream();
                (Some(Self::StandardError { priorities }), None)
            }
            LogTarget::Syslog => datagrams(SYSLOG, Self::Syslog),
            LogTarget::Journal => datagrams(JOURNAL, Self::Journal),
            LogTarget::File(path) => match open_file(path) {
                Ok(file) => {
                    let path = path.clone();
                    (Some(Self::File { path, file }), None)
                }
                Err(error) => (None, Some(failed(path.display().to_string(), error))),
            },
        }
    }

    fn write(&self, tag: &str, level: LogLevel, text: &str) -> io::Result<()> {
        let priority = priority(level);
        match self {
            Self::StandardError { priorities: true } => {
                standard_error(&format!("<{priority}>{text}"))
            }
            Self::StandardError { priorities: false } => standard_error(text),
            Self::Syslog(log) => {
                let pid = std::process::id();
                let line = format!("<{}>{tag}[{pid}]: {text}", DAEMON | priority);
                log.send(line.as_bytes(), Instant::now())
            }
            Self::Journal(log) => {
                // A clean text has no newline, so the simple form of a field will do.
                let entry =
                    format!("PRIORITY={priority}\nSYSLOG_IDENTIFIER={tag}\nMESSAGE={text}\n");
                log.send(entry.as_bytes(), Instant::now())
            }
            Self::File { path: _, file } => {
                let now = crate::clock::wall_seconds();
                let line = format!("{} {tag}: {text}\n", dhcp_frontend::date::utc(now));
                (&*file).write_all(line.as_bytes())
            }
        }
    }
}

/// One line on standard error, in one write.
fn standard_error(text: &str) -> io::Result<()> {
    io::stderr()
        .lock()
        .write_all(format!("{text}\n").as_bytes())
}

/// One line on standard error before there is a log, or where there is none: in a calf.
pub(crate) fn say(text: &str) {
    drop(standard_error(&clean(text)));
}

fn open_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o644)
        .custom_flags(nix::libc::O_NOCTTY | nix::libc::O_NONBLOCK)
        .open(path)
}

/// Whether standard error is the journal's: systemd.exec(5), `JOURNAL_STREAM`.
fn is_journal_stream() -> bool {
    let Ok(stream) = env::var("JOURNAL_STREAM") else {
        return false;
    };
    nix::sys::stat::fstat(io::stderr().as_fd())
        .is_ok_and(|status| stream == format!("{}:{}", status.st_dev, status.st_ino))
}

/// syslog(3).
const fn priority(level: LogLevel) -> u32 {
    match level {
        LogLevel::Debug => 7,
        LogLevel::Info => 6,
        LogLevel::Warning => 4,
        LogLevel::Error => 3,
    }
}

/// Without control characters, and not too long. Escapes are Rust's, which everybody can read: `\n`,
/// `\u{1b}`.
fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for character in text.chars().take(LONGEST) {
        // U+2028 and U+2029 end lines for some readers.
        if character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') {
            clean.extend(character.escape_default());
        } else {
            clean.push(character);
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(level: LogLevel, targets: Vec<LogTarget>) -> setup::Log {
        setup::Log {
            targets,
            level,
            quiet: false,
        }
    }

    #[test]
    fn a_line_cannot_forge_another_or_steer_the_terminal() {
        assert_eq!(clean("a\nb\u{1b}[2Jc\r\0"), "a\\nb\\u{1b}[2Jc\\r\\u{0}");
        assert_eq!(clean("a\u{85}b\u{2028}c"), "a\\u{85}b\\u{2028}c");
        assert_eq!(clean("Z\u{fc}rich \\n"), "Z\u{fc}rich \\n");
        assert_eq!(clean(&"x".repeat(10_000)).len(), LONGEST);
    }

    #[test]
    fn a_storm_of_lines_is_cut_and_counted() {
        let path = env::temp_dir().join(format!("log-storm-{}", std::process::id()));
        let target = LogTarget::File(path.clone());
        let (mut log, _) = Log::open("test", &wanted(LogLevel::Info, vec![target]));
        log.pace = Cell::new(Pace::new(3, Duration::from_secs(3600)));
        for number in 0..10 {
            log.line(LogLevel::Info, &format!("line {number}"));
        }
        log.pace = Cell::new(Pace::new(1, Duration::from_secs(3600)));
        log.line(LogLevel::Info, "later");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let said: Vec<&str> = text
            .lines()
            .filter_map(|line| line.split_once(" test: "))
            .map(|(_, said)| said)
            .collect();
        assert_eq!(
            said,
            [
                "line 0",
                "line 1",
                "line 2",
                "7 lines left out: there were too many at once",
                "later"
            ]
        );
    }

    #[test]
    fn lines_that_matter_too_little_are_not_written() {
        let path = env::temp_dir().join(format!("log-level-{}", std::process::id()));
        let targets = vec![LogTarget::File(path.clone()), LogTarget::File("/".into())];
        let (log, missing) = Log::open("test", &wanted(LogLevel::Warning, targets));
        assert_eq!(missing.len(), 1, "a directory takes no lines");
        log.line(LogLevel::Info, "not this");
        log.line(LogLevel::Error, "but\nthis");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(text.ends_with(" test: but\\nthis\n"), "{text}");
        assert_eq!(text.lines().count(), 1);
    }
}
