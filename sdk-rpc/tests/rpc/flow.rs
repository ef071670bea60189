//! Streams: batches, back-pressure, order.

use futures::FutureExt;
use sdk_rpc::{Limits, Net, connect_net, serve_net};
use tokio::sync::mpsc;

use crate::{
    local::{LocalNet, LocalSink, MAC, MacBehaviour, StuckSink, frame},
    stage::{quiet, run, socket_pair},
};

#[test]
fn frames_of_one_batch_cross_in_one_message() {
    run(async {
        let (here, there) = socket_pair();
        let serving = serve_net(there, LocalNet::default(), Limits::net()).unwrap();
        let (net, _session) = connect_net(here).unwrap();
        net.mac().await.unwrap();
        quiet().await;
        let before = serving.counters().messages_in;

        net.write(vec![frame(0, 60); 64]).await.unwrap();
        quiet().await;

        assert_eq!(serving.counters().messages_in, before + 1);
    });
}

#[test]
fn a_sink_that_takes_nothing_stops_delivery_and_fills_no_queue() {
    run(async {
        let (here, there) = socket_pair();
        let local = LocalNet::default();
        let serving = serve_net(there, local.clone(), Limits::net()).unwrap();
        let (net, _session) = connect_net(here).unwrap();
        let _attachment = net.attach(StuckSink).await.unwrap();

        // 3 MB, in batches of one frame.
        for _ in 0..2000 {
            local.0.arrive(&[frame(0, 1514)]);
        }
        quiet().await;

        // A window of 64 KiB and the message that fills it.
        assert!(local.0.delivered.get() < 50, "{}", local.0.delivered.get());
        assert!(serving.counters().octets_out < 100_000);
        // The rest of the connection goes on.
        assert!(net.mac().await.is_ok());
    });
}

#[test]
fn a_window_of_tiny_messages_is_a_small_number_of_calls() {
    run(async {
        let (here, there) = socket_pair();
        let local = LocalNet::default();
        let _serving = serve_net(there, local.clone(), Limits::net()).unwrap();
        let (net, session) = connect_net(here).unwrap();
        let _attachment = net.attach(StuckSink).await.unwrap();

        for _ in 0..10_000 {
            local.0.arrive(&[frame(0, 1)]);
        }
        quiet().await;

        assert!(session.counters().open_calls_peak < 100);
        assert!(net.mac().await.is_ok());
    });
}

#[test]
fn delivery_resumes_when_the_sink_takes_frames_again() {
    run(async {
        let (here, there) = socket_pair();
        let local = LocalNet::default();
        let _serving = serve_net(there, local.clone(), Limits::net()).unwrap();
        let (net, _session) = connect_net(here).unwrap();
        let (sender, mut arrived) = mpsc::unbounded_channel();
        let _attachment = net.attach(LocalSink(sender)).await.unwrap();

        // 7 MB: many windows.
        for octet in 0..250 {
            local.0.arrive(&vec![frame(octet, 1514); 20]);
        }
        for count in 0..5000 {
            let expected = u8::try_from(count / 20).unwrap();
            assert_eq!(arrived.recv().await.unwrap().bytes[0], expected);
        }
    });
}

#[test]
fn a_cancelled_call_runs_to_its_end_and_leaves_nothing_behind() {
    run(async {
        let (here, there) = socket_pair();
        let local = LocalNet::default();
        let serving = serve_net(there, local.clone(), Limits::net()).unwrap();
        let (net, _session) = connect_net(here).unwrap();
        local.0.mac.set(MacBehaviour::Wait);

        // More than there may be open calls.
        for _ in 0..1000 {
            let call = Box::pin(net.mac());
            let called = Box::pin(local.0.mac_called.notified());
            drop(futures::future::select(call, called).await);
            local.0.mac_may_answer.notify_one();
            local.0.mac_dropped.notified().await;
        }
        local.0.mac.set(MacBehaviour::Answer);

        assert_eq!(net.mac().await, Ok(MAC));
        assert!(serving.counters().open_calls_peak < 5);
    });
}

#[test]
fn a_cancelled_attachment_is_released() {
    run(async {
        let (here, there) = socket_pair();
        let local = LocalNet::default();
        let _serving = serve_net(there, local.clone(), Limits::net()).unwrap();
        let (net, _session) = connect_net(here).unwrap();

        // More than there may be exports and imports.
        for _ in 0..200 {
            let attach = Box::pin(net.attach(StuckSink));
            assert!(attach.now_or_never().is_none());
            local.0.detached.notified().await;
        }

        assert_eq!(local.0.attached.get(), 0);
        assert_eq!(net.mac().await, Ok(MAC));
    });
}
