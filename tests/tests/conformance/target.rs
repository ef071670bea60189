//! A client with a lease, at which a test throws what is hostile. Whatever it was: no process died, the host is
//! as it was, and the next good answer is taken.

use std::net::Ipv4Addr;

use calfkit_tests::{
    Client, SOON, Server, Status, Terms, Testbed,
    message::{Kind, Message},
    monitor::{AddressChange, AddressMonitor},
    namespace::RESOLVER_FILE,
    server::{Decision, reply_frame_of},
    terms::ADDRESS,
    testbed::Route,
};
use nix::sys::signal::Signal;
use serde_json::Value;

/// What a bad answer may never get onto the interface.
pub(crate) const BAD: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 66);

/// How many frames wait in the client's socket without loss, the good answer behind them included.
const QUEUE: usize = 40;

/// A client that is bound, and a server whose next answers a test chooses.
pub(crate) struct Target {
    pub(crate) bed: Testbed,
    pub(crate) server: Server,
    pub(crate) client: Client,
    pub(crate) terms: Terms,
    monitor: AddressMonitor,
    usual: Effect,
    /// Calves, of which there may be no second one.
    calf: i32,
}

/// What came of an answer: the lease as the event tells it, and the host afterwards.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Effect {
    pub(crate) lease: Value,
    pub(crate) host: Host,
}

impl Effect {
    fn of(mut event: Value, bed: &Testbed) -> Self {
        if let Value::Object(fields) = &mut event {
            fields.retain(|name, _| name != "event" && name != "elapsed_ms");
        }
        Self {
            lease: event,
            host: Host::of(bed),
        }
    }
}

/// What a lease changes in a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Host {
    pub(crate) addresses: Vec<(Ipv4Addr, u8)>,
    pub(crate) routes: Vec<Route>,
    pub(crate) resolver: String,
    pub(crate) mtu: u64,
}

impl Host {
    pub(crate) fn of(bed: &Testbed) -> Self {
        let addresses = bed.addresses();
        let addresses = addresses.iter().map(|it| (it.address, it.prefix_length));
        Self {
            addresses: addresses.collect(),
            routes: bed.routes(),
            resolver: bed.client.read(RESOLVER_FILE).expect("it stays"),
            mtu: bed.mtu(),
        }
    }
}

impl Target {
    /// With a lease of everything that shows in the host.
    pub(crate) fn new(options: &[&str]) -> Self {
        Self::with(
            Terms {
                mtu: Some(1400),
                search: vec!["one.test".into(), "two.test".into()],
                ..Terms::default()
            },
            options,
        )
    }

    /// With a lease of these terms.
    pub(crate) fn with(terms: Terms, options: &[&str]) -> Self {
        Self::on(Testbed::new(), terms, options)
    }

    /// The same on a testbed that is prepared.
    pub(crate) fn on(bed: Testbed, terms: Terms, options: &[&str]) -> Self {
        let server = Server::start(&bed, terms.clone());
        let (client, bound) = Client::bound_with(&bed, options);
        Self {
            monitor: bed.address_monitor(),
            usual: Effect::of(bound, &bed),
            calf: client.calf_pid(),
            terms,
            bed,
            server,
            client,
        }
    }

    /// What came of its first lease.
    pub(crate) fn usual(&self) -> &Effect {
        &self.usual
    }

    /// What a renewal does whose good answer is as `change` leaves it.
    pub(crate) fn effect_of(
        &mut self,
        change: impl FnMut(&mut Message) + Send + 'static,
    ) -> Effect {
        self.server.alter(change);
        self.effect()
    }

    /// The same with the octets of the payload.
    pub(crate) fn effect_of_payload(
        &mut self,
        mut payload: impl FnMut(&Message) -> Vec<u8> + Send + 'static,
    ) -> Effect {
        self.server.hook(move |_, usual| match usual {
            Some(usual) => Decision::Frames(vec![reply_frame_of(usual, &payload(usual))]),
            None => Decision::Usual,
        });
        self.effect()
    }

    fn effect(&mut self) -> Effect {
        let event = self.client.renew();
        self.server.unhook();
        Effect::of(event, &self.bed)
    }

    /// Frames that `bad` makes of the good answer and that come before it have no effect.
    #[track_caller]
    pub(crate) fn bears(
        &mut self,
        what: &str,
        bad: impl FnMut(&Message) -> Vec<Vec<u8>> + Send + 'static,
    ) {
        self.server.precede(bad);
        let effect = self.effect();
        assert_eq!(effect, self.usual, "{what}");
    }

    /// The same of more frames than the client's socket holds: so many, of which `bad` makes the one of this
    /// number.
    #[track_caller]
    pub(crate) fn bears_each(
        &mut self,
        what: &str,
        count: usize,
        bad: impl Fn(&Message, usize) -> Vec<u8> + Clone + Send + 'static,
    ) {
        let numbers: Vec<usize> = (0..count).collect();
        for some in numbers.chunks(QUEUE - 1) {
            let (some, bad) = (some.to_vec(), bad.clone());
            let what = format!("{what}, from {}", some[0]);
            self.bears(&what, move |usual| {
                some.iter().map(|number| bad(usual, *number)).collect()
            });
        }
    }

    /// Asserts that this was the reason for so many discards so far; calves tell that late.
    #[track_caller]
    pub(crate) fn assert_discarded(&self, reason: &str, times: u64) {
        let name = format!("discarded.{reason}");
        let _counted = Status::wait_for(&self.bed, SOON, |status| status.counter(&name) >= times);
        let status = Status::ask(&self.bed).expect("it runs");
        assert_eq!(status.counter(&name), times, "{name}");
    }

    /// The good answer is taken, the host is as it was before the first bad one, and nothing died on the way.
    #[track_caller]
    pub(crate) fn assert_unharmed(mut self) {
        self.check();
    }

    #[track_caller]
    fn check(&mut self) {
        let effect = self.effect();
        assert_eq!(effect, self.usual);
        let restarted = self
            .client
            .event_names()
            .contains(&"calf-restarted".to_owned());
        assert!(!restarted, "{}", self.client.said());
        assert_eq!(self.client.calf_pid(), self.calf);
        let kinds = self.server.received_kinds(0);
        let others = kinds[1..].iter().filter(|kind| **kind != Kind::REQUEST);
        assert_eq!(others.count(), 0, "{kinds:?}");
        let own = |change: &AddressChange| matches!(change, AddressChange::Set(address) | AddressChange::Removed(address) if *address == ADDRESS);
        let changes = self.monitor.changes().entries();
        assert!(changes.iter().all(own), "{changes:?}");
    }

    /// Like [`Self::assert_unharmed`], and then ends the program as an operator does.
    #[track_caller]
    pub(crate) fn stop(mut self) -> Testbed {
        self.check();
        self.client.signal(Signal::SIGTERM);
        assert!(
            self.client.wait_exit(SOON).success(),
            "{}",
            self.client.said()
        );
        self.bed
    }

    /// Addresses that were gone for however short.
    pub(crate) fn removed(&self) -> Vec<Ipv4Addr> {
        self.monitor.removed()
    }
}

/// The good answer with the address that must never be seen.
pub(crate) fn bad(usual: &Message) -> Message {
    Message {
        yiaddr: BAD,
        ..usual.clone()
    }
}

/// A frame with it to the client as `change` leaves its payload.
pub(crate) fn bad_payload(usual: &Message, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let reply = bad(usual);
    let mut payload = reply.encode();
    change(&mut payload);
    reply_frame_of(&reply, &payload)
}
