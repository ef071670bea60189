//! What whoever started the service is told (sd_notify(3)): that the run is ready, how it is, that it stops.

use std::{
    env,
    os::{
        linux::net::SocketAddrExt as _,
        unix::net::{SocketAddr, UnixDatagram},
    },
    path::Path,
};

/// Who waits to be told; nobody, where the run is no service.
#[derive(Debug)]
pub(crate) struct Readiness(Option<UnixDatagram>);

impl Readiness {
    /// The one that the environment names.
    pub(crate) fn from_environment() -> Self {
        let name = env::var("NOTIFY_SOCKET").ok();
        Self(name.and_then(|name| connect(&name)))
    }

    /// The run does what it is for; `status` is for people.
    pub(crate) fn ready(&self, status: &str) {
        // The process that was started may not be this one.
        let pid = std::process::id();
        self.tell(&format!("READY=1\nMAINPID={pid}\nSTATUS={status}"));
    }

    /// How the run is, for people.
    pub(crate) fn status(&self, status: &str) {
        self.tell(&format!("STATUS={status}"));
    }

    /// The run is about to end.
    pub(crate) fn stopping(&self) {
        self.tell("STOPPING=1");
    }

    fn tell(&self, message: &str) {
        if let Some(socket) = &self.0 {
            // One that does not listen is no reason to stop.
            drop(socket.send(message.as_bytes()));
        }
    }
}

/// A path, or, after '@', an abstract name.
fn connect(name: &str) -> Option<UnixDatagram> {
    let socket = UnixDatagram::unbound().ok()?;
    socket.set_nonblocking(true).ok()?;
    let address = match name.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name).ok()?,
        None if Path::new(name).is_absolute() => SocketAddr::from_pathname(name).ok()?,
        None => return None,
    };
    socket.connect_addr(&address).ok()?;
    Some(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_waits_is_told_by_path_and_by_abstract_name() {
        let path = env::temp_dir().join(format!("notify-{}", std::process::id()));
        drop(std::fs::remove_file(&path));
        let abstract_name = format!("calfkit-notify-{}", std::process::id());
        let by_path = UnixDatagram::bind(&path).unwrap();
        let address = SocketAddr::from_abstract_name(&abstract_name).unwrap();
        let by_name = UnixDatagram::bind_addr(&address).unwrap();

        for (name, listener) in [
            (path.to_str().unwrap().to_owned(), by_path),
            (format!("@{abstract_name}"), by_name),
        ] {
            let readiness = Readiness(connect(&name));
            readiness.ready("eth0 is bound");
            let mut buffer = [0; 100];
            let length = listener.recv(&mut buffer).unwrap();
            let told = std::str::from_utf8(&buffer[..length]).unwrap();
            let pid = std::process::id();
            assert_eq!(
                told,
                format!("READY=1\nMAINPID={pid}\nSTATUS=eth0 is bound")
            );
        }
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn without_a_name_nobody_is_told() {
        for name in ["relative/path", "/nowhere/at/all", "@nobody-there", ""] {
            assert!(connect(name).is_none(), "{name}");
        }
    }
}
