//! The actuator of one interface: checks, plans, applies, and tells who has to know.

use core::fmt;
use std::{
    cell::{Cell, RefCell},
    io,
    rc::Rc,
};

use sdk_rpc::{
    Applied, ConfigureCause, DeconfigureCause, Error, Lease, LeaseSink, Setback, UpdateCause,
};

use crate::{
    apply::{self, Failure, Outcome},
    interface::Interface,
    messages,
    netlink::Kernel,
    pace::Pace,
    plan::{LinkMtu, Surroundings, plan},
    policy::{self, Checked},
    resolver::{Pending, Resolver, ResolverError},
};

/// The metric of an interface's routes is this and its index, so that the interface that was there first
/// is preferred.
const METRIC_BASE: u32 = 1000;

/// How an actuator works.
#[derive(Clone, Debug)]
pub struct Options {
    /// Shared by the actuators of all interfaces.
    pub resolver: Rc<Resolver>,
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
    kernel: RefCell<Kernel>,
    current: RefCell<Option<Checked>>,
    original_mtu: Cell<Option<u32>>,
    pace: Cell<Pace>,
    closed: Cell<bool>,
    last_notice: RefCell<String>,
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
    /// An actuator of `interface`, in the network namespace of the calling thread. Changes nothing yet.
    ///
    /// # Errors
    /// There is no netlink socket to be had.
    pub fn new(
        interface: Interface,
        options: Options,
        observer: Rc<dyn Observer>,
    ) -> io::Result<Self> {
        let pace = Pace::new((options.clock)());
        Ok(Self {
            interface,
            options,
            observer,
            kernel: RefCell::new(Kernel::open()?),
            current: RefCell::new(None),
            original_mtu: Cell::new(None),
            pace: Cell::new(pace),
            closed: Cell::new(false),
            last_notice: RefCell::new(String::new()),
        })
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
        let mut answers = self.kernel.borrow_mut().change(requests)?.into_iter();
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

    /// The interface.
    #[must_use]
    pub fn interface(&self) -> &Interface {
        &self.interface
    }

    /// Takes over a lease that a privileged process before this one put in force: what is there stays,
    /// what is missing is added. Nobody is told.
    pub async fn adopt(&self, lease: Lease) -> Applied {
        match self.apply(lease) {
            Ok(pending) => {
                self.settle(pending).await;
                Applied::Done
            }
            Err(reason) => Applied::Refused(reason),
        }
    }

    /// Stops, and leaves everything as it is.
    pub async fn leave(&self) {
        self.closed.set(true);
    }

    /// Stops, and undoes address, routes, resolvers and MTU. The observer is not told.
    ///
    /// # Errors
    /// The first thing that could not be undone; all others are.
    pub async fn withdraw(&self) -> Result<(), Failure> {
        self.closed.set(true);
        let (_, result, pending) = self.remove();
        self.settle(pending).await;
        result
    }

    /// Puts `lease` in force, from whatever is. Nothing in here waits.
    fn apply(&self, lease: Lease) -> Result<Result<Pending<'_>, ResolverError>, String> {
        if self.closed.get() {
            return Err("the service is stopping".to_owned());
        }
        if !self.may_change() {
            return Err("too many changes at once; wait a second".to_owned());
        }
        let now = (self.options.clock)();
        let (checked, dropped) = policy::check(lease, self.interface.limits, now)
            .map_err(|refusal| refusal.to_string())?;
        if let Some(line) = policy::line(&dropped) {
            self.notice(line);
        }
        self.change_kernel(Some(&checked), now)
            .map_err(|failure| failure.to_string())?;
        let published =
            self.options
                .resolver
                .publish(&self.interface.name, self.metric(), &checked);
        self.current.replace(Some(checked));
        Ok(published)
    }

    /// Takes whatever is in force out of force.
    fn remove(
        &self,
    ) -> (
        Option<Checked>,
        Result<(), Failure>,
        Result<Pending<'_>, ResolverError>,
    ) {
        let result = self.change_kernel(None, (self.options.clock)());
        let former = self.current.take();
        (
            former,
            result,
            self.options.resolver.withdraw(&self.interface.name),
        )
    }

