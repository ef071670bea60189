//! A calf's standard output and error: a pipe that priv empties, so that a calf that dies can say why
//! and one that talks cannot block or fill anything.

use std::{
    future::pending,
    io,
    os::fd::{AsFd as _, OwnedFd},
    time::Instant,
};

use tokio::io::unix::AsyncFd;

use crate::{speech::Speech, watched::watch};

/// Octets taken at once; also the longest line before it is broken.
const CHUNK: usize = 1024;

/// The read end of one calf's pipe, nonblocking.
#[derive(Debug)]
pub(crate) struct Output {
    pipe: AsyncFd<OwnedFd>,
    line: Vec<u8>,
}

impl Output {
    pub(crate) fn new(pipe: OwnedFd) -> io::Result<Self> {
        Ok(Self {
            pipe: watch(pipe)?,
            line: Vec::new(),
        })
    }

    /// Passes on what the calf writes, for ever.
    pub(crate) async fn listen(&mut self, speech: &Speech) {
        loop {
            let Ok(mut ready) = self.pipe.readable().await else {
                return pending().await;
            };
            let mut chunk = [0; CHUNK];
            match nix::unistd::read(self.pipe.get_ref().as_fd(), &mut chunk) {
                // The end: the calf is going, and its exit is watched elsewhere.
                Ok(0) => return pending().await,
                Ok(length) => {
                    drop(ready);
                    self.take(chunk.get(..length).unwrap_or_default(), speech);
                    // A calf that never stops writing must not keep everything else from running.
                    tokio::task::yield_now().await;
                }
                Err(nix::errno::Errno::EAGAIN) => ready.clear_ready(),
                Err(_) => return pending().await,
            }
        }
    }

    /// Passes on what a dead calf left in the pipe; a pipe holds at most 64 KiB.
    pub(crate) fn drain(&mut self, speech: &Speech) {
        let mut chunk = [0; CHUNK];
        while let Ok(length @ 1..) = nix::unistd::read(self.pipe.get_ref().as_fd(), &mut chunk) {
            self.take(chunk.get(..length).unwrap_or_default(), speech);
        }
        self.end_line(speech);
    }

    fn take(&mut self, chunk: &[u8], speech: &Speech) {
        for octet in chunk {
            if *octet == b'\n' {
                self.end_line(speech);
            } else {
                self.line.push(*octet);
                if self.line.len() >= CHUNK {
                    self.end_line(speech);
                }
            }
        }
    }

    fn end_line(&mut self, speech: &Speech) {
        if !self.line.is_empty() {
            speech.say(&String::from_utf8_lossy(&self.line), Instant::now());
            self.line.clear();
        }
    }
}
