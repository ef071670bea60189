//! The program's own command line.

mod subcommands;

use std::{ffi::OsString, path::PathBuf, time::Duration};

use lexopt::{Arg, Parser, ValueExt};
use sdk_rpc::{ConflictDetection, Settings};

use crate::{
    Host, Request, UsageError, Verb,
    script::{Part, Script},
    setup::{
        Backend, Background, Client, Ending, Files, HostName, Identifier, Interfaces, Log,
        LogLevel, LogTarget, OnStop, Patience, Profile, Purpose, Setup, Then, WaitFor,
    },
    value,
};

/// Exit status of wrong usage: EX_USAGE (sysexits(3)).
const WRONG_USAGE: u8 = 64;

/// How long `--once` waits without `--timeout`.
const ONCE_TIMEOUT: Duration = Duration::from_secs(30);

/// Where leases are remembered without `--state-dir`.
pub(crate) const STATE_DIRECTORY: &str = "/var/lib/dhcp-client";

/// Where control sockets are without `--run-dir`.
pub(crate) const RUN_DIRECTORY: &str = "/run/dhcp-client";

/// How long a script may run without another limit.
pub(crate) const SCRIPT_PATIENCE: Duration = Duration::from_secs(60);

/// After how long without an offer `--ipv4ll` takes a link-local address: as long as dhcpcd waits.
pub(crate) const LINK_LOCAL_AFTER: u32 = 5000;

/// Options asked for. 121 comes early, since RFC 3442 asks clients to request it before 33 and 3.
pub(crate) const REQUESTED: [u8; 15] = [1, 121, 3, 6, 12, 15, 26, 28, 33, 42, 51, 54, 58, 59, 119];

const USAGE: &str = "\
Usage: dhcp-client [OPTION]... [INTERFACE]...
       dhcp-client ctl status|renew|rebind|release|stop|dump [OPTION]... [INTERFACE]...
       dhcp-client compat dhcpcd|udhcpc|dhclient [--explain] [ARGUMENT]...
       dhcp-client role network|actuator|engine OPTION...

Gets IPv4 leases by DHCP and keeps them. Needs root, or CAP_NET_ADMIN, CAP_NET_RAW and
CAP_NET_BIND_SERVICE; all that is read from the network is read in a sandboxed process.
Without INTERFACE it serves all that are not virtual, also those that appear later.

      --once              exit 0 when each interface has its lease, and leave it configured;
                          exit 1 after the timeout
      --background        serve in the background; return when each interface has its lease
      --timeout SECONDS   how long --once and --background wait (30)
      --allow GLOB        serve interfaces of such names only (may be repeated)
      --deny GLOB         never serve interfaces of such names (may be repeated)
      --acd MODE          address conflict detection: full before the address is used, fast at the
                          same time, or off (fast)
      --ipv4ll            without a server, use a link-local address meanwhile
      --rapid-commit      accept a lease in two messages instead of four
      --client-id ID      mac, duid, none, or octets as 01:02:03 (mac)
      --hostname NAME     name to tell servers; empty is none (the system's)
      --request CODES     options to ask for besides the usual ones, as 43,66
      --metric NUMBER     metric of the routes (1000 and the interface's index)
      --hook PROGRAM      run it after each change, with the variables of dhcpcd's hooks
      --persistent        leave the configuration when told to stop
      --takeover          take the interface over from another client that still runs
      --resolv-conf FILE  resolver file, rewritten in place (/etc/resolv.conf)
      --state-dir DIR     where leases are remembered (/var/lib/dhcp-client)
      --run-dir DIR       where the control socket is (/run/dhcp-client); empty is none
      --control-group G   group that may use all of the control socket, besides root
      --pid-file FILE     where to write the process id
      --metrics-file FILE, --metrics-socket FILE
                          counters for Prometheus, as a text file and on a unix socket
      --log TARGET        stderr, syslog, journal or a file's path (may be repeated; stderr)
      --log-level LEVEL   debug, info, warning or error (info)
      --backend NAME      process: sandboxed (the default); none: not sandboxed, for debugging
      --json              one JSON object a line on standard output
      --pcap FILE         record what the sandboxed process was sent and sent
  -h, --help              this text
  -V, --version           the version

Signals: SIGTERM, SIGINT: undo the configuration and exit; SIGUSR1: renew; SIGHUP: rebind;
SIGUSR2: release and exit.
Exit status: 0 success, 1 failure, 3 no sandbox possible, 64 wrong usage.
";

/// Reads the command line, without the program's name.
pub(crate) fn parse(arguments: Vec<OsString>, host: &dyn Host) -> Result<Request, UsageError> {
    let result = match arguments.first().and_then(|word| word.to_str()) {
        Some("ctl") => subcommands::control(arguments.into_iter().skip(1)),
        Some("compat") => return subcommands::compat(arguments.into_iter().skip(1), host),
        Some("role") => subcommands::role(arguments.into_iter().skip(1).collect(), host),
        _ => run(arguments, host),
    };
    result.map_err(|error| refused(&error))
}

fn refused(error: &dyn std::fmt::Display) -> UsageError {
    UsageError {
        text: format!("dhcp-client: {error}; --help shows the usage\n"),
        status: WRONG_USAGE,
    }
}

/// What every interface is asked for where nobody says otherwise.
pub(crate) fn default_settings(host: &dyn Host) -> Settings {
    Settings {
        vendor_class: vendor_class(host),
        requested: REQUESTED.to_vec(),
        conflict_detection: ConflictDetection::Fast,
        ..Settings::default()
    }
}

/// `calfkit-VERSION:Linux-RELEASE:MACHINE`.
pub(crate) fn vendor_class(host: &dyn Host) -> Vec<u8> {
    let (release, machine) = host.system();
    let version = env!("CARGO_PKG_VERSION");
    format!("calfkit-{version}:Linux-{release}:{machine}").into_bytes()
}

fn run(arguments: Vec<OsString>, host: &dyn Host) -> Result<Request, lexopt::Error> {
    let mut parser = Parser::from_args(arguments);
    let mut words = Words::new(host);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(print(USAGE)),
            Arg::Short('V') | Arg::Long("version") => {
                return Ok(print(concat!(
                    "dhcp-client ",
                    env!("CARGO_PKG_VERSION"),
                    "\n"
                )));
            }
            Arg::Value(name) => {
                let name = value::interface_name(&name.string()?)?;
                words.setup.interfaces.named.push(name);
            }
            Arg::Long(name) => {
                let name = name.to_owned();
                if !words.flag(&name) {
                    words.option(&name, &mut parser)?;
                }
            }
            Arg::Short(_) => return Err(argument.unexpected()),
        }
    }
    words.finish().map(|setup| Request::Run(Box::new(setup)))
}

