//! The end that this side wants: it never takes longer than it may, and leaves nothing behind.
//!
//! The clock stands still and jumps to the next timer when there is nothing else to do.

use std::{
    os::{fd::OwnedFd, unix::net::UnixStream as StdStream},
    pin::pin,
    rc::Rc,
    time::Duration,
};

use futures::{
    FutureExt,
    future::{Either, select},
};
use sdk_rpc::{
    Disconnect, Error, FlowStream, Limit, Limits, Net, Session, StreamFlow, connect_flow,
    connect_net, serve_flow, serve_net,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, duplex, split},
    net::UnixStream,
    time::{Instant, pause, sleep},
};

use crate::{
    local::{LocalNet, LocalSink, MacBehaviour, frame},
    stage::{run, run_within, socket_pair},
};

const SECOND: Duration = Duration::from_secs(1);

fn within(farewell: Option<Duration>) -> Limits {
    Limits {
        farewell,
        ..Limits::net()
    }
}

/// A session with more to say than its peer's socket takes, and the peer, which read nothing yet.
async fn stuffed(local: &LocalNet, limits: Limits) -> (Session, UnixStream) {
    let (here, there) = StdStream::pair().unwrap();
    here.set_nonblocking(true).unwrap();
    let mut peer = UnixStream::from_std(here).unwrap();
    let session = serve_net(OwnedFd::from(there), local.clone(), limits).unwrap();
    let bootstrap = crate::rogue::octets(|message| message.init_bootstrap().set_question_id(0));
    let finish = crate::rogue::octets(|message| message.init_finish().set_question_id(0));
    // Until this much waits that the socket has not taken.
    while session.counters().queued_octets_peak < 64 * 1024 {
        peer.write_all(&bootstrap).await.unwrap();
        peer.write_all(&finish).await.unwrap();
        tokio::task::yield_now().await;
    }
    (session, peer)
}

/// Sees that nothing of the session is left: its objects are dropped, and so is its descriptor.
async fn gone(local: &LocalNet, mut peer: UnixStream) {
    assert_eq!(Rc::strong_count(&local.0), 1);
    let mut rest = Vec::new();
    // What was in the socket; then the end, which comes when the descriptor is closed.
    let _reset = peer.read_to_end(&mut rest).await;
}

#[test]
fn a_peer_that_never_reads_delays_the_end_no_longer_than_it_may() {
    run(async {
        let local = LocalNet::default();
        let (session, peer) = stuffed(&local, within(Some(SECOND * 3))).await;
        pause();
        let begin = Instant::now();

        assert_eq!(session.close().await, Disconnect::Limit(Limit::Farewell));

        assert_eq!(begin.elapsed().as_secs(), 3);
        gone(&local, peer).await;
    });
}

#[test]
fn without_the_limit_it_delays_the_end_for_as_long_as_it_likes() {
    run_within(SECOND * 100_000, async {
        let local = LocalNet::default();
        let (session, peer) = stuffed(&local, within(None)).await;
        pause();
        let ended = tokio::time::timeout(SECOND * 10_000, session.close()).await;
        assert!(ended.is_err(), "{ended:?}");
        tokio::task::yield_now().await;
        gone(&local, peer).await;
    });
}

#[test]
fn a_peer_that_reads_an_octet_a_second_gains_no_time() {
    run(async {
        let local = LocalNet::default();
        let (session, mut peer) = stuffed(&local, within(Some(SECOND * 3))).await;
        pause();
        let begin = Instant::now();
        let slow = async {
            loop {
                peer.read_u8().await.unwrap();
                sleep(SECOND).await;
            }
        };
        let outcome = match select(pin!(session.close()), pin!(slow)).await {
            Either::Left((outcome, _slow)) => outcome,
            Either::Right(((), _close)) => unreachable!("it reads for ever"),
        };

        assert_eq!(outcome, Disconnect::Limit(Limit::Farewell));
        assert_eq!(begin.elapsed().as_secs(), 3);
        gone(&local, peer).await;
    });
}

#[test]
fn a_peer_that_reads_in_time_gets_everything() {
    run(async {
        let local = LocalNet::default();
        let (session, mut peer) = stuffed(&local, within(Some(SECOND * 3))).await;
        let said = session.counters().messages_out;
        let mut read = Vec::new();
        let (outcome, octets) = futures::join!(session.close(), peer.read_to_end(&mut read));
        octets.unwrap();

        assert_eq!(outcome, Disconnect::Dropped);
        let mut rest = read.as_slice();
        let mut messages = 0;
        while !rest.is_empty() {
            capnp::serialize::read_message(&mut rest, capnp::message::ReaderOptions::new())
                .unwrap();
            messages += 1;
        }
        // The last one is the farewell itself.
        assert!(messages > said, "{messages} of {said}");
        gone(&local, peer).await;
    });
}

