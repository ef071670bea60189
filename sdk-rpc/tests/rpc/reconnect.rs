//! Connections that are made again. The clock stands still and jumps to the next timer.

use std::{
    cell::{Cell, RefCell},
    future::pending,
    io,
    rc::Rc,
    time::Duration,
};

use sdk_rpc::{
    Backoff, Connected, ConnectionState, Disconnect, Error, Handle, HandleOptions, Limit, Limits,
    Loss, Net, NetClient, Reconnecting, Session, connect_net, serve_net,
};
use tokio::{
    sync::mpsc,
    time::{Instant, pause, sleep},
};

use crate::{
    local::{LocalNet, LocalSink, MAC, MacBehaviour, frame},
    stage::{run, run_within, socket_pair},
};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Arbitrary.
const SEED: u64 = 11;

/// Where a `Net` is to be had, again and again.
#[derive(Clone, Default)]
struct Place {
    net: LocalNet,
    serving: Rc<RefCell<Option<Session>>>,
    attempts: Rc<Cell<usize>>,
    shut: Rc<Cell<bool>>,
}

impl Place {
    fn connect(&self) -> io::Result<(NetClient, Session)> {
        self.attempts.set(self.attempts.get() + 1);
        if self.shut.get() {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let (here, there) = socket_pair();
        let serving = serve_net(there, self.net.clone(), Limits::net())?;
        self.serving.replace(Some(serving));
        connect_net(here)
    }

    /// The peer dies.
    fn die(&self) {
        self.serving.replace(None);
    }

    fn visit(&self, backoff: Backoff) -> (Reconnecting<NetClient>, impl Connected) {
        let place = self.clone();
        Reconnecting::start(backoff, async move || place.connect(), async |_net| Ok(()))
    }
}

#[test]
fn a_call_on_a_lost_connection_fails_and_is_not_repeated() {
    run_within(DAY, async {
        pause();
        let place = Place::default();
        place.net.0.mac.set(MacBehaviour::Hang);
        let (net, _session) = place.visit(Backoff::seeded(SEED));
        assert_eq!(net.now().map(drop), Err(Error::Disconnected));
        let client = net.ready().await.unwrap();

        let (answer, ()) = futures::join!(client.mac(), async {
            place.net.0.mac_called.notified().await;
            place.die();
        });
        assert_eq!(answer, Err(Error::Disconnected));
        assert_eq!(client.mac().await, Err(Error::Disconnected));

        place.net.0.mac.set(MacBehaviour::Answer);
        let again = loop {
            // Not noticed yet is as good as a dead client: the call fails.
            match net.ready().await.unwrap().mac().await {
                Err(Error::Disconnected) => sleep(SECOND).await,
                answer => break answer,
            }
        };
        assert_eq!(again, Ok(MAC));
        assert_eq!(place.attempts.get(), 2);
        assert_eq!(
            client.mac().await,
            Err(Error::Disconnected),
            "the old one stays dead"
        );
    });
}

/// Attempts within an hour at a peer that accepts and dies at once.
async fn attempts_at_a_dying_peer(steady: Duration) -> usize {
    let place = Place::default();
    let backoff = Backoff {
        steady,
        ..Backoff::seeded(SEED)
    };
    let dying = place.clone();
    let (_net, _session) = Reconnecting::start(
        backoff,
        async move || {
            let connected = dying.connect();
            dying.die();
            connected
        },
        async |_net| Ok(()),
    );
    sleep(HOUR).await;
    place.attempts.get()
}

#[test]
fn a_peer_that_accepts_and_dies_at_once_makes_no_hot_loop() {
    run_within(DAY, async {
        pause();
        // A wait is at least half a minute as soon as it is longest; the way there takes seven.
        let attempts = attempts_at_a_dying_peer(SECOND * 30).await;
        assert!((60..=120 + 8).contains(&attempts), "{attempts}");
    });
}

#[test]
fn were_every_connection_a_success_the_attempts_would_be_thousands() {
    run_within(DAY, async {
        pause();
        let attempts = attempts_at_a_dying_peer(Duration::ZERO).await;
        assert!(attempts > 7000, "{attempts}");
    });
}

#[test]
fn the_wait_starts_anew_after_a_connection_that_lasted() {
    run_within(DAY, async {
        pause();
        let place = Place::default();
        place.shut.set(true);
        let (net, _session) = place.visit(Backoff::seeded(SEED));
        sleep(HOUR).await;
        place.shut.set(false);
        net.ready().await.unwrap();
        sleep(SECOND * 30).await;
        let (before, mut watched) = (Instant::now(), net.clone());
        watched.changed().await.unwrap();
        place.die();
        let waiting = watched.changed().await.unwrap();
        let ConnectionState::Waiting { next_attempt, last } = waiting else {
            panic!("{waiting:?}");
        };
        assert_eq!(last, Loss::Ended(Disconnect::Closed));
        assert!(
            next_attempt - before <= SECOND / 2,
            "{:?}",
            next_attempt - before
        );
    });
}

#[test]
fn every_state_is_seen_with_its_time_and_reason() {
    run_within(DAY, async {
        pause();
        let begin = Instant::now();
        let place = Place::default();
        place.shut.set(true);
        let (mut net, session) = place.visit(Backoff::seeded(SEED));
        assert_eq!(net.state(), ConnectionState::Connecting { last: None });

        let refused = Loss::Unreachable(io::ErrorKind::ConnectionRefused);
        let waiting = net.changed().await.unwrap();
        let ConnectionState::Waiting { next_attempt, last } = waiting else {
            panic!("{waiting:?}");
        };
        assert_eq!(last, refused);
        assert!((SECOND / 4..=SECOND / 2).contains(&(next_attempt - begin)));
        place.shut.set(false);

        let next = net.changed().await.unwrap();
        let expected = ConnectionState::Connecting {
            last: Some(refused),
        };
        assert!(next == expected || matches!(next, ConnectionState::Connected { since: _ }));
        net.ready().await.unwrap();
        let ConnectionState::Connected { since } = net.state() else {
            panic!("{:?}", net.state());
        };
        assert!(since >= next_attempt && since < next_attempt + SECOND / 100);

        assert_eq!(session.close().await, Disconnect::Dropped);
        assert_eq!(net.state(), ConnectionState::Closed);
        assert_eq!(net.ready().await.map(drop), Err(Error::Disconnected));
    });
}

#[test]
fn what_is_done_at_each_begin_is_kept_until_the_end_of_its_connection() {
    run_within(DAY, async {
        pause();
        let place = Place::default();
        let connecting = place.clone();
        let (sender, mut arrived) = mpsc::unbounded_channel();
        let (net, _session) = Reconnecting::start(
            Backoff::seeded(SEED),
            async move || connecting.connect(),
            async move |net: NetClient| net.attach(LocalSink(sender.clone())).await,
        );
        for octet in 0..3 {
            net.ready().await.unwrap();
            assert_eq!(place.net.0.attached.get(), 1);
            place.net.0.arrive(&[frame(octet, 60)]);
            assert_eq!(arrived.recv().await, Some(frame(octet, 60)));
            let mut watched = net.clone();
            place.die();
            place.net.0.detached.notified().await;
            while net.now().is_ok() {
                watched.changed().await.unwrap();
            }
        }
    });
}

#[test]
fn a_begin_that_hangs_or_fails_is_a_failed_attempt() {
    run_within(DAY, async {
        pause();
        let place = Place::default();
        let hanging = place.clone();
        let backoff = Backoff {
            attempts: Some(1),
            ..Backoff::seeded(SEED)
        };
        let begin = Instant::now();
        let (net, mut session) = Reconnecting::start(
            backoff,
            async move || hanging.connect(),
            async |_net| pending::<Result<(), Error>>().await,
        );
        let reason = session.closed().await;
        assert_eq!(reason, Disconnect::Limit(Limit::AnswerTime));
        assert_eq!(begin.elapsed().as_secs(), 10);
        assert_eq!(session.closed().await, reason, "may be asked again");
        let last = Loss::TooSlow;
        assert_eq!(net.state(), ConnectionState::GivenUp { attempts: 1, last });

        let refusing = place.clone();
        let refusal = Error::Refused("no such subscription".into());
        let error = refusal.clone();
        let (net, mut session) = Reconnecting::start(
            backoff,
            async move || refusing.connect(),
            async move |_net| Err::<(), _>(error.clone()),
        );
        assert_eq!(session.closed().await, Disconnect::Dropped);
        let last = Loss::Refused(refusal);
        assert_eq!(net.state(), ConnectionState::GivenUp { attempts: 1, last });
        // The connection did not stay.
        let mut serving = place.serving.take().unwrap();
        assert_eq!(serving.closed().await, Disconnect::Closed);
    });
}

#[test]
fn a_panic_in_what_connects_is_the_end() {
    run(async {
        let (net, mut session) = Reconnecting::<NetClient>::start(
            Backoff::seeded(SEED),
            async || panic!("this panic is the test's"),
            async |_net| Ok(()),
        );
        assert_eq!(session.closed().await, Disconnect::Panicked);
        assert_eq!(net.ready().await.map(drop), Err(Error::Disconnected));
    });
}

#[test]
fn it_gives_up_after_so_many_failures_with_one_line() {
    run_within(DAY, async {
        pause();
        let place = Place::default();
        place.shut.set(true);
        let backoff = Backoff {
            attempts: Some(3),
            ..Backoff::seeded(SEED)
        };
        let (net, mut session) = place.visit(backoff);
        let why = net.ready().await.map(drop).unwrap_err();
        let line = "given up after 3 attempts: the peer cannot be reached: connection refused";
        assert_eq!(why, Error::Refused(line.into()));
        let refused = Disconnect::Io(io::ErrorKind::ConnectionRefused);
        assert_eq!(session.closed().await, refused);
        sleep(HOUR).await;
        assert_eq!(place.attempts.get(), 3);
        assert_eq!(net.now().map(drop), Err(Error::Disconnected));
    });
}

#[test]
fn who_drops_its_owner_ends_the_connection_and_every_attempt() {
    run_within(DAY, async {
        pause();
        let place = Place::default();
        let (net, session) = place.visit(Backoff::seeded(SEED));
        assert_eq!(net.ready().await.unwrap().mac().await, Ok(MAC));
        drop(session);
        let mut serving = place.serving.take().unwrap();
        assert_eq!(serving.closed().await, Disconnect::Closed);
        sleep(HOUR).await;
        assert_eq!(place.attempts.get(), 1);
        assert_eq!(net.state(), ConnectionState::Closed);
    });
}

#[test]
fn a_handle_may_be_over_a_connection_that_is_made_again() {
    run(async {
        // All of it on the handle's thread, the peer too: it panics once.
        let connect = move || async move {
            let place = Place::default();
            place.net.0.mac.set(MacBehaviour::Panic);
            let backoff = Backoff {
                first: Duration::ZERO,
                ..Backoff::seeded(SEED)
            };
            let each = {
                let place = place.clone();
                async move |_net| {
                    if place.attempts.get() > 1 {
                        place.net.0.mac.set(MacBehaviour::Answer);
                    }
                    Ok(())
                }
            };
            let connect = async move || place.connect();
            Ok(Reconnecting::start(backoff, connect, each))
        };
        let handle: Handle<Reconnecting<NetClient>> =
            Handle::connect(HandleOptions::default(), connect)
                .await
                .unwrap();
        let ask = |net: Rc<Reconnecting<NetClient>>| async move { net.ready().await?.mac().await };

        assert_eq!(handle.call(ask).await, Err(Error::Disconnected));
        let mut answer = handle.call(ask).await;
        while answer == Err(Error::Disconnected) {
            answer = handle.call(ask).await;
        }
        assert_eq!(answer, Ok(MAC));
        let state = handle.call(|net| async move { Ok(net.state()) }).await;
        assert!(matches!(state, Ok(ConnectionState::Connected { since: _ })));
        assert_eq!(handle.close().await, Ok(Disconnect::Dropped));
    });
}
