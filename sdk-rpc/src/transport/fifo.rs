//! A pair of FIFOs, each opened for one way, so that the end of the peer is the end of the stream: an end that
//! this process holds open itself, as with `O_RDWR`, would hide it.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::{
        fd::OwnedFd,
        unix::fs::{FileTypeExt as _, OpenOptionsExt as _},
    },
    path::Path,
    time::Duration,
};

use nix::{errno::Errno, fcntl::OFlag};

use crate::Transport;

/// How long it takes at most to see that the peer has come. There is no event for it: open(2) of the writing end
/// fails until somebody reads.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

impl Transport {
    /// Opens a FIFO for reading and another for writing; the peer opens the same two the other way round,
    /// in any order. Waits until the peer reads.
    ///
    /// What the peer has not opened for writing yet has no end: a peer that goes between its two steps is
    /// noticed when something is written, or by `Limits::silence`. Who may be the peer is what the
    /// permissions of the two files say.
    ///
    /// # Errors
    ///
    /// `InvalidInput` when a path leads to something else than a FIFO, `TimedOut` when no peer reads within
    /// `patience`, and what open(2) says.
    ///
    /// ```no_run
    /// use std::{path::Path, time::Duration};
    ///
    /// use sdk_rpc::{Transport, connect_net};
    ///
    /// # async fn example() -> std::io::Result<()> {
    /// let (to_calf, from_calf) = (Path::new("/run/pump/to-calf"), Path::new("/run/pump/from-calf"));
    /// let transport = Transport::fifos(to_calf, from_calf, Duration::from_secs(5)).await?;
    /// let (net, session) = connect_net(transport)?;
    /// # drop((net, session));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn fifos(reading: &Path, writing: &Path, patience: Duration) -> io::Result<Self> {
        // First: only a FIFO that somebody reads can be opened for writing, and the peer does the same.
        let reading = open(reading, OpenOptions::new().read(true))?;
        let opened = async {
            loop {
                match open(writing, OpenOptions::new().write(true)) {
                    Err(error) if error.raw_os_error() == Some(Errno::ENXIO as i32) => {
                        tokio::time::sleep(LOOK_AGAIN).await;
                    }
                    opened => return opened,
                }
            }
        };
        let writing = tokio::time::timeout(patience, opened)
            .await
            .map_err(|_elapsed| {
                let writing = writing.display();
                let why = format!("nobody reads {writing}; is the peer running?");
                io::Error::new(io::ErrorKind::TimedOut, why)
            })??;
        Ok(Self::pipes(reading, writing))
    }
}

/// Opens a FIFO without waiting for anybody.
fn open(path: &Path, options: &mut OpenOptions) -> io::Result<OwnedFd> {
    // Looked at before it is opened, which alone does something to a device, and again after it: the name may
    // lead elsewhere by then.
    require_fifo(path, &fs::metadata(path)?)?;
    let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let file: File = options.custom_flags(flags.bits()).open(path)?;
    require_fifo(path, &file.metadata()?)?;
    Ok(file.into())
}

fn require_fifo(path: &Path, found: &fs::Metadata) -> io::Result<()> {
    if found.file_type().is_fifo() {
        return Ok(());
    }
    let why = format!("{} is no FIFO", path.display());
    Err(io::Error::new(io::ErrorKind::InvalidInput, why))
}
