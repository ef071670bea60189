//! What the words have come to so far, in dhcpcd's terms: its defaults, and what each directive changes.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
    path::PathBuf,
};

use sdk_rpc::{Kind, Pace, Parameter, Route, Settings};

use crate::setup::LogLevel;

/// Seconds that a lease is waited for.
const TIMEOUT: u32 = 30;
/// Seconds for which a remembered address is asked for, and after which a link-local one is taken.
pub(super) const REBOOT: u32 = 5;
/// Milliseconds that the first message waits at most.
const DELAY: u32 = 1000;

/// A draft.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// What goes to the protocol as it is.
    pub(super) settings: Settings,
    pub(super) options: Options,
    pub(super) who: Who,
    pub(super) sent: Sent,
    pub(super) addressing: Addressing,
    pub(super) hooks: Hooks,
    pub(super) run: Run,
}

/// Which options are wanted of servers.
#[derive(Clone, Debug, Default)]
pub(super) struct Options {
    pub(super) wanted: BTreeSet<u8>,
    pub(super) required: BTreeSet<u8>,
    pub(super) rejected: BTreeSet<u8>,
    pub(super) ignored: BTreeSet<u8>,
    /// Names that the operator gave, by code.
    pub(super) names: Vec<(u8, String)>,
    pub(super) kinds: Vec<(u8, Kind)>,
    /// Of those, which are always asked for, and which never.
    pub(super) always: BTreeSet<u8>,
    pub(super) never: BTreeSet<u8>,
    /// What was defined last: parts of it may follow.
    pub(super) inside: Space,
}

/// Whose options there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Space {
    #[default]
    None,
    Dhcp,
    Ipv6,
    Enterprise,
}

/// Who the client is.
#[derive(Clone, Debug, Default)]
pub(super) struct Who {
    pub(super) identifier: IdentifierKind,
    /// An identifier that the operator gave: it counts before any kind.
    pub(super) given: Vec<u8>,
    pub(super) duid: Option<Vec<u8>>,
    pub(super) iaid: Option<u32>,
    /// Whether servers are told the host's name.
    pub(super) tells_name: bool,
    pub(super) name: Option<String>,
    pub(super) short: bool,
    /// Flags of the name in the domain name system (RFC 4702 section 2.1); none: it is not told.
    pub(super) full_name: Option<u8>,
}

/// What an identifier is made from where the operator gave none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum IdentifierKind {
    /// It is not sent.
    #[default]
    None,
    HardwareAddress,
    Duid,
}

/// Further options that are sent, as octets.
#[derive(Clone, Debug, Default)]
pub(super) struct Sent {
    /// Option 77.
    pub(super) user_class: Vec<u8>,
    /// Option 43, with its end still to come where it is made of options.
    pub(super) vendor: Vec<u8>,
    pub(super) vendor_is_raw: bool,
    /// Option 124: enterprise number and classes.
    pub(super) vendor_classes: Option<(u32, Vec<u8>)>,
    /// Option 125: options by enterprise number.
    pub(super) enterprises: BTreeMap<u32, Vec<u8>>,
    /// Option 161.
    pub(super) mud_url: Vec<u8>,
}

/// Where addresses come from, and what is taken of a lease.
#[derive(Clone, Debug)]
pub(super) struct Addressing {
    pub(super) source: Source,
    /// The operator's address; unspecified is the one that the interface has.
    pub(super) address: Ipv4Addr,
    /// The length that was given with the address, or that of its class.
    pub(super) prefix_length: u8,
    /// The length of a mask that was given on its own: it counts before the other.
    pub(super) mask_length: Option<u8>,
    pub(super) broadcast: Option<Ipv4Addr>,
    pub(super) routers: Vec<Ipv4Addr>,
    pub(super) routes: Vec<Route>,
    pub(super) mtu: Option<u16>,
    /// Further values that the operator gave, each with its text, which later lines add to.
    pub(super) values: Vec<(String, Parameter)>,
    /// A profile that is used when no server answers.
    pub(super) fallback: Option<String>,
    pub(super) fallback_seconds: Option<u32>,
    pub(super) gateway: bool,
    pub(super) metric: Option<u32>,
    pub(super) ipv4: bool,
    /// Only for what is said of it.
    pub(super) ipv6: bool,
    pub(super) dhcp: bool,
    pub(super) arp: bool,
    pub(super) link_local: bool,
    pub(super) link_local_seconds: Option<u32>,
    /// Seconds for a remembered address; zero: it is not asked for.
    pub(super) reboot: u32,
    /// A lease of another run is not asked for again.
    pub(super) forgets: bool,
}

/// Where an address comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Server,
    Static,
    Inform,
}

/// The script and its surroundings.
#[derive(Clone, Debug, Default)]
pub(super) struct Hooks {
    pub(super) script: Script,
    pub(super) environment: Vec<(String, String)>,
    pub(super) skipped: Vec<String>,
    /// The script configures the host, not the program.
    pub(super) configures: bool,
}

/// Which script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Script {
    /// The one that dhcpcd comes with, where it is installed.
    #[default]
    Installed,
    /// None.
    None,
    /// The operator's.
    Given(PathBuf),
}

/// What is said of the run and not of an interface.
#[derive(Clone, Debug, Default)]
pub(super) struct Run {
    pub(super) background: bool,
    pub(super) foreground: bool,
    pub(super) once: bool,
    pub(super) test: bool,
    pub(super) timeout: u32,
    pub(super) waits: bool,
    pub(super) persistent: bool,
    pub(super) releases: bool,
    pub(super) level: LogLevel,
    /// How often quiet was asked for.
    pub(super) quiet: u8,
    pub(super) no_syslog: bool,
    pub(super) log_file: Option<PathBuf>,
    pub(super) control_group: Option<String>,
    pub(super) allow: Vec<String>,
    pub(super) deny: Vec<String>,
}

impl Draft {
    /// dhcpcd's defaults, with a vendor class of the program's own.
    pub(super) fn new(vendor_class: Vec<u8>) -> Self {
        Self {
            settings: Settings {
                vendor_class,
                start_delay: DELAY,
                forced_renewal: true,
                pace: Pace::default(),
                ..Settings::default()
            },
            options: Options::default(),
            who: Who::default(),
            sent: Sent::default(),
            addressing: Addressing {
                source: Source::Server,
                address: Ipv4Addr::UNSPECIFIED,
                prefix_length: 32,
                mask_length: None,
                broadcast: None,
                routers: Vec::new(),
                routes: Vec::new(),
                mtu: None,
                values: Vec::new(),
                fallback: None,
                fallback_seconds: None,
                gateway: true,
                metric: None,
                ipv4: true,
                ipv6: true,
                dhcp: true,
                arp: true,
                link_local: true,
                link_local_seconds: None,
                reboot: REBOOT,
                forgets: false,
            },
            hooks: Hooks::default(),
            run: Run {
                timeout: TIMEOUT,
                ..Run::default()
            },
        }
    }
}
