//! One interface with all that serves it: what is checked before it starts, and what is undone at the
//! end.

use std::{
    cell::Cell,
    fs::OpenOptions,
    os::unix::fs::OpenOptionsExt as _,
    rc::Rc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use dhcp_actuator::{Deleted, Interface};
use dhcp_frontend::{
    script::{Part, Reason},
    setup::{Backend, OperatorsAddress, Purpose},
};
use dhcp_network::{Network, Pcap};
use sdk_rpc::{Applied, Command, Lease, LinkState};
use tokio::{
    sync::mpsc,
    task::{JoinHandle, spawn_local},
    time::{sleep, timeout},
};

use crate::{
    clock,
    configurer::Configurer,
    engine::{Elsewhere, Engine},
    herald::{Herald, News},
    interface::{Shared, Stage},
    lock::InterfaceLock,
    net_handle::NetHandle,
    operators,
    refused::Refused,
    rivals::Rivals,
    run::{Context, Served},
    supervisor::Supervisor,
    watchers,
};

/// How long a release may take to reach the wire before the configuration is undone anyway.
const RELEASE_WITHIN: Duration = Duration::from_secs(2);

/// How long a calf has for acting on the end of a lease before priv does.
const EXPIRY_GRACE: u64 = 2000;

/// The longest sleep until the end of a lease: tokio's clock stands still while the machine is suspended,
/// CLOCK_BOOTTIME does not.
const LONGEST_SLEEP: u64 = 30_000;

/// One interface, served by this process and a calf.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) shared: Rc<Shared>,
    net: NetHandle,
    configurer: Configurer,
    engine: Engine,
    herald: Rc<Herald>,
    interface: Interface,
    lock: Option<InterfaceLock>,
    tasks: Vec<JoinHandle<()>>,
    /// Something on the host may have been changed for it.
    is_launched: Cell<bool>,
}

impl Service {
    /// Locks and opens all that serving `interface` needs; changes nothing.
    ///
    /// # Errors
    /// Somebody else serves it, or something is not to be had.
    pub(crate) fn open(interface: &Interface, context: &Rc<Context>) -> Result<Self, Refused> {
        let name = &interface.name;
        let refused = |why: &dyn ToString| Refused::interface(name, why.to_string());
        // A test may look on while somebody else serves the interface.
        let lock = match context.setup.purpose {
            Purpose::Test => None,
            Purpose::Serve | Purpose::Release => {
                let folder = context.setup.files.run_directory.as_deref();
                let warn = |line: &str| context.events.warn(name, line);
                let lock = InterfaceLock::acquire(name, folder, warn);
                Some(lock.map_err(|error| refused(&error))?)
            }
        };
        let profile = context.profile(name).clone();
        let news = watchers::News::new(interface.link);
        let named = (name.clone(), interface.index);
        let shared = Shared::new(named, Rc::clone(context), profile, news);
        let herald = Rc::new(Herald::new(&shared));
        let service = |net: NetHandle, configurer, engine| Self {
            shared: Rc::clone(&shared),
            net,
            configurer,
            engine,
            herald: Rc::clone(&herald),
            interface: interface.clone(),
            lock,
            tasks: Vec::new(),
            is_launched: Cell::new(false),
        };
        if let Some(split) = context.take_split() {
            let (net, elsewhere) = Elsewhere::connect(split, &shared)?;
            let configurer = Configurer::new(interface, &shared, &net, &herald)?;
            let engine = Engine::Elsewhere(Some(elsewhere));
            return Ok(service(net, configurer, engine));
        }
        let network = open_network(interface, &shared)?;
        let net = NetHandle::Local(network.clone());
        let configurer = Configurer::new(interface, &shared, &net, &herald)?;
        let supervisor = Rc::new(Supervisor {
            shared: Rc::clone(&shared),
            network,
            configurer: configurer.clone(),
            backend: match context.setup.backend {
                Backend::Process => calf_sandbox::Backend::Process,
                Backend::None => calf_sandbox::Backend::None,
            },
        });
        let engine = Engine::Calf {
            supervisor,
            first: None,
        };
        Ok(service(net, configurer, engine))
    }

