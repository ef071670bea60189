//! A network namespace of its own for each test, with one interface, and eyes to see what came of it.

#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(
    clippy::unwrap_used,
    reason = "a failed unwrap is a failed test, with its line"
)]

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    io::Write as _,
    process::{Command, Stdio},
    rc::Rc,
};

use dhcp_actuator::{Actuator, Checked, Interface, Netlink, Observer, Options, Resolver, Takes};
use netlink_packet_core::NetlinkBuffer;
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use nix::{
    sched::{CloneFlags, unshare},
    unistd::geteuid,
};
use sdk_rpc::{
    Applied, ConfigureCause, DeconfigureCause, Lease, LeaseSink as _, Origin, Route, Setback,
    UpdateCause,
};
use serde_json::Value;

/// Arbitrary; when these tests begin.
pub(crate) const NOW: u64 = 1_000_000;

thread_local! {
    static CLOCK: Cell<u64> = const { Cell::new(NOW) };
}

/// Moves the clock of these tests, which else stands still.
pub(crate) fn pass(milliseconds: u64) {
    CLOCK.set(CLOCK.get() + milliseconds);
}

/// Runs `body` in namespaces of its own for network, mounts and the host's name: as root in this process, else in a user
/// namespace, where the test runs once more by its `name`.
pub(crate) fn isolated(name: &str, body: impl FnOnce() + Send + 'static) {
    if !geteuid().is_root() {
        let output = Command::new("unshare")
            .args(["--user", "--map-root-user"])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", name])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        // A run without a test of that name ends well, too.
        let ran = output.status.success() && said.contains("1 passed");
        assert!(
            ran,
            "in a user namespace: {said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        return;
    }
    let thread = std::thread::spawn(move || {
        unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWUTS)
            .unwrap();
        body();
    });
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

/// Message types and groups of linux/rtnetlink.h.
pub(crate) const DELETED_ADDRESS: u16 = 21;
pub(crate) const DELETED_ROUTE: u16 = 25;
const GROUPS_IPV4_ADDRESS_AND_ROUTE: u32 = 0x10 | 0x40;

/// Hears of every change to IPv4 addresses and routes.
pub(crate) struct Changes(Socket);

impl Changes {
    pub(crate) fn watch() -> Self {
        let mut socket = Socket::new(NETLINK_ROUTE).unwrap();
        socket
            .bind(&SocketAddr::new(0, GROUPS_IPV4_ADDRESS_AND_ROUTE))
            .unwrap();
        socket.set_non_blocking(true).unwrap();
        Self(socket)
    }

    /// Types of the messages since the last time; the kernel has queued them all when a change is made.
    pub(crate) fn take(&self) -> Vec<u16> {
        let datagrams = std::iter::from_fn(|| self.0.recv_from_full().ok());
        datagrams
            .map(|(bytes, _)| NetlinkBuffer::new(&bytes).message_type())
            .collect()
    }
}

/// Runs a future to its end.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// Runs `ip`, which must succeed.
pub(crate) fn ip(arguments: &str) -> String {
    let output = Command::new("ip")
        .args(arguments.split_whitespace())
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ip {arguments}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs many commands of `ip` at once.
pub(crate) fn batch(commands: impl Iterator<Item = String>) {
    let mut ip = Command::new("ip")
        .args(["-batch", "-"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let text: String = commands.map(|command| command + "\n").collect();
    let mut input = ip.stdin.take().unwrap();
    input.write_all(text.as_bytes()).unwrap();
    drop(input);
    assert!(ip.wait().unwrap().success());
}

/// Adds eth0, whose far end far0 is up.
pub(crate) fn add_interface() {
    ip("link add eth0 address 02:00:00:00:00:01 type veth peer name far0");
    ip("link set far0 up");
}

/// A netlink socket of this thread's network namespace.
pub(crate) fn netlink() -> Netlink {
    Netlink::open().unwrap()
}

/// The addresses of eth0: prefix notation to everything that `ip` says about each.
pub(crate) fn addresses() -> BTreeMap<String, Value> {
    let all: Value = serde_json::from_str(&ip("-j -4 address show dev eth0")).unwrap();
    let infos = all
        .pointer("/0/addr_info")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let prefixed =
        |info: &Value| format!("{}/{}", info["local"].as_str().unwrap(), info["prefixlen"]);
    infos
        .into_iter()
        .map(|info| (prefixed(&info), info))
        .collect()
}

/// The addresses of eth0, in prefix notation.
pub(crate) fn address_list() -> Vec<String> {
    addresses().into_keys().collect()
}

/// The routes through eth0 as `ip` prints them, sorted.
pub(crate) fn routes() -> Vec<String> {
    let all = ip("-4 route show table main dev eth0");
    let mut routes: Vec<String> = all.lines().map(|line| line.trim().to_owned()).collect();
    routes.sort();
    routes
}

/// The MTU of eth0.
pub(crate) fn mtu() -> u64 {
    let all: Value = serde_json::from_str(&ip("-j link show dev eth0")).unwrap();
    all.pointer("/0/mtu").and_then(Value::as_u64).unwrap()
}

/// Writes down what it was told.
#[derive(Default)]
pub(crate) struct Recorder {
    told: RefCell<Vec<String>>,
}

impl Recorder {
    fn tell(&self, line: String) {
        self.told.borrow_mut().push(line);
    }
}

impl Observer for Recorder {
    fn configured(&self, lease: &Checked, cause: ConfigureCause) {
        self.tell(format!("configured {} {cause:?}", lease.lease().address));
    }

    fn updated(&self, lease: &Checked, cause: UpdateCause) {
        self.tell(format!("updated {} {cause:?}", lease.lease().address));
    }

    fn deconfigured(&self, lease: Option<&Checked>, cause: DeconfigureCause) {
        let address = lease.map(|lease| lease.lease().address);
        self.tell(format!("deconfigured {address:?} {cause:?}"));
    }

    fn setback(&self, setback: Setback) {
        self.tell(format!("setback {setback:?}"));
    }

    fn notice(&self, line: &str) {
        self.tell(format!("notice {line}"));
    }
}

/// An interface eth0 with an actuator.
pub(crate) struct Bed {
    pub(crate) actuator: Actuator,
    options: Options,
    recorder: Rc<Recorder>,
    resolver_file: std::path::PathBuf,
}

impl Bed {
    /// With an interface of its own, up and with carrier.
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// As [`Self::new`], with an actuator that works in another way.
    pub(crate) fn with(change: impl FnOnce(&mut Options)) -> Self {
        add_interface();
        let bed = Self::of(&netlink(), "eth0", change);
        wait(bed.actuator.bring_up()).unwrap();
        bed
    }

    /// With the eth0 that is there, as it is.
    pub(crate) fn of_eth0() -> Self {
        Self::of(&netlink(), "eth0", |_| {})
    }

    /// With the interface `name` that is there, as it is.
    pub(crate) fn of(netlink: &Netlink, name: &str, change: impl FnOnce(&mut Options)) -> Self {
        let file = format!(
            "dhcp-actuator-bed-{:?}-{}-{name}",
            std::thread::current().id(),
            std::process::id()
        );
        let resolver_file = std::env::temp_dir().join(file);
        let resolver = Rc::new(Resolver::prepare(Some(&resolver_file)).unwrap());
        let recorder = Rc::new(Recorder::default());
        let mut options = Options {
            netlink: netlink.clone(),
            resolver,
            host_name: Rc::default(),
            takes: Takes::default(),
            metric: None,
            clock: || CLOCK.get(),
        };
        change(&mut options);
        let interface = Interface::find(netlink, name).unwrap();
        let actuator = Actuator::new(interface, options.clone(), recorder.clone());
        Self {
            actuator,
            options,
            recorder,
            resolver_file,
        }
    }

    /// With an interface of its own whose link takes no larger MTU.
    pub(crate) fn of_limited_mtu(highest_mtu: u32) -> Self {
        let mut bed = Self::new();
        let mut interface = bed.actuator.interface().clone();
        interface.limits.highest_mtu = highest_mtu;
        bed.actuator = Actuator::new(interface, bed.options.clone(), bed.recorder.clone());
        bed
    }

    /// What the observer was told since the last time.
    pub(crate) fn told(&self) -> Vec<String> {
        self.recorder.told.take()
    }

    pub(crate) fn try_configure(&self, lease: Lease) -> Applied {
        wait(self.actuator.configure(lease, ConfigureCause::Bound)).unwrap()
    }

    pub(crate) fn configure(&self, lease: Lease) {
        assert_eq!(self.try_configure(lease), Applied::Done);
    }

    pub(crate) fn try_update(&self, lease: Lease) -> Applied {
        wait(self.actuator.update(lease, UpdateCause::Renewed)).unwrap()
    }

    pub(crate) fn update(&self, lease: Lease) {
        assert_eq!(self.try_update(lease), Applied::Done);
    }

    pub(crate) fn set_back(&self, setback: Setback) {
        wait(self.actuator.setback(setback)).unwrap();
    }

    pub(crate) fn deconfigure(&self, cause: DeconfigureCause) {
        assert_eq!(
            wait(self.actuator.deconfigure(cause)).unwrap(),
            Applied::Done
        );
    }

    pub(crate) fn resolver_text(&self) -> String {
        std::fs::read_to_string(&self.resolver_file).unwrap()
    }

    pub(crate) fn write_resolver_text(&self, text: &str) {
        std::fs::write(&self.resolver_file, text).unwrap();
    }

    pub(crate) fn has_resolver_file(&self) -> bool {
        self.resolver_file.exists()
    }

    /// What routes end with: the metric of eth0.
    pub(crate) fn metric(&self) -> String {
        format!("metric {}", 1000 + self.actuator.interface().index)
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.resolver_file));
    }
}

/// An hour of 10.0.0.5/24, with a router.
pub(crate) fn lease() -> Lease {
    Lease {
        address: [10, 0, 0, 5].into(),
        prefix_length: 24,
        broadcast: None,
        server: [10, 0, 0, 1].into(),
        routers: vec![[10, 0, 0, 1].into()],
        routes: Vec::new(),
        dns: vec![[10, 0, 0, 53].into()],
        ntp: Vec::new(),
        domain: Some("lan.test".to_owned()),
        search: Vec::new(),
        host_name: None,
        mtu: None,
        lease_seconds: Some(3600),
        acquired_at: NOW,
        renew_at: Some(NOW + 1_800_000),
        rebind_at: Some(NOW + 3_150_000),
        expires_at: Some(NOW + 3_600_000),
        origin: Origin::Server,
        next_server: std::net::Ipv4Addr::UNSPECIFIED,
        server_name: None,
        boot_file: None,
        parameters: Vec::new(),
    }
}

/// An address that the host gave itself.
pub(crate) fn link_local() -> Lease {
    Lease {
        address: [169, 254, 7, 9].into(),
        prefix_length: 16,
        origin: Origin::LinkLocal,
        server: std::net::Ipv4Addr::UNSPECIFIED,
        routers: Vec::new(),
        dns: Vec::new(),
        domain: None,
        lease_seconds: None,
        renew_at: None,
        rebind_at: None,
        expires_at: None,
        ..lease()
    }
}

/// A route as a lease gives it.
pub(crate) fn route(destination: [u8; 4], prefix_length: u8, gateway: [u8; 4]) -> Route {
    Route {
        destination: destination.into(),
        prefix_length,
        gateway: gateway.into(),
    }
}

/// Why it was refused; it must have been.
pub(crate) fn reason(applied: Applied) -> String {
    match applied {
        Applied::Refused(reason) => reason,
        Applied::Done | Applied::InUse => panic!("not refused"),
    }
}
