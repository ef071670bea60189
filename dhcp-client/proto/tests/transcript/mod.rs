//! A client with its clock in the test's hand: what it sends and asks of the host is taken by the
//! documented calling convention, and every timer fires at its exact millisecond.

#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "test code outside of test functions; each test file uses the part it needs"
)]

use std::net::Ipv4Addr;

use dhcp_proto::{
    Action, Applied, Command, Config, ConfigureCause, DeconfigureCause, Discard, Instant, Lease,
    Link, Machine, MessageType, Origin, Setback, Start, State, Transmit, UpdateCause,
};

use crate::support::{
    arp::{self, Heard, Said, is_arp},
    sent::{Sent, parse, parse_message},
    server::{Reply, SERVER},
};

/// The client's MAC address; arbitrary.
pub(crate) const MAC: [u8; 6] = [0x02, 0, 0, 0, 0, 0x10];
/// The address that servers give; arbitrary.
pub(crate) const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 77);
/// Another server; arbitrary.
pub(crate) const OTHER_SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 9);
/// Milliseconds since boot at the start of every test; arbitrary, and not zero.
pub(crate) const START: u64 = 86_400_000;

/// A message, when it was sent, and to whom if it went through a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// Milliseconds after [`START`].
    pub(crate) at: u64,
    pub(crate) datagram_to: Option<Ipv4Addr>,
    pub(crate) sent: Sent,
}

/// An ARP packet, and when it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ArpSent {
    /// Milliseconds after [`START`].
    pub(crate) at: u64,
    pub(crate) said: Said,
}

/// A machine, its clock, and a host that does what it is told.
pub(crate) struct Client {
    pub(crate) machine: Machine,
    now: u64,
    /// What the host answers to `Configure` and `Update`.
    pub(crate) host_says: Applied,
    /// What it answers to the next one.
    pub(crate) host_says_once: Option<Applied>,
    mac: [u8; 6],
    messages: Vec<Message>,
    arps: Vec<ArpSent>,
    actions: Vec<Action>,
}

impl Client {
    /// In INIT, with the defaults.
    pub(crate) fn new() -> Self {
        Self::with(Config::new(MAC), Start::Init)
    }

    pub(crate) fn with(config: Config, start: Start) -> Self {
        Self::with_seed(config, start, [0x5a; 32])
    }

    pub(crate) fn with_seed(config: Config, start: Start, seed: [u8; 32]) -> Self {
        let mac = config.mac;
        let mut client = Self {
            machine: Machine::new(Instant::from_millis(START), config, start, seed),
            now: START,
            host_says: Applied::Done,
            host_says_once: None,
            mac,
            messages: Vec::new(),
            arps: Vec::new(),
            actions: Vec::new(),
        };
        client.drain();
        client
    }

    /// BOUND to [`ADDRESS`] by an exchange at [`START`], with what `ack` makes of the DHCPACK.
    pub(crate) fn bound(ack: impl FnOnce(Reply) -> Reply) -> Self {
        Self::bound_with(Config::new(MAC), ack)
    }

    /// The same with this configuration.
    pub(crate) fn bound_with(config: Config, ack: impl FnOnce(Reply) -> Reply) -> Self {
        let mut client = Self::with(config, Start::Init);
        client.request_offered(|offer| offer);
        let request = client.message();
        client.hear(&ack(Reply::ack(&request.sent, ADDRESS)));
        assert_eq!(client.machine.state(), State::Bound);
        assert!(matches!(client.action(), Action::Configure { .. }));
        client
    }

    /// BOUND with a lease of this many seconds.
    pub(crate) fn bound_for(seconds: u32) -> Self {
        Self::bound(|ack| Reply {
            lease_time: Some(seconds),
            ..ack
        })
    }

    /// From SELECTING to REQUESTING, by what `offer` makes of a DHCPOFFER.
    pub(crate) fn request_offered(&mut self, offer: impl FnOnce(Reply) -> Reply) {
        let discover = self.message();
        assert_eq!(discover.sent.message_type, MessageType::Discover);
        self.hear(&offer(Reply::offer(&discover.sent, ADDRESS)));
    }

    /// Milliseconds since [`START`].
    pub(crate) fn elapsed(&self) -> u64 {
        self.now - START
    }

    pub(crate) fn hear(&mut self, reply: &Reply) {
        self.hear_frame(&reply.frame());
    }

    pub(crate) fn hear_frame(&mut self, frame: &[u8]) {
        self.machine.handle_frame(self.instant(), frame, true);
        self.drain();
    }

    pub(crate) fn link(&mut self, link: Link) {
        if let Link::Mac(mac) = link {
            self.mac = mac;
        }
        self.machine.handle_link(self.instant(), link);
        self.drain();
    }

    pub(crate) fn command(&mut self, command: Command) {
        self.machine.handle_command(self.instant(), command);
        self.drain();
    }

    /// Lets this much time pass; timers fire when they are due.
    pub(crate) fn elapse(&mut self, milliseconds: u64) {
        let until = self.now + milliseconds;
        while let Some(at) = self.wake_up().filter(|at| *at <= until) {
            self.now = at;
            self.fire();
        }
        self.now = until;
    }

    /// As [`elapse`](Self::elapse), but the client only learns of it at the end: the machine slept.
    pub(crate) fn sleep(&mut self, milliseconds: u64) {
        self.now += milliseconds;
        self.fire();
    }

