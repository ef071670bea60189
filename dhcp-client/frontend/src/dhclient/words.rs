//! What dhclient's flags come to, together with its configuration.

use std::{
    net::Ipv4Addr,
    path::{Path, PathBuf},
    time::Duration,
};

use sdk_rpc::{ConflictDetection, Legacy, Settings, Subnet};

use super::{
    configuration,
    section::{Configuration, Section},
};
use crate::{
    Control, Host, Request, Verb,
    native::{self, RUN_DIRECTORY, SCRIPT_PATIENCE, STATE_DIRECTORY},
    remarks::{COMMAND_LINE, DEFAULT, Remarks},
    script::{Part, Script},
    setup::{
        Backend, Background, Client, Ending, Files, HostName, Identifier, Interfaces, Log,
        LogLevel, LogTarget, OnStop, Patience, Profile, Purpose, Setup, Takes, TakesHostName, Then,
        WaitFor,
    },
    value,
};

/// Files without a flag, and the variables of the environment that name others.
const CONFIGURATION: (&str, &str) = ("PATH_DHCLIENT_CONF", "/etc/dhcp/dhclient.conf");
const LEASE_FILE: (&str, &str) = ("PATH_DHCLIENT_DB", "/var/lib/dhcp/dhclient.leases");
const PID_FILE: (&str, &str) = ("PATH_DHCLIENT_PID", "/run/dhclient.pid");
const SCRIPT: (&str, &str) = ("PATH_DHCLIENT_SCRIPT", "/sbin/dhclient-script");

/// Exit status when no server gives a lease to `-1`.
const NO_LEASE: u8 = 2;

/// Exit status of a process that SIGINT ended, as a shell shows it: dhclient does not catch it.
const INTERRUPTED: u8 = 130;

/// Which addresses are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Address {
    /// IPv4.
    #[default]
    V4,
    /// IPv6, which is not spoken yet.
    V6,
}

/// What is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mode {
    /// Interfaces are served.
    #[default]
    Serve,
    /// The run that goes on gives its lease back and stops.
    Release,
    /// The run that goes on stops.
    Stop,
}

/// What was read so far.
#[derive(Debug, Default)]
pub(super) struct Words {
    pub(super) interfaces: Vec<String>,
    pub(super) mode: Mode,
    pub(super) address: Address,
    pub(super) one_try: bool,
    pub(super) foreground: bool,
    pub(super) at_once: bool,
    pub(super) verbose: bool,
    pub(super) no_interface: bool,
    pub(super) wait_for_interfaces: bool,
    pub(super) duid: bool,
    pub(super) broadcast: bool,
    pub(super) no_pid: bool,
    pub(super) dad_wait_time: u32,
    pub(super) configuration: Option<PathBuf>,
    pub(super) lease_file: Option<PathBuf>,
    pub(super) pid_file: Option<PathBuf>,
    pub(super) script: Option<PathBuf>,
    pub(super) environment: Vec<(String, String)>,
    pub(super) metric: Option<u32>,
    pub(super) server: Option<Ipv4Addr>,
    pub(super) timeout: Option<u32>,
    pub(super) vendor_class: Option<Vec<u8>>,
    pub(super) identifier: Option<Vec<u8>>,
    pub(super) host_name: Option<HostName>,
    pub(super) full_name: Option<String>,
    pub(super) requested: Option<String>,
}

impl Words {
    /// What they ask for.
    pub(super) fn finish(self, mut remarks: Remarks, host: &dyn Host) -> Request {
        let pid_file = || {
            let given = self.pid_file.clone();
            value::written_file(given.unwrap_or_else(|| path_of(PID_FILE, host)))
        };
        let pid_file = if self.no_pid { None } else { pid_file() };
        let verb = match self.mode {
            Mode::Serve => {
                let setup = self.setup(pid_file, &mut remarks, host);
                return Request::Run(Box::new(Setup {
                    notes: remarks.into_notes(),
                    ..setup
                }));
            }
            Mode::Release => Verb::Release,
            Mode::Stop => Verb::Stop,
        };
        // dhclient reads its lease file where no client runs any more, and gives back what is in force.
        let otherwise = (verb == Verb::Release).then(|| {
            let setup = self.setup(None, &mut remarks, host);
            Box::new(Setup {
                purpose: Purpose::Release,
                ending: Ending {
                    background: Background::Never,
                    ..setup.ending
                },
                notes: remarks.into_notes(),
                ..setup
            })
        });
        Request::Control(Box::new(Control {
            client: Client::Dhclient,
            verb,
            interfaces: self.interfaces,
            run_directory: Some(PathBuf::from(RUN_DIRECTORY)),
            pid_file,
            json: false,
            otherwise,
            // ifdown(8) takes an interface down whether or not its client is still there.
            names: Vec::new(),
            nothing_runs: 0,
        }))
    }

