//! `dhcp-client`: a DHCP client whose network-facing half holds nothing.
//!
//! One binary, two lives: started by an operator it is priv, which has the sockets and the
//! configuration of the host and reads no byte from the wire; executed again by priv it is the calf,
//! which reads every such byte and has nothing.

mod admission;
mod backoff;
mod calf;
mod clock;
mod command_line;
mod doors;
mod events;
mod failure;
mod interface;
mod launcher;
mod lock;
mod output;
mod service;
mod signals;
mod speech;
mod store;
mod supervisor;
mod watched;
mod watchers;

use std::{io::Write as _, process::ExitCode, time::Instant};

use command_line::{Request, USAGE};

/// Exit status of wrong usage: EX_USAGE (sysexits(3)).
const WRONG_USAGE: u8 = 64;

fn main() -> ExitCode {
    let started = Instant::now();
    if calf_sandbox::is_calf() {
        return calf::main();
    }
    match command_line::parse(std::env::args_os().skip(1)) {
        Ok(Request::Run(options)) => launcher::launch(&options, started),
        Ok(Request::Help) => print(USAGE),
        Ok(Request::Version) => print(concat!("dhcp-client ", env!("CARGO_PKG_VERSION"), "\n")),
        Err(error) => {
            events::line(&format!("dhcp-client: {error}; --help shows the usage"));
            ExitCode::from(WRONG_USAGE)
        }
    }
}

fn print(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
