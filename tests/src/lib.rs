//! The testbed of the integration tests and of `cargo demo`: two hosts that exist only while the
//! test runs, the cable between them, DHCP servers real and scripted, and eyes on all of it.
//!
//! A [`testbed::Testbed`] is made of unnamed namespaces, so nothing of it outlives the process, and
//! nothing of the machine's own network is touched.

pub mod background;
pub mod cable;
pub mod capabilities;
pub mod client;
pub mod control;
pub mod crowd;
pub mod fdd;
pub mod flood;
pub mod forge;
pub mod frame;
pub mod furniture;
pub mod inspect;
pub mod journal;
pub mod linuxkit;
pub mod message;
pub mod monitor;
pub mod namespace;
pub mod packages;
pub mod packet;
pub mod process;
pub mod prometheus;
pub mod rival;
pub mod room;
pub mod router;
pub mod said;
pub mod server;
pub mod servers;
pub mod sniffer;
pub mod split;
pub mod status;
pub mod terms;
pub mod testbed;
pub mod users;

use std::{
    thread,
    time::{Duration, Instant},
};

pub use cable::Cable;
pub use client::Client;
pub use room::Room;
pub use server::Server;
pub use status::Status;
pub use terms::Terms;
pub use testbed::Testbed;

/// Longer than anything takes that does not wait for time itself, on a machine that is busy.
pub const SOON: Duration = Duration::from_secs(55);

/// How often [`until`] asks.
const ASK_EVERY: Duration = Duration::from_millis(10);

/// Asks until there is an answer, for what nothing tells of when it happens; `None` after `timeout`.
pub fn until<T>(timeout: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + timeout;
    loop {
        let answer = ask();
        if answer.is_some() || Instant::now() >= deadline {
            return answer;
        }
        thread::sleep(ASK_EVERY);
    }
}
