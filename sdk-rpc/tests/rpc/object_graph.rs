//! Who can reach what: random graphs of objects in three vats, against a model that knows the way of every
//! reference. Nothing is reachable that was not granted, everything granted is, and nothing outlives the
//! sessions.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use capnp::capability::FromClientHook;
use proptest::{collection::vec, prelude::*};
use sdk_rpc::{
    Disconnect, Limits, Session, connect,
    membrane::{self, Revoker},
    serve,
};

use crate::{
    calfkit_capnp::net,
    stage::{quiet, run, socket_pair},
};

const VATS: usize = 3;

/// An object that keeps what it is given (`attach` with a sink), hands out what it was given last (`attach`
/// without) or lets go of it (`send`), and says who it is (`mac`).
struct Node {
    name: u64,
    kept: RefCell<Vec<net::Client>>,
    alive: Rc<Cell<usize>>,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.alive.set(self.alive.get() - 1);
    }
}

impl net::Server for Node {
    async fn attach(
        self: Rc<Self>,
        params: net::AttachParams,
        mut results: net::AttachResults,
    ) -> capnp::Result<()> {
        if params.get()?.has_sink() {
            let given = params.get()?.get_sink()?.cast_to();
            self.kept.borrow_mut().push(given);
            return Ok(());
        }
        let last = self.kept.borrow().last().cloned();
        let last = last.ok_or_else(|| capnp::Error::failed("nothing kept".to_owned()))?;
        results.get().set_attachment(last.cast_to());
        Ok(())
    }

    async fn send(self: Rc<Self>, _params: net::SendParams) -> capnp::Result<()> {
        let last = self.kept.borrow_mut().pop();
        drop(last);
        Ok(())
    }

    async fn mac(
        self: Rc<Self>,
        _params: net::MacParams,
        mut results: net::MacResults,
    ) -> capnp::Result<()> {
        results.get().set_address(self.name);
        Ok(())
    }
}

/// What stands between the holder of a reference and its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hop {
    /// A connection, by number.
    Link(usize),
    /// A membrane, by number; whether calls go into it or out of it.
    Membrane(usize, bool),
}

/// The way to an object, from its holder.
#[derive(Clone, Debug)]
struct Path {
    hops: Vec<Hop>,
    node: usize,
}

impl Path {
    /// This reference after it crossed `hop` on its way to who calls through it (a result), or from who calls
    /// (a parameter). `None` where no honest peer passes it: it would go back over the connection that it
    /// came by.
    fn crossed(mut self, hop: Hop, result: bool) -> Option<Self> {
        let first = self.hops.first().copied();
        match hop {
            Hop::Link(_) if first == Some(hop) => return None,
            Hop::Link(_) => self.hops.insert(0, hop),
            Hop::Membrane(number, inward) => {
                let inward = inward == result;
                if first == Some(Hop::Membrane(number, !inward)) {
                    self.hops.remove(0);
                } else if first != Some(Hop::Membrane(number, inward)) {
                    self.hops.insert(0, Hop::Membrane(number, inward));
                }
            }
        }
        Some(self)
    }

    /// This reference as a parameter of a call to `target`, where it arrives.
    fn passed_to(self, target: &Self) -> Option<Self> {
        let mut hops = target.hops.iter();
        hops.try_fold(self, |path, hop| path.crossed(*hop, false))
    }

    /// This reference, which the object of `source` keeps, as its caller gets it.
    fn taken_from(self, source: &Self) -> Option<Self> {
        let mut hops = source.hops.iter().rev();
        hops.try_fold(self, |path, hop| path.crossed(*hop, true))
    }

    fn is_local(&self) -> bool {
        !self.hops.iter().any(|hop| matches!(hop, Hop::Link(_)))
    }
}

