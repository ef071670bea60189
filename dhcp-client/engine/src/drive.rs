//! The loop between the machine and its capabilities.

use std::{future::Future, time::Duration};

use dhcp_proto::{Action, Applied, Instant, Link, Machine, Start, Transmit};
use sdk_rpc::{
    Counter, Datagram, Error, Frame, HostDescription, HostView, LeaseSink, Level, LinkState, Log,
    Net,
};
use tokio::sync::mpsc::channel;

use crate::{
    convert,
    inbox::{FRAME_BATCHES, FrameInbox, HOST_EVENTS, HostEvent, HostInbox},
    settings,
};

/// Counters are told this long after they changed, so that a flood of frames is not a flood of calls.
const REPORT_AFTER: Duration = Duration::from_millis(200);

/// The calf's only clock: CLOCK_BOOTTIME, whose descriptor existed before confinement.
pub trait Clock {
    /// Now.
    fn now(&self) -> Instant;

    /// Resolves at `at`, or never.
    fn sleep_until(&mut self, at: Option<Instant>) -> impl Future<Output = ()>;
}

/// What priv handed to this calf: exactly what it may do.
#[derive(Debug)]
pub struct Capabilities<N, V, S, L> {
    /// Frames of the interface.
    pub net: N,
    /// What it may know of the host.
    pub view: V,
    /// What it may change.
    pub lease_sink: S,
    /// What it may say.
    pub log: L,
}

/// Why the engine ended without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The machine was told to stop, or to release and stop.
    Stopped,
    /// priv closed a connection.
    Disconnected,
}

/// Acquires and keeps a lease until priv says stop or goes away.
///
/// `seed` is the only source of randomness: 32 octets nobody else knows.
///
/// # Errors
/// The first error of a capability; the calf then has nothing left to do but exit.
pub async fn run<N, V, S, L, C>(
    capabilities: Capabilities<N, V, S, L>,
    mut clock: C,
    seed: [u8; 32],
) -> Result<Ended, Error>
where
    N: Net,
    V: HostView,
    S: LeaseSink,
    L: Log,
    C: Clock,
{
    let Capabilities {
        net,
        view,
        lease_sink,
        log,
    } = capabilities;
    let (frame_sender, mut frames) = channel(FRAME_BATCHES);
    let (host_sender, mut host_events) = channel(HOST_EVENTS);
    // Asked together: three round trips at the price of one.
    let (description, subscription, attachment) = tokio::join!(
        view.describe(),
        view.watch(HostInbox(host_sender)),
        net.attach(FrameInbox(frame_sender)),
    );
    let _subscription = subscription?;
    let _attachment = attachment?;
    let (machine, link) = start(description?, clock.now(), seed);
    let mut engine = Engine {
        net,
        lease_sink,
        log,
        machine,
        link,
        reported: Reported::default(),
    };
    loop {
        engine.drain(&clock).await?;
        if engine.machine.state() == dhcp_proto::State::Stopped {
            engine.report().await?;
            return Ok(Ended::Stopped);
        }
        let wake = engine.wake(clock.now());
        tokio::select! {
            // Host events first: a command must not wait behind a flood of frames.
            biased;
            event = host_events.recv() => match event {
                Some(event) => engine.host_event(clock.now(), event),
                None => return Ok(Ended::Disconnected),
            },
            batch = frames.recv() => match batch {
                Some(batch) => engine.frames(&clock, batch).await?,
                None => return Ok(Ended::Disconnected),
            },
            () = clock.sleep_until(wake) => engine.timeout(clock.now()).await?,
        }
    }
}

/// The machine as the host's description wants it, and the link it starts on.
fn start(description: HostDescription, now: Instant, seed: [u8; 32]) -> (Machine, LinkState) {
    let HostDescription {
        interface: _,
        link,
        settings,
        resume,
        confirm,
        previous,
    } = description;
    let inform = settings.inform;
    let config = settings::config(settings, link);
    let start = settings::start(resume, inform, previous);
    let resumes = matches!(start, Start::Resume(_));
    let mut machine = Machine::new(now, config, start, seed);
    let link_up = link.up && link.carrier;
    // A lease of an earlier run is confirmed as one is after the link was away: it stays in force until a
    // server says otherwise.
    let confirms = resumes && confirm;
    if !link_up || confirms {
        machine.handle_link(now, Link::Down);
    }
    if link_up && confirms {
        machine.handle_link(now, Link::Up);
    }
    (machine, link)
}

struct Engine<N, S, L> {
    net: N,
    lease_sink: S,
    log: L,
    machine: Machine,
    link: LinkState,
    reported: Reported,
}

/// What priv was last told of counters and state.
#[derive(Default)]
struct Reported {
    counters: dhcp_proto::Counters,
    state: Option<dhcp_proto::State>,
    due: Option<Instant>,
}

impl<N: Net, S: LeaseSink, L: Log> Engine<N, S, L> {
    /// Carries out all the machine wants, until it wants nothing.
    async fn drain<C: Clock>(&mut self, clock: &C) -> Result<(), Error> {
        if let Some(text) = self.machine.take_refusal_text() {
            // The text is printable and bounded; priv prints it as this calf's.
            let line = format!("the server's DHCPNAK says: {text}");
            self.log.line(Level::Warn, &line).await?;
        }
        loop {
            self.transmit(clock.now()).await?;
            let Some(action) = self.machine.poll_action() else {
                return Ok(());
            };
            let applied = self.perform(action).await?;
            if let Some(applied) = applied {
                self.machine.handle_applied(clock.now(), applied);
            }
        }
    }

