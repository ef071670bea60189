//! One client per interface: two would fight over its address.

use std::{
    fmt,
    os::{
        linux::net::SocketAddrExt as _,
        unix::net::{SocketAddr, UnixListener},
    },
};

/// Held while this process serves the interface. An abstract socket belongs to the network
/// namespace, as the interface does, and goes with the process, however it ends (unix(7)).
#[derive(Debug)]
pub(crate) struct InterfaceLock {
    _socket: UnixListener,
}

/// The interface is served already, or the lock cannot be made.
#[derive(Debug)]
pub(crate) struct LockError {
    interface: String,
    error: std::io::Error,
}

impl fmt::Display for LockError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { interface, error } = self;
        if error.kind() == std::io::ErrorKind::AddrInUse {
            write!(
                formatter,
                "{interface}: another dhcp-client serves it (abstract socket @{}); stop that one first",
                name(interface)
            )
        } else {
            write!(
                formatter,
                "{interface}: cannot make the lock @{}: {error}",
                name(interface)
            )
        }
    }
}

impl std::error::Error for LockError {}

impl InterfaceLock {
    pub(crate) fn acquire(interface: &str) -> Result<Self, LockError> {
        SocketAddr::from_abstract_name(name(interface))
            .and_then(|address| UnixListener::bind_addr(&address))
            .map(|socket| Self { _socket: socket })
            .map_err(|error| LockError {
                interface: interface.to_owned(),
                error,
            })
    }
}

fn name(interface: &str) -> String {
    format!("calfkit/dhcp-client/{interface}")
}
