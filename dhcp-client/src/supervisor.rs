//! One interface, served: a calf is spawned, watched, and replaced when it dies, while what it
//! configured stays.

use std::{
    cell::RefCell,
    convert::Infallible,
    fmt, io,
    os::{fd::OwnedFd, unix::net::UnixStream},
    rc::Rc,
    time::{Duration, Instant},
};

use calf_sandbox::{
    Calf, Limits as CalfLimits, OwnDescriptors, Policy, Program, Rights, SpawnError,
};
use dhcp_network::Network;
use sdk_rpc::{Limits, Session, Transport};
use tokio::io::unix::AsyncFd;

use crate::{
    admission::Admission,
    backoff::{Backoff, Verdict},
    calf, clock,
    configurer::Configurer,
    doors::{HostDoor, LeaseDoor, NetDoor},
    interface::{Shared, Stage},
    output::Output,
    speech::Speech,
    watched::watch,
};

/// How long what this process lacks is waited for.
const RETRY: Duration = Duration::from_secs(10);

/// A calf from which nothing is heard for this long is asked for a sign of life, and ended if it gives none for as
/// long again: it hangs.
const SILENCE: Duration = Duration::from_secs(30);

/// How often a calf is tried while a lease should be renewed and every calf dies.
const RENEWAL_RETRY: Duration = Duration::from_secs(60);

/// Serves one interface.
#[derive(Debug)]
pub(crate) struct Supervisor {
    pub(crate) shared: Rc<Shared>,
    pub(crate) network: Network,
    pub(crate) configurer: Configurer,
    pub(crate) backend: calf_sandbox::Backend,
}

/// Why there is no calf.
#[derive(Debug)]
pub(crate) enum NoCalf {
    /// The sandbox cannot be set up, or what was set up is not all there.
    Sandbox(String),
    /// priv itself lacks something: descriptors, memory.
    Io(&'static str, io::Error),
}

impl fmt::Display for NoCalf {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sandbox(why) => formatter.write_str(why),
            Self::Io(what, error) => write!(formatter, "cannot make {what}: {error}"),
        }
    }
}

impl std::error::Error for NoCalf {}

impl From<SpawnError> for NoCalf {
    fn from(error: SpawnError) -> Self {
        Self::Sandbox(error.to_string())
    }
}

/// A calf and priv's ends of what connects them; dropping it ends the calf.
#[derive(Debug)]
pub(crate) struct Running {
    calf: Rc<RefCell<Calf>>,
    exited: AsyncFd<OwnedFd>,
    output: Output,
    net: Session,
    host: Session,
    admission: Rc<Admission>,
}

impl Supervisor {
    /// Serves the interface, with `running` as the first calf, until there is no calf to be had, and gives
    /// the reason.
    pub(crate) async fn run(&self, running: Running) -> NoCalf {
        match self.serve(running).await {
            Ok(never) => match never {},
            Err(error) => error,
        }
    }

    async fn serve(&self, mut running: Running) -> Result<Infallible, NoCalf> {
        let mut backoff = Backoff::default();
        loop {
            let why = self.until_dead(&mut running).await;
            self.shared.calf.set(None);
            if let Some(why) = running.admission.no_sandbox() {
                if !self.shared.was_sandboxed.get() {
                    return Err(NoCalf::Sandbox(why));
                }
                // It can be had here, only not now.
                self.shared.complain(&why);
            }
            drop(running);
            if self.shared.is_released() {
                // It ended as it was asked to; the next one would lease the address again.
                self.shared.reaches(Stage::Waiting).await;
                backoff = Backoff::default();
                running = self.respawn().await?;
                continue;
            }
            match backoff.died(Instant::now(), self.shared.progress_made()) {
                Verdict::After(wait) => tokio::time::sleep(wait).await,
                Verdict::Hold => {
                    self.shared.warn(&format!(
                        "the sandboxed process {why} again and again; held until the link changes \
                         or the lease must be renewed"
                    ));
                    self.hold().await;
                }
            }
            running = self.respawn().await?;
            let pid = running.calf.borrow().pid();
            let restarts = &self.shared.restarts;
            restarts.set(restarts.get().saturating_add(1));
            self.shared
                .events
                .calf_restarted(&self.shared.name, pid, &why);
        }
    }

    /// Another calf. Where there was one in a whole sandbox, whatever is in its way is waited for: descriptors,
    /// memory, processes. What is configured stays meanwhile.
    async fn respawn(&self) -> Result<Running, NoCalf> {
        loop {
            match self.spawn() {
                Err(NoCalf::Sandbox(why)) if !self.shared.was_sandboxed.get() => {
                    return Err(NoCalf::Sandbox(why));
                }
                Err(error) => {
                    self.shared.warn(&format!("{error}; trying again"));
                    tokio::time::sleep(RETRY).await;
                }
                Ok(running) => return Ok(running),
            }
        }
    }