    /// Changes the kernel from the lease in force to `wanted`.
    fn change_kernel(&self, wanted: Option<&Checked>, now: u64) -> Result<(), Failure> {
        let current = self.current.borrow();
        let mut kernel = self.kernel.borrow_mut();
        let index = self.interface.index;
        let mtu = self.link_mtu(&mut kernel, current.as_ref(), wanted)?;
        let surroundings = Surroundings {
            metric: self.metric(),
            now,
            mtu,
        };
        let plan = plan(current.as_ref(), wanted, surroundings);
        let outcome = if wanted.is_some() {
            apply::apply(&mut kernel, index, &plan)?
        } else {
            apply::apply_all(&mut kernel, index, &plan)?
        };
        self.remember_mtu(&outcome, mtu, wanted);
        for notice in outcome.notices {
            self.notice(notice);
        }
        Ok(())
    }

    /// Asks the kernel only where a lease has something to say about it.
    fn link_mtu(
        &self,
        kernel: &mut Kernel,
        current: Option<&Checked>,
        wanted: Option<&Checked>,
    ) -> io::Result<LinkMtu> {
        let says =
            |lease: Option<&Checked>| lease.is_some_and(|checked| checked.lease().mtu.is_some());
        let original = self.original_mtu.get();
        if !says(current) && !says(wanted) {
            return Ok(LinkMtu {
                now: self.interface.link.mtu,
                original,
            });
        }
        let now = kernel.link_by_index(self.interface.index)?;
        Ok(LinkMtu {
            now: now.map_or(self.interface.link.mtu, |facts| facts.state.mtu),
            original,
        })
    }

    fn remember_mtu(&self, outcome: &Outcome, before: LinkMtu, wanted: Option<&Checked>) {
        let leased = wanted.is_some_and(|checked| checked.lease().mtu.is_some());
        if !leased {
            self.original_mtu.set(None);
        } else if outcome.mtu_set {
            self.original_mtu.set(before.original.or(Some(before.now)));
        }
    }

    /// Waits for the resolver's owner, and tells the operator where that did not work: a lease without
    /// names is worth keeping.
    async fn settle(&self, published: Result<Pending<'_>, ResolverError>) {
        let result = match published {
            Ok(pending) => pending.finish().await,
            Err(error) => Err(error),
        };
        if let Err(error) = result {
            self.notice(error.to_string());
        }
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

    /// Tells the operator, unless it would be the same again at each renewal.
    fn notice(&self, line: String) {
        if *self.last_notice.borrow() != line {
            self.observer.notice(&line);
            self.last_notice.replace(line);
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

impl LeaseSink for Actuator {
    async fn configure(&self, lease: Lease, cause: ConfigureCause) -> Result<Applied, Error> {
        // Where there is one already, a calf was restarted: it is changed in place, as by an update.
        match self.apply(lease) {
            Ok(published) => {
                self.with_current(|checked| self.observer.configured(checked, cause));
                self.settle(published).await;
                Ok(Applied::Done)
            }
            Err(reason) => Ok(Applied::Refused(reason)),
        }
    }

    async fn update(&self, lease: Lease, cause: UpdateCause) -> Result<Applied, Error> {
        if self.current.borrow().is_none() {
            return Ok(Applied::Refused(
                "there is no lease in force to update".to_owned(),
            ));
        }
        match self.apply(lease) {
            Ok(published) => {
                self.with_current(|checked| self.observer.updated(checked, cause));
                self.settle(published).await;
                Ok(Applied::Done)
            }
            Err(reason) => Ok(Applied::Refused(reason)),
        }
    }

    async fn deconfigure(&self, cause: DeconfigureCause) -> Result<Applied, Error> {
        if self.closed.get() {
            return Ok(Applied::Refused("the service is stopping".to_owned()));
        }
        // Taking a lease out of force is never refused; saying that there is none may be had too often.
        if self.current.borrow().is_none() {
            if self.may_change() {
                self.observer.deconfigured(None, cause);
            }
            return Ok(Applied::Done);
        }
        let (former, result, pending) = self.remove();
        self.observer.deconfigured(former.as_ref(), cause);
        self.settle(pending).await;
        match result {
            Ok(()) => Ok(Applied::Done),
            Err(failure) => Ok(Applied::Refused(failure.to_string())),
        }
    }

    async fn setback(&self, setback: Setback) -> Result<(), Error> {
        // Nothing on the host depends on it, so there is no change to pace; who listens limits the log.
        self.observer.setback(setback);
        Ok(())
    }
}
