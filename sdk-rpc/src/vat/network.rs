//! The network that `capnp-rpc` sees: this vat, one peer, one connection.

use std::{cell::RefCell, future::poll_fn, rc::Rc};

use capnp::capability::Promise;

use super::{
    incoming::Receiver,
    link::{Link, Stop},
    outgoing::{self, Outgoing},
    transport::Channel,
};
use crate::Disconnect;

/// The only other vat there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer;

struct Connection {
    link: Rc<Link>,
    channel: Rc<Channel>,
    receiver: Rc<RefCell<Receiver>>,
}

impl capnp_rpc::Connection<Peer> for Connection {
    fn get_peer_vat_id(&self) -> Peer {
        Peer
    }

    fn new_outgoing_message(&mut self, words: u32) -> Box<dyn capnp_rpc::OutgoingMessage> {
        Box::new(Outgoing::new(Rc::clone(&self.link), words))
    }

    fn receive_incoming_message(
        &mut self,
    ) -> Promise<Option<Box<dyn capnp_rpc::IncomingMessage>>, capnp::Error> {
        let link = Rc::clone(&self.link);
        let channel = Rc::clone(&self.channel);
        let receiver = Rc::clone(&self.receiver);
        Promise::from_future(async move {
            let batch_ends = receiver.borrow_mut().ends_batch();
            if batch_ends {
                // Wakes this task only after the runtime has asked the kernel what arrived for the others,
                // and after those that can go on: a peer that floods takes no one's turn.
                tokio::task::yield_now().await;
            }
            let received =
                poll_fn(|context| receiver.borrow_mut().poll_message(context, &channel, &link))
                    .await;
            match received {
                Ok(Some(message)) => Ok(Some(
                    Box::new(message) as Box<dyn capnp_rpc::IncomingMessage>
                )),
                Ok(None) => {
                    link.end(Disconnect::Closed);
                    Ok(None)
                }
                Err(reason) => {
                    let error = wire_error(&reason);
                    link.end(reason);
                    Err(error)
                }
            }
        })
    }

    fn shutdown(&mut self, result: capnp::Result<()>) -> Promise<(), capnp::Error> {
        if let Err(error) = result {
            // What `capnp-rpc` found wrong itself; any other reason is there already.
            self.link.end(Disconnect::Protocol(crate::fault::clean(
                &error.to_string(),
            )));
        }
        self.link.queue.borrow_mut().stop_unless_flushing();
        Promise::ok(())
    }
}

/// What the peer is told on the way out: its own fault, but nothing of this side's inside.
fn wire_error(reason: &Disconnect) -> capnp::Error {
    match reason {
        Disconnect::Closed
        | Disconnect::Dropped
        | Disconnect::Truncated
        | Disconnect::Aborted(_)
        | Disconnect::Io(_) => capnp::Error::disconnected(reason.to_string()),
        Disconnect::Panicked => capnp::Error::failed("internal fault".to_owned()),
        Disconnect::Limit(_) | Disconnect::Protocol(_) | Disconnect::Value(_) => {
            capnp::Error::failed(reason.to_string())
        }
    }
}

/// A vat network with one connection.
pub(crate) struct Network {
    link: Rc<Link>,
    channel: Rc<Channel>,
    receiver: Rc<RefCell<Receiver>>,
    accepted: bool,
}

impl Network {
    pub(crate) fn new(channel: Channel, link: Rc<Link>) -> Self {
        Self {
            link,
            channel: Rc::new(channel),
            receiver: Rc::new(RefCell::new(Receiver::new())),
            accepted: false,
        }
    }

    fn connection(&self) -> Box<dyn capnp_rpc::Connection<Peer>> {
        Box::new(Connection {
            link: Rc::clone(&self.link),
            channel: Rc::clone(&self.channel),
            receiver: Rc::clone(&self.receiver),
        })
    }
}

impl capnp_rpc::VatNetwork<Peer> for Network {
    fn connect(&mut self, _peer: Peer) -> Option<Box<dyn capnp_rpc::Connection<Peer>>> {
        Some(self.connection())
    }

    fn accept(&mut self) -> Promise<Box<dyn capnp_rpc::Connection<Peer>>, capnp::Error> {
        if std::mem::replace(&mut self.accepted, true) {
            Promise::from_future(std::future::pending())
        } else {
            Promise::ok(self.connection())
        }
    }

    fn drive_until_shutdown(&mut self) -> Promise<(), capnp::Error> {
        let writer = outgoing::drive(Rc::clone(&self.channel), Rc::clone(&self.link));
        let link = Rc::clone(&self.link);
        Promise::from_future(async move {
            writer.await;
            link.queue.borrow_mut().stop(Stop::Now);
            Ok(())
        })
    }
}
