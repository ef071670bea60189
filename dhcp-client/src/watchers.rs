//! What priv tells its calf: the link's state, of which only the newest matters, and the operator's
//! commands, of which each does.

use std::{cell::Cell, rc::Rc};

use sdk_rpc::{Command, HostWatcher, LinkState};
use tokio::{
    sync::{Notify, broadcast, watch},
    task::JoinHandle,
};

/// Commands a calf may be behind before the oldest is lost; an operator types slower.
const COMMANDS: usize = 8;

/// One interface's news, for any number of watchers.
#[derive(Debug)]
pub(crate) struct News {
    link: watch::Sender<LinkState>,
    commands: broadcast::Sender<Command>,
    /// Asked while there was no calf to hear it: the next one is told first thing.
    waiting: Cell<Option<Command>>,
    asked: Notify,
}

impl News {
    pub(crate) fn new(link: LinkState) -> Rc<Self> {
        let (link, _) = watch::channel(link);
        let (commands, _) = broadcast::channel(COMMANDS);
        Rc::new(Self {
            link,
            commands,
            waiting: Cell::new(None),
            asked: Notify::new(),
        })
    }

    pub(crate) fn link(&self) -> LinkState {
        *self.link.borrow()
    }

    pub(crate) fn tell_link(&self, state: LinkState) {
        self.link.send_if_modified(|current| {
            let changed = *current != state;
            *current = state;
            changed
        });
    }

    /// Tells the calf, or the next one if there is none now; of several that wait, the last counts.
    pub(crate) fn tell_command(&self, command: Command) {
        if self.commands.send(command).is_err() {
            self.waiting.set(Some(command));
            self.asked.notify_waiters();
        }
    }

    /// Resolves when a command waits for a calf to hear it.
    pub(crate) async fn command_waits(&self) {
        let asked = self.asked.notified();
        if self.waiting.get().is_none() {
            asked.await;
        }
    }

    /// Resolves when the link is another than now.
    pub(crate) async fn link_changes(&self) {
        let mut link = self.link.subscribe();
        link.mark_unchanged();
        // An error means that the sender is gone, and it is `self`.
        drop(link.changed().await);
    }

    /// Tells `watcher` until the watch is dropped or the watcher is gone.
    pub(crate) fn watch<W: HostWatcher + 'static>(&self, watcher: W) -> Watch {
        let mut link = self.link.subscribe();
        // The watcher's idea of the link is older than this: the first thing it hears is how it is now.
        link.mark_changed();
        let mut commands = self.commands.subscribe();
        let waiting = self.waiting.take();
        Watch(tokio::task::spawn_local(async move {
            if let Some(command) = waiting
                && watcher.command(command).await.is_err()
            {
                return;
            }
            loop {
                let told = tokio::select! {
                    changed = link.changed() => {
                        if changed.is_err() { return }
                        let state = *link.borrow_and_update();
                        watcher.link(state).await
                    }
                    command = commands.recv() => match command {
                        Ok(command) => watcher.command(command).await,
                        Err(broadcast::error::RecvError::Lagged(_)) => Ok(()),
                        Err(broadcast::error::RecvError::Closed) => return,
                    }
                };
                if told.is_err() {
                    return;
                }
            }
        }))
    }
}

/// A running watch; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Watch(JoinHandle<()>);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}
