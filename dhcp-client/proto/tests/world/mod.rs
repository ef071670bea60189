//! A world that watches a machine: a simple model of the host, of what was said on the wire, and of what
//! must never happen.

#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "test code outside of test functions"
)]

mod conflicts;
pub(crate) mod step;

use std::collections::BTreeMap;

use dhcp_proto::{
    Action, Applied, Command, Config, DeconfigureCause, Instant, Lease, Link, Machine, MessageType,
    Origin, Setback, Start, State, Transmit,
};

use self::{
    conflicts::Watch,
    step::{About, Answer, INFINITY, Neighbour, Step},
};
use crate::{
    support::{
        arp::{self, Heard, NEIGHBOUR_MAC, is_arp},
        sent::{Sent, parse, parse_message},
        server::Reply,
    },
    transcript::{ADDRESS, START},
};

/// The machine in a world that watches it.
pub(crate) struct World {
    pub(crate) machine: Machine,
    config: Config,
    now: u64,
    mac: [u8; 6],
    link_up: bool,
    host_says: Applied,
    /// What the host has in force.
    host: Option<Lease>,
    /// An update that it did not take.
    untaken: Option<Lease>,
    /// First sending of each xid.
    first_sent: BTreeMap<u32, u64>,
    pub(crate) last: Option<Sent>,
    /// Time of the last message with its xid, while nothing but time led to the next one.
    undisturbed: Option<(u32, u64)>,
    /// What servers granted, with the message that they answered.
    granted: Vec<(Reply, Sent)>,
    /// Addresses, probes and conflicts.
    watch: Watch,
    /// All that came out, for comparison.
    pub(crate) log: Vec<String>,
}

/// What one input made.
#[derive(Default)]
struct Made {
    messages: usize,
    arps: usize,
    actions: usize,
}

impl World {
    pub(crate) fn new(config: Config, start: Start, seed: [u8; 32]) -> Self {
        let host = match &start {
            Start::Resume(lease) => Some(lease.clone()),
            Start::Init | Start::Reboot { .. } | Start::Inform { .. } => None,
        };
        let now = Instant::from_millis(START);
        let mut world = Self {
            machine: Machine::new(now, config.clone(), start, seed),
            watch: Watch::new(config.conflict_detection),
            mac: config.mac,
            config,
            now: START,
            link_up: true,
            host_says: Applied::Done,
            host,
            untaken: None,
            first_sent: BTreeMap::new(),
            last: None,
            undisturbed: None,
            granted: Vec::new(),
            log: Vec::new(),
        };
        world.drain();
        world
    }

    pub(crate) fn instant(&self) -> Instant {
        Instant::from_millis(self.now)
    }

