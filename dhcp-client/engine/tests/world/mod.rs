//! What is around an engine: a server that answers, a host that obeys, and a clock that jumps to
//! whatever is waited for.

#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "a failed unwrap is a failed test, with its line; each test file uses the part it needs"
)]

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    net::Ipv4Addr,
    rc::Rc,
};

use crate::support::{
    arp::{self, Heard, Said},
    sent::{Sent, parse, parse_message},
    server::{Reply, SERVER},
};
use dhcp_engine::{Capabilities, Clock, Ended, run};
use dhcp_proto::{Instant, MessageType};
use sdk_rpc::{
    Applied, Command, ConfigureCause, Counter, Datagram, DeconfigureCause, Error, Frame, FrameSink,
    HostDescription, HostView, HostWatcher, Lease, LeaseSink, Level, LinkState, Log, MacAddress,
    Net, Origin, UpdateCause,
};
use tokio::{sync::mpsc, task::LocalSet};

pub(crate) const MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 0x10]);
pub(crate) const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 99);

/// Everything around one engine; `happened` is its transcript.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) happened: RefCell<Vec<String>>,
    pub(crate) now: Cell<u64>,
    frames: RefCell<Option<mpsc::UnboundedSender<Vec<Frame>>>>,
    commands: RefCell<Option<mpsc::UnboundedSender<Command>>>,
    /// The operator's command once the lease is configured.
    pub(crate) then: Cell<Option<Command>>,
    /// The operator's command at the start.
    pub(crate) first: Cell<Option<Command>>,
    /// The server says nothing until the host gave itself an address.
    pub(crate) silent: Cell<bool>,
    /// After so many DHCPDISCOVERs the operator stops the client; 0 is never.
    pub(crate) patience: Cell<u64>,
    /// How many of the next probes a neighbour answers, which has the address.
    pub(crate) conflicts: Cell<u32>,
    /// How many of the next DHCPREQUESTs are refused, and in which words.
    pub(crate) naks: Cell<u32>,
    /// What the next `configure`s come to.
    pub(crate) answers: RefCell<VecDeque<Result<Applied, Error>>>,
    /// What the operator wants, if not the defaults.
    pub(crate) settings: RefCell<sdk_rpc::Settings>,
    pub(crate) resume: RefCell<Option<Lease>>,
}

impl World {
    fn note(&self, text: impl Into<String>) {
        self.happened.borrow_mut().push(text.into());
    }

    fn hear(&self, bytes: Vec<u8>) {
        let frame = Frame {
            bytes,
            checksum_ready: true,
        };
        if let Some(frames) = &*self.frames.borrow() {
            frames.send(vec![frame]).unwrap();
        }
    }

    fn server(&self, sent: &Sent) {
        if self.silent.get() {
            return;
        }
        let reply = match sent.message_type {
            MessageType::Discover => Reply::offer(sent, ADDRESS),
            MessageType::Request => match self.naks.get().checked_sub(1) {
                Some(left) => {
                    self.naks.set(left);
                    Reply::nak(sent).with(56, b"not\nhere")
                }
                None => Reply::ack(sent, ADDRESS),
            },
            // RFC 2131 section 4.3.5: no yiaddr, no lease time.
            MessageType::Inform => Reply {
                lease_time: None,
                ..Reply::ack(sent, Ipv4Addr::UNSPECIFIED)
            },
            MessageType::Offer
            | MessageType::Decline
            | MessageType::Ack
            | MessageType::Nak
            | MessageType::Release
            | MessageType::ForceRenew
            | MessageType::BootRequest
            | MessageType::BootReply => return,
        };
        self.hear(reply.frame());
    }

    fn neighbour(&self, said: Said) {
        match said {
            Said::Probe(address) => {
                self.note(format!("probed {address}"));
                if let Some(left) = self.conflicts.get().checked_sub(1) {
                    self.conflicts.set(left);
                    self.hear(Heard::reply(address).frame());
                }
            }
            Said::Announcement(address) => self.note(format!("announced {address}")),
        }
    }

    fn command(&self, command: Command) {
        if let Some(commands) = &*self.commands.borrow() {
            commands.send(command).unwrap();
        }
    }
}

struct Host(Rc<World>);

impl Net for Host {
    type Attachment = ();
    type Watch = ();

    async fn attach<S: FrameSink + 'static>(&self, sink: S) -> Result<(), Error> {
        let (sender, mut frames) = mpsc::unbounded_channel();
        self.0.frames.replace(Some(sender));
        tokio::task::spawn_local(async move {
            while let Some(batch) = frames.recv().await {
                if sink.push(batch).await.is_err() {
                    return;
                }
            }
        });
        Ok(())
    }

    async fn write(&self, frames: Vec<Frame>) -> Result<(), Error> {
        for frame in frames {
            if arp::is_arp(&frame.bytes) {
                self.0.neighbour(arp::parse(&frame.bytes, MAC.0));
                continue;
            }
            let sent = parse(&frame.bytes);
            self.0.note(format!("sent {}", sent.message_type));
            self.0.server(&sent);
        }
        Ok(())
    }

    async fn send(&self, datagrams: Vec<Datagram>) -> Result<(), Error> {
        for Datagram {
            destination,
            payload,
        } in datagrams
        {
            let sent = parse_message(&payload);
            self.0
                .note(format!("sent {} to {destination}", sent.message_type));
            self.0.server(&sent);
        }
        Ok(())
    }

    async fn mac(&self) -> Result<MacAddress, Error> {
        Ok(MAC)
    }

    async fn counters(&self) -> Result<Vec<Counter>, Error> {
        Ok(Vec::new())
    }

    async fn watch_link<W: sdk_rpc::LinkWatcher + 'static>(
        &self,
        _watcher: W,
    ) -> Result<(), Error> {
        Err(Error::Refused("the engine has its link of the host".into()))
    }
}

