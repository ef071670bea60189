//! What holds whatever servers, links, operators and hosts do, and however long the machine sleeps:
//! random sequences against a simple model of the host and of what was said on the wire.

#![allow(clippy::unwrap_used, reason = "test code outside of test functions")]

mod sequences;
mod support;
mod transcript;

use std::collections::BTreeMap;

use dhcp_proto::{
    Action, Applied, Command, Config, Instant, Lease, Link, Machine, MessageType, Start, State,
    Transmit,
};
use proptest::prelude::*;
use sequences::{Answer, INFINITY, Step, answers, starts, steps};
use support::{
    sent::{Sent, parse, parse_message},
    server::Reply,
};
use transcript::{MAC, START};

/// The machine in a world that watches it.
struct World {
    machine: Machine,
    now: u64,
    mac: [u8; 6],
    link_up: bool,
    host_says: Applied,
    /// What the host has in force.
    host: Option<Lease>,
    /// An update that it did not take.
    refused: Option<Lease>,
    /// First sending of each xid.
    first_sent: BTreeMap<u32, u64>,
    last: Option<Sent>,
    /// Time of the last message with its xid, while nothing but time led to the next one.
    undisturbed: Option<(u32, u64)>,
    /// The DHCPACK being heard.
    hearing: Option<Reply>,
    /// All that came out, for comparison.
    log: Vec<String>,
}

impl World {
    fn new(start: Start, seed: [u8; 32]) -> Self {
        let host = match &start {
            Start::Resume(lease) => Some(lease.clone()),
            Start::Init | Start::Reboot { .. } | Start::Inform { .. } => None,
        };
        let now = Instant::from_millis(START);
        let mut world = Self {
            machine: Machine::new(now, Config::new(MAC), start, seed),
            now: START,
            mac: MAC,
            link_up: true,
            host_says: Applied::Done,
            host,
            refused: None,
            first_sent: BTreeMap::new(),
            last: None,
            undisturbed: None,
            hearing: None,
            log: Vec::new(),
        };
        world.drain();
        world
    }

    fn instant(&self) -> Instant {
        Instant::from_millis(self.now)
    }

    fn run(&mut self, step: &Step) {
        match step {
            Step::Wake => {
                if let Some(at) = self.machine.poll_timeout() {
                    self.now = at.as_millis();
                    self.timeout();
                }
            }
            Step::Pass(milliseconds) => {
                let until = self.now + milliseconds;
                while let Some(at) = self.machine.poll_timeout()
                    && at.as_millis() <= until
                {
                    self.now = at.as_millis();
                    self.timeout();
                }
                self.now = until;
            }
            Step::Sleep(milliseconds) => {
                self.undisturbed = None;
                self.now += milliseconds;
                self.timeout();
            }
            Step::Answer(answer) => self.answer(answer),
            Step::Garbage(frame) => {
                self.machine.handle_frame(self.instant(), frame, true);
                self.drain();
            }
            Step::Link(link) => {
                self.undisturbed = None;
                match link {
                    Link::Up => self.link_up = true,
                    Link::Down => self.link_up = false,
                    Link::Mac(mac) => self.mac = *mac,
                }
                self.machine.handle_link(self.instant(), *link);
                self.drain();
            }
            Step::Command(command) => {
                self.undisturbed = None;
                if *command == Command::Stop {
                    // The host keeps what it has, and the model looks at it no more.
                    self.host = None;
                }
                self.machine.handle_command(self.instant(), *command);
                self.drain();
            }
            Step::Host(applied) => self.host_says = *applied,
        }
    }

    fn answer(&mut self, answer: &Answer) {
        let Some(request) = self.last.clone() else {
            return;
        };
        let reply = answer.reply(&request);
        self.hearing = Some(reply.clone());
        self.machine
            .handle_frame(self.instant(), &reply.frame(), true);
        self.drain();
        self.hearing = None;
    }

    fn timeout(&mut self) {
        self.machine.handle_timeout(self.instant());
        self.drain();
    }

