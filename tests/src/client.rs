//! The real `dhcp-client` binary inside the testbed, its events and its processes.

use std::{
    collections::{BTreeMap, VecDeque},
    env,
    ffi::OsString,
    process::{Command, ExitStatus},
    thread,
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::{
    SOON,
    namespace::RESOLVER_FILE,
    process::Process,
    testbed::{CLIENT_LINK, Testbed},
};

/// Where the client remembers leases; on the host's scratch disk.
pub const STATE_DIRECTORY: &str = "/var/lib/dhcp-client";

/// How many renewals, besides what else a test has it say, a client has in [`RATE_WINDOW`]: a second, and what
/// the messages of the first may have been late.
const MOST_RENEWALS: usize = 7;
const RATE_WINDOW: Duration = Duration::from_millis(1200);

/// How many renewals change the host in a row, after the first lease did; then it is one in [`RATE_WINDOW`].
const MOST_CHANGES: usize = 15;

/// A running `dhcp-client --json`.
#[derive(Debug)]
pub struct Client {
    process: Process,
    read: usize,
    /// The last renewals, the oldest first.
    renewals: VecDeque<Instant>,
    /// Renewals so far.
    renewed: usize,
    /// The same for [`Self::wait_for_event_of`], by interface.
    read_of: BTreeMap<String, usize>,
}

impl Client {
    /// Starts it on the testbed's link with these further options.
    #[must_use]
    pub fn start(bed: &Testbed, options: &[&str]) -> Self {
        Self::start_command(Self::command(bed, options))
    }

    /// Starts it like [`Self::start`], and waits for its lease.
    ///
    /// # Panics
    /// If there is none in time.
    #[must_use]
    pub fn bound(bed: &Testbed, options: &[&str]) -> Self {
        Self::bound_with(bed, options).0
    }

    /// The same with the event that says so.
    ///
    /// # Panics
    /// If there is none in time.
    #[must_use]
    pub fn bound_with(bed: &Testbed, options: &[&str]) -> (Self, Value) {
        let mut client = Self::start(bed, options);
        let bound = client.wait_for_event("bound", SOON);
        (client, bound)
    }

    /// Has it renew its lease, and gives the event that says so. No sooner than it may: priv lets ten messages
    /// a second out, and changes the host sixteen times in a row and then once a second; one more would be lost.
    ///
    /// # Panics
    /// If it does not.
    pub fn renew(&mut self) -> Value {
        if self.renewals.len() == MOST_RENEWALS
            && let Some(oldest) = self.renewals.pop_front()
        {
            thread::sleep(RATE_WINDOW.saturating_sub(oldest.elapsed()));
        }
        if self.renewed >= MOST_CHANGES {
            thread::sleep(RATE_WINDOW);
        }
        self.renewed += 1;
        self.renewals.push_back(Instant::now());
        self.signal(Signal::SIGUSR1);
        self.wait_for_event("renewed", SOON)
    }

    /// The program as another client, which writes lines for people on standard error.
    #[must_use]
    pub fn compat(bed: &Testbed, name: &str, words: &[&str]) -> Process {
        let mut command = bed.client.command(Self::program());
        command.arg("compat").arg(name).args(words);
        Process::start(command)
    }

    /// The command that [`Self::start`] runs.
    #[must_use]
    pub fn command(bed: &Testbed, options: &[&str]) -> Command {
        Self::command_on(bed, &[CLIENT_LINK], options)
    }

    /// Starts it on any links, or on none by name, with these further options.
    #[must_use]
    pub fn start_on(bed: &Testbed, links: &[&str], options: &[&str]) -> Self {
        Self::start_command(Self::command_on(bed, links, options))
    }

    /// The command that [`Self::start_on`] runs.
    #[must_use]
    pub fn command_on(bed: &Testbed, links: &[&str], options: &[&str]) -> Command {
        let mut command = bed.client.command(Self::program());
        command
            .args(Self::usual_options())
            .args(options)
            .args(links);
        command
    }

    /// Options that keep the client inside the testbed.
    #[must_use]
    pub fn usual_options() -> [&'static str; 5] {
        [
            "--json",
            "--state-dir",
            STATE_DIRECTORY,
            "--resolv-conf",
            RESOLVER_FILE,
        ]
    }

    /// Runs any command whose standard output is the client's events.
    #[must_use]
    pub fn start_command(command: Command) -> Self {
        Self::of(Process::start(command))
    }

    /// A process whose standard output is the client's events.
    #[must_use]
    pub fn of(process: Process) -> Self {
        Self {
            process,
            read: 0,
            renewals: VecDeque::new(),
            renewed: 0,
            read_of: BTreeMap::new(),
        }
    }

    /// Path of the binary under test.
    ///
    /// # Panics
    /// If nobody said where it is: a test must never run a stale one.
    #[must_use]
    pub fn program() -> OsString {
        env::var_os("CALFKIT_BIN_DHCP_CLIENT")
            .expect("CALFKIT_BIN_DHCP_CLIENT is not set: run `cargo xtask test`")
    }

    /// The process that was started: the priv.
    #[must_use]
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Waits for the next event of this name; events before it are passed over for good.
    ///
    /// # Panics
    /// After `timeout`, with all that the client said.
    pub fn wait_for_event(&mut self, name: &str, timeout: Duration) -> Value {
        let found = self.next_event(timeout, |event| event["event"] == name);
        found.unwrap_or_else(|| panic!("no event {name:?} in {timeout:?}; {}", self.said()))
    }

    /// Like [`Self::wait_for_event`] with any condition, and without panic.
    pub fn next_event(
        &mut self,
        timeout: Duration,
        wanted: impl Fn(&Value) -> bool,
    ) -> Option<Value> {
        let (next, event) = self.wait_from(self.read, timeout, wanted)?;
        self.read = next;
        Some(event)
    }

    fn wait_from(
        &self,
        from: usize,
        timeout: Duration,
        wanted: impl Fn(&Value) -> bool,
    ) -> Option<(usize, Value)> {
        let matches = |line: &String| wanted(&event(line));
        let stdout = self.process.stdout();
        let (next, line) = stdout.wait_from(from, timeout, matches)?;
        Some((next, event(&line)))
    }

    /// Waits for an event of this name of one interface, whatever the others say before and after it.
    ///
    /// # Panics
    /// After `timeout`, with all that the client said.
    pub fn wait_for_event_of(&mut self, link: &str, name: &str, timeout: Duration) -> Value {
        let of_link = |event: &Value| event["event"] == name && event["interface"] == link;
        let from = self.read_of.get(link).copied().unwrap_or(0);
        let found = self.wait_from(from, timeout, of_link);
        let (next, event) = found.unwrap_or_else(|| {
            panic!(
                "no event {name:?} of {link} in {timeout:?}; {}",
                self.said()
            )
        });
        self.read_of.insert(link.to_owned(), next);
        event
    }

    /// Waits for a line on standard error that contains `words`.
    ///
    /// # Panics
    /// After `timeout`, with all that the client said.
    pub fn wait_for_line(&self, words: &str, timeout: Duration) -> String {
        let found = self
            .process
            .stderr()
            .wait_for(timeout, |line| line.contains(words));
        found.unwrap_or_else(|| panic!("no line with {words:?} in {timeout:?}; {}", self.said()))
    }

    /// Names of all events so far.
    #[must_use]
    pub fn event_names(&self) -> Vec<String> {
        let name = |line: &String| event(line)["event"].as_str().unwrap_or_default().to_owned();
        self.process.stdout().entries().iter().map(name).collect()
    }

    /// Process id of the newest calf that was announced.
    ///
    /// # Panics
    /// Before the first one.
    #[must_use]
    pub fn calf_pid(&self) -> i32 {
        let started = ["sandboxed", "calf-restarted"];
        let pid = |line: &String| {
            let event = event(line);
            let name = event["event"]
                .as_str()
                .filter(|name| started.contains(name));
            name.and_then(|_| event["pid"].as_i64())
                .and_then(|pid| i32::try_from(pid).ok())
        };
        let pids = self
            .process
            .stdout()
            .entries()
            .iter()
            .filter_map(pid)
            .collect::<Vec<_>>();
        *pids
            .last()
            .unwrap_or_else(|| panic!("no calf was announced; {}", self.said()))
    }

    /// Sends a signal to the priv.
    pub fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Waits for the end.
    ///
    /// # Panics
    /// After `timeout`, with all that the client said.
    pub fn wait_exit(&mut self, timeout: Duration) -> ExitStatus {
        let began = Instant::now();
        let ended = self.process.wait(timeout);
        ended.unwrap_or_else(|| panic!("still runs after {:?}; {}", began.elapsed(), self.said()))
    }

    /// Everything it wrote, for messages of failed tests.
    #[must_use]
    pub fn said(&self) -> String {
        let events = self.process.stdout().entries().join("\n");
        format!(
            "events:\n{events}\nstandard error:\n{}",
            self.process.stderr_text()
        )
    }
}

/// A line of `--json` output.
fn event(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("not JSON ({error}): {line:?}"))
}
