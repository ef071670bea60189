//! The task that makes one connection after the other.

use std::{cell::RefCell, io, pin::pin, rc::Rc};

use futures::{
    channel::oneshot,
    future::{Either, select},
};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until, timeout},
};

use super::{
    backoff::{Backoff, Jitter},
    state::{ConnectionState, Loss},
};
use crate::{Disconnect, Error, Session};

/// How to stop: `Ok` in order, `Err` at once, since the owner is gone.
type Stopping = oneshot::Receiver<()>;

pub(super) struct Keeper<C> {
    pub(super) backoff: Backoff,
    pub(super) client: Rc<RefCell<Option<C>>>,
    pub(super) state: watch::Sender<ConnectionState>,
}

impl<C: Clone> Keeper<C> {
    /// Keeps a connection until it is stopped or given up.
    pub(super) async fn keep<K>(
        self,
        mut connect: impl AsyncFnMut() -> io::Result<(C, Session)>,
        mut each: impl AsyncFnMut(C) -> Result<K, Error>,
        mut stopping: Stopping,
    ) -> Disconnect {
        let mut jitter = Jitter::new(self.backoff.seed);
        let mut failures: u32 = 0;
        loop {
            let attempt = timeout(self.backoff.attempt_time, open(&mut connect, &mut each));
            let opened = match select(pin!(attempt), &mut stopping).await {
                Either::Left((opened, _stopping)) => opened.unwrap_or(Err(Loss::TooSlow)),
                Either::Right((_how, _attempt)) => return self.stopped(),
            };
            let mut steady = false;
            let last = match opened {
                Err(loss) => loss,
                Ok(opened) => {
                    let since = Instant::now();
                    let Some(reason) = self.use_up(opened, since, &mut stopping).await else {
                        return self.stopped();
                    };
                    steady = since.elapsed() >= self.backoff.steady;
                    Loss::Ended(reason)
                }
            };
            failures = if steady {
                0
            } else {
                failures.saturating_add(1)
            };
            if self.backoff.attempts.is_some_and(|most| failures >= most) {
                let reason = last.disconnect();
                self.state.send_replace(ConnectionState::GivenUp {
                    attempts: failures,
                    last,
                });
                return reason;
            }
            let next_attempt = Instant::now() + self.backoff.wait(failures, &mut jitter);
            self.state.send_replace(ConnectionState::Waiting {
                next_attempt,
                last: last.clone(),
            });
            if let Either::Right(_stopped) =
                select(pin!(sleep_until(next_attempt)), &mut stopping).await
            {
                return self.stopped();
            }
            self.state
                .send_replace(ConnectionState::Connecting { last: Some(last) });
        }
    }

    /// Gives a connection to who waits for one, until it ends; `None` when it was stopped.
    async fn use_up<K>(
        &self,
        opened: Opened<C, K>,
        since: Instant,
        stopping: &mut Stopping,
    ) -> Option<Disconnect> {
        let Opened {
            client,
            mut session,
            kept,
        } = opened;
        self.client.replace(Some(client));
        self.state
            .send_replace(ConnectionState::Connected { since });
        let ended = match select(pin!(session.closed()), stopping).await {
            Either::Left((reason, _stopping)) => Ok(reason),
            Either::Right((how, _session)) => Err(how),
        };
        drop(self.client.replace(None));
        drop(kept);
        match ended {
            Ok(reason) => Some(reason),
            Err(how) => {
                if how.is_ok() {
                    session.close().await;
                }
                None
            }
        }
    }

    fn stopped(&self) -> Disconnect {
        self.state.send_replace(ConnectionState::Closed);
        Disconnect::Dropped
    }
}

/// A connection, and what its begin left to keep.
struct Opened<C, K> {
    client: C,
    session: Session,
    kept: K,
}

async fn open<C: Clone, K>(
    connect: &mut impl AsyncFnMut() -> io::Result<(C, Session)>,
    each: &mut impl AsyncFnMut(C) -> Result<K, Error>,
) -> Result<Opened<C, K>, Loss> {
    let connected = connect().await;
    let (client, mut session) = connected.map_err(|error| Loss::Unreachable(error.kind()))?;
    let begun = match select(pin!(each(client.clone())), pin!(session.closed())).await {
        Either::Left((begun, _session)) => begun,
        Either::Right((reason, _each)) => return Err(Loss::Ended(reason)),
    };
    match begun {
        Ok(kept) => Ok(Opened {
            client,
            session,
            kept,
        }),
        // It says why: the session is over, or as good as.
        Err(Error::Disconnected) => Err(Loss::Ended(session.closed().await)),
        Err(error) => Err(Loss::Refused(error)),
    }
}