/// What was read so far.
struct Words {
    setup: Setup,
    timeout: Option<Duration>,
}

impl Words {
    fn new(host: &dyn Host) -> Self {
        let profile = Profile {
            settings: default_settings(host),
            ..Profile::default()
        };
        Self {
            setup: Setup {
                client: Client::Native,
                interfaces: Interfaces::default(),
                profile,
                profiles: Vec::new(),
                ending: Ending {
                    once: false,
                    wait_for: WaitFor::All,
                    background: Background::Never,
                    waits_for_carrier: true,
                    patience: Patience::Endless,
                    then: Then::GoOn,
                    interrupted: 0,
                },
                on_stop: OnStop::Undo,
                log: Log {
                    targets: Vec::new(),
                    level: LogLevel::Info,
                    quiet: false,
                },
                files: Files {
                    state_directory: PathBuf::from(STATE_DIRECTORY),
                    run_directory: Some(PathBuf::from(RUN_DIRECTORY)),
                    control_group: None,
                    resolv_conf: None,
                    pid_file: None,
                    pcap: None,
                    metrics_file: None,
                    metrics_socket: None,
                },
                backend: Backend::Process,
                json: false,
                takeover: false,
                purpose: Purpose::Serve,
                notes: Vec::new(),
            },
            timeout: None,
        }
    }

    /// Takes an option without a value; false if it is none.
    fn flag(&mut self, name: &str) -> bool {
        let Setup {
            profile, ending, ..
        } = &mut self.setup;
        match name {
            "once" => ending.once = true,
            "background" => ending.background = Background::WhenLeased,
            "ipv4ll" => profile.settings.link_local_after = Some(LINK_LOCAL_AFTER),
            "rapid-commit" => profile.settings.rapid_commit = true,
            "persistent" => self.setup.on_stop = OnStop::Leave,
            "takeover" => self.setup.takeover = true,
            "json" => self.setup.json = true,
            _ => return false,
        }
        true
    }

