//! The object behind the sockets: it knows all interfaces of a run, and passes on what is asked.

use std::rc::Rc;

use sdk_rpc::{Control, Error, InterfaceStatus, Lease, Overall, Overview, Verb};
use tokio::sync::{mpsc, oneshot};

use crate::{clock, interface::Shared, run::Context};

/// Option 90, authentication (RFC 3118): in a lease it is the nonce of RFC 6704.
const AUTHENTICATION: u8 = 90;

/// Something asked of a run; it answers with the interfaces concerned, or why not.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) verb: Verb,
    /// None named is all.
    pub(crate) interfaces: Vec<String>,
    pub(crate) answer: oneshot::Sender<Result<Vec<String>, String>>,
}

/// Where operators turn to.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    context: Rc<Context>,
    asks: mpsc::Sender<Ask>,
}

impl Desk {
    /// A desk, and where what is asked comes out. More than a few at once wait.
    pub(crate) fn new(context: &Rc<Context>) -> (Self, mpsc::Receiver<Ask>) {
        let (asks, asked) = mpsc::channel(4);
        let desk = Self {
            context: Rc::clone(context),
            asks,
        };
        (desk, asked)
    }
}

impl Overview for Desk {
    async fn status(&self, interfaces: Vec<String>) -> Result<Overall, Error> {
        let served = self.context.served();
        for name in &interfaces {
            if !served.iter().any(|shared| shared.name == *name) {
                return Err(Error::Refused(not_served(name)));
            }
        }
        let wanted =
            |shared: &&Rc<Shared>| interfaces.is_empty() || interfaces.contains(&shared.name);
        Ok(Overall {
            client: self.context.setup.client.name().to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: i32::try_from(std::process::id()).unwrap_or(0),
            now: clock::boottime_milliseconds(),
            interfaces: served.iter().filter(wanted).map(|s| status(s)).collect(),
        })
    }
}

impl Control for Desk {
    async fn ask(&self, verb: Verb, interfaces: Vec<String>) -> Result<Vec<String>, Error> {
        let (answer, answered) = oneshot::channel();
        let ask = Ask {
            verb,
            interfaces,
            answer,
        };
        // Both fail only where the run is ending, and its operator sees the connection go.
        self.asks.send(ask).await.map_err(|_| Error::Disconnected)?;
        let answered = answered.await.map_err(|_| Error::Disconnected)?;
        answered.map_err(Error::Refused)
    }
}

/// Why an interface's status is not to be had.
pub(crate) fn not_served(name: &str) -> String {
    format!("{name} is not served by this run")
}

fn status(shared: &Shared) -> InterfaceStatus {
    let progress = shared.progress.borrow();
    InterfaceStatus {
        interface: shared.name.clone(),
        link: shared.news.link(),
        state: progress.state().to_owned(),
        lease: shared.lease().map(without_secrets),
        calf: shared.calf.get(),
        restarts: shared.restarts.get(),
        absent: shared.absent.borrow().clone(),
        counters: progress.counters().to_vec(),
        metric: shared.metric(),
    }
}

/// `lease` for others than whoever holds it. A calf resumes with the nonce, and the store keeps it for that; anybody
/// else who knows it can have the lease renewed at will.
fn without_secrets(mut lease: Lease) -> Lease {
    lease
        .parameters
        .retain(|parameter| parameter.code != AUTHENTICATION);
    lease
}

#[cfg(test)]
mod tests;
