//! `HostView` and `HostWatcher` across a connection.

use std::rc::Rc;

use tokio::sync::Mutex;

use super::{Subscription, outcome, parameter, subscription};
use crate::{
    Command, Error, HostDescription, HostView, HostWatcher, LinkState,
    calfkit_capnp::{host_view, host_watcher},
    vat::Link,
    wire::host as wire,
};

/// Offers a local `HostView`.
pub(crate) struct HostViewServer<V> {
    view: V,
    link: Rc<Link>,
}

impl<V> HostViewServer<V> {
    pub(crate) const fn new(view: V, link: Rc<Link>) -> Self {
        Self { view, link }
    }
}

impl<V: HostView<Subscription: 'static> + 'static> host_view::Server for HostViewServer<V> {
    async fn describe(
        self: Rc<Self>,
        _params: host_view::DescribeParams,
        mut results: host_view::DescribeResults,
    ) -> capnp::Result<()> {
        let description = outcome(self.view.describe().await)?;
        outcome(wire::write_description(
            results.get().init_description(),
            &description,
        ))
    }

    async fn watch(
        self: Rc<Self>,
        params: host_view::WatchParams,
        mut results: host_view::WatchResults,
    ) -> capnp::Result<()> {
        let decode = || Ok(params.get()?.get_watcher()?);
        let watcher = HostWatcherClient {
            client: parameter(&self.link, decode())?,
            link: Rc::clone(&self.link),
        };
        let keep = outcome(self.view.watch(watcher).await)?;
        results.get().set_watch(subscription(keep));
        Ok(())
    }
}

/// The peer's `HostView`.
#[derive(Clone)]
pub struct HostViewClient {
    client: host_view::Client,
    link: Rc<Link>,
}

impl HostViewClient {
    pub(crate) const fn new(client: host_view::Client, link: Rc<Link>) -> Self {
        Self { client, link }
    }
}

impl HostView for HostViewClient {
    type Subscription = Subscription;

    async fn describe(&self) -> Result<HostDescription, Error> {
        let request = self.client.describe_request();
        let response = self.link.answer(request.send().promise).await?;
        let decode = || wire::read_description(response.get()?.get_description()?);
        self.link.checked(decode())
    }

    async fn watch<W: HostWatcher + 'static>(&self, watcher: W) -> Result<Subscription, Error> {
        let mut request = self.client.watch_request();
        request
            .get()
            .set_watcher(capnp_rpc::new_client(HostWatcherServer {
                watcher,
                link: Rc::clone(&self.link),
                turn: Mutex::new(()),
            }));
        let response = self.link.answer(request.send().promise).await?;
        let decode = || Ok(response.get()?.get_watch()?);
        Ok(Subscription {
            _capability: self.link.checked(decode())?,
        })
    }
}

/// Offers a local `HostWatcher`.
struct HostWatcherServer<W> {
    watcher: W,
    link: Rc<Link>,
    /// Streamed calls overlap; this keeps them in the order of their arrival (it is fair).
    turn: Mutex<()>,
}

impl<W: HostWatcher + 'static> host_watcher::Server for HostWatcherServer<W> {
    async fn link(self: Rc<Self>, params: host_watcher::LinkParams) -> capnp::Result<()> {
        let _turn = self.turn.lock().await;
        let decode = || wire::read_link(params.get()?.get_state()?);
        let state = parameter(&self.link, decode())?;
        outcome(self.watcher.link(state).await)
    }

    async fn command(self: Rc<Self>, params: host_watcher::CommandParams) -> capnp::Result<()> {
        let _turn = self.turn.lock().await;
        let decode = || Ok(wire::read_command(params.get()?.get_command()?));
        let command = parameter(&self.link, decode())?;
        outcome(self.watcher.command(command).await)
    }
}

/// The peer's `HostWatcher`.
struct HostWatcherClient {
    client: host_watcher::Client,
    link: Rc<Link>,
}

impl HostWatcher for HostWatcherClient {
    async fn link(&self, state: LinkState) -> Result<(), Error> {
        let mut request = self.client.link_request();
        wire::write_link(request.get().init_state(), state);
        self.link.answer(request.send()).await
    }

    async fn command(&self, command: Command) -> Result<(), Error> {
        let mut request = self.client.command_request();
        request.get().set_command(wire::command_to_wire(command));
        self.link.answer(request.send()).await
    }
}

crate::membrane::guarded!(HostViewClient, host_view::Client);
