//! A capability as the other side of a membrane has it, and the calls on it.

use std::{cell::RefCell, rc::Rc};

use capnp::{
    MessageSize, any_pointer,
    capability::{Promise, RemotePromise, Request, Response},
    private::capability::{
        ClientHook, ParamsHook, PipelineHook, PipelineOp, RequestHook, ResultsHook,
    },
    traits::{Imbue, ImbueMut},
};

use super::{
    load::{Capabilities, Load, Results, deliver, pass_all},
    policy::Direction,
    wall::{Held, Key, Wall, broken, pending, settled},
};

/// What all references to one wrapper share.
pub(super) struct Inner {
    target: Rc<Held<Box<dyn ClientHook>>>,
    direction: Direction,
    key: Key,
}

impl Inner {
    pub(super) fn new(wall: &Rc<Wall>, target: Box<dyn ClientHook>, key: Key) -> Self {
        Self {
            target: Held::new(wall, target),
            direction: key.0,
            key,
        }
    }

    pub(super) const fn direction(&self) -> Direction {
        self.direction
    }

    /// The object itself.
    ///
    /// # Errors
    /// When the membrane is revoked.
    pub(super) fn target(&self) -> capnp::Result<Box<dyn ClientHook>> {
        self.target.with(Box::clone).map(settled)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let address = core::ptr::from_ref(self).addr();
        self.target.wall.forget(address, &self.key);
    }
}

/// Where a call goes.
enum Way {
    /// Through the membrane.
    Across(Box<dyn ClientHook>),
    /// To an object of the caller's own side, which a promise turned out to be.
    Back(Box<dyn ClientHook>),
}

/// A capability of the other side.
#[derive(Clone)]
pub(super) struct Wrapper(Rc<Inner>);

impl Wrapper {
    pub(super) const fn of(inner: Rc<Inner>) -> Self {
        Self(inner)
    }

    fn wall(&self) -> &Rc<Wall> {
        &self.0.target.wall
    }

    fn way(&self, interface: u64, method: u16) -> capnp::Result<Way> {
        let target = self.0.target()?;
        if let Some(known) = self.wall().known(target.as_ref())
            && known.direction != self.0.direction
        {
            return known.target().map(Way::Back);
        }
        self.wall().admit(self.0.direction, interface, method)?;
        Ok(Way::Across(target))
    }
}

impl ClientHook for Wrapper {
    fn add_ref(&self) -> Box<dyn ClientHook> {
        Box::new(self.clone())
    }

    fn new_call(
        &self,
        interface: u64,
        method: u16,
        size: Option<MessageSize>,
    ) -> Request<any_pointer::Owned, any_pointer::Owned> {
        // A message to fill in, which goes nowhere.
        let nowhere = broken(capnp::Error::failed(String::new()));
        Request::new(Box::new(Crossing {
            form: nowhere.new_call(interface, method, size).hook,
            capabilities: Vec::new(),
            wrapper: self.clone(),
            interface,
            method,
            size,
        }))
    }

    fn call(
        &self,
        interface: u64,
        method: u16,
        params: Box<dyn ParamsHook>,
        results: Box<dyn ResultsHook>,
    ) -> Promise<(), capnp::Error> {
        let target = match self.way(interface, method) {
            Ok(Way::Across(target)) => target,
            Ok(Way::Back(target)) => return target.call(interface, method, params, results),
            Err(error) => return Promise::err(error),
        };
        let wall = Rc::clone(self.wall());
        let direction = self.0.direction;
        let passed = params
            .get()
            .and_then(|params| Load::passed(params, &wall, direction.reversed()));
        let passed = match passed {
            Ok(passed) => passed,
            Err(error) => return Promise::err(error),
        };
        let destination = Rc::new(RefCell::new(results));
        let (filled_in, full) = Results::new(Rc::clone(&destination), &wall, direction);
        let called = target.call(interface, method, Box::new(passed), Box::new(filled_in));
        pending(self.wall(), async move {
            called.await?;
            let load = full
                .await
                .map_err(|_dropped| capnp::Error::failed("no results".to_owned()))?;
            deliver(&load, &destination, &wall, direction)
        })
    }

    fn get_brand(&self) -> usize {
        self.wall().brand()
    }

    fn get_ptr(&self) -> usize {
        Rc::as_ptr(&self.0).addr()
    }

    fn get_resolved(&self) -> Option<Box<dyn ClientHook>> {
        // Who had what is behind it could go past the membrane.
        None
    }

