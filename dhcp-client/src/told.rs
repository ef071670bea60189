//! What follows when a lease is in force, or no longer: the network may send from another address, the
//! operator hears of it, and so do hooks.

use std::{net::Ipv4Addr, rc::Rc};

use dhcp_actuator::{Checked, Observer};
use dhcp_frontend::script::Reason;
use sdk_rpc::{ConfigureCause, DeconfigureCause, Lease, Origin, Setback, UpdateCause};

use crate::{
    herald::{Herald, News},
    interface::Shared,
    net_handle::NetHandle,
    occasions,
};

/// Told by whoever configures what is in force; what depends on the address follows.
pub(crate) struct Told {
    pub(crate) shared: Rc<Shared>,
    pub(crate) network: NetHandle,
    /// Told after the fact; none where a script configures, which is told before.
    pub(crate) herald: Option<Rc<Herald>>,
}

impl Told {
    fn set_address(&self, address: Option<Ipv4Addr>) {
        if let Err(error) = self.network.set_address(address) {
            self.shared.warn(&error);
        }
    }

    fn tell_hooks(&self, reason: Reason, new: Option<Lease>, old: Option<Lease>) {
        if let Some(herald) = &self.herald {
            herald.tell(News { reason, new, old });
        }
    }
}

impl Observer for Told {
    fn configured(&self, lease: &Checked, cause: ConfigureCause) {
        let (new, old) = (lease.lease(), self.shared.lease());
        self.set_address(Some(new.address));
        self.shared.configured(new.clone(), cause);
        let reason = match new.origin {
            Origin::Operator => Reason::Static,
            Origin::Server | Origin::LinkLocal | Origin::Inform => occasions::configured(cause),
        };
        self.tell_hooks(reason, Some(new.clone()), old);
    }

    fn updated(&self, lease: &Checked, cause: UpdateCause) {
        let (new, old) = (lease.lease(), self.shared.lease());
        self.set_address(Some(new.address));
        let cause = self.shared.updated(new.clone(), cause);
        self.tell_hooks(occasions::updated(cause), Some(new.clone()), old);
    }

    fn deconfigured(&self, lease: Option<&Checked>, cause: DeconfigureCause) {
        self.set_address(None);
        self.shared.deconfigured(cause);
        let old = lease.map(|lease| lease.lease().clone());
        self.tell_hooks(occasions::deconfigured(cause), None, old);
    }

    fn setback(&self, setback: Setback) {
        self.shared.setback(setback);
        self.tell_hooks(occasions::setback(setback), None, None);
    }

    fn notice(&self, line: &str) {
        self.shared.warn(line);
    }
}