    fn setup(&self, pid_file: Option<PathBuf>, remarks: &mut Remarks, host: &dyn Host) -> Setup {
        let mut configuration = self.read_configuration(remarks, host);
        self.override_sections(&mut configuration, remarks);
        let base = self.base(remarks, host);
        let scripts = |section: &Section| self.script(section, host);
        let general = &configuration.general;
        let mut profile = general.profile(&base, &configuration.vocabulary);
        profile.script = scripts(general);
        if profile.script.is_none() {
            let how = "there is no script: the program itself configures interfaces";
            remarks.different(DEFAULT, "-sf", how);
        }
        let profiles = configuration.interface_names().into_iter().map(|name| {
            let section = configuration.section(name);
            let mut profile = section.profile(&base, &configuration.vocabulary);
            profile.script = scripts(section);
            let fallback = configuration.fallbacks.iter().find(|(it, _)| it == name);
            profile.fallback = fallback.map(|(_, address)| address.clone());
            if let Some(script) = &mut profile.script {
                let alias = configuration.aliases.iter().filter(|(it, _)| it == name);
                script
                    .environment
                    .extend(alias.flat_map(|(_, variables)| variables.clone()));
            }
            (name.to_owned(), profile)
        });
        Setup {
            client: Client::Dhclient,
            interfaces: self.served(&configuration, remarks),
            profiles: profiles.collect(),
            profile,
            ending: self.ending(),
            on_stop: OnStop::Leave,
            log: self.log(),
            files: Files {
                state_directory: PathBuf::from(STATE_DIRECTORY),
                run_directory: Some(PathBuf::from(RUN_DIRECTORY)),
                control_group: None,
                resolv_conf: None,
                pid_file,
                pcap: None,
                metrics_file: None,
                metrics_socket: None,
            },
            backend: Backend::Process,
            json: false,
            takeover: false,
            purpose: Purpose::Serve,
            notes: Vec::new(),
        }
    }

    fn read_configuration(&self, remarks: &mut Remarks, host: &dyn Host) -> Configuration {
        let path = match &self.configuration {
            Some(path) => path.clone(),
            None => path_of(CONFIGURATION, host),
        };
        match configuration::read(&path, host, remarks) {
            Some(configuration) => configuration,
            None => {
                if self.configuration.is_some() && path != Path::new("/dev/null") {
                    let shown = format!("-cf {}", path.display());
                    let why = "the file cannot be read; defaults are used, as dhclient does";
                    remarks.missing(COMMAND_LINE, shown, why);
                }
                Configuration::default()
            }
        }
    }

    /// What flags say goes before what the configuration says.
    fn override_sections(&self, configuration: &mut Configuration, remarks: &mut Remarks) {
        let requested = self.requested.as_ref().map(|names| {
            let mut codes = Vec::new();
            for name in names.split(',').map(str::trim) {
                match configuration.vocabulary.by_name(name) {
                    Some((code, _)) => value::append_missing(&mut codes, &[code]),
                    None => {
                        let shown = format!("--request-options {name}");
                        remarks.missing(COMMAND_LINE, shown, "there is no such option");
                    }
                }
            }
            codes
        });
        let own = configuration
            .interfaces
            .iter_mut()
            .map(|(_, section)| section);
        for section in std::iter::once(&mut configuration.general).chain(own) {
            section.timeout = self.timeout.unwrap_or(section.timeout);
            if let Some(class) = &self.vendor_class {
                section.vendor_class = Some(class.clone());
            }
            if let Some(octets) = &self.identifier {
                section.identifier = Some(Identifier::Octets(octets.clone()));
            }
            if let Some(name) = &self.host_name {
                section.host_name = name.clone();
            }
            if let Some(name) = &self.full_name {
                section.full_name = Some(name.clone());
            }
            if let Some(codes) = &requested {
                section.requested.clone_from(codes);
            }
        }
        if configuration.general.vendor_class.is_none() {
            let how = "calfkit, its version and the system's, instead of none";
            remarks.different(DEFAULT, "vendor-class-identifier", how);
        }
    }

