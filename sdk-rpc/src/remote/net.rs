//! `Net`, `FrameSink` and `LinkWatcher` across a connection.

use std::rc::Rc;

use tokio::sync::Mutex;

use super::{Subscription, outcome, parameter, subscription};
use crate::{
    Counter, Datagram, Error, Frame, FrameSink, LinkState, LinkWatcher, MacAddress, Net,
    calfkit_capnp::{frame_sink, link_watcher, net},
    limits::COUNTERS,
    vat::Link,
    wire::{
        self, frames,
        host::{read_link, write_link},
        list_length,
        log::{read_counters, write_counters},
    },
};

/// Offers a local `Net`.
pub(crate) struct NetServer<N> {
    net: N,
    link: Rc<Link>,
    /// Streamed calls overlap; this keeps them in the order of their arrival (it is fair).
    turn: Mutex<()>,
}

impl<N> NetServer<N> {
    pub(crate) fn new(net: N, link: Rc<Link>) -> Self {
        Self {
            net,
            link,
            turn: Mutex::new(()),
        }
    }
}

impl<N: Net<Attachment: 'static, Watch: 'static> + 'static> net::Server for NetServer<N> {
    async fn attach(
        self: Rc<Self>,
        params: net::AttachParams,
        mut results: net::AttachResults,
    ) -> capnp::Result<()> {
        let decode = || Ok(params.get()?.get_sink()?);
        let sink = FrameSinkClient {
            client: parameter(&self.link, decode())?,
            link: Rc::clone(&self.link),
        };
        let keep = outcome(self.net.attach(sink).await)?;
        results.get().set_attachment(subscription(keep));
        Ok(())
    }

    async fn write(self: Rc<Self>, params: net::WriteParams) -> capnp::Result<()> {
        let _turn = self.turn.lock().await;
        let decode = || frames::read_frames(params.get()?.get_frames()?);
        let frames = parameter(&self.link, decode())?;
        outcome(self.net.write(frames).await)
    }

    async fn send(self: Rc<Self>, params: net::SendParams) -> capnp::Result<()> {
        let _turn = self.turn.lock().await;
        let decode = || frames::read_datagrams(params.get()?.get_datagrams()?);
        let datagrams = parameter(&self.link, decode())?;
        outcome(self.net.send(datagrams).await)
    }

    async fn mac(
        self: Rc<Self>,
        _params: net::MacParams,
        mut results: net::MacResults,
    ) -> capnp::Result<()> {
        let mac = outcome(self.net.mac().await)?;
        results.get().set_address(wire::mac_to_wire(mac));
        Ok(())
    }

    async fn counters(
        self: Rc<Self>,
        _params: net::CountersParams,
        mut results: net::CountersResults,
    ) -> capnp::Result<()> {
        let counters = outcome(self.net.counters().await)?;
        let count = outcome(list_length("counters", counters.len(), COUNTERS))?;
        outcome(write_counters(
            results.get().init_counters(count),
            &counters,
        ))
    }

    async fn watch_link(
        self: Rc<Self>,
        params: net::WatchLinkParams,
        mut results: net::WatchLinkResults,
    ) -> capnp::Result<()> {
        let decode = || Ok(params.get()?.get_watcher()?);
        let watcher = LinkWatcherClient {
            client: parameter(&self.link, decode())?,
            link: Rc::clone(&self.link),
        };
        let keep = outcome(self.net.watch_link(watcher).await)?;
        results.get().set_watch(subscription(keep));
        Ok(())
    }
}

/// The peer's `Net`.
#[derive(Clone)]
pub struct NetClient {
    client: net::Client,
    link: Rc<Link>,
}

impl NetClient {
    pub(crate) const fn new(client: net::Client, link: Rc<Link>) -> Self {
        Self { client, link }
    }
}

impl Net for NetClient {
    type Attachment = Subscription;
    type Watch = Subscription;

