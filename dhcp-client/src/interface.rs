//! What priv knows of one interface: shared by the objects that serve its calf, and kept when a calf
//! dies.

use std::{
    cell::{Cell, RefCell},
    net::Ipv4Addr,
    rc::Rc,
    time::{Duration, Instant},
};

use dhcp_actuator::Said;
use dhcp_frontend::{amend, setup::Profile};
use sdk_rpc::{
    Command, ConfigureCause, DeconfigureCause, HostDescription, Lease, Origin, Setback, UpdateCause,
};
use tokio::sync::watch;

use crate::{
    clock::Clocks, events::Events, failure::Progress, protocol, run::Context, watchers::News,
};

/// How often a complaint about a calf is printed.
const COMPLAIN_EVERY: Duration = Duration::from_secs(1);

/// The metric of an interface's routes is this and its index.
const METRIC_BASE: u32 = 1000;

/// One interface.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) name: String,
    /// The kernel's number.
    pub(crate) index: u32,
    pub(crate) context: Rc<Context>,
    pub(crate) profile: Profile,
    pub(crate) events: Rc<Events>,
    pub(crate) news: Rc<News>,
    pub(crate) progress: Rc<RefCell<Progress>>,
    /// The address of an earlier run, until a server said what it thinks of it.
    previous: RefCell<Option<Ipv4Addr>>,
    lease: RefCell<Option<Lease>>,
    /// The lease last brought by a calf, before the operator's values were put into it: what a new calf resumes.
    brought: RefCell<Option<Lease>>,
    /// The lease in force is of an earlier run, and no server has confirmed it yet.
    unconfirmed: Cell<bool>,
    stage: watch::Sender<Stage>,
    /// An attempt to get a lease failed.
    gave_up: Cell<bool>,
    complained: Cell<Option<Instant>>,
    /// What was said once already.
    said: RefCell<Said>,
    /// The calf may be told about the host: what has to be done before is done.
    ready: watch::Sender<bool>,
    /// Whether the operator asked for the lease's release: a calf may claim it at any time.
    release_asked: Cell<bool>,
    /// Leases put in force or extended: what a calf is for.
    progress_made: Cell<u64>,
    /// Calves after the first.
    pub(crate) restarts: Cell<u64>,
    /// Process id of the calf.
    pub(crate) calf: Cell<Option<i32>>,
    /// There was one whose sandbox was whole.
    pub(crate) was_sandboxed: Cell<bool>,
    /// Layers of its sandbox that are not in force.
    pub(crate) absent: RefCell<Vec<String>>,
}

/// How far this interface is: what the end of a run and a release wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// No lease yet, or no longer. A link-local address is none.
    Waiting,
    /// A lease is in force.
    Leased,
    /// It was released, or was not to be had any more.
    Released,
}

impl Shared {
    pub(crate) fn new(
        (name, index): (String, u32),
        context: Rc<Context>,
        profile: Profile,
        news: Rc<News>,
    ) -> Rc<Self> {
        let (stage, _) = watch::channel(Stage::Waiting);
        Rc::new(Self {
            name,
            index,
            events: Rc::clone(&context.events),
            context,
            profile,
            news,
            progress: Rc::default(),
            previous: RefCell::new(None),
            lease: RefCell::new(None),
            brought: RefCell::new(None),
            unconfirmed: Cell::new(false),
            stage,
            gave_up: Cell::new(false),
            complained: Cell::new(None),
            said: RefCell::default(),
            ready: watch::Sender::new(false),
            release_asked: Cell::new(false),
            progress_made: Cell::new(0),
            restarts: Cell::new(0),
            calf: Cell::new(None),
            was_sandboxed: Cell::new(false),
            absent: RefCell::default(),
        })
    }

    /// The lease of an earlier run, if the store has one that is not over.
    pub(crate) fn recall(&self) -> Option<Lease> {
        let mac = self.news.link().mac;
        let store = &self.context.store;
        match store.load(&self.name, mac, Clocks::now()) {
            Ok(lease) => lease,
            Err(ignored) => {
                let path = store.path(&self.name);
                self.warn(&format!("{} is ignored: {ignored}", path.display()));
                None
            }
        }
    }

