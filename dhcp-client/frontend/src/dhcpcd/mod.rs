//! The front end of dhcpcd: its command line and dhcpcd.conf(5), its hooks' environment, its lease file.
//!
//! It follows dhcpcd 9.4.1 and, where that has more words, its versions up to 10.3. What is done otherwise is
//! said by a [`Note`](crate::setup::Note) at the word that asks for it.

mod assemble;
mod command_line;
mod configuration;
mod course;
mod definitions;
mod directives;
mod domains;
mod draft;
pub mod dump;
pub mod environment;
mod format;
pub mod lease_file;
mod notes;
mod octets;
mod profile;
mod protocol;
mod text;
mod variables;
mod vocabulary;
mod words;

use std::{ffi::OsString, path::PathBuf};

use command_line::{CommandLine, Question};

use crate::{Control, Host, Request, UsageError, Verb, native, setup::Client};

/// Reads the command line, without the program's name, and the file that it names.
pub(crate) fn parse(arguments: Vec<OsString>, host: &dyn Host) -> Result<Request, UsageError> {
    let line = command_line::read(arguments)?;
    match line.question {
        None => Ok(Request::Run(Box::new(assemble::setup(&line, host)?))),
        Some(Question::Help) => Ok(print(command_line::USAGE.to_owned())),
        Some(Question::Version) => Ok(print(version())),
        Some(Question::PidFile) => Ok(print(format!("{}\n", line.pid_file().display()))),
        Some(Question::Variables) => Ok(print(variables::list())),
        Some(Question::Run(verb)) => control(verb, &line, host),
    }
}

fn version() -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!("dhcp-client {version}, in the words of dhcpcd 10.3\n")
}

fn print(text: String) -> Request {
    Request::Print { text, status: 0 }
}

/// Asks the run that goes on. dhcpcd(8): where none does, renewing and rebinding start one.
fn control(verb: Verb, line: &CommandLine, host: &dyn Host) -> Result<Request, UsageError> {
    let otherwise = match verb {
        Verb::Renew | Verb::Rebind | Verb::Reapply => Some(Box::new(assemble::setup(line, host)?)),
        Verb::Status | Verb::Release | Verb::Stop | Verb::Dump => None,
    };
    Ok(Request::Control(Box::new(Control {
        client: Client::Dhcpcd,
        verb,
        interfaces: line.interfaces.clone(),
        run_directory: Some(PathBuf::from(native::RUN_DIRECTORY)),
        pid_file: Some(line.pid_file()),
        json: false,
        otherwise,
        names: if verb == Verb::Dump {
            assemble::option_names(line, host)?
        } else {
            Vec::new()
        },
        nothing_runs: 1,
    })))
}
