//! What priv tells its calf: the link's state, of which only the newest matters and whether the carrier was
//! away in between, and the operator's commands, of which each does.

use std::{cell::Cell, rc::Rc};

use sdk_rpc::{Command, HostWatcher, LinkState};
use tokio::{
    sync::{Notify, broadcast, watch},
    task::JoinHandle,
};

/// Commands a calf may be behind before the oldest is lost; an operator types slower.
const COMMANDS: usize = 8;

/// The link, and how often it was lost: a priv that had no processor while a cable went into another network
/// hears of both ends of that at once, and a calf that is told of the last one only would stay where it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Observed {
    state: LinkState,
    losses: u64,
}

fn usable(state: LinkState) -> bool {
    state.up && state.carrier
}

/// One interface's news, for any number of watchers.
#[derive(Debug)]
pub(crate) struct News {
    link: watch::Sender<Observed>,
    commands: broadcast::Sender<Command>,
    /// Asked while there was no calf to hear it: the next one is told first thing.
    waiting: Cell<Option<Command>>,
    asked: Notify,
}

impl News {
    pub(crate) fn new(state: LinkState) -> Rc<Self> {
        let (link, _) = watch::channel(Observed { state, losses: 0 });
        let (commands, _) = broadcast::channel(COMMANDS);
        Rc::new(Self {
            link,
            commands,
            waiting: Cell::new(None),
            asked: Notify::new(),
        })
    }

    pub(crate) fn link(&self) -> LinkState {
        self.link.borrow().state
    }

    pub(crate) fn tell_link(&self, state: LinkState) {
        self.link.send_if_modified(|current| {
            let changed = current.state != state;
            if usable(current.state) && !usable(state) {
                current.losses = current.losses.saturating_add(1);
            }
            current.state = state;
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
        let mut losses = link.borrow().losses;
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
                        let observed = *link.borrow_and_update();
                        let missed = observed.losses != losses && usable(observed.state);
                        losses = observed.losses;
                        tell(&watcher, observed.state, missed).await
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

/// Tells the state, after a loss if one was `missed`.
async fn tell<W: HostWatcher>(
    watcher: &W,
    state: LinkState,
    missed: bool,
) -> Result<(), sdk_rpc::Error> {
    if missed {
        let lost = LinkState {
            carrier: false,
            ..state
        };
        watcher.link(lost).await?;
    }
    watcher.link(state).await
}

/// A running watch; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Watch(JoinHandle<()>);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use sdk_rpc::{Error, MacAddress};
    use tokio::task::LocalSet;

    use super::*;

    const UP: LinkState = LinkState {
        up: true,
        carrier: true,
        mac: MacAddress([2, 0, 0, 0, 0, 1]),
        mtu: 1500,
    };
    const DOWN: LinkState = LinkState {
        carrier: false,
        ..UP
    };

    /// Writes down what it is told.
    #[derive(Clone, Default)]
    struct Notebook(Rc<RefCell<Vec<LinkState>>>, Rc<Notify>);

    impl HostWatcher for Notebook {
        async fn link(&self, state: LinkState) -> Result<(), Error> {
            self.0.borrow_mut().push(state);
            self.1.notify_one();
            Ok(())
        }

        async fn command(&self, _: Command) -> Result<(), Error> {
            Ok(())
        }
    }

    /// What a calf hears that hears for the first time after `before`, and again after `after`.
    async fn heard(before: &[LinkState], after: &[LinkState], count: usize) -> Vec<LinkState> {
        let notebook = Notebook::default();
        let told = notebook.clone();
        let news = News::new(UP);
        LocalSet::new()
            .run_until(async move {
                before.iter().for_each(|state| news.tell_link(*state));
                let _watch = news.watch(notebook.clone());
                notebook.1.notified().await;
                after.iter().for_each(|state| news.tell_link(*state));
                while notebook.0.borrow().len() < count {
                    notebook.1.notified().await;
                }
                // Whatever is told beyond that is told by now.
                for _ in 0..4 {
                    tokio::task::yield_now().await;
                }
            })
            .await;
        told.0.take()
    }

    #[tokio::test]
    async fn a_carrier_that_was_away_between_two_looks_is_told_as_lost_and_back() {
        assert_eq!(heard(&[], &[DOWN, UP], 3).await, [UP, DOWN, UP]);
    }

    #[tokio::test]
    async fn a_loss_that_is_told_as_such_is_told_once() {
        assert_eq!(heard(&[], &[DOWN, UP, DOWN], 2).await, [UP, DOWN]);
    }

    #[tokio::test]
    async fn a_calf_hears_nothing_of_losses_before_its_time() {
        let other = LinkState { mtu: 1400, ..UP };
        assert_eq!(heard(&[DOWN, UP], &[other], 2).await, [UP, other]);
    }
}
