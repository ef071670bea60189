//! What priv knows of one interface: shared by the objects that serve its calf, and kept when a calf
//! dies.

use std::{
    cell::{Cell, RefCell},
    net::Ipv4Addr,
    rc::Rc,
    time::{Duration, Instant},
};

use sdk_rpc::{
    Command, ConfigureCause, DeconfigureCause, HostDescription, Lease, MacAddress, Setback,
    Settings, UpdateCause,
};
use tokio::sync::watch;

use crate::{clock, events::Events, failure::Progress, store::Store, watchers::News};

/// Hardware type Ethernet, with which a client identifier made from a MAC address begins
/// (RFC 2132 section 9.14).
const HTYPE_ETHERNET: u8 = 1;

/// Options asked for. 121 comes early, since RFC 3442 asks clients to request it before 33 and 3.
const REQUESTED: [u8; 15] = [1, 121, 3, 6, 12, 15, 26, 28, 33, 42, 51, 54, 58, 59, 119];

/// How often a complaint about a calf is printed.
const COMPLAIN_EVERY: Duration = Duration::from_secs(1);

/// One interface.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) name: String,
    pub(crate) events: Rc<Events>,
    pub(crate) news: Rc<News>,
    pub(crate) progress: Rc<RefCell<Progress>>,
    store: Store,
    host_name: Option<String>,
    /// The address of an earlier run, until a server said what it thinks of it.
    previous: RefCell<Option<Ipv4Addr>>,
    lease: RefCell<Option<Lease>>,
    stage: watch::Sender<Stage>,
    complained: Cell<Option<Instant>>,
    /// Whether the operator asked for the lease's release: a calf may claim it at any time.
    release_asked: Cell<bool>,
    /// Leases put in force or extended: what a calf is for.
    progress_made: Cell<u64>,
}

/// How far this interface is: what `--once` and a release wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// No lease yet, or no longer.
    Waiting,
    /// A lease is in force.
    Leased,
    /// It was released.
    Released,
}

impl Shared {
    pub(crate) fn new(name: String, events: Rc<Events>, news: Rc<News>, store: Store) -> Rc<Self> {
        let (stage, _) = watch::channel(Stage::Waiting);
        let shared = Rc::new(Self {
            name,
            events,
            news,
            progress: Rc::default(),
            store,
            host_name: host_name(),
            previous: RefCell::new(None),
            lease: RefCell::new(None),
            stage,
            complained: Cell::new(None),
            release_asked: Cell::new(false),
            progress_made: Cell::new(0),
        });
        shared.recall();
        shared
    }

    fn recall(&self) {
        let mac = self.news.link().mac;
        match self.store.load(&self.name, mac, clock::wall_seconds()) {
            Ok(address) => {
                self.previous.replace(address);
            }
            Err(ignored) => {
                let path = self.store.path(&self.name);
                self.warn(&format!("{} is ignored: {ignored}", path.display()));
            }
        }
    }

    pub(crate) fn warn(&self, text: &str) {
        self.events.warn(&self.name, text);
    }

    /// As [`Self::warn`], for what a calf can cause at will: one line a second.
    pub(crate) fn complain(&self, text: &str) {
        let now = Instant::now();
        let lately = |at: Instant| now.saturating_duration_since(at) < COMPLAIN_EVERY;
        if !self.complained.get().is_some_and(lately) {
            self.complained.set(Some(now));
            self.warn(text);
        }
    }

    pub(crate) fn describe(&self) -> HostDescription {
        HostDescription {
            interface: self.name.clone(),
            link: self.news.link(),
            settings: self.settings(),
            resume: self.lease(),
            confirm: false,
            previous: *self.previous.borrow(),
        }
    }

    /// What the protocol is asked for: the client is known by its MAC address.
    fn settings(&self) -> Settings {
        let MacAddress(mac) = self.news.link().mac;
        Settings {
            client_identifier: [&[HTYPE_ETHERNET][..], &mac].concat(),
            host_name: self.host_name.clone(),
            requested: REQUESTED.to_vec(),
            ..Settings::default()
        }
    }

