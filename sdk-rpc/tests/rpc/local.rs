//! Local objects that record what they are asked and say what the test told them to say.

use std::{
    cell::{Cell, RefCell},
    future::pending,
    net::Ipv4Addr,
    rc::Rc,
};

use sdk_rpc::{
    Applied, Command, ConfigureCause, ConflictDetection, Counter, Datagram, DeconfigureCause,
    Error, Frame, FrameSink, FullName, HostDescription, HostView, HostWatcher, Kind, Lease,
    LeaseSink, Legacy, Level, LinkSource, LinkState, LinkWatch, LinkWatcher, Log, MacAddress, Net,
    Origin, Pace, Parameter, Setback, Settings, Subnet, UpdateCause, Value,
};
use tokio::sync::{Notify, mpsc};

pub(crate) const MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 7]);

pub(crate) fn frame(octet: u8, length: usize) -> Frame {
    Frame {
        bytes: vec![octet; length],
        checksum_ready: octet.is_multiple_of(2),
    }
}

/// What `mac` does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum MacBehaviour {
    #[default]
    Answer,
    Hang,
    Panic,
    Refuse,
    Wait,
}

/// The world behind a `LocalNet`.
pub(crate) struct NetWorld {
    pub(crate) counters: RefCell<Vec<Counter>>,
    pub(crate) link: LinkSource,
    pub(crate) written: RefCell<Vec<Frame>>,
    pub(crate) sent: RefCell<Vec<Datagram>>,
    pub(crate) mac: Cell<MacBehaviour>,
    pub(crate) write_hangs: Cell<bool>,
    pub(crate) attached: Cell<usize>,
    /// Batches that a sink has taken.
    pub(crate) delivered: Cell<usize>,
    pub(crate) detached: Notify,
    pub(crate) mac_dropped: Notify,
    pub(crate) mac_called: Notify,
    pub(crate) mac_may_answer: Notify,
    arrivals: RefCell<Vec<mpsc::UnboundedSender<Vec<Frame>>>>,
}

impl Default for NetWorld {
    fn default() -> Self {
        Self {
            counters: RefCell::default(),
            link: LinkSource::new(link_state()),
            written: RefCell::default(),
            sent: RefCell::default(),
            mac: Cell::default(),
            write_hangs: Cell::default(),
            attached: Cell::default(),
            delivered: Cell::default(),
            detached: Notify::default(),
            mac_dropped: Notify::default(),
            mac_called: Notify::default(),
            mac_may_answer: Notify::default(),
            arrivals: RefCell::default(),
        }
    }
}

impl NetWorld {
    /// Frames arrive, for everyone who is attached.
    pub(crate) fn arrive(&self, frames: &[Frame]) {
        self.arrivals
            .borrow()
            .iter()
            .for_each(|sender| drop(sender.send(frames.to_vec())));
    }
}

#[derive(Clone, Default)]
pub(crate) struct LocalNet(pub(crate) Rc<NetWorld>);

/// Ends delivery when dropped.
pub(crate) struct LocalAttachment {
    world: Rc<NetWorld>,
    delivery: tokio::task::JoinHandle<()>,
}

impl Drop for LocalAttachment {
    fn drop(&mut self) {
        self.delivery.abort();
        self.world.attached.set(self.world.attached.get() - 1);
        self.world.detached.notify_one();
    }
}

struct NotifyOnDrop<'a>(&'a Notify);

impl Drop for NotifyOnDrop<'_> {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

impl Net for LocalNet {
    type Attachment = LocalAttachment;
    type Watch = LinkWatch;

