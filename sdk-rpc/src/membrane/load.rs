//! Parameters and results on their way through a membrane: a copy, with a table of capabilities of its own.

use std::{cell::RefCell, rc::Rc};

use capnp::{
    any_pointer,
    capability::Promise,
    message::{Builder, HeapAllocator},
    private::capability::{
        ClientHook, ParamsHook, PipelineHook, RequestHook, ResponseHook, ResultsHook,
    },
    traits::{Imbue, ImbueMut},
};
use futures::channel::oneshot;

use super::{policy::Direction, wall::Wall};

/// Words of the first segment; most messages are shorter.
const FIRST_SEGMENT_WORDS: u32 = 64;

/// The capabilities of a message.
pub(super) type Capabilities = Vec<Option<Box<dyn ClientHook>>>;

/// Passes each to the other side.
pub(super) fn pass_all(wall: &Rc<Wall>, capabilities: &mut Capabilities, direction: Direction) {
    for slot in capabilities {
        *slot = slot.take().map(|hook| wall.pass(hook, direction));
    }
}

/// A message of its own.
pub(super) struct Load {
    message: Builder<HeapAllocator>,
    capabilities: Capabilities,
}

impl Load {
    fn new() -> Self {
        let allocator = HeapAllocator::new().first_segment_words(FIRST_SEGMENT_WORDS);
        Self {
            message: Builder::new(allocator),
            capabilities: Vec::new(),
        }
    }

    /// A copy, with its capabilities passed to the other side. A message of the peer allows to be read as
    /// often as its `Limits` say, which bounds the copy.
    pub(super) fn passed(
        from: any_pointer::Reader<'_>,
        wall: &Rc<Wall>,
        direction: Direction,
    ) -> capnp::Result<Self> {
        let mut load = Self::new();
        load.builder()?.set_as(from)?;
        pass_all(wall, &mut load.capabilities, direction);
        Ok(load)
    }

    fn builder(&mut self) -> capnp::Result<any_pointer::Builder<'_>> {
        let mut root: any_pointer::Builder<'_> = self.message.get_root()?;
        root.imbue_mut(&mut self.capabilities);
        Ok(root)
    }

    pub(super) fn reader(&self) -> capnp::Result<any_pointer::Reader<'_>> {
        let mut root: any_pointer::Reader<'_> = self.message.get_root_as_reader()?;
        root.imbue(&self.capabilities);
        Ok(root)
    }
}

impl ParamsHook for Load {
    fn get(&self) -> capnp::Result<any_pointer::Reader<'_>> {
        self.reader()
    }
}

impl ResponseHook for Load {
    fn get(&self) -> capnp::Result<any_pointer::Reader<'_>> {
        self.reader()
    }
}

/// Where the callee's results go, shared with the call that waits for them.
pub(super) type Destination = Rc<RefCell<Box<dyn ResultsHook>>>;

/// Hands results to the other side.
pub(super) fn deliver(
    load: &Load,
    destination: &Destination,
    wall: &Rc<Wall>,
    direction: Direction,
) -> capnp::Result<()> {
    let passed = Load::passed(load.reader()?, wall, direction)?;
    destination.borrow_mut().get()?.set_as(passed.reader()?)
}

/// What the callee fills in. Its drop says that it is full.
pub(super) struct Results {
    load: Option<Load>,
    full: Option<oneshot::Sender<Load>>,
    destination: Destination,
    wall: Rc<Wall>,
    direction: Direction,
}

impl Results {
    pub(super) fn new(
        destination: Destination,
        wall: &Rc<Wall>,
        direction: Direction,
    ) -> (Self, oneshot::Receiver<Load>) {
        let (full, receiver) = oneshot::channel();
        let results = Self {
            load: Some(Load::new()),
            full: Some(full),
            destination,
            wall: Rc::clone(wall),
            direction,
        };
        (results, receiver)
    }
}

impl Drop for Results {
    fn drop(&mut self) {
        if let (Some(load), Some(full)) = (self.load.take(), self.full.take()) {
            // Nobody waits for the results of a call that was revoked.
            let _waiting = full.send(load);
        }
    }
}

fn gone() -> capnp::Error {
    capnp::Error::failed("the results are gone".to_owned())
}

impl ResultsHook for Results {
    fn get(&mut self) -> capnp::Result<any_pointer::Builder<'_>> {
        self.load.as_mut().ok_or_else(gone)?.builder()
    }

    fn set_pipeline(&mut self) -> capnp::Result<()> {
        let load = self.load.as_ref().ok_or_else(gone)?;
        deliver(load, &self.destination, &self.wall, self.direction)?;
        self.destination.borrow_mut().set_pipeline()
    }

    fn allow_cancellation(&self) {
        // Every call through a membrane can be revoked.
    }

    fn tail_call(self: Box<Self>, request: Box<dyn RequestHook>) -> Promise<(), capnp::Error> {
        self.direct_tail_call(request).0
    }

    fn direct_tail_call(
        mut self: Box<Self>,
        request: Box<dyn RequestHook>,
    ) -> (Promise<(), capnp::Error>, Box<dyn PipelineHook>) {
        let sent = request.send();
        let answer = sent.promise;
        let done = Promise::from_future(async move {
            let response = answer.await?;
            self.get()?.set_as(response.get()?)
        });
        (done, sent.pipeline.hook)
    }
}
