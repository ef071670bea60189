//! The interfaces of a run: those there are, and those that come, go and change their names.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
    rc::Rc,
};

use dhcp_actuator::{Deleted, Interface, InterfaceError, LinkEntry, LinkEvent};
use dhcp_frontend::{
    Client, Setup,
    script::Reason,
    setup::{OnStop, WaitFor},
};
use sdk_rpc::{Command, Origin, Verb};
use tokio::sync::mpsc;

use super::Context;
use crate::{
    control::not_served, interface::Stage, refused::Refused, rivals::Rivals, selection::Selection,
    service::Service,
};

/// Starts to serve an interface that came later.
async fn start(
    service: &mut Service,
    losing: &mpsc::UnboundedSender<Refused>,
) -> Result<(), Refused> {
    service.spawn()?;
    service.inherit(&Rivals::look()).await?;
    service.launch(losing).await
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// The leases that it waits for are there.
    Leased,
    /// Some of them are not, and where one is missing an attempt has failed.
    GaveUp,
    /// Some of them are not.
    Waiting,
}

/// All interfaces that are served.
pub(super) struct Fleet {
    context: Rc<Context>,
    selection: Selection,
    /// Interfaces that are served by name.
    named: Vec<String>,
    /// By the kernel's number.
    services: BTreeMap<u32, Service>,
    /// The operator had them stopped, and they are still there: whatever happens to their links, they are not
    /// served again.
    stopped: BTreeSet<u32>,
    /// One that is being withdrawn.
    parting: Option<Service>,
    lost: mpsc::UnboundedReceiver<Refused>,
    losing: mpsc::UnboundedSender<Refused>,
    /// The operator asked for the end of at least one of them.
    asked_to_end: bool,
}

impl Fleet {
    /// Opens everything that serving the interfaces of `links` needs, and changes nothing.
    ///
    /// # Errors
    /// A named interface cannot be served. One that is only chosen by a glob is left out, with a line.
    pub(super) fn gather(context: &Rc<Context>, links: &[LinkEntry]) -> Result<Self, Refused> {
        let interfaces = &context.setup.interfaces;
        let selection = Selection::new(interfaces).map_err(Refused::program)?;
        let is_off = |name: &&String| context.setup.profile_of(name).off;
        let (off, named): (Vec<_>, Vec<_>) = interfaces.named.iter().partition(is_off);
        for name in off {
            context.events.warn(name, "is left alone, as it was asked");
        }
        let (losing, lost) = mpsc::unbounded_channel();
        let mut fleet = Self {
            context: Rc::clone(context),
            selection,
            named: named.into_iter().cloned().collect(),
            services: BTreeMap::new(),
            stopped: BTreeSet::new(),
            parting: None,
            lost,
            losing,
            asked_to_end: false,
        };
        for name in fleet.named.clone() {
            match Interface::find(&context.netlink, &name) {
                Ok(interface) => fleet.add(Service::open(&interface, context)?),
                Err(InterfaceError::Absent(_)) if interfaces.wait_for_named => {
                    context
                        .events
                        .warn(&name, "is not there yet; waiting for it");
                }
                Err(error) => return Err(Refused::interface(&name, error)),
            }
        }
        for link in links {
            fleet.consider(link);
        }
        Ok(fleet)
    }

    fn add(&mut self, service: Service) {
        self.context.add_served(service.served());
        self.services.insert(service.index(), service);
    }

    /// Opens `link` if it is to be served and is not yet. False if nothing was opened.
    fn consider(&mut self, link: &LinkEntry) -> bool {
        let index = link.interface.index;
        let is_off = self.context.profile(&link.interface.name).off;
        let is_known = self.services.contains_key(&index) || self.stopped.contains(&index);
        // The descriptors of a split run are those of one interface, once.
        let is_spent = self.context.is_split && !self.context.has_split();
        if is_known || is_off || is_spent || !self.selection.takes(link) {
            return false;
        }
        match Service::open(&link.interface, &self.context) {
            Ok(service) => {
                self.add(service);
                true
            }
            Err(refused) => {
                refused.tell(&self.context.events);
                false
            }
        }
    }