impl HostView for Host {
    type Subscription = ();

    async fn describe(&self) -> Result<HostDescription, Error> {
        Ok(HostDescription {
            interface: "eth0".into(),
            link: LinkState {
                up: true,
                carrier: true,
                mac: MAC,
                mtu: 1500,
            },
            settings: sdk_rpc::Settings {
                client_identifier: vec![1, 2, 3, 4, 5, 6, 7],
                ..self.0.settings.borrow().clone()
            },
            resume: self.0.resume.borrow().clone(),
            confirm: false,
            previous: None,
        })
    }

    async fn watch<W: HostWatcher + 'static>(&self, watcher: W) -> Result<(), Error> {
        let (sender, mut commands) = mpsc::unbounded_channel();
        self.0.commands.replace(Some(sender));
        if let Some(command) = self.0.first.take() {
            self.0.command(command);
        }
        tokio::task::spawn_local(async move {
            while let Some(command) = commands.recv().await {
                if watcher.command(command).await.is_err() {
                    return;
                }
            }
        });
        Ok(())
    }
}

impl LeaseSink for Host {
    async fn configure(&self, lease: Lease, cause: ConfigureCause) -> Result<Applied, Error> {
        self.0
            .note(format!("configured {} ({cause:?})", lease.address));
        if cause == ConfigureCause::LinkLocal {
            self.0.silent.set(false);
        }
        if let Some(command) = self.0.then.take() {
            self.0.command(command);
        }
        self.0
            .answers
            .borrow_mut()
            .pop_front()
            .unwrap_or(Ok(Applied::Done))
    }

    async fn update(&self, lease: Lease, cause: UpdateCause) -> Result<Applied, Error> {
        self.0
            .note(format!("updated {} ({cause:?})", lease.address));
        self.0.command(Command::Stop);
        Ok(Applied::Done)
    }

    async fn deconfigure(&self, cause: DeconfigureCause) -> Result<Applied, Error> {
        self.0.note(format!("deconfigured ({cause:?})"));
        Ok(Applied::Done)
    }

    async fn setback(&self, setback: sdk_rpc::Setback) -> Result<(), Error> {
        self.0.note(format!("setback {setback:?}"));
        Ok(())
    }
}

impl Log for Host {
    async fn line(&self, _level: Level, text: &str) -> Result<(), Error> {
        self.0.note(format!("said {text}"));
        Ok(())
    }

    async fn counters(&self, counters: Vec<Counter>, _state: &str) -> Result<(), Error> {
        let discover = counters
            .iter()
            .find(|counter| counter.name == "sent.DISCOVER");
        self.0.note(format!(
            "counted {} DISCOVER",
            discover.map_or(0, |counter| counter.value)
        ));
        let patience = self.0.patience.get();
        if patience != 0 && discover.is_some_and(|counter| counter.value >= patience) {
            self.0.command(Command::Stop);
        }
        Ok(())
    }
}

struct JumpingClock(Rc<World>);

impl Clock for JumpingClock {
    fn now(&self) -> Instant {
        Instant::from_millis(self.0.now.get())
    }

    async fn sleep_until(&mut self, at: Option<Instant>) {
        let Some(at) = at else {
            return std::future::pending().await;
        };
        // Whatever is on its way arrives first: every task runs until it waits.
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        self.0.now.set(self.0.now.get().max(at.as_millis()));
    }
}

pub(crate) fn play(world: &Rc<World>) -> Result<Ended, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let host = || Host(Rc::clone(world));
    let capabilities = Capabilities {
        net: host(),
        view: host(),
        lease_sink: host(),
        log: host(),
    };
    let clock = JumpingClock(Rc::clone(world));
    LocalSet::new().block_on(&runtime, run(capabilities, clock, [7; 32]))
}

pub(crate) fn without_counts(world: &World) -> Vec<String> {
    let happened = world.happened.borrow();
    happened
        .iter()
        .filter(|line| !line.starts_with("counted"))
        .cloned()
        .collect()
}

/// A lease without end and without anything more than its address.
pub(crate) fn lease(origin: Origin, address: Ipv4Addr) -> Lease {
    Lease {
        address,
        prefix_length: 24,
        broadcast: None,
        server: match origin {
            Origin::Server | Origin::Inform => SERVER,
            Origin::LinkLocal | Origin::Operator => Ipv4Addr::UNSPECIFIED,
        },
        routers: Vec::new(),
        routes: Vec::new(),
        dns: Vec::new(),
        ntp: Vec::new(),
        domain: None,
        search: Vec::new(),
        host_name: None,
        mtu: None,
        lease_seconds: None,
        acquired_at: 0,
        renew_at: None,
        rebind_at: None,
        expires_at: None,
        origin,
        next_server: Ipv4Addr::UNSPECIFIED,
        server_name: None,
        boot_file: None,
        parameters: Vec::new(),
    }
}
