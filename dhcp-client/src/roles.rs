//! One role in a process or container of its own, wired to the others by inherited descriptors. The same code
//! as in one process: a role only sees capabilities.

use std::{
    cell::RefCell,
    fmt,
    os::fd::{AsFd as _, OwnedFd},
    process::ExitCode,
    rc::Rc,
    time::Instant,
};

use calf_sandbox::{Calf, Exit, Limits as CalfLimits, OwnDescriptors, Policy, Program, Rights};
use dhcp_frontend::{Role, setup::Backend};
use dhcp_network::{Interface, Network};
use sdk_rpc::{Counter, Disconnect, Error, Limits, MacAddress, NetOwner, Session};
use tokio::{io::unix::AsyncFd, task::spawn_local};

use crate::{
    calf, launcher, log,
    signals::{Asked, Signals},
    speech::Window,
    watched::watch,
};

/// Exit status when no sandbox is possible.
const NO_SANDBOX: u8 = 3;

/// Exit status after SIGINT.
const INTERRUPTED: u8 = 130;

/// The descriptors of an actuator whose engine and network are in other processes.
#[derive(Debug)]
pub(crate) struct Split {
    pub(crate) host: OwnedFd,
    pub(crate) owner: OwnedFd,
}

/// Is one role, until a peer ends or the operator says so. First thing in `main`: it claims descriptors.
pub(crate) fn be(role: Role, started: Instant) -> ExitCode {
    match try_be(role, started) {
        Ok(status) => ExitCode::from(status),
        Err(Failed { why, status }) => {
            log::say(&format!("dhcp-client: {why}"));
            ExitCode::from(status)
        }
    }
}

/// Why a role is not played.
struct Failed {
    why: String,
    status: u8,
}

impl<E: fmt::Display> From<E> for Failed {
    fn from(error: E) -> Self {
        Self {
            why: error.to_string(),
            status: 1,
        }
    }
}

fn try_be(role: Role, started: Instant) -> Result<u8, Failed> {
    match role {
        Role::Network {
            interface,
            net,
            owner,
        } => {
            let [net, owner] = claim([net, owner])?;
            block_on(network(&interface, net, owner))
        }
        Role::Actuator { setup, host, owner } => {
            let [host, owner] = claim([host, owner])?;
            Ok(launcher::serve_split(
                *setup,
                started,
                Split { host, owner },
            ))
        }
        Role::Engine { net, host, backend } => {
            let [net, host] = claim([net, host])?;
            block_on(engine(net, host, backend))
        }
    }
}

fn claim<const N: usize>(numbers: [i32; N]) -> Result<[OwnedFd; N], Failed> {
    let claimed = calf_sandbox::claim_numbers(&numbers)?;
    claimed
        .try_into()
        .map_err(|_| Failed::from("not every descriptor was claimed"))
}

fn block_on(role: impl Future<Output = Result<u8, Failed>>) -> Result<u8, Failed> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build_local(tokio::runtime::LocalOptions::default())?
        .block_on(role)
}

/// Role network: frames for the engine, and the owner's part for the actuator.
async fn network(name: &str, net: OwnedFd, owner: OwnedFd) -> Result<u8, Failed> {
    let mut signals = Signals::listen(dhcp_frontend::Client::Native)?;
    let interface = Interface::lookup(name)?;
    let prefix = interface.name.clone();
    let warn = Rc::new(move |text: &str| log::say(&format!("{prefix}: {text}")));
    let network = Network::open(&interface, warn, None)?;
    let mut engine = sdk_rpc::serve_net(net, network.clone(), Limits::net())?;
    let mut actuator = sdk_rpc::serve_net_owner(owner, Owned(network), Limits::host())?;
    tokio::select! {
        reason = engine.closed() => ended("engine", &reason),
        reason = actuator.closed() => ended("actuator", &reason),
        stopped = until_stopped(&mut signals) => stopped,
    }
}

/// What an actuator in another process may decide about a network here.
struct Owned(Network);

impl NetOwner for Owned {
    async fn set_address(&self, address: Option<std::net::Ipv4Addr>) -> Result<(), Error> {
        let set = self.0.set_address(address);
        set.map_err(|error| Error::Refused(error.to_string()))
    }

    async fn set_mac(&self, mac: MacAddress) -> Result<(), Error> {
        self.0.set_mac(mac);
        Ok(())
    }

    async fn counters(&self) -> Result<Vec<Counter>, Error> {
        Ok(self.0.counters().named())
    }
}

