//! What udhcpc's flags come to.

use std::path::PathBuf;

use sdk_rpc::{ConflictDetection, Pace, Settings};

use super::options;
use crate::{
    Host,
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

/// The interface without `-i`.
const INTERFACE: &str = "eth0";

/// Scripts without `-s`: BusyBox' own place, and Alpine's.
const SCRIPTS: [&str; 2] = [
    "/etc/udhcpc/default.script",
    "/usr/share/udhcpc/default.script",
];

/// Exit status of a process that SIGINT ended, as a shell shows it: udhcpc does not catch it.
const INTERRUPTED: u8 = 130;

/// What was read so far.
pub(super) struct Words {
    pub(super) settings: Settings,
    pub(super) identifier: Option<Identifier>,
    pub(super) host_name: HostName,
    pub(super) vendor_class: Option<Vec<u8>>,
    pub(super) interface: String,
    pub(super) script: Option<PathBuf>,
    pub(super) pid_file: Option<PathBuf>,
    pub(super) retries: u32,
    pub(super) timeout: u32,
    pub(super) try_again: u32,
    pub(super) no_default_options: bool,
    pub(super) no_identifier: bool,
    pub(super) background: bool,
    pub(super) now: bool,
    pub(super) quit: bool,
    pub(super) foreground: bool,
    pub(super) release: bool,
    pub(super) syslog: bool,
    pub(super) verbose: bool,
    pub(super) remarks: Remarks,
}

impl Words {
    pub(super) fn new(host: &dyn Host) -> Self {
        Self {
            settings: Settings {
                requested: Vec::new(),
                conflict_detection: ConflictDetection::Off,
                kinds: options::kinds(),
                ..native::default_settings(host)
            },
            identifier: None,
            host_name: HostName::None,
            vendor_class: None,
            interface: INTERFACE.to_owned(),
            script: None,
            pid_file: None,
            retries: 3,
            timeout: 3,
            try_again: 20,
            no_default_options: false,
            no_identifier: false,
            background: false,
            now: false,
            quit: false,
            foreground: false,
            release: false,
            syslog: false,
            verbose: false,
            remarks: Remarks::default(),
        }
    }

    /// The run that they ask for.
    pub(super) fn finish(mut self, host: &dyn Host) -> Setup {
        let script = self.script(host);
        let mut requested = std::mem::take(&mut self.settings.requested);
        if !self.no_default_options {
            requested.extend(options::REQUESTED);
        }
        // In the order of their codes, as udhcpc asks, but for what RFC 3442 demands.
        requested.sort_unstable();
        requested.dedup();
        value::classless_first(&mut requested);
        self.settings.requested = requested;
        self.settings.pace = self.pace();
        self.vendor_class();
        self.leave_defaults_noted();
        let ending = self.ending();
        let identifier = match self.identifier.take() {
            Some(identifier) => identifier,
            None if self.no_identifier => Identifier::None,
            None => Identifier::HardwareAddress,
        };
        let mut targets = vec![LogTarget::StandardError];
        if self.syslog {
            targets.push(LogTarget::Syslog);
        }
        Setup {
            client: Client::Udhcpc,
            interfaces: Interfaces {
                named: vec![self.interface],
                ..Interfaces::default()
            },
            profile: Profile {
                settings: self.settings,
                identifier,
                host_name: self.host_name,
                takes: Takes {
                    host_name: TakesHostName::Never,
                    ..Takes::default()
                },
                script,
                ..Profile::default()
            },
            profiles: Vec::new(),
            ending,
            on_stop: if self.release {
                OnStop::Release
            } else {
                OnStop::Leave
            },
            log: Log {
                targets,
                level: if self.verbose {
                    LogLevel::Debug
                } else {
                    LogLevel::Info
                },
                quiet: false,
            },
            files: Files {
                state_directory: PathBuf::from(STATE_DIRECTORY),
                run_directory: Some(PathBuf::from(RUN_DIRECTORY)),
                control_group: None,
                resolv_conf: None,
                pid_file: self.pid_file,
                pcap: None,
                metrics_file: None,
                metrics_socket: None,
            },
            backend: Backend::Process,
            json: false,
            takeover: false,
            purpose: Purpose::Serve,
            notes: self.remarks.into_notes(),
        }
    }

    /// The caller's script, or the one that somebody installed; with neither the program configures.
    fn script(&mut self, host: &dyn Host) -> Option<Script> {
        let installed = || {
            let paths = SCRIPTS.iter().map(PathBuf::from);
            paths.into_iter().find(|path| host.is_executable(path))
        };
        let Some(path) = self.script.take().or_else(installed) else {
            let how = "there is none: the program itself configures the interface";
            self.remarks.different(DEFAULT, "-s", how);
            return None;
        };
        Some(Script {
            path,
            dialect: Client::Udhcpc,
            part: Part::Configures,
            // udhcpc hands its own environment on, and callers use that to tell their script something.
            environment: host
                .environment()
                .into_iter()
                .filter(|(name, _)| name != "PATH")
                .collect(),
            patience: SCRIPT_PATIENCE,
            skip_hooks: Vec::new(),
            names: Vec::new(),
        })
    }

    /// A fixed rhythm: `-t` messages, `-T` seconds apart, and a pause of `-A` seconds.
    fn pace(&self) -> Pace {
        let between = self.timeout.saturating_mul(1000);
        Pace {
            first: between,
            longest: between,
            jitter: 0,
            attempt: between.saturating_mul(self.retries),
            pause: self.try_again.saturating_mul(1000),
        }
    }

    fn vendor_class(&mut self) {
        match self.vendor_class.take() {
            Some(class) => self.settings.vendor_class = class,
            None => {
                let class = String::from_utf8_lossy(&self.settings.vendor_class);
                let how = format!("{class} instead of udhcp and BusyBox' version");
                self.remarks.different(DEFAULT, "-V", &how);
            }
        }
    }

    /// What differs without any flag.
    fn leave_defaults_noted(&mut self) {
        let how = "an address that is remembered is asked for again before a new one (INIT-REBOOT)";
        self.remarks.different(DEFAULT, "first message", how);
        if self.quit && self.release {
            let how = "with -q the lease is kept: what was just configured would be given back";
            self.remarks.different(COMMAND_LINE, "-q -R", how);
        }
    }

    /// | | no lease after an attempt | a lease |
    /// |---|---|---|
    /// | `-b` | into the background, and on | as below |
    /// | `-n`, without `-b` | exit 1 | as below |
    /// | neither | on, in the foreground | as below |
    /// | `-q` | | exit 0 |
    /// | `-f`, without `-q` | | in the foreground |
    /// | neither | | into the background |
    fn ending(&self) -> Ending {
        let (patience, then) = match (self.background, self.now) {
            (true, _) => (Patience::Attempt, Then::Background),
            (false, true) => (Patience::Attempt, Then::Exit(1)),
            (false, false) => (Patience::Endless, Then::GoOn),
        };
        Ending {
            once: self.quit,
            wait_for: WaitFor::All,
            background: if self.quit || self.foreground {
                Background::Never
            } else {
                Background::WhenLeased
            },
            waits_for_carrier: true,
            patience,
            then,
            interrupted: INTERRUPTED,
        }
    }
}
