//! From a setup to a run, and to an exit status: in this process, or in one that goes on when this one
//! ends.

use std::{io, os::fd::AsFd as _, process::ExitCode, rc::Rc, time::Instant};

use calf_sandbox::{Detached, Outcome, Servant, detach};
use dhcp_frontend::{Client, Setup, setup::Background};
use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        signal::Signal,
        signalfd::{SfdFlags, SignalFd},
    },
};

use crate::{
    events::Events,
    log::{self, Log, LogError},
    roles::Split,
    run, signals,
};

/// How the run tells whoever waits for it, if somebody does.
#[derive(Debug)]
pub(crate) struct Waited(Option<Outcome>);

impl Waited {
    /// The run is as far as it was waited for. What comes after is nobody's exit status.
    pub(crate) fn tell(&mut self, status: u8) {
        if let Some(outcome) = self.0.take() {
            // The launcher is gone, or will see this process end.
            drop(outcome.tell(status));
        }
    }

    /// Whether somebody waits.
    pub(crate) fn is_waited_for(&self) -> bool {
        self.0.is_some()
    }
}

/// Serves what the operator asked for and gives the exit status.
///
/// A run that is not to stay in the foreground gets a process of its own here, before there is a runtime,
/// a socket or a calf. One that ends with its lease gets one too: closing a packet socket takes the kernel
/// milliseconds, and whoever waits for the lease need not wait for that.
pub(crate) fn launch(setup: Setup, started: Instant) -> ExitCode {
    let ends_early = setup.ending.once || setup.ending.background != Background::Never;
    if !ends_early {
        return ExitCode::from(serve(setup, started, Waited(None), None));
    }
    // The launcher passes signals on, and none may be lost between the fork and its first wait.
    if let Err(errno) = signals::listened().thread_block() {
        return refuse(&setup, &format!("cannot block signals: {errno}"));
    }
    match detach() {
        Ok(Detached::Launcher(servant)) => ExitCode::from(wait(servant)),
        Ok(Detached::Servant(outcome)) => {
            let status = serve(setup, started, Waited(Some(outcome)), None);
            ExitCode::from(status)
        }
        Err(error) => refuse(
            &setup,
            &format!("cannot make a process that serves: {error}"),
        ),
    }
}

/// Serves as the actuator only; its engine and network are in other processes.
pub(crate) fn serve_split(setup: Setup, started: Instant, split: Split) -> u8 {
    serve(setup, started, Waited(None), Some(split))
}

fn refuse(setup: &Setup, why: &str) -> ExitCode {
    log::say(&format!("{}: {why}", setup.client.name()));
    ExitCode::FAILURE
}

/// Waits for the outcome, and passes on what signals ask for.
fn wait(servant: Servant) -> u8 {
    let outcome = move || -> io::Result<u8> {
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        let descriptor = SignalFd::with_flags(&signals::listened(), flags)?;
        loop {
            let mut watched = [
                PollFd::new(servant.as_fd(), PollFlags::POLLIN),
                PollFd::new(descriptor.as_fd(), PollFlags::POLLIN),
            ];
            match poll(&mut watched, PollTimeout::NONE) {
                Ok(_) => {}
                Err(Errno::EINTR) => continue,
                Err(errno) => return Err(errno.into()),
            }
            let [told, _] = watched;
            if told.any() == Some(true) {
                return servant.outcome();
            }
            while let Some(received) = descriptor.read_signal()? {
                let number = i32::try_from(received.ssi_signo).unwrap_or(0);
                if let Ok(signal) = Signal::try_from(number) {
                    servant.signal(signal);
                }
            }
        }
    };
    outcome().unwrap_or_else(|error| {
        log::say(&format!("cannot wait for the process that serves: {error}"));
        1
    })
}

/// Runs in this process.
fn serve(setup: Setup, started: Instant, mut waited: Waited, split: Option<Split>) -> u8 {
    // Where there is no such folder any more, paths are taken as they stand.
    let setup = setup.rooted(&std::env::current_dir().unwrap_or_default());
    let name = setup.client.name();
    let (log, missing) = Log::open(name, &setup.log);
    let events = Rc::new(Events::new(setup.client, setup.json, started, log));
    // The C clients' users never asked for the system log, and containers have none.
    let matters = |error: &LogError| setup.client == Client::Native || !error.is_of_syslog();
    for error in missing.into_iter().filter(matters) {
        events.about_run(
            dhcp_frontend::setup::LogLevel::Warning,
            &format!("{name}: {error}"),
        );
    }
    for (level, line) in dhcp_frontend::notices::lines(&setup) {
        events.about_run(level, &line);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build_local(tokio::runtime::LocalOptions::default());
    let status = match runtime {
        Ok(runtime) => runtime.block_on(run::serve(setup, &events, &mut waited, split)),
        Err(error) => {
            events.about_run(
                dhcp_frontend::setup::LogLevel::Error,
                &format!("{name}: cannot make an event loop: {error}"),
            );
            1
        }
    };
    waited.tell(status);
    status
}