    pub(crate) fn name(&self) -> &str {
        &self.interface.name
    }

    pub(crate) const fn index(&self) -> u32 {
        self.interface.index
    }

    /// Whether there may be something to undo.
    pub(crate) const fn is_launched(&self) -> bool {
        self.is_launched.get()
    }

    /// Whether it is known that it can be served: by a calf in a whole sandbox, or without one.
    pub(crate) fn is_served(&self) -> bool {
        self.shared.was_sandboxed.get() || self.operators_address().is_some()
    }

    /// For those who only look.
    pub(crate) fn served(&self) -> Served {
        Served {
            shared: Rc::clone(&self.shared),
            network: self.net.clone(),
        }
    }

    /// The address that the operator gave, if no server is to give one.
    fn operators_address(&self) -> Option<&OperatorsAddress> {
        let address = self.shared.profile.address.as_ref();
        address.filter(|address| !address.inform)
    }

    /// Starts a calf, if one is needed; nothing on the host is changed.
    pub(crate) fn spawn(&mut self) -> Result<(), Refused> {
        if self.operators_address().is_some() {
            return Ok(());
        }
        self.engine.spawn(&self.shared)
    }

    /// Takes up what an earlier run, or another client, left on the interface. Before the calf is served,
    /// so that it hears of it.
    ///
    /// # Errors
    /// The other client still runs.
    pub(crate) async fn inherit(&self, rivals: &Rivals) -> Result<(), Refused> {
        let Self {
            shared, configurer, ..
        } = self;
        if let Configurer::Test(..) = configurer {
            return Ok(());
        }
        let actuator = configurer.actuator();
        let leftovers = actuator.leftovers().map_err(|error| {
            let why = format!("cannot ask what is configured there: {error}");
            Refused::interface(self.name(), why)
        })?;
        let rival = match rivals.on(self.name()) {
            Some(Ok(certain)) => Some(certain),
            // It may look after other interfaces; what it left on this one says whether it does not.
            Some(Err(possible)) if !leftovers.is_empty() => Some(possible),
            Some(Err(_)) | None => None,
        };
        if let Some(rival) = rival
            && !shared.context.setup.takeover
        {
            let left = if leftovers.is_empty() {
                String::new()
            } else {
                format!(" and has {leftovers} there")
            };
            let why = format!("{rival} serves it{left}; stop that first, or say --takeover");
            return Err(Refused::interface(self.name(), why));
        }
        let recalled = shared.recall();
        let releases = shared.context.setup.purpose == Purpose::Release;
        if !matches!(configurer, Configurer::Native(_)) {
            // What is there is the script's to keep or to replace.
            if let Some(lease) = recalled {
                shared.remind(lease.address);
                let is_there = || actuator.has_address(lease.address).unwrap_or(false);
                if releases
                    && is_there()
                    && let Configurer::Scripted(scripted, _) = configurer
                {
                    scripted.adopt(lease.clone());
                    self.resume(lease);
                }
            }
            return Ok(());
        }
        // From here on there is something to undo.
        self.is_launched.set(true);
        match recalled {
            // Still there, so an earlier run left it in force.
            Some(lease) if leftovers.has_address(lease.address) => {
                match actuator.adopt(lease.clone()).await {
                    Applied::Done => self.resume(lease),
                    Applied::Refused(_) | Applied::InUse => shared.remind(lease.address),
                }
            }
            Some(lease) => shared.remind(lease.address),
            None => {}
        }
        actuator.take_over(leftovers);
        Ok(())
    }

    /// A lease of an earlier run is still in force.
    fn resume(&self, lease: Lease) {
        // Its server is sent datagrams from there.
        if let Err(error) = self.net.set_address(Some(lease.address)) {
            self.shared.warn(&error);
        }
        self.shared.resume(lease);
    }

