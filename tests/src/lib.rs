//! The testbed of the integration tests and of `cargo demo`: two hosts that exist only while the
//! test runs, the cable between them, DHCP servers real and scripted, and eyes on all of it.
//!
//! A [`testbed::Testbed`] is made of unnamed namespaces, so nothing of it outlives the process, and
//! nothing of the machine's own network is touched.

pub mod client;
pub mod fdd;
pub mod forge;
pub mod frame;
pub mod inspect;
pub mod journal;
pub mod message;
pub mod monitor;
pub mod namespace;
pub mod packet;
pub mod process;
pub mod server;
pub mod servers;
pub mod sniffer;
pub mod status;
pub mod terms;
pub mod testbed;

pub use client::{Client, SOON};
pub use server::Server;
pub use status::Status;
pub use terms::Terms;
pub use testbed::Testbed;