#[test]
fn a_peer_that_never_answers_does_not_delay_the_end() {
    run(async {
        let (here, _there) = socket_pair();
        let (net, session) = connect_net(here).unwrap();
        let mut asking = Box::pin(net.mac());
        assert_eq!((&mut asking).now_or_never(), None);
        pause();
        let begin = Instant::now();

        assert_eq!(session.close().await, Disconnect::Dropped);

        assert_eq!(begin.elapsed(), Duration::ZERO);
        assert_eq!(asking.await, Err(Error::Disconnected));
    });
}

#[test]
fn a_local_call_that_hangs_does_not_delay_the_end() {
    run(async {
        let local = LocalNet::default();
        local.0.mac.set(MacBehaviour::Hang);
        let (here, there) = socket_pair();
        let serving = serve_net(there, local.clone(), Limits::net()).unwrap();
        let (net, _session) = connect_net(here).unwrap();
        let mut asking = Box::pin(net.mac());
        assert_eq!((&mut asking).now_or_never(), None);
        local.0.mac_called.notified().await;
        pause();
        let begin = Instant::now();

        assert_eq!(serving.close().await, Disconnect::Dropped);

        assert_eq!(begin.elapsed(), Duration::ZERO);
        local.0.mac_dropped.notified().await;
        assert_eq!(asking.await, Err(Error::Disconnected));
        assert_eq!(Rc::strong_count(&local.0), 1);
    });
}

#[test]
fn the_end_in_the_middle_of_a_stream_fails_it_on_both_sides() {
    run(async {
        let (here, there) = socket_pair();
        let (near, mut far) = duplex(4096);
        let (reading, writing) = split(near);
        let local = StreamFlow::new(reading, writing);
        let mut serving = serve_flow(there, local, Limits::flow()).unwrap();
        let (flow, session) = connect_flow(here, Limits::flow()).unwrap();
        let mut stream = FlowStream::start(&flow).await.unwrap();
        // More than the far end takes: it waits in the connection.
        let pushing = async {
            let octets = vec![7; 64 * 1024];
            while stream.write_all(&octets).await.is_ok() {}
        };
        let closing = async {
            far.read_u8().await.unwrap();
            session.close().await
        };
        let ((), outcome) = futures::join!(pushing, closing);

        assert_eq!(outcome, Disconnect::Dropped);
        assert_eq!(serving.closed().await, Disconnect::Closed);
        // The far end sees the end of it, after what had come: the server's half is dropped.
        let mut rest = Vec::new();
        let _aborted = far.read_to_end(&mut rest).await;
        assert!(rest.iter().all(|octet| *octet == 7));
    });
}

#[test]
fn frames_for_a_sink_that_does_not_read_are_let_go() {
    run(async {
        let local = LocalNet::default();
        let (here, there) = socket_pair();
        let serving = serve_net(there, local.clone(), Limits::net()).unwrap();
        let (net, _session) = connect_net(here).unwrap();
        let (sender, _arrived) = tokio::sync::mpsc::unbounded_channel();
        let _attachment = net.attach(LocalSink(sender)).await.unwrap();
        for _ in 0..500 {
            local.0.arrive(&[frame(0, 1514)]);
        }

        assert_eq!(serving.close().await, Disconnect::Dropped);

        local.0.detached.notified().await;
        assert_eq!(local.0.attached.get(), 0);
    });
}

#[test]
fn who_stops_waiting_for_the_end_has_it_at_once() {
    run(async {
        let local = LocalNet::default();
        let (session, peer) = stuffed(&local, within(Some(SECOND * 3000))).await;
        let mut closing = Box::pin(session.close());
        for _ in 0..10 {
            assert_eq!((&mut closing).now_or_never(), None);
            tokio::task::yield_now().await;
        }

        drop(closing);

        let before = Instant::now();
        pause();
        sleep(Duration::from_millis(1)).await;
        assert!(before.elapsed() < SECOND * 3000);
        gone(&local, peer).await;
    });
}

#[test]
fn a_runtime_without_timers_will_do_where_the_peer_reads_and_to_drop() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build_local(tokio::runtime::LocalOptions::default())
        .unwrap();
    runtime.block_on(async {
        let local = LocalNet::default();
        let (here, there) = socket_pair();
        let serving = serve_net(there, local.clone(), Limits::net()).unwrap();
        let (_net, mut session) = connect_net(here).unwrap();
        assert_eq!(serving.close().await, Disconnect::Dropped);
        assert_eq!(session.closed().await, Disconnect::Closed);

        let (session, peer) = stuffed(&local, Limits::net()).await;
        drop(session);
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        gone(&local, peer).await;
    });
}