    /// Starts a calf; it waits for this process to serve it.
    ///
    /// # Errors
    /// There is none, and nothing on the host was changed.
    pub(crate) fn spawn(&self) -> Result<Running, NoCalf> {
        let Self {
            shared,
            network,
            configurer,
            backend,
        } = self;
        let (net, calf_net) = pair()?;
        let (host, calf_host) = pair()?;
        let policy = Policy::new(CalfLimits::default())
            // The event loop and the one timer; no pair of sockets of its own.
            .own_descriptors(OwnDescriptors {
                pairs: 0,
                ..OwnDescriptors::default()
            })
            .grant(calf::NET, calf_net, Rights::ReadWrite)
            .grant(calf::HOST, calf_host, Rights::ReadWrite);
        let program = Program::Current {
            arguments: vec![shared.name.clone().into()],
        };
        let mut calf = calf_sandbox::spawn(program, policy, *backend)?;
        let exited = calf.pidfd().try_clone_to_owned().and_then(watch);
        let exited = exited.map_err(|error| NoCalf::Io("the calf's exit watch", error))?;
        // A calf just spawned has its pipe; an empty one would only lose what it says.
        let output = calf
            .take_log()
            .ok_or(io::ErrorKind::NotFound.into())
            .and_then(Output::new);
        let output = output.map_err(|error| NoCalf::Io("the calf's output pipe", error))?;
        shared.calf.set(Some(calf.pid()));
        let calf = Rc::new(RefCell::new(calf));
        let admission = Admission::new(Rc::clone(&calf), *backend, Rc::clone(shared));
        let net_door = NetDoor {
            network: network.clone(),
            admission: Rc::clone(&admission),
        };
        let parts = sdk_rpc::HostParts {
            view: HostDoor {
                shared: Rc::clone(shared),
                admission: Some(Rc::clone(&admission)),
            },
            lease_sink: LeaseDoor {
                shared: Rc::clone(shared),
                configurer: configurer.clone(),
            },
            log: self.speech(),
        };
        let limits = Limits {
            silence: Some(SILENCE),
            ..Limits::host()
        };
        let made = |what| move |error| NoCalf::Io(what, error);
        Ok(Running {
            calf,
            exited,
            output,
            net: sdk_rpc::serve_net(Transport::from(net), net_door, Limits::net())
                .map_err(made("the net connection"))?,
            host: sdk_rpc::serve_host(Transport::from(host), parts, limits)
                .map_err(made("the host connection"))?,
            admission,
        })
    }

    fn speech(&self) -> Speech {
        Speech::of(&self.shared)
    }

    /// Waits for the calf's death, its own or by priv because it broke a rule, and says why.
    async fn until_dead(&self, running: &mut Running) -> String {
        let Running {
            calf,
            exited,
            output,
            net,
            host,
            admission: _,
        } = running;
        let speech = self.speech();
        let broke = tokio::select! {
            _ = exited.readable() => None,
            reason = net.closed() => Some(reason),
            reason = host.closed() => Some(reason),
            () = output.listen(&speech) => None,
        };
        if let Some(reason) = broke {
            // It may be closing because it is dying: its own death says more than ours would.
            let dying = tokio::time::timeout(Duration::from_millis(100), exited.readable()).await;
            if dying.is_err() {
                let killed = calf.borrow().kill();
                return match killed {
                    Ok(()) => format!("was killed: {reason}"),
                    Err(error) => format!("could not be killed: {error}"),
                };
            }
        }
        output.drain(&speech);
        match calf.borrow_mut().wait() {
            Ok(exit) => exit.to_string(),
            Err(error) => format!("is gone: {error}"),
        }
    }

    /// Waits for what might make the next calf fare better: another link, T1, or a word of the operator's.
    /// Where T1 is past, it is tried again as often as a renewal would be (RFC 2131 section 4.4.5: "down to
    /// a minimum of 60 seconds").
    async fn hold(&self) {
        let renewal = async {
            let Some(renew_at) = self.shared.lease().and_then(|lease| lease.renew_at) else {
                return std::future::pending().await;
            };
            let left = renew_at.saturating_sub(clock::boottime_milliseconds());
            let left = if left == 0 {
                RENEWAL_RETRY
            } else {
                Duration::from_millis(left)
            };
            tokio::time::sleep(left).await;
        };
        tokio::select! {
            () = self.shared.news.link_changes() => {}
            () = self.shared.news.command_waits() => {}
            () = renewal => {}
        }
    }
}

fn pair() -> Result<(OwnedFd, OwnedFd), NoCalf> {
    let (ours, theirs) =
        UnixStream::pair().map_err(|error| NoCalf::Io("a pair of connected sockets", error))?;
    Ok((ours.into(), theirs.into()))
}
