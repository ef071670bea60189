//! Two hosts and the cable between them, on which a DHCP client meets a DHCP server.

use std::{env, fs, io, net::Ipv4Addr, os::unix::process::CommandExt as _, process::Command};

use nix::{
    sched::{CloneFlags, unshare},
    unistd::{getegid, geteuid},
};
use serde_json::Value;

use crate::{cable::Cable, monitor::AddressMonitor, namespace::Namespace, sniffer::Sniffer};

/// The client's link.
pub const CLIENT_LINK: &str = "eth0";
/// The client's hardware address.
pub const CLIENT_MAC: [u8; 6] = [0x02, 0, 0, 0x77, 0, 0x02];
/// The server's link.
pub const SERVER_LINK: &str = "srv0";
/// The server's hardware address.
pub const SERVER_MAC: [u8; 6] = [0x02, 0, 0, 0x77, 0, 0x01];
/// The server's address.
pub const SERVER_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);
/// Length of the network's prefix.
pub const PREFIX_LENGTH: u8 = 24;

/// Says to a re-executed test that it is inside its user namespace.
const INSIDE: &str = "CALFKIT_TESTBED_INSIDE";

/// A client and a server host, joined by a veth pair.
#[derive(Debug)]
pub struct Testbed {
    /// Where the client runs; its link is [`CLIENT_LINK`], up and without address.
    pub client: Namespace,
    /// Where servers run; its link is [`SERVER_LINK`] with [`SERVER_ADDRESS`].
    pub server: Namespace,
}

/// An IPv4 address of an interface, as `ip -j address` tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The address.
    pub address: Ipv4Addr,
    /// 0 to 32.
    pub prefix_length: u8,
    /// Seconds until the kernel removes it; `None` is for ever.
    pub valid_seconds: Option<u32>,
}

/// An IPv4 route, as `ip -j route` tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// `default`, `10.0.0.0/8` or `10.1.2.3`.
    pub destination: String,
    /// `None` is on-link.
    pub gateway: Option<Ipv4Addr>,
    /// Who made it: `dhcp`, `kernel`.
    pub protocol: String,
    /// Smaller is preferred.
    pub metric: u32,
}

impl Testbed {
    /// Makes the testbed. Without root, the whole test program starts anew inside a user namespace.
    ///
    /// # Panics
    /// Where the machine permits neither, with what to change.
    #[must_use]
    pub fn new() -> Self {
        if !geteuid().is_root() {
            start_anew_as_root();
        }
        Self::build().unwrap_or_else(|error| {
            panic!(
                "cannot make network namespaces ({error}): run as root with CAP_SYS_ADMIN, or \
                 allow user namespaces (sysctl user.max_user_namespaces)"
            )
        })
    }

    /// Makes the testbed inside a user namespace also for root: whose limits (`/proc/sys/user`) a test
    /// may set without touching the machine's.
    ///
    /// # Panics
    /// Like [`Self::new`].
    #[must_use]
    pub fn in_user_namespace() -> Self {
        if env::var_os(INSIDE).is_none() {
            start_anew_as_root();
        }
        Self::new()
    }

    /// Makes the testbed in this process, which is root here or in a user namespace.
    ///
    /// # Errors
    /// Where namespaces or mounts are not permitted.
    pub fn build() -> io::Result<Self> {
        let bed = Self {
            client: Namespace::new()?,
            server: Namespace::new()?,
        };
        bed.plug_in(&Cable::FIRST);
        Ok(bed)
    }

    /// Pulls the first cable, and returns when the client's kernel has said so.
    pub fn carrier_down(&self) {
        self.pull(&Cable::FIRST);
    }

    /// Plugs it in again, and returns when the client's kernel has said so.
    pub fn carrier_up(&self) {
        self.push(&Cable::FIRST);
    }

    /// What `ip` tells of the client's links that `which` names.
    pub(crate) fn links_json(&self, which: &str) -> Value {
        parse(&self.client.ip(&format!("-j link show {which}")))
    }

    /// Gives the server's end this address and no other.
    pub fn move_server(&self, address: Ipv4Addr) {
        self.server.ip(&format!("address flush dev {SERVER_LINK}"));
        let network = format!("{address}/{PREFIX_LENGTH}");
        self.server
            .ip(&format!("address add {network} dev {SERVER_LINK}"));
    }

