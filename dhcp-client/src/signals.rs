//! What the operator asks by signal, in the manner of the client that was started.

use std::{collections::VecDeque, io};

use dhcp_frontend::Client;
use nix::sys::{
    signal::{SigSet, Signal},
    signalfd::{SfdFlags, SignalFd},
};
use sdk_rpc::Command;
use tokio::io::unix::AsyncFd;

use crate::watched::watch;

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// End as the setup says.
    Stop {
        /// By SIGINT, for which some clients have an exit status of its own.
        interrupted: bool,
    },
    /// Give the leases back, undo the configuration, and end.
    Release,
    /// Give the leases back and wait for [`Command::Renew`].
    ReleaseAndWait,
    /// For every interface.
    Command(Command),
    /// Open the log files anew.
    Reopen,
}

/// Every signal that some client listens to.
const LISTENED: [Signal; 6] = [
    Signal::SIGALRM,
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGTERM,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
];

/// The set of them.
pub(crate) fn listened() -> SigSet {
    LISTENED.into_iter().collect()
}

/// The signals this program listens to.
///
/// By signalfd(2) and not by tokio's signals, which would give every calf, being the same program, a
/// pair of sockets it has no use for.
#[derive(Debug)]
pub(crate) struct Signals {
    client: Client,
    descriptor: AsyncFd<SignalFd>,
    /// What was asked while only an end would have been heard.
    waiting: VecDeque<Asked>,
}

impl Signals {
    pub(crate) fn listen(client: Client) -> io::Result<Self> {
        let signals = listened();
        signals.thread_block()?;
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        Ok(Self {
            client,
            descriptor: watch(SignalFd::with_flags(&signals, flags)?)?,
            waiting: VecDeque::new(),
        })
    }

    /// The next signal that asks for the end; others that came before it wait.
    pub(crate) async fn stop(&mut self) -> io::Result<Asked> {
        loop {
            let asked = self.receive().await?;
            if matches!(asked, Asked::Stop { .. } | Asked::Release) {
                return Ok(asked);
            }
            self.waiting.push_back(asked);
        }
    }

    /// The next thing that is asked for.
    pub(crate) async fn next(&mut self) -> io::Result<Asked> {
        match self.waiting.pop_front() {
            Some(asked) => Ok(asked),
            None => self.receive().await,
        }
    }

    async fn receive(&mut self) -> io::Result<Asked> {
        loop {
            let mut ready = self.descriptor.readable().await?;
            let Some(received) = self.descriptor.get_ref().read_signal()? else {
                ready.clear_ready();
                continue;
            };
            let number = i32::try_from(received.ssi_signo).unwrap_or(0);
            let asked = Signal::try_from(number)
                .ok()
                .and_then(|signal| meaning(self.client, signal));
            if let Some(asked) = asked {
                return Ok(asked);
            }
        }
    }
}

/// What a signal means to a client; `None` is nothing.
///
/// ```text
///              SIGTERM  SIGINT  SIGHUP  SIGUSR1  SIGUSR2           SIGALRM
/// dhcp-client  stop     stop    rebind  renew    release           -
/// dhcpcd       stop     stop    rebind  renew    reopen the log    release
/// udhcpc       stop     stop    -       renew    release and wait  -
/// dhclient     stop     stop    -       -        release           -
/// ```
///
/// dhclient has no meaning for SIGUSR2: `dhclient -r` sends it to a run that has no control socket.
fn meaning(client: Client, signal: Signal) -> Option<Asked> {
    // Signal is the system's list, not ours: a wildcard is right.
    match (client, signal) {
        (_, Signal::SIGTERM) => Some(Asked::Stop { interrupted: false }),
        (_, Signal::SIGINT) => Some(Asked::Stop { interrupted: true }),
        (Client::Native | Client::Dhcpcd | Client::Udhcpc, Signal::SIGUSR1) => {
            Some(Asked::Command(Command::Renew))
        }
        // As dhcpcd does: look whether the network is still the same one.
        (Client::Native | Client::Dhcpcd, Signal::SIGHUP) => Some(Asked::Command(Command::Rebind)),
        (Client::Native | Client::Dhclient, Signal::SIGUSR2)
        | (Client::Dhcpcd, Signal::SIGALRM) => Some(Asked::Release),
        (Client::Udhcpc, Signal::SIGUSR2) => Some(Asked::ReleaseAndWait),
        (Client::Dhcpcd, Signal::SIGUSR2) => Some(Asked::Reopen),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_client_keeps_the_meaning_of_its_signals() {
        let renew = Some(Asked::Command(Command::Renew));
        assert_eq!(meaning(Client::Udhcpc, Signal::SIGUSR1), renew);
        assert_eq!(meaning(Client::Dhcpcd, Signal::SIGUSR1), renew);
        assert_eq!(meaning(Client::Dhclient, Signal::SIGUSR1), None);
        assert_eq!(
            meaning(Client::Udhcpc, Signal::SIGUSR2),
            Some(Asked::ReleaseAndWait)
        );
        assert_eq!(
            meaning(Client::Dhcpcd, Signal::SIGUSR2),
            Some(Asked::Reopen)
        );
        assert_eq!(
            meaning(Client::Native, Signal::SIGUSR2),
            Some(Asked::Release)
        );
        assert_eq!(
            meaning(Client::Dhcpcd, Signal::SIGALRM),
            Some(Asked::Release)
        );
        assert_eq!(
            meaning(Client::Dhclient, Signal::SIGUSR2),
            Some(Asked::Release)
        );
        assert_eq!(meaning(Client::Native, Signal::SIGALRM), None);
        for client in [
            Client::Native,
            Client::Dhcpcd,
            Client::Udhcpc,
            Client::Dhclient,
        ] {
            let interrupted = true;
            assert_eq!(
                meaning(client, Signal::SIGINT),
                Some(Asked::Stop { interrupted })
            );
        }
    }
}
