//! Objects that lead to others in every way that there is: what a membrane has to watch.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use capnp::capability::FromClientHook;
use futures::future::pending;
use tokio::sync::Notify;

use crate::calfkit_capnp::{flow, net};

/// What the rooms have in common.
#[derive(Default)]
pub(crate) struct House {
    /// Calls that reached a room and should not have.
    pub(crate) reached: Cell<usize>,
    /// `mac` does not return.
    pub(crate) hangs: Cell<bool>,
    pub(crate) called: Notify,
    pub(crate) dropped: Notify,
    /// What came in is given back.
    pub(crate) echoes: Cell<bool>,
    /// What came in, kept.
    pub(crate) kept: RefCell<Option<flow::Client>>,
}

/// An object that leads to others of its kind: by its results, and by what it says to a callback.
pub(crate) struct Room(Rc<House>);

impl Room {
    pub(crate) fn client(house: &Rc<House>) -> net::Client {
        capnp_rpc::new_client(Self(Rc::clone(house)))
    }
}

struct OnDrop(Rc<House>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.dropped.notify_one();
    }
}

impl net::Server for Room {
    async fn attach(
        self: Rc<Self>,
        params: net::AttachParams,
        mut results: net::AttachResults,
    ) -> capnp::Result<()> {
        let house = &self.0;
        let mut door = Self::client(house).cast_to();
        if params.get()?.has_sink() {
            let sink = params.get()?.get_sink()?;
            if house.echoes.get() {
                door = sink.cast_to();
            } else {
                let callback: flow::Client = sink.cast_to();
                house.kept.replace(Some(callback.clone()));
                let mut request = callback.start_request();
                request.get().set_incoming(Self::client(house).cast_to());
                request.send().promise.await?;
            }
        }
        results.get().set_attachment(door);
        Ok(())
    }

    async fn mac(
        self: Rc<Self>,
        _params: net::MacParams,
        _results: net::MacResults,
    ) -> capnp::Result<()> {
        let house = &self.0;
        let _dropped = OnDrop(Rc::clone(house));
        house.reached.set(house.reached.get() + 1);
        house.called.notify_one();
        if house.hangs.get() {
            pending::<()>().await;
        }
        Ok(())
    }
}

/// Keeps the room that it is told of.
#[derive(Default)]
pub(crate) struct Callback {
    pub(crate) room: Rc<RefCell<Option<net::Client>>>,
    pub(crate) alive: Rc<()>,
}

impl flow::Server for Callback {
    async fn start(
        self: Rc<Self>,
        params: flow::StartParams,
        _results: flow::StartResults,
    ) -> capnp::Result<()> {
        let room = params.get()?.get_incoming()?.cast_to();
        self.room.replace(Some(room));
        Ok(())
    }
}

pub(crate) async fn mac(net: &net::Client) -> capnp::Result<()> {
    net.mac_request().send().promise.await.map(drop)
}

/// The room behind `net`, as its result has it.
pub(crate) async fn next(net: &net::Client) -> capnp::Result<net::Client> {
    let response = net.attach_request().send().promise.await?;
    Ok(response.get()?.get_attachment()?.cast_to())
}

/// The room that `net` tells a callback of.
pub(crate) async fn told(net: &net::Client, callback: Callback) -> capnp::Result<net::Client> {
    let room = Rc::clone(&callback.room);
    let callback: flow::Client = capnp_rpc::new_client(callback);
    let mut request = net.attach_request();
    request.get().set_sink(callback.cast_to());
    request.send().promise.await?;
    Ok(room.take().unwrap())
}

/// A way to reach a room's `mac`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    Straight,
    Pipelined,
    Result,
    ResultOfResult,
    CallbackArgument,
    ResultOfCallbackArgument,
}

pub(crate) const WAYS: [Way; 6] = [
    Way::Straight,
    Way::Pipelined,
    Way::Result,
    Way::ResultOfResult,
    Way::CallbackArgument,
    Way::ResultOfCallbackArgument,
];

pub(crate) async fn attempt(net: &net::Client, way: Way) -> capnp::Result<()> {
    let room = match way {
        Way::Straight => net.clone(),
        Way::Pipelined => {
            let sent = net.attach_request().send();
            sent.pipeline.get_attachment().cast_to()
        }
        Way::Result => next(net).await?,
        Way::ResultOfResult => next(&next(net).await?).await?,
        Way::CallbackArgument => told(net, Callback::default()).await?,
        Way::ResultOfCallbackArgument => next(&told(net, Callback::default()).await?).await?,
    };
    mac(&room).await
}
