//! What every front end's words come to: the one description of a run that the program carries out.

use std::{
    net::Ipv4Addr,
    path::{Path, PathBuf},
    time::Duration,
};

use sdk_rpc::{Route, Settings};

use crate::{amend::Amendment, dhclient::Vocabulary, script::Script};

/// Whether a name or glob (fnmatch(3)) is that of an interface. A glob that is none fits only itself.
#[must_use]
pub fn fits(pattern: &str, name: &str) -> bool {
    pattern == name || glob::Pattern::new(pattern).is_ok_and(|glob| glob.matches(name))
}

/// Whose words are spoken: the names under which this program can be started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Client {
    /// `dhcp-client`.
    #[default]
    Native,
    /// `dhcpcd`.
    Dhcpcd,
    /// `udhcpc`.
    Udhcpc,
    /// `dhclient`.
    Dhclient,
}

impl Client {
    /// The name of its program.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Native => "dhcp-client",
            Self::Dhcpcd => "dhcpcd",
            Self::Udhcpc => "udhcpc",
            Self::Dhclient => "dhclient",
        }
    }

    /// The client that a program of this name (without its folder) is.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Native, Self::Dhcpcd, Self::Udhcpc, Self::Dhclient]
            .into_iter()
            .find(|client| client.name() == name)
    }
}

/// A run of the program: which interfaces, what of each, and when to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// Whose log lines and exit statuses.
    pub client: Client,
    /// Which interfaces.
    pub interfaces: Interfaces,
    /// What is wanted of an interface that `profiles` does not name.
    pub profile: Profile,
    /// What is wanted of single interfaces, by name or glob (fnmatch(3)): an interface's own name counts
    /// before any glob, and of globs the first that matches.
    pub profiles: Vec<(String, Profile)>,
    /// When to end, or to go into the background.
    pub ending: Ending,
    /// What becomes of the configuration at SIGTERM.
    pub on_stop: OnStop,
    /// Where lines go.
    pub log: Log,
    /// Files that this run owns.
    pub files: Files,
    /// How the sandboxed processes are confined.
    pub backend: Backend,
    /// One JSON object a line on standard output.
    pub json: bool,
    /// Take an interface over from another client that still runs.
    pub takeover: bool,
    /// What for.
    pub purpose: Purpose,
    /// What of the words is honoured otherwise than asked, or not at all.
    pub notes: Vec<Note>,
}

impl Setup {
    /// What is wanted of an interface.
    #[must_use]
    pub fn profile_of(&self, interface: &str) -> &Profile {
        let by = |fits: &dyn Fn(&str) -> bool| self.profiles.iter().find(|(name, _)| fits(name));
        let own = by(&|name| name == interface).or_else(|| by(&|name| fits(name, interface)));
        own.map_or(&self.profile, |(_, profile)| profile)
    }

    /// The same with all paths taken from `folder`: a run leaves the folder that it was started in.
    #[must_use]
    pub fn rooted(mut self, folder: &Path) -> Self {
        let Files {
            state_directory,
            run_directory,
            control_group: _,
            resolv_conf,
            pid_file,
            pcap,
            metrics_file,
            metrics_socket,
        } = &mut self.files;
        let files = [
            run_directory,
            resolv_conf,
            pid_file,
            pcap,
            metrics_file,
            metrics_socket,
        ];
        let mut paths = vec![state_directory];
        paths.extend(files.into_iter().flatten());
        let own = self.profiles.iter_mut().map(|(_, profile)| profile);
        for profile in own.chain([&mut self.profile]) {
            paths.extend(&mut profile.lease_file);
            paths.extend(&mut profile.lease_folder);
            paths.extend(profile.script.as_mut().map(|script| &mut script.path));
        }
        for target in &mut self.log.targets {
            if let LogTarget::File(path) = target {
                paths.push(path);
            }
        }
        for path in paths {
            *path = folder.join(&*path);
        }
        self
    }
}

/// What a run is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// To get leases and keep them.
    #[default]
    Serve,
    /// To see what a lease would be: nothing is configured and nothing accepted. The first offer is told to the
    /// script, or printed where there is none, and the run ends.
    Test,
    /// To give back the leases that earlier runs left in force.
    Release,
}

