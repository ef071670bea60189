//! A unix socket that an earlier run left where a new one is to be.

use std::{
    fs, io,
    os::{
        fd::{AsRawFd as _, OwnedFd},
        unix::fs::FileTypeExt as _,
    },
    path::Path,
};

use nix::{
    errno::Errno,
    sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, socket},
};

/// Makes room for a socket at `path`: removes one on which nobody listens any more. What is no socket is somebody's
/// file, and stays.
///
/// # Errors
/// Somebody listens on it, it is no socket, or it cannot be removed.
pub(crate) fn make_room(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => {}
        // A regular file refuses a connection as a socket does that was left.
        Ok(_) => {
            return Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                "there is something else than a socket",
            ));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    }
    // A listener that is stopped, or whose queue is full, must not keep this run from its start.
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let probe: OwnedFd = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    match connect(probe.as_raw_fd(), &UnixAddr::new(path)?) {
        Ok(()) | Err(Errno::EAGAIN) => Err(io::Error::new(
            io::ErrorKind::AddrInUse,
            "another run has it",
        )),
        // A run that was killed left it.
        Err(Errno::ECONNREFUSED) => fs::remove_file(path),
        // Whoever has it, binding to it will fail and say why.
        Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        os::unix::{
            fs::symlink,
            net::{UnixListener, UnixStream},
        },
        path::PathBuf,
    };

    use nix::sys::socket::{Backlog, listen};

    use super::*;

    fn path(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("left-over-{}-{name}", std::process::id()));
        drop(fs::remove_file(&path));
        path
    }

    #[test]
    fn a_socket_that_was_left_is_removed() {
        let path = path("left");
        drop(UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        make_room(&path).unwrap();
        assert!(!path.exists());
        make_room(&path).unwrap();
    }

    #[test]
    fn a_socket_on_which_somebody_listens_stays() {
        let path = path("in-use");
        let _listener = UnixListener::bind(&path).unwrap();
        let refused = make_room(&path).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
        assert!(path.exists());
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_socket_whose_queue_is_full_stays_and_is_not_waited_for() {
        let path = path("full");
        let listener = UnixListener::bind(&path).unwrap();
        listen(&listener, Backlog::new(0).unwrap()).unwrap();
        let _waiting = UnixStream::connect(&path).unwrap();
        let refused = make_room(&path).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
        assert!(path.exists());
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_file_and_a_link_to_a_socket_stay() {
        let file = path("file");
        fs::write(&file, "precious").unwrap();
        let socket = path("target");
        drop(UnixListener::bind(&socket).unwrap());
        let link = path("link");
        symlink(&socket, &link).unwrap();
        for path in [&file, &link] {
            let refused = make_room(path).unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        }
        assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
        for path in [file, socket, link] {
            // Fails, and the test with it, if it is gone.
            fs::remove_file(path).unwrap();
        }
    }
}
