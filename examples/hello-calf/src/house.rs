//! The house: what the privileged side has, and what it lets its doorman do.

use std::{
    cell::Cell,
    rc::{Rc, Weak},
};

use sdk_rpc::{
    calfkit_capnp::subscription,
    capnp::{self, Error},
    capnp_rpc,
};
use tokio::sync::mpsc;

use crate::hello_capnp::{door, house};

/// Octets of the longest name.
const NAME_OCTETS: usize = 64;
/// Watches that wait to be served.
const WATCHES: usize = 4;

/// Counts its visitors and greets them.
pub struct House {
    visitors: Cell<u64>,
    watches: mpsc::Sender<Watching>,
}

/// A doorman who wants to hear of each knock.
pub struct Watching {
    /// Where he hears it.
    pub door: door::Client,
    /// Gone as soon as he does not want to hear more.
    pub wanted: Weak<()>,
}

impl House {
    /// A house, and where those arrive who watch its door.
    #[must_use]
    pub fn new() -> (Self, mpsc::Receiver<Watching>) {
        let (watches, watching) = mpsc::channel(WATCHES);
        let visitors = Cell::new(0);
        (Self { visitors, watches }, watching)
    }
}

impl house::Server for House {
    async fn greet(
        self: Rc<Self>,
        params: house::GreetParams,
        mut results: house::GreetResults,
    ) -> capnp::Result<()> {
        // A calf is not trusted: whatever it says is looked at before it is used.
        let name = params.get()?.get_name()?.to_str()?;
        if name.len() > NAME_OCTETS || name.chars().any(char::is_control) {
            return Err(Error::failed("that is no name".to_owned()));
        }
        let visitor = self.visitors.get() + 1;
        self.visitors.set(visitor);
        let greeting = format!("Hello, {name}. You are visitor {visitor}.");
        results.get().set_greeting(greeting.as_str());
        Ok(())
    }

    async fn watch(
        self: Rc<Self>,
        params: house::WatchParams,
        mut results: house::WatchResults,
    ) -> capnp::Result<()> {
        let wanted = Rc::new(());
        let watching = Watching {
            door: params.get()?.get_door()?,
            wanted: Rc::downgrade(&wanted),
        };
        self.watches
            .try_send(watching)
            .map_err(|_full| Error::overloaded("the door is watched".to_owned()))?;
        let watch = capnp_rpc::new_client(Watch { _wanted: wanted });
        results.get().set_watch(watch);
        Ok(())
    }
}

/// What a doorman holds as long as he wants to hear of each knock.
struct Watch {
    _wanted: Rc<()>,
}

impl subscription::Server for Watch {}
