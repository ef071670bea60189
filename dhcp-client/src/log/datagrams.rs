//! A log that listens on a unix datagram socket. It may come later than the client, and go and come again.

use std::{
    cell::{Cell, RefCell},
    io,
    os::unix::net::UnixDatagram,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// How long nobody is looked for who was not there.
const RETRY: Duration = Duration::from_secs(1);

/// Where to send lines, whether anybody is there or not.
#[derive(Debug)]
pub(super) struct Datagrams {
    path: PathBuf,
    socket: RefCell<Option<UnixDatagram>>,
    /// When the socket was last connected, or could not be.
    tried: Cell<Instant>,
}

impl Datagrams {
    /// To whoever listens at `path`; the error says why nobody can be told now.
    pub(super) fn new(path: &str, now: Instant) -> (Self, Option<io::Error>) {
        let path = PathBuf::from(path);
        let (socket, error) = match connect(&path) {
            Ok(socket) => (Some(socket), None),
            Err(error) => (None, Some(error)),
        };
        let datagrams = Self {
            path,
            socket: RefCell::new(socket),
            tried: Cell::new(now),
        };
        (datagrams, error)
    }

    /// Sends one datagram, and does not wait for anybody.
    ///
    /// # Errors
    /// Nobody was there, or too much is waiting to be read: this one is lost.
    pub(super) fn send(&self, datagram: &[u8], now: Instant) -> io::Result<()> {
        let mut socket = self.socket.borrow_mut();
        let sent = match &*socket {
            Some(socket) => socket.send(datagram),
            None => Err(io::ErrorKind::NotConnected.into()),
        };
        match sent {
            Ok(_) => Ok(()),
            // It is there, and slow.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(error),
            Err(error) if now.saturating_duration_since(self.tried.get()) < RETRY => Err(error),
            // Whoever listened is gone, and the socket with it; another may have come in its place.
            Err(_) => {
                self.tried.set(now);
                *socket = None;
                let fresh = socket.insert(connect(&self.path)?);
                fresh.send(datagram).map(drop)
            }
        }
    }
}

fn connect(path: &Path) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.connect(path)?;
    // A log that is full must not hold up the client.
    socket.set_nonblocking(true)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A path of this test's, where nobody listens.
    fn path(test: &str) -> String {
        let path = std::env::temp_dir().join(format!("datagrams-{}-{test}", std::process::id()));
        drop(std::fs::remove_file(&path));
        path.to_str().unwrap().to_owned()
    }

    fn listen(path: &str) -> UnixDatagram {
        drop(std::fs::remove_file(path));
        let listener = UnixDatagram::bind(path).unwrap();
        listener.set_nonblocking(true).unwrap();
        listener
    }

    fn heard(listener: &UnixDatagram) -> String {
        let mut buffer = [0; 100];
        let length = listener.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    #[test]
    fn a_log_that_was_started_again_hears_what_comes_after() {
        let path = path("again");
        let first = listen(&path);
        let start = Instant::now();
        let (log, missing) = Datagrams::new(&path, start);
        assert!(missing.is_none());
        log.send(b"one", start).unwrap();
        assert_eq!(heard(&first), "one");
        drop(first);
        let later = start + RETRY;
        assert!(log.send(b"two", later).is_err(), "nobody listens");
        let second = listen(&path);
        log.send(b"three", later + RETRY).unwrap();
        assert_eq!(heard(&second), "three");
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_log_that_was_not_there_at_the_start_is_found_when_it_is() {
        let path = path("late");
        let start = Instant::now();
        let (log, missing) = Datagrams::new(&path, start);
        assert_eq!(missing.unwrap().kind(), io::ErrorKind::NotFound);
        let listener = listen(&path);
        log.send(b"one", start + RETRY).unwrap();
        assert_eq!(heard(&listener), "one");
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn nobody_is_looked_for_twice_in_a_second() {
        let path = path("seldom");
        let start = Instant::now();
        let (log, _) = Datagrams::new(&path, start);
        let listener = listen(&path);
        let early = start + RETRY - Duration::from_millis(1);
        assert!(log.send(b"one", early).is_err());
        log.send(b"two", start + RETRY).unwrap();
        assert_eq!(heard(&listener), "two");
        std::fs::remove_file(path).unwrap();
    }
}