    async fn transmit(&mut self, now: Instant) -> Result<(), Error> {
        let mut frames = Vec::new();
        let mut datagrams = Vec::new();
        while let Some(transmit) = self.machine.poll_transmit(now) {
            match transmit {
                Transmit::Frame(bytes) => frames.push(Frame {
                    bytes,
                    checksum_ready: true,
                }),
                Transmit::Datagram {
                    destination,
                    payload,
                } => {
                    datagrams.push(Datagram {
                        destination,
                        payload,
                    });
                }
            }
        }
        if !frames.is_empty() {
            self.net.write(frames).await?;
        }
        if !datagrams.is_empty() {
            self.net.send(datagrams).await?;
            // `send` is streamed, and what follows may be a `deconfigure` on the other connection,
            // which closes the socket: an ordinary call returns only after the streamed ones before it.
            self.net.mac().await?;
        }
        Ok(())
    }

    /// Performs one action; `Some` is what the machine has to be told of it.
    async fn perform(&mut self, action: Action) -> Result<Option<Applied>, Error> {
        match action {
            Action::Configure { lease, cause } => {
                let lease = convert::lease_to_rpc(&lease);
                let cause = convert::configure_cause(cause);
                let answer = self.lease_sink.configure(lease, cause).await;
                self.applied(answer).await.map(Some)
            }
            Action::Update { lease, cause } => {
                let lease = convert::lease_to_rpc(&lease);
                let cause = convert::update_cause(cause);
                let answer = self.lease_sink.update(lease, cause).await;
                self.applied(answer).await.map(Some)
            }
            Action::Deconfigure { cause } => {
                let cause = convert::deconfigure_cause(cause);
                self.lease_sink.deconfigure(cause).await.map(|_| None)
            }
            Action::Setback(setback) => {
                let setback = convert::setback(setback);
                self.lease_sink.setback(setback).await.map(|()| None)
            }
        }
    }

    /// What the host's answer is to the machine. A lease that is more than the connection carries is one
    /// that the host did not take, and no end of this calf: a server may say what it likes.
    async fn applied(&mut self, answer: Result<sdk_rpc::Applied, Error>) -> Result<Applied, Error> {
        match answer {
            Ok(sdk_rpc::Applied::Done) => Ok(Applied::Done),
            Ok(sdk_rpc::Applied::Refused(_)) => Ok(Applied::Refused),
            Ok(sdk_rpc::Applied::InUse) => Ok(Applied::InUse),
            Err(Error::Refused(why)) => {
                let line = format!("the lease cannot be handed over: {why}");
                self.log.line(Level::Warn, &line).await?;
                Ok(Applied::Refused)
            }
            Err(error @ (Error::Disconnected | Error::Peer(_))) => Err(error),
        }
    }

    /// Each frame is one input: what the machine wants is carried out before it sees the next.
    async fn frames<C: Clock>(&mut self, clock: &C, batch: Vec<Frame>) -> Result<(), Error> {
        for Frame {
            bytes,
            checksum_ready,
        } in batch
        {
            self.machine
                .handle_frame(clock.now(), &bytes, checksum_ready);
            self.drain(clock).await?;
        }
        Ok(())
    }

    fn host_event(&mut self, now: Instant, event: HostEvent) {
        match event {
            HostEvent::Link(link) => self.link_changed(now, link),
            HostEvent::Command(command) => {
                self.machine.handle_command(now, convert::command(command));
            }
        }
    }

    fn link_changed(&mut self, now: Instant, link: LinkState) {
        let before = self.link;
        self.link = link;
        if link.mac != before.mac {
            self.machine.handle_link(now, Link::Mac(link.mac.0));
        }
        match (before.up && before.carrier, link.up && link.carrier) {
            (false, true) => self.machine.handle_link(now, Link::Up),
            (true, false) => self.machine.handle_link(now, Link::Down),
            (true, true) | (false, false) => {}
        }
    }

    /// The machine's timer, or the counters' if that is sooner.
    fn wake(&mut self, now: Instant) -> Option<Instant> {
        self.counted(now);
        match (self.machine.poll_timeout(), self.reported.due) {
            (Some(timeout), Some(due)) => Some(timeout.min(due)),
            (timeout, due) => timeout.or(due),
        }
    }

    async fn timeout(&mut self, now: Instant) -> Result<(), Error> {
        if self
            .machine
            .poll_timeout()
            .is_some_and(|timeout| timeout <= now)
        {
            self.machine.handle_timeout(now);
        }
        if self.reported.due.is_some_and(|due| due <= now) {
            self.report().await?;
        }
        Ok(())
    }

    /// Notes that counters or state are others than priv was told, if they are.
    fn counted(&mut self, now: Instant) {
        let told = self.reported.state == Some(self.machine.state())
            && *self.machine.counters() == self.reported.counters;
        if self.reported.due.is_none() && !told {
            self.reported.due = Some(now.saturating_add(REPORT_AFTER));
        }
    }

    async fn report(&mut self) -> Result<(), Error> {
        let state = self.machine.state();
        self.reported = Reported {
            counters: self.machine.counters().clone(),
            state: Some(state),
            due: None,
        };
        let most = usize::try_from(sdk_rpc::limits::COUNTERS).unwrap_or(usize::MAX);
        let mut counters: Vec<Counter> = self
            .reported
            .counters
            .iter()
            .map(|(name, value)| Counter {
                name: name.to_string(),
                value,
            })
            // A hostile server can make more kinds of discards than a report holds with its address.
            .take(most.saturating_sub(1))
            .collect();
        if let Some(server) = self.machine.last_server() {
            counters.push(Counter {
                name: format!("heard.{server}"),
                value: 1,
            });
        }
        self.log.counters(counters, state.name()).await
    }
}