    /// Takes what one input made, and what the host's answers to it made.
    fn drain(&mut self) {
        loop {
            let mut messages = 0;
            while let Some(transmit) = self.machine.poll_transmit(self.instant()) {
                messages += 1;
                self.log.push(format!("{} {transmit:?}", self.now));
                self.check_message(match transmit {
                    Transmit::Frame(frame) => parse(&frame),
                    Transmit::Datagram { payload, .. } => parse_message(&payload),
                });
            }
            assert!(messages <= 1, "{messages} messages from one input");
            let mut actions = Vec::new();
            while let Some(action) = self.machine.poll_action() {
                self.log.push(format!("{} {action:?}", self.now));
                actions.push(action);
            }
            assert!(actions.len() <= 3, "{actions:?} from one input");
            if actions.is_empty() {
                break;
            }
            for action in actions {
                self.check_action(action);
            }
        }
        self.check_rest();
    }

    fn check_message(&mut self, sent: Sent) {
        assert!(self.link_up, "a message without a link");
        assert_eq!(sent.chaddr, self.mac);
        if !sent.ciaddr.is_unspecified() {
            // No packet after expiry uses the lost address, and none uses one that is not in force.
            let lease = self.host.as_ref().expect("a lease for ciaddr");
            assert_eq!(sent.ciaddr, lease.address);
            assert!(lease.expires_at.is_none_or(|end| end > self.instant()));
        }
        if let Some((xid, at)) = self.undisturbed
            && xid == sent.xid
            && sent.message_type != MessageType::Release
            && self
                .last
                .as_ref()
                .is_some_and(|last| last.message_type == sent.message_type)
        {
            let gap = self.now - at;
            let in_envelope = match sent.ciaddr.is_unspecified() {
                true => (3_000..=64_000).contains(&gap),
                false => gap >= 60_000,
            };
            assert!(in_envelope, "sent again after {gap} ms");
        }
        self.undisturbed = Some((sent.xid, self.now));
        self.first_sent.entry(sent.xid).or_insert(self.now);
        self.last = Some(sent);
    }

    fn check_action(&mut self, action: Action) {
        match action {
            Action::Configure { lease, cause: _ } => {
                // At most one Configure per lease: there is none in force.
                assert_eq!(self.host, None);
                self.check_lease(&lease);
                self.decide(*lease);
            }
            Action::Update { lease, cause: _ } => {
                let in_force = self.host.clone().expect("a lease to change");
                match self.refused.take() {
                    None => {
                        self.check_lease(&lease);
                        self.decide(*lease);
                    }
                    Some(refused) => {
                        check_restored(&lease, &in_force, &refused);
                        // Whatever the host says now: the server did extend the lease.
                        self.host = Some(*lease);
                        self.machine.handle_applied(self.instant(), self.host_says);
                    }
                }
            }
            Action::Deconfigure { cause: _ } => {
                self.refused = None;
                assert!(self.host.take().is_some(), "nothing to take down");
            }
            Action::Setback(_) => assert_eq!(self.host, None, "a setback with a lease"),
        }
    }

    /// A lease comes from the DHCPACK being heard, and from no other.
    fn check_lease(&self, lease: &Lease) {
        let ack = self.hearing.as_ref().expect("a DHCPACK");
        let request = self.last.as_ref().expect("a DHCPREQUEST");
        assert_eq!(ack.message_type, MessageType::Ack);
        assert_eq!(ack.xid, request.xid);
        assert_eq!(ack.chaddr, self.mac);
        if let Some(server) = request.server_identifier() {
            assert_eq!(ack.source, server);
        }
        assert_eq!(lease.address, ack.yiaddr);
        assert!(!lease.address.is_loopback());
        let first_sent = self.first_sent[&ack.xid];
        let begin = match request.ciaddr.is_unspecified() && request.server_identifier().is_some() {
            // The DHCPREQUEST has the xid of the DHCPDISCOVER, and counts from its own first sending.
            true => lease.acquired_at.as_millis(),
            false => first_sent,
        };
        assert!((first_sent..=self.now).contains(&begin));
        assert_eq!(lease.acquired_at.as_millis(), begin);
        match ack.lease_time {
            Some(INFINITY) => assert_eq!(lease.expires_at, None),
            Some(seconds) => assert_eq!(
                lease.expires_at.unwrap().as_millis(),
                begin + u64::from(seconds.max(10)) * 1000
            ),
            None => {}
        }
        if let Some(end) = lease.expires_at {
            let (t1, t2) = (lease.renew_at.unwrap(), lease.rebind_at.unwrap());
            assert!(lease.acquired_at < t1 && t1 < t2 && t2 < end);
            assert!(end > self.instant());
        }
    }

