//! sdk-rpc: typed Cap'n Proto capabilities between a privileged core (priv) and its sandboxed
//! service (calf), with limits that hold against a hostile peer.
//!
//! Each interface is a Rust trait; a local object and the client of a remote one implement the same
//! trait, so that a role cannot tell local from remote. `serve_*` offers local objects over an
//! inherited descriptor, `connect_*` gives the peer's; the `Session` beside them says when and why
//! the connection ended.

#![deny(unsafe_code)]

mod address;
pub mod calfkit_capnp;
mod conf;
mod conf_capnp;
mod connect;
mod control;
#[cfg(feature = "descriptors")]
pub mod descriptors;
#[cfg(feature = "descriptors")]
pub mod descriptors_capnp;
mod disconnect;
mod error;
mod fault;
mod flow;
mod handle;
mod host;
mod lease;
pub mod limits;
mod log;
pub mod membrane;
mod net;
mod reconnect;
mod remote;
#[cfg(feature = "ring")]
pub mod ring;
mod settings;
mod tally;
mod transport;
mod vat;
mod wire;

/// What generated code refers to, in the version that this crate uses.
pub use capnp;
/// For servers of one's own interfaces: `capnp_rpc::new_client`.
pub use capnp_rpc;

pub use address::MacAddress;
pub use conf::{
    AdminFacet, ConfAccess, ConfAdmin, ConfCaps, ConfChange, ConfChildren, ConfCounters, ConfEntry,
    ConfGrant, ConfPath, ConfReader, ConfRights, ConfStore, ConfSubscription, ConfValue,
    ConfWatcher, ConfWriter, Expected, FacetGrant, ReaderFacet, WriterFacet, Written,
};
pub use connect::{
    HostClients, HostParts, connect, connect_control, connect_flow, connect_host, connect_net,
    connect_net_owner, serve, serve_control, serve_flow, serve_host, serve_net, serve_net_owner,
    serve_overview,
};
pub use control::{Control, InterfaceStatus, Overall, Overview, Verb};
pub use disconnect::{Disconnect, Limit};
pub use error::Error;
pub use flow::{Flow, FlowStream, OctetSink, StreamFlow, WriterSink};
pub use handle::{Connected, Handle, HandleOptions};
pub use host::{Command, HostDescription, HostView, HostWatcher, LinkState};
pub use lease::{
    Applied, ConfigureCause, DeconfigureCause, Lease, LeaseSink, Origin, Parameter, Route, Setback,
    UpdateCause, Value,
};
pub use limits::Limits;
pub use log::{Counter, Field, FieldValue, Level, Log, RateLimited, Record};
pub use net::{Datagram, Frame, FrameSink, LinkSource, LinkWatch, LinkWatcher, Net, NetOwner};
pub use reconnect::{Backoff, ConnectionState, Loss, Reconnecting, ReconnectingSession};
pub use remote::{
    ConfAdminClient, ConfGrantClient, ConfReaderClient, ConfWriterClient, ControlClient,
    FlowClient, HostViewClient, LeaseSinkClient, LogClient, NetClient, NetOwnerClient,
    OctetSinkClient, Subscription, connect_conf_admin, connect_conf_reader, connect_conf_writer,
    connect_log, serve_conf_admin, serve_conf_reader, serve_conf_writer, serve_log,
};
pub use settings::{ConflictDetection, FullName, Kind, Legacy, Pace, Settings, Subnet};
pub use tally::Tally;
pub use vat::{Session, SessionCounters, Transport};