    /// Starts a calf for each interface, and only if all are there changes anything on the host.
    ///
    /// # Errors
    /// There is no calf to be had, or a named interface cannot be served. One that was not named is left out then,
    /// with a line.
    pub(super) async fn launch(&mut self) -> Result<(), Refused> {
        for service in self.services.values_mut() {
            service.spawn()?;
        }
        // The calves need their time to start; this is done meanwhile.
        let rivals = Rivals::look();
        let mut refusals = Vec::new();
        for (index, service) in &self.services {
            if let Err(refused) = service.inherit(&rivals).await {
                refusals.push((*index, refused));
            }
        }
        self.leave_out(&mut refusals).await?;
        for (index, service) in &mut self.services {
            if let Err(refused) = service.launch(&self.losing).await {
                refusals.push((*index, refused));
            }
        }
        self.leave_out(&mut refusals).await
    }

    /// Gives up interfaces that cannot be served, if nobody asked for one of them by name.
    async fn leave_out(&mut self, refusals: &mut Vec<(u32, Refused)>) -> Result<(), Refused> {
        for (index, refused) in refusals.drain(..) {
            if !self.named.is_empty() {
                return Err(refused);
            }
            refused.tell(&self.context.events);
            self.end(&[index], self.context.setup.on_stop).await;
        }
        Ok(())
    }

    /// Why the run cannot go on; for ever pending while it can.
    pub(super) async fn lost(&mut self) -> Refused {
        match self.lost.recv().await {
            Some(refused) => refused,
            // A sender is in `self`.
            None => std::future::pending().await,
        }
    }

