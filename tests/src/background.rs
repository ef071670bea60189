//! A run that lets go of whoever started it, and which a test holds all the same: in a process namespace of its
//! own, all of which the kernel ends with the test.

use std::{fs, process::Command};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{Client, SOON, inspect, process::Process, testbed::Testbed, until};

/// Runs a command to its end, says how that was, and stays, so that what the command left behind has somebody
/// who waits for it.
const SHELL: &str = r#"echo "ended $?"; sleep infinity & wait"#;

/// What was started, and what became of it.
#[derive(Debug)]
pub struct Background {
    shell: Process,
}

impl Background {
    /// Starts the client on the testbed's link with these further options.
    #[must_use]
    pub fn start(bed: &Testbed, options: &[&str]) -> Self {
        let mut words = Client::usual_options()[1..].to_vec();
        words.extend(options);
        words.push(crate::testbed::CLIENT_LINK);
        Self::by_script(bed, r#""$@""#, &words)
    }

    /// Runs a shell script in which `"$@"` is the client with these words.
    #[must_use]
    pub fn by_script(bed: &Testbed, script: &str, words: &[&str]) -> Self {
        Self::prepared(bed, script, words, |_| {})
    }

    /// The same, with the command changed by `prepare` first: its environment, its standard input.
    #[must_use]
    pub fn prepared(
        bed: &Testbed,
        script: &str,
        words: &[&str],
        prepare: impl FnOnce(&mut Command),
    ) -> Self {
        let mut command = bed.client.command("unshare");
        command.args([
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
            "--",
            "sh",
            "-c",
        ]);
        command
            .arg(format!("{script}; {SHELL}"))
            .arg("sh")
            .arg(Client::program())
            .args(words);
        prepare(&mut command);
        Self {
            shell: Process::start(command),
        }
    }

    /// The shell's process, which has the output of what was started.
    #[must_use]
    pub fn process(&self) -> &Process {
        &self.shell
    }

    /// Waits until what was started has ended, and gives its exit status as a shell has it.
    ///
    /// # Panics
    /// If it does not.
    #[must_use]
    pub fn ended(&self) -> u8 {
        let ended = self.shell.stdout().wait_for(SOON, |line| is_end(line));
        let line = ended.unwrap_or_else(|| panic!("still runs; {}", self.said()));
        let status = line
            .rsplit(' ')
            .next()
            .and_then(|status| status.parse().ok());
        status.expect("the shell says a number")
    }

    /// Whether what was started has ended by now.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.shell
            .stdout()
            .entries()
            .iter()
            .any(|line| is_end(line))
    }

    /// The client's processes that are children of the shell: the one that was started, and, when that has
    /// ended, the one that serves.
    ///
    /// # Panics
    /// If /proc cannot be read.
    #[must_use]
    pub fn clients(&self) -> Vec<i32> {
        let children = |pid| inspect::children(pid).expect("/proc can be read");
        let shells = children(self.shell.pid());
        let all = shells.into_iter().flat_map(children);
        all.filter(|pid| name(*pid).is_some_and(|name| name.starts_with("dhcp-client")))
            .collect()
    }

    /// The process that serves in the background.
    ///
    /// # Panics
    /// If there is none, or what was started still runs.
    #[must_use]
    pub fn server(&self) -> i32 {
        assert!(self.has_ended(), "the launcher still runs; {}", self.said());
        let clients = self.clients();
        assert_eq!(clients.len(), 1, "one process serves; {}", self.said());
        clients[0]
    }

    /// The process that was started and waits for the one that serves, and that one.
    ///
    /// # Panics
    /// If the two do not appear.
    #[must_use]
    pub fn launcher_and_server(&self) -> (i32, i32) {
        let pair = || {
            let launcher = self.clients().first().copied()?;
            let children = inspect::children(launcher).ok()?;
            Some((launcher, *children.first()?))
        };
        until(SOON, pair).unwrap_or_else(|| panic!("no launcher with a server; {}", self.said()))
    }

    /// Sends a signal to one of the processes.
    ///
    /// # Panics
    /// If it is gone.
    pub fn signal(&self, pid: i32, signal: Signal) {
        kill(Pid::from_raw(pid), signal).expect("it runs");
    }

    /// Waits until no process of the client is left.
    ///
    /// # Panics
    /// If one stays.
    pub fn wait_gone(&self) {
        let none = || self.clients().is_empty().then_some(());
        let gone = until(SOON, none);
        assert!(gone.is_some(), "{:?} stay; {}", self.clients(), self.said());
    }

    /// Everything that was written, for messages of failed tests.
    #[must_use]
    pub fn said(&self) -> String {
        format!(
            "standard output:\n{}\nstandard error:\n{}",
            self.shell.stdout().entries().join("\n"),
            self.shell.stderr_text()
        )
    }
}

fn is_end(line: &str) -> bool {
    line.starts_with("ended ")
}

fn name(pid: i32) -> Option<String> {
    fs::read_to_string(format!("/proc/{pid}/comm")).ok()
}

/// A process id as the process itself has it (proc(5), `NSpid`).
///
/// # Panics
/// If it is gone.
#[must_use]
pub fn pid_inside(pid: i32) -> i32 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("NSpid:"));
    let last = line.and_then(|pids| pids.split_whitespace().last());
    last.and_then(|pid| pid.parse().ok())
        .expect("every process has a number")
}
