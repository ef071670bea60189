//! `dhcp-client`: a DHCP client whose network-facing half holds nothing.
//!
//! One binary, two lives: started by an operator it is priv, which has the sockets and the
//! configuration of the host and reads no byte from the wire; executed again by priv it is the calf,
//! which reads every such byte and has nothing.
//!
//! ```text
//!  launcher, run        what is asked, which interfaces, when to end      host, log, events   the outside
//!  service, supervisor  one interface and its calves                      identity, protocol, store
//!  doors, admission     what a calf can reach, and when                   calf                its other life
//! ```
//!
//! A library only so that the store's records can be fuzzed; it promises nothing to others.

mod admission;
mod backoff;
mod calf;
mod clock;
mod configurer;
mod control;
mod doors;
mod engine;
mod events;
mod export;
mod failure;
mod guests;
mod herald;
mod host;
mod identity;
mod interface;
mod launcher;
mod left_over;
mod lock;
mod log;
mod metrics;
mod net_handle;
mod notify;
mod occasions;
mod operators;
mod output;
mod pace;
mod pid_file;
mod protocol;
mod refused;
mod rivals;
mod roles;
mod run;
mod scripted;
mod scripts;
mod selection;
mod service;
mod signals;
mod speech;
pub mod store;
mod supervisor;
mod tester;
mod told;
mod watched;
mod watchers;

use std::{
    ffi::{OsStr, OsString},
    io::Write as _,
    path::Path,
    process::ExitCode,
    time::Instant,
};

use dhcp_frontend::{Client, Request};

/// The program: both of its lives.
#[must_use]
pub fn main() -> ExitCode {
    let started = Instant::now();
    if calf_sandbox::is_calf() {
        return calf::main();
    }
    let mut words = std::env::args_os();
    let client = whom(words.next().as_deref());
    match dhcp_frontend::parse(client, words.collect::<Vec<OsString>>(), &host::Machine) {
        Ok(Request::Run(setup)) => launcher::launch(*setup, started),
        Ok(Request::Control(asked)) => {
            control::request(*asked).unwrap_or_else(|setup| launcher::launch(*setup, started))
        }
        Ok(Request::Role(role)) => roles::be(*role, started),
        Ok(Request::Print { text, status }) => print(&text, status),
        Err(error) => {
            for line in error.text.lines() {
                log::say(line);
            }
            ExitCode::from(error.status)
        }
    }
}

/// The client whose name this program was started by; any other name is its own.
fn whom(program: Option<&OsStr>) -> Client {
    program
        .and_then(|program| Path::new(program).file_name()?.to_str())
        .and_then(Client::of_name)
        .unwrap_or_default()
}

fn print(text: &str, status: u8) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::from(status),
        Err(_) => ExitCode::FAILURE,
    }
}