    /// What no configuration says.
    fn base(&self, remarks: &mut Remarks, host: &dyn Host) -> Profile {
        let lease_file = match &self.lease_file {
            Some(path) => path.clone(),
            None => {
                let path = path_of(LEASE_FILE, host);
                let how = format!("{}: written at each change, and never read", path.display());
                remarks.different(DEFAULT, "-lf", &how);
                path
            }
        };
        Profile {
            settings: Settings {
                conflict_detection: ConflictDetection::Off,
                legacy: Legacy::Accepted,
                broadcast: self.broadcast,
                allowed_servers: self
                    .server
                    .iter()
                    .map(|address| Subnet {
                        address: *address,
                        prefix_length: 32,
                    })
                    .collect(),
                ..native::default_settings(host)
            },
            identifier: if self.duid {
                Identifier::Duid {
                    iaid: None,
                    duid: None,
                }
            } else {
                Identifier::None
            },
            // As ISC's script does: a name of the host's own stays.
            takes: Takes {
                host_name: TakesHostName::WhenUnset,
                ..Takes::default()
            },
            metric: self.metric,
            lease_file: value::written_file(lease_file),
            ..Profile::default()
        }
    }

    /// The configuration's script, which dhclient puts before `-sf`, or the one that is installed; with
    /// none of them the program configures.
    fn script(&self, section: &Section, host: &dyn Host) -> Option<Script> {
        let named = section.script.clone().or_else(|| self.script.clone());
        let named = named.or_else(|| variable(SCRIPT.0, host).map(PathBuf::from));
        let installed = || {
            let path = Path::new(SCRIPT.1);
            host.is_executable(path).then(|| path.to_path_buf())
        };
        let mut environment = self.environment.clone();
        let wait = self.dad_wait_time.to_string();
        environment.push(("dad_wait_time".to_owned(), wait));
        Some(Script {
            path: named.or_else(installed)?,
            dialect: Client::Dhclient,
            part: Part::Configures,
            environment,
            patience: SCRIPT_PATIENCE,
            skip_hooks: Vec::new(),
            names: Vec::new(),
        })
    }

    fn served(&self, configuration: &Configuration, remarks: &mut Remarks) -> Interfaces {
        let nothing = self.no_interface || self.address == Address::V6;
        if nothing {
            return Interfaces {
                deny: vec!["*".to_owned()],
                ..Interfaces::default()
            };
        }
        let mut named = self.interfaces.clone();
        if named.is_empty() {
            let declared = configuration.interfaces.iter();
            named.extend(declared.map(|(name, _)| name.clone()));
        }
        if named.is_empty() {
            let how = if self.wait_for_interfaces {
                "all but virtual ones, also those that appear later"
            } else {
                "all but virtual ones, also those that appear later: it does not end without any"
            };
            remarks.different(DEFAULT, "interfaces", how);
        }
        Interfaces {
            named,
            ..Interfaces::default()
        }
    }

    /// | | no lease in time | a lease |
    /// |---|---|---|
    /// | `-d` | on, in the foreground | in the foreground |
    /// | `-nw` | on, in the background | in the background since the start |
    /// | neither | into the background, and on | into the background |
    /// | `-1` | exit 2 | as above |
    fn ending(&self) -> Ending {
        if self.address == Address::V6 || (self.no_interface && !self.wait_for_interfaces) {
            // There is nothing to serve, and nothing to wait for.
            return Ending {
                once: true,
                wait_for: WaitFor::Any,
                background: Background::Never,
                waits_for_carrier: true,
                patience: Patience::Time(Duration::ZERO),
                then: Then::Exit(0),
                interrupted: INTERRUPTED,
            };
        }
        let background = match (self.foreground, self.at_once) {
            (true, _) => Background::Never,
            (false, true) => Background::AtOnce,
            (false, false) => Background::WhenLeased,
        };
        let then = if self.one_try {
            Then::Exit(NO_LEASE)
        } else if background == Background::WhenLeased {
            Then::Background
        } else {
            Then::GoOn
        };
        Ending {
            once: false,
            wait_for: WaitFor::Any,
            background,
            waits_for_carrier: true,
            patience: Patience::Attempt,
            then,
            interrupted: INTERRUPTED,
        }
    }

    fn log(&self) -> Log {
        let mut targets = vec![LogTarget::Syslog];
        if self.verbose {
            targets.insert(0, LogTarget::StandardError);
        }
        Log {
            targets,
            level: LogLevel::Info,
            quiet: false,
        }
    }
}

/// A variable of the environment.
fn variable(name: &str, host: &dyn Host) -> Option<String> {
    let environment = host.environment();
    let found = environment.into_iter().find(|(it, _)| it == name);
    found.map(|(_, value)| value)
}

/// The file that a variable names, or the usual one.
fn path_of((name, usual): (&str, &str), host: &dyn Host) -> PathBuf {
    PathBuf::from(variable(name, host).unwrap_or_else(|| usual.to_owned()))
}
