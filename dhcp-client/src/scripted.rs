//! A script as the actuator: it is told what to configure, and the program touches neither address nor
//! routes nor resolvers.
//!
//! The lease has passed the same policy as one that the program configures itself: what a shell is given
//! are values of their kinds and nothing else.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::{Duration, Instant},
};

use dhcp_actuator::{Checked, Interface, Observer, policy};
use dhcp_frontend::{Client, script::Reason};
use sdk_rpc::{
    Applied, ConfigureCause, DeconfigureCause, Error, Lease, LeaseSink, Setback, UpdateCause,
};

use tokio::sync::Mutex;

use crate::{
    clock,
    herald::{Herald, News},
    interface::Shared,
    occasions::{configured, deconfigured, setback, updated},
    pace::Pace,
};

/// Runs of a script at once, and how long one more takes: a renewal in a minute is rare.
const MOST_RUNS: u32 = 10;
const RECOVERY: Duration = Duration::from_secs(1);

/// Has a script configure one interface.
pub(crate) struct Scripted {
    shared: Rc<Shared>,
    herald: Rc<Herald>,
    interface: Interface,
    observer: Rc<dyn Observer>,
    current: RefCell<Option<Checked>>,
    /// One script at a time, whatever a calf asks for at once.
    turn: Mutex<()>,
    pace: Cell<Pace>,
}

impl std::fmt::Debug for Scripted {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Scripted")
            .field("current", &self.current)
            .finish_non_exhaustive()
    }
}

impl Scripted {
    pub(crate) fn new(
        shared: &Rc<Shared>,
        herald: &Rc<Herald>,
        interface: &Interface,
        observer: Rc<dyn Observer>,
    ) -> Self {
        Self {
            shared: Rc::clone(shared),
            herald: Rc::clone(herald),
            interface: interface.clone(),
            observer,
            current: RefCell::new(None),
            turn: Mutex::new(()),
            pace: Cell::new(Pace::new(MOST_RUNS, RECOVERY)),
        }
    }

    /// Before anything is asked of the network.
    pub(crate) async fn prepare(&self) {
        self.herald.perform(News::plain(Reason::Preinit)).await;
    }

    /// Takes up a lease that an earlier run had the script put in force. Where it does not pass the policy there
    /// is none.
    pub(crate) fn adopt(&self, lease: Lease) {
        let now = clock::boottime_milliseconds();
        if let Ok((checked, _)) = policy::check(lease, self.interface.limits, now) {
            self.current.replace(Some(checked));
        }
    }

    /// When the lease in force ends.
    pub(crate) fn expires_at(&self) -> Option<u64> {
        let current = self.current.borrow();
        current
            .as_ref()
            .and_then(|checked| checked.lease().expires_at)
    }

    /// Ends the lease in force if its time is over.
    pub(crate) async fn expire(&self) {
        let _turn = self.turn.lock().await;
        // A script that ran until now may have extended it.
        let now = clock::boottime_milliseconds();
        if self.expires_at().is_some_and(|end| end <= now) {
            self.end(DeconfigureCause::Expired).await;
        }
    }

    /// Takes the lease in force out of force.
    async fn end(&self, cause: DeconfigureCause) {
        let former = self.current.take();
        self.observer.deconfigured(former.as_ref(), cause);
        let news = News {
            old: former.map(|checked| checked.lease().clone()),
            ..News::plain(deconfigured(cause))
        };
        self.herald.perform(news).await;
    }

    /// Has the script undo what it configured.
    pub(crate) async fn withdraw(&self, reason: Reason) {
        // A script that runs already may be the one that does it.
        let _turn = self.turn.lock().await;
        let old = self.take();
        if old.is_some() {
            let news = News {
                old,
                ..News::plain(reason)
            };
            self.herald.perform(news).await;
        }
    }

    /// Has the script told that no lease is looked for any more, unless one came meanwhile.
    pub(crate) async fn rest(&self) {
        let _turn = self.turn.lock().await;
        if self.current.borrow().is_none() {
            self.herald.perform(News::plain(Reason::Release)).await;
        }
    }

    /// Resolves when no script runs.
    pub(crate) async fn finished(&self) {
        drop(self.turn.lock().await);
    }

    /// Whether a script may run for something that a calf can ask for at will.
    fn may_run(&self) -> bool {
        let mut pace = self.pace.get();
        let may = pace.take(Instant::now());
        self.pace.set(pace);
        may
    }

    fn take(&self) -> Option<Lease> {
        self.current.take().map(|checked| checked.lease().clone())
    }

    fn current(&self) -> Option<Lease> {
        let current = self.current.borrow();
        current.as_ref().map(|checked| checked.lease().clone())
    }

    /// Has the script put `lease` in force. `Err` is the answer when it is not.
    async fn apply(&self, lease: Lease, reason: Reason) -> Result<Checked, Applied> {
        let _turn = self.turn.lock().await;
        if !self.may_run() {
            let why = "too many changes at once; wait a second";
            return Err(Applied::Refused(why.to_owned()));
        }
        let now = clock::boottime_milliseconds();
        let checked = policy::check(lease, self.interface.limits, now);
        let (checked, dropped) =
            checked.map_err(|refusal| Applied::Refused(refusal.to_string()))?;
        if let Some(line) = policy::line(&dropped) {
            self.shared.warn_once(&line);
        }
        let news = News {
            reason,
            new: Some(checked.lease().clone()),
            old: self.current(),
        };
        let agreed = self.herald.perform(news).await;
        // dhclient-script(8): a status other than 0 says that the address is in use. Other clients' scripts say
        // nothing by theirs.
        if !agreed && self.shared.context.setup.client == Client::Dhclient {
            return Err(Applied::InUse);
        }
        self.current.replace(Some(checked.clone()));
        Ok(checked)
    }
}

impl LeaseSink for Scripted {
    async fn configure(&self, lease: Lease, cause: ConfigureCause) -> Result<Applied, Error> {
        Ok(match self.apply(lease, configured(cause)).await {
            Ok(checked) => {
                self.observer.configured(&checked, cause);
                Applied::Done
            }
            Err(refused) => refused,
        })
    }

    async fn update(&self, lease: Lease, cause: UpdateCause) -> Result<Applied, Error> {
        Ok(match self.apply(lease, updated(cause)).await {
            Ok(checked) => {
                self.observer.updated(&checked, cause);
                Applied::Done
            }
            Err(refused) => refused,
        })
    }

    async fn deconfigure(&self, cause: DeconfigureCause) -> Result<Applied, Error> {
        let _turn = self.turn.lock().await;
        // Taking a lease out of force is never refused; saying that there is none may be had too often.
        if self.current.borrow().is_some() || self.may_run() {
            self.end(cause).await;
        }
        Ok(Applied::Done)
    }

    async fn setback(&self, what: Setback) -> Result<(), Error> {
        let _turn = self.turn.lock().await;
        if !self.may_run() {
            return Ok(());
        }
        self.observer.setback(what);
        self.herald.perform(News::plain(setback(what))).await;
        Ok(())
    }
}