/// Role engine: makes the sandbox, puts the protocol into it with the two descriptors, and waits for its end.
async fn engine(net: OwnedFd, host: OwnedFd, backend: Backend) -> Result<u8, Failed> {
    let mut signals = Signals::listen(dhcp_frontend::Client::Native)?;
    let backend = match backend {
        Backend::Process => calf_sandbox::Backend::Process,
        Backend::None => calf_sandbox::Backend::None,
    };
    let policy = Policy::new(CalfLimits::default())
        .own_descriptors(OwnDescriptors {
            pairs: 0,
            ..OwnDescriptors::default()
        })
        .grant(calf::NET, net, Rights::ReadWrite)
        .grant(calf::HOST, host, Rights::ReadWrite);
    let arguments = vec!["engine".into()];
    let program = Program::Current { arguments };
    let no_sandbox = |error: &dyn fmt::Display| Failed {
        why: error.to_string(),
        status: NO_SANDBOX,
    };
    let mut calf =
        calf_sandbox::spawn(program, policy, backend).map_err(|error| no_sandbox(&error))?;
    let confined = watch(calf.status().try_clone_to_owned()?)?;
    // Its peers are other processes and answer it at once: a calf that is not closed is ended here before it
    // can do more than ask.
    drop(confined.readable().await?);
    calf.verify().map_err(|error| no_sandbox(&error))?;
    let output = calf.take_log();
    if let Some(output) = output {
        spawn_local(print(watch(output)?, log::say));
    }
    let exited = watch(calf.pidfd().try_clone_to_owned()?)?;
    let calf = RefCell::new(calf);
    tokio::select! {
        _ = exited.readable() => exit(&calf),
        stopped = until_stopped(&mut signals) => stopped,
    }
}

fn exit(calf: &RefCell<Calf>) -> Result<u8, Failed> {
    let exit = calf.borrow_mut().wait()?;
    match exit {
        // A peer is gone, or wants it gone.
        Exit::Code(0) => Ok(0),
        Exit::Code(_) | Exit::Policy | Exit::Signal(_) => {
            Err(Failed::from(format!("the sandboxed process {exit}")))
        }
    }
}

/// Prints with `say` what the sandboxed process says, one clean line each, and not more of them than priv would.
async fn print(pipe: AsyncFd<OwnedFd>, say: impl Fn(&str)) {
    let window = Window::default();
    let mut line = Vec::new();
    let mut chunk = [0; 1024];
    while let Ok(mut ready) = pipe.readable().await {
        match nix::unistd::read(pipe.get_ref().as_fd(), &mut chunk) {
            Ok(0) => return,
            Ok(length) => {
                for octet in chunk.iter().take(length) {
                    line.push(*octet);
                    if *octet == b'\n' || line.len() == chunk.len() {
                        let text = String::from_utf8_lossy(&line);
                        if let Some(text) = window.admit(text.trim_end(), Instant::now()) {
                            say(&text);
                        }
                        line.clear();
                    }
                }
            }
            Err(nix::errno::Errno::EAGAIN) => ready.clear_ready(),
            Err(_) => return,
        }
    }
}

/// A peer that closes is the usual end; one that breaks a rule is worth a line.
fn ended(peer: &str, reason: &Disconnect) -> Result<u8, Failed> {
    if *reason == Disconnect::Closed {
        return Ok(0);
    }
    Err(Failed::from(format!(
        "the {peer} was disconnected: {reason}"
    )))
}

async fn until_stopped(signals: &mut Signals) -> Result<u8, Failed> {
    loop {
        if let Asked::Stop { interrupted } = signals.next().await? {
            // SIGTERM is how it is meant to end; of the other the shell has it: 128 and its number.
            return Ok(if interrupted { INTERRUPTED } else { 0 });
        }
    }
}

/// A connection to an engine elsewhere, for as long as it is served.
pub(crate) async fn until_gone(mut session: Session, who: &str) -> String {
    let reason = session.closed().await;
    format!("the {who} role is gone: {reason}")
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_calf_that_says_too_much_is_cut_short() {
        let (output, mut calf) = std::io::pipe().unwrap();
        // Less than a pipe holds.
        for number in 0..1000 {
            writeln!(calf, "line {number}\u{1b}[2J").unwrap();
        }
        drop(calf);
        let said = RefCell::new(Vec::new());
        let said_so_far = || said.borrow().len();
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(async {
                let output = watch(OwnedFd::from(output)).unwrap();
                print(output, |line| said.borrow_mut().push(line.to_owned())).await;
            });
        assert!(said_so_far() < 50, "{}", said_so_far());
        assert_eq!(said.borrow()[0], "calf: line 0?[2J");
    }
}
