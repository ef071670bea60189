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
    sent::{parse, parse_message},
    server::Reply,
};
use dhcp_engine::{Capabilities, Clock, Ended, run};
use dhcp_proto::{Instant, MessageType};
use sdk_rpc::{
    Applied, Command, ConfigureCause, Counter, Datagram, DeconfigureCause, Error, Frame, FrameSink,
    HostDescription, HostView, HostWatcher, Lease, LeaseSink, Level, LinkState, Log, MacAddress,
    Net, UpdateCause,
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
    pub(crate) silent: Cell<bool>,
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

    fn answer(&self, reply: &Reply) {
        let frame = Frame {
            bytes: reply.frame(),
            checksum_ready: true,
        };
        if let Some(frames) = &*self.frames.borrow() {
            frames.send(vec![frame]).unwrap();
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
            let sent = parse(&frame.bytes);
            self.0.note(format!("sent {}", sent.message_type));
            if self.0.silent.get() {
                continue;
            }
            if sent.message_type == MessageType::Discover {
                self.0.answer(&Reply::offer(&sent, ADDRESS));
            } else if let Some(left) = self.0.naks.get().checked_sub(1) {
                self.0.naks.set(left);
                self.0.answer(&Reply::nak(&sent).with(56, b"not\nhere"));
            } else {
                self.0.answer(&Reply::ack(&sent, ADDRESS));
            }
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
            if sent.message_type == MessageType::Request {
                self.0.answer(&Reply::ack(&sent, ADDRESS));
            }
        }
        Ok(())
    }

    async fn mac(&self) -> Result<MacAddress, Error> {
        Ok(MAC)
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
            previous: None,
        })
    }

    async fn watch<W: HostWatcher + 'static>(&self, watcher: W) -> Result<(), Error> {
        let (sender, mut commands) = mpsc::unbounded_channel();
        self.0.commands.replace(Some(sender));
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
        if discover.is_some_and(|counter| counter.value >= 2) {
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
