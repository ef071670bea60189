//! One interface with all that serves it: what is checked before it starts, and what is undone at the
//! end.

use std::{
    fs::OpenOptions,
    os::unix::fs::OpenOptionsExt as _,
    rc::Rc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use dhcp_actuator::{
    Actuator, Checked, Interface, LinkEntry, LinkEvent, Links, Netlink, Observer, Resolver,
};
use dhcp_network::{Network, Pcap};
use sdk_rpc::{ConfigureCause, DeconfigureCause, Setback, UpdateCause};
use tokio::{
    task::{JoinHandle, spawn_local},
    time::timeout,
};

use crate::{
    clock,
    command_line::{Backend, Options},
    events::Events,
    interface::{Shared, Stage},
    lock::InterfaceLock,
    store::Store,
    supervisor::{NoCalf, Running, Supervisor},
    watchers::News,
};

/// How long a release may take to reach the wire before the configuration is undone anyway.
const RELEASE_WITHIN: Duration = Duration::from_secs(2);

/// Exit status when no sandbox is possible.
const NO_SANDBOX: u8 = 3;

/// Why something is not served, with the exit status that says so.
#[derive(Debug)]
pub(crate) struct Refused {
    /// `None`: it is not about one interface.
    pub(crate) interface: Option<String>,
    pub(crate) why: String,
    pub(crate) status: u8,
}

impl Refused {
    pub(crate) fn program(why: String) -> Self {
        Self {
            interface: None,
            why,
            status: 1,
        }
    }

    fn interface(name: &str, why: impl ToString) -> Self {
        Self {
            interface: Some(name.to_owned()),
            why: why.to_string(),
            status: 1,
        }
    }

    fn no_calf(name: &str, error: &NoCalf) -> Self {
        let status = match error {
            NoCalf::Sandbox(_) => NO_SANDBOX,
            NoCalf::Io(..) => 1,
        };
        Self {
            status,
            ..Self::interface(name, error)
        }
    }
}

/// One interface with its packet socket: who may not have that is told so before anything else.
#[derive(Debug)]
pub(crate) struct Opened {
    shared: Rc<Shared>,
    netlink: Netlink,
    interface: Interface,
    network: Network,
    lock: InterfaceLock,
}

impl Opened {
    /// Finds, locks and opens the interface `name`; changes nothing.
    pub(crate) fn open(
        name: &str,
        options: &Options,
        netlink: &Netlink,
        events: &Rc<Events>,
    ) -> Result<Self, Refused> {
        let interface =
            Interface::find(netlink, name).map_err(|error| Refused::interface(name, error))?;
        let lock = InterfaceLock::acquire(name).map_err(|error| Refused::interface(name, error))?;
        let shared = Shared::new(
            name.to_owned(),
            Rc::clone(events),
            News::new(interface.link),
            Store::new(options.state_directory.clone()),
        );
        let network = Self::open_network(&interface, &shared, options)?;
        Ok(Self {
            shared,
            netlink: netlink.clone(),
            interface,
            network,
            lock,
        })
    }

    fn open_network(
        interface: &Interface,
        shared: &Rc<Shared>,
        options: &Options,
    ) -> Result<Network, Refused> {
        let name = &interface.name;
        let pcap = match &options.pcap {
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
}

/// One interface, served by this process and a calf.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) shared: Rc<Shared>,
    supervisor: Rc<Supervisor>,
    netlink: Netlink,
    interface: Interface,
    _lock: InterfaceLock,
}

impl Service {
    /// Opens what serving `opened` needs besides; changes nothing.
    pub(crate) fn prepare(opened: Opened, options: &Options, resolver: &Rc<Resolver>) -> Self {
        let Opened {
            shared,
            netlink,
            interface,
            network,
            lock,
        } = opened;
        let told = Told {
            shared: Rc::clone(&shared),
            network: network.clone(),
        };
        let actuator = Actuator::new(
            interface.clone(),
            dhcp_actuator::Options {
                netlink: netlink.clone(),
                resolver: Rc::clone(resolver),
                host_name: Rc::default(),
                takes: dhcp_actuator::Takes::default(),
                metric: None,
                clock: clock::boottime_milliseconds,
            },
            Rc::new(told),
        );
        let backend = match options.backend {
            Backend::Process => calf_sandbox::Backend::Process,
            Backend::None => calf_sandbox::Backend::None,
        };
        let supervisor = Supervisor {
            shared: Rc::clone(&shared),
            network,
            actuator: Rc::new(actuator),
            backend,
        };
        Self {
            shared,
            supervisor: Rc::new(supervisor),
            netlink,
            interface,
            _lock: lock,
        }
    }

    /// Starts a calf; nothing on the host is changed.
    pub(crate) fn spawn(&self) -> Result<Running, Refused> {
        let name = &self.shared.name;
        if self.supervisor.backend == calf_sandbox::Backend::None {
            self.shared
                .warn("--backend none: what is read from the network is not sandboxed");
        }
        let calf = self
            .supervisor
            .spawn()
            .map_err(|error| Refused::no_calf(name, &error))?;
        self.shared.events.started(name);
        Ok(calf)
    }

    pub(crate) async fn bring_up(&self) -> Result<(), Refused> {
        let result = self.supervisor.actuator.bring_up().await;
        result.map_err(|error| Refused::interface(&self.shared.name, error))
    }

    /// Serves `calf` and those after it; ends only when there are none to be had.
    pub(crate) fn supervise(&self, calf: Running) -> JoinHandle<Refused> {
        let supervisor = Rc::clone(&self.supervisor);
        spawn_local(async move {
            let error = supervisor.run(calf).await;
            Refused::no_calf(&supervisor.shared.name, &error)
        })
    }

    /// Passes on what happens to the link; ends only when there is none any more.
    pub(crate) fn watch_link(&self) -> Result<JoinHandle<Refused>, Refused> {
        let name = self.shared.name.clone();
        let index = self.interface.index;
        let mut links = Links::open(&self.netlink).map_err(|error| {
            Refused::interface(&name, format!("cannot watch the link: {error}"))
        })?;
        let shared = Rc::clone(&self.shared);
        let network = self.supervisor.network.clone();
        let tell = move |entry: LinkEntry| {
            if entry.interface.index == index {
                network.set_mac(entry.interface.link.mac);
                shared.news.tell_link(entry.interface.link);
            }
        };
        let all = links.all();
        if all.iter().all(|entry| entry.interface.index != index) {
            return Err(Refused::interface(&name, "the interface was removed"));
        }
        for entry in all {
            tell(entry);
        }
        Ok(spawn_local(async move {
            loop {
                match links.next().await {
                    Ok(LinkEvent::Changed(entry) | LinkEvent::Appeared(entry)) => tell(entry),
                    Ok(LinkEvent::Removed {
                        index: gone,
                        name: _,
                    }) if gone != index => {}
                    Ok(LinkEvent::Removed { index: _, name: _ }) => {
                        return Refused::interface(&name, "the interface was removed");
                    }
                    Err(error) => {
                        let why = format!("cannot watch the link any more: {error}");
                        return Refused::interface(&name, why);
                    }
                }
            }
        }))
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
        if self.shared.lease().is_none() {
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

    /// Undoes what was configured.
    pub(crate) async fn stop(&self) {
        if let Err(error) = self.supervisor.actuator.withdraw().await {
            self.shared.warn(&error.to_string());
        }
        self.shared.events.stopped(&self.shared.name);
    }
}

/// Told by the actuator what is in force; what depends on the address follows.
struct Told {
    shared: Rc<Shared>,
    network: Network,
}

impl Told {
    fn set_address(&self, address: Option<std::net::Ipv4Addr>) {
        if let Err(error) = self.network.set_address(address) {
            self.shared.warn(&error.to_string());
        }
    }
}

impl Observer for Told {
    fn configured(&self, lease: &Checked, cause: ConfigureCause) {
        self.set_address(Some(lease.lease().address));
        self.shared.configured(lease.lease().clone(), cause);
    }

    fn updated(&self, lease: &Checked, cause: UpdateCause) {
        self.set_address(Some(lease.lease().address));
        self.shared.updated(lease.lease().clone(), cause);
    }

    fn deconfigured(&self, _lease: Option<&Checked>, cause: DeconfigureCause) {
        self.set_address(None);
        self.shared.deconfigured(cause);
    }

    fn setback(&self, setback: Setback) {
        self.shared.setback(setback);
    }

    fn notice(&self, line: &str) {
        self.shared.warn(line);
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
