//! Where calls from priv become inputs: bounded queues, so that a flood of frames waits in priv (and
//! then in the kernel, which drops) instead of growing this process.

use sdk_rpc::{Command, Error, Frame, FrameSink, HostWatcher, LinkState};
use tokio::sync::mpsc::Sender;

/// Batches of frames that may wait here before priv is made to wait.
pub(crate) const FRAME_BATCHES: usize = 4;

/// Host events that may wait here; they are rare and small.
pub(crate) const HOST_EVENTS: usize = 16;

/// Takes frames from priv.
#[derive(Debug)]
pub(crate) struct FrameInbox(pub(crate) Sender<Vec<Frame>>);

impl FrameSink for FrameInbox {
    async fn push(&self, frames: Vec<Frame>) -> Result<(), Error> {
        self.0.send(frames).await.map_err(|_| Error::Disconnected)
    }
}

/// What the host tells.
#[derive(Clone, Copy, Debug)]
pub(crate) enum HostEvent {
    Link(LinkState),
    Command(Command),
}

/// Takes host events from priv.
#[derive(Debug)]
pub(crate) struct HostInbox(pub(crate) Sender<HostEvent>);

impl HostInbox {
    async fn put(&self, event: HostEvent) -> Result<(), Error> {
        self.0.send(event).await.map_err(|_| Error::Disconnected)
    }
}

impl HostWatcher for HostInbox {
    async fn link(&self, state: LinkState) -> Result<(), Error> {
        self.put(HostEvent::Link(state)).await
    }

    async fn command(&self, command: Command) -> Result<(), Error> {
        self.put(HostEvent::Command(command)).await
    }
}