    async fn attach<S: FrameSink + 'static>(&self, sink: S) -> Result<Subscription, Error> {
        let mut request = self.client.attach_request();
        request
            .get()
            .set_sink(capnp_rpc::new_client(FrameSinkServer {
                sink,
                link: Rc::clone(&self.link),
                turn: Mutex::new(()),
            }));
        let response = self.link.answer(request.send().promise).await?;
        let decode = || Ok(response.get()?.get_attachment()?);
        Ok(Subscription {
            _capability: self.link.checked(decode())?,
        })
    }

    async fn write(&self, frames: Vec<Frame>) -> Result<(), Error> {
        for (batch, count) in frames::frame_batches(&frames)? {
            let mut request = self.client.write_request();
            frames::write_frames(request.get().init_frames(count), batch);
            self.link.answer(request.send()).await?;
        }
        Ok(())
    }

    async fn send(&self, datagrams: Vec<Datagram>) -> Result<(), Error> {
        for (batch, count) in frames::datagram_batches(&datagrams)? {
            let mut request = self.client.send_request();
            frames::write_datagrams(request.get().init_datagrams(count), batch);
            self.link.answer(request.send()).await?;
        }
        Ok(())
    }

    async fn mac(&self) -> Result<MacAddress, Error> {
        let response = self
            .link
            .answer(self.client.mac_request().send().promise)
            .await?;
        let decode = || wire::read_mac(response.get()?.get_address());
        self.link.checked(decode())
    }

    async fn counters(&self) -> Result<Vec<Counter>, Error> {
        let request = self.client.counters_request();
        let response = self.link.answer(request.send().promise).await?;
        let decode = || read_counters(response.get()?.get_counters()?);
        self.link.checked(decode())
    }

    async fn watch_link<W: LinkWatcher + 'static>(
        &self,
        watcher: W,
    ) -> Result<Subscription, Error> {
        let mut request = self.client.watch_link_request();
        request
            .get()
            .set_watcher(capnp_rpc::new_client(LinkWatcherServer {
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

/// Offers a local `FrameSink`.
struct FrameSinkServer<S> {
    sink: S,
    link: Rc<Link>,
    /// See `NetServer::turn`.
    turn: Mutex<()>,
}

impl<S: FrameSink + 'static> frame_sink::Server for FrameSinkServer<S> {
    async fn push(self: Rc<Self>, params: frame_sink::PushParams) -> capnp::Result<()> {
        let _turn = self.turn.lock().await;
        let decode = || frames::read_frames(params.get()?.get_frames()?);
        let frames = parameter(&self.link, decode())?;
        outcome(self.sink.push(frames).await)
    }
}

/// The peer's `FrameSink`.
struct FrameSinkClient {
    client: frame_sink::Client,
    link: Rc<Link>,
}

impl FrameSink for FrameSinkClient {
    async fn push(&self, frames: Vec<Frame>) -> Result<(), Error> {
        for (batch, count) in frames::frame_batches(&frames)? {
            let mut request = self.client.push_request();
            frames::write_frames(request.get().init_frames(count), batch);
            self.link.answer(request.send()).await?;
        }
        Ok(())
    }
}

/// Offers a local `LinkWatcher`.
struct LinkWatcherServer<W> {
    watcher: W,
    link: Rc<Link>,
    /// See `NetServer::turn`.
    turn: Mutex<()>,
}

impl<W: LinkWatcher + 'static> link_watcher::Server for LinkWatcherServer<W> {
    async fn link(self: Rc<Self>, params: link_watcher::LinkParams) -> capnp::Result<()> {
        let _turn = self.turn.lock().await;
        let decode = || read_link(params.get()?.get_state()?);
        let state = parameter(&self.link, decode())?;
        outcome(self.watcher.link(state).await)
    }
}

/// The peer's `LinkWatcher`.
struct LinkWatcherClient {
    client: link_watcher::Client,
    link: Rc<Link>,
}

impl LinkWatcher for LinkWatcherClient {
    async fn link(&self, state: LinkState) -> Result<(), Error> {
        let mut request = self.client.link_request();
        write_link(request.get().init_state(), state);
        self.link.answer(request.send()).await
    }
}

crate::membrane::guarded!(NetClient, net::Client);
