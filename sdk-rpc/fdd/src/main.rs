//! `fdd`: hands the two ends of a socketpair to two processes or containers, over a unix socket.
//!
//! In split mode the roles of a service are programs of their own, and each is given the descriptors it
//! speaks over. Two containers have no parent of their own that could make a socketpair for them; `fdd` is
//! that parent. `fdd init` serves; `fdd share PATH` has it offer a pair at PATH; in each container
//! `fdd exec -m PATH:3 -- PROGRAM` takes an end and becomes the program. The daemon is no part of what the
//! two then say: it keeps neither end, so each sees the end of the stream when the other is gone.

#![forbid(unsafe_code)]

mod ask;
mod command_line;
mod daemon;
mod exec;
mod failure;
mod pair;
mod protocol;
mod share;
mod socket_file;

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use command_line::{Request, USAGE};
use failure::Failure;

fn main() -> ExitCode {
    let outcome = match command_line::parse(std::env::args_os().skip(1)) {
        Ok(Request::Init { socket, background }) => daemon::init(&socket, background),
        Ok(Request::Ask { socket, question }) => ask::ask(&socket, &question),
        Ok(Request::Exec(exec)) => Err(exec::exec(&exec)),
        Ok(Request::Help) => print(USAGE),
        Ok(Request::Version) => print(concat!("fdd ", env!("CARGO_PKG_VERSION"), "\n")),
        Err(error) => Err(Failure::Usage(error)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Where nobody reads it the exit status still tells.
            drop(io::stderr().write_all(format!("fdd: {failure}\n").as_bytes()));
            ExitCode::from(failure.exit_code())
        }
    }
}

/// Writes to standard output, in one piece.
fn print(text: &str) -> Result<(), Failure> {
    let written = io::stdout().write_all(text.as_bytes());
    written.map_err(Failure::system("cannot write to standard output"))
}
