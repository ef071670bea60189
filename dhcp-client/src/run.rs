//! A run of the program: which interfaces it serves, and when it ends.

mod background;
mod context;
mod fleet;

use std::{fmt::Display, future::pending, io, pin::pin, rc::Rc};

use dhcp_actuator::{Changes, LinkEvent, Links};
use dhcp_frontend::{
    Client, Setup,
    setup::{Background, Ending, LogLevel, OnStop, Patience, Purpose, Then},
    voice,
};
use futures::future::{Either, select};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

pub(crate) use self::context::{Context, Served};
use self::fleet::{Fleet, Progress};
use crate::{
    control::{Ask, Desk, Doors},
    events::Events,
    launcher::Waited,
    metrics::Metrics,
    notify::Readiness,
    pid_file::PidFile,
    refused::Refused,
    roles::Split,
    signals::{Asked, Signals},
};

/// Octets that the names of a run's interfaces may have in the name of its sockets.
const LONGEST_RUN_NAME: usize = 40;

/// What a run is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waiting {
    /// A lease, until this time, or for ever.
    ForLease(Option<Instant>),
    /// A lease, although the time for it is over and that was said.
    Still,
    /// Nothing any more: it serves until it is told to end.
    ForNothing,
}

/// Serves what `setup` says and gives the exit status.
pub(crate) async fn serve(
    setup: Setup,
    events: &Rc<Events>,
    waited: &mut Waited,
    split: Option<Split>,
) -> u8 {
    match try_serve(setup, events, waited, split).await {
        Ok(status) => status,
        Err(refused) => {
            refused.tell(events);
            refused.status
        }
    }
}

async fn try_serve(
    setup: Setup,
    events: &Rc<Events>,
    waited: &mut Waited,
    split: Option<Split>,
) -> Result<u8, Refused> {
    let signals = Signals::listen(setup.client).map_err(unheard)?;
    // A lost calf is replaced here; a lost role is its starter's to replace, with this one, and until then the
    // lease is as good as it was.
    let when_lost = match split {
        Some(_) => OnStop::Leave,
        None => setup.on_stop,
    };
    let context = Context::new(setup, events, split)?;
    let links = Links::open(&context.netlink)
        .map_err(|error| Refused::program(format!("cannot watch the links: {error}")))?;
    let changes = Changes::open(&context.netlink)
        .map_err(|error| Refused::program(format!("cannot watch the addresses: {error}")))?;
    let fleet = Fleet::gather(&context, &links.all())?;
    let mut held = Held {
        pid_file: None,
        _metrics: Metrics::publish(&context).map_err(Refused::program)?,
        doors: None,
    };
    // Before anything is changed, so that whoever reads it can stop what is going on. dhclient's is the sign
    // that its lease file is there.
    if context.setup.client != Client::Dhclient {
        held.write_pid_file(&context)?;
    }
    let (desk, asked) = Desk::new(&context);
    held.doors = open_doors(&context, &desk);
    let mut run = Run {
        waiting: Waiting::ForLease(patience(&context)),
        readiness: Readiness::from_environment(),
        context,
        fleet,
        waited,
        held: Some(held),
    };
    let ended = run
        .begin(Sources {
            links,
            changes,
            signals,
            asked,
        })
        .await;
    if ended.is_err() {
        run.fleet.undo(when_lost).await;
    }
    ended
}

fn unheard(error: io::Error) -> Refused {
    Refused::program(format!("cannot listen for signals: {error}"))
}

fn unwatched<E: Display>(what: &str) -> impl FnOnce(E) -> Refused {
    move |error| Refused::program(format!("cannot watch the {what} any more: {error}"))
}

/// The control sockets, named by the interfaces of the run. A run without them is worth more than none.
fn open_doors(context: &Context, desk: &Desk) -> Option<Doors> {
    let Setup {
        files, interfaces, ..
    } = &context.setup;
    let folder = files.run_directory.as_deref()?;
    let name = match interfaces.named.as_slice() {
        [] => "all".to_owned(),
        [first, others @ ..] => {
            let all = interfaces.named.join("+");
            // The path of a socket has an end (unix(7)), and no other run serves the first one.
            if all.len() > LONGEST_RUN_NAME {
                format!("{first}+{}", others.len())
            } else {
                all
            }
        }
    };
    match Doors::open(folder, &name, files.control_group.as_deref(), desk) {
        Ok(doors) => Some(doors),
        Err(error) => {
            context.warn(&error.to_string());
            None
        }
    }
}

/// Until when a lease is waited for.
fn patience(context: &Context) -> Option<Instant> {
    match context.setup.ending.patience {
        Patience::Time(time) => Some(Instant::now() + time),
        Patience::Endless | Patience::Attempt => None,
    }
}