    async fn attach<S: FrameSink + 'static>(&self, sink: S) -> Result<LocalAttachment, Error> {
        let (sender, mut arrivals) = mpsc::unbounded_channel();
        self.0.arrivals.borrow_mut().push(sender);
        self.0.attached.set(self.0.attached.get() + 1);
        let world = Rc::clone(&self.0);
        let delivery = tokio::task::spawn_local(async move {
            while let Some(frames) = arrivals.recv().await {
                if sink.push(frames).await.is_err() {
                    break;
                }
                world.delivered.set(world.delivered.get() + 1);
            }
        });
        Ok(LocalAttachment {
            world: Rc::clone(&self.0),
            delivery,
        })
    }

    async fn write(&self, frames: Vec<Frame>) -> Result<(), Error> {
        // Calls that arrive together would overtake each other here.
        tokio::task::yield_now().await;
        if self.0.write_hangs.get() {
            return pending().await;
        }
        self.0.written.borrow_mut().extend(frames);
        Ok(())
    }

    async fn send(&self, datagrams: Vec<Datagram>) -> Result<(), Error> {
        self.0.sent.borrow_mut().extend(datagrams);
        Ok(())
    }

    async fn mac(&self) -> Result<MacAddress, Error> {
        let _dropped = NotifyOnDrop(&self.0.mac_dropped);
        self.0.mac_called.notify_one();
        match self.0.mac.get() {
            MacBehaviour::Answer => Ok(MAC),
            MacBehaviour::Hang => pending().await,
            MacBehaviour::Panic => panic!("this panic is part of the test"),
            MacBehaviour::Wait => {
                self.0.mac_may_answer.notified().await;
                Ok(MAC)
            }
            MacBehaviour::Refuse => Err(Error::Refused("no address\nyet".into())),
        }
    }

    async fn counters(&self) -> Result<Vec<Counter>, Error> {
        Ok(self.0.counters.borrow().clone())
    }

    async fn watch_link<W: LinkWatcher + 'static>(&self, watcher: W) -> Result<LinkWatch, Error> {
        Ok(self.0.link.watch(watcher))
    }
}

/// Hands frames to the test.
pub(crate) struct LocalSink(pub(crate) mpsc::UnboundedSender<Frame>);

impl FrameSink for LocalSink {
    async fn push(&self, frames: Vec<Frame>) -> Result<(), Error> {
        frames
            .into_iter()
            .for_each(|frame| drop(self.0.send(frame)));
        Ok(())
    }
}

/// Hands states of the link to the test.
pub(crate) struct LocalLinkWatcher(pub(crate) mpsc::UnboundedSender<LinkState>);

impl LinkWatcher for LocalLinkWatcher {
    async fn link(&self, state: LinkState) -> Result<(), Error> {
        self.0.send(state).map_err(|_gone| Error::Disconnected)
    }
}

/// Takes a first batch and never another.
pub(crate) struct StuckSink;

impl FrameSink for StuckSink {
    async fn push(&self, _frames: Vec<Frame>) -> Result<(), Error> {
        pending().await
    }
}

/// What a watcher was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Link(LinkState),
    Command(Command),
}

pub(crate) struct LocalWatcher(pub(crate) mpsc::UnboundedSender<Told>);

impl HostWatcher for LocalWatcher {
    async fn link(&self, state: LinkState) -> Result<(), Error> {
        self.0
            .send(Told::Link(state))
            .map_err(|_gone| Error::Disconnected)
    }

    async fn command(&self, command: Command) -> Result<(), Error> {
        self.0
            .send(Told::Command(command))
            .map_err(|_gone| Error::Disconnected)
    }
}

pub(crate) fn link_state() -> LinkState {
    LinkState {
        up: true,
        carrier: false,
        mac: MAC,
        mtu: 1492,
    }
}

