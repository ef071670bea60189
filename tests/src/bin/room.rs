//! The first process of a room (`calfkit_tests::room`): makes a folder the root of its file systems, and then
//! either waits for orphans until nobody holds its standard input any more, or becomes a container's program.
//!
//! A program of its own, because /proc shows the processes of whoever mounts it, and because a process
//! namespace ends with its first process.
//!
//! `room FOLDER [--read-only] [--capabilities HEX] [-- PROGRAM ARGUMENT...]`

use std::{
    env,
    ffi::OsString,
    io::{self, Read as _, Write as _},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    thread,
};

use calfkit_tests::capabilities;
use nix::{
    errno::Errno,
    mount::{MntFlags, MsFlags, mount, umount2},
    sys::{
        signal::{SigSet, Signal},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::{chdir, pivot_root},
};

const NOTHING: Option<&str> = None;

struct Options {
    folder: PathBuf,
    read_only: bool,
    capabilities: Option<u64>,
    program: Vec<OsString>,
}

fn main() -> ExitCode {
    match options().and_then(|options| enter(&options).and_then(|()| begin(&options))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("room: {error}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> io::Result<Options> {
    let mut words = env::args_os().skip(1);
    let missing = || {
        io::Error::other("usage: room FOLDER [--read-only] [--capabilities HEX] [-- PROGRAM...]")
    };
    let mut options = Options {
        folder: words.next().ok_or_else(missing)?.into(),
        read_only: false,
        capabilities: None,
        program: Vec::new(),
    };
    while let Some(word) = words.next() {
        match word.to_str() {
            Some("--read-only") => options.read_only = true,
            Some("--capabilities") => {
                let mask = words.next().ok_or_else(missing)?;
                let mask = u64::from_str_radix(&mask.to_string_lossy(), 16);
                options.capabilities = Some(mask.map_err(io::Error::other)?);
            }
            Some("--") => options.program = words.by_ref().collect(),
            Some(_) | None => return Err(missing()),
        }
    }
    Ok(options)
}

/// Makes the folder the root, with the processes and the links of where this process is.
fn enter(options: &Options) -> io::Result<()> {
    let Options {
        folder,
        read_only,
        capabilities,
        program: _,
    } = options;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    for (kind, place) in [("proc", "proc"), ("sysfs", "sys")] {
        let place = folder.join(place);
        if place.is_dir() {
            mount(Some("room"), &place, Some(kind), flags, NOTHING)
                .map_err(|error| named(kind, error))?;
        }
    }
    chdir(folder)?;
    // pivot_root(2): with the same folder twice, the old root lies over the new one, and goes.
    pivot_root(".", ".").map_err(|error| named("pivot_root", error))?;
    umount2(".", MntFlags::MNT_DETACH)?;
    chdir("/")?;
    if *read_only {
        let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY;
        mount(NOTHING, Path::new("/"), NOTHING, flags, NOTHING)
            .map_err(|error| named("read-only root", error))?;
    }
    if let Some(capabilities) = capabilities {
        capabilities::keep(*capabilities)?;
    }
    Ok(())
}

fn named(step: &str, error: Errno) -> io::Error {
    io::Error::other(format!("{step}: {error}"))
}

fn begin(options: &Options) -> io::Result<()> {
    match options.program.split_first() {
        Some((program, arguments)) => Err(Command::new(program).args(arguments).exec()),
        None => wait(),
    }
}

/// Says that the room is there, and waits for its end.
fn wait() -> io::Result<()> {
    let children = SigSet::from(Signal::SIGCHLD);
    children.thread_block()?;
    thread::spawn(move || {
        while children.wait().is_ok() {
            while waitpid(None, Some(WaitPidFlag::WNOHANG))
                .is_ok_and(|it| it != WaitStatus::StillAlive)
            {}
        }
    });
    writeln!(io::stdout(), "ready")?;
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