/// Which interfaces are served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interfaces {
    /// By name; empty: all that `allow` and `deny` let through, also those that appear later.
    pub named: Vec<String>,
    /// Globs (fnmatch(3)); empty: all but the virtual ones, which the program knows by name and kind.
    pub allow: Vec<String>,
    /// Globs; what they match is never served, unless it is in `named`.
    pub deny: Vec<String>,
    /// Names or globs of virtual interfaces that are served as if they were not, where `named` is empty.
    pub also: Vec<String>,
    /// A named interface that is not there is waited for; else it is an error.
    pub wait_for_named: bool,
}

/// What is wanted of one interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// What the protocol is asked for. `client_identifier` and `host_name` stay empty here; they are made
    /// from `identifier` and the field after it when the interface is known. Where there is a `full_name`,
    /// that name goes into it, if it is empty, and is not sent apart.
    pub settings: Settings,
    /// The interface is left alone.
    pub off: bool,
    /// The run waits for this interface's lease, whatever [`Ending::wait_for`] says of the others.
    pub awaited: bool,
    /// Who the client says it is.
    pub identifier: Identifier,
    /// The host's name that servers are told.
    pub host_name: HostName,
    /// The lease is only asked for when nothing else is to be: an address of the operator's.
    pub address: Option<OperatorsAddress>,
    /// An address to be used when no server gives one in time.
    pub fallback: Option<OperatorsAddress>,
    /// What the operator makes of a server's values, in order; see [`amended`](crate::amend::amended).
    pub amendments: Vec<Amendment>,
    /// What dhclient's scripts and lease files call the options, and how they show times.
    pub vocabulary: Vocabulary,
    /// After how long without an offer `fallback` is used.
    pub fallback_after: Option<Duration>,
    /// Which parts of a lease the host takes.
    pub takes: Takes,
    /// Metric of all routes; without it 1000 and the interface's index.
    pub metric: Option<u32>,
    /// What runs at each change.
    pub script: Option<Script>,
    /// A lease file in the client's own format, written at each change and never read.
    pub lease_file: Option<PathBuf>,
    /// A folder for such files where `lease_file` is none: `NAME.lease`, by the interface's name.
    pub lease_folder: Option<PathBuf>,
}

/// Who the client says it is (option 61).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Identifier {
    /// The type and the hardware address.
    #[default]
    HardwareAddress,
    /// Nobody: no option 61.
    None,
    /// These octets, type octet included.
    Octets(Vec<u8>),
    /// The host's DUID and this interface's IAID (RFC 4361).
    Duid {
        /// The interface's number; none: made from the interface.
        iaid: Option<u32>,
        /// The DUID, its type included; none: the one that the program keeps for the host.
        duid: Option<Vec<u8>>,
    },
}

/// The host's name that servers are told (option 12).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum HostName {
    /// None.
    None,
    /// The system's, unless it is blank or `localhost`.
    #[default]
    System,
    /// The first label of the system's.
    SystemShort,
    /// This one.
    Given(String),
}

/// An address that the operator gave, with all that goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorsAddress {
    /// The address; none: the one that the interface has.
    pub address: Option<Ipv4Addr>,
    /// 1 to 32.
    pub prefix_length: u8,
    /// Broadcast address.
    pub broadcast: Option<Ipv4Addr>,
    /// Default gateways.
    pub routers: Vec<Ipv4Addr>,
    /// Further routes.
    pub routes: Vec<Route>,
    /// Resolvers.
    pub dns: Vec<Ipv4Addr>,
    /// The host's domain.
    pub domain: Option<String>,
    /// Domains to search.
    pub search: Vec<String>,
    /// Octets.
    pub mtu: Option<u16>,
    /// A server is asked for further parameters (DHCPINFORM).
    pub inform: bool,
}

/// Which parts of a lease the host takes from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Takes {
    /// Default route.
    pub default_route: bool,
    /// Any routes but the one of the subnet.
    pub routes: bool,
    /// Resolver file.
    pub resolvers: bool,
    /// The link's MTU.
    pub mtu: bool,
    /// The host's name, where the host has none of its own.
    pub host_name: TakesHostName,
}

