//! What a watcher is told, across a connection.

use std::rc::Rc;

use tokio::sync::Mutex;

use crate::{
    ConfChange, ConfWatcher, Error,
    conf_capnp::conf_watcher,
    remote::{outcome, parameter},
    vat::Link,
    wire::conf as wire,
};

/// Offers a local watcher.
pub(super) struct ConfWatcherServer<W> {
    watcher: W,
    link: Rc<Link>,
    /// Streamed calls overlap; this keeps them in the order of their arrival (it is fair).
    turn: Mutex<()>,
}

impl<W: ConfWatcher + 'static> ConfWatcherServer<W> {
    pub(super) fn serve(watcher: W, link: Rc<Link>) -> conf_watcher::Client {
        capnp_rpc::new_client(Self {
            watcher,
            link,
            turn: Mutex::new(()),
        })
    }
}

impl<W: ConfWatcher + 'static> conf_watcher::Server for ConfWatcherServer<W> {
    async fn changed(self: Rc<Self>, params: conf_watcher::ChangedParams) -> capnp::Result<()> {
        let _turn = self.turn.lock().await;
        let decode = || wire::read_changes(params.get()?.get_changes()?);
        let changes = parameter(&self.link, decode())?;
        outcome(self.watcher.changed(changes).await)
    }
}

/// The peer's watcher.
pub(super) struct ConfWatcherClient {
    pub(super) client: conf_watcher::Client,
    pub(super) link: Rc<Link>,
}

impl ConfWatcher for ConfWatcherClient {
    async fn changed(&self, changes: Vec<ConfChange>) -> Result<(), Error> {
        for (batch, count) in wire::change_batches(&changes)? {
            let mut request = self.client.changed_request();
            wire::write_changes(request.get().init_changes(count), batch);
            self.link.answer(request.send()).await?;
        }
        Ok(())
    }
}
