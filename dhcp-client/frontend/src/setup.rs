//! What every front end's words come to: the one description of a run that the program carries out.

use std::{net::Ipv4Addr, path::PathBuf, time::Duration};

use sdk_rpc::{Route, Settings};

use crate::{amend::Amendment, dhclient::Vocabulary, script::Script};

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
    /// What is wanted of single interfaces, by name.
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
    /// What of the words is honoured otherwise than asked, or not at all.
    pub notes: Vec<Note>,
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
    /// A named interface that is not there is waited for; else it is an error.
    pub wait_for_named: bool,
}

/// What is wanted of one interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// What the protocol is asked for. `client_identifier` and `host_name` stay empty here; they are made
    /// from the two fields below when the interface is known.
    pub settings: Settings,
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
    /// Which parts of a lease the host takes.
    pub takes: Takes,
    /// Metric of all routes; without it 1000 and the interface's index.
    pub metric: Option<u32>,
    /// What runs at each change.
    pub script: Option<Script>,
    /// A lease file in the client's own format, written at each change and never read.
    pub lease_file: Option<PathBuf>,
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
    /// The host's DUID and this interface's IAID (RFC 4361); without one, made from the interface.
    Duid {
        /// The interface's number.
        iaid: Option<u32>,
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
