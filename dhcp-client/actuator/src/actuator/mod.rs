//! The actuator of one interface: checks, plans, applies, and tells who has to know.

mod change;
mod restore;
mod sink;

use core::fmt;
use std::{
    cell::{Cell, RefCell},
    io,
    net::Ipv4Addr,
    rc::Rc,
};

use sdk_rpc::{Applied, ConfigureCause, DeconfigureCause, Lease, Setback, UpdateCause};

use self::{change::Provenance, restore::Restored};
use crate::{
    apply::Failure, host_name::HostName, interface::Interface, leftovers::Leftovers, messages,
    netlink::Netlink, pace::Pace, policy::Checked, present::Present, resolver::Resolver,
    said::Said, takes::Takes,
};

/// The metric of an interface's routes is this and its index, so that the interface that was there first
/// is preferred.
const METRIC_BASE: u32 = 1000;

/// How an actuator works.
#[derive(Clone, Debug)]
pub struct Options {
    /// Of the interface's network namespace. Shared by the actuators of all interfaces.
    pub netlink: Netlink,
    /// Shared by the actuators of all interfaces.
    pub resolver: Rc<Resolver>,
    /// Shared by the actuators of all interfaces.
    pub host_name: Rc<HostName>,
    /// What of a lease is wanted.
    pub takes: Takes,
    /// Metric of all routes; without it 1000 and the interface's index.
    pub metric: Option<u32>,
    /// CLOCK_BOOTTIME in milliseconds.
    pub clock: fn() -> u64,
}

/// Told what happened, when it is in force. Called in between, so it must not call the actuator's
/// changing methods.
pub trait Observer {
    /// A lease is in force where there was none, or another.
    fn configured(&self, lease: &Checked, cause: ConfigureCause);
    /// The lease in force changed.
    fn updated(&self, lease: &Checked, cause: UpdateCause);
    /// No lease is in force; `lease` was, if any.
    fn deconfigured(&self, lease: Option<&Checked>, cause: DeconfigureCause);
    /// There is no lease yet, and this is why.
    fn setback(&self, setback: Setback);
    /// A line for the operator: something was left out or did not work.
    fn notice(&self, line: &str);
}

/// Configures one interface.
pub struct Actuator {
    interface: Interface,
    options: Options,
    observer: Rc<dyn Observer>,
    current: RefCell<Option<Checked>>,
    /// Whether the address of the lease in force goes with it.
    owns_address: Cell<bool>,
    /// What another client left, until a lease is in force or there is to be none.
    leftovers: RefCell<Leftovers>,
    restored: RefCell<Restored>,
    original_mtu: Cell<Option<u32>>,
    pace: Cell<Pace>,
    closed: Cell<bool>,
    said: RefCell<Said>,
}

impl fmt::Debug for Actuator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Actuator")
            .field("interface", &self.interface)
            .field("current", &self.current)
            .finish_non_exhaustive()
    }
}

impl Actuator {
    /// An actuator of `interface`. Changes nothing yet.
    #[must_use]
    pub fn new(interface: Interface, options: Options, observer: Rc<dyn Observer>) -> Self {
        let pace = Pace::new((options.clock)());
        Self {
            interface,
            options,
            observer,
            current: RefCell::new(None),
            owns_address: Cell::new(false),
            leftovers: RefCell::new(Leftovers::default()),
            restored: RefCell::new(Restored::new()),
            original_mtu: Cell::new(None),
            pace: Cell::new(pace),
            closed: Cell::new(false),
            said: RefCell::default(),
        }
    }

    /// Brings the interface up, and has the kernel keep the other addresses of a subnet when one goes.
    ///
    /// # Errors
    /// The kernel refuses.
    pub async fn bring_up(&self) -> Result<(), Failure> {
        let index = self.interface.index;
        let requests = vec![
            messages::bring_up(index),
            messages::promote_secondaries(index),
        ];
        let answers = self.options.netlink.with(|kernel| kernel.change(requests));
        let mut answers = answers?.into_iter();
        if let Some(Err(answer)) = answers.next() {
            let step = format!("bring up {}", self.interface.name);
            return Err(Failure::Refused { step, answer });
        }
        if let Some(Err(answer)) = answers.next() {
            self.notice(format!(
                "cannot set promote_secondaries: {answer}; other addresses of the lease's subnet will go \
                 with it"
            ));
        }
        Ok(())
    }

    /// The lease in force, as it was applied.
    #[must_use]
    pub fn current(&self) -> Option<Lease> {
        self.current
            .borrow()
            .as_ref()
            .map(|checked| checked.lease().clone())
    }

