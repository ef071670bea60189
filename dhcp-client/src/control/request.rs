//! `dhcp-client ctl`, and what the other clients' command lines ask of a run that goes on.

use std::{
    fs, io,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use dhcp_frontend::{Client, Control as Asked, Verb};
use nix::{
    errno::Errno,
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use sdk_rpc::{Control as _, ControlClient, Error, Overall, Overview as _, Session};

use super::{
    answer,
    sockets::{CONTROL, VIEW},
};
use crate::{log, pid_file::PidFile};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long it may take when something is to be ended first: a script that runs already, and the one that is
/// told of the end, may take a minute each.
const PATIENCE_WITH_SCRIPTS: Duration = Duration::from_secs(150);

/// What came of a request.
enum Outcome {
    /// Lines for standard output.
    Answered(String),
    /// Nothing runs that could answer.
    NothingRuns,
}

/// Asks the runs that go on, and prints the answer. `Err` is the setup to be started instead, because
/// nothing runs.
pub(crate) fn request(asked: Asked) -> Result<ExitCode, Box<dhcp_frontend::Setup>> {
    let client = asked.client;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build_local(tokio::runtime::LocalOptions::default());
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(ask(&asked)),
        Err(error) => Err(format!("cannot make an event loop: {error}")),
    };
    match (outcome, asked.otherwise) {
        (Ok(Outcome::Answered(text)), _) => {
            let printed = io::Write::write_all(&mut io::stdout(), text.as_bytes());
            Ok(match printed {
                Ok(()) => ExitCode::SUCCESS,
                Err(_) => ExitCode::FAILURE,
            })
        }
        (Ok(Outcome::NothingRuns), Some(setup)) => Err(setup),
        (Ok(Outcome::NothingRuns), None) => {
            log::say(&format!(
                "{}: nothing runs here that could be asked",
                client.name()
            ));
            Ok(ExitCode::from(asked.nothing_runs))
        }
        (Err(why), _) => {
            log::say(&format!("{}: {why}", client.name()));
            Ok(ExitCode::FAILURE)
        }
    }
}

async fn ask(asked: &Asked) -> Result<Outcome, String> {
    let runs = match &asked.run_directory {
        Some(folder) => runs(folder)?,
        None => Vec::new(),
    };
    if runs.is_empty() {
        return by_signal(asked);
    }
    match asked.verb {
        Verb::Status | Verb::Dump => look(asked, &runs).await,
        Verb::Renew => tell(asked, &runs, sdk_rpc::Verb::Renew).await,
        Verb::Rebind => tell(asked, &runs, sdk_rpc::Verb::Rebind).await,
        Verb::Release => tell(asked, &runs, sdk_rpc::Verb::Release).await,
        Verb::Stop => tell(asked, &runs, sdk_rpc::Verb::Stop).await,
        Verb::Reapply => tell(asked, &runs, sdk_rpc::Verb::Reapply).await,
    }
}

/// A run that answers.
struct Run {
    control: ControlClient,
    _session: Session,
    may_ask: bool,
}

/// All runs with sockets in `folder` that are alive.
fn runs(folder: &Path) -> Result<Vec<Run>, String> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(format!("{}: {error}", folder.display())),
    };
    let mut paths: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.ends_with(VIEW))
        })
        .collect();
    paths.sort();
    Ok(paths.iter().filter_map(|view| connect(view)).collect())
}

/// By the socket that offers everything, where that is permitted, else by the one that shows.
fn connect(view: &Path) -> Option<Run> {
    let name = view.to_str()?.strip_suffix(VIEW)?;
    let (socket, may_ask) = match UnixStream::connect(format!("{name}{CONTROL}")) {
        Ok(socket) => (socket, true),
        Err(_) => (UnixStream::connect(view).ok()?, false),
    };
    let (control, session) = sdk_rpc::connect_control(std::os::fd::OwnedFd::from(socket)).ok()?;
    Some(Run {
        control,
        _session: session,
        may_ask,
    })
}

async fn within<T>(
    patience: Duration,
    call: impl Future<Output = Result<T, Error>>,
) -> Result<T, String> {
    match tokio::time::timeout(patience, call).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(Error::Refused(why))) => Err(why),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("no answer in time".to_owned()),
    }
}