/// One step of somebody. Numbers choose, modulo what there is.
#[derive(Clone, Copy, Debug)]
enum Step {
    Make(usize),
    Pass(usize, usize, usize),
    Take(usize, usize),
    LetGo(usize, usize),
    Forget(usize, usize),
    Guard(usize, usize),
    Revoke(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let vat = 0..VATS;
    let any = 0..64_usize;
    prop_oneof![
        1 => vat.clone().prop_map(Step::Make),
        5 => (vat.clone(), any.clone(), any.clone()).prop_map(|(v, h, x)| Step::Pass(v, h, x)),
        5 => (vat.clone(), any.clone()).prop_map(|(v, h)| Step::Take(v, h)),
        1 => (vat.clone(), any.clone()).prop_map(|(v, h)| Step::LetGo(v, h)),
        1 => (vat.clone(), any.clone()).prop_map(|(v, h)| Step::Forget(v, h)),
        2 => (vat, any.clone()).prop_map(|(v, h)| Step::Guard(v, h)),
        1 => any.prop_map(Step::Revoke),
    ]
}

type Reference = (net::Client, Path);

/// The vats, and the model beside them.
#[derive(Default)]
struct World {
    held: [Vec<Reference>; VATS],
    /// What each object keeps, as it has it.
    kept: Vec<Vec<Path>>,
    revokers: Vec<Option<Revoker>>,
    sessions: Vec<Session>,
    alive: Rc<Cell<usize>>,
    /// Steps that had an effect.
    taken: usize,
}

impl World {
    /// Three vats, each of which offers an object to the next.
    async fn new() -> Self {
        let mut world = Self::default();
        for vat in 0..VATS {
            let root = world.make(vat);
            let gate = world.node(u64::MAX, vec![root]);
            let (here, there) = socket_pair();
            let serving = serve(there, gate, Limits::net()).unwrap();
            let (gate, session) = connect::<net::Client>(here, Limits::net()).unwrap();
            world.sessions.extend([serving, session]);
            // Not the first capability itself: that is a promise for ever, and no peer takes one.
            let answer = gate.attach_request().send().promise.await.unwrap();
            let client = answer.get().unwrap().get_attachment().unwrap().cast_to();
            let hops = vec![Hop::Link(vat)];
            let path = Path { hops, node: vat };
            world.held[(vat + 1) % VATS].push((client, path));
        }
        world
    }

    fn make(&mut self, vat: usize) -> net::Client {
        let node = self.kept.len();
        self.kept.push(Vec::new());
        let client = self.node(node as u64, Vec::new());
        let hops = Vec::new();
        self.held[vat].push((client.clone(), Path { hops, node }));
        client
    }

    fn node(&self, name: u64, kept: Vec<net::Client>) -> net::Client {
        self.alive.set(self.alive.get() + 1);
        capnp_rpc::new_client(Node {
            name,
            kept: RefCell::new(kept),
            alive: Rc::clone(&self.alive),
        })
    }

    fn reference(&self, vat: usize, choice: usize) -> Option<Reference> {
        let held = &self.held[vat];
        held.get(choice.checked_rem(held.len())?).cloned()
    }

    fn is_open(&self, path: &Path) -> bool {
        path.hops.iter().all(|hop| match hop {
            Hop::Link(_) => true,
            Hop::Membrane(number, _) => self.revokers[*number].is_some(),
        })
    }

    async fn pass(&mut self, vat: usize, target: usize, given: usize) -> Option<()> {
        let (target, to) = self.reference(vat, target)?;
        let (given, path) = self.reference(vat, given)?;
        let path = path.passed_to(&to)?;
        // Without a connection in it a circle of references would last for ever, which is its makers' doing.
        if path.is_local() && path.node >= to.node {
            return None;
        }
        let mut request = target.attach_request();
        request.get().set_sink(given.cast_to());
        let done = request.send().promise.await;
        assert_eq!(done.is_ok(), self.is_open(&to), "{to:?}");
        if done.is_ok() {
            self.kept[to.node].push(path);
        }
        Some(())
    }

