//! Handles: clients for several threads. The server is on the test's thread, the client on its own.

use std::{
    os::{fd::OwnedFd, unix::net::UnixStream},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use capnp::message::ReaderOptions;
use capnp_rpc::rpc_capnp::message;
use futures::FutureExt;
use sdk_rpc::{
    Disconnect, Error, Handle, HandleOptions, HostParts, HostView, HostViewClient, Limits,
    MacAddress, Net, NetClient, connect, connect_host, connect_net, serve_host, serve_net,
};
use tokio::sync::{mpsc, oneshot};

use crate::{
    calfkit_capnp::net,
    local::{LocalHost, LocalNet, MAC, MacBehaviour},
    stage::{run, socket_pair},
};

fn options(name: &str) -> HandleOptions {
    HandleOptions {
        name: name.to_owned(),
        ..HandleOptions::default()
    }
}

/// A handle on the other end of `socket`.
async fn net_handle(options: HandleOptions, socket: OwnedFd) -> Handle<NetClient> {
    Handle::connect(options, move || async move { connect_net(socket) })
        .await
        .unwrap()
}

/// Threads of this process with this name.
fn threads_named(name: &str) -> usize {
    std::fs::read_dir("/proc/self/task")
        .unwrap()
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
        .filter(|comm| comm.trim_end() == name)
        .count()
}

/// Waits until the kernel, too, has forgotten a thread; it may be joined a moment earlier. Does not return
/// when one is left.
async fn no_thread_named(name: &str) {
    while threads_named(name) > 0 {
        tokio::task::yield_now().await;
    }
}

#[test]
fn handles_may_be_sent_and_shared() {
    fn sent_and_shared<T: Send + Sync + Clone + 'static>(_: &T) {}
    fn sent<T: Send + 'static>(_: &T) {}
    run(async {
        let (here, there) = socket_pair();
        let _serving = serve_net(there, LocalNet::default(), Limits::net()).unwrap();
        let handle = net_handle(options("sent"), here).await;
        sent_and_shared(&handle);
        // `Rc` is held across an await of the call, and the call is sent all the same.
        let calling = handle.call(|net| async move {
            let held = Rc::new(());
            let mac = net.mac().await;
            drop(held);
            mac
        });
        sent(&calling);
        sent(&handle.closed());
        sent(&handle.clone().close());
        assert_eq!(calling.await, Ok(MAC));
    });
}

#[test]
fn eight_threads_with_a_thousand_calls_each_are_all_answered() {
    run(async {
        let name = "eight";
        let (here, there) = socket_pair();
        let serving = serve_net(there, LocalNet::default(), Limits::net()).unwrap();
        let few = HandleOptions {
            calls: 4,
            ..options(name)
        };
        let handle = net_handle(few, here).await;
        assert_eq!(threads_named(name), 1);
        let (done, mut ends) = mpsc::unbounded_channel();
        for _ in 0..8 {
            let (handle, done) = (handle.clone(), done.clone());
            thread::spawn(move || {
                let answered = (0..1000)
                    .filter(|_| {
                        handle.call_blocking(|net| async move { net.mac().await }) == Ok(MAC)
                    })
                    .count();
                done.send(answered).unwrap();
            });
        }
        let mut answered = 0;
        for _ in 0..8 {
            answered += ends.recv().await.unwrap();
        }
        assert_eq!(answered, 8000);
        assert!(serving.counters().open_calls_peak <= 4 + 1, "{serving:?}");
        assert_eq!(handle.close().await, Ok(Disconnect::Dropped));
        no_thread_named(name).await;
    });
}

#[test]
fn who_calls_beyond_the_bound_waits_for_a_place_in_the_order_of_asking() {
    run(async {
        let (here, there) = socket_pair();
        let _serving = serve_net(there, LocalNet::default(), Limits::net()).unwrap();
        let one = HandleOptions {
            calls: 1,
            ..options("bound")
        };
        let handle = net_handle(one, here).await;
        let (go, wait) = oneshot::channel::<()>();
        let started = Arc::new(AtomicUsize::new(0));
        let begin = |started: &Arc<AtomicUsize>| {
            let started = Arc::clone(started);
            move |_net: Rc<NetClient>| async move { Ok(started.fetch_add(1, Ordering::SeqCst)) }
        };
        let seen = Arc::clone(&started);
        let mut first = Box::pin(handle.call(|net| async move {
            wait.await.unwrap();
            // What was on its way to this thread before would be here after an answer of the peer.
            net.mac().await?;
            Ok(seen.load(Ordering::SeqCst))
        }));
        assert_eq!((&mut first).now_or_never(), None);
        let mut second = Box::pin(handle.call(begin(&started)));
        assert_eq!((&mut second).now_or_never(), None);
        let mut third = Box::pin(handle.call(begin(&started)));
        assert_eq!((&mut third).now_or_never(), None);

        go.send(()).unwrap();
        let (first, second, third) = futures::join!(first, second, third);
        assert_eq!(first, Ok(0), "of the others none had started");
        assert_eq!((second, third), (Ok(0), Ok(1)));
    });
}

/// Reads one message of the client as the peer.
fn hear(stream: &mut UnixStream) -> String {
    let message = capnp::serialize::read_message(stream, ReaderOptions::new()).unwrap();
    match message.get_root::<message::Reader<'_>>().unwrap().which() {
        Ok(message::Bootstrap(_)) => "bootstrap".to_owned(),
        Ok(message::Call(call)) => format!("call {}", call.unwrap().get_question_id()),
        Ok(message::Finish(finish)) => format!("finish {}", finish.unwrap().get_question_id()),
        _ => "something else".to_owned(),
    }
}