    /// Brings the interface up and serves it; `losing` is told when there is no calf to be had any more.
    pub(crate) async fn launch(
        &mut self,
        losing: &mpsc::UnboundedSender<Refused>,
    ) -> Result<(), Refused> {
        self.is_launched.set(true);
        if self.shared.context.setup.purpose == Purpose::Release {
            return self.start_engine(losing);
        }
        let script = self.shared.profile.script.as_ref();
        if script.is_some_and(|script| script.part == Part::Hook) {
            self.herald.tell(News::plain(Reason::Preinit));
        }
        let prepared = self.configurer.prepare().await;
        prepared.map_err(|error| Refused::interface(self.name(), error))?;
        if let Some(operators) = self.operators_address() {
            return operators::use_address(&self.shared, &self.configurer, operators).await;
        }
        if let Some(operators) = &self.shared.profile.address {
            // The address that a server is asked about is in force before it is asked.
            operators::use_address(&self.shared, &self.configurer, operators).await?;
        }
        self.start_engine(losing)
    }

    /// Has the calf begin.
    fn start_engine(&mut self, losing: &mpsc::UnboundedSender<Refused>) -> Result<(), Refused> {
        self.shared.set_ready();
        self.net.set_mac(self.shared.news.link().mac);
        let Self {
            shared,
            configurer,
            engine,
            tasks,
            ..
        } = self;
        tasks.extend(engine.serve(shared, configurer, losing)?);
        let own = configurer.clone();
        tasks.push(spawn_local(async move { expire(&own).await }));
        if let Some(after) = shared.profile.fallback_after {
            let (shared, own) = (Rc::clone(shared), configurer.clone());
            tasks.push(spawn_local(async move {
                operators::fall_back(&shared, &own, after).await;
            }));
        }
        Ok(())
    }

    /// Uses the address that the operator gave for the case that no server gives one, if there is one.
    pub(crate) async fn use_fallback(&self) {
        operators::use_fallback(&self.shared, &self.configurer).await;
    }

    /// Has everything that depends on the lease in force done once more.
    pub(crate) async fn reapply(&self) {
        let Some(lease) = self.shared.lease() else {
            return;
        };
        if let Configurer::Native(actuator) = &self.configurer
            && let Applied::Refused(why) = actuator.adopt(lease.clone()).await
        {
            self.shared.warn(&why);
        }
        let news = self.herald.again(lease);
        match &self.configurer {
            Configurer::Native(_) => self.herald.tell(news),
            Configurer::Scripted(..) | Configurer::Test(..) => {
                self.herald.perform(news).await;
            }
        }
    }

    /// What the kernel says of the link now.
    pub(crate) fn link_changed(&self, link: LinkState) {
        let carrier = |link: LinkState| link.up && link.carrier;
        let before = carrier(self.shared.news.link());
        self.net.set_mac(link.mac);
        self.shared.news.tell_link(link);
        match (before, carrier(link)) {
            (false, true) => self.herald.tell(News::plain(Reason::Carrier)),
            (true, false) => self.herald.tell(News {
                old: self.shared.lease(),
                ..News::plain(Reason::NoCarrier)
            }),
            (true, true) | (false, false) => {}
        }
    }

    /// Puts back what somebody else removed of the lease in force.
    pub(crate) fn restore(&self, deleted: &Deleted) {
        if let Configurer::Native(actuator) = &self.configurer {
            actuator.restore(deleted);
        }
    }

    pub(crate) fn command(&self, command: Command) {
        self.shared.want_again();
        self.shared.news.tell_command(command);
    }

    /// Says why there is no lease, if there is none.
    pub(crate) fn tell_failure(&self) {
        let Shared {
            name,
            events,
            news,
            progress,
            ..
        } = &*self.shared;
        if self.shared.stage() != Stage::Leased {
            let (progress, link) = (progress.borrow(), Some(news.link()));
            events.failed(name, &progress.line(link), progress.fields(link));
        }
    }

