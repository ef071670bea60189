//! Each interface twice: a server that offers a local object to the peer, and a client that is the
//! peer's object here. Both sides of one trait, so that who uses it cannot tell local from remote.

mod conf;
mod control;
mod flow;
mod host;
mod lease;
mod log;
mod net;
mod owner;

use std::rc::Rc;

pub use conf::{
    ConfAdminClient, ConfGrantClient, ConfReaderClient, ConfWriterClient, connect_conf_admin,
    connect_conf_reader, connect_conf_writer, serve_conf_admin, serve_conf_reader,
    serve_conf_writer,
};
pub use control::ControlClient;
pub use flow::{FlowClient, OctetSinkClient};
pub use host::HostViewClient;
pub use lease::LeaseSinkClient;
pub use log::{LogClient, connect_log, serve_log};
pub use net::NetClient;
pub use owner::NetOwnerClient;

pub(crate) use control::{ControlServer, OverviewServer};
pub(crate) use flow::FlowServer;
pub(crate) use host::HostViewServer;
pub(crate) use lease::LeaseSinkServer;
pub(crate) use log::LogServer;
pub(crate) use net::NetServer;
pub(crate) use owner::NetOwnerServer;

use crate::{Error, calfkit_capnp::subscription, fault, vat::Link, wire::Malformed};

/// Keeps a delivery of the peer alive; dropping it ends the delivery.
pub struct Subscription {
    _capability: subscription::Client,
}

impl core::fmt::Debug for Subscription {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter
            .debug_struct("Subscription")
            .finish_non_exhaustive()
    }
}

/// Holds what keeps a delivery alive until the peer lets go of it.
struct SubscriptionServer<K> {
    _keep: K,
}

impl<K: 'static> subscription::Server for SubscriptionServer<K> {}

fn subscription<K: 'static>(keep: K) -> subscription::Client {
    capnp_rpc::new_client(SubscriptionServer { _keep: keep })
}

/// A parameter as the peer sent it, or the end of the connection.
fn parameter<T>(link: &Rc<Link>, decoded: Result<T, Malformed>) -> capnp::Result<T> {
    link.checked(decoded).map_err(fault::to_wire)
}

/// What the peer is told of a local outcome.
fn outcome<T>(result: Result<T, Error>) -> capnp::Result<T> {
    result.map_err(fault::to_wire)
}