    /// A server is to be asked for this address of an earlier run.
    pub(crate) fn remind(&self, address: Ipv4Addr) {
        self.previous.replace(Some(address));
    }

    /// This lease of an earlier run is still in force; whether it holds is to be asked.
    pub(crate) fn resume(&self, lease: Lease) {
        self.previous.replace(Some(lease.address));
        self.lease.replace(Some(lease));
        self.unconfirmed.set(true);
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

    /// As [`Self::warn`], but the same line is said once only, however often it is true. Only the last few are
    /// remembered: whoever can make lines differ without end must not use up the room of what comes later.
    pub(crate) fn warn_once(&self, text: &str) {
        let is_new = self.said.borrow_mut().is_new(text);
        if is_new {
            self.warn(text);
        }
    }

    /// Lets calves be told about the host.
    pub(crate) fn set_ready(&self) {
        self.ready.send_replace(true);
    }

    /// Resolves when calves may be told about the host.
    pub(crate) async fn ready(&self) {
        let mut ready = self.ready.subscribe();
        // An error means that the sender is gone, and it is `self`.
        drop(ready.wait_for(|ready| *ready).await);
    }

    /// Metric of the interface's routes.
    pub(crate) fn metric(&self) -> u32 {
        self.profile
            .metric
            .unwrap_or(METRIC_BASE.saturating_add(self.index))
    }

    /// The address asked for where there is no lease.
    pub(crate) fn wanted(&self) -> Option<Ipv4Addr> {
        self.previous
            .borrow()
            .or(self.profile.settings.wanted_address)
    }

    pub(crate) fn describe(&self) -> HostDescription {
        let link = self.news.link();
        HostDescription {
            interface: self.name.clone(),
            link,
            settings: protocol::settings(
                &self.profile,
                self.context.setup.purpose,
                link.mac,
                || self.context.duid(link.mac).to_vec(),
            ),
            resume: self.to_be_resumed(),
            confirm: self.unconfirmed.get(),
            previous: *self.previous.borrow(),
        }
    }

    /// Why a calf may not bring a lease of this origin; none: it may.
    pub(crate) fn refusal_by_origin(&self, origin: Origin) -> Option<&'static str> {
        match origin {
            Origin::Server => None,
            Origin::Inform if self.is_to_be_asked_about() => None,
            Origin::Inform => Some("no server was to be asked about an address"),
            Origin::LinkLocal if self.profile.settings.link_local_after.is_some() => None,
            Origin::LinkLocal => Some("no link-local address is wanted"),
            Origin::Operator => Some("an address of the operator's does not come from a calf"),
        }
    }

    /// `lease`, as a calf brings it, with the operator's values.
    pub(crate) fn amend(&self, lease: Lease) -> Lease {
        let amended = amend::amended(&lease, &self.profile.amendments);
        self.brought.replace(Some(lease));
        amended
    }

    /// The lease in force, as a calf brought it where one did: the operator's values must not be put into it
    /// twice.
    fn to_be_resumed(&self) -> Option<Lease> {
        // An address of the operator's is no lease before a server has said what belongs to it.
        let lease = self
            .lease()
            .filter(|lease| lease.origin != Origin::Operator)?;
        let brought = self.brought.borrow();
        let same = |brought: &&Lease| {
            (brought.address, brought.acquired_at) == (lease.address, lease.acquired_at)
        };
        Some(brought.as_ref().filter(same).unwrap_or(&lease).clone())
    }

    /// The lease in force.
    pub(crate) fn lease(&self) -> Option<Lease> {
        self.lease.borrow().clone()
    }

    /// `lease` is in force from now on.
    pub(crate) fn configured(&self, lease: Lease, cause: ConfigureCause) {
        // Remembered first: who hears of it may rely on that.
        self.keep(lease.clone());
        self.events.configured(&self.name, &lease, cause);
    }

    /// A server offered a lease, which is all that was wanted.
    pub(crate) fn offered(&self) {
        self.enter(Stage::Leased);
    }