    /// The lease in force.
    pub(crate) fn lease(&self) -> Option<Lease> {
        self.lease.borrow().clone()
    }

    /// `lease` is in force from now on.
    pub(crate) fn configured(&self, lease: Lease, cause: ConfigureCause) {
        self.events.configured(&self.name, &lease, cause);
        self.keep(lease);
    }

    /// The lease in force is `lease` from now on.
    pub(crate) fn updated(&self, lease: Lease, cause: UpdateCause) {
        self.events.updated(&self.name, &lease, cause);
        self.keep(lease);
    }

    fn keep(&self, lease: Lease) {
        self.previous.replace(Some(lease.address));
        self.lease.replace(Some(lease));
        self.progress_made
            .set(self.progress_made.get().saturating_add(1));
        self.remember();
        self.stage.send_replace(Stage::Leased);
    }

    /// Writes the lease in force to the store.
    fn remember(&self) {
        let Some(lease) = self.lease() else { return };
        let expiry = lease.expires_at.map(|expires_at| {
            let left = expires_at.saturating_sub(clock::boottime_milliseconds()) / 1000;
            clock::wall_seconds().saturating_add(left)
        });
        let mac = self.news.link().mac;
        if let Err(error) = self.store.save(&self.name, mac, &lease, expiry) {
            let path = self.store.path(&self.name);
            self.warn(&format!(
                "the lease is not remembered: {}: {error}; name another place with --state-dir",
                path.display()
            ));
        }
    }

    /// No lease is in force any more. Without one, and without one that was remembered, there is
    /// nothing to tell: a calf may say it as often as it likes.
    pub(crate) fn deconfigured(&self, cause: DeconfigureCause) {
        let lease = self.lease.take();
        let previous = self.previous.take();
        if lease.is_none() && previous.is_none() {
            return;
        }
        self.events.deconfigured(&self.name, lease.as_ref(), cause);
        if let Err(error) = self.store.forget(&self.name) {
            self.warn(&format!(
                "{}: {error}",
                self.store.path(&self.name).display()
            ));
        }
        let stage = if cause == DeconfigureCause::Released {
            Stage::Released
        } else {
            Stage::Waiting
        };
        self.stage.send_replace(stage);
    }

    /// There is no lease yet, and the calf says why.
    pub(crate) fn setback(&self, setback: Setback) {
        self.complain(match setback {
            Setback::NoAnswer => "no server gave a lease; trying again",
            Setback::Refused => "a server refused the address",
            Setback::Conflict => "another host uses the address that was offered",
            Setback::Ipv6Only => "the network asks hosts to do without IPv4",
        });
    }

    /// How many leases were put in force or extended.
    pub(crate) fn progress_made(&self) -> u64 {
        self.progress_made.get()
    }

    /// The operator asks for the lease's release.
    pub(crate) fn ask_release(&self) {
        self.release_asked.set(true);
        self.news.tell_command(Command::Release);
    }

    /// Whether the lease was released and the operator had asked for it.
    pub(crate) fn is_released(&self) -> bool {
        self.release_asked.get() && *self.stage.borrow() == Stage::Released
    }

    /// Resolves when the interface is at `stage`.
    pub(crate) async fn reaches(&self, stage: Stage) {
        let mut current = self.stage.subscribe();
        // An error means that the sender is gone, and it is `self`.
        drop(current.wait_for(|now| *now == stage).await);
    }
}

/// The host's name, if it has one worth telling a server.
fn host_name() -> Option<String> {
    let name = nix::unistd::gethostname().ok()?.into_string().ok()?;
    let unset = ["", "(none)", "localhost", "localhost.localdomain"].contains(&name.as_str());
    (!unset).then_some(name)
}
