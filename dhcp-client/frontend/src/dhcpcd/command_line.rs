//! dhcpcd's command line (dhcpcd(8)), read as getopt_long(3) reads it: short options in clusters, long ones
//! cut short where that is clear, interfaces anywhere.

use std::{ffi::OsString, path::PathBuf};

use lexopt::{Arg, Parser, ValueExt};

use super::{
    vocabulary::{self, Takes, VALUED_SHORT, Word},
    words::{self, Block, COMMAND_LINE, Line},
};
use crate::{UsageError, Verb, value};

/// Exit status of wrong usage.
const WRONG_USAGE: u8 = 1;

/// Where dhcpcd's pid files are.
const RUN_FOLDER: &str = "/run/dhcpcd";

pub(super) const USAGE: &str = "\
Usage: dhcpcd [OPTION]... [INTERFACE]...
       dhcpcd -n|-N|-g|-k|-x|-U [-4] [INTERFACE]...
       dhcpcd -P|-V [INTERFACE]

Without INTERFACE all Ethernet interfaces are served, also those that appear later.

Run:      -1 once  -b background now  -B never in the background  -w wait for an address
          -t SECONDS timeout (30)  -T only show what a server offers  -p leave the configuration
          -M serve one interface as one of many  --inactive  --noconfigure
Ask:      -n rebind  -N renew  -g put back  -k release and stop  -x stop  -U print leases
          -P print the pid file's path  -V list variables  --version  --help
Protocol: -4 | -6  -A no ARP  -D DUID  -E last lease  -F both|ptr|none|disable  -G no gateway
          -H  -h NAME  -I ID  -i CLASS  -J broadcast  -K  -L no IPv4LL  -l SECONDS
          -O|-o|-Q OPTION  -r ADDRESS  -S NAME=VALUE  -s ADDRESS[/LENGTH[/BROADCAST]]
          -u CLASS  -v CODE,VALUE  -W|-X ADDRESS[/LENGTH]  -y SECONDS  -m METRIC
Files:    -c SCRIPT  -C HOOK  -e NAME=VALUE  -f FILE  -j LOGFILE  -d debug  -q quiet
Choice:   -z GLOBS  -Z GLOBS
Each long option of dhcpcd(8), and each directive of dhcpcd.conf(5) as one, is read too.
";

/// A command line.
#[derive(Debug, Default)]
pub(super) struct CommandLine {
    /// Its options, as directives; what asks for something is not among them.
    pub(super) lines: Vec<Line>,
    /// Its interfaces.
    pub(super) interfaces: Vec<String>,
    /// The configuration file that it names.
    pub(super) config: Option<PathBuf>,
    /// The log file that it names.
    pub(super) log_file: Option<PathBuf>,
    /// What it asks for instead of serving interfaces.
    pub(super) question: Option<Question>,
    /// The run is one of several on an interface: this one's are IPv4's.
    pub(super) ipv4_only: bool,
    /// It is to serve one interface as one of many.
    pub(super) manager: bool,
}

/// What is asked for instead of serving interfaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// How to call it.
    Help,
    /// Which version it is.
    Version,
    /// The path of the pid file.
    PidFile,
    /// The list of variables.
    Variables,
    /// Something of a run that goes on.
    Run(Verb),
}

impl Question {
    /// Of several questions, dhcpcd answers the one that comes first here.
    const fn rank(self) -> u8 {
        match self {
            Self::Help => 0,
            Self::Version => 1,
            Self::PidFile => 2,
            Self::Variables => 3,
            Self::Run(Verb::Dump) => 4,
            Self::Run(
                Verb::Status
                | Verb::Renew
                | Verb::Rebind
                | Verb::Reapply
                | Verb::Release
                | Verb::Stop,
            ) => 5,
        }
    }

    fn of_word(name: &str) -> Option<Self> {
        Some(match name {
            "printpidfile" => Self::PidFile,
            "variables" => Self::Variables,
            "dumplease" => Self::Run(Verb::Dump),
            "renew" => Self::Run(Verb::Renew),
            "rebind" => Self::Run(Verb::Rebind),
            "reconfigure" => Self::Run(Verb::Reapply),
            "release" => Self::Run(Verb::Release),
            "exit" => Self::Run(Verb::Stop),
            _ => return None,
        })
    }
}