    pub(crate) fn run(&mut self, step: &Step) {
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
            Step::Arp(neighbour) => self.arp(*neighbour),
            Step::Garbage(frame) => {
                self.machine.handle_frame(self.instant(), frame, true);
                self.drain();
            }
            Step::Link(link) => self.link(*link),
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

    fn link(&mut self, link: Link) {
        self.undisturbed = None;
        match link {
            Link::Up => self.link_up = true,
            Link::Down => self.link_up = false,
            Link::Mac(mac) => {
                if mac != self.mac {
                    self.watch = Watch::new(self.config.conflict_detection);
                }
                self.mac = mac;
            }
        }
        self.machine.handle_link(self.instant(), link);
        self.drain();
    }

    fn answer(&mut self, answer: &Answer) {
        let Some(request) = self.last.clone() else {
            return;
        };
        let reply = answer.reply(&request);
        if matches!(
            reply.message_type,
            MessageType::Ack | MessageType::BootReply
        ) {
            self.granted.push((reply.clone(), request));
        }
        let frame = reply.frame();
        let before = (reply.message_type == MessageType::ForceRenew)
            .then(|| (self.machine.state(), self.log.len()));
        self.machine.handle_frame(self.instant(), &frame, true);
        self.drain();
        if let Some(before) = before {
            // Nobody signed it.
            assert_eq!((self.machine.state(), self.log.len()), before);
        }
    }

    fn arp(&mut self, neighbour: Neighbour) {
        let Neighbour {
            about,
            is_probe,
            is_echo,
        } = neighbour;
        let address = match about {
            About::InForce => self.host.as_ref().map(|lease| lease.address),
            About::Candidate => self.watch.last_probed(),
            About::Given => Some(ADDRESS),
        };
        let address = address.unwrap_or(ADDRESS);
        let heard = match is_probe {
            true => Heard::probe(address),
            false => Heard::reply(address),
        };
        let heard = heard.with_mac(if is_echo { self.mac } else { NEIGHBOUR_MAC });
        if !is_echo {
            self.watch.contested(address);
        }
        self.machine
            .handle_frame(self.instant(), &heard.frame(), true);
        self.drain();
    }

    fn timeout(&mut self) {
        self.machine.handle_timeout(self.instant());
        self.drain();
    }

    /// Takes what one input made, and what the host's answers to it made.
    fn drain(&mut self) {
        let mut made = Made::default();
        loop {
            while let Some(transmit) = self.machine.poll_transmit(self.instant()) {
                self.log.push(format!("{} {transmit:?}", self.now));
                self.check_transmit(&transmit, &mut made);
            }
            let Some(action) = self.machine.poll_action() else {
                break;
            };
            self.log.push(format!("{} {action:?}", self.now));
            made.actions += 1;
            assert!(made.actions <= 3, "{action:?} is one too many");
            if self.perform(action) {
                made = Made::default();
            }
        }
        self.check_rest();
    }

    fn check_transmit(&mut self, transmit: &Transmit, made: &mut Made) {
        assert!(self.link_up, "something sent without a link");
        match transmit {
            Transmit::Frame(frame) if is_arp(frame) => {
                made.arps += 1;
                assert!(made.arps <= 2, "ARP packets from one input");
                let said = arp::parse(frame, self.mac);
                let in_force = self.host.as_ref().map(|lease| lease.address);
                self.watch.said(said, in_force, self.now);
                return;
            }
            Transmit::Frame(frame) => self.check_message(parse(frame)),
            Transmit::Datagram { payload, .. } => self.check_message(parse_message(payload)),
        }
        made.messages += 1;
        assert!(made.messages <= 1, "messages from one input");
    }

    fn check_message(&mut self, sent: Sent) {
        assert_eq!(sent.chaddr, self.mac);
        let is_inform = sent.message_type == MessageType::Inform;
        if is_inform {
            // The operator's own; he says whether it is in force.
            assert_eq!(sent.ciaddr, ADDRESS);
        } else if !sent.ciaddr.is_unspecified() {
            // No packet after expiry uses the lost address, and none uses one that is not in force.
            let lease = self.host.as_ref().expect("a lease for ciaddr");
            assert_eq!(sent.ciaddr, lease.address);
            assert!(lease.expires_at.is_none_or(|end| end > self.instant()));
        }
        let is_repeated = self
            .last
            .as_ref()
            .is_some_and(|last| (last.message_type, last.xid) == (sent.message_type, sent.xid));
        if let Some((xid, at)) = self.undisturbed
            && xid == sent.xid
            && is_repeated
        {
            let gap = self.now - at;
            let in_envelope = match is_inform || sent.ciaddr.is_unspecified() {
                true => (3_000..=64_000).contains(&gap),
                false => gap >= 60_000,
            };
            assert!(in_envelope, "sent again after {gap} ms");
        }
        self.watch.sent(&sent, self.host.is_some(), self.now);
        self.undisturbed = Some((sent.xid, self.now));
        self.first_sent.entry(sent.xid).or_insert(self.now);
        self.last = Some(sent);
    }

    /// Whether the host answered, which is an input of its own.
    fn perform(&mut self, action: Action) -> bool {
        match action {
            Action::Configure { lease, cause: _ } => {
                // At most one Configure per lease: there is none in force.
                assert_eq!(self.host, None);
                self.check_lease(&lease);
                self.watch.used(&lease, self.now);
                self.decide(*lease);
                true
            }
            Action::Update { lease, cause: _ } => {
                let in_force = self.host.clone().expect("a lease to change");
                match self.untaken.take() {
                    None => {
                        self.check_lease(&lease);
                        if lease.address != in_force.address {
                            self.watch.used(&lease, self.now);
                        }
                        self.decide(*lease);
                    }
                    Some(untaken) => {
                        check_restored(&lease, &in_force, &untaken);
                        // Whatever the host says now: the server did extend the lease.
                        self.host = Some(*lease);
                        self.answer_for_host();
                    }
                }
                true
            }
            Action::Deconfigure { cause } => {
                self.untaken = None;
                let lease = self.host.take().expect("something to take down");
                if cause == DeconfigureCause::Conflict {
                    // An address that came by BOOTP has nobody to be declined to, whoever gave it before.
                    let is_boot = |(reply, _): &(Reply, Sent)| {
                        reply.message_type == MessageType::BootReply
                            && reply.yiaddr == lease.address
                    };
                    let is_leased = !self.granted.iter().any(is_boot);
                    self.watch.gave_up(&lease, is_leased);
                }
                false
            }
            Action::Setback(setback) => {
                let leased = |lease: &Lease| lease.origin == Origin::Server;
                let kept = self.untaken.as_ref().is_some_and(leased);
                assert!(
                    kept || !self.host.as_ref().is_some_and(leased),
                    "{setback:?}"
                );
                if setback == Setback::Conflict {
                    self.watch.had_setback(self.now);
                }
                false
            }
        }
    }

    /// A lease comes from a server's grant that was heard, or it is the host's own.
    fn check_lease(&self, lease: &Lease) {
        match lease.origin {
            Origin::LinkLocal => {
                let octets = lease.address.octets();
                assert_eq!((octets[0], octets[1], lease.prefix_length), (169, 254, 16));
                assert!((1..=254).contains(&octets[2]));
                assert_eq!(lease.expires_at, None);
                assert!(self.config.link_local_after.is_some());
            }
            Origin::Inform => {
                assert_eq!((lease.address, lease.expires_at), (ADDRESS, None));
                assert!(self.granted.iter().any(|(ack, request)| {
                    ack.xid == request.xid && request.message_type == MessageType::Inform
                }));
            }
            Origin::Server => {
                let fits = |(ack, request): &(Reply, Sent)| self.is_granted(lease, ack, request);
                assert!(self.granted.iter().any(fits), "nobody granted {lease:?}");
                assert!(!lease.address.is_loopback());
            }
        }
        if let Some(end) = lease.expires_at {
            let (t1, t2) = (lease.renew_at.unwrap(), lease.rebind_at.unwrap());
            assert!(lease.acquired_at < t1 && t1 < t2 && t2 < end);
            assert!(end > self.instant());
        }
    }

    fn is_granted(&self, lease: &Lease, ack: &Reply, request: &Sent) -> bool {
        let right_server = request
            .server_identifier()
            .is_none_or(|server| ack.source == server);
        let Some(first_sent) = self.first_sent.get(&ack.xid).copied() else {
            return false;
        };
        let begin = lease.acquired_at.as_millis();
        // A DHCPREQUEST for an offer has the xid of the DHCPDISCOVER, and counts from its own first
        // sending.
        let right_begin = match request.server_identifier() {
            Some(_) => (first_sent..=self.now).contains(&begin),
            None => begin == first_sent,
        };
        let right_end = match (ack.message_type, ack.lease_time) {
            (MessageType::BootReply, _) | (_, Some(INFINITY)) => lease.expires_at.is_none(),
            (_, Some(seconds)) => lease
                .expires_at
                .is_some_and(|end| end.as_millis() == begin + u64::from(seconds.max(10)) * 1000),
            (_, None) => true,
        };
        ack.xid == request.xid
            && ack.chaddr == self.mac
            && ack.yiaddr == lease.address
            && right_server
            && right_begin
            && right_end
    }

    fn decide(&mut self, lease: Lease) {
        match self.host_says {
            Applied::Done => self.host = Some(lease),
            Applied::Refused | Applied::InUse if self.host.is_some() => self.untaken = Some(lease),
            Applied::Refused | Applied::InUse => {}
        }
        self.answer_for_host();
    }

    fn answer_for_host(&mut self) {
        if self.host_says == Applied::InUse {
            self.watch.found_by_host();
        }
        self.machine.handle_applied(self.instant(), self.host_says);
    }

    fn check_rest(&self) {
        let timeout = self.machine.poll_timeout();
        assert!(
            timeout.is_none_or(|at| at > self.instant()),
            "a timer was left due"
        );
        assert_eq!(self.untaken, None, "a refusal without consequence");
        let lease = self.machine.lease();
        if timeout.is_none() {
            let nothing_to_wait_for = match self.machine.state() {
                State::Stopped => true,
                State::Bound => lease.is_some_and(|lease| lease.expires_at.is_none()),
                State::Init | State::InitReboot | State::Informing => !self.link_up,
                State::Selecting
                | State::Requesting
                | State::Probing
                | State::Renewing
                | State::Rebinding
                | State::Rebooting
                | State::DeclineWait
                | State::Ipv6Only => false,
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

/// After a refusal: what the host has, with the times of what it refused if that was the same address.
fn check_restored(lease: &Lease, in_force: &Lease, untaken: &Lease) {
    if in_force.address != untaken.address {
        assert_eq!(lease, in_force);
        assert_eq!(lease.origin, Origin::LinkLocal);
        return;
    }
    let expected = Lease {
        server_identifier: untaken.server_identifier,
        lease_seconds: untaken.lease_seconds,
        acquired_at: untaken.acquired_at,
        renew_at: untaken.renew_at,
        rebind_at: untaken.rebind_at,
        expires_at: untaken.expires_at,
        ..in_force.clone()
    };
    assert_eq!(*lease, expected);
}