#[test]
fn dropping_the_future_tells_the_peer_that_the_call_is_finished() {
    run(async {
        let (here, mut there) = UnixStream::pair().unwrap();
        there
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        let handle = net_handle(options("finish"), here.into()).await;
        let mut calling = Box::pin(handle.call(|net| async move { net.mac().await }));
        assert_eq!((&mut calling).now_or_never(), None);
        assert_eq!(hear(&mut there), "bootstrap");
        let call = hear(&mut there);
        let question = call.strip_prefix("call ").unwrap();

        drop(calling);

        assert_eq!(hear(&mut there), format!("finish {question}"));
    });
}

#[test]
fn a_panic_in_a_call_ends_its_connection_and_no_other() {
    run(async {
        let name = "panics";
        let local = LocalNet::default();
        local.0.mac.set(MacBehaviour::Hang);
        let (here, there) = socket_pair();
        let mut serving = serve_net(there, local.clone(), Limits::net()).unwrap();
        let handle = net_handle(options(name), here).await;
        let (other_here, other_there) = socket_pair();
        let _other_serving = serve_net(other_there, LocalNet::default(), Limits::net()).unwrap();
        let other = net_handle(options("calm"), other_here).await;

        let mut pending = Box::pin(handle.call(|net| async move { net.mac().await }));
        assert_eq!((&mut pending).now_or_never(), None);
        local.0.mac_called.notified().await;
        let panicking = handle.call(|_net| async move {
            assert_eq!(1, 2, "this panic is the test's");
            Ok(())
        });
        assert_eq!(panicking.await, Err(Error::Disconnected));
        assert_eq!(pending.await, Err(Error::Disconnected));
        assert_eq!(handle.closed().await, Disconnect::Panicked);
        let later = handle.call(|net| async move { net.mac().await });
        assert_eq!(later.await, Err(Error::Disconnected));
        assert_eq!(serving.closed().await, Disconnect::Closed);
        assert_eq!(handle.close().await, Ok(Disconnect::Panicked));
        no_thread_named(name).await;

        assert_eq!(
            other.call(|net| async move { net.mac().await }).await,
            Ok(MAC)
        );
    });
}

#[test]
fn the_last_handle_closes_in_order_after_what_is_in_flight() {
    run(async {
        let local = LocalNet::default();
        local.0.mac.set(MacBehaviour::Wait);
        let (here, there) = socket_pair();
        let mut serving = serve_net(there, local.clone(), Limits::net()).unwrap();
        let handle = net_handle(options("last"), here).await;
        let mut pending = Box::pin(handle.call(|net| async move { net.mac().await }));
        assert_eq!((&mut pending).now_or_never(), None);
        local.0.mac_called.notified().await;
        let closed = handle.closed();

        drop(handle);
        local.0.mac_may_answer.notify_one();

        assert_eq!(pending.await, Ok(MAC));
        assert_eq!(closed.await, Disconnect::Dropped);
        assert_eq!(serving.closed().await, Disconnect::Closed);
    });
}

#[test]
fn a_handle_may_be_dropped_by_its_own_call_but_not_waited_with() {
    run(async {
        let (here, there) = socket_pair();
        let mut serving = serve_net(there, LocalNet::default(), Limits::net()).unwrap();
        let handle = net_handle(options("own"), here).await;
        let within = handle.clone();
        let refused = handle
            .call(move |_net| async move {
                let asked = within.call_blocking(|net| async move { net.mac().await });
                drop(within);
                Ok(asked)
            })
            .await
            .unwrap();
        assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");

        let closed = handle.closed();
        let (give, given) = oneshot::channel::<Handle<NetClient>>();
        let dropping = handle.call(move |_net| async move {
            drop(given.await.unwrap());
            Ok(())
        });
        give.send(handle).unwrap();
        assert_eq!(dropping.await, Ok(()));
        assert_eq!(closed.await, Disconnect::Dropped);
        assert_eq!(serving.closed().await, Disconnect::Closed);
    });
}