/// A run that goes on.
struct Run<'a> {
    context: Rc<Context>,
    fleet: Fleet,
    waiting: Waiting,
    waited: &'a mut Waited,
    readiness: Readiness,
    held: Option<Held>,
}

/// Files and sockets that go with the run.
struct Held {
    pid_file: Option<PidFile>,
    doors: Option<Doors>,
    _metrics: Metrics,
}

impl Held {
    fn write_pid_file(&mut self, context: &Context) -> Result<(), Refused> {
        if let (Some(path), None) = (&context.setup.files.pid_file, &self.pid_file) {
            let written = PidFile::write(path);
            self.pid_file = Some(written.map_err(|error| Refused::program(error.to_string()))?);
        }
        Ok(())
    }
}

/// Where a run hears what happens.
struct Sources {
    links: Links,
    changes: Changes,
    signals: Signals,
    asked: mpsc::Receiver<Ask>,
}

impl Run<'_> {
    /// Starts to serve, serves until the end, and gives the exit status.
    ///
    /// # Errors
    /// The run cannot begin or go on. What is configured is still there.
    async fn begin(&mut self, mut sources: Sources) -> Result<u8, Refused> {
        // A script may run for a minute: that must not keep the run from its end.
        let stop = match select(pin!(self.fleet.launch()), pin!(sources.signals.stop())).await {
            Either::Left((launched, _)) => {
                launched?;
                None
            }
            Either::Right((stop, _)) => Some(stop.map_err(unheard)?),
        };
        if let Some(stop) = stop
            && let Some(status) = self.obey(stop).await
        {
            return Ok(status);
        }
        if self.context.setup.purpose == Purpose::Release {
            self.fleet.undo(OnStop::Release).await;
            return Ok(0);
        }
        self.start_background();
        self.go_on(sources).await
    }

    /// Serves until the end, and gives the exit status.
    ///
    /// # Errors
    /// The run cannot go on. What is configured is still there.
    async fn go_on(&mut self, mut sources: Sources) -> Result<u8, Refused> {
        let Sources {
            links,
            changes,
            signals,
            asked,
        } = &mut sources;
        loop {
            if let Some(status) = self.judge().await {
                return Ok(status);
            }
            let deadline = self.deadline();
            tokio::select! {
                event = links.next() => {
                    let event = event.map_err(unwatched("links"))?;
                    if let Some(stop) = self.follow(event, signals).await.map_err(unheard)?
                        && let Some(status) = self.obey(stop).await
                    {
                        return Ok(status);
                    }
                }
                deleted = changes.next() => {
                    let deleted = deleted.map_err(unwatched("addresses"))?;
                    self.fleet.restore(&deleted);
                }
                asked = signals.next() => {
                    if let Some(status) = self.obey(asked.map_err(unheard)?).await {
                        return Ok(status);
                    }
                }
                ask = asked.recv() => {
                    // The sender is the desk, which the doors hold.
                    if let Some(ask) = ask
                        && let Some(status) = self.answer(ask).await
                    {
                        return Ok(status);
                    }
                }
                refused = self.fleet.lost() => {
                    if !self.fleet.give_up(&refused).await {
                        return Err(refused);
                    }
                }
                () = self.context.changed.notified() => {}
                () = deadline => {}
            }
        }
    }

    /// Does what the change of a link calls for. `Some` where it was broken off because the run is to end: a script
    /// that runs for a minute must not keep it from that.
    async fn follow(
        &mut self,
        event: LinkEvent,
        signals: &mut Signals,
    ) -> io::Result<Option<Asked>> {
        match select(pin!(self.fleet.link_event(event)), pin!(signals.stop())).await {
            Either::Left(((), _)) => Ok(None),
            Either::Right((stop, _)) => stop.map(Some),
        }
    }

    /// Resolves when the patience is over.
    fn deadline(&self) -> impl Future<Output = ()> + use<> {
        let at = match self.waiting {
            Waiting::ForLease(at) => at,
            Waiting::Still | Waiting::ForNothing => None,
        };
        async move {
            match at {
                Some(at) => sleep_until(at).await,
                None => pending().await,
            }
        }
    }

    /// Whether it is time to end, or to go into the background. `Some` is the exit status of the end.
    async fn judge(&mut self) -> Option<u8> {
        let ending = self.context.setup.ending;
        let progress = self.fleet.progress(ending.wait_for);
        let until = match (self.waiting, progress) {
            (Waiting::ForNothing, _) => return None,
            (Waiting::ForLease(_) | Waiting::Still, Progress::Leased) => {
                return self.leased().await;
            }
            (Waiting::Still, Progress::GaveUp | Progress::Waiting) => return None,
            (Waiting::ForLease(until), Progress::GaveUp | Progress::Waiting) => until,
        };
        let over = until.is_some_and(|until| until <= Instant::now());
        if over || progress == Progress::GaveUp && ending.patience == Patience::Attempt {
            return self.give_up().await;
        }
        None
    }

    /// What was waited for is there.
    async fn leased(&mut self) -> Option<u8> {
        self.waiting = Waiting::ForNothing;
        self.write_pid_file();
        self.readiness.ready("every interface has its lease");
        let ending = self.context.setup.ending;
        if ending.once {
            self.fleet.hooks_finished().await;
            self.context.say_oneshot();
            self.end_at_once(0);
        }
        if ending.background == Background::WhenLeased {
            self.enter_background();
        }
        None
    }

    /// There was no lease in time.
    async fn give_up(&mut self) -> Option<u8> {
        self.waiting = Waiting::ForNothing;
        let ending = self.context.setup.ending;
        self.fleet.use_fallbacks().await;
        if self.fleet.progress(ending.wait_for) == Progress::Leased {
            return self.leased().await;
        }
        self.readiness.status("no lease in time");
        if ending.then == Then::Exit(0) {
            // There was nothing to wait for.
            self.end_at_once(0);
        }
        if let Some(line) = voice::no_lease(self.context.setup.client, ending.then) {
            self.context.events.about_run(LogLevel::Info, line);
        }
        match ending.then {
            Then::Exit(status) => {
                self.fleet.tell_failures();
                // A link-local address is no lease, and nobody defends it from now on.
                self.fleet.withdraw_link_local().await;
                self.end_at_once(status)
            }
            Then::Background => {
                self.context.say_timed_out();
                self.enter_background();
                None
            }
            Then::GoOn => {
                self.waiting = Waiting::Still;
                None
            }
        }
    }

    /// Ends the process, and leaves what is configured as it is.
    ///
    /// Whoever waits may start another client at once, so everything that would be in its way goes before
    /// it is told. The kernel ends the calves with this process; tidying up would only take time.
    fn end_at_once(&mut self, status: u8) -> ! {
        self.fleet.let_go();
        self.held = None;
        self.waited.tell(status);
        std::process::exit(status.into())
    }

    fn start_background(&mut self) {
        let Ending {
            background,
            waits_for_carrier,
            ..
        } = self.context.setup.ending;
        let in_vain = !waits_for_carrier && !self.fleet.has_carrier();
        if in_vain {
            self.context.warn("no interface has a carrier");
        }
        if background == Background::AtOnce || in_vain && background == Background::WhenLeased {
            self.waiting = Waiting::ForNothing;
            self.enter_background();
        }
    }

    fn write_pid_file(&mut self) {
        if let Some(held) = &mut self.held
            && let Err(refused) = held.write_pid_file(&self.context)
        {
            self.context.warn(&refused.why);
        }
    }

    /// Leaves the terminal and lets go whoever waits.
    fn enter_background(&mut self) {
        self.write_pid_file();
        self.readiness.ready("serving in the background");
        if !self.waited.is_waited_for() {
            return;
        }
        if let Err(error) = background::leave_terminal(&self.context.events) {
            self.context
                .warn(&format!("cannot leave the terminal: {error}"));
        }
        self.waited.tell(0);
    }

    /// Does what an operator asks by the control socket. `Some` is the exit status of the end.
    async fn answer(&mut self, ask: Ask) -> Option<u8> {
        let Ask {
            verb,
            interfaces,
            answer,
        } = ask;
        let result = self.fleet.ask(verb, &interfaces).await;
        let over = result.is_ok() && self.fleet.is_over();
        // Who asked may be gone; it is done all the same.
        drop(answer.send(result));
        // Who asked is still to read the answer, and this may be the end of the run.
        tokio::task::yield_now().await;
        if over {
            self.readiness.stopping();
            return Some(0);
        }
        None
    }

    /// Does what a signal asks. `Some` is the exit status of the end.
    async fn obey(&mut self, asked: Asked) -> Option<u8> {
        match asked {
            Asked::Stop { interrupted } => {
                self.readiness.stopping();
                self.fleet.undo(self.context.setup.on_stop).await;
                let ending = self.context.setup.ending;
                Some(if interrupted { ending.interrupted } else { 0 })
            }
            Asked::Release => {
                self.readiness.stopping();
                self.fleet.undo(OnStop::Release).await;
                Some(0)
            }
            Asked::ReleaseAndWait => {
                self.fleet.release_and_wait().await;
                None
            }
            Asked::Command(command) => {
                self.fleet.command(command);
                None
            }
            Asked::Reopen => {
                self.context.events.log().reopen();
                None
            }
        }
    }
}
