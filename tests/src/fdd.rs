//! The real `fdd` in a host of its own: its daemon, its commands, and processes that take ends.

use std::{env, ffi::OsString, fs, os::unix::net::UnixStream, process::Command, time::Duration};

use crate::{
    inspect::Snapshot, namespace::Namespace, process::Process, said::Said, testbed::Testbed,
    users::User,
};

/// Longer than anything here takes.
pub const SOON: Duration = Duration::from_secs(20);

/// Where the daemon listens if nobody says otherwise; each host has a /run of its own.
pub const SOCKET: &str = "/run/fdd.sock";

/// The share that most tests need.
pub const SHARE: &str = "/run/testbed/share";

/// Says that it has its end, and does nothing with it.
pub const HOLD: &str = "echo taken; exec sleep 600";

/// Says something to the other end, and prints what that says.
pub const TALK: &str = r#"echo "this is $0" >&3; read -r line <&3; echo "heard: $line""#;

/// A host in which `fdd` is tried out.
#[derive(Debug)]
pub struct FddHost {
    host: Namespace,
}

impl FddHost {
    /// A host without a daemon.
    ///
    /// # Panics
    /// Like [`Testbed::new`], whose cable is not used.
    #[must_use]
    pub fn new() -> Self {
        let Testbed { client, server: _ } = Testbed::new();
        Self { host: client }
    }

    /// A host with a daemon, and [`SHARE`].
    #[must_use]
    pub fn sharing() -> (Self, Process) {
        let host = Self::new();
        let daemon = host.daemon();
        host.share(SHARE);
        (host, daemon)
    }

    /// Path of the binary under test.
    ///
    /// # Panics
    /// If nobody said where it is: a test must never run a stale one.
    #[must_use]
    pub fn program() -> OsString {
        env::var_os("CALFKIT_BIN_FDD").expect("CALFKIT_BIN_FDD is not set: run `cargo xtask test`")
    }

    /// The namespaces.
    #[must_use]
    pub fn namespace(&self) -> &Namespace {
        &self.host
    }

    /// Starts a daemon, and waits until it is ready.
    #[must_use]
    pub fn daemon(&self) -> Process {
        self.daemon_by(self.command(&["init"]))
    }

    /// Starts a daemon with this command.
    ///
    /// # Panics
    /// With its own words, if it does not get ready.
    #[must_use]
    pub fn daemon_by(&self, command: Command) -> Process {
        let daemon = Process::start(command);
        let ready = daemon
            .stdout()
            .wait_for(SOON, |line| line.starts_with("fdd: ready on "));
        assert!(ready.is_some(), "not ready: {}", daemon.stderr_text());
        daemon
    }

    /// `fdd` with these words.
    #[must_use]
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = self.host.command(Self::program());
        command.args(words);
        command
    }

    /// `fdd` with these words, run by another user.
    #[must_use]
    pub fn command_as(&self, uid: u32, gid: u32, words: &[&str]) -> Command {
        let mut command = self.host.command_as(User { uid, gid }, Self::program());
        command.args(words);
        command
    }

    /// Runs `fdd` with these words to its end.
    #[must_use]
    pub fn say(&self, words: &[&str]) -> Said {
        Said::by(self.command(words))
    }

    /// Shares a path.
    ///
    /// # Panics
    /// With the daemon's words, if it refuses.
    pub fn share(&self, path: &str) {
        let said = self.say(&["share", path]);
        assert_eq!(said.code, Some(0), "{said:?}");
    }

    /// Takes an end of [`SHARE`] as descriptor 3 for a shell script, whose `$0` is `name`.
    #[must_use]
    pub fn take(&self, name: &str, script: &str) -> Process {
        let at = format!("{SHARE}:3");
        Process::start(self.command(&["exec", "-m", &at, "--", "sh", "-c", script, name]))
    }

    /// Takes an end of [`SHARE`] and holds it, until this is dropped.
    ///
    /// # Panics
    /// If there is none to be had.
    #[must_use]
    pub fn hold(&self) -> Process {
        let holder = self.take("holder", HOLD);
        let taken = holder.stdout().wait_for(SOON, |line| line == "taken");
        assert!(taken.is_some(), "{}", holder.stderr_text());
        holder
    }

    /// Asserts that two processes that come now meet at [`SHARE`] and talk.
    ///
    /// # Panics
    /// If they do not.
    pub fn assert_two_meet(&self) {
        let mut one = self.take("one", TALK);
        let mut two = self.take("two", TALK);
        assert_eq!(Said::of(&mut one).out, ["heard: this is two"]);
        assert_eq!(Said::of(&mut two).out, ["heard: this is one"]);
    }

    /// Connects to a socket of the host.
    ///
    /// # Panics
    /// If that is refused.
    #[must_use]
    pub fn dial(&self, path: &str) -> UnixStream {
        let dialled = self.host.run(|| UnixStream::connect(path));
        dialled.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Names in a folder of the host, in order.
    ///
    /// # Panics
    /// If there is no such folder.
    #[must_use]
    pub fn names(&self, folder: &str) -> Vec<String> {
        let list = || -> std::io::Result<Vec<String>> {
            let name = |entry: std::io::Result<fs::DirEntry>| {
                Ok(entry?.file_name().to_string_lossy().into_owned())
            };
            fs::read_dir(folder)?.map(name).collect()
        };
        let mut names = self.host.run(list).expect("a folder of the host");
        names.sort();
        names
    }

    /// The line of the list that is about a path, in words.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn listed(&self, path: &str) -> Vec<String> {
        let said = self.say(&["list"]);
        let line = said.out.iter().find(|line| line.ends_with(path));
        let line = line.unwrap_or_else(|| panic!("{path} is not listed: {said:?}"));
        line.split_whitespace().map(str::to_owned).collect()
    }
}

impl Default for FddHost {
    fn default() -> Self {
        Self::new()
    }
}

/// The descriptors that a process has open, in order.
///
/// # Panics
/// If it is gone.
#[must_use]
pub fn descriptors(process: &Process) -> Vec<i32> {
    let snapshot = Snapshot::read(process.pid()).expect("it runs");
    snapshot.descriptors.into_keys().collect()
}