    /// The lease in force is `lease` from now on; the answer is what the change is to whoever is told of it.
    pub(crate) fn updated(&self, lease: Lease, cause: UpdateCause) -> UpdateCause {
        // To whoever started this run it is a lease where there was none.
        let cause = if self.unconfirmed.get() {
            UpdateCause::Rebooted
        } else {
            cause
        };
        self.keep(lease.clone());
        self.events.updated(&self.name, &lease, cause);
        cause
    }

    fn keep(&self, lease: Lease) {
        self.unconfirmed.set(false);
        self.progress_made
            .set(self.progress_made.get().saturating_add(1));
        let stage = match lease.origin {
            Origin::Server | Origin::Inform => Stage::Leased,
            // Servers are still to say what belongs to it.
            Origin::Operator if self.is_to_be_asked_about() => Stage::Waiting,
            Origin::Operator => Stage::Leased,
            Origin::LinkLocal => Stage::Waiting,
        };
        if lease.origin == Origin::Server {
            self.previous.replace(Some(lease.address));
            self.remember(&lease);
        }
        self.lease.replace(Some(lease));
        self.enter(stage);
    }

    fn is_to_be_asked_about(&self) -> bool {
        let address = self.profile.address.as_ref();
        address.is_some_and(|address| address.inform)
    }

    /// Writes the lease in force to the store.
    fn remember(&self, lease: &Lease) {
        let mac = self.news.link().mac;
        let store = &self.context.store;
        if let Err(error) = store.save(&self.name, mac, lease, Clocks::now()) {
            let path = store.path(&self.name);
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
        self.unconfirmed.set(false);
        // What a server once gave is none the worse for the loss of an address that no server gave.
        let is_a_servers = |lease: &Lease| lease.origin != Origin::LinkLocal;
        if lease.as_ref().is_none_or(is_a_servers) {
            let previous = self.previous.take();
            if lease.is_none() && previous.is_none() {
                return;
            }
            let store = &self.context.store;
            if let Err(error) = store.forget(&self.name) {
                self.warn(&format!("{}: {error}", store.path(&self.name).display()));
            }
        }
        self.events.deconfigured(&self.name, lease.as_ref(), cause);
        // Where its release was asked for it is as good as released, however it was lost.
        let is_released = cause == DeconfigureCause::Released || self.release_asked.get();
        self.enter(if is_released {
            Stage::Released
        } else {
            Stage::Waiting
        });
    }

    fn enter(&self, stage: Stage) {
        self.stage.send_replace(stage);
        self.context.changed.notify_one();
    }

    /// There is no lease yet, and the calf says why.
    pub(crate) fn setback(&self, setback: Setback) {
        if setback == Setback::NoAnswer || setback == Setback::Ipv6Only {
            self.gave_up.set(true);
            self.context.changed.notify_one();
        }
        self.complain(match setback {
            Setback::NoAnswer => "no server gave a lease; trying again",
            Setback::Refused => "a server refused the address",
            Setback::Conflict => "another host uses the address that was offered",
            Setback::Ipv6Only => "the network asks hosts to do without IPv4",
        });
    }

    /// Whether an attempt to get a lease has failed since the start.
    pub(crate) fn gave_up(&self) -> bool {
        self.gave_up.get()
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

    /// The operator wants no lease, and there is none: nothing is asked of servers until he wants one again.
    pub(crate) fn rest(&self) {
        self.ask_release();
        self.enter(Stage::Released);
    }

    /// The operator wants a lease again.
    pub(crate) fn want_again(&self) {
        if self.release_asked.replace(false) {
            self.enter(Stage::Waiting);
        }
    }

    /// Whether the operator asked for the lease's release, and it is still in force.
    pub(crate) fn is_to_be_released(&self) -> bool {
        self.release_asked.get() && self.lease.borrow().is_some()
    }

    /// Whether the operator asked for the release, and there is no lease any more.
    pub(crate) fn is_released(&self) -> bool {
        self.release_asked.get() && self.stage() == Stage::Released
    }

    /// How far this interface is.
    pub(crate) fn stage(&self) -> Stage {
        *self.stage.borrow()
    }

    /// Resolves when the interface is at `stage`.
    pub(crate) async fn reaches(&self, stage: Stage) {
        let mut current = self.stage.subscribe();
        // An error means that the sender is gone, and it is `self`.
        drop(current.wait_for(|now| *now == stage).await);
    }
}