impl Default for Takes {
    fn default() -> Self {
        Self {
            default_route: true,
            routes: true,
            resolvers: true,
            mtu: true,
            host_name: TakesHostName::Never,
        }
    }
}

/// When the host takes its name from a lease.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TakesHostName {
    /// Never.
    #[default]
    Never,
    /// When it is blank, `localhost`, or one that an earlier lease gave.
    WhenUnset,
    /// Always.
    Always,
}

/// When the run ends by itself, or goes into the background.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// End when there is a lease, and leave it configured.
    pub once: bool,
    /// Whose leases are waited for.
    pub wait_for: WaitFor,
    /// When to go into the background.
    pub background: Background,
    /// A lease is waited for also where no interface has a carrier at the start; else the run goes into
    /// the background at once then.
    pub waits_for_carrier: bool,
    /// How long a lease is waited for.
    pub patience: Patience,
    /// What happens then.
    pub then: Then,
    /// Exit status of SIGINT.
    pub interrupted: u8,
}

/// Whose leases are waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WaitFor {
    /// Those of all interfaces that there are.
    #[default]
    All,
    /// One is enough.
    Any,
}

/// When to go into the background.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Background {
    /// Never.
    #[default]
    Never,
    /// When there is a lease.
    WhenLeased,
    /// At once.
    AtOnce,
}

/// How long a lease is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// For ever.
    Endless,
    /// This long.
    Time(Duration),
    /// One attempt, as long as the protocol's pace makes it.
    Attempt,
}

/// What happens when no lease came in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// End with this status.
    Exit(u8),
    /// Go into the background and go on.
    Background,
    /// Go on.
    GoOn,
}

/// What becomes of the configuration when the run is told to end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnStop {
    /// It is undone.
    #[default]
    Undo,
    /// It stays.
    Leave,
    /// The leases are given back, and it is undone.
    Release,
}

/// Where lines for the operator go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// Targets; none is silence.
    pub targets: Vec<LogTarget>,
    /// The least that is told.
    pub level: LogLevel,
    /// Standard error is told warnings and errors only.
    pub quiet: bool,
}

/// One place for lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogTarget {
    /// Standard error, until the run goes into the background.
    StandardError,
    /// The system log, /dev/log.
    Syslog,
    /// The journal's own socket.
    Journal,
    /// A file, appended to.
    File(PathBuf),
}

/// How much is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Everything.
    Debug,
    /// What happens.
    #[default]
    Info,
    /// What is not as it should be.
    Warning,
    /// Why the program ends.
    Error,
}

/// Files that a run owns or writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// Where leases are remembered, in the program's own form.
    pub state_directory: PathBuf,
    /// Where the control sockets are; none: there is none.
    pub run_directory: Option<PathBuf>,
    /// Group whose members may control the run, besides its owner.
    pub control_group: Option<String>,
    /// Resolver file; none: /etc/resolv.conf, or whoever owns it.
    pub resolv_conf: Option<PathBuf>,
    /// Process id of whoever serves.
    pub pid_file: Option<PathBuf>,
    /// Recording of what crosses the boundary.
    pub pcap: Option<PathBuf>,
    /// Counters for Prometheus' text file collector.
    pub metrics_file: Option<PathBuf>,
    /// Unix socket on which counters are served.
    pub metrics_socket: Option<PathBuf>,
}

/// How a sandboxed process is confined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// As a process without anything.
    #[default]
    Process,
    /// Not at all.
    None,
}

/// How something that the operator asked for is honoured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// `command line`, or file and line.
    pub place: String,
    /// The flag or directive as it was written.
    pub what: String,
    /// What becomes of it.
    pub fate: Fate,
}

/// What becomes of a flag or directive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// As the original does.
    Honoured,
    /// In another way.
    Different(String),
    /// Not at all, and the run does not suffer.
    Ignored(String),
    /// Not at all, and the run lacks something that was asked for.
    Missing(String),
}