    async fn take(&mut self, vat: usize, source: usize) -> Option<()> {
        let (source, from) = self.reference(vat, source)?;
        let last = self.kept[from.node].last().cloned();
        let path = match last {
            Some(last) => Some(last.taken_from(&from)?),
            None => None,
        };
        let granted = path.filter(|_| self.is_open(&from));
        let answer = source.attach_request().send().promise.await;
        let why = answer.as_ref().err();
        assert_eq!(answer.is_ok(), granted.is_some(), "{from:?} {why:?}");
        if let (Ok(answer), Some(path)) = (answer, granted) {
            let taken = answer.get().unwrap().get_attachment().unwrap().cast_to();
            self.held[vat].push((taken, path));
        }
        Some(())
    }

    async fn let_go(&mut self, vat: usize, target: usize) -> Option<()> {
        let (target, to) = self.reference(vat, target)?;
        let _acknowledged = target.send_request().send().await;
        if self.is_open(&to) {
            self.kept[to.node].pop();
        }
        Some(())
    }

    fn guard(&mut self, vat: usize, choice: usize) -> Option<()> {
        let (client, mut path) = self.reference(vat, choice)?;
        let (client, revoker) = membrane::revocable(client);
        path.hops
            .insert(0, Hop::Membrane(self.revokers.len(), true));
        self.revokers.push(Some(revoker));
        self.held[vat].push((client, path));
        Some(())
    }

    async fn step(&mut self, step: Step) {
        let effect = match step {
            Step::Make(vat) => {
                drop(self.make(vat));
                Some(())
            }
            Step::Pass(vat, target, given) => self.pass(vat, target, given).await,
            Step::Take(vat, source) => self.take(vat, source).await,
            Step::LetGo(vat, target) => self.let_go(vat, target).await,
            Step::Forget(vat, choice) => {
                let held = &mut self.held[vat];
                let choice = choice.checked_rem(held.len());
                choice.map(|choice| {
                    held.remove(choice);
                })
            }
            Step::Guard(vat, choice) => self.guard(vat, choice),
            Step::Revoke(choice) => {
                let choice = choice.checked_rem(self.revokers.len());
                let revoker = choice.and_then(|choice| self.revokers[choice].take());
                revoker.map(|revoker| revoker.revoke("revoked by a step"))
            }
        };
        self.taken += usize::from(effect.is_some());
        quiet().await;
    }

    /// Every reference leads where the model says, or nowhere.
    async fn check(&self) {
        for (client, path) in self.held.iter().flatten() {
            let answer = client.mac_request().send().promise.await;
            let name = answer.map(|answer| answer.get().unwrap().get_address());
            let expected = self.is_open(path).then_some(path.node as u64);
            assert_eq!(name.ok(), expected, "{path:?}");
        }
    }

    /// Ends the sessions, while membranes and their revokers are still there.
    async fn end(self) {
        let mut sessions = self.sessions;
        for session in &mut sessions {
            let open = futures::poll!(std::pin::pin!(session.closed()));
            assert!(open.is_pending(), "an honest session ended: {open:?}");
        }
        drop(sessions);
        quiet().await;
        drop(self.held);
        quiet().await;
        assert_eq!(self.alive.get(), 0, "objects that nobody has");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_reachable_is_what_was_granted(steps in vec(step(), 1..50)) {
        run(async {
            let mut world = World::new().await;
            world.check().await;
            for step in steps {
                world.step(step).await;
            }
            world.check().await;
            world.end().await;
        });
    }
}

#[test]
fn the_model_is_told_apart_from_one_that_forgets_a_membrane() {
    run(async {
        let mut world = World::new().await;
        world.step(Step::Guard(0, 0)).await;
        let (client, mut path) = world.held[0].pop().unwrap();
        path.hops.clear();
        world.held[0].push((client, path));
        world.step(Step::Revoke(0)).await;
        let (client, path) = world.held[0].last().unwrap();
        // The control of the test above: the model says open, and the reference is not.
        assert!(world.is_open(path));
        assert!(client.mac_request().send().promise.await.is_err());
        assert_eq!(world.taken, 2);
        assert_eq!(
            world.sessions.pop().unwrap().close().await,
            Disconnect::Dropped
        );
    });
}
