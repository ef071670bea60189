//! What the operator asks by signal.

use std::io;

use nix::sys::{
    signal::{SigSet, Signal},
    signalfd::{SfdFlags, SignalFd},
};
use sdk_rpc::Command;
use tokio::io::unix::AsyncFd;

use crate::{service::Service, watched::watch};

/// How the operator wants it to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Undo the configuration.
    Stop,
    /// Give the leases back, then undo it.
    Release,
}

/// The signals this program listens to.
///
/// By signalfd(2) and not by tokio's signals, which would give every calf, being the same program, a
/// pair of sockets it has no use for.
#[derive(Debug)]
pub(crate) struct Signals(AsyncFd<SignalFd>);

impl Signals {
    pub(crate) fn listen() -> io::Result<Self> {
        let mut signals = SigSet::empty();
        for signal in [
            Signal::SIGTERM,
            Signal::SIGINT,
            Signal::SIGHUP,
            Signal::SIGUSR1,
            Signal::SIGUSR2,
        ] {
            signals.add(signal);
        }
        signals.thread_block()?;
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        Ok(Self(watch(SignalFd::with_flags(&signals, flags)?)?))
    }

    /// Passes commands on until one of them is to end.
    pub(crate) async fn until_end(&mut self, services: &[Service]) -> io::Result<Asked> {
        loop {
            let command = match self.next().await? {
                Some(Signal::SIGTERM | Signal::SIGINT) => return Ok(Asked::Stop),
                Some(Signal::SIGUSR2) => return Ok(Asked::Release),
                Some(Signal::SIGUSR1) => Command::Renew,
                // As the C clients do: look whether the network is still the same one.
                Some(Signal::SIGHUP) => Command::Rebind,
                // Of the set above there is no other.
                Some(_) | None => continue,
            };
            for service in services {
                service.shared.news.tell_command(command);
            }
        }
    }

    async fn next(&mut self) -> io::Result<Option<Signal>> {
        loop {
            let mut ready = self.0.readable().await?;
            match self.0.get_ref().read_signal()? {
                Some(signal) => {
                    let number = i32::try_from(signal.ssi_signo).unwrap_or(0);
                    return Ok(Signal::try_from(number).ok());
                }
                None => ready.clear_ready(),
            }
        }
    }
}
