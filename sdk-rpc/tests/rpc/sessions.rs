//! How sessions begin and end.

use std::{io::PipeReader, os::fd::OwnedFd, rc::Rc};

use sdk_rpc::{
    Disconnect, Error, HostParts, Level, Limit, Limits, Log, Net, Transport, connect, connect_host,
    connect_net, serve, serve_host, serve_net,
};

use crate::{
    calfkit_capnp::net_owner,
    local::{LocalHost, LocalNet, LocalSink, MAC, MacBehaviour, frame},
    stage::{quiet, run, socket_pair},
};

#[test]
fn a_dropped_session_tells_the_peer_and_fails_what_is_pending() {
    run(async {
        let (here, there) = socket_pair();
        let local = LocalNet::default();
        local.0.mac.set(MacBehaviour::Hang);
        let mut serving = serve_net(there, local.clone(), Limits::net()).unwrap();
        let (net, session) = connect_net(here).unwrap();

        let (answer, ()) = futures::join!(net.mac(), async {
            local.0.mac_called.notified().await;
            drop(session);
        });

        assert_eq!(answer, Err(Error::Disconnected));
        assert_eq!(serving.closed().await, Disconnect::Closed);
        assert_eq!(serving.closed().await, Disconnect::Closed);
        local.0.mac_dropped.notified().await;
        assert_eq!(net.mac().await, Err(Error::Disconnected));
        assert_eq!(
            net.write(vec![frame(0, 60)]).await,
            Err(Error::Disconnected)
        );
    });
}

#[test]
fn a_server_that_goes_fails_the_calls_of_its_client() {
    run(async {
        let (here, there) = socket_pair();
        let local = LocalNet::default();
        local.0.mac.set(MacBehaviour::Hang);
        let serving = serve_net(there, local.clone(), Limits::net()).unwrap();
        let (net, mut session) = connect_net(here).unwrap();

        let (answer, ()) = futures::join!(net.mac(), async {
            local.0.mac_called.notified().await;
            drop(serving);
        });

        assert_eq!(answer, Err(Error::Disconnected));
        assert_eq!(session.closed().await, Disconnect::Closed);
    });
}

#[test]
fn the_end_of_a_session_detaches_everything() {
    run(async {
        let (here, there) = socket_pair();
        let local = LocalNet::default();
        let _serving = serve_net(there, local.clone(), Limits::net()).unwrap();
        let (net, session) = connect_net(here).unwrap();
        let (sender, mut arrived) = tokio::sync::mpsc::unbounded_channel();
        let _attachment = net.attach(LocalSink(sender)).await.unwrap();

        drop(session);

        local.0.detached.notified().await;
        assert_eq!(arrived.recv().await, None);
    });
}

#[test]
fn what_was_said_before_close_arrives() {
    run(async {
        let (here, there) = socket_pair();
        let host = LocalHost::new();
        let parts = HostParts {
            view: host.clone(),
            lease_sink: host.clone(),
            log: host.clone(),
        };
        let mut serving = serve_host(there, parts, Limits::host()).unwrap();
        let (clients, session) = connect_host(here).unwrap();

        for _ in 0..60 {
            clients.log.line(Level::Info, "said").await.unwrap();
        }
        assert_eq!(session.close().await, Disconnect::Dropped);
        assert_eq!(serving.closed().await, Disconnect::Closed);

        assert_eq!(host.0.lines.borrow().len(), 60);
    });
}

#[test]
fn a_panic_in_a_call_ends_its_session_and_no_other() {
    run(async {
        let local = LocalNet::default();
        let (here, there) = socket_pair();
        let mut serving = serve_net(there, local.clone(), Limits::net()).unwrap();
        let (net, mut session) = connect_net(here).unwrap();
        let (other_here, other_there) = socket_pair();
        let _other_serving = serve_net(other_there, local.clone(), Limits::net()).unwrap();
        let (other, _other_session) = connect_net(other_here).unwrap();
        assert_eq!(other.mac().await, Ok(MAC));

        local.0.mac.set(MacBehaviour::Panic);
        assert_eq!(net.mac().await, Err(Error::Disconnected));
        assert_eq!(serving.closed().await, Disconnect::Panicked);
        assert_eq!(session.closed().await, Disconnect::Closed);

        local.0.mac.set(MacBehaviour::Answer);
        assert_eq!(other.mac().await, Ok(MAC));
    });
}

