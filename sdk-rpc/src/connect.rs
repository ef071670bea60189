//! Both ends of the two connections between a priv and its calf, and of the one between a run and its
//! operators.
//!
//! Everything here starts a task on the current tokio `LocalSet` or `LocalRuntime`, with I/O enabled,
//! and makes its system calls (fcntl(2), epoll_ctl(2)) before it returns: a calf connects before its
//! final filter and calls after it.

use std::{io, rc::Rc};

use capnp::capability::{Client, FromClientHook};

use crate::{
    Control, ControlClient, Flow, FlowClient, HostView, HostViewClient, LeaseSink, LeaseSinkClient,
    Limits, Log, LogClient, Net, NetClient, NetOwner, NetOwnerClient, Overview, Session, Transport,
    calfkit_capnp::{control, flow, host, host_view, lease_sink, log, net, net_owner, overview},
    remote::{
        ControlServer, FlowServer, HostViewServer, LeaseSinkServer, LogServer, NetOwnerServer,
        NetServer, OverviewServer,
    },
    vat,
};

/// What a `host` connection offers.
#[derive(Clone, Debug)]
pub struct HostParts<V, S, L> {
    /// What the peer may know.
    pub view: V,
    /// What the peer may ask for.
    pub lease_sink: S,
    /// What the peer may say.
    pub log: L,
}

/// What a `host` connection gives.
#[derive(Clone)]
pub struct HostClients {
    /// What there is to know.
    pub view: HostViewClient,
    /// What can be asked for.
    pub lease_sink: LeaseSinkClient,
    /// Where to say something.
    pub log: LogClient,
}

/// Offers `capability`, of any interface, to the peer: for services with a schema of their own.
///
/// # Errors
///
/// When the descriptor cannot be watched.
pub fn serve<C: FromClientHook>(
    transport: impl Into<Transport>,
    capability: C,
    limits: Limits,
) -> io::Result<Session> {
    vat::serve(transport.into(), limits, |_link| {
        Client::new(capability.into_client_hook())
    })
}

/// What the peer offers, of any interface.
///
/// # Errors
///
/// When the descriptor cannot be watched.
pub fn connect<C: FromClientHook>(
    transport: impl Into<Transport>,
    limits: Limits,
) -> io::Result<(C, Session)> {
    vat::connect(transport.into(), limits)
}

/// Offers `net` to the peer.
///
/// # Errors
///
/// When the descriptor cannot be watched.
pub fn serve_net<N: Net<Attachment: 'static, Watch: 'static> + 'static>(
    transport: impl Into<Transport>,
    net: N,
    limits: Limits,
) -> io::Result<Session> {
    vat::serve(transport.into(), limits, |link| {
        let server = NetServer::new(net, Rc::clone(link));
        let client: net::Client = capnp_rpc::new_client(server);
        client.client
    })
}

/// The peer's `Net`.
///
/// # Errors
///
/// When the descriptor cannot be watched.
pub fn connect_net(transport: impl Into<Transport>) -> io::Result<(NetClient, Session)> {
    let (client, session) = vat::connect(transport.into(), Limits::net())?;
    Ok((NetClient::new(client, session.link()), session))
}

/// Offers `flow` to the peer.
///
/// # Errors
///
/// When the descriptor cannot be watched.
pub fn serve_flow<F: Flow<Outgoing: 'static> + 'static>(
    transport: impl Into<Transport>,
    flow: F,
    limits: Limits,
) -> io::Result<Session> {
    vat::serve(transport.into(), limits, |link| {
        let server = FlowServer::new(flow, Rc::clone(link));
        let client: flow::Client = capnp_rpc::new_client(server);
        client.client
    })
}

/// The peer's `Flow`.
///
/// # Errors
///
/// When the descriptor cannot be watched.
pub fn connect_flow(
    transport: impl Into<Transport>,
    limits: Limits,
) -> io::Result<(FlowClient, Session)> {
    let (client, session) = vat::connect(transport.into(), limits)?;
    Ok((FlowClient::new(client, session.link()), session))
}