    /// Asks the calf to give the lease back.
    pub(crate) fn ask_release(&self) {
        if self.shared.lease().is_some() {
            self.shared.ask_release();
        }
    }

    /// Asks the calf to give the lease back, and to look for none until one is wanted again. Where there is none,
    /// a script hears of it all the same: BusyBox's udhcpc has its own told in every state.
    pub(crate) async fn release_and_wait(&self) {
        if self.shared.lease().is_some() {
            return self.shared.ask_release();
        }
        if self.shared.is_released() {
            return;
        }
        self.shared.rest();
        match &self.configurer {
            Configurer::Scripted(scripted, _) => scripted.rest().await,
            Configurer::Native(_) | Configurer::Test(..) => {
                self.herald.tell(News::plain(Reason::Release));
            }
        }
    }

    /// Waits until the lease was given back, if there is one, for as long as that may take.
    pub(crate) async fn await_release(&self) {
        if self.shared.lease().is_none() {
            return;
        }
        if timeout(RELEASE_WITHIN, self.shared.reaches(Stage::Released))
            .await
            .is_err()
        {
            self.shared
                .warn("the lease could not be released in time; it is only undone here");
        }
    }

    /// Undoes what was configured; `reason` is what hooks are told.
    pub(crate) async fn withdraw(&self, reason: Reason) {
        let old = self.shared.lease();
        self.configurer.withdraw(&self.shared).await;
        self.herald.tell(News {
            old,
            ..News::plain(reason)
        });
        self.herald.told_the_last().await;
    }

    /// Takes away what was configured, and has hooks hear that the interface is not served any more.
    pub(crate) async fn stop(&self) {
        self.withdraw(Reason::Stop).await;
        self.herald.tell(News::plain(Reason::Stopped));
        self.herald.finished().await;
    }

    /// Leaves what was configured.
    pub(crate) async fn leave(&self) {
        self.configurer.leave().await;
        self.herald.finished().await;
    }

    /// Resolves when every hook has run.
    pub(crate) async fn hooks_finished(&self) {
        self.herald.finished().await;
    }

    /// Lets another process serve the interface.
    pub(crate) fn unlock(&mut self) {
        self.lock = None;
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

fn open_network(interface: &Interface, shared: &Rc<Shared>) -> Result<Network, Refused> {
    let name = &interface.name;
    let pcap = match &shared.context.setup.files.pcap {
        Some(path) => Some(open_pcap(path).map_err(|error| {
            Refused::interface(name, format!("--pcap {}: {error}", path.display()))
        })?),
        None => None,
    };
    let log = {
        let shared = Rc::clone(shared);
        Rc::new(move |text: &str| shared.warn(text))
    };
    let link = interface.link;
    let interface = dhcp_network::Interface {
        name: name.clone(),
        index: interface.index,
        mac: link.mac,
        mtu: link.mtu,
        up: link.up,
        carrier: link.carrier,
    };
    Network::open(&interface, log, pcap).map_err(|error| Refused::interface(name, error))
}

/// Ends a lease whose time is over and whose calf did not: for ever.
async fn expire(configurer: &Configurer) {
    loop {
        let now = clock::boottime_milliseconds();
        let left = match configurer.expires_at() {
            Some(end) => end.saturating_add(EXPIRY_GRACE).saturating_sub(now),
            None => LONGEST_SLEEP,
        };
        if left == 0 {
            configurer.expire().await;
        }
        sleep(Duration::from_millis(left.clamp(1, LONGEST_SLEEP))).await;
    }
}

/// A new file, for its owner alone: what it records is not for everybody.
fn open_pcap(path: &std::path::Path) -> std::io::Result<Pcap> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    Pcap::new(file, || {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
    })
}
