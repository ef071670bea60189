//! What all interfaces of a run share.

use std::{
    cell::{OnceCell, RefCell},
    rc::Rc,
};

use dhcp_actuator::{HostName, Netlink, Resolver};
use dhcp_frontend::{
    Client, Setup,
    setup::{LogLevel, Profile, Purpose},
};
use sdk_rpc::MacAddress;
use tokio::sync::Notify;

use crate::{
    clock, events::Events, identity, interface::Shared, net_handle::NetHandle, refused::Refused,
    roles::Split, store::Store,
};

/// One run.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) setup: Setup,
    pub(crate) events: Rc<Events>,
    pub(crate) host_name: Rc<HostName>,
    pub(crate) netlink: Netlink,
    pub(crate) store: Store,
    /// Some interface is further than it was, or less far.
    pub(crate) changed: Notify,
    resolver: OnceCell<Rc<Resolver>>,
    duid: OnceCell<Vec<u8>>,
    served: RefCell<Vec<Served>>,
    split: RefCell<Option<Split>>,
    /// Engine and network are in other processes.
    pub(crate) is_split: bool,
}

/// An interface that is served, for those who only look.
#[derive(Clone, Debug)]
pub(crate) struct Served {
    pub(crate) shared: Rc<Shared>,
    pub(crate) network: NetHandle,
}

impl Context {
    /// Opens what every interface needs; changes nothing.
    pub(crate) fn new(
        setup: Setup,
        events: &Rc<Events>,
        split: Option<Split>,
    ) -> Result<Rc<Self>, Refused> {
        let netlink = Netlink::open()
            .map_err(|error| Refused::program(format!("cannot open a netlink socket: {error}")))?;
        let context = Self {
            store: Store::new(setup.files.state_directory.clone()),
            events: Rc::clone(events),
            host_name: Rc::default(),
            netlink,
            changed: Notify::new(),
            resolver: OnceCell::new(),
            duid: OnceCell::new(),
            served: RefCell::default(),
            is_split: split.is_some(),
            split: RefCell::new(split),
            setup,
        };
        Ok(Rc::new(context))
    }

    /// Who is told about resolvers. Found out when it is first asked for: by then it is clear that there are
    /// the rights to serve an interface at all, which is what an operator without them should hear of.
    pub(crate) fn resolver(&self) -> Result<Rc<Resolver>, Refused> {
        if let Some(resolver) = self.resolver.get() {
            return Ok(Rc::clone(resolver));
        }
        let resolver = Resolver::prepare(self.setup.files.resolv_conf.as_deref())
            .map_err(|error| Refused::program(error.to_string()))?;
        if let Some(warning) = resolver.warning() {
            self.warn(&warning);
        }
        Ok(Rc::clone(self.resolver.get_or_init(|| Rc::new(resolver))))
    }

    /// What is wanted of the interface `name`.
    pub(crate) fn profile(&self, name: &str) -> &Profile {
        self.setup.profile_of(name)
    }

    /// The host's DUID; made from `mac` where there is none yet.
    pub(crate) fn duid(&self, mac: MacAddress) -> &[u8] {
        self.duid.get_or_init(|| {
            let directory = &self.setup.files.state_directory;
            let (duid, trouble) = identity::duid(directory, mac, clock::wall_seconds());
            if let Some(trouble) = trouble {
                self.warn(&trouble);
            }
            duid
        })
    }

    /// The descriptors of engine and network where they are in other processes; once, for the one interface
    /// that such a run serves.
    pub(crate) fn take_split(&self) -> Option<Split> {
        self.split.take()
    }

    /// Whether they are still to be taken.
    pub(crate) fn has_split(&self) -> bool {
        self.split.borrow().is_some()
    }

    /// What is served, by name.
    pub(crate) fn all_served(&self) -> Vec<Served> {
        let mut served = self.served.borrow().clone();
        served.sort_by(|one, other| one.shared.name.cmp(&other.shared.name));
        served
    }

    /// The interfaces that are served, by name.
    pub(crate) fn served(&self) -> Vec<Rc<Shared>> {
        self.all_served()
            .into_iter()
            .map(|served| served.shared)
            .collect()
    }

    /// Names of the interfaces that are served, most preferred first.
    pub(crate) fn interface_order(&self) -> Vec<String> {
        let mut served = self.served();
        served.sort_by_key(|shared| (shared.metric(), shared.index));
        served.iter().map(|shared| shared.name.clone()).collect()
    }

    pub(crate) fn add_served(&self, served: Served) {
        self.served.borrow_mut().push(served);
    }

    pub(super) fn remove_served(&self, name: &str) {
        self.served
            .borrow_mut()
            .retain(|served| served.shared.name != name);
    }

    /// A line about the run as a whole: something is not as it should be.
    pub(crate) fn warn(&self, text: &str) {
        let name = self.setup.client.name();
        self.events
            .about_run(LogLevel::Warning, &format!("{name}: {text}"));
    }

    /// The run ends because it has what it was to get. The words are dhcpcd's, and in its users' scripts.
    pub(super) fn say_oneshot(&self) {
        if self.setup.client == Client::Dhcpcd && self.setup.purpose == Purpose::Serve {
            self.events
                .about_run(LogLevel::Info, "exiting due to oneshot");
        }
    }

    /// Nothing came in time, and the run goes on in the background.
    pub(super) fn say_timed_out(&self) {
        self.warn("no lease in time; going on in the background");
    }
}