/// Offers what the owner of a `Net` decides to the peer, which is on the privileged side too, in a process
/// of its own.
///
/// # Errors
///
/// When the descriptor cannot be watched.
pub fn serve_net_owner<O: NetOwner + 'static>(
    transport: impl Into<Transport>,
    owner: O,
    limits: Limits,
) -> io::Result<Session> {
    vat::serve(transport.into(), limits, |link| {
        let server = NetOwnerServer::new(owner, Rc::clone(link));
        let client: net_owner::Client = capnp_rpc::new_client(server);
        client.client
    })
}

/// What the owner of the peer's `Net` decides.
///
/// # Errors
///
/// When the descriptor cannot be watched.
pub fn connect_net_owner(transport: impl Into<Transport>) -> io::Result<(NetOwnerClient, Session)> {
    let (client, session) = vat::connect(transport.into(), Limits::host())?;
    Ok((NetOwnerClient::new(client, session.link()), session))
}

/// Offers the three facets of a host to the peer.
///
/// # Errors
///
/// When the descriptor cannot be watched.
pub fn serve_host<V, S, L>(
    transport: impl Into<Transport>,
    parts: HostParts<V, S, L>,
    limits: Limits,
) -> io::Result<Session>
where
    V: HostView<Subscription: 'static> + 'static,
    S: LeaseSink + 'static,
    L: Log + 'static,
{
    let HostParts {
        view,
        lease_sink,
        log,
    } = parts;
    vat::serve(transport.into(), limits, |link| {
        let sink = LeaseSinkServer::new(lease_sink, Rc::clone(link));
        let server = HostServer {
            view: capnp_rpc::new_client(HostViewServer::new(view, Rc::clone(link))),
            lease_sink: capnp_rpc::new_client(sink),
            log: capnp_rpc::new_client(LogServer::new(log, Rc::clone(link))),
        };
        let client: host::Client = capnp_rpc::new_client(server);
        client.client
    })
}

/// The three facets of the peer's host. One call fetches them; calls on them need not wait for it.
///
/// # Errors
///
/// When the descriptor cannot be watched.
pub fn connect_host(transport: impl Into<Transport>) -> io::Result<(HostClients, Session)> {
    let (client, session): (host::Client, _) = vat::connect(transport.into(), Limits::host())?;
    let link = session.link();
    let facets = client.facets_request().send().pipeline;
    let clients = HostClients {
        view: HostViewClient::new(facets.get_view(), Rc::clone(&link)),
        lease_sink: LeaseSinkClient::new(facets.get_lease_sink(), Rc::clone(&link)),
        log: LogClient::new(facets.get_log(), link),
    };
    Ok((clients, session))
}

/// Offers `control`, all of it, to the peer.
///
/// # Errors
///
/// When the descriptor cannot be watched.
pub fn serve_control<C: Control + 'static>(
    transport: impl Into<Transport>,
    control: C,
    limits: Limits,
) -> io::Result<Session> {
    vat::serve(transport.into(), limits, |link| {
        let client: control::Client =
            capnp_rpc::new_client(ControlServer::new(control, Rc::clone(link)));
        client.client
    })
}

/// Offers `overview` to the peer.
///
/// # Errors
///
/// When the descriptor cannot be watched.
pub fn serve_overview<O: Overview + 'static>(
    transport: impl Into<Transport>,
    overview: O,
    limits: Limits,
) -> io::Result<Session> {
    vat::serve(transport.into(), limits, |link| {
        let client: overview::Client =
            capnp_rpc::new_client(OverviewServer::new(overview, Rc::clone(link)));
        client.client
    })
}

/// What the peer offers of a run: its `Control`, or its `Overview` alone, of which asking for more is
/// refused.
///
/// # Errors
///
/// When the descriptor cannot be watched.
pub fn connect_control(transport: impl Into<Transport>) -> io::Result<(ControlClient, Session)> {
    let (client, session) = vat::connect(transport.into(), Limits::asking())?;
    Ok((ControlClient::new(client, session.link()), session))
}

/// The bootstrap capability of a `host` connection.
struct HostServer {
    view: host_view::Client,
    lease_sink: lease_sink::Client,
    log: log::Client,
}

impl host::Server for HostServer {
    async fn facets(
        self: Rc<Self>,
        _params: host::FacetsParams,
        mut results: host::FacetsResults,
    ) -> capnp::Result<()> {
        let mut facets = results.get();
        facets.set_view(self.view.clone());
        facets.set_lease_sink(self.lease_sink.clone());
        facets.set_log(self.log.clone());
        Ok(())
    }
}
