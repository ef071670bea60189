//! A client whose connection is made again when it is lost. A call is never repeated: whether the peer has
//! done it is not known, and what it does twice may be wrong. What is lost fails, and the caller decides.

mod backoff;
mod keep;
mod state;

use std::{cell::RefCell, io, rc::Rc};

use futures::channel::oneshot;
use tokio::sync::watch;

pub use backoff::Backoff;
pub use state::{ConnectionState, Loss};

use crate::{Connected, Disconnect, Error, Session};

/// The client of the connection that there is, if there is one. Cloned at will.
///
/// ```no_run
/// use sdk_rpc::{
///     Backoff, Error, Handle, HandleOptions, MacAddress, Net, NetClient, Reconnecting, connect_net,
/// };
/// use std::os::unix::net::UnixStream;
///
/// /// A client for all threads whose peer may be started anew.
/// fn ask(seed: u64) -> Result<MacAddress, Error> {
///     let connect = move || async move {
///         let connect = async || {
///             let socket = UnixStream::connect("/run/example/net.sock")?;
///             connect_net(std::os::fd::OwnedFd::from(socket))
///         };
///         Ok(Reconnecting::start(Backoff::seeded(seed), connect, async |_net: NetClient| Ok(())))
///     };
///     let net: Handle<Reconnecting<NetClient>> =
///         Handle::connect_blocking(HandleOptions::default(), connect)
///             .map_err(|error| Error::Refused(error.to_string()))?;
///     net.call_blocking(|net| async move { net.ready().await?.mac().await })
/// }
/// ```
#[derive(Clone)]
pub struct Reconnecting<C> {
    client: Rc<RefCell<Option<C>>>,
    state: watch::Receiver<ConnectionState>,
}

impl<C> core::fmt::Debug for Reconnecting<C> {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter
            .debug_struct("Reconnecting")
            .field("state", &*self.state.borrow())
            .finish_non_exhaustive()
    }
}

impl<C: Clone + 'static> Reconnecting<C> {
    /// Starts to connect, as a task on the current tokio `LocalSet` or `LocalRuntime` with time enabled.
    ///
    /// `connect` makes one connection. `each` is done at the begin of each, before anybody else has its
    /// client: what it returns, such as subscriptions, is kept until that connection ends; where it fails the
    /// connection is given up and the attempt has failed.
    pub fn start<K: 'static>(
        backoff: Backoff,
        connect: impl AsyncFnMut() -> io::Result<(C, Session)> + 'static,
        each: impl AsyncFnMut(C) -> Result<K, Error> + 'static,
    ) -> (Self, ReconnectingSession) {
        let client = Rc::new(RefCell::new(None));
        let (tell, state) = watch::channel(ConnectionState::Connecting { last: None });
        let (stop, stopping) = oneshot::channel();
        let (end, over) = oneshot::channel();
        let keeper = keep::Keeper {
            backoff,
            client: Rc::clone(&client),
            state: tell,
        };
        tokio::task::spawn_local(async move {
            let reason = keeper.keep(connect, each, stopping).await;
            let _nobody_asks = end.send(reason);
        });
        let session = ReconnectingSession {
            stop: Some(stop),
            over,
            ended: None,
        };
        (Self { client, state }, session)
    }

    /// The client of the connection there is.
    ///
    /// # Errors
    ///
    /// `Disconnected` when there is none now. So is every call on a client whose connection is gone.
    pub fn now(&self) -> Result<C, Error> {
        self.client.borrow().clone().ok_or(Error::Disconnected)
    }

    /// Waits for a connection and gives its client.
    ///
    /// # Errors
    ///
    /// `Refused`, with the last reason, when there will be none any more; `Disconnected` when it is closed.
    pub async fn ready(&self) -> Result<C, Error> {
        let mut state = self.state.clone();
        loop {
            if let Ok(client) = self.now() {
                return Ok(client);
            }
            let now = state.borrow_and_update().clone();
            match now {
                ConnectionState::GivenUp {
                    attempts: _,
                    last: _,
                } => return Err(Error::Refused(now.to_string())),
                ConnectionState::Closed => return Err(Error::Disconnected),
                ConnectionState::Connecting { last: _ }
                | ConnectionState::Connected { since: _ }
                | ConnectionState::Waiting {
                    next_attempt: _,
                    last: _,
                } => {}
            }
            if state.changed().await.is_err() {
                return Err(Error::Disconnected);
            }
        }
    }

    /// How the connection is.
    #[must_use]
    pub fn state(&self) -> ConnectionState {
        self.state.borrow().clone()
    }

    /// Waits for the next change since the last call of this, on this clone. States that nobody saw are
    /// passed over.
    ///
    /// # Errors
    ///
    /// `Disconnected` when there will be no change any more.
    pub async fn changed(&mut self) -> Result<ConnectionState, Error> {
        let changed = self.state.changed().await;
        changed.map_err(|_over| Error::Disconnected)?;
        Ok(self.state.borrow_and_update().clone())
    }
}

/// Keeps the connection, and makes it again; dropping it closes the connection for good.
#[derive(Debug)]
pub struct ReconnectingSession {
    stop: Option<oneshot::Sender<()>>,
    over: oneshot::Receiver<Disconnect>,
    ended: Option<Disconnect>,
}

impl Connected for ReconnectingSession {
    /// Waits until there will be no connection any more: given up, or a panic in what connects.
    async fn closed(&mut self) -> Disconnect {
        if let Some(reason) = &self.ended {
            return reason.clone();
        }
        let reason = (&mut self.over).await.unwrap_or(Disconnect::Panicked);
        self.ended = Some(reason.clone());
        reason
    }

    async fn close(mut self) -> Disconnect {
        if let Some(stop) = self.stop.take() {
            // Its receiver is gone when all is over already.
            let _over = stop.send(());
        }
        self.closed().await
    }
}
