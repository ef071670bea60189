//! Split mode: network, actuator and engine as three processes that `fdd` wires, each with the capabilities and
//! the namespaces of its role and no others.

use std::{
    os::unix::{net::UnixStream, process::CommandExt as _},
    process::Command,
};

use nix::fcntl::{FcntlArg, fcntl};

use crate::{
    Client, SOON,
    fdd::FddHost,
    namespace::SCRATCH,
    process::Process,
    testbed::{CLIENT_LINK, Testbed},
};

/// Names of the pairs of connected sockets.
const PAIRS: [&str; 3] = ["net", "host", "owner"];

/// One of the three roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The packet socket.
    Network,
    /// The host's configuration.
    Actuator,
    /// The protocol.
    Engine,
}

impl Role {
    /// The pairs of which it has an end, as descriptors 3 and 4.
    const fn pairs(self) -> [&'static str; 2] {
        match self {
            Self::Network => ["net", "owner"],
            Self::Actuator => ["host", "owner"],
            Self::Engine => ["net", "host"],
        }
    }

    /// Namespaces of its own, as unshare(1) has them: the host's network is for those who need it.
    const fn apart(self) -> &'static [&'static str] {
        match self {
            Self::Network | Self::Actuator => &["--mount"],
            Self::Engine => &["--mount", "--net"],
        }
    }

    /// All that it may ever have, as setpriv(1) has it.
    const fn bounding_set(self) -> &'static str {
        match self {
            Self::Network => "-all,+net_raw,+net_bind_service",
            Self::Actuator => "-all,+net_admin",
            // To make a sandbox's namespaces.
            Self::Engine => "-all,+sys_admin",
        }
    }

    fn words(self) -> Vec<&'static str> {
        let [first, second] = self.pairs().map(|pair| match pair {
            "net" => "--net",
            "host" => "--host",
            _ => "--owner",
        });
        let (name, further): (_, Vec<_>) = match self {
            Self::Network => ("network", vec!["--interface", CLIENT_LINK]),
            Self::Actuator => {
                let mut words = Client::usual_options().to_vec();
                words.push(CLIENT_LINK);
                ("actuator", words)
            }
            Self::Engine => ("engine", Vec::new()),
        };
        let mut words = vec!["role", name, first, "3", second, "4"];
        words.extend(further);
        words
    }

    /// The command of the role in the client's host, wired by the daemon there.
    #[must_use]
    pub fn command(self, bed: &Testbed) -> Command {
        let mut command = bed.client.command("unshare");
        command.args(self.apart()).arg("--");
        command.arg(FddHost::program()).arg("exec");
        for (pair, number) in self.pairs().into_iter().zip(3..) {
            command.args(["-m", &format!("{SCRATCH}/{pair}:{number}")]);
        }
        command.args(["--", "setpriv"]);
        command.args(["--bounding-set", self.bounding_set(), "--inh-caps", "-all"]);
        command.arg(Client::program()).args(self.words());
        command
    }
}

/// The three processes on the testbed's link, and the daemon that wires them.
#[derive(Debug)]
pub struct Split {
    /// Role network.
    pub network: Process,
    /// Role engine.
    pub engine: Process,
    /// Role actuator, whose events are the run's.
    pub actuator: Client,
    daemon: Process,
}

impl Split {
    /// Starts the daemon and the three.
    ///
    /// # Panics
    /// With the daemon's own words, if it does not get ready.
    #[must_use]
    pub fn start(bed: &Testbed) -> Self {
        let mut command = bed.client.command(FddHost::program());
        command.arg("init");
        let daemon = Process::start(command);
        let ready = |line: &String| line.starts_with("fdd: ready on ");
        let said = daemon.stdout().wait_for(SOON, ready);
        assert!(said.is_some(), "not ready: {}", daemon.stderr_text());
        for pair in PAIRS {
            let mut command = bed.client.command(FddHost::program());
            command.args(["share", &format!("{SCRATCH}/{pair}")]);
            let said = crate::said::Said::by(command);
            assert_eq!(said.code, Some(0), "{said:?}");
        }
        let [network, engine, actuator] = Self::roles(bed);
        Self {
            network,
            engine,
            actuator: Client::of(actuator),
            daemon,
        }
    }

    /// Starts the three once more, wired by the same daemon; the former ones are killed if they still run.
    #[must_use]
    pub fn restart(self, bed: &Testbed) -> Self {
        let Self {
            network,
            engine,
            actuator,
            daemon,
        } = self;
        drop((network, engine, actuator));
        let [network, engine, actuator] = Self::roles(bed);
        Self {
            network,
            engine,
            actuator: Client::of(actuator),
            daemon,
        }
    }

    /// The actuator and the network role with nothing where the engine has its ends, which are given: of `net`, and
    /// of `host`. For a test that is the engine.
    ///
    /// # Panics
    /// If there are no descriptors to be had.
    #[must_use]
    pub fn without_engine(bed: &Testbed, options: &[&str]) -> (Process, Client, [UnixStream; 2]) {
        let pair = || UnixStream::pair().expect("a pair of sockets");
        let [(net, of_network), (host, of_actuator), (owner, owned)] = [pair(), pair(), pair()];
        let role = |words: Vec<&str>, ends: [UnixStream; 2]| {
            let mut command = bed.client.command(Client::program());
            command.arg("role").args(words);
            with_descriptors(&mut command, ends);
            Process::start(command)
        };
        let network = vec![
            "network",
            "--interface",
            CLIENT_LINK,
            "--net",
            "13",
            "--owner",
            "14",
        ];
        let network = role(network, [of_network, owned]);
        let mut actuator = vec!["actuator", "--host", "13", "--owner", "14"];
        actuator.extend(Client::usual_options());
        actuator.extend(options);
        actuator.push(CLIENT_LINK);
        let actuator = role(actuator, [of_actuator, owner]);
        (network, Client::of(actuator), [net, host])
    }

    fn roles(bed: &Testbed) -> [Process; 3] {
        [Role::Network, Role::Engine, Role::Actuator].map(|role| Process::start(role.command(bed)))
    }

    /// Everything they wrote, for messages of failed tests.
    #[must_use]
    pub fn said(&self) -> String {
        format!(
            "network: {}\nengine: {}\nactuator: {}",
            self.network.stderr_text(),
            self.engine.stderr_text(),
            self.actuator.said()
        )
    }
}

/// Has a command start with two sockets as descriptors 13 and 14.
fn with_descriptors(command: &mut Command, ends: [UnixStream; 2]) {
    let place = move || -> std::io::Result<()> {
        // First far from the two numbers: each may be in the way of the other.
        let far = |end: &UnixStream| fcntl(end, FcntlArg::F_DUPFD_CLOEXEC(100));
        for (far, number) in [(far(&ends[0])?, 13), (far(&ends[1])?, 14)] {
            // SAFETY: dup2 takes two numbers; what 13 and 14 were in this process is nobody's any more.
            if unsafe { libc::dup2(far, number) } < 0 {
                return Err(std::io::Error::last_os_error());
            }
        }
        Ok(())
    };
    // SAFETY: the closure makes system calls only: it neither allocates nor takes a lock.
    unsafe {
        command.pre_exec(place);
    }
}