#[test]
fn a_pair_of_pipes_is_a_transport() {
    run(async {
        let owned = |(reading, writing): (PipeReader, std::io::PipeWriter)| {
            (OwnedFd::from(reading), OwnedFd::from(writing))
        };
        let (reading_here, writing_there) = owned(std::io::pipe().unwrap());
        let (reading_there, writing_here) = owned(std::io::pipe().unwrap());
        let local = LocalNet::default();
        let there = Transport::pipes(reading_there, writing_there);
        let mut serving = serve_net(there, local.clone(), Limits::net()).unwrap();
        let here = Transport::pipes(reading_here, writing_here);
        let (net, session) = connect_net(here).unwrap();

        net.write(vec![frame(1, 1514); 500]).await.unwrap();
        assert_eq!(net.mac().await, Ok(MAC));
        assert_eq!(local.0.written.borrow().len(), 500);

        drop(session);
        assert_eq!(serving.closed().await, Disconnect::Closed);
    });
}

#[test]
fn a_peer_that_is_killed_is_seen_at_once() {
    run(async {
        let (here, there) = socket_pair();
        let mut serving = serve_net(there, LocalNet::default(), Limits::net()).unwrap();
        drop(here);
        assert_eq!(serving.closed().await, Disconnect::Closed);
    });
}

#[test]
fn a_descriptor_that_is_no_stream_is_an_error() {
    run(async {
        let file = std::fs::File::open("/proc/self/statm").unwrap();
        assert!(connect_net(OwnedFd::from(file)).is_err());
    });
}

#[test]
fn an_idle_session_sends_nothing() {
    run(async {
        let (here, there) = socket_pair();
        let serving = serve_net(there, LocalNet::default(), Limits::net()).unwrap();
        let (net, session) = connect_net(here).unwrap();
        net.mac().await.unwrap();
        quiet().await;
        let before = (serving.counters(), session.counters());

        quiet().await;

        assert_eq!((serving.counters(), session.counters()), before);
        assert_eq!(serving.counters().octets_in, session.counters().octets_out);
        assert_eq!(serving.counters().octets_out, session.counters().octets_in);
    });
}

#[test]
fn a_local_runtime_will_do() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build_local(tokio::runtime::LocalOptions::default())
        .unwrap();
    runtime.block_on(async {
        let (here, there) = socket_pair();
        let _serving = serve_net(there, LocalNet::default(), Limits::net()).unwrap();
        let (net, _session) = connect_net(here).unwrap();
        assert_eq!(net.mac().await, Ok(MAC));
    });
}

/// A service whose interface the crate has no trait for, as far as this test goes.
struct Odometer;

impl net_owner::Server for Odometer {
    async fn counters(
        self: Rc<Self>,
        _params: net_owner::CountersParams,
        mut results: net_owner::CountersResults,
    ) -> capnp::Result<()> {
        let mut counters = results.get().init_counters(1);
        counters.reborrow().get(0).set_value(7);
        Ok(())
    }
}

#[test]
fn a_capability_of_any_interface_is_served_within_limits() {
    run(async {
        let (here, there) = socket_pair();
        let offered: net_owner::Client = capnp_rpc::new_client(Odometer);
        let limits = Limits {
            message_words: 64,
            ..Limits::host()
        };
        let mut serving = serve(there, offered, limits).unwrap();
        let (owner, _session) = connect::<net_owner::Client>(here, Limits::host()).unwrap();

        let answer = owner.counters_request().send().promise.await.unwrap();
        let counters = answer.get().unwrap().get_counters().unwrap();
        assert_eq!(counters.get(0).get_value(), 7);

        // No call of the interface has this much to say: the limit holds whatever is served.
        let name = "long".repeat(256);
        let mut request = owner.set_mac_request();
        let mut parameters: capnp::any_pointer::Builder<'_> = request.hook.get();
        parameters.set_as(name.as_str()).unwrap();
        let refused = request.send().promise.await;
        assert!(refused.is_err());
        assert_eq!(
            serving.closed().await,
            Disconnect::Limit(Limit::MessageSize)
        );
    });
}
