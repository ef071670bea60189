//! The doorman: hears what strangers say at the door, and makes sense of it, which is what can go wrong.

use std::{cell::Cell, rc::Rc};

use sdk_rpc::capnp;
use tokio::sync::Mutex;

use crate::hello_capnp::{door, house};

/// What became of those who knocked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many knocked.
    pub heard: u64,
    /// How many had a name, and were greeted.
    pub greeted: u64,
}

/// Greets whoever says a name, by the house's one capability.
pub struct Doorman {
    house: house::Client,
    tally: Rc<Cell<Tally>>,
    /// Streamed calls overlap; this keeps the visitors in their order (it is fair).
    turn: Mutex<()>,
}

impl Doorman {
    /// A doorman of `house`, and what becomes of those who knock.
    #[must_use]
    pub fn new(house: house::Client) -> (Self, Rc<Cell<Tally>>) {
        let tally = Rc::new(Cell::new(Tally::default()));
        let doorman = Self {
            house,
            tally: Rc::clone(&tally),
            turn: Mutex::new(()),
        };
        (doorman, tally)
    }
}

impl door::Server for Doorman {
    async fn knock(self: Rc<Self>, params: door::KnockParams) -> capnp::Result<()> {
        let _turn = self.turn.lock().await;
        let mut tally = self.tally.get();
        tally.heard += 1;
        if let Some(name) = name_in(params.get()?.get_words()?) {
            let mut request = self.house.greet_request();
            request.get().set_name(name);
            request.send().promise.await?;
            tally.greeted += 1;
        }
        self.tally.set(tally);
        Ok(())
    }

    async fn end(
        self: Rc<Self>,
        _params: door::EndParams,
        _results: door::EndResults,
    ) -> capnp::Result<()> {
        let _turn = self.turn.lock().await;
        Ok(())
    }
}

/// The name that somebody says who says "I am NAME", and then perhaps a lot more.
fn name_in(words: &[u8]) -> Option<&str> {
    let words = str::from_utf8(words).ok()?;
    let name = words.strip_prefix("I am ")?;
    name.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_is_a_name() {
        assert_eq!(name_in(b"I am Ada"), Some("Ada"));
        assert_eq!(name_in(b"I am Ada and selling brushes"), Some("Ada"));
        assert_eq!(name_in(b"I am "), None);
        assert_eq!(name_in(b"Open up"), None);
        assert_eq!(name_in(b"I am \xff"), None);
    }
}