    fn decide(&mut self, lease: Lease) {
        match self.host_says {
            Applied::Done => self.host = Some(lease),
            Applied::Refused if self.host.is_some() => self.refused = Some(lease),
            Applied::Refused | Applied::InUse => {}
        }
        self.machine.handle_applied(self.instant(), self.host_says);
    }

    fn check_rest(&self) {
        let timeout = self.machine.poll_timeout();
        assert!(
            timeout.is_none_or(|at| at > self.instant()),
            "a timer was left due"
        );
        assert_eq!(self.refused, None, "a refusal without consequence");
        let lease = self.machine.lease();
        if timeout.is_none() {
            let nothing_to_wait_for = match self.machine.state() {
                State::Stopped => true,
                State::Bound => lease.is_some_and(|lease| lease.expires_at.is_none()),
                State::Init | State::InitReboot | State::Informing => !self.link_up,
                State::Ipv6Only
                | State::Probing
                | State::DeclineWait
                | State::Selecting
                | State::Requesting
                | State::Renewing
                | State::Rebinding
                | State::Rebooting => false,
            };
            assert!(nothing_to_wait_for, "{:?} waits", self.machine.state());
        }
        assert_eq!(
            lease.map(|lease| lease.address),
            self.host.as_ref().map(|lease| lease.address),
            "machine and host disagree"
        );
    }
}

/// After a refusal: what the host has, with the times of what it refused.
fn check_restored(lease: &Lease, in_force: &Lease, refused: &Lease) {
    let expected = Lease {
        server_identifier: refused.server_identifier,
        lease_seconds: refused.lease_seconds,
        acquired_at: refused.acquired_at,
        renew_at: refused.renew_at,
        rebind_at: refused.rebind_at,
        expires_at: refused.expires_at,
        ..in_force.clone()
    };
    assert_eq!(*lease, expected);
}

/// What a run leaves behind.
fn history(start: Start, seed: [u8; 32], steps: &[Step]) -> Vec<String> {
    let mut world = World::new(start, seed);
    for step in steps {
        world.run(step);
    }
    world.log
}

/// No file is written: a failure prints its input, which then becomes a transcript.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn whatever_happens_the_invariants_hold(
        start in starts(),
        seed in any::<[u8; 32]>(),
        steps in steps(),
    ) {
        history(start, seed, &steps);
    }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn same_inputs_and_seed_give_the_same_outputs(
        start in starts(),
        seed in any::<[u8; 32]>(),
        steps in steps(),
    ) {
        let once = history(start.clone(), seed, &steps);
        prop_assert_eq!(once, history(start, seed, &steps));
    }

    #[test]
    fn a_driver_that_never_comes_finds_one_message_and_three_actions_at_most(
        start in starts(),
        seed in any::<[u8; 32]>(),
        answers in prop::collection::vec((answers(), 0_u64..100_000), 1..100),
    ) {
        let mut machine = Machine::new(Instant::from_millis(START), Config::new(MAC), start.clone(), seed);
        // A twin whose driver comes, and which so has the xids that the other one wants to hear.
        let mut twin = World::new(start, seed);
        for (answer, milliseconds) in answers {
            if let Some(request) = &twin.last {
                machine.handle_frame(twin.instant(), &answer.reply(request).frame(), true);
            }
            twin.run(&Step::Answer(answer));
            twin.run(&Step::Sleep(milliseconds));
            machine.handle_timeout(twin.instant());
        }
        let now = twin.instant();
        let messages = std::iter::from_fn(|| machine.poll_transmit(now)).count();
        let actions = std::iter::from_fn(|| machine.poll_action()).count();
        prop_assert!(messages <= 1 && actions <= 3);
    }
}