    /// The next message, waited for if there is none yet.
    pub(crate) fn message(&mut self) -> Message {
        while self.messages.is_empty() {
            self.now = self
                .wake_up()
                .expect("a timer, or nothing will ever be sent");
            self.fire();
        }
        self.messages.remove(0)
    }

    /// The messages not yet taken, and no waiting.
    pub(crate) fn messages(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.messages)
    }

    /// The ARP packets not yet taken, and no waiting.
    pub(crate) fn arps(&mut self) -> Vec<ArpSent> {
        std::mem::take(&mut self.arps)
    }

    /// Lets another host say something by ARP.
    pub(crate) fn hear_arp(&mut self, arp: Heard) {
        self.hear_frame(&arp.frame());
    }

    /// The one thing that the host was told.
    #[track_caller]
    pub(crate) fn action(&mut self) -> Action {
        let actions = self.actions();
        assert_eq!(actions.len(), 1, "{actions:?}");
        actions.into_iter().next().unwrap()
    }

    /// All that the host was told since it was last asked.
    pub(crate) fn actions(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.actions)
    }

    /// How often a message was ignored for this reason.
    pub(crate) fn discarded(&self, reason: Discard) -> u64 {
        self.machine.counters().discarded(reason)
    }

    pub(crate) fn lease(&self) -> &Lease {
        self.machine.lease().expect("a lease")
    }

    /// The next timer, in milliseconds since boot.
    fn wake_up(&self) -> Option<u64> {
        let at = self.machine.poll_timeout()?.as_millis();
        Some(at.max(self.now))
    }

    fn fire(&mut self) {
        self.machine.handle_timeout(self.instant());
        self.drain();
        assert!(
            self.machine
                .poll_timeout()
                .is_none_or(|at| at > self.instant()),
            "a timer was left due"
        );
    }

    pub(crate) fn instant(&self) -> Instant {
        Instant::from_millis(self.now)
    }

    fn drain(&mut self) {
        self.take_messages();
        while let Some(action) = self.machine.poll_action() {
            let answered = matches!(action, Action::Configure { .. } | Action::Update { .. });
            self.actions.push(action);
            if answered {
                let applied = self.host_says_once.take().unwrap_or(self.host_says);
                self.machine.handle_applied(self.instant(), applied);
            }
            self.take_messages();
        }
    }

    fn take_messages(&mut self) {
        while let Some(transmit) = self.machine.poll_transmit(self.instant()) {
            let (datagram_to, sent) = match transmit {
                Transmit::Frame(frame) if is_arp(&frame) => {
                    let said = arp::parse(&frame, self.mac);
                    let at = self.elapsed();
                    self.arps.push(ArpSent { at, said });
                    continue;
                }
                Transmit::Frame(frame) => (None, parse(&frame)),
                Transmit::Datagram {
                    destination,
                    payload,
                } => (Some(destination), parse_message(&payload)),
            };
            self.messages.push(Message {
                at: self.elapsed(),
                datagram_to,
                sent,
            });
        }
    }
}

/// [`SERVER`] extends the lease that the message asks for.
pub(crate) fn extended(request: &Message) -> Reply {
    Reply::ack(&request.sent, request.sent.ciaddr)
}

/// An address on CLOCK_BOOTTIME as the tests count: milliseconds after [`START`].
#[track_caller]
pub(crate) fn since_start(at: Option<Instant>) -> u64 {
    at.expect("a point in time").as_millis() - START
}

#[track_caller]
pub(crate) fn assert_configure(action: Action, address: Ipv4Addr, expected: ConfigureCause) {
    let Action::Configure { lease, cause } = action else {
        panic!("{action:?}");
    };
    assert_eq!((lease.address, cause), (address, expected));
}

#[track_caller]
pub(crate) fn assert_update(action: Action, address: Ipv4Addr, expected: UpdateCause) {
    let Action::Update { lease, cause } = action else {
        panic!("{action:?}");
    };
    assert_eq!((lease.address, cause), (address, expected));
}

pub(crate) fn deconfigure(cause: DeconfigureCause) -> Action {
    Action::Deconfigure { cause }
}

/// That a server said no, and what went for it.
pub(crate) fn refused(held: bool) -> Vec<Action> {
    let removal = held.then(|| deconfigure(DeconfigureCause::Nak));
    removal
        .into_iter()
        .chain([Action::Setback(Setback::Refused)])
        .collect()
}

/// A lease of an hour that began at [`START`], as the host kept it.
pub(crate) fn kept_lease() -> Lease {
    let at = |seconds: u64| Some(Instant::from_millis(START + seconds * 1000));
    Lease {
        address: ADDRESS,
        prefix_length: 24,
        broadcast: None,
        origin: Origin::Server,
        server_identifier: SERVER,
        routers: vec![SERVER],
        routes: Vec::new(),
        dns: Vec::new(),
        ntp: Vec::new(),
        domain: None,
        search: Vec::new(),
        host_name: None,
        mtu: None,
        lease_seconds: Some(3600),
        acquired_at: Instant::from_millis(START),
        renew_at: at(1800),
        rebind_at: at(3150),
        expires_at: at(3600),
        next_server: Ipv4Addr::UNSPECIFIED,
        server_name: None,
        boot_file: None,
        parameters: Vec::new(),
    }
}