    /// When the lease in force is over (CLOCK_BOOTTIME in milliseconds); none without a lease, and where it has
    /// no end.
    #[must_use]
    pub fn expires_at(&self) -> Option<u64> {
        let current = self.current.borrow();
        current.as_ref()?.lease().expires_at
    }

    /// Takes the lease in force out of force if it is over, and tells the observer. This is the calf's to do;
    /// called from the privileged side's own clock it happens also where there is no calf, or one that will
    /// not. Before the end it does nothing, so it does no harm to be late or early.
    pub async fn expire(&self) {
        // RFC 2131 section 4.4.5: "If the lease expires before the client receives a DHCPACK, the client moves
        // to INIT state, MUST immediately stop any other network processing".
        let now = (self.options.clock)();
        let is_over = self.expires_at().is_some_and(|end| end <= now);
        if self.closed.get() || !is_over {
            return;
        }
        let failure = self.end(DeconfigureCause::Expired).await.err();
        if let Some(failure) = failure {
            self.notice(failure.to_string());
        }
    }

    /// The interface.
    #[must_use]
    pub fn interface(&self) -> &Interface {
        &self.interface
    }

    /// Takes over a lease that a privileged process before this one put in force: what is there stays,
    /// what is missing is added. Nobody is told.
    pub async fn adopt(&self, lease: Lease) -> Applied {
        match self.apply(lease, Provenance::EarlierProcess) {
            Ok(pending) => {
                self.settle(pending).await;
                Applied::Done
            }
            Err(reason) => Applied::Refused(reason),
        }
    }

    /// What another DHCP client left on the interface, or one that still runs has there: nothing of it is
    /// touched.
    ///
    /// # Errors
    /// The kernel was not to be asked.
    pub fn leftovers(&self) -> io::Result<Leftovers> {
        let index = self.interface.index;
        let present = self
            .options
            .netlink
            .with(|kernel| Present::on(kernel, index))?;
        let current = self.current.borrow();
        let own = current.as_ref().map(|checked| self.installed(checked));
        Ok(Leftovers::of(present, own.as_ref()))
    }

    /// Whether the interface has this address, whoever gave it.
    ///
    /// # Errors
    /// The kernel was not to be asked.
    pub fn has_address(&self, address: Ipv4Addr) -> io::Result<bool> {
        let index = self.interface.index;
        let present = self
            .options
            .netlink
            .with(|kernel| Present::on(kernel, index))?;
        Ok(present.addresses.iter().any(|it| it.local == address))
    }

    /// Has `leftovers` go as soon as the next lease is in force, but for what is part of it, or with
    /// [`Self::withdraw`]. Until then nothing of it is touched.
    pub fn take_over(&self, leftovers: Leftovers) {
        self.leftovers.borrow_mut().join(leftovers);
    }

    /// Stops, and leaves everything as it is.
    pub async fn leave(&self) {
        self.closed.set(true);
    }

    /// Stops, and undoes address, routes, resolvers and MTU, and what was taken over. The observer is not told.
    ///
    /// # Errors
    /// The first thing that could not be undone; all others are.
    pub async fn withdraw(&self) -> Result<(), Failure> {
        self.closed.set(true);
        let leftovers = self.leftovers.take();
        let (_, result, pending) = self.remove(&leftovers);
        self.settle(pending).await;
        result
    }

    /// Takes the lease in force out of force, and tells the observer.
    async fn end(&self, cause: DeconfigureCause) -> Result<(), Failure> {
        // What was taken over waits for another lease.
        let (former, result, pending) = self.remove(&Leftovers::default());
        self.observer.deconfigured(former.as_ref(), cause);
        self.settle(pending).await;
        result
    }

    fn metric(&self) -> u32 {
        self.options
            .metric
            .unwrap_or(METRIC_BASE.saturating_add(self.interface.index))
    }

    fn may_change(&self) -> bool {
        let mut pace = self.pace.get();
        let may = pace.take((self.options.clock)());
        self.pace.set(pace);
        may
    }

    /// Tells the operator, once.
    fn notice(&self, line: String) {
        let is_new = self.said.borrow_mut().is_new(&line);
        if is_new {
            self.observer.notice(&line);
        }
    }

    fn with_current(&self, tell: impl FnOnce(&Checked)) {
        // A copy, so that the observer may ask for the lease in force.
        let current = self.current.borrow().clone();
        if let Some(checked) = current {
            tell(&checked);
        }
    }
}
