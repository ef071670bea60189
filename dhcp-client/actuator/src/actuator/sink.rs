//! What the holder of the capability may ask of an actuator.

use sdk_rpc::{
    Applied, ConfigureCause, DeconfigureCause, Error, Lease, LeaseSink, Setback, UpdateCause,
};

use super::{Actuator, change::Provenance};

impl LeaseSink for Actuator {
    async fn configure(&self, lease: Lease, cause: ConfigureCause) -> Result<Applied, Error> {
        // Where there is one already, a calf was restarted: it is changed in place, as by an update.
        match self.apply(lease, Provenance::Calf) {
            Ok(published) => {
                self.with_current(|checked| self.observer.configured(checked, cause));
                self.settle(published).await;
                Ok(Applied::Done)
            }
            Err(reason) => Ok(Applied::Refused(reason)),
        }
    }

    async fn update(&self, lease: Lease, cause: UpdateCause) -> Result<Applied, Error> {
        if self.current.borrow().is_none() {
            return Ok(Applied::Refused(
                "there is no lease in force to update".to_owned(),
            ));
        }
        match self.apply(lease, Provenance::Calf) {
            Ok(published) => {
                self.with_current(|checked| self.observer.updated(checked, cause));
                self.settle(published).await;
                Ok(Applied::Done)
            }
            Err(reason) => Ok(Applied::Refused(reason)),
        }
    }

    async fn deconfigure(&self, cause: DeconfigureCause) -> Result<Applied, Error> {
        if self.closed.get() {
            return Ok(Applied::Refused("the service is stopping".to_owned()));
        }
        // Taking a lease out of force is never refused; saying that there is none may be had too often.
        if self.current.borrow().is_none() {
            if self.may_change() {
                self.observer.deconfigured(None, cause);
            }
            return Ok(Applied::Done);
        }
        match self.end(cause).await {
            Ok(()) => Ok(Applied::Done),
            Err(failure) => Ok(Applied::Refused(failure.to_string())),
        }
    }

    async fn setback(&self, setback: Setback) -> Result<(), Error> {
        // Nothing on the host changes, but lines are written and hooks run for it: it may be had too often.
        if self.may_change() {
            self.observer.setback(setback);
        }
        Ok(())
    }
}