pub(crate) fn full_lease() -> Lease {
    let addresses = |last: u8| vec![Ipv4Addr::new(10, 0, 0, last), Ipv4Addr::BROADCAST];
    Lease {
        address: Ipv4Addr::new(10, 0, 0, 5),
        prefix_length: 24,
        broadcast: Some(Ipv4Addr::new(10, 0, 0, 255)),
        server: Ipv4Addr::new(10, 0, 0, 1),
        routers: addresses(1),
        routes: vec![sdk_rpc::Route {
            destination: Ipv4Addr::new(192, 168, 0, 0),
            prefix_length: 16,
            gateway: Ipv4Addr::UNSPECIFIED,
        }],
        dns: addresses(2),
        ntp: addresses(3),
        domain: Some("example.org".into()),
        search: vec!["a.example".into(), "b\u{fc}.example".into()],
        host_name: Some(String::new()),
        mtu: Some(1400),
        lease_seconds: Some(3600),
        acquired_at: 1,
        renew_at: Some(2),
        rebind_at: Some(u64::MAX),
        expires_at: Some(0),
        origin: Origin::Server,
        next_server: Ipv4Addr::new(10, 0, 0, 9),
        server_name: Some("boot".into()),
        boot_file: Some("pxelinux.0".into()),
        parameters: vec![
            parameter(43, Value::Octets(vec![0, 255])),
            parameter(3, Value::Addresses(addresses(1))),
            parameter(2, Value::Numbers(vec![i64::MIN, 0, i64::MAX])),
            parameter(101, Value::Text("Europe/Z\u{fc}rich".into())),
            parameter(119, Value::Names(vec!["a.example".into(), String::new()])),
            parameter(
                121,
                Value::Routes(vec![sdk_rpc::Route {
                    destination: Ipv4Addr::UNSPECIFIED,
                    prefix_length: 0,
                    gateway: Ipv4Addr::BROADCAST,
                }]),
            ),
        ],
    }
}

fn parameter(code: u8, value: Value) -> Parameter {
    Parameter { code, value }
}

/// Settings in which nothing is as by default.
pub(crate) fn full_settings() -> Settings {
    let subnet = |last: u8, prefix_length: u8| Subnet {
        address: Ipv4Addr::new(10, 0, 0, last),
        prefix_length,
    };
    Settings {
        client_identifier: vec![1, 2, 3],
        host_name: Some("host".into()),
        full_name: Some(FullName {
            name: "host.example".into(),
            flags: 5,
        }),
        vendor_class: b"class".to_vec(),
        requested: vec![1, 3, 255],
        sent: vec![(77, vec![1, 0]), (0, Vec::new())],
        required: vec![54],
        refused: vec![252],
        ignored: vec![26, 121],
        wanted_address: Some(Ipv4Addr::new(10, 0, 0, 7)),
        wanted_seconds: Some(u32::MAX),
        allowed_servers: vec![subnet(0, 24)],
        denied_servers: vec![subnet(1, 32), subnet(2, 0)],
        broadcast: true,
        require_server: true,
        rapid_commit: true,
        forced_renewal: true,
        legacy: Legacy::Only,
        conflict_detection: ConflictDetection::Full,
        link_local_after: Some(0),
        reboot_timeout: 1,
        start_delay: 2,
        pace: Pace {
            first: 3,
            longest: 4,
            jitter: 5,
            attempt: 6,
            pause: 7,
        },
        inform: Some(subnet(3, 16)),
        kinds: [
            Kind::Octets,
            Kind::Addresses,
            Kind::Numbers8,
            Kind::Numbers16,
            Kind::Numbers32,
            Kind::Signed32,
            Kind::Text,
            Kind::Names,
            Kind::Routes,
            Kind::ClassRoutes,
        ]
        .into_iter()
        .zip(200..)
        .map(|(kind, code)| (code, kind))
        .collect(),
        offers_only: true,
    }
}

pub(crate) fn bare_lease() -> Lease {
    Lease {
        broadcast: None,
        routers: Vec::new(),
        routes: Vec::new(),
        dns: Vec::new(),
        ntp: Vec::new(),
        domain: None,
        search: Vec::new(),
        host_name: None,
        mtu: None,
        lease_seconds: None,
        renew_at: None,
        rebind_at: None,
        expires_at: None,
        origin: Origin::LinkLocal,
        server: Ipv4Addr::UNSPECIFIED,
        next_server: Ipv4Addr::UNSPECIFIED,
        server_name: None,
        boot_file: None,
        parameters: Vec::new(),
        ..full_lease()
    }
}

