//! Runs scripts of the operator's: with a clean environment, in a group of their own, and not for ever.

use std::{
    fmt, io,
    os::{
        fd::OwnedFd,
        unix::process::{CommandExt as _, ExitStatusExt as _},
    },
    process::{Child, Command, Stdio},
    time::Duration,
};

use dhcp_frontend::script::{Call, Script};
use nix::{sys::signal::Signal, unistd::Pid};
use rustix::process as pidfd;
use tokio::time::timeout;

use crate::watched::watch;

/// Where system programs are, whatever the environment says.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How a script ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// By itself, with this status.
    Status(i32),
    /// By this signal.
    Signal(i32),
    /// It ran longer than it may, and was killed with all that it had started.
    TooLong(Duration),
    /// It could not be started, or not be waited for.
    NotRun(io::Error),
}

impl Ended {
    /// Whether it ended well.
    pub(crate) const fn is_success(&self) -> bool {
        matches!(self, Self::Status(0))
    }

    /// Whether it ran to its end and said no.
    pub(crate) const fn is_refusal(&self) -> bool {
        matches!(self, Self::Status(status) if *status != 0)
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(formatter, "exited with status {status}"),
            Self::Signal(signal) => write!(formatter, "was killed by signal {signal}"),
            Self::TooLong(limit) => {
                write!(
                    formatter,
                    "was killed: it ran longer than {} s",
                    limit.as_secs()
                )
            }
            Self::NotRun(error) => write!(formatter, "could not be run: {error}"),
        }
    }
}

/// Runs `script` with the words of `call`, to its end. It inherits the standard streams, so that its
/// operator sees what it says; what it says on standard output goes to standard error where that belongs to
/// somebody else.
pub(crate) async fn run(script: &Script, call: Call, output_is_taken: bool) -> Ended {
    match start(script, call, output_is_taken) {
        Ok(running) => running.end(script.patience).await,
        Err(error) => Ended::NotRun(error),
    }
}

fn start(script: &Script, call: Call, output_is_taken: bool) -> io::Result<Running> {
    let mut command = Command::new(&script.path);
    command
        .args(&call.arguments)
        .env_clear()
        .env("PATH", PATH)
        .envs(call.environment)
        .current_dir("/")
        .stdin(Stdio::null())
        .process_group(0);
    if output_is_taken {
        command.stdout(io::stderr());
    }
    let child = command.spawn()?;
    let pid = Pid::from_raw(i32::try_from(child.id()).map_err(io::Error::other)?);
    Ok(Running {
        child,
        pid,
        waited: false,
    })
}

/// A script that runs; dropping it kills it and all that it started.
struct Running {
    child: Child,
    pid: Pid,
    waited: bool,
}

impl Running {
    /// A descriptor that becomes readable when it ends.
    fn watch(&self) -> io::Result<OwnedFd> {
        let pid = pidfd::Pid::from_raw(self.pid.as_raw()).ok_or(io::ErrorKind::NotFound)?;
        Ok(pidfd::pidfd_open(pid, pidfd::PidfdFlags::empty())?)
    }

    async fn end(mut self, limit: Duration) -> Ended {
        let ended = match self.watch().and_then(watch) {
            Ok(ended) => ended,
            Err(error) => return Ended::NotRun(error),
        };
        if timeout(limit, ended.readable()).await.is_err() {
            return Ended::TooLong(limit);
        }
        let status = self.child.wait();
        self.waited = true;
        match status {
            Ok(status) => match (status.code(), status.signal()) {
                (Some(code), _) => Ended::Status(code),
                (None, Some(signal)) => Ended::Signal(signal),
                (None, None) => Ended::NotRun(io::ErrorKind::Other.into()),
            },
            Err(error) => Ended::NotRun(error),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.waited {
            // It has not been waited for, so the number is still its own, and the group's.
            let _gone = nix::sys::signal::killpg(self.pid, Signal::SIGKILL);
            drop(self.child.wait());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::PermissionsExt as _, path::PathBuf, time::Instant};

    use dhcp_frontend::{Client, script::Part};

    use super::*;

    /// A script of its own, removed when it goes.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str, text: &str) -> Self {
            let path = std::env::temp_dir().join(format!("script-{}-{name}", std::process::id()));
            std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
            Self(path)
        }

        fn run(&self, patience: Duration, call: Call) -> Ended {
            let script = Script {
                path: self.0.clone(),
                dialect: Client::Udhcpc,
                part: Part::Hook,
                environment: Vec::new(),
                patience,
                skip_hooks: Vec::new(),
                names: Vec::new(),
            };
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap()
                .block_on(run(&script, call, true))
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            drop(std::fs::remove_file(&self.0));
        }
    }

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn a_script_has_its_words_and_no_other_environment() {
        let output = std::env::temp_dir().join(format!("script-{}-out", std::process::id()));
        let text = format!("{{ echo \"$@\"; env; pwd; }} > {}", output.display());
        let scratch = Scratch::new("words", &text);
        let call = Call {
            arguments: vec!["bound".into(), "a b".into()],
            environment: vec![("ip".into(), "10.0.0.1".into())],
            left_out: Vec::new(),
        };
        assert!(scratch.run(LONG, call).is_success());
        let said = std::fs::read_to_string(&output).unwrap();
        std::fs::remove_file(output).unwrap();
        let mut lines: Vec<&str> = said.lines().collect();
        lines.sort_unstable();
        // The shell itself sets PWD, and dash OLDPWD or SHLVL by version.
        lines.retain(|line| !["PWD=/", "OLDPWD=/", "SHLVL=0", "_=/usr/bin/env"].contains(line));
        assert_eq!(
            lines,
            ["/", &format!("PATH={PATH}"), "bound a b", "ip=10.0.0.1"]
        );
    }

    #[test]
    fn how_a_script_ended_is_told_apart() {
        let run = |name, text| Scratch::new(name, text).run(LONG, Call::default());
        assert!(matches!(run("no", "exit 7"), Ended::Status(7)));
        assert!(run("no2", "exit 7").is_refusal());
        assert!(matches!(run("killed", "kill -9 $$"), Ended::Signal(9)));
        let missing = Scratch::new("missing", "");
        std::fs::remove_file(&missing.0).unwrap();
        assert!(matches!(
            missing.run(LONG, Call::default()),
            Ended::NotRun(_)
        ));
    }

    #[test]
    fn a_script_that_runs_too_long_is_killed_with_its_children() {
        let pid = std::env::temp_dir().join(format!("script-{}-pid", std::process::id()));
        let text = format!("sleep 100 & echo $! > {}; wait", pid.display());
        let scratch = Scratch::new("long", &text);
        let began = Instant::now();
        let ended = scratch.run(Duration::from_millis(300), Call::default());
        assert!(matches!(ended, Ended::TooLong(_)), "{ended}");
        assert!(began.elapsed() < LONG);
        let sleep: i32 = std::fs::read_to_string(&pid)
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        std::fs::remove_file(pid).unwrap();
        let gone = || nix::sys::signal::kill(Pid::from_raw(sleep), None).is_err();
        let until = Instant::now() + LONG;
        while !gone() && Instant::now() < until {
            // Killed, it is to be reaped by whoever inherits orphans.
            let zombie = std::fs::read_to_string(format!("/proc/{sleep}/stat"));
            if zombie.is_ok_and(|stat| stat.contains(") Z ")) {
                break;
            }
            std::thread::yield_now();
        }
        assert!(Instant::now() < until, "its child goes on");
    }
}