/// The status of every run, without interfaces that were not asked about.
async fn overviews(asked: &Asked, runs: &[Run]) -> Result<Vec<Overall>, String> {
    let mut found = Vec::new();
    for run in runs {
        let mut overall = within(PATIENCE, run.control.status(Vec::new())).await?;
        if !asked.interfaces.is_empty() {
            let wanted =
                |status: &sdk_rpc::InterfaceStatus| asked.interfaces.contains(&status.interface);
            overall.interfaces.retain(wanted);
        }
        found.push(overall);
    }
    for name in &asked.interfaces {
        let served = |overall: &Overall| overall.interfaces.iter().any(|s| s.interface == *name);
        if !found.iter().any(served) {
            return Err(format!("{name} is not served by any run"));
        }
    }
    Ok(found)
}

async fn look(asked: &Asked, runs: &[Run]) -> Result<Outcome, String> {
    let overviews = overviews(asked, runs).await?;
    Ok(Outcome::Answered(match (asked.verb, asked.json) {
        (Verb::Dump, true) => answer::leases_as_json(&overviews),
        (Verb::Dump, false) => answer::leases_as_variables(&overviews, &asked.names),
        (_, true) => answer::status_as_json(&overviews),
        (_, false) => answer::status_as_table(&overviews),
    }))
}

async fn tell(asked: &Asked, runs: &[Run], verb: sdk_rpc::Verb) -> Result<Outcome, String> {
    let overviews = overviews(asked, runs).await?;
    // Who names no interface means all of the program's own, and the C clients know of no other's runs.
    let concerns = |overall: &Overall| {
        if asked.interfaces.is_empty() {
            asked.client == Client::Native || overall.client == asked.client.name()
        } else {
            !overall.interfaces.is_empty()
        }
    };
    let concerned: Vec<(&Run, Overall)> = runs
        .iter()
        .zip(overviews)
        .filter(|(_, overall)| concerns(overall))
        .collect();
    if concerned.is_empty() {
        return by_signal(asked);
    }
    // All or nothing: none is told before it is known that every one may be.
    if let Some((_, overall)) = concerned.iter().find(|(run, _)| !run.may_ask) {
        return Err(format!(
            "only root and the control group may ask that of process {}",
            overall.pid
        ));
    }
    let patience = match verb {
        sdk_rpc::Verb::Renew | sdk_rpc::Verb::Rebind => PATIENCE,
        sdk_rpc::Verb::Release | sdk_rpc::Verb::Stop | sdk_rpc::Verb::Reapply => {
            PATIENCE_WITH_SCRIPTS
        }
    };
    let mut told = Vec::new();
    for (run, overall) in concerned {
        // None named goes to the run as such: one that is told to stop altogether ends.
        let which = if asked.interfaces.is_empty() {
            Vec::new()
        } else {
            let names = overall.interfaces.into_iter().map(|s| s.interface);
            names.collect()
        };
        told.extend(within(patience, run.control.ask(verb, which)).await?);
    }
    Ok(Outcome::Answered(answer::asked(asked, &told)))
}

/// Without a control socket, by the process id that the run left and a signal.
fn by_signal(asked: &Asked) -> Result<Outcome, String> {
    let Some(pid) = asked.pid_file.as_deref().and_then(PidFile::read) else {
        return Ok(Outcome::NothingRuns);
    };
    // Only this very program is sent signals: the number may be another process's by now.
    let program = |process: &str| fs::read_link(format!("/proc/{process}/exe")).ok();
    if program(&pid.to_string()).is_none_or(|other| Some(other) != program("self")) {
        return Ok(Outcome::NothingRuns);
    }
    let signal = match (asked.verb, asked.client) {
        (Verb::Renew, _) => Signal::SIGUSR1,
        (Verb::Rebind, _) => Signal::SIGHUP,
        (Verb::Release, Client::Dhcpcd) => Signal::SIGALRM,
        (Verb::Release, Client::Native | Client::Udhcpc | Client::Dhclient) => Signal::SIGUSR2,
        (Verb::Stop, _) => Signal::SIGTERM,
        (Verb::Status | Verb::Dump | Verb::Reapply, _) => {
            return Err(format!(
                "process {pid} has no control socket to be asked by"
            ));
        }
    };
    let pid = Pid::from_raw(pid);
    kill(pid, signal).map_err(|errno| format!("cannot signal process {pid}: {errno}"))?;
    if matches!(asked.verb, Verb::Release | Verb::Stop) {
        wait_gone(pid)?;
    }
    Ok(Outcome::Answered(String::new()))
}

fn wait_gone(pid: Pid) -> Result<(), String> {
    let until = Instant::now() + PATIENCE_WITH_SCRIPTS;
    while kill(pid, None) != Err(Errno::ESRCH) {
        if Instant::now() >= until {
            return Err(format!("process {pid} does not end"));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}
