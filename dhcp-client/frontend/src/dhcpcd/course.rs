//! The course of a run: when it ends by itself or goes into the background, what it leaves, where it writes.

use std::{path::PathBuf, time::Duration};

use super::draft::Run;
use crate::{
    native,
    setup::{Background, Ending, Files, Log, LogTarget, OnStop, Patience, Profile, Then, WaitFor},
};

/// Exit status of SIGINT, and of a wait in vain.
const FAILURE: u8 = 1;

/// The ending of a run, `single` being whether it serves one interface as the only one.
pub(super) fn ending(run: &Run, single: bool) -> Ending {
    let ends = run.once || run.test;
    let background = match (run.foreground || run.test, run.background) {
        (true, _) => Background::Never,
        (false, true) => Background::AtOnce,
        (false, false) => Background::WhenLeased,
    };
    let time = match run.timeout {
        0 => Patience::Endless,
        seconds => Patience::Time(Duration::from_secs(seconds.into())),
    };
    let (patience, then) = match background {
        _ if ends => (time, Then::Exit(FAILURE)),
        Background::Never | Background::AtOnce => (Patience::Endless, Then::GoOn),
        // dhcpcd.conf(5): who serves one interface gives up, who serves many goes on for those that come.
        Background::WhenLeased if single => (time, Then::Exit(FAILURE)),
        Background::WhenLeased => (time, Then::Background),
    };
    Ending {
        once: ends,
        wait_for: WaitFor::Any,
        background,
        waits_for_carrier: ends || single || run.waits || background != Background::WhenLeased,
        patience,
        then,
        interrupted: FAILURE,
    }
}

/// What becomes of the configuration when the run is told to end.
pub(super) fn on_stop(run: &Run, profile: &Profile) -> OnStop {
    // An address that was only told of stays, as dhcpcd has it.
    let informs = profile
        .address
        .as_ref()
        .is_some_and(|address| address.inform);
    if run.releases {
        OnStop::Release
    } else if run.persistent || informs || run.test {
        OnStop::Leave
    } else {
        OnStop::Undo
    }
}

/// Where lines go.
pub(super) fn log(run: &Run) -> Log {
    let mut targets = Vec::new();
    if run.quiet < 2 {
        targets.push(LogTarget::StandardError);
    }
    if !run.no_syslog && !run.test {
        targets.push(LogTarget::Syslog);
    }
    targets.extend(run.log_file.iter().cloned().map(LogTarget::File));
    Log {
        targets,
        level: run.level,
        quiet: run.quiet > 0,
    }
}

/// Files of the run.
pub(super) fn files(run: &Run, pid_file: PathBuf) -> Files {
    Files {
        state_directory: PathBuf::from(native::STATE_DIRECTORY),
        run_directory: (!run.test).then(|| PathBuf::from(native::RUN_DIRECTORY)),
        control_group: run.control_group.clone(),
        resolv_conf: None,
        pid_file: (!run.test).then_some(pid_file),
        pcap: None,
        metrics_file: None,
        metrics_socket: None,
    }
}