    /// The client's IPv4 addresses on its link.
    #[must_use]
    pub fn addresses(&self) -> Vec<Address> {
        self.addresses_on(CLIENT_LINK)
    }

    pub(crate) fn addresses_of(&self, which: &str) -> Vec<Address> {
        let listed = parse(&self.client.ip(&format!("-j -4 address show {which}")));
        let of_link = |link: &Value| {
            list(&link["addr_info"])
                .iter()
                .map(address)
                .collect::<Vec<_>>()
        };
        list(&listed).iter().flat_map(of_link).collect()
    }

    /// The client's IPv4 routes.
    #[must_use]
    pub fn routes(&self) -> Vec<Route> {
        self.routes_of("")
    }

    pub(crate) fn routes_of(&self, which: &str) -> Vec<Route> {
        let listed = parse(
            &self
                .client
                .ip(&format!("-j -4 route show table main {which}")),
        );
        list(&listed).iter().map(route).collect()
    }

    /// The kernel's number of the client's link.
    ///
    /// # Panics
    /// If `ip` does not tell it.
    #[must_use]
    pub fn index(&self) -> u32 {
        let listed = parse(&self.client.ip(&format!("-j link show dev {CLIENT_LINK}")));
        number(&listed[0]["ifindex"]).expect("ip tells every link's number")
    }

    /// The MTU of the client's link.
    ///
    /// # Panics
    /// If `ip` does not tell it.
    #[must_use]
    pub fn mtu(&self) -> u64 {
        self.links_json(&format!("dev {CLIENT_LINK}"))[0]["mtu"]
            .as_u64()
            .expect("ip tells every link's MTU")
    }

    /// Starts to record all that passes the server's end of the cable.
    #[must_use]
    pub fn sniffer(&self) -> Sniffer {
        self.sniffer_on(&Cable::FIRST)
    }

    /// Starts to record the changes of the client's addresses.
    #[must_use]
    pub fn address_monitor(&self) -> AddressMonitor {
        AddressMonitor::start(&self.client)
    }
}

impl Default for Testbed {
    fn default() -> Self {
        Self::new()
    }
}

/// Makes this process root of a user namespace of its own.
///
/// Call it first in `main`: the kernel refuses it to a process with threads.
///
/// # Errors
/// Where user namespaces are not permitted.
pub fn enter_user_namespace() -> io::Result<()> {
    let (user, group) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER)?;
    // user_namespaces(7): the group map may be written only once setgroups(2) is denied.
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("0 {user} 1"))?;
    fs::write("/proc/self/gid_map", format!("0 {group} 1"))
}

/// A test has threads, so it cannot enter a user namespace: the same program, with the same words,
/// starts anew inside one. Only ever returns by panic.
fn start_anew_as_root() {
    let inside = env::var_os(INSIDE).is_some();
    assert!(!inside, "the user namespace did not make this process root");
    let program = env::current_exe().expect("a test program has a path");
    let failed = Command::new("unshare")
        .args(["--user", "--map-root-user", "--"])
        .arg(program)
        .args(env::args_os().skip(1))
        .env(INSIDE, "1")
        .exec();
    panic!("not root, and `unshare` (Debian package util-linux) failed: {failed}");
}

/// `02:00:00:77:00:02`.
#[must_use]
pub fn mac_text(mac: [u8; 6]) -> String {
    mac.map(|octet| format!("{octet:02x}")).join(":")
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect("ip -j writes JSON")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn number<T: TryFrom<u64>>(value: &Value) -> Option<T> {
    value.as_u64().and_then(|n| T::try_from(n).ok())
}

fn ipv4(value: &Value) -> Option<Ipv4Addr> {
    value.as_str().and_then(|text| text.parse().ok())
}

fn address(entry: &Value) -> Address {
    Address {
        address: ipv4(&entry["local"]).expect("an IPv4 address has `local`"),
        prefix_length: number(&entry["prefixlen"]).expect("an address has a prefix length"),
        // The kernel writes "for ever" as 2^32 - 1.
        valid_seconds: number(&entry["valid_life_time"]).filter(|s| *s != u32::MAX),
    }
}

fn route(entry: &Value) -> Route {
    Route {
        destination: entry["dst"].as_str().unwrap_or_default().to_owned(),
        gateway: ipv4(&entry["gateway"]),
        protocol: entry["protocol"].as_str().unwrap_or_default().to_owned(),
        metric: number(&entry["metric"]).unwrap_or(0),
    }
}
