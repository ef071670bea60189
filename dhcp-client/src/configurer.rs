//! Who configures an interface: the actuator, a script of the operator's, or nobody.

use std::rc::Rc;

use dhcp_actuator::{Actuator, Interface, Observer};
use dhcp_frontend::{
    script::{Part, Reason},
    setup::Purpose,
};
use sdk_rpc::{
    Applied, ConfigureCause, DeconfigureCause, Error, Lease, LeaseSink, Setback, UpdateCause,
};

use crate::{
    clock, herald::Herald, interface::Shared, net_handle::NetHandle, refused::Refused,
    scripted::Scripted, tester::Tester, told::Told,
};

/// One of them.
#[derive(Clone, Debug)]
pub(crate) enum Configurer {
    /// The program itself.
    Native(Rc<Actuator>),
    /// A script; the actuator only brings the link up, which no script can be relied on for.
    Scripted(Rc<Scripted>, Rc<Actuator>),
    /// Nobody: what would be configured is shown.
    Test(Rc<Tester>, Rc<Actuator>),
}

impl Configurer {
    /// Whoever the operator has configure `interface`.
    pub(crate) fn new(
        interface: &Interface,
        shared: &Rc<Shared>,
        net: &NetHandle,
        herald: &Rc<Herald>,
    ) -> Result<Self, Refused> {
        let context = &shared.context;
        let script = shared.profile.script.as_ref();
        let scripted = script.is_some_and(|script| script.part == Part::Configures);
        let told: Rc<dyn Observer> = Rc::new(Told {
            shared: Rc::clone(shared),
            network: net.clone(),
            herald: (!scripted).then(|| Rc::clone(herald)),
        });
        let options = dhcp_actuator::Options {
            netlink: context.netlink.clone(),
            resolver: context.resolver()?,
            host_name: Rc::clone(&context.host_name),
            metric: shared.profile.metric,
            takes: takes(shared.profile.takes),
            clock: clock::boottime_milliseconds,
        };
        let actuator = Rc::new(Actuator::new(interface.clone(), options, Rc::clone(&told)));
        Ok(if context.setup.purpose == Purpose::Test {
            Self::Test(Rc::new(Tester::new(shared, herald, interface)), actuator)
        } else if scripted {
            let scripted = Scripted::new(shared, herald, interface, told);
            Self::Scripted(Rc::new(scripted), actuator)
        } else {
            Self::Native(actuator)
        })
    }

    /// The actuator, whatever it is left to do.
    pub(crate) fn actuator(&self) -> &Actuator {
        match self {
            Self::Native(actuator) | Self::Scripted(_, actuator) | Self::Test(_, actuator) => {
                actuator
            }
        }
    }

    /// Does what comes before anything is asked of the network: has the script told, and brings the link
    /// up.
    ///
    /// # Errors
    /// The link cannot be brought up.
    pub(crate) async fn prepare(&self) -> Result<(), dhcp_actuator::Failure> {
        match self {
            Self::Native(actuator) | Self::Test(_, actuator) => actuator.bring_up().await,
            Self::Scripted(scripted, actuator) => {
                scripted.prepare().await;
                actuator.bring_up().await
            }
        }
    }

    /// When the lease in force ends.
    pub(crate) fn expires_at(&self) -> Option<u64> {
        match self {
            Self::Native(actuator) => actuator.expires_at(),
            Self::Scripted(scripted, _) => scripted.expires_at(),
            Self::Test(..) => None,
        }
    }

    /// Ends a lease whose time is over.
    pub(crate) async fn expire(&self) {
        match self {
            Self::Native(actuator) => actuator.expire().await,
            Self::Scripted(scripted, _) => scripted.expire().await,
            Self::Test(..) => {}
        }
    }

    /// Undoes what was configured.
    pub(crate) async fn withdraw(&self, shared: &Shared) {
        match self {
            Self::Native(actuator) => {
                if let Err(error) = actuator.withdraw().await {
                    shared.warn(&error.to_string());
                }
            }
            Self::Scripted(scripted, _) => scripted.withdraw(Reason::Stop).await,
            Self::Test(..) => {}
        }
    }

    /// Stops, and leaves everything as it is.
    pub(crate) async fn leave(&self) {
        self.actuator().leave().await;
        if let Self::Scripted(scripted, _) = self {
            scripted.finished().await;
        }
    }
}

impl LeaseSink for Configurer {
    async fn configure(&self, lease: Lease, cause: ConfigureCause) -> Result<Applied, Error> {
        match self {
            Self::Native(actuator) => actuator.configure(lease, cause).await,
            Self::Scripted(scripted, _) => scripted.configure(lease, cause).await,
            Self::Test(tester, _) => Ok(tester.show(lease, cause).await),
        }
    }

    async fn update(&self, lease: Lease, cause: UpdateCause) -> Result<Applied, Error> {
        match self {
            Self::Native(actuator) => actuator.update(lease, cause).await,
            Self::Scripted(scripted, _) => scripted.update(lease, cause).await,
            Self::Test(..) => Ok(Applied::Refused("nothing is in force".to_owned())),
        }
    }

    async fn deconfigure(&self, cause: DeconfigureCause) -> Result<Applied, Error> {
        match self {
            Self::Native(actuator) => actuator.deconfigure(cause).await,
            Self::Scripted(scripted, _) => scripted.deconfigure(cause).await,
            Self::Test(..) => Ok(Applied::Done),
        }
    }

    async fn setback(&self, setback: Setback) -> Result<(), Error> {
        match self {
            Self::Native(actuator) => actuator.setback(setback).await,
            Self::Scripted(scripted, _) => scripted.setback(setback).await,
            // What waits for a lease hears of it.
            Self::Test(_, actuator) => actuator.setback(setback).await,
        }
    }
}

const fn takes(takes: dhcp_frontend::setup::Takes) -> dhcp_actuator::Takes {
    use dhcp_frontend::setup::TakesHostName as Wanted;
    dhcp_actuator::Takes {
        default_route: takes.default_route,
        routes: takes.routes,
        resolvers: takes.resolvers,
        mtu: takes.mtu,
        host_name: match takes.host_name {
            Wanted::Never => dhcp_actuator::TakesHostName::Never,
            Wanted::WhenUnset => dhcp_actuator::TakesHostName::WhenUnset,
            Wanted::Always => dhcp_actuator::TakesHostName::Always,
        },
    }
}
