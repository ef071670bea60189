//! What the two sides of a membrane share: the policy, and all that must be let go when it is revoked.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    future::Future,
    pin::Pin,
    rc::{Rc, Weak},
    task::{Context, Poll, Waker},
};

use capnp::{capability::Promise, private::capability::ClientHook};

use super::{
    policy::{Direction, Policy},
    wrapper::{Inner, Wrapper},
};

/// Something that is held across the membrane.
trait LetGo {
    fn let_go(&self);
}

/// Which object a wrapper stands for: the direction of its calls, and the brand and address of the object.
pub(super) type Key = (Direction, usize, usize);

/// One membrane.
pub(super) struct Wall {
    policy: Box<dyn Policy>,
    /// Why nothing passes any more.
    revoked: RefCell<Option<String>>,
    held: RefCell<HashMap<u64, Weak<dyn LetGo>>>,
    last: Cell<u64>,
    /// Wrappers by their own address, to know one that comes back.
    wrappers: RefCell<HashMap<usize, Weak<Inner>>>,
    /// Wrappers by what they stand for, so that one object has one wrapper.
    standing: RefCell<HashMap<Key, Weak<Inner>>>,
}

impl Wall {
    pub(super) fn new(policy: Box<dyn Policy>) -> Rc<Self> {
        Rc::new(Self {
            policy,
            revoked: RefCell::new(None),
            held: RefCell::new(HashMap::new()),
            last: Cell::new(0),
            wrappers: RefCell::new(HashMap::new()),
            standing: RefCell::new(HashMap::new()),
        })
    }

    /// A number that no other hook has.
    pub(super) fn brand(self: &Rc<Self>) -> usize {
        Rc::as_ptr(self).addr()
    }

    pub(super) fn is_revoked(&self) -> bool {
        self.revoked.borrow().is_some()
    }

    /// What whoever calls through a revoked membrane is told.
    pub(super) fn refusal(&self) -> capnp::Error {
        let reason = self.revoked.borrow();
        capnp::Error::failed(format!("revoked: {}", reason.as_deref().unwrap_or("gone")))
    }

    /// # Errors
    /// When the membrane is revoked, or its policy does not allow the call.
    pub(super) fn admit(
        &self,
        direction: Direction,
        interface: u64,
        method: u16,
    ) -> capnp::Result<()> {
        if self.is_revoked() {
            return Err(self.refusal());
        }
        if self.policy.allows(direction, interface, method) {
            return Ok(());
        }
        let what = format!("not allowed: method {method} of interface @0x{interface:x}");
        Err(capnp::Error::failed(what))
    }

    /// Lets go of everything. The first reason holds.
    pub(super) fn revoke(&self, reason: &str) {
        if self.is_revoked() {
            return;
        }
        self.revoked.replace(Some(reason.to_owned()));
        // What is dropped may come back here: nothing is borrowed meanwhile.
        let held = self.held.take();
        for held in held.values().filter_map(Weak::upgrade) {
            held.let_go();
        }
    }

    /// `hook` as the other side may have it; calls to it go in `direction`. What came from there is given
    /// back as it was.
    pub(super) fn pass(
        self: &Rc<Self>,
        hook: Box<dyn ClientHook>,
        direction: Direction,
    ) -> Box<dyn ClientHook> {
        let hook = settled(hook);
        if let Some(known) = self.known(hook.as_ref()) {
            if known.direction() == direction {
                return hook;
            }
            return known.target().unwrap_or_else(broken);
        }
        let key = (direction, hook.get_brand(), hook.get_ptr());
        let standing = self.standing.borrow().get(&key).and_then(Weak::upgrade);
        let inner = standing.unwrap_or_else(|| {
            let inner = Rc::new(Inner::new(self, hook, key));
            let weak = Rc::downgrade(&inner);
            self.wrappers
                .borrow_mut()
                .insert(Rc::as_ptr(&inner).addr(), Weak::clone(&weak));
            self.standing.borrow_mut().insert(key, weak);
            inner
        });
        Box::new(Wrapper::of(inner))
    }

    /// The wrapper of this membrane that `hook` is.
    pub(super) fn known(self: &Rc<Self>, hook: &dyn ClientHook) -> Option<Rc<Inner>> {
        if hook.get_brand() != self.brand() {
            return None;
        }
        self.wrappers
            .borrow()
            .get(&hook.get_ptr())
            .and_then(Weak::upgrade)
    }

    /// Forgets the wrapper at this address, which is being dropped.
    pub(super) fn forget(&self, address: usize, key: &Key) {
        self.wrappers.borrow_mut().remove(&address);
        self.standing.borrow_mut().remove(key);
    }
}

/// What `hook` has become.
pub(super) fn settled(mut hook: Box<dyn ClientHook>) -> Box<dyn ClientHook> {
    while let Some(resolved) = hook.get_resolved() {
        hook = resolved;
    }
    hook
}

pub(super) fn broken(error: capnp::Error) -> Box<dyn ClientHook> {
    capnp_rpc::new_broken_cap(error).hook
}

/// Holds something of the one side for the other, until the membrane is revoked.
pub(super) struct Held<T> {
    pub(super) wall: Rc<Wall>,
    number: u64,
    content: RefCell<Option<T>>,
    waker: Cell<Option<Waker>>,
}

impl<T: 'static> Held<T> {
    pub(super) fn new(wall: &Rc<Wall>, content: T) -> Rc<Self> {
        let number = wall.last.get().wrapping_add(1);
        wall.last.set(number);
        let held = Rc::new(Self {
            wall: Rc::clone(wall),
            number,
            content: RefCell::new((!wall.is_revoked()).then_some(content)),
            waker: Cell::new(None),
        });
        let weak: Weak<Self> = Rc::downgrade(&held);
        wall.held.borrow_mut().insert(number, weak);
        held
    }

    /// What `look` makes of the content.
    ///
    /// # Errors
    /// When the membrane is revoked.
    pub(super) fn with<R>(&self, look: impl FnOnce(&T) -> R) -> capnp::Result<R> {
        let content = self.content.borrow();
        content
            .as_ref()
            .map(look)
            .ok_or_else(|| self.wall.refusal())
    }
}

impl<T> LetGo for Held<T> {
    fn let_go(&self) {
        let content = self.content.take();
        drop(content);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl<T> Drop for Held<T> {
    fn drop(&mut self) {
        self.wall.held.borrow_mut().remove(&self.number);
    }
}

/// A call that is under way across the membrane. Revoking drops what it waits for at once.
struct Pending<T>(Rc<Held<Promise<T, capnp::Error>>>);

impl<T: 'static> Future for Pending<T> {
    type Output = capnp::Result<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<capnp::Result<T>> {
        let held = &self.0;
        // Out of its place: what is polled may revoke.
        let Some(mut promise) = held.content.take() else {
            return Poll::Ready(Err(held.wall.refusal()));
        };
        let polled = Pin::new(&mut promise).poll(context);
        if held.wall.is_revoked() {
            return Poll::Ready(Err(held.wall.refusal()));
        }
        if polled.is_pending() {
            held.content.replace(Some(promise));
            held.waker.set(Some(context.waker().clone()));
        }
        polled
    }
}

/// `call`, until the membrane is revoked.
pub(super) fn pending<T: 'static>(
    wall: &Rc<Wall>,
    call: impl Future<Output = capnp::Result<T>> + 'static,
) -> Promise<T, capnp::Error> {
    Promise::from_future(Pending(Held::new(wall, Promise::from_future(call))))
}
