//! Scripts of the operator's: which, in whose dialect, and at what occasion with what words.

use std::{net::Ipv4Addr, path::PathBuf, time::Duration};

use sdk_rpc::{Lease, MacAddress};

use crate::{
    dhclient::{self, Vocabulary},
    dhcpcd,
    setup::Client,
    udhcpc,
};

/// A script that is run at each change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// The program.
    pub path: PathBuf,
    /// Whose words and variables it expects.
    pub dialect: Client,
    /// What it is for.
    pub part: Part,
    /// Variables of the operator's.
    pub environment: Vec<(String, String)>,
    /// How long it may run.
    pub patience: Duration,
    /// Hooks that it must not run (dhcpcd), because the program does their work or the operator wants none.
    pub skip_hooks: Vec<String>,
    /// Names of options that the operator defined, by code; they count before the dialect's own.
    pub names: Vec<(u8, String)>,
}

/// What a script is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// It configures the host, and the program touches nothing.
    Configures,
    /// It is told after the program configured the host.
    Hook,
}

/// What happened on an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The interface is about to be served.
    Preinit,
    /// The link came up.
    Carrier,
    /// The link went away.
    NoCarrier,
    /// A lease where there was none.
    Bound,
    /// Its own server extended the lease.
    Renew,
    /// Some server extended the lease.
    Rebind,
    /// A remembered lease was confirmed.
    Reboot,
    /// A server said what belongs to the operator's address.
    Inform,
    /// The host gave itself a link-local address.
    LinkLocal,
    /// An address of the operator's is used.
    Static,
    /// The time of the lease is over.
    Expire,
    /// A server refused the address.
    Nak,
    /// Another host uses the address.
    Conflict,
    /// The lease was given back.
    Release,
    /// No server gave a lease.
    Fail,
    /// The network wants no IPv4 of hosts that can do without.
    Ipv6Only,
    /// The run stops serving the interface.
    Stop,
    /// The run ends; all interfaces are stopped.
    Stopped,
    /// The interface is gone.
    Departed,
    /// What a lease would be, without anything configured.
    Test,
    /// What the lease in force is.
    Dump,
}

/// What a script or a lease file is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occasion<'a> {
    /// What happened.
    pub reason: Reason,
    /// Where.
    pub interface: InterfaceFacts,
    /// The lease in force from now on; of [`Reason::Test`] and [`Reason::Dump`] the lease asked about.
    pub new: Option<&'a Lease>,
    /// The lease in force before.
    pub old: Option<&'a Lease>,
    /// The address that the client asked for or held without a lease.
    pub requested: Option<Ipv4Addr>,
    /// Options that servers were asked for.
    pub requested_options: &'a [u8],
    /// Wall clock, seconds since 1970.
    pub wall_now: u64,
    /// CLOCK_BOOTTIME, milliseconds.
    pub now: u64,
    /// Process id of the run.
    pub pid: u32,
    /// All interfaces of the run, most preferred first.
    pub interface_order: Vec<String>,
}

/// An interface as scripts are told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceFacts {
    /// Name.
    pub name: String,
    /// The kernel's number.
    pub index: u32,
    /// Hardware address.
    pub mac: MacAddress,
    /// Octets.
    pub mtu: u32,
    /// Flags of netdevice(7).
    pub flags: u32,
    /// Administratively up.
    pub up: bool,
    /// Carrier present.
    pub carrier: bool,
    /// Metric of its routes.
    pub metric: u32,
}

/// A run of a script: what follows its name, and all of its environment but PATH.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Call {
    /// Arguments.
    pub arguments: Vec<String>,
    /// Variables, each name once.
    pub environment: Vec<(String, String)>,
    /// Variables that were left out, because their values could do harm in a shell.
    pub left_out: Vec<String>,
}

/// The runs of `script` that tell it of `occasion`, one after the other; none where its client runs it for
/// nothing of the kind.
#[must_use]
pub fn calls(script: &Script, vocabulary: &Vocabulary, occasion: &Occasion<'_>) -> Vec<Call> {
    match script.dialect {
        // The program has no words of its own for scripts: dhcpcd's are those that most are written in.
        Client::Native | Client::Dhcpcd => dhcpcd::environment::calls(script, occasion),
        Client::Udhcpc => udhcpc::environment::calls(script, occasion),
        Client::Dhclient => dhclient::environment::calls(script, vocabulary, occasion),
    }
}
