//! The objects a calf can reach: each is a role of priv, behind what this calf may do with it.

use std::rc::Rc;

use dhcp_frontend::setup::Purpose;
use dhcp_network::Network;
use sdk_rpc::{
    Applied, ConfigureCause, Counter, Datagram, DeconfigureCause, Error, Frame, FrameSink,
    HostDescription, HostView, HostWatcher, Lease, LeaseSink, LinkWatcher, MacAddress, Net,
    Setback, UpdateCause,
};

use crate::{admission::Admission, configurer::Configurer, interface::Shared, watchers::Watch};

/// `Net`: no frame reaches a calf that is not closed, nor how many there were.
#[derive(Debug)]
pub(crate) struct NetDoor {
    pub(crate) network: Network,
    pub(crate) admission: Rc<Admission>,
}

impl Net for NetDoor {
    type Attachment = <Network as Net>::Attachment;
    type Watch = <Network as Net>::Watch;

    async fn attach<S: FrameSink + 'static>(&self, sink: S) -> Result<Self::Attachment, Error> {
        self.admission.admit()?;
        self.network.attach(sink).await
    }

    async fn write(&self, frames: Vec<Frame>) -> Result<(), Error> {
        self.network.write(frames).await
    }

    async fn send(&self, datagrams: Vec<Datagram>) -> Result<(), Error> {
        self.network.send(datagrams).await
    }

    async fn mac(&self) -> Result<MacAddress, Error> {
        self.network.mac().await
    }

    async fn counters(&self) -> Result<Vec<Counter>, Error> {
        self.admission.admit()?;
        Net::counters(&self.network).await
    }

    async fn watch_link<W: LinkWatcher + 'static>(&self, watcher: W) -> Result<Self::Watch, Error> {
        self.admission.admit()?;
        self.network.watch_link(watcher).await
    }
}

/// `HostView`: what this calf may know.
#[derive(Debug)]
pub(crate) struct HostDoor {
    pub(crate) shared: Rc<Shared>,
    /// None where the calf is another process's, which looks at it itself.
    pub(crate) admission: Option<Rc<Admission>>,
}

impl HostView for HostDoor {
    type Subscription = Watch;

    async fn describe(&self) -> Result<HostDescription, Error> {
        if let Some(admission) = &self.admission {
            admission.admit()?;
        }
        self.shared.ready().await;
        Ok(self.shared.describe())
    }

    async fn watch<W: HostWatcher + 'static>(&self, watcher: W) -> Result<Watch, Error> {
        Ok(self.shared.news.watch(watcher))
    }
}

/// `LeaseSink`: whoever configures the interface; what is refused is said.
#[derive(Debug)]
pub(crate) struct LeaseDoor {
    pub(crate) shared: Rc<Shared>,
    pub(crate) configurer: Configurer,
}

impl LeaseDoor {
    fn tell(&self, applied: Applied) -> Applied {
        if let Applied::Refused(reason) = &applied {
            self.shared.complain(&format!("lease refused: {reason}"));
        }
        applied
    }
}

impl LeaseSink for LeaseDoor {
    async fn configure(&self, lease: Lease, cause: ConfigureCause) -> Result<Applied, Error> {
        let is_test = self.shared.context.setup.purpose == Purpose::Test;
        if is_test != (cause == ConfigureCause::Offered) {
            let why = "an offer is for a test only, and a test for offers";
            return Ok(self.tell(Applied::Refused(why.to_owned())));
        }
        if let Some(refused) = self.shared.refusal_by_origin(lease.origin) {
            return Ok(self.tell(Applied::Refused(refused.to_owned())));
        }
        let amended = self.shared.amend(lease);
        Ok(self.tell(self.configurer.configure(amended, cause).await?))
    }

    async fn update(&self, lease: Lease, cause: UpdateCause) -> Result<Applied, Error> {
        if let Some(refused) = self.shared.refusal_by_origin(lease.origin) {
            return Ok(self.tell(Applied::Refused(refused.to_owned())));
        }
        let amended = self.shared.amend(lease);
        Ok(self.tell(self.configurer.update(amended, cause).await?))
    }

    async fn deconfigure(&self, cause: DeconfigureCause) -> Result<Applied, Error> {
        Ok(self.tell(self.configurer.deconfigure(cause).await?))
    }

    async fn setback(&self, setback: Setback) -> Result<(), Error> {
        self.configurer.setback(setback).await
    }
}