/// What a host was asked, and what it tells.
pub(crate) struct HostWorld {
    pub(crate) description: RefCell<HostDescription>,
    pub(crate) tell: RefCell<Vec<Told>>,
    pub(crate) unwatched: Notify,
    pub(crate) leases: RefCell<Vec<String>>,
    pub(crate) applied: RefCell<Applied>,
    pub(crate) lines: RefCell<Vec<(Level, String)>>,
    pub(crate) counters: RefCell<Vec<Counter>>,
    pub(crate) state: RefCell<String>,
}

#[derive(Clone)]
pub(crate) struct LocalHost(pub(crate) Rc<HostWorld>);

impl LocalHost {
    pub(crate) fn new() -> Self {
        Self(Rc::new(HostWorld {
            description: RefCell::new(HostDescription {
                interface: "eth0".into(),
                link: link_state(),
                settings: full_settings(),
                resume: Some(full_lease()),
                confirm: true,
                previous: Some(Ipv4Addr::new(10, 9, 8, 7)),
            }),
            tell: RefCell::new(Vec::new()),
            unwatched: Notify::new(),
            leases: RefCell::new(Vec::new()),
            applied: RefCell::new(Applied::Done),
            lines: RefCell::new(Vec::new()),
            counters: RefCell::new(Vec::new()),
            state: RefCell::default(),
        }))
    }

    fn apply(&self, what: String) -> Result<Applied, Error> {
        self.0.leases.borrow_mut().push(what);
        Ok(self.0.applied.borrow().clone())
    }
}

pub(crate) struct LocalWatch {
    world: Rc<HostWorld>,
}

impl Drop for LocalWatch {
    fn drop(&mut self) {
        self.world.unwatched.notify_one();
    }
}

impl HostView for LocalHost {
    type Subscription = LocalWatch;

    async fn describe(&self) -> Result<HostDescription, Error> {
        Ok(self.0.description.borrow().clone())
    }

    async fn watch<W: HostWatcher + 'static>(&self, watcher: W) -> Result<LocalWatch, Error> {
        let world = Rc::clone(&self.0);
        tokio::task::spawn_local(async move {
            let news = world.tell.take();
            for told in news {
                match told {
                    Told::Link(state) => watcher.link(state).await.unwrap(),
                    Told::Command(command) => watcher.command(command).await.unwrap(),
                }
            }
        });
        Ok(LocalWatch {
            world: Rc::clone(&self.0),
        })
    }
}

impl LeaseSink for LocalHost {
    async fn configure(&self, lease: Lease, cause: ConfigureCause) -> Result<Applied, Error> {
        self.apply(format!("configure {cause:?} {lease:?}"))
    }

    async fn update(&self, lease: Lease, cause: UpdateCause) -> Result<Applied, Error> {
        self.apply(format!("update {cause:?} {lease:?}"))
    }

    async fn deconfigure(&self, cause: DeconfigureCause) -> Result<Applied, Error> {
        self.apply(format!("deconfigure {cause:?}"))
    }

    async fn setback(&self, setback: Setback) -> Result<(), Error> {
        self.apply(format!("setback {setback:?}")).map(drop)
    }
}

impl Log for LocalHost {
    async fn line(&self, level: Level, text: &str) -> Result<(), Error> {
        self.0.lines.borrow_mut().push((level, text.to_owned()));
        Ok(())
    }

    async fn counters(&self, counters: Vec<Counter>, state: &str) -> Result<(), Error> {
        self.0.counters.borrow_mut().extend(counters);
        self.0.state.replace(state.to_owned());
        Ok(())
    }
}