    pub(super) async fn link_event(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Appeared(link) => self.appeared(&link, None).await,
            LinkEvent::Changed(link) => self.changed(&link).await,
            LinkEvent::Removed { index, name } => self.removed(index, &name).await,
        }
    }

    /// A link is there; `address` is the one that it had under another name.
    async fn appeared(&mut self, link: &LinkEntry, address: Option<Ipv4Addr>) {
        if !self.consider(link) {
            return;
        }
        let Some(service) = self.services.get_mut(&link.interface.index) else {
            return;
        };
        if let Some(address) = address {
            service.shared.remind(address);
        }
        let launched = start(service, &self.losing).await;
        if let Err(refused) = launched {
            refused.tell(&self.context.events);
            self.end(&[link.interface.index], self.context.setup.on_stop)
                .await;
        }
        self.context.changed.notify_one();
    }

    async fn changed(&mut self, link: &LinkEntry) {
        let LinkEntry { interface, .. } = link;
        let Some(service) = self.services.get(&interface.index) else {
            return self.appeared(link, None).await;
        };
        let renamed = service.name() != interface.name;
        if !renamed && self.selection.takes(link) {
            service.link_changed(interface.link);
            return;
        }
        let why = if renamed {
            format!("is called {} now", interface.name)
        } else {
            "is not to be served any more: it is part of another interface".to_owned()
        };
        self.context.events.warn(service.name(), &why);
        let address = service.shared.lease().map(|lease| lease.address);
        self.part_with(interface.index, Reason::Departed).await;
        if renamed {
            self.appeared(link, address).await;
        }
    }

    async fn removed(&mut self, index: u32, name: &str) {
        self.stopped.remove(&index);
        if self.services.contains_key(&index) {
            self.context.events.warn(name, "the interface was removed");
            self.part_with(index, Reason::Departed).await;
        }
    }

    /// Stops to serve an interface and undoes what is left to undo.
    async fn part_with(&mut self, index: u32, reason: Reason) {
        let Some(service) = self.services.remove(&index) else {
            return;
        };
        let name = service.name().to_owned();
        self.context.remove_served(&name);
        // Not only here: where this is broken off by the end of the run, that undoes it.
        self.parting = Some(service);
        if let Some(service) = &self.parting {
            service.withdraw(reason).await;
        }
        self.parting = None;
        if self.context.is_split {
            let why = "the one interface of this role is gone, or is another one now";
            // The receiver is in `self`.
            drop(self.losing.send(Refused::interface(&name, why)));
        }
        self.context.changed.notify_one();
    }

    pub(super) fn progress(&self, wait_for: WaitFor) -> Progress {
        let leased = |service: &&Service| service.shared.stage() == Stage::Leased;
        let there = |name: &String| self.services.values().any(|service| service.name() == name);
        let all_there = self.named.iter().all(there);
        let enough = match wait_for {
            WaitFor::Any => {
                let mut awaited = self.services.values().filter(|s| s.shared.profile.awaited);
                self.services.values().any(|s| leased(&s)) && awaited.all(|s| leased(&s))
            }
            WaitFor::All => {
                all_there && !self.services.is_empty() && self.services.values().all(|s| leased(&s))
            }
        };
        let missing = || self.services.values().filter(|service| !leased(service));
        if enough {
            Progress::Leased
        } else if all_there && missing().count() > 0 && missing().all(|s| s.shared.gave_up()) {
            Progress::GaveUp
        } else {
            Progress::Waiting
        }
    }

    /// Whether some interface has a carrier.
    pub(super) fn has_carrier(&self) -> bool {
        let carrier = |service: &Service| service.shared.news.link().carrier;
        self.services.values().any(carrier)
    }

    /// Says why there is no lease, for each interface without one.
    pub(super) fn tell_failures(&self) {
        let Self {
            context, services, ..
        } = self;
        for name in &self.named {
            if !services.values().any(|service| service.name() == name) {
                let why = "there is no such interface; `ip link` lists those there are";
                context.events.failed(name, why, serde_json::Map::new());
            }
        }
        if services.is_empty() && self.named.is_empty() {
            context.warn("there is no interface to be served");
        }
        for service in services.values() {
            service.tell_failure();
        }
    }

    /// Puts back what somebody else removed of a lease.
    pub(super) fn restore(&self, deleted: &Deleted) {
        for service in self.services.values() {
            service.restore(deleted);
        }
    }

    /// Passes a command on.
    pub(super) fn command(&self, command: Command) {
        for service in self.services.values() {
            service.command(command);
        }
    }

    /// Does what an operator asks of some interfaces, or of all; the answer is which.
    ///
    /// # Errors
    /// One of them is not served; nothing is done then.
    pub(super) async fn ask(
        &mut self,
        verb: Verb,
        interfaces: &[String],
    ) -> Result<Vec<String>, String> {
        let mut chosen = Vec::new();
        for name in interfaces {
            let service = self
                .services
                .values()
                .find(|service| service.name() == name);
            chosen.push(service.ok_or_else(|| not_served(name))?.index());
        }
        if interfaces.is_empty() {
            chosen.extend(self.services.keys());
        }
        let named = |index: &u32| self.services.get(index).map(|s| s.name().to_owned());
        let names = chosen.iter().filter_map(named).collect();
        let command = |command| {
            for service in chosen.iter().filter_map(|index| self.services.get(index)) {
                service.command(command);
            }
        };
        match verb {
            Verb::Renew => command(Command::Renew),
            Verb::Rebind => command(Command::Rebind),
            Verb::Reapply => {
                for service in chosen.iter().filter_map(|index| self.services.get(index)) {
                    service.reapply().await;
                }
            }
            Verb::Stop => self.stop(&chosen, self.asked_stop()).await,
            Verb::Release => self.stop(&chosen, OnStop::Release).await,
        }
        Ok(names)
    }

    /// Stops to serve some interfaces for good, because the operator wants that.
    async fn stop(&mut self, chosen: &[u32], how: OnStop) {
        // First: what is undone changes the links, and that is heard of.
        self.stopped.extend(chosen);
        // Nobody waits for their leases any more.
        let names: Vec<String> = chosen
            .iter()
            .filter_map(|index| self.services.get(index))
            .map(|service| service.name().to_owned())
            .collect();
        self.named.retain(|named| !names.contains(named));
        self.asked_to_end = true;
        self.end(chosen, how).await;
    }

    /// What becomes of the configuration when an operator has an interface stopped: dhclient leaves it at
    /// SIGTERM, but has its script told when `-x` stops it.
    fn asked_stop(&self) -> OnStop {
        let Setup {
            client, on_stop, ..
        } = &self.context.setup;
        match client {
            Client::Dhclient => OnStop::Undo,
            Client::Native | Client::Dhcpcd | Client::Udhcpc => *on_stop,
        }
    }

    /// Whether the operator had the last interface stopped.
    pub(super) fn is_over(&self) -> bool {
        self.asked_to_end && self.services.is_empty()
    }

    /// Gives the leases back; the interfaces wait until they are to be leased again.
    pub(super) async fn release_and_wait(&self) {
        for service in self.services.values() {
            service.release_and_wait().await;
        }
    }

    /// Configures the fallback of each interface that has one and no lease.
    pub(super) async fn use_fallbacks(&self) {
        for service in self.services.values() {
            service.use_fallback().await;
        }
    }

    /// Takes back the addresses that the host gave itself.
    pub(super) async fn withdraw_link_local(&self) {
        for service in self.services.values() {
            let lease = service.shared.lease();
            if lease.is_some_and(|lease| lease.origin == Origin::LinkLocal) {
                service.withdraw(Reason::Stop).await;
            }
        }
    }

    /// Resolves when every hook has run.
    pub(super) async fn hooks_finished(&self) {
        for service in self.services.values() {
            service.hooks_finished().await;
        }
    }

    /// Lets go what would keep another run from serving the interfaces.
    pub(super) fn let_go(&mut self) {
        for service in self.services.values_mut() {
            service.unlock();
        }
    }

    /// Gives up an interface for which there is no calf to be had. The answer is false if it was the last one that
    /// could be served: then there is no sandbox here, or the role that it needs is gone.
    pub(super) async fn give_up(&mut self, refused: &Refused) -> bool {
        let others = |service: &&Service| refused.interface.as_deref() != Some(service.name());
        let is_served = Service::is_served;
        if !self.services.values().filter(others).any(is_served) {
            return false;
        }
        refused.tell(&self.context.events);
        let name = refused.interface.as_deref();
        let lost = self.services.values().find(|s| Some(s.name()) == name);
        if let Some(index) = lost.map(Service::index) {
            self.named.retain(|named| Some(named.as_str()) != name);
            self.stopped.insert(index);
            self.end(&[index], self.context.setup.on_stop).await;
        }
        true
    }

    /// Ends: what is configured stays, goes, or is given back.
    pub(super) async fn undo(&mut self, how: OnStop) {
        if let Some(service) = self.parting.take() {
            service.withdraw(Reason::Departed).await;
        }
        let all: Vec<u32> = self.services.keys().copied().collect();
        self.end(&all, how).await;
    }

    /// Stops to serve some interfaces, all at once: one whose server is silent or whose script hangs delays no
    /// other.
    async fn end(&mut self, chosen: &[u32], how: OnStop) {
        let (services, untouched): (Vec<_>, Vec<_>) = chosen
            .iter()
            .filter_map(|index| self.services.remove(index))
            .partition(Service::is_launched);
        let context = &self.context;
        for service in untouched {
            context.remove_served(service.name());
        }
        let ended = services.into_iter().map(|service| async move {
            if how == OnStop::Release {
                service.ask_release();
            }
            let released = service.shared.is_to_be_released();
            if released {
                service.await_release().await;
            }
            match how {
                // ifdown(8) has udhcpc give the lease back and ends it in one breath: nothing of it stays.
                OnStop::Leave if !released => service.leave().await,
                OnStop::Leave | OnStop::Undo | OnStop::Release => service.stop().await,
            }
            context.events.stopped(service.name());
            service
        });
        for service in futures::future::join_all(ended).await {
            context.remove_served(service.name());
        }
        context.changed.notify_one();
    }
}