    fn option(&mut self, name: &str, parser: &mut Parser) -> Result<(), lexopt::Error> {
        let Setup {
            interfaces,
            profile,
            log,
            files,
            backend,
            ..
        } = &mut self.setup;
        let mut path =
            || -> Result<Option<PathBuf>, lexopt::Error> { Ok(Some(parser.value()?.into())) };
        match name {
            "resolv-conf" => files.resolv_conf = path()?,
            "state-dir" => files.state_directory = parser.value()?.into(),
            "run-dir" => files.run_directory = path()?.filter(|path| !path.as_os_str().is_empty()),
            "pid-file" => files.pid_file = path()?,
            "pcap" => files.pcap = path()?,
            "metrics-file" => files.metrics_file = path()?,
            "metrics-socket" => files.metrics_socket = path()?,
            "control-group" => files.control_group = Some(parser.value()?.string()?),
            "hook" => profile.script = Some(hook(parser.value()?.into())),
            "timeout" => self.timeout = Some(parser.value()?.parse_with(value::seconds)?),
            "allow" => {
                let glob = parser.value()?.parse_with(value::interface_glob)?;
                interfaces.allow.push(glob);
            }
            "deny" => {
                let glob = parser.value()?.parse_with(value::interface_glob)?;
                interfaces.deny.push(glob);
            }
            "acd" => {
                profile.settings.conflict_detection = parser.value()?.parse_with(detection)?;
            }
            "client-id" => profile.identifier = parser.value()?.parse_with(identifier)?,
            "hostname" => profile.host_name = parser.value()?.parse_with(host_name)?,
            "request" => {
                let more = parser.value()?.parse_with(value::codes)?;
                value::append_missing(&mut profile.settings.requested, &more);
            }
            "metric" => profile.metric = Some(parser.value()?.parse()?),
            "log" => log.targets.push(log_target(parser.value()?)),
            "log-level" => log.level = parser.value()?.parse_with(log_level)?,
            "backend" => *backend = parser.value()?.parse_with(self::backend)?,
            _ => return Err(Arg::Long(name).unexpected()),
        }
        Ok(())
    }

    fn finish(self) -> Result<Setup, lexopt::Error> {
        let Self { mut setup, timeout } = self;
        let waits = setup.ending.once || setup.ending.background == Background::WhenLeased;
        if waits {
            setup.ending.patience = Patience::Time(timeout.unwrap_or(ONCE_TIMEOUT));
            setup.ending.then = Then::Exit(1);
        } else if timeout.is_some() {
            return Err("--timeout goes with --once or --background".into());
        }
        if setup.ending.once && setup.ending.background == Background::WhenLeased {
            return Err("--once and --background exclude each other".into());
        }
        if setup.files.pcap.is_some() && setup.interfaces.named.len() != 1 {
            return Err("--pcap records one interface; name one, and one only".into());
        }
        if setup.log.targets.is_empty() {
            setup.log.targets.push(LogTarget::StandardError);
        }
        Ok(setup)
    }
}

fn print(text: &str) -> Request {
    Request::Print {
        text: text.to_owned(),
        status: 0,
    }
}

fn hook(path: PathBuf) -> Script {
    Script {
        path,
        dialect: Client::Dhcpcd,
        part: Part::Hook,
        environment: Vec::new(),
        patience: SCRIPT_PATIENCE,
        skip_hooks: Vec::new(),
        names: Vec::new(),
    }
}

fn verb(text: &str) -> Result<Verb, &'static str> {
    match text {
        "status" => Ok(Verb::Status),
        "renew" => Ok(Verb::Renew),
        "rebind" => Ok(Verb::Rebind),
        "release" => Ok(Verb::Release),
        "stop" => Ok(Verb::Stop),
        "dump" => Ok(Verb::Dump),
        _ => Err("is one of: status, renew, rebind, release, stop, dump"),
    }
}

fn detection(text: &str) -> Result<ConflictDetection, &'static str> {
    match text {
        "off" => Ok(ConflictDetection::Off),
        "fast" => Ok(ConflictDetection::Fast),
        "full" => Ok(ConflictDetection::Full),
        _ => Err("is one of: full, fast, off"),
    }
}

fn identifier(text: &str) -> Result<Identifier, String> {
    match text {
        "mac" => Ok(Identifier::HardwareAddress),
        "duid" => Ok(Identifier::Duid {
            iaid: None,
            duid: None,
        }),
        "none" => Ok(Identifier::None),
        octets => value::colon_octets(octets)
            .filter(|octets| octets.len() >= 2)
            .map(Identifier::Octets)
            .ok_or_else(|| "is mac, duid, none, or at least two octets as 01:02:03".to_owned()),
    }
}

fn host_name(text: &str) -> Result<HostName, &'static str> {
    match text {
        "" => Ok(HostName::None),
        name if value::is_host_name(name) => Ok(HostName::Given(name.to_owned())),
        _ => Err("is not a host name"),
    }
}

fn log_target(target: OsString) -> LogTarget {
    match target.to_str() {
        Some("stderr") => LogTarget::StandardError,
        Some("syslog") => LogTarget::Syslog,
        Some("journal") => LogTarget::Journal,
        _ => LogTarget::File(target.into()),
    }
}

fn log_level(text: &str) -> Result<LogLevel, &'static str> {
    match text {
        "debug" => Ok(LogLevel::Debug),
        "info" => Ok(LogLevel::Info),
        "warning" => Ok(LogLevel::Warning),
        "error" => Ok(LogLevel::Error),
        _ => Err("is one of: debug, info, warning, error"),
    }
}

fn backend(text: &str) -> Result<Backend, &'static str> {
    match text {
        "process" => Ok(Backend::Process),
        "none" => Ok(Backend::None),
        _ => Err("is one of: process, none"),
    }
}

#[cfg(test)]
mod tests;
