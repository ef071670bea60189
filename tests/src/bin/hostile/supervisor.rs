//! The priv side: starts the calf as the test says, and prints what came of it, a line each:
//! `refused: REASON`, or `calf: PID` and `layers: ...`, then `said: ...` for each line of the calf's log,
//! and `end: ...`.

use std::{
    env,
    ffi::OsString,
    fs::File,
    io::{self, BufRead as _, BufReader, Write as _},
    os::{fd::OwnedFd, unix::net::UnixStream},
    process::ExitCode,
    time::Instant,
};

use calf_sandbox::{Backend, Layer, Limits, Policy, Program, Rights, spawn};
use nix::fcntl::{FcntlArg, OFlag, fcntl};

use crate::caller;

/// How to start the calf.
struct Options {
    backend: Backend,
    /// The control run: both filters off, everything else on.
    control: bool,
    /// Tell the time that each phase took.
    timed: bool,
    required: Option<Layer>,
    /// What the calf does.
    act: Vec<OsString>,
}

pub(crate) fn main() -> ExitCode {
    match options().and_then(|options| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            println!("refused: {reason}");
            ExitCode::from(3)
        }
    }
}

fn options() -> io::Result<Options> {
    let mut options = Options {
        backend: Backend::Process,
        control: false,
        timed: false,
        required: None,
        act: Vec::new(),
    };
    let mut words = env::args_os().skip(1);
    while let Some(word) = words.next() {
        let text = word.to_string_lossy().into_owned();
        match text.split_once('=') {
            Some(("--caller", kind)) => caller::become_kind(kind)?,
            Some(("--fail", rule)) => caller::fail(rule)?,
            Some(("--require", name)) => {
                options.required = Layer::ALL.into_iter().find(|layer| layer.name() == name);
            }
            _ if text == "--control" => options.control = true,
            _ if text == "--none" => options.backend = Backend::None,
            _ if text == "--timed" => options.timed = true,
            _ => {
                options.act = [word].into_iter().chain(words.by_ref()).collect();
            }
        }
    }
    Ok(options)
}

fn run(options: &Options) -> io::Result<()> {
    let (ours, theirs) = UnixStream::pair()?;
    theirs.set_nonblocking(true)?;
    let mut policy = Policy::new(Limits::default()).grant("channel", theirs, Rights::ReadWrite);
    if let Some(layer) = options.required {
        policy = policy.require(layer);
    }
    if options.control {
        policy = policy.without_filters();
    }
    let begun = Instant::now();
    let program = Program::Current {
        arguments: options.act.clone(),
    };
    let mut calf = spawn(program, policy, options.backend).map_err(io::Error::other)?;
    let spawned = begun.elapsed();
    println!("calf: {}", calf.pid());
    let log = calf
        .take_log()
        .ok_or_else(|| io::Error::other("the log was taken before"))?;
    let layers = calf.verify();
    let verified = begun.elapsed();
    match layers {
        Ok(layers) => println!("layers: {layers}"),
        Err(error) => {
            calf.kill()?;
            said(log)?;
            return Err(io::Error::other(error));
        }
    }
    if options.timed {
        let begun = Instant::now();
        calf.verify().map_err(io::Error::other)?;
        let [spawned, verified, again] =
            [spawned, verified, begun.elapsed()].map(|time| time.as_micros());
        println!("time: spawn {spawned} confined-and-verified {verified} verify-again {again}");
    }
    // The test looks at the calf meanwhile, and ends the line when it has seen enough.
    io::stdin().read_line(&mut String::new())?;
    converse(ours)?;
    said(log)?;
    println!("end: {}", calf.wait()?);
    Ok(())
}

/// Lets the calf act; what it sends comes back to it, until it is gone.
fn converse(mut channel: UnixStream) -> io::Result<()> {
    if let Err(error) = channel.write_all(b"!") {
        // A calf that has ended already cannot be told.
        return if error.kind() == io::ErrorKind::BrokenPipe {
            Ok(())
        } else {
            Err(error)
        };
    }
    let mut back = channel.try_clone()?;
    match io::copy(&mut channel, &mut back) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(error),
        Ok(_) => Ok(()),
    }
}

/// Prints the log to its end, which is the calf's.
fn said(log: OwnedFd) -> io::Result<()> {
    fcntl(&log, FcntlArg::F_SETFL(OFlag::empty()))?;
    for line in BufReader::new(File::from(log)).lines() {
        println!("said: {}", line?);
    }
    Ok(())
}