#[test]
fn closing_ends_a_call_that_is_not_answered_in_time() {
    run(async {
        let local = LocalNet::default();
        local.0.mac.set(MacBehaviour::Hang);
        let (here, there) = socket_pair();
        let _serving = serve_net(there, local.clone(), Limits::net()).unwrap();
        let brief = HandleOptions {
            close_time: Duration::ZERO,
            ..options("brief")
        };
        let handle = net_handle(brief, here).await;
        let mut pending = Box::pin(handle.call(|net| async move { net.mac().await }));
        assert_eq!((&mut pending).now_or_never(), None);
        local.0.mac_called.notified().await;

        assert_eq!(handle.clone().close().await, Ok(Disconnect::Dropped));

        assert_eq!(pending.await, Err(Error::Disconnected));
        assert_eq!(handle.close().await, Ok(Disconnect::Dropped));
        no_thread_named("brief").await;
    });
}

#[test]
fn a_peer_that_goes_fails_what_waits_and_what_comes() {
    run(async {
        let local = LocalNet::default();
        local.0.mac.set(MacBehaviour::Hang);
        let (here, there) = socket_pair();
        let serving = serve_net(there, local.clone(), Limits::net()).unwrap();
        let one = HandleOptions {
            calls: 1,
            ..options("gone")
        };
        let handle = net_handle(one, here).await;
        let mut pending = Box::pin(handle.call(|net| async move { net.mac().await }));
        assert_eq!((&mut pending).now_or_never(), None);
        local.0.mac_called.notified().await;
        let mut waiting = Box::pin(handle.call(|net| async move { net.mac().await }));
        assert_eq!((&mut waiting).now_or_never(), None);

        drop(serving);

        assert_eq!(pending.await, Err(Error::Disconnected));
        assert_eq!(waiting.await, Err(Error::Disconnected));
        assert_eq!(handle.closed().await, Disconnect::Closed);
    });
}

#[test]
fn a_connection_that_fails_or_panics_is_an_error_and_leaves_no_thread() {
    run(async {
        let refused = Handle::<NetClient>::connect(options("refuses"), || async {
            Err::<(_, sdk_rpc::Session), _>(std::io::ErrorKind::ConnectionRefused.into())
        });
        let kind = refused.await.unwrap_err().kind();
        assert_eq!(kind, std::io::ErrorKind::ConnectionRefused);
        let (_here, there) = socket_pair();
        let panicked = Handle::<NetClient>::connect(options("stumbles"), move || async move {
            assert!(there.try_clone().is_err(), "this panic is the test's");
            connect_net(there)
        });
        assert_eq!(
            panicked.await.unwrap_err().kind(),
            std::io::ErrorKind::Other
        );
        // They end by themselves; nobody is there to join them.
        no_thread_named("refuses").await;
        no_thread_named("stumbles").await;
    });
}

#[test]
fn any_client_may_be_behind_a_handle() {
    run(async {
        let host = LocalHost::new();
        let parts = HostParts {
            view: host.clone(),
            lease_sink: host.clone(),
            log: host.clone(),
        };
        let (here, there) = socket_pair();
        let _serving = serve_host(there, parts, Limits::host()).unwrap();
        let view: Handle<HostViewClient> = Handle::connect(options("view"), move || async move {
            let (clients, session) = connect_host(here)?;
            Ok((clients.view, session))
        })
        .await
        .unwrap();
        let described = view.call(|view| async move { view.describe().await }).await;
        assert_eq!(described, host.describe().await);

        // A client of capnpc's, with errors of capnp's.
        let (here, there) = socket_pair();
        let _serving = serve_net(there, LocalNet::default(), Limits::net()).unwrap();
        let raw: Handle<net::Client> = Handle::connect(options("raw"), move || async move {
            connect(here, Limits::net())
        })
        .await
        .unwrap();
        let mac = raw
            .call(|net| async move {
                let answer = net.mac_request().send().promise.await?;
                Ok(answer.get()?.get_address())
            })
            .await;
        let MacAddress([a, b, c, d, e, f]) = MAC;
        assert_eq!(mac, Ok(u64::from_be_bytes([0, 0, a, b, c, d, e, f])));
    });
}
