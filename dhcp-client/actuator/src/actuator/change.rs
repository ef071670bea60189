//! From one lease in force to the next, or to none: policy, kernel, resolver file.

use std::io;

use sdk_rpc::Lease;

use super::Actuator;
use crate::{
    apply::{self, Failure, Outcome},
    leftovers::Leftovers,
    netlink::Kernel,
    plan::{Installed, LinkMtu, Standing, Surroundings, plan},
    policy::{self, Checked},
    resolver::{Pending, ResolverError},
};

/// Where a lease comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Provenance {
    /// A calf brings it.
    Calf,
    /// A process before this one put it in force.
    EarlierProcess,
}

impl Actuator {
    /// Puts `lease` in force, from whatever is. Nothing in here waits.
    pub(super) fn apply(
        &self,
        lease: Lease,
        provenance: Provenance,
    ) -> Result<Result<Pending<'_>, ResolverError>, String> {
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
        let wanted = Some((&checked, provenance));
        self.change_kernel(wanted, &self.leftovers.borrow(), now)
            .map_err(|failure| failure.to_string())?;
        self.leftovers.take();
        self.restored.take();
        let published = self.publish(&checked);
        self.take_host_name(&checked);
        self.current.replace(Some(checked));
        Ok(published)
    }

    fn publish(&self, checked: &Checked) -> Result<Pending<'_>, ResolverError> {
        let (resolver, name) = (&self.options.resolver, &self.interface.name);
        if self.options.takes.resolvers {
            resolver.publish(name, self.metric(), checked)
        } else {
            resolver.withdraw(name)
        }
    }

    fn take_host_name(&self, checked: &Checked) {
        let (names, when) = (&self.options.host_name, self.options.takes.host_name);
        if let Err(line) = names.take(&self.interface.name, when, checked) {
            self.notice(line);
        }
    }

    /// Takes whatever is in force out of force, and `leftovers` with it.
    pub(super) fn remove(
        &self,
        leftovers: &Leftovers,
    ) -> (
        Option<Checked>,
        Result<(), Failure>,
        Result<Pending<'_>, ResolverError>,
    ) {
        let result = self.change_kernel(None, leftovers, (self.options.clock)());
        self.owns_address.set(false);
        let former = self.current.take();
        self.options.host_name.let_go(&self.interface.name);
        (
            former,
            result,
            self.options.resolver.withdraw(&self.interface.name),
        )
    }

    /// What a lease puts into the kernel.
    pub(super) fn installed(&self, checked: &Checked) -> Installed {
        let mtu = LinkMtu::default();
        Installed::of(checked, self.surroundings((self.options.clock)(), mtu))
    }

    fn surroundings(&self, now: u64, mtu: LinkMtu) -> Surroundings {
        Surroundings {
            metric: self.metric(),
            takes: self.options.takes,
            now,
            mtu,
        }
    }

    /// Changes the kernel from the lease in force to `wanted`.
    fn change_kernel(
        &self,
        wanted: Option<(&Checked, Provenance)>,
        leftovers: &Leftovers,
        now: u64,
    ) -> Result<(), Failure> {
        let changed = self
            .options
            .netlink
            .with(|kernel| self.change_through(kernel, wanted, leftovers, now));
        let outcome = changed?;
        if let Some(owns_address) = outcome.owns_address {
            self.owns_address.set(owns_address);
        }
        // Only now, when the socket is free again, may the observer be called.
        for notice in outcome.notices {
            self.notice(notice);
        }
        Ok(())
    }

    fn change_through(
        &self,
        kernel: &mut Kernel,
        wanted: Option<(&Checked, Provenance)>,
        leftovers: &Leftovers,
        now: u64,
    ) -> Result<Outcome, Failure> {
        let current = self.current.borrow();
        let index = self.interface.index;
        let (wanted, provenance) = wanted.unzip();
        let mtu = self.link_mtu(kernel, current.as_ref(), wanted)?;
        let standing = Standing {
            lease: current.as_ref(),
            owns_address: self.owns_address.get(),
            leftovers,
            adopting: provenance == Some(Provenance::EarlierProcess),
        };
        let plan = plan(standing, wanted, self.surroundings(now, mtu));
        let outcome = if wanted.is_some() {
            apply::apply(kernel, index, &plan)?
        } else {
            apply::apply_all(kernel, index, &plan)?
        };
        self.remember_mtu(&outcome, mtu, wanted);
        Ok(outcome)
    }

    /// Asks the kernel only where a lease has something to say about it.
    fn link_mtu(
        &self,
        kernel: &mut Kernel,
        current: Option<&Checked>,
        wanted: Option<&Checked>,
    ) -> io::Result<LinkMtu> {
        let takes = self.options.takes.mtu;
        let says = |lease: Option<&Checked>| {
            takes && lease.is_some_and(|checked| checked.lease().mtu.is_some())
        };
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
    pub(super) async fn settle(&self, published: Result<Pending<'_>, ResolverError>) {
        let result = match published {
            Ok(pending) => pending.finish().await,
            Err(error) => Err(error),
        };
        if let Err(error) = result {
            self.notice(error.to_string());
        }
    }
}
