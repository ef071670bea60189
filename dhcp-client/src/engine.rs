//! Who speaks the protocol for an interface: a calf of this process, or a role in another one.

use std::{os::fd::OwnedFd, rc::Rc};

use sdk_rpc::{HostParts, Limits, Session};
use tokio::{
    sync::mpsc,
    task::{JoinHandle, spawn_local},
};

use crate::{
    configurer::Configurer,
    doors::{HostDoor, LeaseDoor},
    interface::Shared,
    net_handle::NetHandle,
    refused::Refused,
    roles::{Split, until_gone},
    speech::Speech,
    supervisor::{Running, Supervisor},
};

/// One of the two.
#[derive(Debug)]
pub(crate) enum Engine {
    /// A calf of this process.
    Calf {
        /// Who starts it and those after it.
        supervisor: Rc<Supervisor>,
        /// The first one, until it is served.
        first: Option<Running>,
    },
    /// A role in another process.
    Elsewhere(Option<Elsewhere>),
}

/// The connections to roles in other processes, until they are served.
#[derive(Debug)]
pub(crate) struct Elsewhere {
    host: OwnedFd,
    owner: Session,
}

impl Elsewhere {
    /// Takes up the connection to the network role.
    ///
    /// # Errors
    /// The descriptor is none that can be watched.
    pub(crate) fn connect(split: Split, shared: &Rc<Shared>) -> Result<(NetHandle, Self), Refused> {
        let Split { host, owner } = split;
        let (client, owner) = sdk_rpc::connect_net_owner(owner).map_err(|error| {
            Refused::interface(&shared.name, format!("cannot use --owner: {error}"))
        })?;
        let warn = {
            let shared = Rc::clone(shared);
            Rc::new(move |text: &str| shared.warn(text))
        };
        Ok((NetHandle::remote(client, warn), Self { host, owner }))
    }
}

impl Engine {
    /// Starts a calf, if it is one; nothing on the host is changed.
    pub(crate) fn spawn(&mut self, shared: &Shared) -> Result<(), Refused> {
        if let Self::Calf { supervisor, first } = self {
            if supervisor.backend == calf_sandbox::Backend::None {
                shared.warn("--backend none: what is read from the network is not sandboxed");
            }
            let calf = supervisor.spawn();
            *first = Some(calf.map_err(|error| Refused::no_calf(&shared.name, &error))?);
        }
        shared.events.started(&shared.name);
        Ok(())
    }

    /// Serves it for as long as it is there; `losing` is told when it no longer is, and will not be again.
    ///
    /// # Errors
    /// A descriptor is none that can be watched.
    pub(crate) fn serve(
        &mut self,
        shared: &Rc<Shared>,
        configurer: &Configurer,
        losing: &mpsc::UnboundedSender<Refused>,
    ) -> Result<Vec<JoinHandle<()>>, Refused> {
        let losing = losing.clone();
        match self {
            Self::Calf { supervisor, first } => {
                let (Some(calf), supervisor) = (first.take(), Rc::clone(supervisor)) else {
                    return Ok(Vec::new());
                };
                Ok(vec![spawn_local(async move {
                    let error = supervisor.run(calf).await;
                    // Where nobody listens any more, the run is over.
                    drop(losing.send(Refused::no_calf(&supervisor.shared.name, &error)));
                })])
            }
            Self::Elsewhere(elsewhere) => {
                let Some(Elsewhere { host, owner }) = elsewhere.take() else {
                    return Ok(Vec::new());
                };
                let parts = HostParts {
                    view: HostDoor {
                        shared: Rc::clone(shared),
                        admission: None,
                    },
                    lease_sink: LeaseDoor {
                        shared: Rc::clone(shared),
                        configurer: configurer.clone(),
                    },
                    log: Speech::of(shared),
                };
                let engine = sdk_rpc::serve_host(host, parts, Limits::host());
                let engine = engine.map_err(|error| {
                    Refused::interface(&shared.name, format!("cannot use --host: {error}"))
                })?;
                Ok([(engine, "engine"), (owner, "network")]
                    .map(|(session, who)| {
                        let (losing, name) = (losing.clone(), shared.name.clone());
                        spawn_local(async move {
                            let why = until_gone(session, who).await;
                            drop(losing.send(Refused::interface(&name, why)));
                        })
                    })
                    .into())
            }
        }
    }
}
