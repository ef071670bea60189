//! The first capability that a connection offers, until the connection is over.
//!
//! `capnp-rpc` keeps it as long as anybody holds a capability of the peer: an object that is offered and has
//! kept one would keep itself.

use std::{cell::RefCell, rc::Rc};

use capnp::{
    MessageSize, any_pointer,
    capability::{Client, Promise, Request},
    private::capability::{ClientHook, ParamsHook, ResultsHook},
};

type Slot = RefCell<Option<Box<dyn ClientHook>>>;

/// What is offered; its drop ends the offer.
pub(crate) struct Offer(Rc<Slot>);

impl Offer {
    /// An offer of `capability`, and what to offer in its place.
    pub(crate) fn new(capability: Client) -> (Self, Client) {
        let slot = Rc::new(RefCell::new(Some(capability.hook)));
        let offered = Box::new(Offered(Rc::clone(&slot)));
        (Self(slot), Client::new(offered))
    }
}

impl Drop for Offer {
    fn drop(&mut self) {
        // What is dropped may come back here: nothing is borrowed meanwhile.
        let capability = self.0.take();
        drop(capability);
    }
}

#[derive(Clone)]
struct Offered(Rc<Slot>);

impl Offered {
    fn target(&self) -> Box<dyn ClientHook> {
        let target = self.0.borrow().clone();
        target.unwrap_or_else(|| {
            let over = capnp::Error::disconnected("the connection is over".to_owned());
            capnp_rpc::new_broken_cap(over).hook
        })
    }
}

impl ClientHook for Offered {
    fn add_ref(&self) -> Box<dyn ClientHook> {
        Box::new(self.clone())
    }

    fn new_call(
        &self,
        interface: u64,
        method: u16,
        size: Option<MessageSize>,
    ) -> Request<any_pointer::Owned, any_pointer::Owned> {
        self.target().new_call(interface, method, size)
    }

    fn call(
        &self,
        interface: u64,
        method: u16,
        params: Box<dyn ParamsHook>,
        results: Box<dyn ResultsHook>,
    ) -> Promise<(), capnp::Error> {
        self.target().call(interface, method, params, results)
    }

    fn get_brand(&self) -> usize {
        0
    }

    fn get_ptr(&self) -> usize {
        Rc::as_ptr(&self.0).addr()
    }

    fn get_resolved(&self) -> Option<Box<dyn ClientHook>> {
        None
    }

    fn when_more_resolved(&self) -> Option<Promise<Box<dyn ClientHook>, capnp::Error>> {
        // A promise of whoever offers it is none for the peer.
        None
    }

    fn when_resolved(&self) -> Promise<(), capnp::Error> {
        self.target().when_resolved()
    }
}