/// Reads a command line, without the program's name.
///
/// # Errors
/// An option that there is not, or that lacks its value, or a name that is none of an interface.
pub(super) fn read(arguments: Vec<OsString>) -> Result<CommandLine, UsageError> {
    let mut line = CommandLine::default();
    let mut parser = Parser::from_args(arguments);
    loop {
        match next(&mut line, &mut parser) {
            Ok(true) => {}
            Ok(false) => return Ok(line),
            Err(error) => return Err(usage(&error.to_string())),
        }
    }
}

/// What is wrong with the call, and how it should be.
fn usage(message: &str) -> UsageError {
    UsageError {
        text: format!("dhcpcd: {message}\n{USAGE}"),
        status: WRONG_USAGE,
    }
}

/// What is wrong with a value.
pub(super) fn refused(line: &Line, message: &str) -> UsageError {
    UsageError {
        text: format!("dhcpcd: {}: {message}\n", words::excerpt(&line.written)),
        status: WRONG_USAGE,
    }
}

fn next(line: &mut CommandLine, parser: &mut Parser) -> Result<bool, lexopt::Error> {
    let Some(argument) = parser.next()? else {
        return Ok(false);
    };
    let (word, written, value) = match argument {
        Arg::Value(name) => {
            line.interfaces
                .push(value::interface_name(&name.string()?)?);
            return Ok(true);
        }
        Arg::Short(letter) => {
            let Some(word) = vocabulary::short_option(letter) else {
                return Err(Arg::Short(letter).unexpected());
            };
            let valued = match word.value {
                Takes::Nothing => false,
                Takes::Maybe => VALUED_SHORT.contains(&letter),
                Takes::Value => true,
            };
            let value = valued.then(|| parser.value()).transpose()?;
            (word, format!("-{letter}"), value)
        }
        Arg::Long("help") => {
            line.ask(Question::Help);
            return Ok(true);
        }
        Arg::Long("version") => {
            line.ask(Question::Version);
            return Ok(true);
        }
        Arg::Long(name) => {
            let word = long(name)?;
            let written = format!("--{}", word.name);
            let value = match word.value {
                Takes::Nothing => None,
                Takes::Maybe => parser.optional_value(),
                Takes::Value => Some(parser.value()?),
            };
            (word, written, value)
        }
    };
    let value = value.map(|value| value.string()).transpose()?;
    line.take(word, written, value);
    Ok(true)
}

fn long(name: &str) -> Result<&'static Word, lexopt::Error> {
    vocabulary::long_option(name).map_err(|fitting| {
        if fitting.is_empty() {
            return Arg::Long(name).unexpected();
        }
        let fitting: Vec<String> = fitting.iter().map(|name| format!("--{name}")).collect();
        format!("--{name} may be any of {}", fitting.join(", ")).into()
    })
}

impl CommandLine {
    fn ask(&mut self, question: Question) {
        match self.question {
            // Of several that ask the same run, the last one counts.
            Some(asked) if asked.rank() < question.rank() => {}
            Some(_) | None => self.question = Some(question),
        }
    }

    fn take(&mut self, word: &Word, written: String, value: Option<String>) {
        if let Some(question) = Question::of_word(word.name) {
            self.ask(question);
            return;
        }
        match (word.name, &value) {
            ("config", Some(path)) => self.config = Some(path.into()),
            ("logfile", Some(path)) => self.log_file = Some(path.into()),
            ("ipv4only", _) => self.ipv4_only = true,
            ("manager" | "master", _) => self.manager = true,
            _ => {}
        }
        let written = match &value {
            Some(value) if written.starts_with("--") => format!("{written}={value}"),
            Some(value) => format!("{written} {value}"),
            None => written,
        };
        self.lines.push(Line {
            place: COMMAND_LINE.to_owned(),
            block: Block::Global,
            word: word.name.to_owned(),
            value,
            written,
        });
    }

    /// Whether one interface is served as the only one: its run has files of its own.
    pub(super) fn single(&self) -> Option<&str> {
        match self.interfaces.as_slice() {
            [name] if !self.manager => Some(name),
            _ => None,
        }
    }

    /// Where the process id is written.
    pub(super) fn pid_file(&self) -> PathBuf {
        let file = match self.single() {
            Some(name) if self.ipv4_only => format!("{name}-4.pid"),
            Some(name) => format!("{name}.pid"),
            None => "pid".to_owned(),
        };
        PathBuf::from(RUN_FOLDER).join(file)
    }
}
