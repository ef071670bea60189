//! The link and the counters of a `Net`: the same here and behind a connection, and nothing is kept for a
//! watcher that does not take them.

use std::{cell::Cell, rc::Rc};

use sdk_rpc::{
    Counter, Disconnect, Error, Limits, LinkState, LinkWatcher, Net, connect_net, limits::COUNTERS,
    serve, serve_net,
};
use tokio::sync::{Notify, mpsc};

use crate::{
    calfkit_capnp as c,
    local::{LocalLinkWatcher, LocalNet, NetWorld, link_state},
    rogue::Rogue,
    stage::{quiet, run, socket_pair},
};

/// Ordinal of `watchLink`.
const WATCH_LINK: u16 = 5;

/// Runs the same body against a local object and against its client.
macro_rules! local_and_remote {
    ($body:ident, $local:ident, $remote:ident) => {
        #[test]
        fn $local() {
            run(async {
                let net = LocalNet::default();
                $body(net.clone(), net.0).await;
            });
        }

        #[test]
        fn $remote() {
            run(async {
                let (here, there) = socket_pair();
                let local = LocalNet::default();
                let _serving = serve_net(there, local.clone(), Limits::net()).unwrap();
                let (net, _session) = connect_net(here).unwrap();
                $body(net, local.0).await;
            });
        }
    };
}

/// The link with another MTU, which is arbitrary.
fn with_mtu(mtu: u32) -> LinkState {
    LinkState {
        mtu,
        ..link_state()
    }
}

async fn link_body(net: impl Net, world: Rc<NetWorld>) {
    let (sender, mut told) = mpsc::unbounded_channel();
    let watch = net.watch_link(LocalLinkWatcher(sender)).await.unwrap();
    assert_eq!(told.recv().await, Some(link_state()), "as it is");
    for mtu in [1400, 9000] {
        world.link.set(with_mtu(mtu));
        assert_eq!(told.recv().await, Some(with_mtu(mtu)));
    }
    world.link.set(with_mtu(9000));
    quiet().await;
    assert!(told.try_recv().is_err(), "that is no change");

    drop(watch);
    assert_eq!(told.recv().await, None);
    assert_eq!(world.link.watchers(), 0);
}
local_and_remote!(
    link_body,
    a_watcher_is_told_of_the_link_until_it_lets_go_locally,
    a_watcher_is_told_of_the_link_until_it_lets_go_remotely
);

async fn counters_body(net: impl Net, world: Rc<NetWorld>) {
    assert_eq!(net.counters().await, Ok(Vec::new()));
    let counters: Vec<_> = (0..u64::from(COUNTERS))
        .map(|value| Counter {
            name: format!("network.{value}"),
            value: u64::MAX - value,
        })
        .collect();
    world.counters.replace(counters.clone());
    assert_eq!(net.counters().await, Ok(counters));
}
local_and_remote!(
    counters_body,
    a_net_tells_its_counters_locally,
    a_net_tells_its_counters_remotely
);

#[test]
fn more_counters_than_a_peer_takes_are_refused_by_their_sender() {
    run(async {
        let (here, there) = socket_pair();
        let local = LocalNet::default();
        let _serving = serve_net(there, local.clone(), Limits::net()).unwrap();
        let (net, _session) = connect_net(here).unwrap();
        let counter = Counter {
            name: "x".into(),
            value: 1,
        };
        local
            .0
            .counters
            .replace(vec![counter; COUNTERS as usize + 1]);
        let refused = Error::Refused("257 counters".into());
        assert_eq!(net.counters().await, Err(refused));
    });
}

/// Takes one state, then the next only when it may.
struct Slow {
    may: Rc<Notify>,
    told: Rc<Cell<usize>>,
    last: Rc<Cell<Option<LinkState>>>,
}

impl LinkWatcher for Slow {
    async fn link(&self, state: LinkState) -> Result<(), Error> {
        self.told.set(self.told.get() + 1);
        self.last.set(Some(state));
        self.may.notified().await;
        Ok(())
    }
}

#[test]
fn a_watcher_that_is_slow_is_told_of_the_last_state_and_costs_no_others() {
    run(async {
        let local = LocalNet::default();
        let (may, told, last) = (Rc::default(), Rc::default(), Rc::default());
        let slow = Slow {
            may: Rc::clone(&may),
            told: Rc::clone(&told),
            last: Rc::clone(&last),
        };
        let _watch = local.watch_link(slow).await.unwrap();
        quiet().await;
        for mtu in 0..100_000 {
            local.0.link.set(with_mtu(mtu));
            if mtu % 1000 == 0 {
                tokio::task::yield_now().await;
            }
        }
        assert_eq!(told.get(), 1);
        may.notify_one();
        quiet().await;
        assert_eq!(told.get(), 2);
        assert_eq!(last.get(), Some(with_mtu(99_999)));
    });
}

#[test]
fn a_watch_without_a_watcher_is_refused() {
    run(async {
        let net = LocalNet::default();
        let mut rogue = Rogue::of_net(&net);
        rogue.bootstrap(0).await;
        rogue
            .call_net(1, WATCH_LINK, |params| {
                drop(params.init_as::<c::net::watch_link_params::Builder<'_>>());
            })
            .await;
        let fate = rogue.outcome().await.0;
        assert!(matches!(fate, Disconnect::Value(_)), "{fate:?}");
        assert_eq!(net.0.link.watchers(), 0);
    });
}

/// A server of values that are none.
struct Liar;

impl c::net::Server for Liar {
    async fn counters(
        self: Rc<Self>,
        _params: c::net::CountersParams,
        mut results: c::net::CountersResults,
    ) -> capnp::Result<()> {
        drop(results.get().init_counters(COUNTERS + 1));
        Ok(())
    }

    async fn watch_link(
        self: Rc<Self>,
        params: c::net::WatchLinkParams,
        mut results: c::net::WatchLinkResults,
    ) -> capnp::Result<()> {
        let watcher = params.get()?.get_watcher()?;
        let mut request = watcher.link_request();
        request.get().init_state().set_mac(1 << 48);
        request.send().await?;
        results.get().set_watch(capnp_rpc::new_client(Nothing));
        Ok(())
    }
}

struct Nothing;

impl c::subscription::Server for Nothing {}

#[test]
fn counters_and_links_that_are_none_are_the_fault_of_the_server() {
    run(async {
        let lied = || {
            let (here, there) = socket_pair();
            let liar: c::net::Client = capnp_rpc::new_client(Liar);
            let serving = serve(there, liar, Limits::net()).unwrap();
            (connect_net(here).unwrap(), serving)
        };
        let ((net, mut session), _serving) = lied();
        let fault = "257 counters".to_owned();
        assert_eq!(net.counters().await, Err(Error::Peer(fault.clone())));
        assert_eq!(session.closed().await, Disconnect::Value(fault));

        let ((net, mut session), _serving) = lied();
        let (sender, mut told) = mpsc::unbounded_channel();
        let _watch = net.watch_link(LocalLinkWatcher(sender)).await;
        let fault = "hardware address 281474976710656".to_owned();
        assert_eq!(session.closed().await, Disconnect::Value(fault));
        assert_eq!(told.recv().await, None);
    });
}