    fn when_more_resolved(&self) -> Option<Promise<Box<dyn ClientHook>, capnp::Error>> {
        None
    }

    fn when_resolved(&self) -> Promise<(), capnp::Error> {
        match self.0.target() {
            Ok(target) => pending(self.wall(), target.when_resolved()),
            Err(error) => Promise::err(error),
        }
    }
}

/// A call that is being made.
struct Crossing {
    form: Box<dyn RequestHook>,
    capabilities: Capabilities,
    wrapper: Wrapper,
    interface: u64,
    method: u16,
    size: Option<MessageSize>,
}

impl Crossing {
    /// The request to the object; true when it goes through the membrane.
    fn filled_in(self) -> capnp::Result<(Box<dyn RequestHook>, bool)> {
        let Self {
            mut form,
            mut capabilities,
            wrapper,
            interface,
            method,
            size,
        } = self;
        let (target, across) = match wrapper.way(interface, method)? {
            Way::Across(target) => {
                let back = wrapper.0.direction.reversed();
                pass_all(wrapper.wall(), &mut capabilities, back);
                (target, true)
            }
            Way::Back(target) => (target, false),
        };
        let mut request = target.new_call(interface, method, size).hook;
        let mut content = form.get().into_reader();
        content.imbue(&capabilities);
        request.get().set_as(content)?;
        Ok((request, across))
    }
}

impl RequestHook for Crossing {
    fn get(&mut self) -> any_pointer::Builder<'_> {
        let mut root = self.form.get();
        root.imbue_mut(&mut self.capabilities);
        root
    }

    fn get_brand(&self) -> usize {
        0
    }

    fn send(self: Box<Self>) -> RemotePromise<any_pointer::Owned> {
        let wall = Rc::clone(self.wrapper.wall());
        let direction = self.wrapper.0.direction;
        let (request, across) = match self.filled_in() {
            Ok(filled_in) => filled_in,
            Err(error) => {
                return RemotePromise {
                    pipeline: any_pointer::Pipeline::new(Box::new(BrokenPipeline(error.clone()))),
                    promise: Promise::err(error),
                };
            }
        };
        let sent = request.send();
        if !across {
            return sent;
        }
        let pipeline = Pipeline {
            pipeline: Held::new(&wall, sent.pipeline),
            direction,
        };
        let answer = sent.promise;
        let passing = Rc::clone(&wall);
        let promise = pending(&wall, async move {
            let response = answer.await?;
            let passed = Load::passed(response.get()?, &passing, direction)?;
            Ok(Response::new(Box::new(passed)))
        });
        RemotePromise {
            promise,
            pipeline: any_pointer::Pipeline::new(Box::new(pipeline)),
        }
    }

    fn send_streaming(self: Box<Self>) -> Promise<(), capnp::Error> {
        let wall = Rc::clone(self.wrapper.wall());
        match self.filled_in() {
            Ok((request, true)) => pending(&wall, request.send_streaming()),
            Ok((request, false)) => request.send_streaming(),
            Err(error) => Promise::err(error),
        }
    }

    fn tail_send(
        self: Box<Self>,
    ) -> Option<(u32, Promise<(), capnp::Error>, Box<dyn PipelineHook>)> {
        None
    }
}

/// What an answer will hold.
struct Pipeline {
    pipeline: Rc<Held<any_pointer::Pipeline>>,
    direction: Direction,
}

impl PipelineHook for Pipeline {
    fn add_ref(&self) -> Box<dyn PipelineHook> {
        Box::new(Self {
            pipeline: Rc::clone(&self.pipeline),
            direction: self.direction,
        })
    }

    fn get_pipelined_cap(&self, ops: &[PipelineOp]) -> Box<dyn ClientHook> {
        let found = self
            .pipeline
            .with(|pipeline| pipeline.hook.get_pipelined_cap(ops));
        match found {
            Ok(hook) => self.pipeline.wall.pass(hook, self.direction),
            Err(error) => broken(error),
        }
    }
}

/// What the answer to a refused call holds.
struct BrokenPipeline(capnp::Error);

impl PipelineHook for BrokenPipeline {
    fn add_ref(&self) -> Box<dyn PipelineHook> {
        Box::new(Self(self.0.clone()))
    }

    fn get_pipelined_cap(&self, _ops: &[PipelineOp]) -> Box<dyn ClientHook> {
        broken(self.0.clone())
    }
}
